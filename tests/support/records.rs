//! Call records to test with.

use jiff::{SignedDuration, Timestamp};
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_record::{
    Answer, Asked, CallId, CallRecord, Callback, CallbackSource, Caller, EndedBy, Mode,
    Presentation, Reason, Verdict,
};
use voicemail_guard::hearing::{Class, ClassSeconds, Segment};
use voicemail_guard::prompts::Prompt;

/// 24 November 2026, 09:12:03 UTC.
fn morning() -> Timestamp {
    "2026-11-24T09:12:03.25Z".parse().unwrap()
}

/// The `n`th call of the morning, a second after the one before, as the prelude says it.
pub(crate) fn opened(n: u32) -> CallRecord {
    let started = morning() + SignedDuration::from_secs(n.into());
    CallRecord {
        id: CallId::new(started, n),
        started,
        ended: None,
        mailbox: "100@default".into(),
        uniqueid: format!("pbx-{}.{n}", started.as_second()),
        linkedid: String::new(),
        channel: format!("PJSIP/trunk-{n:08x}"),
        caller: Caller {
            number: format!("0911{:08}", 20_000_000 + n),
            e164: format!("+49911{:08}", 20_000_000 + n).parse().ok(),
            name: "Jürgen Müller".into(),
            presentation: Presentation::Shown,
        },
        dnid: "08001234567".into(),
        rdnis: String::new(),
        verdict: None,
        confidence: 0.0,
        reasons: Vec::new(),
        seconds: ClassSeconds::default(),
        asked: Vec::new(),
        keys: Vec::new(),
        callback: Callback::default(),
        mode: Mode::Enforce,
        ended_by: None,
        watched: None,
        would_have: None,
        is_test: false,
        repeat_window_s: None,
        queue: None,
        came_from: None,
        timeline: Vec::new(),
        audio: None,
        delivered: Vec::new(),
    }
}

/// The same call, over.
pub(crate) fn closed(n: u32, verdict: Verdict) -> CallRecord {
    let opened = opened(n);
    CallRecord {
        ended: Some(opened.started + SignedDuration::from_millis(31_500)),
        linkedid: opened.uniqueid.clone(),
        verdict: Some(verdict),
        confidence: 0.93,
        reasons: vec![
            Reason::Speech(MediaTime::from_millis(14_200)),
            Reason::NumberKeyed,
        ],
        seconds: ClassSeconds {
            speech: MediaTime::from_millis(14_200),
            silence: MediaTime::from_millis(3_000),
            ..ClassSeconds::default()
        },
        asked: vec![Asked {
            prompt: Prompt::StillThere.into(),
            at: MediaTime::from_secs(12),
            answer: Some(Answer::Voice),
        }],
        callback: Callback {
            number: "0171 2345678".into(),
            e164: "+491712345678".parse().ok(),
            source: CallbackSource::KeyedConfirmed,
            confirmed: true,
        },
        ended_by: Some(EndedBy::Caller),
        timeline: vec![
            segment(0, 3_000, Class::Silence),
            segment(3_000, 17_200, Class::Speech),
        ],
        audio: Some("audio/2026-11/example.wav".into()),
        delivered: vec![
            "voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"
                .parse()
                .unwrap(),
        ],
        ..opened
    }
}

fn segment(start: u64, end: u64, class: Class) -> Segment {
    Segment {
        start: MediaTime::from_millis(start),
        end: MediaTime::from_millis(end),
        class,
        known_at: MediaTime::from_millis(start + 200),
        signal: None,
    }
}
