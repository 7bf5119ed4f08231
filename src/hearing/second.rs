//! The second listener: another network, trained apart, that hears more of what follows before it speaks.
//!
//! It takes the rows of two steps at a time and answers 0.96 s late, too late for a call that is going on. What it
//! makes of the sound goes beside the first network's opinion into [`Glimpse`]s, from which the verdict's doubt is
//! made (`src/call/verdict/`).

use super::features::{Row, WIDTH};
use super::network::{CLASSES, Memory, Network, softmax};
use crate::audio::MediaTime;

/// What both networks made of 0.48 s: mean probabilities, in the order of [`super::Class::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Glimpse {
    /// Where these 0.48 s end.
    pub end: MediaTime,
    /// By the network that also makes the segments.
    pub first: [f32; CLASSES],
    /// By the second one.
    pub second: [f32; CLASSES],
    /// The pitch of their last 40 ms, in hertz, if they have one.
    pub pitch: Option<f32>,
}

/// Steps in one glimpse.
const STEPS: usize = 12;
/// Steps of the ear in one step of the second network.
const STRIDE: usize = 2;
/// Glimpses by which the second network's answer lags behind the sound.
const LAG: usize = 2;

/// The running state of one call.
pub(super) struct Second {
    memory: Memory,
    rows: [f32; STRIDE * WIDTH],
    /// Steps taken, of this glimpse and of all.
    steps: usize,
    first: [f32; CLASSES],
    own: [f32; CLASSES],
    /// Glimpses that still lack the second opinion, the oldest first.
    waiting: [Option<Glimpse>; LAG],
}

impl Second {
    pub(super) fn new() -> Self {
        Self {
            memory: Memory::new(),
            rows: [0.0; STRIDE * WIDTH],
            steps: 0,
            first: [0.0; CLASSES],
            own: [0.0; CLASSES],
            waiting: [None; LAG],
        }
    }

    /// Takes the row of one step, what the first network made of it, where it ends, and what finds its pitch; gives
    /// a glimpse that both have had their say about.
    pub(super) fn step(
        &mut self,
        network: &Network,
        row: &Row,
        first: &[f32; CLASSES],
        end: MediaTime,
        pitch: impl FnOnce() -> Option<f32>,
    ) -> Option<Glimpse> {
        add(&mut self.first, first);
        let half = self.steps % STRIDE;
        self.rows[half * WIDTH..][..WIDTH].copy_from_slice(row);
        self.steps += 1;
        if half + 1 == STRIDE {
            add(
                &mut self.own,
                &softmax(network.step(&mut self.memory, &self.rows)),
            );
        }
        if self.steps < STEPS {
            return None;
        }
        let now = Glimpse {
            end,
            first: std::mem::take(&mut self.first).map(|p| p / STEPS as f32),
            second: std::mem::take(&mut self.own).map(|p| p * STRIDE as f32 / STEPS as f32),
            pitch: pitch(),
        };
        self.steps = 0;
        let [oldest, newer] = self.waiting;
        self.waiting = [newer, Some(now)];
        oldest.map(|glimpse| Glimpse {
            second: now.second,
            ..glimpse
        })
    }

    /// How many steps of silence let it say all that it has to say.
    pub(super) fn steps_left(&self) -> usize {
        (STEPS - self.steps) % STEPS + LAG * STEPS
    }
}

fn add(sums: &mut [f32; CLASSES], more: &[f32; CLASSES]) {
    for (sum, p) in sums.iter_mut().zip(more) {
        *sum += p;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Weights;
    use super::*;

    #[test]
    fn every_step_is_in_one_glimpse_and_both_opinions_are_whole() {
        let mut second = Second::new();
        let mut glimpses = Vec::new();
        let step = |second: &mut Second, k: usize| {
            let end = MediaTime::from_millis(40 * (k as u64 + 1));
            let first = [0.2; CLASSES];
            second.step(
                &Weights::shared().second,
                &[0.1; WIDTH],
                &first,
                end,
                || None,
            )
        };
        for k in 0..31 {
            glimpses.extend(step(&mut second, k));
        }
        for k in 0..second.steps_left() {
            glimpses.extend(step(&mut second, 31 + k));
        }
        let ends: Vec<_> = glimpses.iter().map(|g| g.end).collect();
        assert_eq!(ends, [480, 960, 1_440].map(MediaTime::from_millis));
        for glimpse in glimpses {
            for opinion in [glimpse.first, glimpse.second] {
                assert!(
                    (opinion.iter().sum::<f32>() - 1.0).abs() < 1e-4,
                    "{glimpse:?}"
                );
            }
        }
    }
}
