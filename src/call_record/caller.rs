//! Who called, and the number to call back.

use serde::{Deserialize, Serialize};

use crate::number::{E164, no_number};

/// Whether the caller showed a number (`agi_callingpres`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    /// The number is shown.
    Shown,
    /// The caller withholds it.
    Withheld,
    /// The network has none.
    #[default]
    Unavailable,
}

/// Who called, as the network said it. All text is hostile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The number as sent, empty when none was.
    pub number: String,
    /// The same in E.164 form, where it is a telephone number.
    pub e164: Option<E164>,
    /// The name as sent.
    pub name: String,
    /// Shown, withheld or not available.
    pub presentation: Presentation,
}

impl Caller {
    /// The number in E.164 form where it has one, else as sent; `None` where a word stands there
    /// that is no number, such as `anonymous`.
    pub fn known_number(&self) -> Option<&str> {
        let is_one = self.e164.is_some() || no_number(&self.number).is_none();
        is_one.then(|| self.best_form())
    }

    /// The number in E.164 form where it has one, else as sent; empty where there is none.
    pub fn best_form(&self) -> &str {
        best_form(self.e164.as_ref(), &self.number)
    }
}

/// Where a callback number comes from, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackSource {
    /// Keyed in and confirmed by the caller.
    KeyedConfirmed,
    /// Caller ID, confirmed with a key.
    CallerIdConfirmed,
    /// Keyed in, not confirmed.
    Keyed,
    /// Caller ID as sent.
    CallerId,
    /// There is none.
    #[default]
    None,
}

impl CallbackSource {
    /// Whether the caller keyed in the number.
    pub fn is_keyed(self) -> bool {
        matches!(self, Self::KeyedConfirmed | Self::Keyed)
    }
}

/// The number to call back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// As keyed or sent, empty when there is none.
    pub number: String,
    /// The same in E.164 form, where it is a telephone number.
    pub e164: Option<E164>,
    /// Where it comes from.
    pub source: CallbackSource,
    /// Whether the caller confirmed it.
    pub confirmed: bool,
}

impl Callback {
    /// The number in E.164 form where it has one, else as keyed or sent; empty where there is none.
    pub fn best_form(&self) -> &str {
        best_form(self.e164.as_ref(), &self.number)
    }
}

fn best_form<'a>(e164: Option<&'a E164>, raw: &'a str) -> &'a str {
    e164.map_or(raw, E164::as_str)
}
