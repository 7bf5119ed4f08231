//! The tone of a receiver left off its hook: 1,400, 2,060, 2,450 and 2,600 Hz together, 100 ms on and 100 ms off.
//!
//! Too fast for the cadences that [`super::tone`] measures in steps of 40 ms, and four lines instead of two. So it is
//! counted: whenever the two strongest lines are two of the four, the score rises; whenever not, it falls more slowly.
//! Source: GR-506-CORE (receiver off-hook tone, United States and Canada).

use super::features::Lines;

const HERTZ: [f32; 4] = [1_400.0, 2_060.0, 2_450.0, 2_600.0];
/// How far a line may lie from its place: the window of 64 ms is blurred by the beats of its neighbours.
const NEAR_HZ: f32 = 24.0;
/// What a step without the lines takes away; half of all steps lie in a pause.
const FALL: f32 = 0.4;
/// Score at which the tone is certain: about a second of it.
const CERTAIN: f32 = 8.0;
const QUIETEST_DBFS: f32 = -50.0;
const PUREST_OF_OTHERS: f32 = 0.25;

/// The running state of one call.
#[derive(Default)]
pub(super) struct Howler {
    score: f32,
    begun: u64,
}

impl Howler {
    /// Takes the lines of the next step; whether it shows the tone.
    pub(super) fn hears(&mut self, step: u64, lines: &Lines) -> bool {
        let place = |hertz: f32| HERTZ.iter().position(|h| (h - hertz).abs() < NEAR_HZ);
        let shows = lines.level > QUIETEST_DBFS
            && lines.purity > PUREST_OF_OTHERS
            && match (place(lines.first), place(lines.second)) {
                (Some(a), Some(b)) => a != b,
                _ => false,
            };
        if shows {
            if self.score <= 0.0 {
                self.begun = step;
            }
            self.score = (self.score + 1.0).min(2.0 * CERTAIN);
        } else {
            self.score = (self.score - FALL).max(0.0);
        }
        shows
    }

    /// The step at which it began, once it is certain.
    pub(super) fn certain(&self) -> Option<u64> {
        (self.score >= CERTAIN).then_some(self.begun)
    }
}
