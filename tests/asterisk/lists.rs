//! Callers with a rule of their own: watched, straight to VoiceMail(), refused.

use crate::delivery::context_is_there;
use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, wait_for};
use crate::local::LocalCaller;
use crate::manager::Manager;
use crate::sip::Caller;
use crate::sound::Sound;
use crate::team::Team;

const MAX: &str = "0911555001";

fn dials(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 's')).is(MAX, "Max Muster")
}

#[test]
fn who_goes_straight_to_voicemail_is_not_heard_by_the_guard() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "straight_to_voicemail = [\"_+49911X.\"]");
    let message = Sound::of_example("message");
    let stay = dials(&lab).listens().says(&message).stays(20.0).call();
    assert!(stay.ended_by_asterisk, "VoiceMail() ends on silence");
    let call = guard.record();
    let is = ["ended_by", "audio", "mode"].map(|field| call.get(field));
    assert_eq!(is, ["straight", "", "enforce"], "{call:#?}");
    let heard: f64 = ["speech", "silence", "noise"]
        .map(|class| call.number(&format!("seconds.{class}")))
        .iter()
        .sum();
    assert!(heard == 0.0 && call.asked().is_empty(), "{call:#?}");
    assert_eq!(
        call.reasons(),
        ["not heard: straight_to_voicemail has _+49911X."]
    );
    assert_eq!(call.get("case.id"), "", "{call:#?}");
    let ending = lab.ending();
    assert_eq!(
        ["status", "vmstatus", "call", "limit"].map(|name| ending.get(name)),
        ["straight", "SUCCESS", call.get("id"), "0"]
    );
    assert!(lab.message().sound.seconds() > 10.0);
    // Other tests' callers have names in no encoding at all.
    let log = std::fs::read(lab.inside("/var/log/asterisk/full")).unwrap();
    let log = String::from_utf8_lossy(&log);
    let blamed = log.lines().find(|line| {
        line.contains("did not finish this call") && line.contains(&lab.guard_port().to_string())
    });
    assert_eq!(blamed, None);
}

#[test]
fn who_is_refused_is_not_answered_and_goes_where_the_dialplan_has_a_place_for_him() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "refuse = [\"+49 911 555001\"]");
    let refusal = dials(&lab).is_refused();
    assert!(refusal.starts_with("SIP/2.0 403"), "{refusal}");
    let call = guard.record();
    assert_eq!(call.get("ended_by"), "turned_away", "{call:#?}");
    assert_eq!(call.reasons(), ["not heard: refuse has +49 911 555001"]);
    assert_eq!(call.get("case.id"), "", "{call:#?}");
    let ending = lab.ending();
    assert_eq!((&*ending.how, ending.get("status")), ("hung-up", "refused"));
    assert_eq!(ending.get("call"), call.get("id"));
    // Somebody else is let in.
    let other = Caller::dials(&lab, &lab.extension("en", 's')).is("0911555002", "Other");
    let stay = other.listens().hangs_up().call();
    assert!(!stay.heard.is_empty());
    let mut manager = Manager::listens(&lab);
    // No other test is refused, so none can stray there.
    manager.command("dialplan add extension s,1,Goto,left,refused,1 into voicemail-guard-refused");
    LocalCaller::dials(&lab, &lab.extension("en", 's'))
        .is(&format!("\"Max Muster\" <{MAX}>"))
        .call();
    let ending = lab.endings(3).pop().unwrap();
    assert_eq!(ending.how, "left-to-refused");
    let logged = ["status", "depth", "left", "limit"].map(|name| ending.get(name));
    assert_eq!(logged, ["refused", "", "", "0"], "nothing of ours is left");
    manager.command("dialplan remove context voicemail-guard-refused");
    assert!(lab.inbox(lab.mailbox()).is_empty(), "VoiceMail() ran");
    assert_eq!(guard.closed_calls(3).len(), 3);
}

#[test]
fn a_hangup_of_a_watched_caller_is_in_the_box_and_in_the_log() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let guard = Guard::with(
        &lab,
        &format!(
            "watch = [\"_0911555XXX\"]\ndeliver_to = [\"voicemail\"]\n[delivery.voicemail]\nspool = {:?}\n",
            lab.inside("/var/spool/asterisk/voicemail")
        ),
    );
    dials(&lab).is_quiet(2.0).hangs_up().call();
    let unknown = Caller::dials(&lab, &lab.extension("en", 's')).is("0911666001", "Other");
    unknown.is_quiet(2.0).hangs_up().call();
    let messages = wait_for("the message", LONGEST_CALL, || {
        let messages = lab.inbox(lab.mailbox());
        (!messages.is_empty()).then_some(messages)
    });
    assert_eq!(messages.len(), 1, "{messages:?}");
    let caller = messages[0].get("callerid");
    assert_eq!(caller, format!("\"Max Muster\" <{MAX}>"));
    assert!(messages[0].sound.seconds() >= 1.0);
    let calls = wait_for("the delivery to be noted", LONGEST_CALL, || {
        let calls = guard.closed_calls(2);
        let noted = calls.iter().any(|call| !call.delivered().is_empty());
        noted.then_some(calls)
    });
    for call in calls {
        assert_eq!(call.get("verdict"), "hangup", "{call:#?}");
        let is_max = call.get("caller.number") == MAX;
        let expected = if is_max { "_0911555XXX" } else { "" };
        assert_eq!(call.get("watched"), expected, "{call:#?}");
        assert_eq!(call.delivered().len(), usize::from(is_max), "{call:#?}");
    }
    assert!(guard.log().contains("ON THE WATCH LIST (_0911555XXX)."));
}

#[test]
fn a_hangup_of_a_watched_caller_is_told_by_mail_and_webhook_like_a_message() {
    let lab = Lab::enter();
    let team = Team::is_there();
    let settings = format!("watch = [\"_0911555XXX\"]\n{}", team.settings());
    let guard = Guard::with(&lab, &settings);
    let unknown = Caller::dials(&lab, &lab.extension("en", 's')).is("0911666001", "Other");
    unknown.is_quiet(2.0).hangs_up().call();
    for count in 1..=2 {
        dials(&lab).is_quiet(2.0).hangs_up().call();
        team.mails(count);
        team.hooks(count);
    }
    let calls = wait_for("the deliveries to be noted", LONGEST_CALL, || {
        let calls = guard.closed_calls(3);
        let noted = |of: usize| calls[of].delivered().len() == 2;
        (noted(0) && noted(1)).then_some(calls)
    });
    assert_eq!(calls.len(), 3);
    assert!(calls[2].delivered().is_empty(), "{calls:#?}");
    let (mails, hooks) = (team.mails(2), team.hooks(2));
    assert_eq!((mails.len(), hooks.len()), (2, 2), "{mails:#?} {hooks:#?}");
    for (n, call) in calls[..2].iter().rev().enumerate() {
        assert_eq!(call.get("verdict"), "hangup", "{call:#?}");
        let (mail, logged) = (&mails[n], &hooks[n]);
        let subject = format!(
            "Call without a message from +49911555001 (Max Muster) for {}@default",
            lab.mailbox()
        );
        assert_eq!(mail.subject, subject);
        let watched = mail.text.lines().find(|l| l.starts_with("Watch list:"));
        assert!(
            watched.is_some_and(|line| line.ends_with(" _0911555XXX")),
            "{mail:#?}"
        );
        assert!(mail.text.contains("hangup: hung up at once"), "{mail:#?}");
        assert_eq!(logged["event"], "call", "{logged:#}");
        let hook = &logged["call"];
        assert_eq!(hook["id"], call.get("id"));
        assert_eq!(
            (&hook["verdict"], &hook["watched"]),
            (&"hangup".into(), &"_0911555XXX".into())
        );
        // The second call is reported as such.
        assert_eq!(hook["case"]["place"], n + 1, "{logged:#}");
        assert_eq!(hook["case"]["id"], calls[1].get("id"), "{logged:#}");
        let line = mail.text.lines().find(|line| line.starts_with("Case:"));
        assert_eq!(
            line.is_some_and(|line| line.contains("second call since ")),
            n == 1,
            "{mail:#?}"
        );
    }
}
