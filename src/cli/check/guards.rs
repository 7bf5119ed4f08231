//! `check` of the guards that Asterisk's dialplan names: whether each is a place that can be asked.

use std::path::Path;

use super::Item;
use crate::cli::asterisk_conf::AsteriskConf;
use crate::dialplan::{self, GUARDS};

pub(super) fn items(folder: &Path) -> Vec<Item> {
    let Ok(lines) = AsteriskConf::of(folder, &folder.join("extensions.conf")) else {
        return Vec::new();
    };
    let mut values: Vec<_> = lines.values_of(GUARDS).collect();
    values.sort_unstable();
    values.dedup();
    values.into_iter().flat_map(of_value).collect()
}

fn of_value(value: &str) -> Vec<Item> {
    let places = dialplan::guards(value);
    let wrong: Vec<_> = places
        .iter()
        .filter_map(|(place, wrong)| Some((place, (*wrong)?)))
        .map(|(place, wrong)| {
            Item::fail(
                "guards",
                format!("{GUARDS} names {place:?} in {value:?}: {wrong}"),
                format!(
                    "mend it in the dialplan, then: asterisk -rx 'dialplan reload' (in [globals] such as: {GUARDS} = 192.0.2.10:4574&192.0.2.11:4574)"
                ),
            )
        })
        .collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let asked: Vec<_> = places.iter().map(|(place, _)| *place).collect();
    vec![Item::ok(
        "guards",
        format!("the dialplan asks {}", asked.join(", then ")),
    )]
}
