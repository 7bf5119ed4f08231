//! How probable it is that a call holds a message, from what both listeners made of the whole of
//! it.
//!
//! The rules count seconds of segments, which have no shades. Behind them lie the probabilities of
//! two networks, which differ where the sound is strange. Logistic models, one for calls that the
//! rules deliver, one for hold music and one for other junk, make of them the probability of a
//! message. Where it lies on the wrong side of a border the verdict is `unsure`; everywhere else it
//! is the confidence. The models were fitted on calls from sources that the networks had not heard
//! (`src/hearing/train/doubt.py`); how well that works: `src/hearing/README.md`, "Doubt".
//!
//! Once a call is over the third listener is asked as well, and there are models of their own for
//! what all three say. Junk that is doubtful by either of the two is doubtful.

use crate::audio::MediaTime;
use crate::call_record::Verdict;
use crate::hearing::{Class, Glimpse, Timeline, Voice};

/// What is longer the third listener has no say about: its time at the end of a call is bounded.
pub const LONGEST_HEARD_AGAIN: MediaTime = MediaTime::from_secs(15 * 60);

struct Model {
    constant: f64,
    /// Of what [`evidence`] gives; then, if the third listener was asked, [`evidence_of_voice`].
    weights: &'static [f64],
    /// Junk of at least this probability, or a message below it, is doubtful.
    border: f64,
}

const JUNK: Model = Model {
    constant: -7.973,
    weights: &[
        1.986, 1.464, 1.577, 0.464, -1.43, -1.129, -0.566, -1.032, -2.065, -1.353, 0.055, -0.513,
        4.338, 5.019, 2.279, -0.113,
    ],
    border: 0.133,
};

const HOLD: Model = Model {
    constant: -4.891,
    weights: &[
        0.189, -0.242, 0.778, 0.355, -4.876, 0.239, -0.204, -1.608, -5.416, -1.045, -0.043, 0.161,
        16.068, 2.603, 24.566, -6.755,
    ],
    border: 0.062,
};

const MESSAGE: Model = Model {
    constant: -14.813,
    weights: &[
        -0.532, 0.692, 2.018, 0.179, -1.549, -1.304, 7.389, -0.885, -0.177, -2.251, -1.088, -0.447,
        5.264, 5.806, 8.364, 8.781,
    ],
    border: 0.69,
};

const JUNK_WITH_VOICE: Model = Model {
    constant: -7.752,
    weights: &[
        1.333, 0.978, 1.185, 0.367, -1.256, -1.119, -1.697, -1.071, -1.714, -1.159, -0.029, -0.413,
        3.253, 4.441, 4.436, -0.428, 4.376, 0.14,
    ],
    border: 0.121,
};

const HOLD_WITH_VOICE: Model = Model {
    constant: -2.008,
    weights: &[
        -0.171, -0.327, 0.538, 0.514, -3.907, 0.265, -0.074, -1.635, -4.583, -0.913, -0.047,
        -0.025, 10.994, 2.092, 21.54, -2.943, 4.035, 0.286,
    ],
    border: 0.052,
};

const MESSAGE_WITH_VOICE: Model = Model {
    constant: -10.422,
    weights: &[
        0.104, 0.525, 2.774, 0.497, -1.328, -1.215, -1.049, -0.459, 0.136, -1.719, -1.113, -0.592,
        3.814, 4.728, 8.784, 8.303, 3.426, -1.763,
    ],
    border: 0.61,
};

impl Model {
    fn probability(&self, evidence: &[f64]) -> f64 {
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
    pub(super) fn of(
        verdict: Verdict,
        timeline: &Timeline,
        began: MediaTime,
        voice: Option<&Voice>,
    ) -> Option<Self> {
        let side = Side::of(verdict)?;
        let evidence = evidence(timeline, began)?;
        let mut by_two = side.doubt(side.model(false), &evidence);
        by_two.is_doubtful |= side == Side::Hold && is_on_one_pitch(timeline, began);
        let Some(voice) = voice.filter(|_| timeline.heard() <= LONGEST_HEARD_AGAIN) else {
            return Some(by_two);
        };
        let of_all = [&evidence[..], &evidence_of_voice(timeline, began, voice)].concat();
        let by_three = side.doubt(side.model(true), &of_all);
        // The third listener never takes away a doubt about junk: no message is lost by it.
        let stays = side != Side::Message && by_two.is_doubtful;
        Some(Self {
            is_doubtful: by_three.is_doubtful || stays,
            ..by_three
        })
    }
}

/// The kinds of verdicts of which each has its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The rules deliver the call.
    Message,
    Hold,
    Junk,
}

impl Side {
    /// `None` of what is not doubted.
    pub(super) fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Tone | Verdict::NoAudio | Verdict::Unsure => None,
            Verdict::Message | Verdict::Rambler => Some(Self::Message),
            Verdict::HoldMusic => Some(Self::Hold),
            Verdict::Hangup | Verdict::Mutter | Verdict::Aside | Verdict::Silent => {
                Some(Self::Junk)
            }
        }
    }

    fn doubt(self, model: &Model, evidence: &[f64]) -> Doubt {
        let message = model.probability(evidence);
        let is_doubtful = if self == Self::Message {
            message < model.border
        } else {
            message >= model.border
        };
        Doubt {
            message,
            is_doubtful,
        }
    }

    fn model(self, with_voice: bool) -> &'static Model {
        match (self, with_voice) {
            (Self::Message, false) => &MESSAGE,
            (Self::Hold, false) => &HOLD,
            (Self::Junk, false) => &JUNK,
            (Self::Message, true) => &MESSAGE_WITH_VOICE,
            (Self::Hold, true) => &HOLD_WITH_VOICE,
            (Self::Junk, true) => &JUNK_WITH_VOICE,
        }
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
pub fn evidence(timeline: &Timeline, began: MediaTime) -> Option<[f64; 16]> {
    let glimpses = glimpses_behind(timeline, began);
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
    let share = |part| share_of(part, sound);
    let shares = speech.map(share);
    let amounts = speech.map(f64::ln_1p);
    Some([
        amounts[0],
        amounts[1],
        shares[0],
        shares[1],
        share(seconds(first(Class::Music).sum())),
        share(seconds(second(Class::Music).sum())),
        highest_mean(first(Class::Speech), 4),
        highest_mean(second(Class::Speech), 4),
        sound.ln_1p(),
        share(seconds(apart.sum())),
        shares[0] * shares[1],
        amounts[0] * amounts[1],
        highest_mean(first(Class::Music), 4),
        highest_mean(second(Class::Music), 4),
        mean_change(first(Class::Speech)),
        mean_change(second(Class::Speech)),
    ])
}

/// What the third listener adds, of the sound behind `began`: the highest mean of its probability
/// of a voice over 4.8 s, and the logarithm of the share in the sound that the first listener takes
/// for speech and the third does not.
pub fn evidence_of_voice(timeline: &Timeline, began: MediaTime, voice: &Voice) -> [f64; 2] {
    let glimpses = glimpses_behind(timeline, began);
    let voices = glimpses.iter().map(|g| f64::from(voice.until(g.end)));
    let of = |p: f32| f64::from(p);
    let sums = glimpses.iter().zip(voices.clone());
    let (sound, alone) = sums.fold((0.0, 0.0), |(sound, alone), (g, voice)| {
        let speech = of(g.first[Class::Speech as usize]);
        let is_sound = 1.0 - of(g.second[Class::Silence as usize]);
        (sound + is_sound, alone + speech * (1.0 - voice))
    });
    [
        highest_mean(voices, 10),
        share_of(SECONDS * alone, SECONDS * sound),
    ]
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

fn glimpses_behind(timeline: &Timeline, began: MediaTime) -> Vec<&Glimpse> {
    let glimpses = timeline.glimpses().iter();
    glimpses.filter(|g| g.end > began).collect()
}

/// The logarithm of the share of some seconds in all, which is never nothing.
fn share_of(part: f64, all: f64) -> f64 {
    ((part + 0.3) / (all + 0.6)).ln()
}

/// The length of a glimpse.
const SECONDS: f64 = 0.48;

/// The highest mean of some numbers behind one another; what is missing of them counts as nothing.
fn highest_mean(numbers: impl Iterator<Item = f64>, count: usize) -> f64 {
    let numbers: Vec<f64> = numbers.collect();
    let mean = |some: &[f64]| some.iter().sum::<f64>() / count as f64;
    numbers
        .windows(numbers.len().clamp(1, count))
        .map(mean)
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
    use super::super::{Facts, asks_for_voice, is_doubtful, judge};
    use super::*;
    use crate::hearing::Update;

    /// A timeline of one class.
    fn all_of(class: Class, secs: u64) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.apply(Update::ClassChange {
            class,
            start: MediaTime::ZERO,
            known_at: MediaTime::ZERO,
            signal: None,
        });
        timeline.advance(MediaTime::from_secs(secs));
        timeline
    }

    /// The same with what both listeners made of it, again and again.
    fn timeline_of(class: Class, secs: u64, heard: &[[[f32; 5]; 2]]) -> Timeline {
        let mut timeline = all_of(class, secs);
        for k in 1..=secs * 100 / 48 {
            let [first, second] = heard[k as usize % heard.len()];
            timeline.apply(Update::Glimpsed(Glimpse {
                end: MediaTime::from_millis(480 * k),
                first,
                second,
                pitch: None,
            }));
        }
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

    /// What is made of it once the third listener has heard a voice as probable as this throughout.
    fn judged(timeline: &Timeline, probability: f32) -> Verdict {
        let voice: Voice = std::iter::repeat_n(probability, 100).collect();
        let facts = Facts {
            voice: Some(&voice),
            ..Facts::of_recording(timeline)
        };
        judge(&facts).verdict
    }

    #[test]
    fn the_third_listener_hears_a_voice_that_the_others_take_for_noise() {
        let shades = [[WORD_IN_NOISE, NOISE], [NOISE; 2], [NOISE; 2], [NOISE; 2]];
        let noise = timeline_of(Class::Noise, 40, &shades);
        let facts = Facts::of_recording(&noise);
        assert!(asks_for_voice(&facts));
        assert_eq!(judge(&facts).verdict, Verdict::Aside);
        assert_eq!(judged(&noise, 0.02), Verdict::Aside);
        assert_eq!(judged(&noise, 0.9), Verdict::Unsure);
    }

    #[test]
    fn the_third_listener_hears_no_voice_in_what_one_of_the_others_takes_for_speech() {
        let sung = timeline_of(Class::Speech, 40, &[[SPEECH, MUSIC]]);
        assert_eq!(judged(&sung, 0.9), Verdict::Message);
        assert_eq!(judged(&sung, 0.02), Verdict::Unsure);
    }

    #[test]
    fn the_third_listener_takes_no_doubt_about_junk_away() {
        let word = [WORD_IN_NOISE, SPEECH];
        let voice = timeline_of(Class::Noise, 40, &[word, word, [NOISE, SPEECH], [NOISE; 2]]);
        for probability in [0.0, 0.02, 0.5, 1.0] {
            assert_eq!(
                judged(&voice, probability),
                Verdict::Unsure,
                "{probability}"
            );
        }
    }

    #[test]
    fn what_is_not_doubted_is_not_heard_again() {
        let tone = timeline_of(Class::Tone, 40, &[[NOISE; 2]]);
        assert!(!asks_for_voice(&Facts::of_recording(&tone)));
        let hours = timeline_of(Class::Speech, 7_200, &[[SPEECH, MUSIC]]);
        assert!(!asks_for_voice(&Facts::of_recording(&hours)));
        assert_eq!(judged(&hours, 0.02), judged(&hours, 0.9));
        assert!(!asks_for_voice(&Facts::of_recording(&Timeline::default())));
    }

    /// A timeline of music whose glimpses have these pitches.
    fn music_of(pitches: impl Iterator<Item = Option<f32>>) -> Timeline {
        let mut timeline = all_of(Class::Music, 60);
        for (n, pitch) in pitches.take(125).enumerate() {
            timeline.apply(Update::Glimpsed(Glimpse {
                end: MediaTime::from_millis(480 * (n as u64 + 1)),
                first: MUSIC,
                second: MUSIC,
                pitch,
            }));
        }
        timeline
    }

    #[test]
    fn what_stays_on_one_pitch_is_no_sure_music() {
        let verdict = |timeline: &Timeline| judge(&Facts::of_recording(timeline)).verdict;
        let cycle = |pitches: [Option<f32>; 4]| music_of(pitches.into_iter().cycle());
        let device = cycle([Some(109.0), None, Some(110.0), Some(112.0)]);
        assert_eq!(verdict(&device), Verdict::Unsure);
        assert!(is_doubtful(&device, MediaTime::ZERO));
        let tune = cycle([Some(110.0), None, Some(110.0), Some(147.0)]);
        assert_eq!(verdict(&tune), Verdict::HoldMusic);
        let chords = music_of(std::iter::repeat(None));
        assert_eq!(verdict(&chords), Verdict::HoldMusic);
        let few = [Some(110.0); 11].into_iter().chain(std::iter::repeat(None));
        assert_eq!(verdict(&music_of(few)), Verdict::HoldMusic);
    }

    #[test]
    fn without_evidence_the_rules_stand() {
        let timeline = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
        assert!(evidence(&timeline, MediaTime::ZERO).is_some());
        assert!(evidence(&Timeline::default(), MediaTime::ZERO).is_none());
    }

    #[test]
    fn fewer_numbers_than_a_mean_takes_have_one_too() {
        assert!(highest_mean([].into_iter(), 4).abs() < 1e-9);
        assert!((highest_mean([0.8].into_iter(), 4) - 0.2).abs() < 1e-9);
        assert!((highest_mean([0.0, 1.0, 1.0, 1.0, 1.0].into_iter(), 4) - 1.0).abs() < 1e-9);
        assert!(mean_change([0.8].into_iter()).abs() < 1e-9);
        assert!((mean_change([0.5, 0.1, 0.7].into_iter()) - 0.5).abs() < 1e-9);
    }
}
