//! What is delivered of a recording, pure: without what nobody wants to hear, and as loud as speech
//! is.
//!
//! Speech is never cut, nor is what sounds behind it. Away go silence, music, tones and noise
//! before the first and after the last speech, so everything before the beep too, unless somebody
//! spoke there; of a pause longer than [`LONGEST_PAUSE`], whatever sounds in it, [`KEPT_PAUSE`]
//! stays. What the ear has not judged counts as speech. Where the guard is not sure of the caller,
//! or no speech was heard at all, only silence is taken away. The untouched recording stays beside
//! it in the data folder.
//!
//! The whole is made louder or softer by one gain, so that its speech has [`LOUDNESS_DBOV`],
//! measured as [`active_speech_level`] does.

use std::ops::Range;

use serde::Serialize;

use crate::audio::level::{active_speech_level, amplify};
use crate::audio::{MediaTime, RATE_HZ};
use crate::call_record::{Asked, CallRecord, Verdict};
use crate::hearing::{Class, Segment};
use crate::prompts::Prompt;

/// What is to be done with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrimPlan {
    /// Whether noise, music and tones are kept, and only silence is taken away.
    pub keep_sounds: bool,
    /// Where the caller was asked to say their number, in the recording.
    pub number_asked: Option<MediaTime>,
    /// Whether what they said then comes first.
    pub number_first: bool,
}

impl TrimPlan {
    /// What the record of a call asks for.
    pub fn of(record: &CallRecord, number_first: bool) -> Self {
        let asked = |asked: &&Asked| asked.prompt == Prompt::NumberFirst;
        Self {
            keep_sounds: !matches!(record.verdict, Some(Verdict::Message | Verdict::Rambler)),
            number_asked: record.asked.iter().find(asked).map(|asked| asked.at),
            number_first,
        }
    }
}

/// A stretch of the recording and its place in what is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins in the recording.
    pub from: MediaTime,
    /// Where it begins in what is delivered.
    pub at: MediaTime,
    /// How long it is.
    pub len: MediaTime,
}

/// A place in what is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Where it begins.
    pub at: MediaTime,
    /// How long it is.
    pub len: MediaTime,
}

/// What is delivered of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Trimmed {
    /// The sound: 8 kHz, mono.
    pub samples: Vec<i16>,
    /// The stretches of the recording in it, in the order they are heard.
    pub pieces: Vec<Piece>,
    /// What was said after the caller was asked for their number; first, where the mailbox wants it
    /// so.
    pub number: Option<Stretch>,
    /// How long the recording is.
    pub recorded: MediaTime,
    /// How much louder it was made, in dB; negative for softer.
    pub gain_db: f64,
}

/// Trims and levels a recording.
///
/// `segments` may be anything: from another recording, out of order, too long, too short.
pub fn trim(recording: &[i16], segments: &[Segment], plan: &TrimPlan) -> Trimmed {
    let speech = heard_as(segments, recording.len(), &|class| class == Class::Speech);
    let layout = layout(&speech, segments, recording.len(), plan);
    let mut trimmed = Trimmed {
        samples: Vec::new(),
        pieces: Vec::new(),
        number: None,
        recorded: MediaTime::from_samples(recording.len() as u64),
        gain_db: gain(recording, &speech),
    };
    trimmed.put(recording, &layout.first, &speech);
    let behind = trimmed.samples.len();
    if layout.number_first {
        trimmed.samples.extend(separator());
    }
    let later = trimmed.samples.len();
    trimmed.put(recording, &layout.then, &speech);
    trimmed.number = match layout.number_first {
        true => Some(stretch(0..behind)),
        false if layout.then.is_empty() => None,
        false => Some(stretch(later..trimmed.samples.len())),
    };
    trimmed
}

impl Trimmed {
    /// How long it is.
    pub fn len(&self) -> MediaTime {
        MediaTime::from_samples(self.samples.len() as u64)
    }

    /// Whether nothing was recorded at all.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    fn put(&mut self, recording: &[i16], ranges: &[Range<usize>], speech: &[Range<usize>]) {
        for range in ranges {
            self.pieces.push(Piece {
                from: MediaTime::from_samples(range.start as u64),
                at: self.len(),
                len: MediaTime::from_samples(range.len() as u64),
            });
            let begin = self.samples.len();
            self.samples.extend_from_slice(&recording[range.clone()]);
            let piece = &mut self.samples[begin..];
            if self.gain_db.abs() > 0.01 {
                amplify(piece, self.gain_db);
            }
            if range.start > 0 {
                fade(piece.iter_mut(), range.start, speech);
            }
            if range.end < recording.len() {
                fade_out(piece, range.end, speech);
            }
        }
    }
}

/// The stretches in the order they are heard; `then` is the number's unless it comes first.
#[derive(Debug, Default, PartialEq)]
struct Stretches {
    first: Vec<Range<usize>>,
    then: Vec<Range<usize>>,
    number_first: bool,
}

fn layout(speech: &[Range<usize>], segments: &[Segment], len: usize, plan: &TrimPlan) -> Stretches {
    let audible;
    let wanted = if speech.is_empty() || plan.keep_sounds {
        audible = heard_as(segments, len, &|class| class != Class::Silence);
        &audible
    } else {
        speech
    };
    if wanted.is_empty() {
        let first = std::iter::once(0..len.min(samples(KEPT_PAUSE)));
        return Stretches {
            first: first.filter(|range| !range.is_empty()).collect(),
            ..Stretches::default()
        };
    }
    let number_at = plan.number_asked.and_then(|at| number_begins(wanted, at));
    let mut parts = [Vec::new(), Vec::new()];
    let mut begin = wanted[0].start.saturating_sub(samples(MARGIN));
    for (i, pair) in wanted.windows(2).enumerate() {
        let gap = pair[1].start - pair[0].end;
        let split = number_at == Some(i + 1);
        if split || gap > samples(LONGEST_PAUSE) {
            let kept = samples(KEPT_PAUSE).min(gap) / 2;
            let part = usize::from(number_at.is_some_and(|at| at <= i));
            parts[part].push(begin..pair[0].end + kept);
            begin = pair[1].start - kept;
        }
    }
    let end = wanted[wanted.len() - 1].end.saturating_add(samples(MARGIN));
    parts[usize::from(number_at.is_some())].push(begin..end.min(len));
    let [before, number] = parts;
    if plan.number_first && !before.is_empty() && !number.is_empty() {
        Stretches {
            first: number,
            then: before,
            number_first: true,
        }
    } else {
        Stretches {
            first: before,
            then: number,
            number_first: false,
        }
    }
}

/// Which of these stretches is the first that answers to the prompt.
///
/// A caller who goes on talking over the prompt says the number behind their next pause. Where that
/// does not come soon, the whole stretch is taken: a word is never cut.
fn number_begins(wanted: &[Range<usize>], asked: MediaTime) -> Option<usize> {
    let asked = usize::try_from(asked.samples()).unwrap_or(usize::MAX);
    let i = wanted.iter().position(|stretch| stretch.end > asked)?;
    let talks_on = wanted[i].start < asked;
    let soon = wanted[i].end - asked.min(wanted[i].end) <= samples(SOON);
    Some(if talks_on && soon && i + 1 < wanted.len() {
        i + 1
    } else {
        i
    })
}

/// The stretches of these classes, and those that no segment covers, in order and apart.
fn heard_as(segments: &[Segment], len: usize, wanted: &dyn Fn(Class) -> bool) -> Vec<Range<usize>> {
    let place = |at: MediaTime| usize::try_from(at.samples()).unwrap_or(len).min(len);
    let mut known: Vec<_> = segments
        .iter()
        .map(|segment| (place(segment.start)..place(segment.end), segment.class))
        .filter(|(range, _)| !range.is_empty())
        .collect();
    known.sort_by_key(|(range, _)| range.start);
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut add = |range: Range<usize>| match found.last_mut() {
        Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
        _ => found.push(range),
    };
    let mut covered = 0;
    for (range, class) in known {
        if range.start > covered {
            add(covered..range.start);
        }
        covered = covered.max(range.end);
        if wanted(class) {
            add(range);
        }
    }
    if covered < len {
        add(covered..len);
    }
    found
}

/// The gain that brings the speech to [`LOUDNESS_DBOV`]; none where nobody spoke.
fn gain(recording: &[i16], speech: &[Range<usize>]) -> f64 {
    let spoken = speech.iter().flat_map(|range| &recording[range.clone()]);
    active_speech_level(spoken.copied()).map_or(0.0, |level| {
        (LOUDNESS_DBOV - level).clamp(-MOST_GAIN_DB, MOST_GAIN_DB)
    })
}

/// Silence, a soft beep, silence: what follows was said before.
fn separator() -> impl Iterator<Item = i16> {
    let (silence, beep) = (
        samples(MediaTime::from_millis(350)),
        samples(MediaTime::from_millis(100)),
    );
    (0..2 * silence + beep).map(move |n| {
        let Some(n) = n.checked_sub(silence).filter(|&n| n < beep) else {
            return 0;
        };
        let turn = std::f64::consts::TAU * 1_000.0 * n as f64 / f64::from(RATE_HZ);
        let edge = n.min(beep - n).min(FADE) as f64 / FADE as f64;
        (2_500.0 * edge * turn.sin()) as i16
    })
}

/// Softens the joint where a piece begins at `place` of the recording, without touching speech.
fn fade<'a>(piece: impl Iterator<Item = &'a mut i16>, place: usize, speech: &[Range<usize>]) {
    for (n, sample) in piece.take(FADE).enumerate() {
        if speech.iter().any(|range| range.contains(&(place + n))) {
            break;
        }
        *sample = (i32::from(*sample) * n as i32 / FADE as i32) as i16;
    }
}

fn fade_out(piece: &mut [i16], end: usize, speech: &[Range<usize>]) {
    for (n, sample) in piece.iter_mut().rev().take(FADE).enumerate() {
        if speech.iter().any(|range| range.contains(&(end - 1 - n))) {
            break;
        }
        *sample = (i32::from(*sample) * n as i32 / FADE as i32) as i16;
    }
}

fn stretch(range: Range<usize>) -> Stretch {
    Stretch {
        at: MediaTime::from_samples(range.start as u64),
        len: MediaTime::from_samples(range.len() as u64),
    }
}

const fn samples(length: MediaTime) -> usize {
    length.samples() as usize
}

/// The active speech level of what is delivered (ITU-T P.56), in dBov.
pub const LOUDNESS_DBOV: f64 = -20.0;
/// No caller is made louder or softer by more: a whisper is not made of line noise.
pub const MOST_GAIN_DB: f64 = 24.0;
/// A pause longer than this is shortened.
pub const LONGEST_PAUSE: MediaTime = MediaTime::from_secs(3);
/// What stays of a shortened pause, half of it at each side.
pub const KEPT_PAUSE: MediaTime = MediaTime::from_secs(1);
/// What stays before the first and after the last speech: the ear notices a soft beginning up to
/// 0.4 s late.
pub const MARGIN: MediaTime = MediaTime::from_millis(500);
/// A pause that comes this soon after the prompt is waited for.
const SOON: MediaTime = MediaTime::from_secs(5);
/// Samples over which a joint is softened: 5 ms.
const FADE: usize = 40;
