//! What the manager interface says of one caller who waits.

use super::{Departure, Event, Move};
use crate::ami::Block;

/// Whether an event may say something about anybody who waits.
pub(crate) fn is_of_use(block: &Block) -> bool {
    EVENTS.contains(&block.get("Event"))
}

/// The events that [`read`] knows.
const EVENTS: [&str; 11] = [
    "AgentConnect",
    "BridgeEnter",
    "DialEnd",
    "DTMFEnd",
    "Hangup",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "QueueCallerAbandon",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueEntry",
];

/// What an event means for the caller on this channel; `None` where it is not about them, or means nothing.
///
/// That a wait is over is believed of any event that names the channel's uniqueid in any of its lines of that name:
/// a caller's name may bring lines of its own, and listening on after an answer is worse than stopping too early.
pub(crate) fn read(block: &Block, uniqueid: &str) -> Option<Event> {
    let event = block.get("Event");
    let ends = match event {
        "AgentConnect" | "BridgeEnter" => Some(Event::Answered),
        // Of a telephone that rang for this channel.
        "DialEnd" if block.has("DialStatus", "ANSWER") => Some(Event::Answered),
        "Hangup" => Some(Event::Gone(Departure::HungUp)),
        // Who has waited for too long has abandoned the queue as well.
        "QueueCallerAbandon" | "QueueCallerLeave" => Some(Event::Gone(Departure::Left)),
        _ => None,
    };
    if let Some(event) = ends {
        return block.has("Uniqueid", uniqueid).then_some(event);
    }
    if block.get("Uniqueid") != uniqueid {
        return None;
    }
    match event {
        "QueueCallerJoin" | "QueueEntry" => Some(Event::Joined {
            position: block.get("Position").parse().ok(),
            channel: block.get("Channel").chars().take(LONGEST).collect(),
        }),
        "DTMFEnd" if block.get("Direction") == "Received" => Some(Event::Key),
        "MusicOnHoldStart" => Some(Event::HoldMusic(true)),
        "MusicOnHoldStop" => Some(Event::HoldMusic(false)),
        _ => None,
    }
}

/// What an event about somebody else means for who waits in this queue: their place may be another now.
pub(crate) fn of_others(block: &Block, queue: &str) -> Option<Event> {
    let place = block.get("Position").parse().ok();
    let place = place.filter(|_| block.get("Queue") == queue)?;
    match block.get("Event") {
        "QueueCallerJoin" => Some(Event::Others(Move::Joins(place))),
        "QueueCallerLeave" => Some(Event::Others(Move::Leaves(place))),
        _ => None,
    }
}

/// Characters of a channel's name.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lines: &[&str]) -> Option<Event> {
        read(&Block::of(lines), "1764.7")
    }

    #[test]
    fn events_as_asterisk_sends_them() {
        let own = "Uniqueid: 1764.7";
        let joined = Event::Joined {
            position: Some(2),
            channel: "PJSIP/trunk-00000001".into(),
        };
        let channel = "Channel: PJSIP/trunk-00000001";
        for (lines, expected) in [
            (
                vec!["Event: QueueCallerJoin", channel, own, "Position: 2"],
                Some(joined.clone()),
            ),
            (
                vec!["Event: QueueEntry", channel, own, "Position: 2"],
                Some(joined),
            ),
            (vec!["Event: AgentConnect", own], Some(Event::Answered)),
            (vec!["Event: BridgeEnter", own], Some(Event::Answered)),
            (
                vec!["Event: DialEnd", own, "DialStatus: ANSWER"],
                Some(Event::Answered),
            ),
            (vec!["Event: DialEnd", own, "DialStatus: NOANSWER"], None),
            (
                vec!["Event: Hangup", own],
                Some(Event::Gone(Departure::HungUp)),
            ),
            (
                vec!["Event: QueueCallerAbandon", own],
                Some(Event::Gone(Departure::Left)),
            ),
            (
                vec!["Event: QueueCallerLeave", own],
                Some(Event::Gone(Departure::Left)),
            ),
            (
                vec!["Event: DTMFEnd", own, "Digit: 1", "Direction: Received"],
                Some(Event::Key),
            ),
            (vec!["Event: DTMFEnd", own, "Direction: Sent"], None),
            (
                vec!["Event: MusicOnHoldStop", own],
                Some(Event::HoldMusic(false)),
            ),
            (vec!["Event: Newexten", own], None),
            (vec!["Event: AgentConnect", "Uniqueid: 1764.70"], None),
            (vec!["Event: Hangup", "Linkedid: 1764.7"], None),
        ] {
            assert!(
                expected.is_none() || is_of_use(&Block::of(&lines)),
                "{lines:?}"
            );
            assert_eq!(event(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn who_else_joins_and_leaves_is_read_of_the_queue_alone() {
        let others = |lines: &[&str]| of_others(&Block::of(lines), "support");
        let (queue, place) = ("Queue: support", "Position: 2");
        assert_eq!(
            others(&["Event: QueueCallerJoin", queue, place]),
            Some(Event::Others(Move::Joins(2)))
        );
        assert_eq!(
            others(&["Event: QueueCallerLeave", queue, place]),
            Some(Event::Others(Move::Leaves(2)))
        );
        for nothing in [
            ["Event: QueueCallerLeave", "Queue: sales", place],
            ["Event: QueueCallerLeave", queue, "Position: x"],
            ["Event: QueueCallerAbandon", queue, place],
        ] {
            assert_eq!(others(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_line_that_a_name_brought_along_hides_no_end_of_a_wait() {
        let forged = "Uniqueid: 99.9";
        let own = "Uniqueid: 1764.7";
        assert_eq!(
            event(&["Event: AgentConnect", forged, own]),
            Some(Event::Answered)
        );
        assert_eq!(
            event(&["Event: Hangup", own, forged]),
            Some(Event::Gone(Departure::HungUp))
        );
        assert_eq!(
            event(&["Event: DTMFEnd", own, forged, "Direction: Received"]),
            None
        );
    }
}
