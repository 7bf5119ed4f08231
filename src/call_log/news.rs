//! What has changed in the log, by mailbox: for pages that are open.

use std::collections::{BTreeSet, HashMap};

/// How often something was filed or done that can be seen.
#[derive(Clone, Debug, Default)]
pub struct News {
    all: u64,
    everywhere: u64,
    by_mailbox: HashMap<String, u64>,
}

/// Mailboxes that something was filed or done in.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) everywhere: bool,
    pub(super) mailboxes: BTreeSet<String>,
}

/// Mailboxes that are told apart; a request may name one that nobody has.
const MOST_MAILBOXES: usize = 10_000;

impl News {
    /// Another number after each change in one of these mailboxes, or in any where there is no list.
    pub fn of(&self, mailboxes: Option<&[String]>) -> u64 {
        let Some(mailboxes) = mailboxes else {
            return self.all;
        };
        let each = mailboxes.iter();
        let each = each.filter_map(|mailbox| self.by_mailbox.get(mailbox));
        self.everywhere + each.sum::<u64>()
    }

    pub(super) fn note(&mut self, touched: Touched) {
        self.all += 1;
        let has_room = self.by_mailbox.len() + touched.mailboxes.len() <= MOST_MAILBOXES;
        if touched.everywhere || !has_room {
            self.everywhere += 1;
            return;
        }
        for mailbox in touched.mailboxes {
            *self.by_mailbox.entry(mailbox).or_default() += 1;
        }
    }
}

impl Touched {
    pub(super) fn is_nothing(&self) -> bool {
        !self.everywhere && self.mailboxes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_for_those_who_see_the_mailbox() {
        let mut news = News::default();
        let [one, two, three] = ["100@default", "200@default", "300@default"].map(String::from);
        let both = [one.clone(), two.clone()];
        let seen = |news: &News| {
            [
                news.of(None),
                news.of(Some(&both)),
                news.of(Some(std::slice::from_ref(&three))),
                news.of(Some(&[])),
            ]
        };
        let touched = |mailboxes: &[&String]| Touched {
            everywhere: false,
            mailboxes: mailboxes.iter().map(ToString::to_string).collect(),
        };
        let mut before = seen(&news);
        for (touched, changes) in [
            (touched(&[&one]), [true, true, false, false]),
            (touched(&[&three]), [true, false, true, false]),
            (touched(&[&two, &three]), [true, true, true, false]),
            (
                Touched {
                    everywhere: true,
                    ..Touched::default()
                },
                [true; 4],
            ),
        ] {
            let what = format!("{touched:?}");
            news.note(touched);
            let now = seen(&news);
            let changed: Vec<_> = before.iter().zip(now).map(|(a, b)| *a != b).collect();
            assert_eq!(changed, changes, "{what}");
            before = now;
        }
    }

    #[test]
    fn names_that_nobody_has_take_no_room_without_end() {
        let mut news = News::default();
        for n in 0..2 * MOST_MAILBOXES {
            news.note(Touched {
                everywhere: false,
                mailboxes: [n.to_string()].into(),
            });
        }
        assert_eq!(news.by_mailbox.len(), MOST_MAILBOXES);
        assert_eq!(news.of(None), 2 * MOST_MAILBOXES as u64);
        assert_eq!(news.of(Some(&[])), MOST_MAILBOXES as u64);
    }
}
