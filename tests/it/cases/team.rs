//! What the team does with cases, by the command line and beside a guard that writes.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use jiff::SignedDuration;

use serde_json::Value;
use voicemail_guard::call_log::{CaseQuery, Change, Changed, Reader, Standing};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::case::{Author, ClosedBy, Refusal, Step, Via};
use voicemail_guard::cli::{Cli, Command, case};

use super::{BERLIN, block_on, by, cases, filed, flush, hangup, outline, run};

fn step(folder: &Path, arguments: &[&str]) -> (ExitCode, String) {
    run(folder, &[&["case"], arguments].concat())
}

#[test]
fn a_case_from_claim_to_done() {
    let (folder, log) = filed(&[by(1, 0, BERLIN, Verdict::Message)]);
    let id = by(1, 0, BERLIN, Verdict::Message).id.to_string();
    let id = id.as_str();
    let (code, out) = step(folder.path(), &[id, "claim", "--as", "anna"]);
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("claimed by anna since 20"), "{out}");
    let (code, out) = step(folder.path(), &[id, "claim", "--as", "bert"]);
    assert_eq!(code, ExitCode::from(1));
    assert!(
        out.contains("nothing was changed, anna has been on it since"),
        "{out}"
    );
    let (_, out) = step(
        folder.path(),
        &[
            id,
            "not-reached",
            "--as",
            "anna",
            "--next-try",
            "2h",
            "rang",
            "twice \u{1b}[2J",
        ],
    );
    assert!(
        out.contains("to be rung again 20") && out.contains("not reached once"),
        "{out}"
    );
    let (code, out) = step(folder.path(), &[id, "reached", "--as", "bert"]);
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains(": reached (bert)"), "{out}");
    let (code, out) = step(folder.path(), &[id, "done", "--as", "anna"]);
    assert_eq!(code, ExitCode::from(1));
    assert!(
        out.contains("it was closed") && out.contains("reopen"),
        "{out}"
    );
    let (_, out) = step(folder.path(), &[id]);
    assert!(
        out.contains("anna: not reached: rang twice") && !out.contains('\u{1b}'),
        "{out}"
    );
    assert!(out.contains("bert: reached"), "{out}");
    assert_eq!(outline(folder.path()), [(1, Some(ClosedBy::Reached))]);
    // The next call is another matter, and the log goes on as if nothing had been.
    log.close_call(hangup(2, 5, BERLIN));
    flush(&log);
    assert_eq!(
        outline(folder.path()).len(),
        1,
        "it began before the case was closed"
    );
}

#[test]
fn what_does_not_fit_is_refused_with_words() {
    let (folder, _log) = filed(&[hangup(1, 0, BERLIN)]);
    let id = hangup(1, 0, BERLIN).id.to_string();
    let (code, out) = step(folder.path(), &["7777", "claim"]);
    assert_eq!(code, ExitCode::from(1));
    assert!(out.contains("There is no case"), "{out}");
    for wrong in [
        &[id.as_str(), "note"][..],
        &[id.as_str(), "claim", "--next-try", "2h"],
        &[id.as_str(), "not-reached", "--next-try", "2020-01-01"],
        &[id.as_str(), "claim", "--as", " "],
        &[id.as_str(), "note", &"x".repeat(2_001)],
    ] {
        let line = [&["voicemail-guard", "case"], wrong].concat();
        let Ok(Cli {
            command: Command::Case(arguments),
            ..
        }) = Cli::try_parse_from(line)
        else {
            panic!("{wrong:?}");
        };
        let error = case::run(&arguments, folder.path(), &mut Vec::new());
        assert_eq!(
            error.unwrap_err().exit_code(),
            ExitCode::from(2),
            "{wrong:?}"
        );
    }
    let (_, out) = run(folder.path(), &["calls", "--cases", "--format", "json"]);
    let case: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&case["version"], &case["state"]),
        (&0.into(), &"open".into())
    );
}

#[test]
fn two_people_never_have_one_case() {
    let (folder, log) = filed(&[by(1, 0, BERLIN, Verdict::Message)]);
    let case = cases(folder.path()).remove(0).case;
    let now = case.last;
    let claim = |who: &str| Change {
        case: case.id,
        seen: Some(case.version),
        step: Step::Claim {
            until: now + SignedDuration::from_hours(2),
        },
        note: None,
        author: Author {
            who: who.into(),
            via: Via::Page,
        },
        at: now,
    };
    let all = (0..20).map(|n| log.change_case(claim(&format!("person {n}"))));
    let all = block_on(futures_util::future::join_all(all));
    let won: Vec<_> = all
        .iter()
        .filter(|changed| matches!(changed, Ok(Changed::Done(_))))
        .collect();
    assert_eq!(won.len(), 1);
    let lost = all.iter().filter(|changed| match changed {
        Ok(Changed::Refused(Refusal::Claimed(claim))) => claim.by == "person 0",
        _ => false,
    });
    assert_eq!(lost.count(), 19);
}

/// Somebody who closes a case while its caller is still speaking does not close what they say.
#[test]
fn a_message_is_never_in_a_case_that_was_closed_before_its_end() {
    let first = by(1, 0, BERLIN, Verdict::Mutter);
    let (folder, log) = filed(std::slice::from_ref(&first));
    let mut up = by(2, 10, BERLIN, Verdict::Message);
    let ended = up.ended.take();
    (up.verdict, up.ended_by) = (None, None);
    let call = log.open_call(up.clone());
    flush(&log);
    let change = Change {
        case: first.id,
        seen: None,
        step: Step::NothingToDo,
        note: None,
        author: Author {
            who: "anna".into(),
            via: Via::Command,
        },
        at: up.started,
    };
    block_on(log.change_case(change)).unwrap();
    let message = by(2, 10, BERLIN, Verdict::Message);
    assert_eq!(message.ended, ended);
    call.close_and_deliver(message.clone(), &[]);
    flush(&log);
    assert_eq!(
        outline(folder.path()),
        [(1, Some(ClosedBy::NothingToDo)), (1, None)]
    );
    let reader = Reader::open(folder.path()).unwrap();
    let open = reader.cases(&CaseQuery {
        standing: Standing::ToRing(ended.unwrap()),
        ..CaseQuery::default()
    });
    assert_eq!(open.unwrap()[0].case.id, message.id);
}

/// The same where it is the call that the case is called after.
#[test]
fn nor_is_the_message_of_the_call_that_opened_it() {
    let message = by(1, 0, BERLIN, Verdict::Message);
    let mut up = message.clone();
    (up.ended, up.verdict, up.ended_by) = (None, None, None);
    let (folder, log) = filed(&[]);
    let call = log.open_call(up.clone());
    flush(&log);
    let id = message.id.to_string();
    let change = Change {
        case: up.id,
        seen: None,
        step: Step::NothingToDo,
        note: None,
        author: Author {
            who: "anna".into(),
            via: Via::Command,
        },
        at: up.started,
    };
    let changed = block_on(log.change_case(change)).unwrap();
    assert!(matches!(changed, Changed::Done(_)));
    call.close_and_deliver(message, &[]);
    flush(&log);
    assert_eq!(outline(folder.path()), [(1, None)]);
    let (_, history) = step(folder.path(), &[&id]);
    assert!(history.contains("voicemail-guard: reopened"), "{history}");
}

#[test]
fn who_is_rung_first_and_who_is_found() {
    let mut watched = hangup(5, 50, "030 555");
    watched.watched = Some("_030X.".into());
    let mut named = by(4, 40, "030 444", Verdict::Message);
    named.caller.name = "Zoë O\"Brien OR".into();
    let (folder, log) = filed(&[
        by(1, 10, "030 111", Verdict::Unsure),
        by(2, 20, "030 222", Verdict::Message),
        hangup(3, 30, "030 333"),
        named.clone(),
        watched,
    ]);
    let reader = Reader::open(folder.path()).unwrap();
    let list = |standing, words: &[&str]| -> Vec<String> {
        let query = CaseQuery {
            standing,
            words: words.iter().map(ToString::to_string).collect(),
            ..CaseQuery::default()
        };
        let cases = reader.cases(&query).unwrap();
        assert_eq!(cases.len(), reader.count_cases(&query).unwrap() as usize);
        let tails = cases
            .iter()
            .map(|case| case.number[case.number.len() - 3..].to_owned());
        tails.collect()
    };
    let now = hangup(0, 60, BERLIN).started;
    assert_eq!(
        list(Standing::ToRing(now), &[]),
        ["555", "222", "444", "111"]
    );
    assert_eq!(
        list(Standing::Open, &[]),
        ["555", "222", "444", "111", "333"]
    );
    assert_eq!(list(Standing::Junk, &[]), ["333"]);
    assert_eq!(list(Standing::Closed, &[]), [] as [String; 0]);
    // Half a word, without the accent; and nothing that is typed is a word of the index's language.
    for words in [&["zoe"][..], &["brie", "or"], &["o\"brien"], &["ZO"]] {
        assert_eq!(list(Standing::Any, words), ["444"], "{words:?}");
    }
    for words in [
        &["\""][..],
        &["*"],
        &["words:x"],
        &["NEAR("],
        &["zoe", "müller"],
    ] {
        let found = list(Standing::Any, words);
        assert!(
            !found.contains(&"444".into()) || words == ["\""],
            "{words:?} {found:?}"
        );
    }
    let note = Change {
        case: named.id,
        seen: None,
        step: Step::Note,
        note: Some("wants the invoice again".into()),
        author: Author {
            who: "anna".into(),
            via: Via::Page,
        },
        at: now,
    };
    block_on(log.change_case(note)).unwrap();
    assert_eq!(list(Standing::Any, &["invoice"]), ["444"]);
}
