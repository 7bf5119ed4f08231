//! What is true of a recording whose call was judged wrongly, as the ear's training takes it.

use serde::Serialize;

use crate::audio::MediaTime;
use crate::call_record::{CallId, Verdict};
use crate::hearing::{Class, Segment};

/// A line of `manifest.jsonl`. Nothing in it says who called.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Truth {
    /// The recording, below `wav/`.
    pub(super) file: String,
    scenario: String,
    verdict: Verdict,
    /// What the guard said.
    judged: Verdict,
    dur: f64,
    speech_s: f64,
    sources: [&'static str; 1],
    drawn: [&'static str; 1],
    segments: Vec<Stretch>,
}

/// A stretch of the recording: the class that it has, and others that it may have.
#[derive(Debug, PartialEq, Serialize)]
struct Stretch {
    start: f64,
    end: f64,
    class: Class,
    alt: Vec<Class>,
}

/// Where the recordings come from, in the words of a manifest.
const SOURCE: &str = "own";

impl Truth {
    /// Of a recording of this length that was this, in which the guard heard that.
    pub(super) fn of(
        call: CallId,
        (judged, verdict): (Verdict, Verdict),
        length: MediaTime,
        heard: &[Segment],
    ) -> Self {
        let stretches = heard.iter().filter(|segment| segment.start < length);
        let segments: Vec<_> = stretches
            .map(|segment| {
                let (class, alt) = class_of(verdict, segment.class);
                Stretch {
                    start: hundredths(segment.start),
                    end: hundredths(segment.end.min(length)),
                    class,
                    alt,
                }
            })
            .collect();
        let speech = segments.iter().filter(|of| of.class == Class::Speech);
        let speech: f64 = speech.map(|of| of.end - of.start).sum();
        Self {
            file: format!("{call}.wav"),
            scenario: format!("{SOURCE}_{verdict}"),
            verdict,
            judged,
            dur: hundredths(length),
            speech_s: (speech * 100.0).round() / 100.0,
            sources: [SOURCE],
            drawn: [SOURCE],
            segments,
        }
    }
}

/// Seconds, to the hundredth that the training looks at.
fn hundredths(at: MediaTime) -> f64 {
    (at.as_secs_f64() * 100.0).round() / 100.0
}

/// The class of a stretch in which the guard heard that, in a call that was this, and what else it
/// may be.
///
/// Nobody has marked the stretches. Where a voice, music or a tone was heard that the verdict
/// denies, it is what the verdict is about, or else what was heard. Where nothing like it was
/// heard, the ear may have missed it.
fn class_of(verdict: Verdict, heard: Class) -> (Class, Vec<Class>) {
    let about = match verdict {
        Verdict::Message | Verdict::Rambler | Verdict::Mutter => Class::Speech,
        Verdict::HoldMusic => Class::Music,
        Verdict::Tone => Class::Tone,
        Verdict::Aside => Class::Noise,
        Verdict::Hangup | Verdict::Silent | Verdict::NoAudio => Class::Silence,
        Verdict::Unsure => heard,
    };
    match heard {
        _ if heard == about => (heard, Vec::new()),
        Class::Silence | Class::Noise => (heard, vec![about]),
        // A quiet line has no voice: what was heard as one was noise at the most.
        _ if about == Class::Silence => (about, vec![Class::Noise]),
        _ => (about, vec![heard]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::{Music, Noise, Silence, Speech, Tone};

    #[test]
    fn what_was_heard_against_what_the_call_was() {
        for (verdict, heard, class, alt) in [
            (Verdict::Message, Speech, Speech, &[][..]),
            (Verdict::Message, Music, Speech, &[Music]),
            (Verdict::Message, Silence, Silence, &[Speech]),
            (Verdict::Mutter, Noise, Noise, &[Speech]),
            (Verdict::HoldMusic, Speech, Music, &[Speech]),
            (Verdict::HoldMusic, Noise, Noise, &[Music]),
            (Verdict::Tone, Music, Tone, &[Music]),
            (Verdict::Aside, Speech, Noise, &[Speech]),
            (Verdict::Silent, Speech, Silence, &[Noise]),
            (Verdict::Hangup, Noise, Noise, &[Silence]),
            (Verdict::NoAudio, Silence, Silence, &[]),
        ] {
            let expected = (class, alt.to_vec());
            assert_eq!(class_of(verdict, heard), expected, "{verdict} {heard}");
        }
    }

    #[test]
    fn a_line_ends_with_the_recording() {
        let secs = MediaTime::from_millis;
        let segment = |start, end, class| Segment {
            start: secs(start),
            end: secs(end),
            class,
            known_at: secs(start),
            signal: None,
        };
        let id = CallId::parse("6aq6scwt0001").unwrap();
        let heard = [
            segment(0, 1_234, Silence),
            segment(1_234, 5_000, Music),
            segment(5_000, 9_000, Speech),
        ];
        let verdicts = (Verdict::HoldMusic, Verdict::Message);
        let truth = Truth::of(id, verdicts, secs(4_500), &heard);
        let line = serde_json::to_value(&truth).unwrap();
        assert_eq!(
            line,
            serde_json::json!({
                "file": "6aq6scwt0001.wav", "scenario": "own_message", "verdict": "message", "judged": "hold_music",
                "dur": 4.5, "speech_s": 3.27, "sources": ["own"], "drawn": ["own"],
                "segments": [
                    {"start": 0.0, "end": 1.23, "class": "silence", "alt": ["speech"]},
                    {"start": 1.23, "end": 4.5, "class": "speech", "alt": ["music"]},
                ],
            })
        );
    }
}
