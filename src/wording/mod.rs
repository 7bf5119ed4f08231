//! What people read of calls, in the languages they read it in: the words for the values of a
//! record, and the line for the support team. The card, the tables and the mails are made of these
//! words.
//!
//! Pure, without I/O or a clock. What comes from outside is fit for a terminal (`text::shown`),
//! except in [`reason()`]: the record's own sentences go into JSON as they are.

mod case;
mod correction;
pub mod figures;
pub mod imported;
mod queue;
mod reason;
mod story;
mod support_line;
mod time;
mod words;

use serde::Deserialize;

pub use case::{case_author, case_event, case_state, closed_by, refusal};
pub use correction::{corrected_in_short, correction, instead_of, not_corrected};
pub use queue::{came_from, instead_in_short, wait, wait_in_short};
pub use reason::{reason, reasons};
pub use story::{Sentence, story};
pub use support_line::support_line;
pub use time::{call_length, length, nth_call, span, time};
pub use words::{
    Pending, Undelivered, asked, callback, class, delivered, ended_by, listed, look_elsewhere,
    mode, name, number, number_deleted, passed_by, played, pressed, seconds, source, sure,
    undelivered, undelivered_in_short, verdict, verdict_name, would_have,
};

/// A language of people who read about calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English; what JSON, CSV and channel variables have as well.
    #[default]
    En,
    /// German.
    De,
}

/// The text of this language.
pub(crate) fn pick<T>(language: Language, en: T, de: T) -> T {
    match language {
        Language::En => en,
        Language::De => de,
    }
}

#[cfg(test)]
mod tests;
