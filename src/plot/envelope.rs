//! The outline of a sound of any length in a bounded number of pieces.

/// Pieces at the most.
const MOST: usize = 8_192;
/// Samples of a piece at first, 2 ms.
const FIRST: u64 = 16;

/// Lowest and highest sample and power of one piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) low: i16,
    pub(super) high: i16,
    /// Sum of the squared samples.
    pub(super) power: f64,
    pub(super) samples: u64,
}

impl Column {
    const NONE: Self = Self {
        low: i16::MAX,
        high: i16::MIN,
        power: 0.0,
        samples: 0,
    };

    fn take(&mut self, sample: i16) {
        self.low = self.low.min(sample);
        self.high = self.high.max(sample);
        self.power += f64::from(sample).powi(2);
        self.samples += 1;
    }

    fn join(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            power: self.power + other.power,
            samples: self.samples + other.samples,
        }
    }

    /// Level in dB below full scale; -90 for less than that.
    pub(super) fn level(&self) -> f64 {
        let mean = self.power / (self.samples.max(1) as f64) / f64::from(i16::MAX).powi(2);
        (10.0 * mean.max(1e-12).log10()).max(-90.0)
    }
}

/// The outline of a sound, made while it is heard; memory stays the same for a minute and a day.
#[derive(Debug)]
pub(crate) struct Envelope {
    pieces: Vec<Column>,
    /// Samples of a whole piece.
    size: u64,
    samples: u64,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            size: FIRST,
            samples: 0,
        }
    }
}

impl Envelope {
    /// Takes samples at 8 kHz, any number of them.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        for &sample in samples {
            if self.samples.is_multiple_of(self.size) {
                if self.pieces.len() == MOST {
                    self.halve();
                }
                if self.samples.is_multiple_of(self.size) {
                    self.pieces.push(Column::NONE);
                }
            }
            if let Some(last) = self.pieces.last_mut() {
                last.take(sample);
            }
            self.samples += 1;
        }
    }

    fn halve(&mut self) {
        self.size *= 2;
        self.pieces = self
            .pieces
            .chunks(2)
            .map(|pair| {
                pair.iter()
                    .copied()
                    .reduce(Column::join)
                    .unwrap_or(Column::NONE)
            })
            .collect();
    }

    /// How long the sound is, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.samples as f64 / 8_000.0
    }

    /// The largest sample's distance from zero, 0 to 1.
    pub(super) fn peak(&self) -> f64 {
        self.pieces
            .iter()
            .map(|piece| i32::from(piece.high).max(-i32::from(piece.low)))
            .max()
            .map_or(0.0, |peak| f64::from(peak) / 32_768.0)
    }

    /// The outline in at most this many columns, each with its place from 0 to 1.
    pub(super) fn columns(&self, most: usize) -> impl Iterator<Item = (f64, Column)> {
        let each = self.pieces.len().div_ceil(most.max(1)).max(1);
        let span = (self.size as f64) / (self.samples.max(1) as f64);
        self.pieces
            .chunks(each)
            .enumerate()
            .filter_map(move |(i, pieces)| {
                let middle = (i * each) as f64 + pieces.len() as f64 / 2.0;
                let piece = pieces.iter().copied().reduce(Column::join)?;
                Some(((middle * span).min(1.0), piece))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_the_same_extremes_however_long_and_in_whatever_chunks() {
        for length in [1, 15, 16, 17, 131_071, 131_072, 131_073, 1_000_003] {
            let sound: Vec<i16> = (0..length).map(|i| (i % 1_999 - 999) as i16 * 7).collect();
            let mut whole = Envelope::default();
            whole.push(&sound);
            let mut chunked = Envelope::default();
            for chunk in sound.chunks(977) {
                chunked.push(chunk);
            }
            for envelope in [whole, chunked] {
                assert!(envelope.pieces.len() <= MOST, "{length}");
                let all = envelope
                    .pieces
                    .iter()
                    .copied()
                    .reduce(Column::join)
                    .unwrap();
                assert_eq!(all.samples, length as u64);
                assert_eq!(Some(&all.low), sound.iter().min());
                assert_eq!(Some(&all.high), sound.iter().max());
                let power: f64 = sound.iter().map(|&s| f64::from(s).powi(2)).sum();
                assert!((all.power - power).abs() <= power * 1e-9);
                let columns: Vec<_> = envelope.columns(1_000).collect();
                assert!(columns.len() <= 1_000, "{length}: {}", columns.len());
                assert!(columns.is_sorted_by(|a, b| a.0 < b.0));
                assert!(columns.iter().all(|&(at, _)| (0.0..=1.0).contains(&at)));
            }
        }
    }

    #[test]
    fn a_full_scale_square_has_no_level_above_zero() {
        let mut envelope = Envelope::default();
        envelope.push(&[i16::MIN, i16::MAX].repeat(80));
        let (_, piece) = envelope.columns(1).next().unwrap();
        assert!(piece.level().abs() < 0.01, "{}", piece.level());
        assert!((envelope.peak() - 1.0).abs() < 1e-9);
    }
}
