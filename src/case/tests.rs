use proptest::prelude::*;

use super::*;
use crate::call_record::EndedBy::{Asterisk, Caller, Guard, HandedOn, Overloaded};
use crate::call_record::Mode::{Enforce, Observe};
use crate::call_record::{CallbackSource, EndedBy, Verdict};
use crate::number::{CallerNumbers, Country};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn case(first: &str, last: &str, closed: Option<&str>) -> Case {
    Case {
        id: CallId::new(at(first), 1),
        first: at(first),
        last: at(last),
        closed: closed.map(|text| Closed {
            at: at(text),
            by: ClosedBy::Answered,
            call: None,
        }),
    }
}

#[test]
fn which_calls_a_case_takes() {
    let open = case("24T09:00", "24T10:00", None);
    let closed = case("24T09:00", "24T10:00", Some("24T11:00"));
    for (of, began, taken) in [
        (&open, "24T10:05", true),
        (&open, "25T10:00", true),
        (&open, "25T10:01", false),
        // Filed late: before the first one, and between the two.
        (&open, "24T08:00", true),
        (&open, "24T09:30", true),
        (&open, "23T08:59", false),
        (&closed, "24T10:59", true),
        (&closed, "24T11:00", true),
        (&closed, "24T11:01", false),
    ] {
        assert_eq!(of.takes(at(began), DAY), taken, "{began} of {of:?}");
    }
}

fn record(json: &str) -> CallRecord {
    let all = r#"{"id":"6aq6scwt0001","started":"2026-11-24T09:00:00Z","ended":"2026-11-24T09:01:00Z","box":"100@default",
        "uniqueid":"","linkedid":"","channel":"","dnid":"","rdnis":"","confidence":1,"reasons":[],"asked":[],
        "seconds":{"speech":0,"silence":0,"music":0,"tone":0,"noise":0},"timeline":[],"audio":null,"delivered":[],
        "callback":{"number":"","e164":null,"source":"none","confirmed":false},"verdict":null,"mode":"enforce",
        "ended_by":"caller","caller":{"number":"","e164":null,"name":"","presentation":"shown"},
        "repeat_window_s":86400}"#;
    let mut all: serde_json::Value = serde_json::from_str(all).unwrap();
    let changes: serde_json::Value = serde_json::from_str(json).unwrap();
    let fields = all.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// A call by this number, over, to be amended.
pub(crate) fn caller(number: &str, presentation: &str) -> CallRecord {
    let home: Country = "DE".parse().unwrap();
    let e164 = number::normalise(number, Some(home)).map(String::from);
    let caller = serde_json::json!({"number": number, "e164": e164, "name": "", "presentation": presentation});
    record(&serde_json::json!({ "caller": caller }).to_string())
}

#[test]
fn one_number_however_it_is_sent() {
    for sent in [
        "030 1234567",
        "+49301234567",
        "0049301234567",
        "49301234567",
    ] {
        let number = number_of(&caller(sent, "shown"));
        assert_eq!(number.as_deref(), Some("+49301234567"), "{sent}");
    }
    // One that no plan has stays as it was sent.
    for sent in ["200", "+49200", "+999 555-1"] {
        let number = number_of(&caller(sent, "shown"));
        assert_eq!(number, Some(sent.replace([' ', '-'], "")));
    }
}

#[test]
fn who_shows_no_number_has_no_case() {
    for (sent, presentation) in [
        ("030 1234567", "withheld"),
        ("030 1234567", "unavailable"),
        ("", "shown"),
        ("anonymous", "shown"),
        ("Anonymous@example", "shown"),
        ("unknown", "shown"),
        ("0", "shown"),
        ("0000000", "shown"),
        ("+", "shown"),
    ] {
        assert_eq!(
            number_of(&caller(sent, presentation)),
            None,
            "{sent} {presentation}"
        );
    }
    let mut off = caller("030 1234567", "shown");
    off.repeat_window_s = None;
    assert_eq!(number_of(&off), None);
}

#[test]
fn whom_a_list_let_by_or_turned_away_has_no_case() {
    let mut listed = caller("030 1234567", "shown");
    assert!(number_of(&listed).is_some());
    for ended_by in [EndedBy::Bypassed, EndedBy::Rejected] {
        listed.ended_by = Some(ended_by);
        assert_eq!(number_of(&listed), None, "{ended_by:?}");
    }
}

#[test]
fn what_is_a_message_for_a_case() {
    let closes = |verdict, ended_by, mode, speech: u32, keyed| {
        let seconds =
            serde_json::json!({"speech": speech, "silence": 0, "music": 0, "tone": 0, "noise": 0});
        let mut record = record(&serde_json::json!({ "seconds": seconds }).to_string());
        record.verdict = Some(verdict);
        record.ended_by = Some(ended_by);
        record.mode = mode;
        if keyed {
            record.callback.source = CallbackSource::Keyed;
        }
        let closed = closed_by_message(&record);
        assert!(closed.is_none_or(|c| c.by == ClosedBy::Message && c.call == Some(record.id)));
        closed.is_some()
    };
    let rows = [
        (Verdict::Message, Caller, Enforce, 9, false, true),
        (Verdict::Rambler, Guard, Enforce, 9, false, true),
        (Verdict::Unsure, Caller, Enforce, 0, false, true),
        (Verdict::Hangup, Caller, Enforce, 0, false, false),
        (Verdict::HoldMusic, Guard, Enforce, 0, false, false),
        // Nobody heard these, or nobody knows what VoiceMail() has got.
        (Verdict::Unsure, Overloaded, Enforce, 0, false, false),
        (Verdict::Unsure, HandedOn, Enforce, 0, false, false),
        (Verdict::Unsure, Asterisk, Enforce, 0, false, false),
        (Verdict::Unsure, HandedOn, Enforce, 2, false, true),
        (Verdict::Unsure, HandedOn, Enforce, 0, true, true),
        (Verdict::Unsure, Caller, Observe, 0, false, false),
        (Verdict::Message, Asterisk, Observe, 9, false, true),
        (Verdict::Hangup, Asterisk, Observe, 0, false, false),
    ];
    for (verdict, ended_by, mode, speech, keyed, expected) in rows {
        assert_eq!(
            closes(verdict, ended_by, mode, speech, keyed),
            expected,
            "{verdict} {ended_by:?} {mode:?} {speech} s"
        );
    }
}

fn open(n: u32, number: &str, dialled: &[&str]) -> Open {
    Open {
        id: CallId::new(at("24T09:00"), n),
        number: number.into(),
        dialled: dialled.iter().map(ToString::to_string).collect(),
    }
}

fn connected(caller: &str, dialled: Option<&str>, answered: &str) -> Connected {
    Connected {
        caller: caller.into(),
        dialled: dialled.map(Into::into),
        answered: answered.into(),
    }
}

#[test]
fn which_cases_a_connection_closes() {
    let hotline = open(1, "+49911555001", &["0800100", "0911100"]);
    let sales = open(2, "+49911555001", &["0911200"]);
    let no_did = open(3, "+49911555001", &[]);
    let other = open(4, "+49911555002", &["0800100"]);
    let all = [
        hotline.clone(),
        sales.clone(),
        no_did.clone(),
        other.clone(),
    ];
    let home = ["DE".parse().unwrap()];
    let closed = |connected: &Connected, open: &[Open]| -> Vec<(CallId, ClosedBy)> {
        let closed = closed_by_connection(connected, &home, open);
        closed.into_iter().map(|(case, by)| (case.id, by)).collect()
    };
    let answered = |case: &Open| (case.id, ClosedBy::Answered);
    let through = |dialled| connected("0911 555001", dialled, "agent-7");
    assert_eq!(
        closed(&through(Some("0911100")), &all),
        [answered(&hotline), answered(&no_did)]
    );
    assert_eq!(closed(&through(Some("0911999")), &all), [answered(&no_did)]);
    assert_eq!(closed(&through(None), &all), [answered(&no_did)]);
    assert_eq!(
        closed(&through(Some("0911100")), std::slice::from_ref(&other)),
        []
    );

    let back = connected("200", Some("0911555002"), "0911555002");
    assert_eq!(closed(&back, &all), [(other.id, ClosedBy::CalledBack)]);
    let back_to_two = connected("200", Some("0911555001"), "+49 911 555001");
    assert_eq!(
        closed(&back_to_two, &all),
        [],
        "which of the boxes is not known"
    );
    assert_eq!(
        closed(&back_to_two, std::slice::from_ref(&sales)),
        [(sales.id, ClosedBy::CalledBack)]
    );
    for nobody in ["", "anonymous", "<unknown>", "0"] {
        assert_eq!(
            closed(&connected(nobody, Some("0911100"), nobody), &all),
            []
        );
    }
}

#[test]
fn every_home_country_of_a_box_is_tried() {
    let homes = ["DE", "AT"].map(|code| code.parse().unwrap());
    let call = connected("01 2345678", None, "");
    assert!(call.callers(&homes).contains("+4312345678"), "{call:?}");
}

#[test]
fn a_caller_is_the_one_whom_the_trunk_sends_and_who_answers_the_one_who_was_dialled() {
    let mut home: Home = "DE".parse().unwrap();
    home.trunk = Trunk {
        caller_numbers: CallerNumbers::International,
        outside_line: "0".into(),
    };
    let call = connected("012125550123", None, "0091112345678");
    let homes = [home];
    assert!(call.callers(&homes).contains("+12125550123"), "{call:?}");
    assert!(
        call.answerers(&homes).contains("+4991112345678"),
        "{call:?}"
    );
}

proptest! {
    /// Whatever the order in which calls are filed: a call is of a case exactly where its begin lies within
    /// the window of the case's others, and the case then reaches from its first to its last.
    #[test]
    fn a_case_grows_by_what_it_takes(
        seconds in prop::collection::vec(0..200_000_i64, 1..20),
        window in 0..50_000_i64,
    ) {
        let begin = |s: i64| at("24T09:00") + SignedDuration::from_secs(s);
        let window = SignedDuration::from_secs(window);
        let mut case = case("24T09:00", "24T09:00", None);
        let mut taken = vec![0];
        for s in seconds {
            let near = taken.iter().any(|t: &i64| (t - s).abs() <= window.as_secs());
            if case.takes(begin(s), window) {
                case = case.with(begin(s));
                taken.push(s);
            } else {
                prop_assert!(!near, "{} was left out of {:?}", s, taken);
            }
        }
        taken.sort_unstable();
        prop_assert_eq!(case.first, begin(taken[0]));
        prop_assert_eq!(case.last, begin(*taken.last().unwrap()));
        prop_assert!(taken.windows(2).all(|two| two[1] - two[0] <= window.as_secs()));
    }

    #[test]
    fn a_closed_case_takes_nothing_that_began_later(closed in 0..90_000_i64, began in 0..90_000_i64) {
        let begin = |s: i64| at("24T09:00") + SignedDuration::from_secs(s);
        let mut case = case("24T09:00", "24T09:00", None);
        case.closed = Some(Closed { at: begin(closed), by: ClosedBy::Message, call: None });
        prop_assert_eq!(case.takes(begin(began), DAY), began <= closed.min(86_400));
    }
}
