//! `check` of how long what is kept.

use super::Item;
use crate::call_record::Verdict;
use crate::cli::privacy::alike;
use crate::config::Config;
use crate::keeping::{Days, Kind};

pub(super) fn items(config: &Config) -> Vec<Item> {
    let mut items = Vec::new();
    for (mailbox, keeping) in config.keep.each() {
        let whose = mailbox.map_or(String::new(), |name| format!("{name}: "));
        for (verdicts, keep) in alike(keeping) {
            let kept = Kind::ALL.map(|kind| format!("{} {}", kind.as_str(), keep.of(kind)));
            let verdicts: Vec<_> = verdicts.iter().map(Verdict::to_string).collect();
            let what = format!("{whose}{}: {}", verdicts.join(", "), kept.join(", "));
            let endless = Kind::ALL
                .into_iter()
                .filter(|kind| keep.of(*kind) == Days::Forever);
            let endless: Vec<_> = endless
                .map(|kind| format!("{}_days", kind.as_str()))
                .collect();
            items.push(if endless.is_empty() {
                Item::ok("keeping", what)
            } else {
                let mend = format!(
                    "set days for {} in [keep]: personal data are not kept without an end (GDPR, Art. 5 (1) (e))",
                    endless.join(", ")
                );
                Item::warn("keeping", what, mend)
            });
        }
    }
    let days = config.keep.open_cases;
    items.push(match days {
        Days::Of(_) => Item::ok(
            "keeping",
            format!("calls with something to ring about: until their cases are closed, {days} at most"),
        ),
        Days::Forever => Item::warn(
            "keeping",
            "calls with something to ring about: until their cases are closed",
            "set open_case_days in [keep], if not all cases are closed: personal data are not kept without an end (GDPR, Art. 5 (1) (e))",
        ),
    });
    items
}
