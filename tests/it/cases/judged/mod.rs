//! Verdicts that somebody corrects: where their cases go, what is shown of it, and what stays as it
//! was.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use voicemail_guard::call_log::{CallLog, CaseQuery, Change, DATABASE, Judged, Reader, Standing};
use voicemail_guard::call_record::{CallId, CallRecord, CallbackSource, EndedBy, Verdict};
use voicemail_guard::case::{
    Author, Case, ClosedBy, Judgement, Judging, NotCorrected, Step, Urgency, Via,
};

use super::{
    BERLIN, all, block_on, by, cases, connected, filed, flush, hangup, note, outline, run,
};

mod shown;

fn anna() -> Author {
    Author {
        who: "anna".into(),
        via: Via::Page,
    }
}

/// So many minutes after the first call.
fn minute(minutes: i64) -> Timestamp {
    hangup(0, minutes, BERLIN).started
}

fn say(log: &CallLog, call: CallId, judgement: Judgement) -> Judged {
    let judging = Judging {
        call,
        judgement,
        note: None,
        author: anna(),
        at: minute(500),
    };
    block_on(log.judge(judging)).unwrap()
}

/// The case of a call once anna has said that the call was this.
fn was(log: &CallLog, call: &CallRecord, verdict: Verdict) -> Case {
    match say(log, call.id, Judgement::Was(verdict)) {
        Judged::Done(Some(correction), Some(case)) => {
            assert_eq!((correction.verdict, correction.author), (verdict, anna()));
            *case
        }
        other => panic!("{other:?}"),
    }
}

fn step(log: &CallLog, case: CallId, step: Step, at: Timestamp) {
    let change = Change {
        case,
        seen: None,
        step,
        note: None,
        author: anna(),
        at,
    };
    block_on(log.change_case(change)).unwrap();
}

fn standing(folder: &Path, standing: Standing) -> Vec<CallId> {
    let query = CaseQuery {
        standing,
        ..CaseQuery::default()
    };
    let cases = Reader::open(folder).unwrap().cases(&query).unwrap();
    cases.into_iter().map(|of| of.case.id).collect()
}

fn to_ring(folder: &Path) -> Vec<CallId> {
    standing(folder, Standing::ToRing(minute(500)))
}

#[test]
fn junk_that_was_a_message_is_to_be_rung_and_the_guards_word_stands() {
    let junk = hangup(1, 0, BERLIN);
    let (folder, log) = filed(std::slice::from_ref(&junk));
    let folder = folder.path();
    assert_eq!(
        (to_ring(folder), standing(folder, Standing::Junk)),
        (vec![], vec![junk.id])
    );
    let case = was(&log, &junk, Verdict::Message);
    assert_eq!(
        (case.urgency, case.decided, case.closed),
        (Urgency::Message, None, None)
    );
    assert_eq!(
        (to_ring(folder), standing(folder, Standing::Junk)),
        (vec![junk.id], vec![])
    );
    let shown = cases(folder).remove(0);
    assert_eq!(shown.verdicts, [(Verdict::Message, 1)]);
    assert_eq!(shown.waiting_since, Some(junk.started));
    assert_eq!(shown.correction.map(|of| of.author), Some(anna()));
    // What the guard said is kept, byte for byte.
    assert_eq!(all(folder), std::slice::from_ref(&junk));

    // It can be changed, and taken back.
    assert_eq!(was(&log, &junk, Verdict::HoldMusic).urgency, Urgency::Junk);
    assert_eq!(was(&log, &junk, Verdict::Rambler).urgency, Urgency::Message);
    let Judged::Done(None, Some(case)) = say(&log, junk.id, Judgement::Withdrawn) else {
        panic!("it was not taken back");
    };
    assert_eq!((case.urgency, case.version), (Urgency::Junk, 4));
    let shown = cases(folder).remove(0);
    assert_eq!((shown.waiting_since, shown.correction), (None, None));
    assert_eq!(shown.verdicts, [(Verdict::Hangup, 1)]);
    let events = Reader::open(folder).unwrap().case_events(junk.id).unwrap();
    let events: Vec<_> = events
        .iter()
        .map(|of| (of.what.as_str(), of.verdict))
        .collect();
    assert_eq!(
        events,
        [
            ("judged", Some(Verdict::Message)),
            ("judged", Some(Verdict::HoldMusic)),
            ("judged", Some(Verdict::Rambler)),
            ("judgement_withdrawn", None)
        ]
    );
}

#[test]
fn a_message_that_was_junk_is_not_unless_another_call_keeps_it() {
    let [first, second] = [1, 2].map(|n| by(n, i64::from(n), BERLIN, Verdict::Message));
    let mut keyed = by(3, 3, "030 555", Verdict::Message);
    keyed.callback.source = CallbackSource::Keyed;
    let (folder, log) = filed(&[first.clone(), second.clone(), keyed.clone()]);
    let folder = folder.path();
    assert_eq!(was(&log, &second, Verdict::Tone).urgency, Urgency::Message);
    let case = cases(folder).remove(0);
    assert_eq!(case.lead.map(|lead| lead.id), Some(first.id));
    assert_eq!(case.verdicts, [(Verdict::Message, 1), (Verdict::Tone, 1)]);
    assert_eq!(was(&log, &first, Verdict::Silent).urgency, Urgency::Junk);
    // Who keyed in a number wants to be rung, whatever else they did.
    assert_eq!(
        was(&log, &keyed, Verdict::HoldMusic).urgency,
        Urgency::Message
    );
    assert_eq!(to_ring(folder), [keyed.id]);
}

#[test]
fn what_was_decided_stays_decided() {
    let calls: Vec<_> = (1..=4)
        .map(|n| hangup(n, 0, &format!("030 555{n}")))
        .collect();
    let (folder, log) = filed(&calls);
    let folder = folder.path();
    step(&log, calls[0].id, Step::NothingToDo, minute(5));
    step(
        &log,
        calls[1].id,
        Step::Claim { until: minute(900) },
        minute(5),
    );
    let later = Step::NotReached {
        next_try: Some(minute(900)),
    };
    step(&log, calls[2].id, later, minute(5));
    assert_eq!(
        note(&log, connected("030 5554", "08001234567", "agent"), 6),
        1
    );
    let before: Vec<_> = cases(folder).into_iter().map(|of| of.case).collect();
    for (call, before) in calls.iter().zip(before) {
        let after = was(&log, call, Verdict::Message);
        let expected = Case {
            urgency: Urgency::Message,
            version: before.version + 1,
            ..before
        };
        assert_eq!(after, expected);
    }
    assert_eq!(
        to_ring(folder),
        [calls[1].id],
        "the one that is claimed, and no other"
    );
    assert_eq!(standing(folder, Standing::Closed).len(), 2);
    // Nor does it keep Asterisk from reporting that the caller got through.
    let open = hangup(9, 100, "030 5559");
    log.close_call(open.clone());
    flush(&log);
    was(&log, &open, Verdict::Message);
    assert_eq!(
        note(&log, connected("030 5559", "08001234567", "agent"), 101),
        1
    );
}

/// Who closed the case while the caller spoke cannot have known what they went on to say, whoever
/// hears it.
#[test]
fn what_was_said_after_a_case_was_closed_is_another_matter_here_too() {
    let first = hangup(1, 0, BERLIN);
    let second = hangup(2, 10, BERLIN);
    for (closed_after, message, outline_then) in [
        // The call that the case is called after: open once more.
        (&first, &first, vec![(2, None)]),
        (
            &second,
            &second,
            vec![(1, Some(ClosedBy::NothingToDo)), (1, None)],
        ),
    ] {
        let (folder, log) = filed(&[]);
        let mut open = Vec::new();
        for call in [&first, &second] {
            let up = CallRecord {
                ended: None,
                verdict: None,
                ended_by: None,
                ..(*call).clone()
            };
            open.push(log.open_call(up));
        }
        flush(&log);
        step(&log, first.id, Step::NothingToDo, closed_after.started);
        for (open, call) in open.into_iter().zip([&first, &second]) {
            open.close_and_deliver(call.clone(), &[]);
        }
        flush(&log);
        assert_eq!(outline(folder.path()), [(2, Some(ClosedBy::NothingToDo))]);
        let case = was(&log, message, Verdict::Message);
        assert_eq!((case.id, case.closed), (message.id, None));
        assert_eq!(outline(folder.path()), outline_then);
        assert_eq!(to_ring(folder.path()), [message.id]);
        let (_, history) = run(folder.path(), &["case", &message.id.to_string()]);
        let judged = format!("anna: judged call {}: message", message.id);
        assert!(history.contains(&judged), "{history}");
        assert_eq!(
            history.contains("anna: reopened"),
            message.id == first.id,
            "{history}"
        );
    }
}

#[test]
fn what_cannot_be_so_changes_nothing() {
    let junk = hangup(1, 0, BERLIN);
    let mut straight = by(2, 1, "030 2", Verdict::Unsure);
    straight.ended_by = Some(EndedBy::Bypassed);
    let (folder, log) = filed(&[junk.clone(), straight.clone()]);
    let up = CallRecord {
        ended: None,
        verdict: None,
        ended_by: None,
        ..hangup(3, 2, "030 3")
    };
    let _open = log.open_call(up.clone());
    flush(&log);
    let message = Judgement::Was(Verdict::Message);
    let refused = |call, judgement, why| {
        assert_eq!(say(&log, call, judgement), Judged::Refused(why));
    };
    refused(up.id, message, NotCorrected::StillUp);
    refused(straight.id, message, NotCorrected::NotHeard);
    let same = Judgement::Was(Verdict::Hangup);
    refused(junk.id, same, NotCorrected::Same(Verdict::Hangup));
    refused(
        junk.id,
        Judgement::Was(Verdict::Unsure),
        NotCorrected::Unsure,
    );
    refused(junk.id, Judgement::Withdrawn, NotCorrected::NothingSaid);
    assert_eq!(say(&log, hangup(7, 7, BERLIN).id, message), Judged::Missing);
    assert_eq!(cases(folder.path())[0].case.version, 0);
    was(&log, &junk, Verdict::Message);
    let again = say(&log, junk.id, message);
    assert!(
        matches!(&again, Judged::Refused(NotCorrected::Said(of)) if of.author == anna()),
        "{again:?}"
    );
    // A record that nobody can read is not judged by its row.
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    database
        .execute("UPDATE calls SET record = '{'", [])
        .unwrap();
    refused(junk.id, same, NotCorrected::Unreadable);
    assert_eq!(cases(folder.path())[0].case.version, 1);
}

#[test]
fn a_call_in_no_case_and_one_whose_neighbour_is_broken() {
    let mut alone = hangup(1, 0, BERLIN);
    alone.mailbox = String::new().as_str().into();
    alone.reasons = vec![voicemail_guard::call_record::Reason::NoMailbox];
    let [broken, junk] = [2, 3].map(|n| by(n, i64::from(n), "030 2", Verdict::Message));
    let (folder, log) = filed(&[alone.clone(), broken.clone(), junk.clone()]);
    let judged = say(&log, alone.id, Judgement::Was(Verdict::Message));
    assert!(matches!(judged, Judged::Done(Some(_), None)), "{judged:?}");
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    let sql = "UPDATE calls SET record = '{' WHERE id = ?1";
    database.execute(sql, [broken.id.to_string()]).unwrap();
    // What its row says of the other still counts.
    assert_eq!(was(&log, &junk, Verdict::Silent).urgency, Urgency::Message);
}
