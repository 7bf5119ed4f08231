//! What a call sounds like as a whole, in a few numbers, for [`super::forest`].

use crate::audio::MediaTime;
use crate::hearing::{Class, Glimpse, Heard, ThirdOpinion, Timeline};

/// How many numbers the ear's two listeners give.
pub(super) const OF_TWO: usize = 16;
/// How many the third one adds.
pub(super) const OF_THE_THIRD: usize = 9;

/// What the two listeners made of the sound behind `began`. `None` of a call that is too short for it.
///
/// By the first and by the second listener: the logarithm of one more than the seconds of speech,
/// and the logarithm of its share in the sound that is no silence; the logarithms of the shares of
/// music; the highest means of speech over 2 s. Then the logarithm of one more than the seconds of
/// sound, that of the share about which the two differ, and the products of the two logarithms of
/// shares and of seconds; the highest means of music over 2 s, by either; and by how much each
/// adds to or takes from speech between one glimpse and the next, on average.
pub fn evidence(timeline: &Timeline, began: MediaTime) -> Option<[f64; OF_TWO]> {
    let glimpses = glimpses_behind(timeline, began);
    if glimpses.is_empty() {
        return None;
    }
    let first = |class| by(glimpses, |g| &g.first, class);
    let second = |class| by(glimpses, |g| &g.second, class);
    let speech = [
        seconds(first(Class::Speech)),
        seconds(second(Class::Speech)),
    ];
    let sound = sound(glimpses);
    let share = |part| share_of(part, sound);
    let shares = speech.map(share);
    let amounts = speech.map(f64::ln_1p);
    Some([
        amounts[0],
        amounts[1],
        shares[0],
        shares[1],
        share(seconds(first(Class::Music))),
        share(seconds(second(Class::Music))),
        highest_mean(first(Class::Speech), 4),
        highest_mean(second(Class::Speech), 4),
        sound.ln_1p(),
        share(seconds(apart(first(Class::Speech), second(Class::Speech)))),
        shares[0] * shares[1],
        amounts[0] * amounts[1],
        highest_mean(first(Class::Music), 4),
        highest_mean(second(Class::Music), 4),
        mean_change(first(Class::Speech)),
        mean_change(second(Class::Speech)),
    ])
}

/// What the third listener adds, of the sound behind `began`.
///
/// Of Silero's probability of a voice: its highest mean over 4.8 s, and the logarithm of the share in
/// the sound that the first listener takes for speech and Silero does not. Of the network behind it:
/// the logarithm of one more than the seconds of speech, those of the shares of speech and of music,
/// the highest means of speech and of music over 2 s, by how much it adds to or takes from speech, and
/// the logarithm of the share about which it differs from the first listener.
///
/// `None` where it has not heard all of it.
pub fn evidence_of_third(
    timeline: &Timeline,
    began: MediaTime,
    third: &ThirdOpinion,
) -> Option<[f64; OF_THE_THIRD]> {
    let glimpses = glimpses_behind(timeline, began);
    let heard = glimpses.iter().map(|g| third.until(g.end));
    let heard: Vec<Heard> = heard.collect::<Option<_>>()?;
    let voice = || heard.iter().map(|heard| f64::from(heard.voice));
    let own = |class| by(&heard, |heard| &heard.classes, class);
    let first = |class| by(glimpses, |g| &g.first, class);
    let sound = sound(glimpses);
    let share = |part| share_of(part, sound);
    let without_voice = first(Class::Speech)
        .zip(voice())
        .map(|(p, v)| p * (1.0 - v));
    let speech = seconds(own(Class::Speech));
    Some([
        highest_mean(voice(), 10),
        share(seconds(without_voice)),
        speech.ln_1p(),
        share(speech),
        share(seconds(own(Class::Music))),
        highest_mean(own(Class::Speech), 4),
        highest_mean(own(Class::Music), 4),
        mean_change(own(Class::Speech)),
        share(seconds(apart(first(Class::Speech), own(Class::Speech)))),
    ])
}

/// The glimpses of the sound behind `began`.
pub(super) fn glimpses_behind(timeline: &Timeline, began: MediaTime) -> &[Glimpse] {
    let glimpses = timeline.glimpses();
    &glimpses[glimpses.partition_point(|g| g.end <= began)..]
}

/// The probabilities of a class, one behind the other.
fn by<T>(
    heard: &[T],
    classes: fn(&T) -> &[f32; Class::ALL.len()],
    class: Class,
) -> impl Iterator<Item = f64> {
    heard
        .iter()
        .map(move |heard| f64::from(classes(heard)[class as usize]))
}

/// The seconds of sound that is no silence.
fn sound(glimpses: &[Glimpse]) -> f64 {
    seconds(by(glimpses, |g| &g.second, Class::Silence).map(|p| 1.0 - p))
}

/// By how much two listeners differ.
fn apart(
    one: impl Iterator<Item = f64>,
    other: impl Iterator<Item = f64>,
) -> impl Iterator<Item = f64> {
    one.zip(other).map(|(a, b)| (a - b).abs())
}

/// The length of a glimpse.
const SECONDS: f64 = 0.48;

fn seconds(probabilities: impl Iterator<Item = f64>) -> f64 {
    SECONDS * probabilities.sum::<f64>()
}

/// The logarithm of the share of some seconds in all, which is never nothing.
fn share_of(part: f64, all: f64) -> f64 {
    ((part + 0.3) / (all + 0.6)).ln()
}

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
    use super::*;

    #[test]
    fn fewer_numbers_than_a_mean_takes_have_one_too() {
        assert!(highest_mean([].into_iter(), 4).abs() < 1e-9);
        assert!((highest_mean([0.8].into_iter(), 4) - 0.2).abs() < 1e-9);
        assert!((highest_mean([0.0, 1.0, 1.0, 1.0, 1.0].into_iter(), 4) - 1.0).abs() < 1e-9);
        assert!(mean_change([0.8].into_iter()).abs() < 1e-9);
        assert!((mean_change([0.5, 0.1, 0.7].into_iter()) - 0.5).abs() < 1e-9);
    }
}
