//! Calls that `VoiceMail()` took, and calls that nobody judged: what the team is told of them.

use jiff::tz::TimeZone;
use tempfile::TempDir;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, EndedBy, Reason, Trouble, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::hearing::ClassSeconds;
use voicemail_guard::wording::{self, Language, support_line};

use crate::support::command_line::run;
use crate::support::records::closed;

fn unheard(n: u32, ended_by: EndedBy) -> CallRecord {
    let mut record = closed(n, Verdict::Unsure);
    record.confidence = 0.0;
    record.reasons = vec![Reason::HandedOn(Trouble::NoReply)];
    record.seconds = ClassSeconds::default();
    record.timeline = Vec::new();
    record.delivered = Vec::new();
    record.ended_by = Some(ended_by);
    record
}

/// What `call` and `calls` print of one call, and its support line.
fn seen(record: &CallRecord) -> [String; 3] {
    let folder = TempDir::new().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    log.close_call(record.clone());
    log.flush().blocking_recv().unwrap();
    let id = record.id.to_string();
    let (_, card) = run(folder.path(), &["call", &id]);
    let (_, table) = run(folder.path(), &["calls", "--width", "400"]);
    [card, table, support_line(record, &TimeZone::UTC)]
}

#[test]
fn who_was_handed_on_is_looked_for_in_the_mailbox() {
    for (ended_by, mark) in [
        (EndedBy::HandedOn, "unsure (handed on)"),
        (EndedBy::Overloaded, "unsure (handed on)"),
        (EndedBy::Recovered, "unsure (handed on)"),
        (EndedBy::Bypassed, "unsure (straight)"),
    ] {
        let [card, table, line] = seen(&unheard(1, ended_by));
        let head = card.lines().next().unwrap();
        assert!(head.ends_with("; look into the mailbox for what was said to VoiceMail()"));
        let end = card.lines().find(|line| line.starts_with("End ")).unwrap();
        assert!(end.ends_with("; look into the mailbox"), "{card}");
        assert!(table.contains(mark), "{table}");
        assert!(
            table.contains("Handed on to VoiceMail(): 1; look"),
            "{table}"
        );
        assert!(line.contains("; look into the mailbox. Call "), "{line}");
    }
    for ended_by in [EndedBy::Caller, EndedBy::Guard, EndedBy::Rejected] {
        let said = seen(&unheard(1, ended_by)).concat();
        assert!(!said.contains("look into"), "{said}");
    }
}

/// Whatever was heard before, they may have said it to `VoiceMail()`; records of earlier versions have every verdict.
#[test]
fn of_nobody_who_was_handed_on_it_is_said_that_there_was_no_message() {
    for verdict in Verdict::ALL {
        for ended_by in [EndedBy::HandedOn, EndedBy::Overloaded, EndedBy::Recovered] {
            let record = CallRecord {
                verdict: Some(verdict),
                ..unheard(1, ended_by)
            };
            let said = seen(&record).concat();
            assert!(!said.contains("no message to deliver"), "{said}");
            assert!(said.contains("look into the mailbox"), "{said}");
        }
    }
    let silent = CallRecord {
        verdict: Some(Verdict::Silent),
        ..unheard(1, EndedBy::Guard)
    };
    let [card, ..] = seen(&silent);
    assert!(card.contains("no message to deliver"), "{card}");
}

#[test]
fn nothing_is_said_of_confidence_where_nobody_judged() {
    for ended_by in [
        EndedBy::HandedOn,
        EndedBy::Overloaded,
        EndedBy::Bypassed,
        EndedBy::Rejected,
        EndedBy::Recovered,
        EndedBy::Asterisk,
    ] {
        let mut record = unheard(1, ended_by);
        for confidence in [0.0, 0.5] {
            record.confidence = confidence;
            let said = seen(&record).concat();
            assert!(!said.contains("% sure"), "{said}");
            assert_eq!(wording::sure(&record, Language::De), None);
        }
    }
    // A fault alone made it unsure, whatever was heard before.
    let mut record = closed(1, Verdict::Unsure);
    record.ended_by = Some(EndedBy::HandedOn);
    assert_eq!(wording::sure(&record, Language::En), None);
    record.verdict = Some(Verdict::Message);
    assert_eq!(wording::sure(&record, Language::En).unwrap(), "93 % sure");
    record.ended_by = Some(EndedBy::Caller);
    assert_eq!(
        wording::sure(&record, Language::De).unwrap(),
        "zu 93 % sicher"
    );
    assert!(seen(&record).concat().contains("93 % sure"));
}
