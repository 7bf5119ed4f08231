use proptest::prelude::*;

use super::*;

const LEAVE: [&str; 0] = [];

fn new_channel(uniqueid: &str, linkedid: &str, exten: &str) -> Block {
    let lines = [
        "Event: Newchannel".to_owned(),
        format!("Exten: {exten}"),
        format!("Uniqueid: {uniqueid}"),
        format!("Linkedid: {linkedid}"),
    ];
    Block::of(&lines.each_ref().map(String::as_str))
}

fn dial_end(changes: &[&str]) -> Block {
    let lines = [
        "Event: DialEnd",
        "DialStatus: ANSWER",
        "Channel: PJSIP/trunk-00000001",
        "CallerIDNum: +49911555001",
        "Uniqueid: pbx-7.1",
        "Linkedid: pbx-7.1",
        "DestChannel: PJSIP/agent-00000002",
        "DestCallerIDNum: 200",
    ];
    let kept = lines.iter().filter(|line| {
        let name = line.split(':').next().unwrap();
        !changes
            .iter()
            .any(|change| change.split(':').next() == Some(name))
    });
    let all: Vec<_> = changes.iter().chain(kept).copied().collect();
    Block::of(&all)
}

#[test]
fn who_was_connected_and_what_he_had_dialled() {
    let mut calls = CallsUp::default();
    assert_eq!(
        calls.hear(&new_channel("pbx-7.1", "pbx-7.1", "0800100")),
        None
    );
    assert_eq!(calls.hear(&new_channel("pbx-7.2", "pbx-7.1", "200")), None);
    let connected = Connected {
        caller: "+49911555001".into(),
        dialled: Some("0800100".into()),
        answered: "200".into(),
    };
    assert_eq!(calls.hear(&dial_end(&LEAVE)), Some(connected.clone()));
    let hangup = ["Event: Hangup", "Uniqueid: pbx-7.1", "Linkedid: pbx-7.1"];
    assert_eq!(calls.hear(&Block::of(&hangup)), None);
    let unknown = Connected {
        dialled: None,
        ..connected
    };
    assert_eq!(calls.hear(&dial_end(&LEAVE)), Some(unknown));
}

#[test]
fn what_is_no_connection() {
    for changes in [
        &["DialStatus: NOANSWER"][..],
        &["DialStatus: BUSY"],
        &["DialStatus: CANCEL"],
        &["DialStatus:"],
        // Something behind a Local channel may be an announcement.
        &["DestChannel: Local/200@agents-00000001;1"],
        // An originated call: its far end is not there yet.
        &["Channel:"],
        &["Event: DialBegin"],
    ] {
        assert_eq!(
            CallsUp::default().hear(&dial_end(changes)),
            None,
            "{changes:?}"
        );
    }
}

#[test]
fn a_line_that_a_caller_has_forged_is_not_believed() {
    let event = Block::of(&[
        "Event: DialEnd",
        "Channel: PJSIP/trunk-00000001",
        "CallerIDName: x",
        "DialStatus: ANSWER",
        "DialStatus: NOANSWER",
    ]);
    assert_eq!(CallsUp::default().hear(&event), None, "{event:?}");
}

#[test]
fn a_line_that_dials_nothing_is_not_known_by_it() {
    let mut calls = CallsUp::default();
    calls.hear(&new_channel("pbx-7.1", "pbx-7.1", "s"));
    calls.hear(&new_channel("pbx-7.1", "pbx-7.1", ""));
    assert_eq!(calls.hear(&dial_end(&LEAVE)).and_then(|c| c.dialled), None);
}

#[test]
fn calls_that_never_end_take_no_memory() {
    let mut calls = CallsUp::default();
    for n in 0..MOST_CALLS + 100 {
        let id = format!("pbx-{n:09}.1");
        calls.hear(&new_channel(&id, &id, &"0".repeat(5_000)));
    }
    assert_eq!(calls.dialled.len(), MOST_CALLS);
    assert!(
        calls
            .dialled
            .values()
            .all(|number| number.len() == LONGEST_VALUE)
    );
    assert!(
        calls
            .dialled
            .contains_key(&format!("pbx-{:09}.1", MOST_CALLS + 99))
    );
}

proptest! {
    #[test]
    fn nobody_is_connected_but_by_an_answer(lines in prop::collection::vec(
        prop_oneof!["Event: (DialEnd|Newchannel|Hangup|Bridge)", "DialStatus: (ANSWER|BUSY)", "DestChannel: .{0,9}", ".{0,20}"], 0..9,
    )) {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let event = Block::of(&lines);
        if CallsUp::default().hear(&event).is_some() {
            prop_assert_eq!((event.get("Event"), event.get("DialStatus")), ("DialEnd", "ANSWER"));
            prop_assert!(!event.get("Channel").is_empty());
        }
    }
}
