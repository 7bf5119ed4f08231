//! Sound that does not change at all: mains hum, a test tone, a whistling line. Its lines stand still as those of a held
//! chord do, but no music stays on one for seconds.

use super::features::Row;
use super::tables::MELS;

/// One band in the units of a row is 20 dB.
const DECIBELS: f32 = 1.0 / 20.0;
/// How far a band may stray from where it has been.
const STRAYS: f32 = 2.0 * DECIBELS;
/// Bands this far below the loudest carry the line's noise, which never stands still.
const FAINT: f32 = 22.0 * DECIBELS;
const QUIETEST: f32 = (60.0 - 50.0) * DECIBELS;
/// How much of the past counts: the newest step has this share.
const NEWEST: f32 = 0.1;
/// Steps after which it counts: four seconds.
const CERTAIN: u64 = 100;
/// Steps at the beginning in which the past is not known yet.
const SETTLING: u64 = 5;
/// Odd steps in a row, such as a click or lost packets, that are tolerated.
const ODD: u32 = 2;

/// The running state of one call.
#[derive(Default)]
pub(super) struct Stationary {
    past: [f32; MELS],
    step: u64,
    begun: u64,
    odd: u32,
}

impl Stationary {
    /// Takes the next row; where the sound began that has not changed since, once it is certain.
    pub(super) fn step(&mut self, row: &Row) -> Option<u64> {
        let at = self.step;
        self.step += 1;
        let bands = &row[..MELS];
        let loudest = bands.iter().copied().fold(f32::MIN, f32::max);
        let stays = loudest >= QUIETEST
            && bands
                .iter()
                .zip(&self.past)
                .all(|(now, past)| now.max(*past) < loudest - FAINT || (now - past).abs() < STRAYS);
        if stays || at < self.begun + SETTLING {
            self.odd = 0;
        } else {
            self.odd += 1;
        }
        if self.odd > ODD {
            self.odd = 0;
            self.begun = at;
            self.past.copy_from_slice(bands);
        }
        if self.odd == 0 {
            for (past, now) in self.past.iter_mut().zip(bands) {
                *past += NEWEST * (now - *past);
            }
        }
        (at - self.begun >= CERTAIN && loudest >= QUIETEST).then_some(self.begun)
    }
}
