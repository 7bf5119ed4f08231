//! How long callers waited: the middle, and what nine of ten did not exceed.

use std::time::Duration;

/// The waits of some callers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits(Vec<Duration>);

impl Waits {
    pub(super) fn add(&mut self, waited: Duration) {
        self.0.push(waited);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Half of them waited no longer; `None` without any.
    pub fn median(&self) -> Option<Duration> {
        self.percentile(50)
    }

    /// Nine of ten waited no longer; `None` without any.
    pub fn most(&self) -> Option<Duration> {
        self.percentile(90)
    }

    /// The shortest wait that so many of a hundred did not exceed (nearest rank): always one that there was.
    fn percentile(&self, of_hundred: usize) -> Option<Duration> {
        let rank = (self.0.len() * of_hundred).div_ceil(100).checked_sub(1)?;
        let mut waits = self.0.clone();
        let (_, at, _) = waits.select_nth_unstable(rank);
        Some(*at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_waits_that_there_were() {
        for (minutes, median, most) in [
            (vec![], None, None),
            (vec![7], Some(7), Some(7)),
            (vec![9, 1], Some(1), Some(9)),
            (vec![3, 1, 2], Some(2), Some(3)),
            ((1..=10).rev().collect(), Some(5), Some(9)),
            ((1..=11).collect(), Some(6), Some(10)),
            (vec![5; 100], Some(5), Some(5)),
        ] {
            let mut waits = Waits::default();
            for minutes in &minutes {
                waits.add(Duration::from_mins(*minutes));
            }
            let shown = [waits.median(), waits.most()];
            assert_eq!(
                shown,
                [median, most].map(|of| of.map(Duration::from_mins)),
                "{minutes:?}"
            );
        }
    }
}
