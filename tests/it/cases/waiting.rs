//! Cases of callers whose message is not delivered yet, and of callers who are still there.

use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::call_log::Settlement;
use voicemail_guard::call_record::{Destination, Verdict};

use super::{BERLIN, block_on, by, flush, hangup, open, outline, run};

#[test]
fn a_message_that_waits_says_so_everywhere() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let mut message = by(1, 0, BERLIN, Verdict::Message);
    message.delivered = Vec::new();
    log.close_and_deliver(message.clone(), &[Destination::Mailbox, Destination::Mail]);
    flush(&log);
    assert_eq!(outline(folder.path()), [(1, None)]);
    let id = message.id.to_string();
    let card = || run(folder.path(), &["call", &id]).1;
    let table = || run(folder.path(), &["calls"]).1;
    assert!(card().contains("its delivery waits"), "{}", card());
    assert!(table().contains("message (waiting)"), "{}", table());
    assert!(
        table().contains("Not delivered yet: 1; given up: 0."),
        "{}",
        table()
    );

    let note = |to: Destination, outcome: Settlement| {
        let due = block_on(log.outbox().due()).unwrap();
        let delivery = due.into_iter().find(|delivery| delivery.to == to).unwrap();
        block_on(log.outbox().settle(&delivery, outcome)).unwrap();
    };
    let why = || "no room in \u{1b}[2J the box".to_owned();
    let due = message.started;
    note(Destination::Mailbox, Settlement::Later { due, why: why() });
    assert!(
        card().contains("waiting for the mailbox since 20"),
        "{}",
        card()
    );
    assert!(
        card().contains("no room in") && !card().contains('\u{1b}'),
        "{}",
        card()
    );
    note(
        Destination::Mailbox,
        Settlement::GivenUp {
            why: why(),
            entry: None,
        },
    );
    assert_eq!(outline(folder.path()), [(1, None)]);
    let (_, json) = run(folder.path(), &["calls", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let stages = [0, 1].map(|n| json["undelivered"][n]["stage"].clone());
    assert_eq!(stages, ["given_up", "waiting"]);

    note(
        Destination::Mail,
        Settlement::Done(Some(
            "mail a@example.com at 2026-11-24T09:12:35Z"
                .parse()
                .unwrap(),
        )),
    );
    assert_eq!(outline(folder.path()), [(1, None)]);
    assert!(
        card().contains("delivered, but not everywhere\n"),
        "{}",
        card()
    );
    assert!(
        card().contains("not delivered to the mailbox: given up"),
        "{}",
        card()
    );
    assert!(
        table().contains("message (partly delivered)"),
        "{}",
        table()
    );
}

#[test]
fn a_call_in_progress_is_nobody_to_call_back() {
    let mut up = hangup(1, 0, BERLIN);
    (up.ended, up.verdict, up.ended_by) = (None, None, None);
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let call = log.open_call(up);
    flush(&log);
    let still_open = || run(folder.path(), &["calls", "--cases", "--open"]).1;
    assert_eq!(still_open(), "No cases found.\n");
    let (_, all) = run(folder.path(), &["calls", "--cases"]);
    assert!(all.contains("call in progress"), "{all}");
    call.close_and_deliver(hangup(1, 0, BERLIN), &[]);
    flush(&log);
    assert!(still_open().contains("+49301234567"), "{}", still_open());
}
