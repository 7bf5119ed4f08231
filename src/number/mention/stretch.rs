//! Groups of digits in a text, and what stands between them.

use crate::number::written::plain;

/// What people write between the digits of one number.
pub(super) const SIGNS: &str = " -/.()_'\\~,:;|\n";
/// Those of them that more often stand between a number and something else; with a blank the more.
const STRONG: &str = ",:;|";
/// Between two groups of one number: `) / ` and the like.
const MOST_SIGNS: usize = 6;
/// The number of a channel, such as `-0000002a`, begins with so many zeros and is so long.
const COUNTER: (&str, usize) = ("0000", 8);

/// How far apart two groups stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// As within a number.
    Near,
    /// As by commas.
    Apart,
    /// As by commas and blanks, or in another line.
    Far,
}

/// What a group is of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Digits like others.
    Plain,
    /// Its beginning, behind a plus.
    Plus,
    /// The `(0)` of `+49 (0)911`.
    TrunkZero,
}

/// Digits without anything between them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its bytes in the text, a plus before them included.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where a bracket opens right before it.
    pub(super) bracket: Option<usize>,
    /// A bracket closes before it.
    pub(super) closes: bool,
    /// In plain figures.
    pub(super) digits: String,
    pub(super) role: Role,
    /// What stands before it.
    pub(super) gap: Gap,
    /// Only a dash stands before it.
    is_behind_dash: bool,
}

impl Group {
    pub(super) fn has_plus(&self) -> bool {
        self.role == Role::Plus
    }

    pub(super) fn is_trunk_zero(&self) -> bool {
        self.role == Role::TrunkZero
    }

    fn forget_zero(&mut self) {
        if self.is_trunk_zero() {
            self.role = Role::Plain;
        }
    }
}

/// The groups of a text that may belong to one number, where there are any.
pub(super) fn stretches(text: &str) -> Vec<Vec<Group>> {
    let mut scan = Scan::default();
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\r' | '\t' => scan.read(at, c.len_utf8(), '\n'),
            '\u{2018}' | '\u{2019}' => scan.read(at, c.len_utf8(), '\''),
            c => {
                if let Some(seen) = plain(c) {
                    scan.read(at, c.len_utf8(), seen);
                }
            }
        }
    }
    scan.end(None);
    scan.found.retain(|groups| !groups.is_empty());
    scan.found
}

#[derive(Default)]
struct Scan {
    found: Vec<Vec<Group>>,
    groups: Vec<Group>,
    /// What was read behind the last group; blanks in a row once.
    gap: String,
    plus: Option<usize>,
    /// Where the bracket lies that stands before the next digit.
    bracket: Option<usize>,
    is_in_group: bool,
}

impl Scan {
    fn read(&mut self, at: usize, bytes: usize, c: char) {
        match c {
            '0'..='9' => self.digit(at, at + bytes, c),
            '+' => {
                self.is_in_group = false;
                self.plus = Some(at);
            }
            c if SIGNS.contains(c) => {
                self.is_in_group = false;
                if c != ')' && self.gap.is_empty() {
                    self.forget_zero();
                }
                if c == '(' {
                    self.bracket = Some(at);
                }
                if c != ' ' || !self.gap.ends_with(' ') {
                    self.gap.push(c);
                }
            }
            c => self.end(Some(c)),
        }
    }

    fn digit(&mut self, from: usize, to: usize, c: char) {
        if let Some(group) = self.groups.last_mut().filter(|_| self.is_in_group) {
            group.digits.push(c);
            group.to = to;
            group.forget_zero();
            return;
        }
        let is_bracketed = self.gap.ends_with('(');
        if self.gap.len() > MOST_SIGNS {
            let (plus, bracket) = (self.plus, self.bracket);
            self.end(None);
            (self.plus, self.bracket) = (plus, bracket);
        }
        self.groups.push(Group {
            from: self.plus.unwrap_or(from),
            to,
            bracket: self.bracket,
            closes: self.gap.contains(')'),
            digits: c.to_string(),
            role: match self.plus {
                Some(_) => Role::Plus,
                None if c == '0' && is_bracketed && self.is_behind_country() => Role::TrunkZero,
                None => Role::Plain,
            },
            gap: match self.gap.contains(|c| STRONG.contains(c)) {
                _ if self.gap.contains('\n') => Gap::Far,
                true if self.gap.contains(' ') => Gap::Far,
                true => Gap::Apart,
                false => Gap::Near,
            },
            is_behind_dash: self.gap == "-",
        });
        self.gap.clear();
        (self.plus, self.bracket, self.is_in_group) = (None, None, true);
    }

    /// Behind a lone zero `(0)` is the second of `00`.
    fn is_behind_country(&self) -> bool {
        self.groups.last().is_some_and(|group| group.digits != "0")
    }

    /// A zero behind a bracket is the one of `(0)` only where the bracket ends behind it.
    fn forget_zero(&mut self) {
        if let Some(last) = self.groups.last_mut() {
            last.forget_zero();
        }
    }

    fn end(&mut self, by: Option<char>) {
        if self.gap.is_empty() {
            self.forget_zero();
        }
        let groups = std::mem::take(&mut self.groups);
        let (zeros, long) = COUNTER;
        let last = groups.len().wrapping_sub(1);
        let goes_on = self.is_in_group && by.is_some_and(|c| c.is_ascii_hexdigit());
        let is_counter = |nth: usize, of: &Group| {
            let is_long = of.digits.len() == long || nth == last && goes_on;
            of.is_behind_dash && of.digits.starts_with(zeros) && is_long
        };
        let mut part = Vec::new();
        for (nth, group) in groups.into_iter().enumerate() {
            if is_counter(nth, &group) {
                self.found.push(std::mem::take(&mut part));
            } else {
                part.push(group);
            }
        }
        self.found.push(part);
        *self = Self {
            found: std::mem::take(&mut self.found),
            ..Self::default()
        };
    }
}
