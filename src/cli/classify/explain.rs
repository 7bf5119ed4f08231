//! Why the ear heard what it heard, second by second: probabilities of the classes, and the cues in words.

use std::io::{self, Write};

use serde::Serialize;

use crate::audio::MediaTime;
use crate::hearing::{Class, Cues, Frame};

/// The network's answer speaks of the sound so long ago.
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
    cues: Cues,
    /// Pitch, weighted by its strength.
    pitch: f32,
}

/// One second, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Second {
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

    pub(super) fn of(&self, length: MediaTime) -> impl Iterator<Item = Second> {
        self.sums.iter().zip(0..).map(move |(sums, second)| Second {
            start: MediaTime::from_secs(second),
            end: MediaTime::from_secs(second + 1).min(length),
            probabilities: sums.probabilities(),
            level: tenth(sums.mean().level),
            cues: words(&sums.mean(), sums.pitch()),
        })
    }
}

impl Sums {
    fn add(&mut self, cues: &Cues) {
        self.frames += 1.0;
        self.pitch += cues.pitch * cues.voicing;
        let sum = &mut self.cues;
        sum.level += cues.level;
        sum.over_floor += cues.over_floor;
        sum.flatness += cues.flatness;
        sum.voicing += cues.voicing;
        sum.pitch_motion += cues.pitch_motion;
        sum.persistence += cues.persistence;
        sum.modulation += cues.modulation;
        sum.tuning += cues.tuning;
        sum.purity += cues.purity;
    }

    fn mean(&self) -> Cues {
        let mean = |sum: f32| sum / self.frames.max(1.0);
        let sum = &self.cues;
        Cues {
            level: mean(sum.level),
            over_floor: mean(sum.over_floor),
            flatness: mean(sum.flatness),
            voicing: mean(sum.voicing),
            pitch_motion: mean(sum.pitch_motion),
            persistence: mean(sum.persistence),
            modulation: mean(sum.modulation),
            tuning: mean(sum.tuning),
            purity: mean(sum.purity),
            ..Cues::default()
        }
    }

    fn pitch(&self) -> f32 {
        self.pitch / self.cues.voicing.max(1e-3)
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

/// Cues that stand out, in words; the borders are for reading only, the ear does not use them.
fn words(cues: &Cues, pitch: f32) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |says: bool, word: String| {
        if says {
            words.push(word);
        }
    };
    let sounds = cues.level > -65.0;
    say(!sounds, "nearly nothing".into());
    say(
        sounds && cues.voicing > 0.45,
        format!("pitch near {pitch:.0} Hz"),
    );
    say(
        sounds && cues.voicing > 0.45 && cues.pitch_motion > 0.5,
        "which glides".into(),
    );
    say(sounds && cues.modulation > 4.0, "syllables".into());
    say(sounds && cues.persistence > 0.6, "held notes".into());
    say(sounds && cues.tuning > 0.5, "in tune".into());
    say(sounds && cues.purity > 0.8, "one or two pure lines".into());
    say(sounds && cues.flatness > -8.0, "like hiss".into());
    say(
        sounds && cues.over_floor > 12.0,
        "above the background".into(),
    );
    words
}

fn tenth(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

/// The seconds as a table for people.
pub(super) fn table(seconds: &[Second], out: &mut dyn Write) -> io::Result<()> {
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
