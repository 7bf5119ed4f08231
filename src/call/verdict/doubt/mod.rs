//! How probable it is that a call holds a message, from what the listeners made of the whole of it.
//!
//! The rules count seconds of segments, which have no shades. Behind them lie the probabilities of
//! networks, which differ where the sound is strange. A [forest] makes of them the
//! probability of a message. Where it lies on the wrong side of a border the verdict is `unsure`;
//! everywhere else the confidence comes of it. The forests were grown on calls from sources that the
//! networks had not heard (`src/hearing/train/doubt.py`); how well that works:
//! `src/hearing/README.md`, "Doubt".
//!
//! Once a call is over the third listener is asked as well; there is a forest of its own for what
//! all three say. Junk that is doubtful by either of the two is doubtful.

mod evidence;
mod forest;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use self::evidence::{OF_THE_THIRD, OF_TWO, glimpses_behind};
pub use self::evidence::{evidence, evidence_of_third};
use self::forest::Forest;
use crate::audio::MediaTime;
use crate::call_record::Verdict;
use crate::hearing::{ThirdOpinion, Timeline};

/// What is longer the third listener has no say about: its time at the end of a call is bounded.
pub const LONGEST_HEARD_AGAIN: MediaTime = MediaTime::from_secs(15 * 60);

/// The verdicts by the rules, each a number of the evidence: one for the one it is, nothing for the
/// others. The forests were grown on calls that the rules left in doubt, too.
const RULES: [Verdict; 8] = [
    Verdict::Message,
    Verdict::Rambler,
    Verdict::Hangup,
    Verdict::Mutter,
    Verdict::HoldMusic,
    Verdict::Aside,
    Verdict::Silent,
    Verdict::Unsure,
];

static BY_TWO: LazyLock<Forest> =
    LazyLock::new(|| Forest::read(include_bytes!("two.forest"), OF_TWO + RULES.len()));

static BY_THREE: LazyLock<Forest> = LazyLock::new(|| {
    let numbers = OF_TWO + OF_THE_THIRD + RULES.len();
    Forest::read(include_bytes!("three.forest"), numbers)
});

/// What the forests say of a call that the rules gave this verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// The probability that it holds a message.
    pub(super) message: f64,
    /// Whether the verdict is doubtful.
    pub(super) is_doubtful: bool,
}

impl Doubt {
    /// `None` where nothing is doubted: a tone is recognised by frequency and cadence, and without
    /// sound there is no evidence.
    pub(super) fn of(
        verdict: Verdict,
        timeline: &Timeline,
        began: MediaTime,
        third: Option<&ThirdOpinion>,
    ) -> Option<Self> {
        if !is_doubted(verdict) {
            return None;
        }
        let heard = evidence(timeline, began)?;
        let mut by_two = Self::by(&BY_TWO, verdict, &heard);
        by_two.is_doubtful |= verdict == Verdict::HoldMusic && is_on_one_pitch(timeline, began);
        let third = third.filter(|_| timeline.heard() <= LONGEST_HEARD_AGAIN);
        let third = third.and_then(|third| evidence_of_third(timeline, began, third));
        let Some(third) = third else {
            return Some(by_two);
        };
        let by_three = Self::by(&BY_THREE, verdict, &[&heard[..], &third].concat());
        // The third listener takes no doubt about junk away: no message is lost by it.
        let stays = !verdict.is_delivered() && by_two.is_doubtful;
        Some(Self {
            is_doubtful: by_three.is_doubtful || stays,
            ..by_three
        })
    }

    fn by(forest: &Forest, verdict: Verdict, heard: &[f64]) -> Self {
        let rules = RULES.map(|rules| f64::from(rules == verdict));
        let message = forest.probability(&[heard, &rules].concat());
        let is_doubtful = if verdict.is_delivered() {
            message < forest.messages_from
        } else {
            message >= forest.junk_below
        };
        Self {
            message,
            is_doubtful,
        }
    }
}

/// Whether listeners have a say about a verdict by the rules.
pub(super) fn is_doubted(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Tone | Verdict::NoAudio | Verdict::Unsure)
}

/// Whether what has a pitch keeps it, as a voice does that a device makes (an electrolarynx), and no music.
fn is_on_one_pitch(timeline: &Timeline, began: MediaTime) -> bool {
    let glimpses = glimpses_behind(timeline, began);
    let mut pitches: Vec<f32> = glimpses.iter().filter_map(|g| g.pitch).collect();
    pitches.sort_by(f32::total_cmp);
    let from = pitches.iter().enumerate();
    let near = from.map(|(n, lowest)| pitches.partition_point(|p| *p <= lowest * SAME_PITCH) - n);
    let most = near.max().unwrap_or(0);
    pitches.len() >= FEWEST_PITCHES && most as f32 >= ON_ONE_PITCH * pitches.len() as f32
}

/// Six hundredths of a pitch are a semitone.
const SAME_PITCH: f32 = 1.06;
/// Fewer glimpses with a pitch say nothing: six seconds of sound.
const FEWEST_PITCHES: usize = 12;
/// The share of glimpses with a pitch that have the same.
const ON_ONE_PITCH: f32 = 0.93;
