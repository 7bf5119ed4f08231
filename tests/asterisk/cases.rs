//! Repeat callers: one case in the call log, which waits with a message, and is closed by an agent who
//! answers, by a call back, by the team.

use std::process::Command;

use serde_json::Value;

use crate::guard::{BINARY, Guard};
use crate::lab::{Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sip::Caller;
use crate::sound::Sound;

/// A guard that listens to the manager interface.
fn guard(lab: &Lab) -> Guard<'_> {
    let guard = Guard::with(
        lab,
        &format!(
            "[delivery.ami]\naddress = \"{}\"\nuser = \"guard\"\nsecret = \"lamps\"\n",
            lab.manager()
        ),
    );
    guard.logs("the manager interface reports who was answered");
    guard
}

/// Somebody with this number, of this test alone, who rings the hotline: its agents first, then the guard.
pub fn caller(lab: &Lab, number: &str) -> Caller {
    let number = format!("{number}{}", lab.mailbox());
    Caller::dials(lab, &lab.extension("en", 'a')).is(&number, "Erika Müller")
}

/// The caller hears the greeting begin and hangs up.
pub fn hangs_up_at_once(caller: Caller) {
    caller.is_quiet(2.0).hangs_up().call();
}

/// The cases of the log, those with the latest call first, once they are as wanted.
fn cases(guard: &Guard<'_>, what: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut last = Vec::new();
    let found = || {
        let mut command = Command::new(BINARY);
        command.args(["calls", "--cases", "--format", "json", "--data"]);
        let printed = command.arg(guard.data()).output().unwrap().stdout;
        let printed = String::from_utf8(printed).unwrap();
        let cases = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        last = cases.collect();
        wanted(&last).then(|| last.clone())
    };
    wait_for(what, SOON, found)
}

#[test]
fn cases_are_one_for_three_calls_and_wait_with_the_message_for_the_team() {
    let lab = Lab::enter();
    let guard = guard(&lab);
    hangs_up_at_once(caller(&lab, "0911556"));
    guard.closed_calls(1);
    hangs_up_at_once(caller(&lab, "+49911556"));
    guard.closed_calls(2);
    let open = cases(&guard, "two calls in one case", |cases| {
        cases.iter().any(|case| case["calls"] == 2)
    });
    assert_eq!(open.len(), 1, "{open:#?}");
    assert!(open[0]["closed"].is_null(), "{open:#?}");

    let message = Sound::of_example("message");
    let third = caller(&lab, "0049911556").listens();
    third.says(&message).hangs_up().call();
    let calls = guard.closed_calls(3);
    let waiting = cases(&guard, "the case to have a message", |cases| {
        cases.iter().any(|case| case["urgency"] == "message")
    });
    assert_eq!(waiting.len(), 1, "{waiting:#?}");
    assert_eq!(waiting[0]["calls"], 3);
    assert_eq!(waiting[0]["number"], format!("+49911556{}", lab.mailbox()));
    assert_eq!(waiting[0]["state"], "open");
    let mut command = Command::new(BINARY);
    command.args([
        "case",
        waiting[0]["id"].as_str().unwrap(),
        "reached",
        "--as",
        "anna",
    ]);
    let done = command.arg("--data").arg(guard.data()).status().unwrap();
    assert!(done.success());
    let closed = cases(&guard, "the case to be closed", |cases| {
        cases.iter().any(|case| !case["closed"].is_null())
    });
    assert_eq!(closed[0]["closed"]["by"], "reached");
    assert_eq!(closed[0]["closed"]["who"], "anna");
    assert_eq!(calls[0].number("case.place"), 3.0, "{:#?}", calls[0]);
}

#[test]
fn cases_are_closed_when_an_agent_answers() {
    let lab = Lab::enter();
    let guard = guard(&lab);
    hangs_up_at_once(caller(&lab, "0911557"));
    hangs_up_at_once(caller(&lab, "0911558"));
    guard.closed_calls(2);

    let desk = format!("desk{}", lab.guard_port());
    Manager::listens(&lab).command(&format!("database put desks {desk} here"));
    let stay = caller(&lab, "+49911557").is_quiet(3.0).hangs_up().call();
    assert!(!stay.ended_by_asterisk, "{stay:?}");
    let of = |cases: &[Value], number: &str| {
        let number = format!("+{number}{}", lab.mailbox());
        cases
            .iter()
            .find(|case| case["number"] == number)
            .cloned()
            .unwrap()
    };
    let all = cases(&guard, "the case to be closed", |cases| {
        cases.iter().any(|case| !case["closed"].is_null())
    });
    let answered = of(&all, "49911557");
    assert_eq!(answered["closed"]["by"], "answered", "{all:#?}");
    assert_eq!(answered["closed"]["known_by"], "manager");
    assert!(answered["closed"]["call"].is_null());
    assert!(of(&all, "49911558")["closed"].is_null(), "{all:#?}");
    assert_eq!(
        guard.calls().len(),
        2,
        "the answered call was the guard's, too"
    );
}

#[test]
fn cases_are_closed_when_the_caller_is_called_back() {
    let lab = Lab::enter();
    let guard = guard(&lab);
    hangs_up_at_once(caller(&lab, "+49911559"));
    guard.closed_calls(1);
    his_case_is_closed_by_a_call_back(&lab, &guard, "0911559");
}

/// An agent calls the only caller of the log back, whose number begins so.
pub fn his_case_is_closed_by_a_call_back(lab: &Lab, guard: &Guard<'_>, number: &str) {
    let number = format!("{number}{}", lab.mailbox());
    let agent = Caller::dials(lab, &number).is("200", "Agent");
    agent.is_quiet(3.0).hangs_up().call();
    let all = cases(guard, "the case to be closed", |cases| {
        cases.iter().any(|case| !case["closed"].is_null())
    });
    assert_eq!(all[0]["closed"]["by"], "called_back", "{all:#?}");
}
