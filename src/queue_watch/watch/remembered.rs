//! Who has waited in a queue, for the call that the same channel may then make to a mailbox. Kept in memory alone: after a
//! restart of the guard such a call's record names no wait.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::call_record::{CallRecord, CameFrom, WaitEnd};

/// The waits by the uniqueids of their channels, the newest of each.
#[derive(Debug, Default)]
pub(crate) struct Remembered(HashMap<String, Waited>);

#[derive(Debug)]
struct Waited {
    /// Two Asterisks may give the same uniqueid to two channels of different names.
    channel: String,
    came_from: CameFrom,
    /// When the wait ended; `None` while it lasts.
    over: Option<Instant>,
}

impl Remembered {
    /// Takes what is known of a wait now. Who was answered or has hung up comes from no queue any more.
    pub(crate) fn note(&mut self, record: &CallRecord, now: Instant) {
        let Some(wait) = &record.queue else { return };
        let is_over = |over: Instant| now.saturating_duration_since(over) >= KNOWN_FOR;
        self.0.retain(|_, waited| !waited.over.is_some_and(is_over));
        let nobody = match wait.ended {
            Some(WaitEnd::Answered | WaitEnd::HungUp) => {
                self.0.remove(&record.uniqueid);
                return;
            }
            // What came of them is not known: somebody may have answered.
            Some(WaitEnd::ManagerLost | WaitEnd::GuardStopped) => None,
            Some(WaitEnd::Left | WaitEnd::Ended) | None => wait.unanswered(),
        };
        let came_from = CameFrom {
            id: record.id,
            queue: wait.queue.clone(),
            nobody,
        };
        let waited = Waited {
            channel: record.channel.clone(),
            came_from,
            over: wait.ended.map(|_| now),
        };
        if self.0.len() < MOST || self.0.contains_key(&record.uniqueid) {
            self.0.insert(record.uniqueid.clone(), waited);
        }
    }

    /// The wait that this call's caller came from, if it is known.
    pub(crate) fn came_from(&self, call: &CallRecord, now: Instant) -> Option<CameFrom> {
        let waited = self.0.get(&call.uniqueid)?;
        let is_known = waited
            .over
            .is_none_or(|over| now.saturating_duration_since(over) < KNOWN_FOR);
        (is_known && waited.channel == call.channel).then(|| waited.came_from.clone())
    }
}

/// From the queue to a mailbox it is a matter of seconds; an announcement may lie between.
const KNOWN_FOR: Duration = Duration::from_mins(5);

/// Far more than there are calls at a time.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_record::example::caller;
    use crate::call_record::{Instead, Nobody, QueueWait};

    const MUSIC: Nobody = Nobody {
        heard: Instead::Music,
        after_s: 60,
        back_s: None,
    };

    fn wait(ended: Option<WaitEnd>, nobody: Option<Nobody>) -> CallRecord {
        let wait = QueueWait {
            ended,
            nobody,
            ..QueueWait::new("support".into())
        };
        CallRecord {
            queue: Some(wait),
            ..call()
        }
    }

    fn call() -> CallRecord {
        CallRecord {
            uniqueid: "1764.7".into(),
            channel: "PJSIP/trunk-1".into(),
            ..caller("0911555001", "shown")
        }
    }

    /// What a call by this record is known to come from, so long after that was noted of the wait.
    fn known(wait: &CallRecord, call: &CallRecord, after: Duration) -> Option<CameFrom> {
        let now = super::super::super::any_moment();
        let mut remembered = Remembered::default();
        remembered.note(wait, now);
        remembered.came_from(call, now + after)
    }

    #[test]
    fn what_a_wait_has_found_out_is_known_of_the_call_behind_it() {
        let back = Nobody {
            back_s: Some(70),
            ..MUSIC
        };
        for (ended, nobody, expected) in [
            (None, Some(MUSIC), Some(Some(Instead::Music))),
            (Some(WaitEnd::Left), Some(MUSIC), Some(Some(Instead::Music))),
            (
                Some(WaitEnd::Ended),
                Some(MUSIC),
                Some(Some(Instead::Music)),
            ),
            (Some(WaitEnd::Left), Some(back), Some(None)),
            (Some(WaitEnd::Left), None, Some(None)),
            (Some(WaitEnd::ManagerLost), Some(MUSIC), Some(None)),
            (Some(WaitEnd::Answered), Some(MUSIC), None),
            (Some(WaitEnd::HungUp), Some(MUSIC), None),
        ] {
            let found = known(&wait(ended, nobody), &call(), Duration::from_secs(3));
            let nobody = found.map(|found| found.nobody);
            assert_eq!(nobody, expected, "{ended:?} {nobody:?}");
        }
    }

    #[test]
    fn only_the_same_channel_comes_from_the_queue_and_not_for_ever() {
        let left = wait(Some(WaitEnd::Left), Some(MUSIC));
        let another = CallRecord {
            uniqueid: "1764.70".into(),
            ..call()
        };
        let of_another_asterisk = CallRecord {
            channel: "PJSIP/trunk-2".into(),
            ..call()
        };
        assert_eq!(known(&left, &another, Duration::ZERO), None);
        assert_eq!(known(&left, &of_another_asterisk, Duration::ZERO), None);
        assert!(
            known(
                &left,
                &call(),
                KNOWN_FOR.saturating_sub(Duration::from_secs(1))
            )
            .is_some()
        );
        assert_eq!(known(&left, &call(), KNOWN_FOR), None);
        // A wait that lasts for hours.
        assert!(known(&wait(None, None), &call(), KNOWN_FOR * 50).is_some());
    }

    #[test]
    fn who_was_answered_after_all_comes_from_no_queue() {
        let now = super::super::super::any_moment();
        let mut remembered = Remembered::default();
        remembered.note(&wait(None, Some(MUSIC)), now);
        remembered.note(&wait(Some(WaitEnd::Answered), Some(MUSIC)), now);
        assert_eq!(remembered.came_from(&call(), now), None);
    }

    #[test]
    fn waits_that_are_over_are_forgotten() {
        let now = super::super::super::any_moment();
        let mut remembered = Remembered::default();
        for at in 0..10 {
            let uniqueid = format!("1764.{at}");
            let wait = wait(Some(WaitEnd::Left), None);
            remembered.note(&CallRecord { uniqueid, ..wait }, now + KNOWN_FOR * at);
            assert_eq!(remembered.0.len(), 1);
        }
    }
}
