use proptest::prelude::*;

use super::*;
use crate::call_record::example::caller;
use crate::call_record::{CallbackSource, EndedBy, Verdict};
use crate::number::CallerNumbers;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn closed(when: &str) -> Closed {
    Closed {
        at: at(when),
        by: ClosedBy::Answered,
        who: None,
        call: None,
    }
}

fn case(first: &str, last: &str, closed_at: Option<&str>) -> Case {
    let opening = CallRecord {
        started: at(first),
        ..caller("030 1234567", "shown")
    };
    Case {
        last: at(last),
        closed: closed_at.map(closed),
        ..Case::opened_by(&opening)
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
    // As long as a message waits, whoever left it calls about the same matter.
    let waiting = Case {
        urgency: Urgency::Unsure,
        ..open
    };
    for (began, taken) in [("29T09:00", true), ("23T08:59", false)] {
        assert_eq!(waiting.takes(at(began), DAY), taken, "{began}");
    }
}

#[test]
fn what_is_said_after_a_case_was_closed_is_another_matter() {
    let closed = case("24T09:00", "24T09:00", Some("24T09:01"));
    let open = case("24T09:00", "24T09:00", None);
    let call = |ended, verdict| {
        let mut call = caller("030 1234567", "shown");
        (call.ended, call.verdict) = (Some(at(ended)), Some(verdict));
        call
    };
    for (of, ended, verdict, outlived) in [
        (&closed, "24T09:01", Verdict::Message, false),
        (&closed, "24T09:02", Verdict::Message, true),
        (&closed, "24T09:02", Verdict::Unsure, true),
        (&closed, "24T09:02", Verdict::Hangup, false),
        (&open, "24T09:02", Verdict::Message, false),
    ] {
        assert_eq!(
            of.outlived_by(&call(ended, verdict), Some(verdict)),
            outlived,
            "{ended} {verdict}"
        );
    }
}

#[test]
fn the_more_urgent_is_rung_first() {
    use CallbackSource::{CallerId, CallerIdConfirmed, Keyed, KeyedConfirmed};
    let call = |verdict, source, watched: bool| {
        let mut call = caller("030 1234567", "shown");
        (call.verdict, call.callback.source) = (verdict, source);
        call.watched = watched.then(|| "_030X.".into());
        Urgency::of(&call)
    };
    for (verdict, source, watched, urgency) in [
        (Some(Verdict::Message), CallerId, false, Urgency::Message),
        (Some(Verdict::Rambler), CallerId, false, Urgency::Message),
        (Some(Verdict::Unsure), CallerId, false, Urgency::Unsure),
        (Some(Verdict::Unsure), Keyed, false, Urgency::Message),
        (
            Some(Verdict::Mutter),
            KeyedConfirmed,
            false,
            Urgency::Message,
        ),
        (
            Some(Verdict::Mutter),
            CallerIdConfirmed,
            false,
            Urgency::Message,
        ),
        (Some(Verdict::Hangup), CallerId, false, Urgency::Junk),
        (Some(Verdict::Hangup), CallerId, true, Urgency::Watched),
        (None, KeyedConfirmed, true, Urgency::Junk),
    ] {
        assert_eq!(
            call(verdict, source, watched),
            urgency,
            "{verdict:?} {source:?}"
        );
    }
}

#[test]
fn one_number_however_it_is_sent() {
    for sent in [
        "030 1234567",
        "+49301234567",
        "0049301234567",
        "49301234567",
    ] {
        let number = Membership::of(&caller(sent, "shown"));
        let expected = Membership::Number("+49301234567".into());
        assert_eq!(number, Some(expected), "{sent}");
    }
    // One that no plan has stays as it was sent.
    for sent in ["200", "+49200", "+999 555-1"] {
        let number = Membership::of(&caller(sent, "shown"));
        let expected = Membership::Number(sent.replace([' ', '-'], ""));
        assert_eq!(number, Some(expected));
    }
}

#[test]
fn who_shows_no_number_has_a_case_for_each_call() {
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
            Membership::of(&caller(sent, presentation)),
            Some(Membership::Alone),
            "{sent} {presentation}"
        );
    }
    let mut off = caller("030 1234567", "shown");
    off.repeat_window_s = None;
    assert_eq!(Membership::of(&off), Some(Membership::Alone));
    off.reasons = vec![Reason::NoMailbox];
    assert_eq!(Membership::of(&off), None);
}

#[test]
fn whom_a_list_let_by_or_turned_away_has_no_case() {
    let mut listed = caller("030 1234567", "shown");
    assert!(Membership::of(&listed).is_some());
    for ended_by in [EndedBy::Bypassed, EndedBy::Rejected] {
        listed.ended_by = Some(ended_by);
        assert_eq!(Membership::of(&listed), None, "{ended_by:?}");
    }
}

#[test]
fn a_test_call_is_in_no_case() {
    let mut test = caller("030 1234567", "shown");
    test.is_test = true;
    assert_eq!(Membership::of(&test), None);
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
        case.closed = Some(Closed { at: begin(closed), by: ClosedBy::Message, who: None, call: None });
        prop_assert_eq!(case.takes(begin(began), DAY), began <= closed.min(86_400));
    }
}

/// What can happen to a case, and when, in minutes.
#[derive(Clone, Copy, Debug)]
enum Event {
    Step(Step, &'static str, bool),
    Connection { minutes_ago: i64 },
    Correction(Urgency),
    CallLater,
}

fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let step = prop_oneof![
        (0..500_i64).prop_map(|m| Step::Claim {
            until: at("24T09:00") + SignedDuration::from_mins(m),
        }),
        Just(Step::Release),
        Just(Step::Reached),
        (0..300_i64).prop_map(|m| Step::NotReached {
            next_try: Some(at("24T09:00") + SignedDuration::from_mins(m)),
        }),
        Just(Step::Done),
        Just(Step::NothingToDo),
        Just(Step::Reopen),
        Just(Step::Note),
    ];
    let who = prop_oneof![Just("anna"), Just("bert")];
    let event = prop_oneof![
        4 => (step, who, any::<bool>()).prop_map(|(step, who, looked)| Event::Step(step, who, looked)),
        1 => (0..60_i64).prop_map(|minutes_ago| Event::Connection { minutes_ago }),
        1 => Just(Event::CallLater),
        1 => prop::sample::select(&Urgency::ALL[..]).prop_map(Event::Correction),
    ];
    prop::collection::vec((1..90_i64, event), 1..30)
}

proptest! {
    /// Whatever people and Asterisk do, in whatever order: only a person reopens what is closed,
    /// nothing that was reported late overrides a person, nobody takes a step in another's claim, a
    /// refusal changes nothing, and what is said of a call changes how urgent the case is and
    /// nothing else; but who looked before has to look again.
    #[test]
    fn people_and_events_in_any_order(events in events()) {
        let mut case = case("24T09:00", "24T09:00", None);
        let mut now = at("24T09:00");
        for (minutes, event) in events {
            now += SignedDuration::from_mins(minutes);
            let before = case.clone();
            match event {
                Event::Step(step, who, looked) => {
                    let seen = looked.then_some(before.version);
                    let other = before.claim_at(now).filter(|claim| claim.by != who);
                    match before.after(step, who, seen, now) {
                        Ok(after) => {
                            prop_assert!(other.is_none() || matches!(step, Step::Note | Step::Reopen));
                            let counted = step != Step::Note;
                            prop_assert_eq!(after.version, before.version + u32::from(counted));
                            prop_assert!(after.closed.is_none() || after.claim.is_none());
                            prop_assert!(before.closed.is_none() || matches!(step, Step::Note | Step::Reopen));
                            let tries = u32::from(matches!(step, Step::NotReached { .. }));
                            prop_assert_eq!(after.tries, before.tries + tries);
                            case = after;
                        }
                        Err(Refusal::Claimed(claim)) => prop_assert_eq!(Some(&claim), other),
                        Err(Refusal::Closed(closed)) => prop_assert_eq!(Some(&closed), before.closed.as_ref()),
                        Err(Refusal::Open) => prop_assert_eq!(step, Step::Reopen),
                        Err(Refusal::Changed) => prop_assert!(false, "it was looked at just now"),
                    }
                    if looked && before.version > 0 && step != Step::Note {
                        let stale = before.after(step, who, Some(before.version - 1), now);
                        prop_assert!(stale.is_err());
                    }
                }
                Event::Connection { minutes_ago } => {
                    let when = now - SignedDuration::from_mins(minutes_ago);
                    match before.after_connection(ClosedBy::Answered, when) {
                        Some(after) => {
                            prop_assert!(before.closed.is_none());
                            prop_assert!(before.decided.is_none_or(|decided| decided <= when));
                            case = after;
                        }
                        None => prop_assert!(
                            before.closed.is_some() || before.decided.is_some_and(|decided| decided > when)
                        ),
                    }
                }
                Event::Correction(urgency) => {
                    let after = before.after_correction(urgency);
                    let as_before = Case {
                        urgency: before.urgency,
                        version: before.version,
                        ..after.clone()
                    };
                    prop_assert_eq!(&as_before, &before);
                    prop_assert_eq!(after.urgency, urgency);
                    let open = after.closed.is_none() && after.claim_at(now).is_none();
                    let stale = after.after(Step::Done, "anna", Some(before.version), now);
                    prop_assert!(!open || stale == Err(Refusal::Changed));
                    case = after;
                }
                Event::CallLater => {
                    let closed = before.closed.is_some();
                    prop_assert!(!(closed && before.takes(now, DAY)), "a call reopened it");
                }
            }
        }
    }

    /// Two people who look at the same case and claim it: one has it, the other is told who.
    #[test]
    fn two_claims_of_one_case(apart in 0..7_000_i64) {
        let case = case("24T09:00", "24T09:00", None);
        let lapsed = at("24T11:00");
        let claim = Step::Claim { until: lapsed };
        let first = case.after(claim, "anna", Some(0), at("24T09:00")).unwrap();
        let later = at("24T09:00") + SignedDuration::from_secs(apart);
        let refused = first.after(claim, "bert", Some(0), later).unwrap_err();
        prop_assert!(matches!(refused, Refusal::Claimed(claim) if claim.by == "anna"));
        prop_assert!(first.after(claim, "bert", Some(1), lapsed).is_ok());
    }
}
