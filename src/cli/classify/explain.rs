//! Why the ear heard what it heard, second by second: probabilities of the classes, and the cues in words.

use std::io::{self, Write};

use serde::Serialize;

use crate::audio::MediaTime;
use crate::hearing::{Class, Cues, Frame};

/// The network's answer speaks of the sound this many steps ago.
const LAG: MediaTime = MediaTime::from_millis(160);

/// The seconds of one recording.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    sums: Vec<Sums>,
}

/// What was added up over one second.
#[derive(Clone, Debug, Default)]
struct Sums {
    answers: f32,
    probabilities: [f32; Class::ALL.len()],
    frames: f32,
    level: f32,
    /// Weights of the cues: what stands out of the background counts, the pauses hardly.
    weights: f32,
    cues: Cues,
}

/// One second, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ShownSecond {
    start: MediaTime,
    end: MediaTime,
    probabilities: Probabilities,
    /// dBFS.
    level: f32,
    cues: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Probabilities {
    speech: f32,
    silence: f32,
    music: f32,
    tone: f32,
    noise: f32,
}

impl Seconds {
    pub(super) fn frame(&mut self, frame: &Frame) {
        if frame.end >= LAG {
            let sums = self.at(frame.end - LAG);
            sums.answers += 1.0;
            for (sum, probability) in sums.probabilities.iter_mut().zip(frame.probabilities) {
                *sum += probability;
            }
        }
        self.at(frame.end).add(&frame.cues);
    }

    fn at(&mut self, end: MediaTime) -> &mut Sums {
        let second = end.samples().saturating_sub(1) / MediaTime::from_secs(1).samples();
        let second = usize::try_from(second).unwrap_or(usize::MAX);
        if self.sums.len() <= second {
            self.sums.resize_with(second + 1, Sums::default);
        }
        &mut self.sums[second]
    }

    pub(super) fn of(&self, length: MediaTime) -> impl Iterator<Item = ShownSecond> {
        self.sums
            .iter()
            .zip(0..)
            .map(move |(sums, second)| ShownSecond {
                start: MediaTime::from_secs(second),
                end: MediaTime::from_secs(second + 1).min(length),
                probabilities: sums.probabilities(),
                level: tenth(sums.mean().level),
                cues: words(&sums.mean()),
            })
    }
}

impl Sums {
    fn add(&mut self, cues: &Cues) {
        self.frames += 1.0;
        self.level += cues.level;
        let weight = if cues.over_floor > 6.0 { 1.0 } else { 0.05 };
        self.weights += weight;
        let sum = &mut self.cues;
        sum.over_floor += weight * cues.over_floor;
        sum.flatness += weight * cues.flatness;
        sum.voicing += weight * cues.voicing;
        sum.pitch += weight * cues.voicing * cues.pitch;
        sum.persistence += weight * cues.persistence;
        sum.modulation += weight * cues.modulation;
        sum.tuning += weight * cues.tuning;
        sum.purity += weight * cues.purity;
    }

    fn mean(&self) -> Cues {
        let mean = |sum: f32| sum / self.weights.max(0.05);
        let sum = &self.cues;
        Cues {
            level: self.level / self.frames.max(1.0),
            over_floor: mean(sum.over_floor),
            flatness: mean(sum.flatness),
            voicing: mean(sum.voicing),
            pitch: sum.pitch / sum.voicing.max(1e-3),
            persistence: mean(sum.persistence),
            modulation: mean(sum.modulation),
            tuning: mean(sum.tuning),
            purity: mean(sum.purity),
            ..Cues::default()
        }
    }

    fn probabilities(&self) -> Probabilities {
        let of = |class: Class| {
            let mean = self.probabilities[class as usize] / self.answers.max(1.0);
            (mean * 1_000.0).round() / 1_000.0
        };
        Probabilities {
            speech: of(Class::Speech),
            silence: of(Class::Silence),
            music: of(Class::Music),
            tone: of(Class::Tone),
            noise: of(Class::Noise),
        }
    }
}

/// Cues that stand out, in words. The borders are for reading only, the ear has none: they lie where, by
/// the second, one class of the renderer's calls parts from the others.
fn words(cues: &Cues) -> Vec<String> {
    if cues.level < -75.0 {
        return vec!["nothing".into()];
    }
    if cues.level < -48.0 && cues.over_floor < 6.0 {
        return vec!["quiet line".into()];
    }
    let all = [
        (cues.over_floor > 12.0, "above the background".into()),
        (
            cues.voicing > 0.22,
            format!("pitch near {:.0} Hz", cues.pitch),
        ),
        (cues.modulation > 5.0, "comes and goes".into()),
        (cues.persistence > 0.52, "held notes".into()),
        (cues.tuning > 0.38, "in tune".into()),
        (cues.purity > 0.85, "pure lines".into()),
        (cues.flatness > -6.5, "hiss or rumble".into()),
    ];
    all.into_iter()
        .filter_map(|(stands_out, word)| stands_out.then_some(word))
        .collect()
}

fn tenth(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

/// The seconds as a table for people.
pub(super) fn table(seconds: &[ShownSecond], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  second  speech silence  music   tone  noise   level  cues"
    )?;
    for second in seconds {
        let p = &second.probabilities;
        let percent = |p: f32| format!("{:.0} %", p * 100.0);
        writeln!(
            out,
            "  {:>6.0}  {:>6} {:>7} {:>6} {:>6} {:>6} {:>4.0} dB  {}",
            second.start.as_secs_f64(),
            percent(p.speech),
            percent(p.silence),
            percent(p.music),
            percent(p.tone),
            percent(p.noise),
            second.level,
            second.cues.join(", ")
        )?;
    }
    Ok(())
}
