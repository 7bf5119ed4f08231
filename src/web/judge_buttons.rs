//! "Judged wrongly?": the buttons below a call.

use askama::Template;
use serde::Deserialize;

use super::view::{Light, Top, verdict_word};
use super::words::Words;
use crate::call_log::ListedCall;
use crate::case::Correction;
use crate::wording;

/// The page that a form stands on, and that one comes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Back {
    Call,
    Case,
}

/// What stands below a call: what somebody said that it was, and the buttons to say so.
#[derive(Template)]
#[template(path = "judge.html")]
pub(super) struct Buttons {
    words: &'static Words,
    token: Option<String>,
    call: String,
    back: Back,
    /// What somebody said; empty where nobody did.
    said: String,
    /// What the call can have been, by the word in the form; nothing where one cannot say so.
    choices: Vec<(&'static str, String)>,
    /// What was typed, so that it is not lost.
    note: String,
}

impl Buttons {
    pub(super) fn of(of: &ListedCall, top: &Top, light: &Light<'_>, back: Back) -> Self {
        let (record, correction) = (&of.record, of.correction.as_ref());
        let is_open = record.ended.is_some() && record.verdict.is_some() && record.was_let_in();
        let choices = Correction::VERDICTS.into_iter().filter(|verdict| {
            is_open
                && top.takes_steps
                && of.verdict() != Some(*verdict)
                && record.verdict != Some(*verdict)
        });
        Self {
            words: top.words,
            token: top.token.clone(),
            call: record.id.to_string(),
            back,
            said: correction.map_or_else(String::new, |of| {
                wording::correction(of, light.zone, light.language)
            }),
            choices: choices
                .map(|verdict| (verdict.as_str(), verdict_word(verdict, light.language)))
                .collect(),
            note: String::new(),
        }
    }

    /// The same with what was typed before.
    pub(super) fn with(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }
}
