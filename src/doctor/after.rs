//! What is judged once the test call is over: the verdict, where the message went, and what is left.

use std::time::Duration;

use super::{Finding, reasons};
use crate::call_record::{CallRecord, Destination, EndedBy, Mailbox, Verdict};
use crate::wording::{self, Language};

/// Whether the guard judged the call rightly; `None` where it did not close the record in time.
pub(crate) fn verdict(record: Option<&CallRecord>) -> Finding {
    let Some((record, verdict)) = record.and_then(|it| Some((it, it.verdict?))) else {
        return Finding::broken(
            "the call is over, and the guard has not closed its record",
            "look at the guard's log; voicemail-guard check looks at the data folder's disk",
        );
    };
    if record.ended_by == Some(EndedBy::HandedOn) {
        return Finding::broken(
            format!(
                "the guard handed the call on to VoiceMail(): {}",
                reasons(record)
            ),
            "look at the guard's log and at Asterisk's, each at the time of the test",
        );
    }
    if verdict != Verdict::Message {
        return Finding::broken(
            format!("{verdict} in place of message: {}", reasons(record)),
            "see whether Asterisk's machine keeps up (load, disk of the tap folder): the test says a clear message, which was not heard as one",
        );
    }
    let sure = wording::sure(record, Language::En).unwrap_or_default();
    Finding::holds(format!("{verdict}, {sure}: {}", reasons(record)))
}

/// What came of a delivery until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was taken, there.
    Taken(String),
    /// The first attempt failed.
    Failed(String),
    /// Nothing yet, for so long.
    Pending(Duration),
}

/// Whether mail server or webhook took the message.
pub(crate) fn delivered(to: Destination, outcome: &Outcome) -> Finding {
    let (name, settings) = match to {
        Destination::Mailbox => ("mailbox", "[delivery.voicemail]"),
        Destination::Mail => ("mail server", "[delivery.mail]"),
        Destination::Webhook => ("webhook", "[delivery.webhook]"),
    };
    match outcome {
        Outcome::Taken(place) => Finding::holds(format!("the {name} took it: {place}")),
        Outcome::Failed(why) => Finding::broken(
            format!("the {name} did not take it: {why}"),
            format!(
                "see {settings}, and what the other side logs of it; voicemail-guard check tries it without a call"
            ),
        ),
        Outcome::Pending(waited) => Finding::broken(
            format!("the {name} has not answered for {} s", waited.as_secs()),
            format!(
                "see {settings}, and whether the other side hangs; voicemail-guard check tries it without a call"
            ),
        ),
    }
}

/// What is known of the message in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Asterisk has it, after so long.
    There(Duration),
    /// Asterisk does not; what the guard says of it.
    Missing(Outcome),
    /// Asterisk does not say what is in the mailbox; what the guard says.
    NotAsked(Outcome, String),
}

/// Whether the message is in the mailbox.
pub(crate) fn message(mailbox: &Mailbox, message: &Message) -> Finding {
    let name = mailbox.as_str();
    match message {
        Message::There(took) => {
            Finding::holds_in(*took, format!("Asterisk has the message in {name}"))
        }
        Message::Missing(Outcome::Taken(place)) => Finding::broken(
            format!(
                "the guard put the message there ({place}), but Asterisk does not have it in {name}"
            ),
            "have [delivery.voicemail] spool and lockmode name Asterisk's own (astspooldir and lockmode in asterisk.conf)",
        ),
        Message::NotAsked(Outcome::Taken(place), why) => Finding::unseen(
            format!(
                "the guard put the message there ({place}); whether Asterisk has it, it does not say ({why})"
            ),
            "listen to the mailbox; from Asterisk 18.20 and 20.5 on VoicemailBoxSummary says it",
        ),
        Message::Missing(outcome) | Message::NotAsked(outcome, _) => {
            delivered(Destination::Mailbox, outcome)
        }
    }
}

/// What was seen of MWI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mwi {
    /// It was sent, after so long.
    Sent(Duration),
    /// It was not, while other events came.
    NotSent,
    /// No event came at all.
    NoEvents,
}

/// Whether MWI followed.
pub(crate) fn mwi(user: &str, mwi: Mwi) -> Finding {
    match mwi {
        Mwi::Sent(took) => Finding::holds_in(took, "Asterisk sent MWI"),
        Mwi::NotSent => Finding::broken(
            "the message is in the mailbox, and Asterisk sent no MWI",
            format!(
                "see the guard's log for what Asterisk says to VoicemailRefresh, and that write of [{user}] in manager.conf has user"
            ),
        ),
        Mwi::NoEvents => Finding::unseen(
            "the manager interface reports no events to this user",
            format!(
                "set read = call for [{user}] in manager.conf, then: asterisk -rx 'manager reload'"
            ),
        ),
    }
}

/// Whether nothing is left of the test; `left` is what could not be removed, and why.
pub(crate) fn cleaned_up(left: Option<&[String]>) -> Finding {
    let Some(left) = left else {
        return Finding::NotTried("nothing to clean up: no call was placed".to_owned());
    };
    if left.is_empty() {
        return Finding::holds("nothing is left of the test in mailbox, log and folders");
    }
    Finding::broken(
        format!("could not be removed: {}", left.join("; ")),
        "remove it by hand, or it stays; a mail that was sent, and what the webhook's receiver has, is theirs to remove",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::MediaTime;
    use crate::call_record::Reason;

    fn text(finding: &Finding) -> String {
        match finding {
            Finding::Holds { what, .. } => format!("holds: {what}"),
            Finding::Broken { what, remedy } => format!("broken: {what} -> {remedy}"),
            Finding::Unseen { what, remedy } => format!("unseen: {what} -> {remedy}"),
            Finding::NotTried(why) => format!("not tried: {why}"),
        }
    }

    fn check(finding: &Finding, begins: &str, says: &str) {
        let text = text(finding);
        assert!(
            text.starts_with(begins) && text.contains(says),
            "{says}: {text}"
        );
    }

    #[test]
    fn a_message_is_where_asterisk_says_it_is() {
        let mailbox = Mailbox::parse("100").unwrap();
        let taken = || Outcome::Taken("msg0000".into());
        let failed = || Outcome::Failed("full".into());
        let pending = || Outcome::Pending(Duration::from_secs(30));
        let why = || "Invalid command".to_owned();
        for (found, begins, says) in [
            (Message::There(Duration::ZERO), "holds", "100@default"),
            (Message::Missing(taken()), "broken", "spool"),
            (Message::Missing(failed()), "broken", "full"),
            (Message::Missing(pending()), "broken", "30 s"),
            (
                Message::NotAsked(taken(), why()),
                "unseen",
                "Invalid command",
            ),
            (Message::NotAsked(failed(), why()), "broken", "full"),
        ] {
            check(&message(&mailbox, &found), begins, says);
        }
    }

    #[test]
    fn the_rest_is_as_it_was_seen() {
        let to = Destination::Mail;
        check(
            &delivered(to, &Outcome::Taken("a@b".into())),
            "holds",
            "a@b",
        );
        check(
            &delivered(to, &Outcome::Failed("550".into())),
            "broken",
            "[delivery.mail]",
        );
        let pending = Outcome::Pending(Duration::from_secs(9));
        check(&delivered(Destination::Webhook, &pending), "broken", "9 s");
        check(&mwi("guard", Mwi::Sent(Duration::ZERO)), "holds", "MWI");
        check(&mwi("guard", Mwi::NotSent), "broken", "[guard]");
        check(&mwi("guard", Mwi::NoEvents), "unseen", "read = call");
        check(&cleaned_up(None), "not tried", "nothing to clean up");
        check(&cleaned_up(Some(&[])), "holds", "nothing is left");
        check(
            &cleaned_up(Some(&["the call: busy".into()])),
            "broken",
            "the call: busy",
        );
    }

    #[test]
    fn a_clear_message_is_a_message() {
        check(&verdict(None), "broken", "not closed");
        let up = super::super::example("100@default");
        check(&verdict(Some(&up)), "broken", "not closed");
        let judged = |verdict, ended_by, reason| CallRecord {
            verdict: Some(verdict),
            ended_by: Some(ended_by),
            reasons: vec![reason],
            confidence: 0.9,
            ..super::super::example("100@default")
        };
        let speech = || Reason::Speech(MediaTime::from_secs(8));
        let right = judged(Verdict::Message, EndedBy::Caller, speech());
        check(&verdict(Some(&right)), "holds: message", "of speech");
        let wrong = judged(Verdict::Silent, EndedBy::Caller, Reason::NoSpeech);
        check(
            &verdict(Some(&wrong)),
            "broken: silent in place",
            "no near voice",
        );
        let handed_on = judged(Verdict::Unsure, EndedBy::HandedOn, speech());
        check(&verdict(Some(&handed_on)), "broken", "handed the call on");
    }
}
