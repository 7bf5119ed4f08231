//! `[keep]` and `[box."NAME".keep]`, with the tables below them.

use toml::Spanned;
use toml::de::DeValue;

use super::{Reader, Table};
use crate::call_record::Verdict;
use crate::config::keep::{KeepTable, OpenCases};
use crate::keeping::{KeepRules, Keeping};

/// What is set in one place: for calls that are delivered, for the rest, for single verdicts.
#[derive(Clone, Copy, Default)]
pub(super) struct KeepTables {
    delivered: KeepTable,
    junk: KeepTable,
    verdicts: [KeepTable; Verdict::ALL.len()],
}

impl KeepTables {
    /// What is set here, over what holds without it.
    pub(super) fn over(&self, keeping: &Keeping) -> Keeping {
        Keeping::new(|verdict| {
            let group = if verdict.is_delivered() {
                self.delivered
            } else {
                self.junk
            };
            let at = Verdict::ALL.iter().position(|known| *known == verdict);
            let own = self.verdicts[at.unwrap_or_default()];
            own.over(group.over(*keeping.of(verdict)))
        })
    }
}

impl<'a> Reader<'a> {
    /// Reads `[keep]`.
    pub(super) fn keep_of_all(&mut self, value: Spanned<DeValue<'a>>) -> KeepRules {
        let mut open = OpenCases::default();
        let tables = self.keep("[keep]", value, Some(&mut open));
        let rules = KeepRules::default();
        KeepRules {
            all: tables.over(&rules.all),
            open_cases: open.days.unwrap_or(rules.open_cases),
            ..rules
        }
    }

    /// Reads `[keep]`, or by its whole title that of a mailbox, which has nothing of open cases.
    pub(super) fn keep(
        &mut self,
        title: &str,
        mut value: Spanned<DeValue<'a>>,
        open: Option<&mut OpenCases>,
    ) -> KeepTables {
        let mut tables = KeepTables::default();
        let name = title.trim_matches(['[', ']']);
        let [junk, verdicts] = BELOW.map(|below| match value.get_mut() {
            DeValue::Table(settings) => settings.remove(below),
            _ => None,
        });
        let mut table = self.open(title, value);
        table.below = &BELOW;
        tables.delivered = self.part(&mut table);
        if let Some(open) = open {
            *open = self.part(&mut table);
        }
        self.close(table);
        if let Some(junk) = junk {
            tables.junk = self.section(&format!("{name}.junk"), junk);
        }
        if let Some(verdicts) = verdicts {
            let title = format!("[{name}.verdict]");
            let mut table: Table<'a> = self.open(&title, verdicts);
            for (verdict, keep) in Verdict::ALL.into_iter().zip(&mut tables.verdicts) {
                table.known.push(verdict.as_str());
                if let Some(value) = table.settings.remove(verdict.as_str()) {
                    *keep = self.section(&format!("{name}.verdict.{verdict}"), value);
                }
            }
            self.close(table);
        }
        tables
    }
}

/// The tables below.
const BELOW: [&str; 2] = ["junk", "verdict"];
