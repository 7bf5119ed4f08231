//! The number by keys: digits up to `#` or a pause, read back, confirmed with 1, again with 2.

use std::time::Instant;

use super::Call;
use super::prompt::Clip;
use super::record::{Callback, CallbackSource, EndedBy};
use super::state::{Keying, State, Then};
use crate::agi::{Command, Key};
use crate::number;
use crate::prompts::Prompt;

impl Call {
    pub(super) fn await_keys(&mut self, keying: Keying, now: Instant) {
        self.state = State::Keying(keying);
        let wait = self.policy.key_pause;
        self.renew_rail_then(Command::wait_for_digit(wait), wait, now);
    }

    pub(super) fn await_confirmation(&mut self, keying: Keying, now: Instant) {
        self.state = State::Confirming(keying);
        let wait = self.policy.confirm;
        self.renew_rail_then(Command::wait_for_digit(wait), wait, now);
    }

    /// A key, or none within the pause.
    pub(super) fn keyed(&mut self, mut keying: Keying, key: Option<Key>, now: Instant) {
        if now.saturating_duration_since(self.started) >= self.policy.longest_call {
            return self.end(EndedBy::Limit, now);
        }
        let digit = key.filter(|k| k.digit().is_some() && keying.digits.len() < MOST_DIGITS);
        match (key, digit) {
            (_, Some(digit)) => {
                keying.digits.push(digit.as_char());
                self.await_keys(keying, now);
            }
            (Some(Key::STAR), None) => {
                keying.digits.clear();
                self.await_keys(keying, now);
            }
            // A single key is a slip, or the wish to skip the greeting.
            (_, None) if keying.digits.len() < FEWEST_DIGITS => self.resume_recording(now),
            (_, None) => {
                self.take_number(&keying.digits, CallbackSource::Keyed);
                let clips = [
                    Clip::Prompt(Prompt::NumberIs),
                    Clip::Digits(keying.digits.clone()),
                    Clip::Prompt(Prompt::NumberConfirm),
                ];
                self.play(clips, Then::Confirm(keying), now);
            }
        }
    }

    /// 1, 2, or nothing.
    pub(super) fn confirmed(&mut self, keying: &Keying, key: Option<Key>, now: Instant) {
        match key {
            Some(Key::ONE) => {
                self.take_number(&keying.digits, CallbackSource::KeyedConfirmed);
                self.play(
                    [Clip::Prompt(Prompt::NumberSaved), Clip::Beep],
                    Then::Listen,
                    now,
                );
            }
            Some(Key::TWO) if keying.tries < MOST_TRIES => {
                let again = Keying {
                    digits: String::new(),
                    tries: keying.tries + 1,
                };
                self.play([Clip::Prompt(Prompt::EnterNumber)], Then::Key(again), now);
            }
            _ => self.resume_recording(now),
        }
    }

    fn resume_recording(&mut self, now: Instant) {
        self.play([Clip::Beep], Then::Listen, now);
    }

    fn take_number(&mut self, digits: &str, source: CallbackSource) {
        self.record.callback = Callback {
            number: digits.to_owned(),
            e164: number::normalise(digits, self.policy.home_country.parse().ok()).map(Into::into),
            source,
            confirmed: source == CallbackSource::KeyedConfirmed,
        };
        self.save();
    }
}

/// Fewer keys than this are no number.
const FEWEST_DIGITS: usize = 3;

/// E.164 has 15 digits; with a prefix to dial out and back some more.
const MOST_DIGITS: usize = 24;

/// How often a number may be keyed in again.
const MOST_TRIES: u32 = 3;
