//! A forest: the mean of many trees, each of which asks after one number of the evidence at a time.
//!
//! The file (`src/hearing/train/doubt.py` writes it) is little-endian: the letters `FOR1`, three `u32`
//! (numbers that are asked after, trees, check rows) and two `f32` (the borders), then the trees, each a `u32` (nodes) and the
//! nodes in preorder: an `f32`, and two `u16`. A node asks whether the number at the first `u16` is at
//! most the `f32`; if so the next node follows, else the one at the second. Where that is zero the
//! `f32` is the answer, a probability. Last come the check rows, each the numbers and the forest's
//! answer, against which a test holds this arithmetic.

/// Trees over some numbers.
pub(super) struct Forest {
    /// Junk is doubtful from this probability of a message on.
    pub(super) junk_below: f64,
    /// A message is doubtful below this one.
    pub(super) messages_from: f64,
    trees: Vec<Vec<Node>>,
    #[cfg(test)]
    pub(super) check: Vec<(Vec<f64>, f64)>,
}

struct Node {
    value: f32,
    number: u16,
    or_else: u16,
}

impl Forest {
    /// Reads a file's bytes.
    ///
    /// # Panics
    ///
    /// If it is of another form, or over another count of numbers: a forest belongs to the program
    /// that it was grown for.
    pub(super) fn read(bytes: &[u8], numbers: usize) -> Self {
        let (words, rest) = bytes.as_chunks::<4>();
        assert!(rest.is_empty(), "a forest cut short");
        let mut words = words.iter();
        assert_eq!(words.next(), Some(b"FOR1"), "a forest of another form");
        let mut count = || u32::from_le_bytes(*words.next().expect("a forest cut short")) as usize;
        let [asked_after, trees, rows] = [count(), count(), count()];
        assert_eq!(asked_after, numbers, "a forest over other numbers");
        let mut border = || f32::from_le_bytes(*words.next().expect("a forest cut short"));
        let [junk_below, messages_from] = [border(), border()].map(f64::from);
        let trees = (0..trees).map(|_| {
            let nodes = u32::from_le_bytes(*words.next().expect("a forest cut short"));
            let mut node = || {
                let value = f32::from_le_bytes(*words.next().expect("a forest cut short"));
                let [a, b, c, d] = *words.next().expect("a forest cut short");
                Node {
                    value,
                    number: u16::from_le_bytes([a, b]),
                    or_else: u16::from_le_bytes([c, d]),
                }
            };
            (0..nodes).map(|_| node()).collect()
        });
        let trees = trees.collect();
        let check: Vec<f64> = words.map(|w| f64::from(f32::from_le_bytes(*w))).collect();
        assert_eq!(
            check.len(),
            rows * (numbers + 1),
            "a forest of another size"
        );
        Self {
            junk_below,
            messages_from,
            trees,
            #[cfg(test)]
            check: check
                .chunks(numbers + 1)
                .map(|row| (row[..numbers].to_vec(), row[numbers]))
                .collect(),
        }
    }

    /// The probability, by these numbers.
    pub(super) fn probability(&self, numbers: &[f64]) -> f64 {
        let sum: f64 = self.trees.iter().map(|tree| answer(tree, numbers)).sum();
        sum / self.trees.len() as f64
    }
}

fn answer(tree: &[Node], numbers: &[f64]) -> f64 {
    let mut at = 0;
    loop {
        let node = &tree[at];
        if node.or_else == 0 {
            return f64::from(node.value);
        }
        at = if numbers[usize::from(node.number)] as f32 <= node.value {
            at + 1
        } else {
            usize::from(node.or_else)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One tree over two numbers: is the second at most 0.5, then 0.25, else 0.75.
    fn sapling() -> Vec<u8> {
        let mut file = b"FOR1".to_vec();
        for word in [2_u32, 1, 1] {
            file.extend(word.to_le_bytes());
        }
        for border in [0.1_f32, 0.7] {
            file.extend(border.to_le_bytes());
        }
        file.extend(3_u32.to_le_bytes());
        for (value, number, or_else) in [(0.5_f32, 1_u16, 2_u16), (0.25, 0, 0), (0.75, 0, 0)] {
            file.extend(value.to_le_bytes());
            file.extend(number.to_le_bytes());
            file.extend(or_else.to_le_bytes());
        }
        for check in [9.0_f32, 0.4, 0.25] {
            file.extend(check.to_le_bytes());
        }
        file
    }

    #[test]
    fn a_tree_is_followed_to_its_leaf() {
        let forest = Forest::read(&sapling(), 2);
        for (numbers, expected) in [([0.9, 0.5], 0.25), ([0.1, 0.51], 0.75), ([0.1, -3.0], 0.25)] {
            let p = forest.probability(&numbers);
            assert!((p - expected).abs() < 1e-9, "{numbers:?}: {p}");
        }
        assert_eq!(forest.check.len(), 1);
    }
}
