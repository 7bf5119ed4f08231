//! A query as a statement: text of ours, and bound parameters only.

use jiff::Timestamp;
use rusqlite::types::Value;

use crate::call_log::query::Query;
use crate::number::Needle;

const WITHHELD: &str = "(record ->> '$.caller.presentation' = ? OR lower(number) IN ('anonymous', 'withheld', 'private'))";

/// Columns of calls, as far as databases of older versions lack them.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// The row of its case.
    pub(super) case: &'static str,
    /// The verdict that counts.
    verdict: &'static str,
    /// Whether somebody says that the guard's is wrong.
    is_corrected: &'static str,
}

impl Columns {
    /// Those of this version.
    pub(super) const NOW: Self = Self {
        case: "case_seq",
        verdict: "coalesce(corrected, verdict)",
        is_corrected: "corrected IS NOT NULL",
    };
    /// Those of an older one.
    pub(super) const OLDER: Self = Self {
        case: "NULL AS case_seq",
        verdict: "verdict",
        is_corrected: "FALSE",
    };
}

impl Query {
    pub(super) fn statement(&self, columns: &str, known: Columns) -> Statement {
        let mut made = Statement::default();
        made.sql.extend(["SELECT ", columns, " FROM calls WHERE "]);
        if let Some(needle) = &self.number {
            // Times lie beside the keys, so that only the records that are wanted are read.
            made.sql.push_str("seq IN (SELECT n.seq FROM (");
            made.numbers(needle);
            made.sql.push_str(") n WHERE TRUE");
            made.compare("n.started_ms >= ?", self.since.map(first_ms));
            made.compare("n.started_ms < ?", self.until.map(first_ms));
            self.continue_behind(&mut made, "(n.started_ms, n.seq)");
            if self.verdict.is_some()
                || self.mailbox.is_some()
                || self.mailboxes.is_some()
                || self.withheld
                || self.judged_wrong
            {
                made.sql
                    .push_str(" AND EXISTS (SELECT 1 FROM calls c WHERE c.seq = n.seq");
                self.compare_contents(known, &mut made);
                made.sql.push(')');
            }
            made.order(["n.started_ms", "n.seq"]);
            made.limit(self.limit);
            made.sql.push(')');
            // A plus before a column keeps its index out.
            made.order(["+started_ms", "+seq"]);
        } else {
            made.sql.push_str("TRUE");
            made.compare("started_ms >= ?", self.since.map(first_ms));
            made.compare("started_ms < ?", self.until.map(first_ms));
            self.compare_contents(known, &mut made);
            self.continue_behind(&mut made, "(started_ms, seq)");
            made.order(["started_ms", "seq"]);
            made.limit(self.limit);
        }
        made
    }

    fn continue_behind(&self, made: &mut Statement, place: &str) {
        if let Some(call) = self.behind {
            let condition =
                format!("{place} < (SELECT b.started_ms, b.seq FROM calls b WHERE b.id = ?)");
            made.and(&condition, [call.to_string()]);
        }
    }

    /// Whether a case `c` has a call that is wanted, for cases that are looked at one by one.
    pub(super) fn of_case(&self) -> Statement {
        let mut made = Statement::default();
        made.sql
            .push_str("EXISTS (SELECT 1 FROM calls k WHERE k.case_seq = c.seq");
        made.compare("k.started_ms >= ?", self.since.map(first_ms));
        made.compare("k.started_ms < ?", self.until.map(first_ms));
        self.compare_contents(Columns::NOW, &mut made);
        made.sql.push(')');
        made
    }

    fn compare_contents(&self, known: Columns, made: &mut Statement) {
        let verdict = self.verdict.map(|verdict| verdict.as_str().to_owned());
        made.compare(&format!("{} = ?", known.verdict), verdict);
        if self.judged_wrong {
            made.sql.extend([" AND ", known.is_corrected]);
        }
        made.compare("box = ?", self.mailbox.clone().map(String::from));
        if let Some(mailboxes) = &self.mailboxes {
            made.among("box", mailboxes);
        }
        let withheld = self.withheld.then(|| "withheld".to_owned());
        made.compare(WITHHELD, withheld);
    }
}

/// Text of ours and values from outside, apart.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Statement {
    fn numbers(&mut self, needle: &Needle) {
        match needle {
            Needle::Exactly(key) => {
                self.sql
                    .push_str("SELECT seq, started_ms FROM call_numbers WHERE key = ?");
                self.values.push(key.clone().into());
            }
            Needle::EndsWith(keys) => {
                for (i, key) in keys.iter().enumerate() {
                    self.sql.push_str(if i == 0 {
                        "SELECT DISTINCT"
                    } else {
                        " UNION SELECT"
                    });
                    // A colon follows the digits in ASCII.
                    self.sql.push_str(
                        " seq, started_ms FROM call_numbers WHERE key >= ? AND key < ? || ':'",
                    );
                    self.values.extend([key.clone().into(), key.clone().into()]);
                }
            }
        }
    }

    /// One more condition with its values.
    pub(super) fn and(
        &mut self,
        condition: &str,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) {
        self.sql.extend([" AND ", condition]);
        self.values.extend(values.into_iter().map(Into::into));
    }

    /// That a column has one of these values.
    pub(super) fn among(&mut self, column: &str, values: &[String]) {
        let places = vec!["?"; values.len()].join(", ");
        self.and(&format!("{column} IN ({places})"), values.to_vec());
    }

    fn compare(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.and(condition, [value]);
        }
    }

    fn order(&mut self, [first, second]: [&str; 2]) {
        self.sql
            .extend([" ORDER BY ", first, " DESC, ", second, " DESC"]);
    }

    fn limit(&mut self, limit: Option<u32>) {
        if let Some(limit) = limit {
            self.sql.push_str(" LIMIT ?");
            self.values.push(limit.into());
        }
    }
}

/// The first whole millisecond at or after `at`: rows carry whole ones.
pub(super) fn first_ms(at: Timestamp) -> i64 {
    let ms = at.as_millisecond();
    if at.as_nanosecond() > i128::from(ms) * 1_000_000 {
        ms + 1
    } else {
        ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_record::Verdict;

    #[test]
    fn only_parameters_come_from_outside() {
        let query = Query {
            number: Needle::read("x' or 1=1) drop table calls --", None),
            since: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::MAX),
            withheld: false,
            verdict: Some(Verdict::Message),
            mailbox: Some("1;drop".into()),
            mailboxes: Some(vec!["'; drop".into(), "100@default".into()]),
            behind: None,
            limit: Some(u32::MAX),
            judged_wrong: true,
        };
        let Statement { sql, values } = query.statement("id, record", Columns::NOW);
        assert!(!sql.to_lowercase().contains("drop"), "{sql}");
        assert_eq!(sql.matches('?').count(), values.len());
        assert_eq!(values.len(), 8);
    }

    #[test]
    fn a_bound_between_milliseconds_is_the_next() {
        let at = |ns| Timestamp::from_nanosecond(ns).unwrap();
        assert_eq!(first_ms(at(5_000_000)), 5);
        assert_eq!(first_ms(at(5_000_001)), 6);
        assert_eq!(first_ms(at(-5_000_001)), -5);
    }
}
