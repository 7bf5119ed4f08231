//! How probable it is that a call holds a message, from what both listeners made of the whole of
//! it.
//!
//! The rules count seconds of segments, which have no shades. Behind them lie the probabilities of
//! two networks, which differ where the sound is strange. Logistic models, one for calls that the
//! rules deliver, one for hold music and one for other junk, make of them the probability of a
//! message. Where it lies on the wrong side of a border the verdict is `unsure`; everywhere else it
//! is the confidence. The models were fitted on calls from sources that the networks had not heard
//! (`src/hearing/train/doubt.py`); how well that works: `src/hearing/README.md`, "Doubt".

use crate::audio::MediaTime;
use crate::call_record::Verdict;
use crate::hearing::{Class, Glimpse, Timeline};

/// How many numbers [`evidence`] gives.
const COUNT: usize = 16;

struct Model {
    constant: f64,
    weights: [f64; COUNT],
    /// Junk of at least this probability, or a message below it, is doubtful.
    border: f64,
}

const JUNK: Model = Model {
    constant: -7.973,
    weights: [
        1.986, 1.464, 1.577, 0.464, -1.43, -1.129, -0.566, -1.032, -2.065, -1.353, 0.055, -0.513,
        4.338, 5.019, 2.279, -0.113,
    ],
    border: 0.133,
};

const HOLD: Model = Model {
    constant: -4.891,
    weights: [
        0.189, -0.242, 0.778, 0.355, -4.876, 0.239, -0.204, -1.608, -5.416, -1.045, -0.043, 0.161,
        16.068, 2.603, 24.566, -6.755,
    ],
    border: 0.062,
};

const MESSAGE: Model = Model {
    constant: -14.813,
    weights: [
        -0.532, 0.692, 2.018, 0.179, -1.549, -1.304, 7.389, -0.885, -0.177, -2.251, -1.088, -0.447,
        5.264, 5.806, 8.364, 8.781,
    ],
    border: 0.69,
};

impl Model {
    fn probability(&self, evidence: &[f64; COUNT]) -> f64 {
        let terms = self.weights.iter().zip(evidence).map(|(w, x)| w * x);
        1.0 / (1.0 + (-(self.constant + terms.sum::<f64>())).exp())
    }
}

/// What the models say of a call that the rules gave this verdict.
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
    pub(super) fn of(verdict: Verdict, timeline: &Timeline, began: MediaTime) -> Option<Self> {
        let model = match verdict {
            Verdict::Tone | Verdict::NoAudio | Verdict::Unsure => return None,
            Verdict::Message | Verdict::Rambler => &MESSAGE,
            Verdict::HoldMusic => &HOLD,
            Verdict::Hangup | Verdict::Mutter | Verdict::Aside | Verdict::Silent => &JUNK,
        };
        let message = model.probability(&evidence(timeline, began)?);
        let is_doubtful = if verdict.is_delivered() {
            message < model.border
        } else {
            message >= model.border
        };
        Some(Self {
            message,
            is_doubtful,
        })
    }
}

/// What the models weigh, of the sound behind `began`. `None` of a call that is too short for it.
///
/// By the first and by the second listener: the logarithm of one more than the seconds of speech,
/// and the logarithm of its share in the sound that is no silence; the logarithms of the shares of
/// music; the highest means of speech over 2 s. Then the logarithm of one more than the seconds of
/// sound, that of the share about which the two differ, and the products of the two logarithms of
/// shares and of seconds; the highest means of music over 2 s, by either; and by how much each
/// adds to or takes from speech between one glimpse and the next, on average.
pub fn evidence(timeline: &Timeline, began: MediaTime) -> Option<[f64; COUNT]> {
    let glimpses: Vec<&Glimpse> = timeline
        .glimpses()
        .iter()
        .filter(|g| g.end > began)
        .collect();
    if glimpses.is_empty() {
        return None;
    }
    let by = |listener: fn(&Glimpse) -> &[f32; 5], class: Class| {
        let glimpses = glimpses.iter();
        glimpses.map(move |g| f64::from(listener(g)[class as usize]))
    };
    let first = |class| by(|g| &g.first, class);
    let second = |class| by(|g| &g.second, class);
    let apart = first(Class::Speech)
        .zip(second(Class::Speech))
        .map(|(a, b)| (a - b).abs());
    let seconds = |sum: f64| SECONDS * sum;
    let speech = [
        seconds(first(Class::Speech).sum()),
        seconds(second(Class::Speech).sum()),
    ];
    let sound = seconds(second(Class::Silence).map(|p| 1.0 - p).sum());
    let share = |part: f64| ((part + 0.3) / (sound + 0.6)).ln();
    let shares = speech.map(share);
    let amounts = speech.map(f64::ln_1p);
    Some([
        amounts[0],
        amounts[1],
        shares[0],
        shares[1],
        share(seconds(first(Class::Music).sum())),
        share(seconds(second(Class::Music).sum())),
        highest_mean(first(Class::Speech)),
        highest_mean(second(Class::Speech)),
        sound.ln_1p(),
        share(seconds(apart.sum())),
        shares[0] * shares[1],
        amounts[0] * amounts[1],
        highest_mean(first(Class::Music)),
        highest_mean(second(Class::Music)),
        mean_change(first(Class::Speech)),
        mean_change(second(Class::Speech)),
    ])
}

/// The length of a glimpse.
const SECONDS: f64 = 0.48;

/// The highest mean of four numbers behind one another; what is missing of them counts as nothing.
fn highest_mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let numbers: Vec<f64> = numbers.collect();
    let sum = |four: &[f64]| four.iter().sum::<f64>() / 4.0;
    numbers
        .windows(numbers.len().clamp(1, 4))
        .map(sum)
        .fold(0.0, f64::max)
}

/// By how much a number differs from the one before it, on average; nothing of fewer than two.
fn mean_change(numbers: impl Iterator<Item = f64>) -> f64 {
    let numbers: Vec<f64> = numbers.collect();
    let changes = numbers.windows(2).map(|two| (two[1] - two[0]).abs());
    changes.sum::<f64>() / numbers.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::{Facts, is_doubtful, judge};
    use super::*;
    use crate::hearing::Update;

    /// A timeline of one class, with what both listeners made of it, again and again.
    fn timeline_of(class: Class, secs: u64, heard: &[[[f32; 5]; 2]]) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.apply(Update::ClassChange {
            class,
            start: MediaTime::ZERO,
            known_at: MediaTime::ZERO,
            signal: None,
        });
        for k in 1..=secs * 100 / 48 {
            let end = MediaTime::from_millis(480 * k);
            let [first, second] = heard[k as usize % heard.len()];
            timeline.apply(Update::Glimpsed(Glimpse { end, first, second }));
        }
        timeline.advance(MediaTime::from_secs(secs));
        timeline
    }

    const NOISE: [f32; 5] = [0.02, 0.02, 0.02, 0.02, 0.92];
    const WORD_IN_NOISE: [f32; 5] = [0.7, 0.02, 0.02, 0.02, 0.24];
    const SPEECH: [f32; 5] = [0.92, 0.02, 0.02, 0.02, 0.02];
    const MUSIC: [f32; 5] = [0.02, 0.02, 0.92, 0.02, 0.02];

    #[test]
    fn a_voice_that_only_shades_the_noise_is_unsure_and_nobody_is_ended_on_it() {
        let verdict = |timeline: &Timeline| judge(&Facts::of_recording(timeline)).verdict;
        let noise = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
        assert_eq!(verdict(&noise), Verdict::Aside);
        assert!(!is_doubtful(&noise, MediaTime::ZERO));
        // Words and pauses.
        let word = [WORD_IN_NOISE, SPEECH];
        let voice = timeline_of(Class::Noise, 40, &[word, word, [NOISE, SPEECH], [NOISE; 2]]);
        assert_eq!(verdict(&voice), Verdict::Unsure);
        assert!(is_doubtful(&voice, MediaTime::ZERO));
        // What lies before the recording is no evidence.
        assert!(!is_doubtful(&voice, MediaTime::from_secs(40)));
    }

    #[test]
    fn a_message_that_both_listeners_take_for_music_is_unsure() {
        let sung = timeline_of(Class::Speech, 40, &[[MUSIC; 2]]);
        let judgement = judge(&Facts::of_recording(&sung));
        assert_eq!(judgement.verdict, Verdict::Unsure);
        let spoken = timeline_of(Class::Speech, 40, &[[SPEECH; 2]]);
        let judgement = judge(&Facts::of_recording(&spoken));
        assert_eq!(judgement.verdict, Verdict::Message);
        assert!(judgement.confidence > 0.9, "{judgement:?}");
    }

    #[test]
    fn without_evidence_the_rules_stand() {
        let timeline = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
        assert!(evidence(&timeline, MediaTime::ZERO).is_some());
        assert!(evidence(&Timeline::default(), MediaTime::ZERO).is_none());
    }

    #[test]
    fn fewer_than_four_numbers_have_a_mean_too() {
        assert!(highest_mean([].into_iter()).abs() < 1e-9);
        assert!((highest_mean([0.8].into_iter()) - 0.2).abs() < 1e-9);
        assert!((highest_mean([0.0, 1.0, 1.0, 1.0, 1.0].into_iter()) - 1.0).abs() < 1e-9);
        assert!(mean_change([0.8].into_iter()).abs() < 1e-9);
        assert!((mean_change([0.5, 0.1, 0.7].into_iter()) - 0.5).abs() < 1e-9);
    }
}
