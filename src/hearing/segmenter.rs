//! From class probabilities to segments: the most likely path through the classes, announced as soon
//! as it is known.
//!
//! Each class keeps the score of the best path that ends in it and where its last stretch began (Viterbi with a
//! price on every change). Whenever the best path ends in another class than was announced last, the
//! change is announced, with its start where the path changed. A change can undo the one announced
//! before by starting at the same place.

use super::Class;
use super::network::CLASSES;

/// A change of class, in steps of the ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) class: Class,
    pub(super) start: u64,
}

/// The running state of one call.
pub(super) struct Segmenter {
    scores: [f32; CLASSES],
    starts: [u64; CLASSES],
    announced: Option<Change>,
    step: u64,
}

impl Segmenter {
    pub(super) fn new() -> Self {
        Self {
            scores: [0.0; CLASSES],
            starts: [0; CLASSES],
            announced: None,
            step: 0,
        }
    }

    /// Takes the probabilities of the next step, gives a change if there is one to announce.
    pub(super) fn step(&mut self, probabilities: &[f32; CLASSES]) -> Option<Change> {
        let before = self.scores;
        let from = best(&before);
        for (c, score) in self.scores.iter_mut().enumerate() {
            let switched = before[from] - price(from, c);
            if c != from && switched > before[c] {
                *score = switched;
                self.starts[c] = self.step;
            }
            *score += (probabilities[c].max(FAINTEST)).ln();
        }
        let top = self.scores[best(&self.scores)];
        for score in &mut self.scores {
            *score -= top;
        }
        self.step += 1;
        (self.step >= FIRST).then(|| self.announce()).flatten()
    }

    /// A class is certain, from this step on.
    pub(super) fn force(&mut self, class: Class, start: u64) -> Option<Change> {
        for score in &mut self.scores {
            *score -= CERTAIN;
        }
        self.scores[class as usize] = 0.0;
        let begun = &mut self.starts[class as usize];
        *begun = start.min(self.step);
        self.announce()
    }

    /// The class announced last.
    pub(super) fn announced(&self) -> Option<Class> {
        self.announced.map(|announced| announced.class)
    }

    /// The sound has ended: what is to be announced if nothing was announced yet.
    pub(super) fn finish(&mut self) -> Option<Change> {
        if self.announced.is_some() {
            return None;
        }
        if self.step == 0 {
            self.scores[Class::Silence as usize] = 1.0;
        }
        self.announce()
    }

    fn announce(&mut self) -> Option<Change> {
        let class = Class::ALL[best(&self.scores)];
        let start = match self.announced {
            Some(announced) if announced.class == class => return None,
            Some(announced) => self.starts[class as usize].max(announced.start),
            None => 0,
        };
        let change = Change { class, start };
        self.announced = Some(change);
        Some(change)
    }
}

fn best(scores: &[f32; CLASSES]) -> usize {
    (0..CLASSES)
        .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
        .unwrap_or_default()
}

/// What a change from one class to another costs, in nats.
fn price(from: usize, to: usize) -> f32 {
    let between = |a: Class, b: Class| {
        (from == a as usize && to == b as usize) || (from == b as usize && to == a as usize)
    };
    if between(Class::Speech, Class::Silence) {
        2.0
    } else if between(Class::Silence, Class::Noise) {
        4.0
    } else {
        5.0
    }
}

/// Steps before the first change is announced.
const FIRST: u64 = 6;
/// No step speaks against a class more strongly than this probability.
const FAINTEST: f32 = 0.02;
/// How far the others fall behind a class that is certain.
const CERTAIN: f32 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(class: Class) -> [f32; CLASSES] {
        let mut p = [0.025; CLASSES];
        p[class as usize] = 0.9;
        p
    }

    /// Segments as they stand at the end, from a script of (class, steps).
    fn heard(script: &[(Class, usize)]) -> Vec<(Class, u64)> {
        let mut segmenter = Segmenter::new();
        let mut announced: Vec<(Class, u64)> = Vec::new();
        for &(class, steps) in script {
            for _ in 0..steps {
                if let Some(change) = segmenter.step(&sure(class)) {
                    while announced.last().is_some_and(|t| t.1 >= change.start) {
                        announced.pop();
                    }
                    if announced.last().is_none_or(|t| t.0 != change.class) {
                        announced.push((change.class, change.start));
                    }
                }
            }
        }
        announced
    }

    #[test]
    fn starts_where_the_sound_changed() {
        assert_eq!(
            heard(&[
                (Class::Silence, 30),
                (Class::Speech, 50),
                (Class::Music, 100)
            ]),
            [(Class::Silence, 0), (Class::Speech, 30), (Class::Music, 80)]
        );
    }

    #[test]
    fn one_odd_step_changes_nothing() {
        assert_eq!(
            heard(&[
                (Class::Music, 30),
                (Class::Speech, 1),
                (Class::Music, 40),
                (Class::Noise, 1)
            ]),
            [(Class::Music, 0)]
        );
    }

    #[test]
    fn the_first_segment_starts_at_zero_even_without_a_step() {
        let mut segmenter = Segmenter::new();
        let silence = Change {
            class: Class::Silence,
            start: 0,
        };
        assert_eq!(segmenter.finish(), Some(silence));
        assert_eq!(segmenter.finish(), None);
    }

    #[test]
    fn what_is_forced_is_announced_at_once_and_in_order() {
        let mut segmenter = Segmenter::new();
        for _ in 0..40 {
            segmenter.step(&sure(Class::Silence));
        }
        for _ in 0..40 {
            segmenter.step(&sure(Class::Noise));
        }
        let tone = segmenter.force(Class::Tone, 10);
        assert_eq!(
            tone,
            Some(Change {
                class: Class::Tone,
                start: 40
            })
        );
    }
}
