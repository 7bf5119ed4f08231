//! The number by keys: digits up to `#` or a pause, read back, confirmed with 1, again with 2.
//!
//! What no numbering plan has (a wrong length, an extension) is told to the caller and read back once more.
//! If he insists with 1, or says nothing, it is kept as he keyed it: `keyed`, without an E.164 form and never
//! confirmed, since a confirmed number is one that can be called. A better source that is known already stays.
//! All this takes nothing from the time for the message.

use std::collections::VecDeque;
use std::time::Instant;

use super::Call;
use super::prompt::Clip;
use super::state::{Keying, State, Then};
use crate::agi::{Command, Key};
use crate::number::{self, E164};
use crate::prompts::Prompt;
use crate::record::{Callback, CallbackSource};

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
            return self.limit_reached(now);
        }
        self.progress.number_begun.get_or_insert(now);
        let digit = key.filter(|key| key.digit().is_some());
        match (key, digit) {
            (_, Some(digit)) => {
                // Digits beyond the most are let by: left to the read-back, a 1 among them would confirm it.
                if keying.digits.len() < MOST_DIGITS {
                    keying.digits.push(digit.as_char());
                }
                self.await_keys(keying, now);
            }
            (Some(Key::STAR), None) => {
                keying.digits.clear();
                self.await_keys(keying, now);
            }
            (_, None) if keying.digits == "0" && self.exits(Key::ZERO, now) => {}
            // A single key is a slip, or the wish to skip the greeting.
            (_, None) if keying.digits.len() < FEWEST_DIGITS => self.resume_recording(now),
            (_, None) => {
                self.take_number(&keying.digits, CallbackSource::Keyed);
                self.read_back(keying, now);
            }
        }
    }

    fn read_back(&mut self, mut keying: Keying, now: Instant) {
        let mut clips = VecDeque::from([
            Clip::Prompt(Prompt::NumberIs),
            Clip::Digits(keying.digits.clone()),
            Clip::Prompt(Prompt::NumberConfirm),
        ]);
        if keying.read_backs > 0 {
            clips.push_front(Clip::Prompt(Prompt::NumberImpossible));
        }
        keying.read_backs += 1;
        self.play(clips, Then::Confirm(keying), now);
    }

    /// 1, 2, or nothing.
    pub(super) fn confirmed(&mut self, keying: Keying, key: Option<Key>, now: Instant) {
        let is_possible = self.e164_of(&keying.digits).is_some();
        match key {
            Some(Key::TWO) if keying.tries < MOST_TRIES => {
                let again = Keying {
                    tries: keying.tries + 1,
                    ..Keying::default()
                };
                self.play([Clip::Prompt(Prompt::EnterNumber)], Then::Key(again), now);
            }
            Some(Key::TWO) => self.resume_recording(now),
            _ if !is_possible && keying.read_backs < MOST_READ_BACKS => self.read_back(keying, now),
            Some(Key::ONE) => {
                if is_possible {
                    self.take_number(&keying.digits, CallbackSource::KeyedConfirmed);
                } else {
                    self.answered(Prompt::NumberImpossible, "key");
                }
                self.play(
                    [Clip::Prompt(Prompt::NumberSaved), Clip::Beep],
                    Then::Listen,
                    now,
                );
            }
            _ => self.resume_recording(now),
        }
    }

    fn resume_recording(&mut self, now: Instant) {
        self.play([Clip::Beep], Then::Listen, now);
    }

    /// Notes the number, unless a better source has given one.
    fn take_number(&mut self, digits: &str, source: CallbackSource) {
        if source > self.record.callback.source {
            return;
        }
        self.record.callback = Callback {
            number: digits.to_owned(),
            e164: self.e164_of(digits).map(Into::into),
            source,
            confirmed: source == CallbackSource::KeyedConfirmed,
        };
        self.save();
    }

    fn e164_of(&self, digits: &str) -> Option<E164> {
        number::keyed(digits, self.policy.home_country.parse().ok())
    }
}

/// Fewer keys than this are no number.
const FEWEST_DIGITS: usize = 3;

/// E.164 has 15 digits; with a prefix to dial out and back some more. So many are never a number.
const MOST_DIGITS: usize = 24;

/// How often a number may be keyed in again.
const MOST_TRIES: u32 = 3;

/// What cannot be a number is read back once more.
const MOST_READ_BACKS: u32 = 2;
