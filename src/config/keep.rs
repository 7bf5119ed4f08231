//! `[keep]` and the tables below it: for how many days what is kept.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::keeping::{Days, Keep};

/// What one table sets.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeepTable {
    #[serde(rename = "audio_days", deserialize_with = "days")]
    audio: Option<Days>,
    #[serde(rename = "timeline_days", deserialize_with = "days")]
    timeline: Option<Days>,
    #[serde(rename = "number_days", deserialize_with = "days")]
    number: Option<Days>,
    #[serde(rename = "record_days", deserialize_with = "days_from_one")]
    record: Option<Days>,
}

impl KeepTable {
    /// What it sets, over what holds without it.
    pub(super) fn over(self, keep: Keep) -> Keep {
        Keep {
            audio: self.audio.unwrap_or(keep.audio),
            timeline: self.timeline.unwrap_or(keep.timeline),
            number: self.number.unwrap_or(keep.number),
            record: self.record.unwrap_or(keep.record),
        }
    }
}

/// What `[keep]` alone sets beside.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OpenCases {
    #[serde(rename = "open_case_days", deserialize_with = "days")]
    pub(super) days: Option<Days>,
}

fn days<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Days>, D::Error> {
    from.deserialize_any(WholeDays { least: 0 }).map(Some)
}

/// A record lasts a day: what of a call is still on its way is not filed as another call.
fn days_from_one<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Days>, D::Error> {
    from.deserialize_any(WholeDays { least: 1 }).map(Some)
}

struct WholeDays {
    least: u32,
}

impl fmt::Display for WholeDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.least, Days::MOST);
        write!(
            f,
            "a whole number of days from {least} to {most}, or \"forever\""
        )
    }
}

impl Visitor<'_> for WholeDays {
    type Value = Days;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }

    fn visit_i64<E: Error>(self, days: i64) -> Result<Days, E> {
        u32::try_from(days)
            .ok()
            .filter(|days| (self.least..=Days::MOST).contains(days))
            .map(Days::Of)
            .ok_or_else(|| E::custom(format_args!("{days} is not {self}")))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Days, E> {
        match word {
            "forever" => Ok(Days::Forever),
            _ => Err(E::custom(format_args!("{word:?} is not {self}"))),
        }
    }
}
