//! What is judged while the test call is up.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Finding, NUMBER, Wired, reasons};
use crate::call_record::{CallRecord, EndedBy, Mode, Reason, Trouble};

/// So much sound is a prompt, and no click.
const A_PROMPT: Duration = Duration::from_millis(500);

/// What the called channel says of itself where no guard has the call in its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Where in the guard's subroutine it is; empty outside.
    pub(crate) step: String,
    /// Which guard was asked.
    pub(crate) server: String,
    /// What Asterisk says of the connection.
    pub(crate) status: String,
}

/// How it is known whether the extension asked the guard.
#[derive(Clone, Debug)]
pub(crate) enum Seen<'a> {
    /// The guard has the call in its log, after so long.
    Record(&'a CallRecord, Duration),
    /// The call was answered, and no guard has it.
    Other(&'a Asked),
    /// Neither, for so long.
    Nothing(Duration),
}

/// Whether the extension asked the guard, and the guard took the call.
pub(crate) fn asked(wired: &Wired, seen: &Seen<'_>, listens: &[SocketAddr]) -> Finding {
    let place = &wired.place;
    let (record, took) = match seen {
        Seen::Record(record, took) => (record, *took),
        Seen::Other(asked) => return by_another(wired, asked, listens),
        Seen::Nothing(waited) => {
            return Finding::broken(
                format!(
                    "{place} was called for {} s: nobody answered, and the guard was not asked",
                    waited.as_secs()
                ),
                format!(
                    "have {place} come to the guard sooner, or name an extension that does with --extension"
                ),
            );
        }
    };
    if !record.is_test {
        return Finding::broken(
            "the guard took the test for a customer's call: it is among the cases now, as one by voicemail-guard doctor",
            "reload the guard so that it has this configuration's [ami] secret, have the dialplan leave CHANNEL(accountcode) as it is, and close the case",
        );
    }
    if record.mailbox.mailbox() != Some(&wired.mailbox) {
        return Finding::broken(
            format!("{place} asks the guard for the mailbox {}", record.mailbox),
            "name that with --mailbox, or mend the first argument of Gosub() there",
        );
    }
    match record.ended_by {
        Some(EndedBy::Overloaded | EndedBy::Bypassed | EndedBy::Rejected) => not_taken(record),
        Some(EndedBy::HandedOn) if record.reasons.iter().any(is_undeliverable) => not_taken(record),
        _ => Finding::holds_in(
            took,
            format!("{place} asked the guard, which took call {}", record.id),
        ),
    }
}

fn by_another(wired: &Wired, asked: &Asked, listens: &[SocketAddr]) -> Finding {
    let place = &wired.place;
    let server = &asked.server;
    if asked.step.is_empty() && server.is_empty() {
        return Finding::broken(
            format!("{place} was answered, but not by the guard's subroutine"),
            format!(
                "put the line of asterisk-conf/README.md, part 5, into {place} in place of VoiceMail(), then: asterisk -rx 'dialplan reload'"
            ),
        );
    }
    let listens: Vec<_> = listens.iter().map(ToString::to_string).collect();
    let listens = listens.join(", ");
    if asked.status == "FAILURE" {
        return Finding::broken(
            format!(
                "{place} asked for the guard at {server} and nobody answered there, so VoiceMail() took the call; the guard listens on {listens}"
            ),
            "have VOICEMAIL_GUARD_AGI in [globals] of the dialplan (or before the Gosub) and [listen] address of the guard name the same place",
        );
    }
    Finding::broken(
        format!(
            "{place} asked for the guard at {server}, and no call is in this guard's log; it listens on {listens}"
        ),
        "if another guard answers there, name its --config and --data; else look at its log, since it did not come to file the call",
    )
}

fn is_undeliverable(reason: &Reason) -> bool {
    matches!(reason, Reason::Undeliverable(_))
}

fn not_taken(record: &CallRecord) -> Finding {
    let remedy = match record.ended_by {
        Some(EndedBy::Overloaded) if record.reasons.contains(&Reason::Behind) => "see what keeps the machine busy, or try again when it is quieter".to_owned(),
        Some(EndedBy::Overloaded) => "raise [limits] max_calls, or try again when it is quieter".to_owned(),
        Some(EndedBy::Bypassed | EndedBy::Rejected) => {
            format!("change the entry of the mailbox's lists so that it does not mean the test's number, {NUMBER}")
        }
        _ => "let the guard's user write in Asterisk's spool (asterisk-conf/README.md, part 3); voicemail-guard check names the folders".to_owned(),
    };
    let what = format!("the guard did not take the call: {}", reasons(record));
    Finding::broken(what, remedy)
}

/// How it is mended that a call was handed on.
fn mend(record: &CallRecord) -> String {
    let troubles = record.reasons.iter().filter_map(|reason| match reason {
        Reason::HandedOn(trouble) | Reason::Trouble(trouble) => Some(trouble),
        _ => None,
    });
    for trouble in troubles {
        match trouble {
            Trouble::Prompt(_) => {
                return "install the prompts (asterisk-conf/README.md, part 1); voicemail-guard check names those that are missing".to_owned();
            }
            Trouble::Late(_) => {
                return "see what keeps this machine or Asterisk's busy, and try again when it is quieter".to_owned();
            }
            Trouble::Tap(_) | Trouble::NotRecorded | Trouble::AnswerNotHeard => {
                return "see that Asterisk records into the guard's tap folder: [tap], rights, and room on its disk".to_owned();
            }
            _ => {}
        }
    }
    "look at the guard's log and at Asterisk's, each at the time of the test".to_owned()
}

/// Whether the call was answered.
pub(crate) fn answered(took: Option<Duration>, record: &CallRecord) -> Finding {
    match took {
        Some(took) => Finding::holds_in(took, "the call was answered"),
        None => Finding::broken(
            "the guard took the call, and nobody answered it",
            format!(
                "look at what the guard says of it: voicemail-guard call {}",
                record.id
            ),
        ),
    }
}

/// What a caller hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// When the first sound came, since the call was answered.
    pub(crate) first: Option<Duration>,
    /// How much sound came.
    pub(crate) sound: Duration,
    /// How long it was listened.
    pub(crate) listened: Duration,
}

/// Whether the caller hears a prompt; `record` as it is then.
pub(crate) fn prompt(heard: &Heard, record: &CallRecord) -> Finding {
    if record.ended_by.is_some() {
        let what = format!(
            "the guard gave the call up before it was spoken to: {}",
            reasons(record)
        );
        return Finding::broken(what, mend(record));
    }
    match heard.first {
        Some(first) if heard.sound >= A_PROMPT => {
            let who = match record.mode {
                Mode::Observe => {
                    "VoiceMail()'s announcement, since the guard only observes this mailbox,"
                }
                Mode::Guide | Mode::Enforce => "a prompt",
            };
            Finding::holds_in(first, format!("{who} is heard"))
        }
        _ => Finding::broken(
            format!(
                "the call was answered, and nothing was heard for {} s",
                heard.listened.as_secs()
            ),
            "see that format_wav and format_sln are loaded: asterisk -rx 'module show like format_'",
        ),
    }
}

/// Whether what was said arrived; `arrived` is how much later it was in the guard's recording.
pub(crate) fn sound(arrived: Result<Duration, &str>) -> Finding {
    match arrived {
        Ok(delay) => Finding::holds_in(delay, "what the test says arrives at the guard"),
        Err(why) => Finding::broken(
            format!("what the test said did not arrive at the guard: {why}"),
            "see that Asterisk can write in the tap folder without end (rights, room on its disk), and that the share does not hang",
        ),
    }
}

/// Whether the pound key ended the call, after so long.
pub(crate) fn keys(ended_after: Option<Duration>) -> Finding {
    match ended_after {
        Some(took) => Finding::holds_in(took, "the pound key ended the message"),
        None => Finding::broken(
            "the pound key did not end the message",
            "see that app_senddtmf is loaded, which only this test needs; telephones' keys come by dtmf_mode of their endpoint",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{example as record, example_place as wired};
    use super::*;

    fn broken(finding: &Finding, says: &str) {
        let Finding::Broken { what, remedy } = finding else {
            panic!("{finding:?} is not broken: {says}");
        };
        let text = format!("{what} -> {remedy}");
        assert!(text.contains(says), "{says}: {text}");
    }

    fn holds(finding: &Finding) {
        assert!(matches!(finding, Finding::Holds { .. }), "{finding:?}");
    }

    const TOOK: Duration = Duration::from_millis(20);

    #[test]
    fn a_guard_that_took_the_call_is_told_from_one_that_did_not() {
        let listens = [([127, 0, 0, 1], 4574).into()];
        let of_record =
            |record: &CallRecord| asked(&wired(), &Seen::Record(record, TOOK), &listens);
        holds(&of_record(&record("100@default")));
        broken(&of_record(&record("200@default")), "--mailbox");
        let not_known = CallRecord {
            is_test: false,
            ..record("100@default")
        };
        broken(&of_record(&not_known), "close the case");
        for (ended_by, reason, says) in [
            (
                EndedBy::HandedOn,
                Reason::Undeliverable("/x: no".into()),
                "part 3",
            ),
            (EndedBy::Overloaded, Reason::TooManyCalls, "max_calls"),
            (
                EndedBy::Overloaded,
                Reason::Behind,
                "keeps the machine busy",
            ),
            (EndedBy::Rejected, Reason::Refused("_+49.".into()), NUMBER),
        ] {
            let record = CallRecord {
                ended_by: Some(ended_by),
                reasons: vec![reason],
                ..record("100@default")
            };
            broken(&of_record(&record), says);
        }
    }

    #[test]
    fn a_call_that_no_guard_has_is_judged_by_its_channel() {
        let listens = [([127, 0, 0, 1], 4574).into()];
        for (step, server, status, says) in [
            ("", "", "", "part 5"),
            (
                "voicemail",
                "127.0.0.1:4999",
                "FAILURE",
                "VOICEMAIL_GUARD_AGI",
            ),
            ("voicemail", "127.0.0.1:4574", "HANGUP", "--data"),
            ("guard", "127.0.0.1:4999", "", "--data"),
        ] {
            let channel = Asked {
                step: step.into(),
                server: server.into(),
                status: status.into(),
            };
            broken(&asked(&wired(), &Seen::Other(&channel), &listens), says);
        }
        let nothing = Seen::Nothing(Duration::from_mins(1));
        broken(&asked(&wired(), &nothing, &listens), "called for 60 s");
    }

    #[test]
    fn what_a_caller_hears_is_a_prompt_only_while_the_guard_has_the_call() {
        let heard = |ms| Heard {
            first: Some(TOOK),
            sound: Duration::from_millis(ms),
            listened: Duration::from_secs(9),
        };
        let up = record("100@default");
        holds(&prompt(&heard(500), &up));
        broken(&prompt(&heard(499), &up), "nothing was heard for 9 s");
        broken(&prompt(&Heard::default(), &up), "format_wav");
        for (trouble, says) in [
            (Trouble::Prompt("greeting".into()), "install the prompts"),
            (Trouble::Tap("no".into()), "tap folder"),
            (Trouble::NoReply, "the guard's log"),
            (Trouble::Late(crate::audio::MediaTime::from_secs(3)), "busy"),
        ] {
            let handed_on = CallRecord {
                ended_by: Some(EndedBy::HandedOn),
                reasons: vec![Reason::HandedOn(trouble)],
                ..up.clone()
            };
            // Else it would be said of the call that the guard did not take it.
            let seen = Seen::Record(&handed_on, TOOK);
            holds(&asked(&wired(), &seen, &[]));
            broken(&prompt(&heard(5_000), &handed_on), says);
        }
    }

    #[test]
    fn answer_sound_and_keys_are_there_or_not() {
        let record = record("100@default");
        holds(&answered(Some(TOOK), &record));
        broken(&answered(None, &record), "voicemail-guard call ");
        holds(&sound(Ok(TOOK)));
        broken(&sound(Err("silence")), "silence");
        holds(&keys(Some(TOOK)));
        broken(&keys(None), "app_senddtmf");
    }
}
