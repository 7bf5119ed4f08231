//! The beginning of a call, pure: what the prelude says of it, and whether there is anything to
//! guard.

use std::time::Duration;

use jiff::Timestamp;

use super::policy::Policy;
use crate::agi::Request;
use crate::call_record::{
    CallId, CallRecord, Callback, CallbackSource, Caller, EndedBy, MailboxName, Presentation,
    Reason, Verdict,
};
use crate::dialplan;
use crate::hearing::ClassSeconds;
use crate::number::{self, NoNumber};
use crate::setting::are_voicemail_options;

/// What the settings say of the mailbox that the request names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the conversation goes by.
    pub policy: Policy,
    /// How close together calls by one number are one case; `None` where they form no cases.
    pub repeat_window: Option<Duration>,
    /// Whether `doctor` has placed the call.
    pub is_test: bool,
}

/// A call that is to be guarded.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The record so far.
    pub record: CallRecord,
    /// The mailbox's own, with what the request says over it.
    pub policy: Policy,
    /// What the request says that is not followed.
    pub mistakes: Vec<Mistake>,
}

/// Something in the request that is not followed. All text is hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// An argument that there is not.
    UnknownArgument {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Options that `VoiceMail()` does not have.
    VoicemailOptions(String),
}

/// The request names no mailbox that there can be: the call goes on to `VoiceMail()`.
#[derive(Clone, Debug, PartialEq)]
pub struct NoMailbox {
    /// The record so far; in no case, since nobody answers for a mailbox that there is not.
    pub record: Box<CallRecord>,
    /// What is wrong with the name.
    pub reason: Reason,
}

/// The mailbox that the request names; `unknown` where it names none.
pub fn mailbox(request: &Request) -> MailboxName {
    let name = request.argument("box");
    name.map_or_else(|| "unknown".into(), MailboxName::from)
}

/// Opens the call of this request.
///
/// # Errors
/// The request names no mailbox, or one that there cannot be.
pub fn open(
    request: &Request,
    settings: Settings,
    id: CallId,
    now: Timestamp,
) -> Result<Opening, NoMailbox> {
    let mut record = record(request, &settings, id, now);
    let wrong = match (&record.mailbox, request.argument("box").as_deref()) {
        (_, None | Some("")) => Some(Reason::NoMailbox),
        (MailboxName::Impossible(name), _) => Some(Reason::ImpossibleMailbox(name.clone())),
        (MailboxName::Mailbox(_), _) => None,
    };
    if let Some(reason) = wrong {
        record.repeat_window_s = None;
        let record = Box::new(record);
        return Err(NoMailbox { record, reason });
    }
    let mut policy = settings.policy;
    let mut mistakes: Vec<Mistake> = request
        .arguments()
        .filter(|(name, _)| !ARGUMENTS.contains(&name.as_str()))
        .map(|(name, value)| Mistake::UnknownArgument { name, value })
        .collect();
    match request.argument("vm_options") {
        Some(options) if are_voicemail_options(&options) => policy.voicemail_options = options,
        Some(options) => mistakes.push(Mistake::VoicemailOptions(options)),
        None => {}
    }
    Ok(Opening {
        record,
        policy,
        mistakes,
    })
}

/// The record of a call as its prelude opens it.
pub fn record(request: &Request, settings: &Settings, id: CallId, now: Timestamp) -> CallRecord {
    let text = |value: Option<std::borrow::Cow<'_, str>>| -> String {
        value.unwrap_or_default().chars().take(LONGEST).collect()
    };
    let Settings {
        policy,
        repeat_window,
        ..
    } = settings;
    let number = text(request.caller_id());
    let presentation = presentation(&number, request.calling_pres());
    let e164 = policy.trunk.e164(&number, Some(policy.home_country));
    let caller = Caller {
        number,
        e164,
        name: text(request.caller_name()),
        presentation,
    };
    CallRecord {
        id,
        started: now,
        ended: None,
        mailbox: mailbox(request),
        uniqueid: text(request.uniqueid()),
        linkedid: String::new(),
        channel: text(request.channel()),
        callback: callback(&caller),
        watched: policy.lists.watched(&caller),
        caller,
        dnid: text(request.dnid()),
        rdnis: text(request.rdnis()),
        verdict: None,
        confidence: 0.0,
        reasons: Vec::new(),
        seconds: ClassSeconds::default(),
        asked: Vec::new(),
        keys: Vec::new(),
        mode: policy.mode,
        ended_by: None,
        would_have: None,
        is_test: settings.is_test,
        repeat_window_s: repeat_window.map(|window| window.as_secs() as u32),
        queue: None,
        came_from: None,
        timeline: Vec::new(),
        audio: None,
        delivered: Vec::new(),
    }
}

/// The same record where Asterisk carries on with the call at once, and why.
pub fn unheard(record: CallRecord, ended_by: EndedBy, reason: Reason) -> CallRecord {
    CallRecord {
        verdict: Some(Verdict::Unsure),
        ended_by: Some(ended_by),
        reasons: vec![reason],
        ..record
    }
}

/// Whether the dialplan asks another guard if this one does not take the call.
pub fn has_further_guard(request: &Request) -> bool {
    request.argument(dialplan::FURTHER).as_deref() == Some("1")
}

/// Whether packets of the caller are in these samples: MixMonitor pads their side with zeros while
/// a prompt plays; a telephone line is never zero.
pub fn are_packets(samples: &[i16]) -> bool {
    samples.iter().any(|&sample| sample != 0)
}

/// Whether the caller shows their number, by the word in its place and by `agi_callingpres` (Q.931,
/// 4.5.10: bits 6 and 7 of octet 3a).
fn presentation(number: &str, calling_pres: Option<u8>) -> Presentation {
    let indicator = calling_pres.map(|pres| pres & 0x60);
    match (number::no_number(number), indicator) {
        (Some(NoNumber::Withheld), _) | (_, Some(0x20)) => Presentation::Withheld,
        (None, Some(0)) => Presentation::Shown,
        _ => Presentation::Unavailable,
    }
}

/// The caller ID is a number to call back where it is one, and is shown.
fn callback(caller: &Caller) -> Callback {
    match &caller.e164 {
        Some(e164) if caller.presentation == Presentation::Shown => Callback {
            number: caller.number.clone(),
            e164: Some(e164.clone()),
            source: CallbackSource::CallerId,
            confirmed: false,
        },
        _ => Callback::default(),
    }
}

/// What the dialplan may say in the request.
const ARGUMENTS: [&str; 4] = ["box", "vm_options", dialplan::FURTHER, dialplan::ARGUMENT];

/// Characters at most of what the prelude says of one thing.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::BytesMut;
    use tokio_util::codec::Decoder;

    use super::*;
    use crate::agi::{Codec, Incoming};
    use crate::call::admission::CallerLists;
    use crate::number::{CallerList, E164};

    fn request(script: &str, lines: &str) -> Request {
        let prelude = format!("agi_network_script: {script}\n{lines}\n");
        match Codec::default().decode(&mut BytesMut::from(&*prelude)) {
            Ok(Some(Incoming::Request(request))) => request,
            other => panic!("{other:?}"),
        }
    }

    fn opened(script: &str, lines: &str) -> Result<Opening, NoMailbox> {
        let entry = "_+49911X.".parse().unwrap();
        let settings = Settings {
            policy: Policy {
                lists: Arc::new(CallerLists {
                    watch: CallerList::new(vec![entry], None),
                    ..CallerLists::default()
                }),
                ..Policy::default()
            },
            repeat_window: Some(Duration::from_mins(5)),
            is_test: false,
        };
        let now = Timestamp::UNIX_EPOCH;
        open(&request(script, lines), settings, CallId::new(now, 1), now)
    }

    #[test]
    fn whether_a_number_is_shown_is_said_by_its_word_and_by_its_bits() {
        use Presentation::{Shown, Unavailable, Withheld};
        for (number, pres, expected) in [
            ("091123456", Some(0), Shown),
            ("091123456", Some(3), Shown),
            ("091123456", Some(32), Withheld),
            ("091123456", Some(35), Withheld),
            ("091123456", Some(67), Unavailable),
            ("091123456", None, Unavailable),
            ("anonymous", Some(0), Withheld),
            ("anonymous", Some(67), Withheld),
            ("", Some(0), Unavailable),
            ("", Some(32), Withheld),
            ("unavailable", Some(0), Unavailable),
        ] {
            assert_eq!(presentation(number, pres), expected, "{number} {pres:?}");
        }
    }

    #[test]
    fn only_a_number_that_is_shown_and_is_one_is_called_back() {
        for (number, pres, e164, called_back) in [
            ("0911 23456", 0, Some("+4991123456"), Some("+4991123456")),
            ("0911 23456", 32, Some("+4991123456"), None),
            ("anna", 0, None, None),
            ("unknown", 0, None, None),
        ] {
            let lines = format!("agi_callerid: {number}\nagi_callingpres: {pres}\n");
            let CallRecord {
                caller,
                callback,
                watched,
                ..
            } = opened("guard?box=100", &lines).unwrap().record;
            assert_eq!(caller.e164.as_ref().map(E164::as_str), e164, "{lines}");
            assert_eq!(
                callback.e164.as_ref().map(E164::as_str),
                called_back,
                "{lines}"
            );
            assert_eq!(
                callback.source == CallbackSource::CallerId,
                called_back.is_some()
            );
            // Who withholds their number is on no list by it.
            assert_eq!(watched.is_some(), called_back.is_some(), "{lines}");
        }
    }

    #[test]
    fn a_request_without_a_mailbox_is_in_no_case() {
        let impossible = |name: &str| Reason::ImpossibleMailbox(name.into());
        for (script, name, reason) in [
            ("guard", "unknown@default", Reason::NoMailbox),
            ("guard?box=", "@default", Reason::NoMailbox),
            ("guard?box=@sales", "@sales", impossible("@sales")),
            ("guard?box=..", "..@default", impossible("..@default")),
            ("guard?box=1@a@b", "1@a@b", impossible("1@a@b")),
        ] {
            let refused = opened(script, "").unwrap_err();
            assert_eq!(refused.record.repeat_window_s, None, "{script}");
            assert_eq!(refused.record.mailbox.as_str(), name, "{script}");
            assert_eq!(refused.reason, reason, "{script}");
        }
        let record = opened("guard?box=100", "").unwrap().record;
        assert_eq!(record.mailbox.as_str(), "100@default");
        assert_eq!(record.repeat_window_s, Some(300));
    }

    #[test]
    fn the_request_may_name_options_of_voicemail_and_nothing_else() {
        let options = |script: &str| {
            let opening = opened(script, "").unwrap();
            (opening.policy.voicemail_options, opening.mistakes)
        };
        assert_eq!(options("guard?box=1"), ("u".into(), vec![]));
        assert_eq!(options("guard?box=1&vm_options=us"), ("us".into(), vec![]));
        assert_eq!(options("guard?box=1&dialplan=1"), ("u".into(), vec![]));
        assert_eq!(options("guard?box=1&further=1"), ("u".into(), vec![]));
        let bad = "s,g(12)".to_owned();
        assert_eq!(
            options("guard?box=1&vm_options=s,g(12)"),
            ("u".into(), vec![Mistake::VoicemailOptions(bad)])
        );
        let unknown = Mistake::UnknownArgument {
            name: "bx".into(),
            value: "2".into(),
        };
        assert_eq!(options("guard?box=1&bx=2"), ("u".into(), vec![unknown]));
    }

    #[test]
    fn what_the_prelude_says_is_bounded() {
        let lines = format!("agi_uniqueid: {}\n", "é".repeat(300));
        let record = opened("guard?box=1", &lines).unwrap().record;
        assert_eq!(record.uniqueid, "é".repeat(LONGEST));
    }

    #[test]
    fn zeros_are_no_packets() {
        assert!(!are_packets(&[]) && !are_packets(&[0; 160]));
        assert!(are_packets(&[0, 0, -1]));
    }

    #[test]
    fn a_call_that_nobody_heard_says_why() {
        let record = opened("guard?box=1", "").unwrap().record;
        let record = unheard(record, EndedBy::HandedOn, Reason::NoMailbox);
        assert_eq!(record.verdict, Some(Verdict::Unsure));
        assert_eq!(record.ended_by, Some(EndedBy::HandedOn));
        assert_eq!(record.reasons, [Reason::NoMailbox]);
    }
}
