//! The number by keys: digits up to `#` or a pause, read back, confirmed with 1, again with 2.
//!
//! What no numbering plan has (a wrong length, an extension) is told to the caller and read back once more.
//! If he insists with 1, or says nothing, it is kept as he keyed it: `keyed`, without an E.164 form and never
//! confirmed, since a confirmed number is one that can be called. A better source that is known already stays.
//! From the third digit on the record has what is keyed, so that it outlives the call and the guard.
//! All this takes nothing from the time for the message.

use std::collections::VecDeque;
use std::time::Instant;

use super::prompt::Clip;
use super::state::{Keying, State, Then};
use super::{Call, key_of};
use crate::agi::{Command, Key, Outcome};
use crate::hearing::Update;
use crate::number::{self, E164, FEWEST_KEYS};
use crate::prompts::Prompt;
use crate::record::{Answer, Callback, CallbackSource};

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
        let is_over = now.saturating_duration_since(self.started) >= self.policy.longest_call;
        self.progress.number_begun.get_or_insert(now);
        self.progress.keyed |= key.is_some();
        let digit = key.filter(|key| key.digit().is_some());
        match (key, digit) {
            (_, Some(digit)) => {
                self.add_digit(&mut keying, digit);
                if is_over {
                    return self.limit_reached(now);
                }
                self.await_keys(keying, now);
            }
            _ if is_over => self.limit_reached(now),
            (Some(Key::STAR), None) => {
                keying.digits.clear();
                keying.before = None;
                self.await_keys(keying, now);
            }
            (_, None) if keying.digits == "0" && self.exits(Key::ZERO, now) => {}
            // A single key is a slip, or the wish to skip the greeting.
            (_, None) if keying.digits.len() < FEWEST_KEYS => self.resume_recording(now),
            (_, None) => {
                self.take_number(&keying.digits, CallbackSource::Keyed);
                self.read_back(keying, now);
            }
        }
    }

    /// What is keyed stands in the record at once: the call may end before `#` comes.
    fn add_digit(&mut self, keying: &mut Keying, digit: Key) {
        // Digits beyond the most are let by: left to the read-back, a 1 among them would confirm it.
        if keying.digits.len() == MOST_DIGITS {
            return;
        }
        keying.digits.push(digit.as_char());
        if keying.digits.len() < FEWEST_KEYS {
            return;
        }
        self.number_given();
        let before = keying
            .before
            .get_or_insert_with(|| self.record.callback.clone());
        let begun = self.keyed_number(&keying.digits, CallbackSource::Keyed);
        self.record.callback = if is_better(&begun, before) {
            begun
        } else {
            before.clone()
        };
        self.save();
    }

    /// The prompts that ask for a number are answered by one.
    fn number_given(&mut self) {
        for prompt in [
            Prompt::GreetingWithheld,
            Prompt::EnterNumber,
            Prompt::NumberFirst,
        ] {
            self.note_answer(prompt, Answer::Key);
        }
    }

    /// A key whose tones were heard: an answer, and a digit of the number. Where Asterisk hears the keys itself, the
    /// number comes from there.
    pub(super) fn key_in_sound(&mut self, key: char) {
        self.ears.hear(Update::Key(key));
        self.ears.resume();
        if let State::Listening(listening) = &mut self.state
            && listening.answer.take().is_some()
        {
            self.answered(Prompt::StillThere, Answer::Key);
        }
        let number = number::among_keys(self.ears.timeline.keys());
        let Some(number) = number.filter(|_| !self.progress.keyed) else {
            return;
        };
        let begun = self.keyed_number(number, CallbackSource::Keyed);
        let known = &self.record.callback;
        let goes_on = self.progress.keyed_in_sound && known.source == CallbackSource::Keyed;
        if goes_on || is_better(&begun, known) {
            self.progress.keyed_in_sound = true;
            self.record.callback = begun;
            self.number_given();
            self.save();
        }
    }

    /// The call ends with this outcome; a digit in it is the last of the number.
    pub(super) fn keep_last_digit(&mut self, outcome: &Outcome) {
        let digit = key_of(outcome).filter(|key| key.digit().is_some());
        if let (State::Keying(keying), Some(digit)) = (&self.state, digit) {
            let mut keying = keying.clone();
            self.add_digit(&mut keying, digit);
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
        if matches!(key, Some(Key::ONE | Key::TWO)) {
            self.note_answer(Prompt::NumberConfirm, Answer::Key);
        }
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
                    self.answered(Prompt::NumberImpossible, Answer::Key);
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
        self.record.callback = self.keyed_number(digits, source);
        self.save();
    }

    fn keyed_number(&self, digits: &str, source: CallbackSource) -> Callback {
        Callback {
            number: digits.to_owned(),
            e164: self.e164_of(digits),
            source,
            confirmed: source == CallbackSource::KeyedConfirmed,
        }
    }

    fn e164_of(&self, digits: &str) -> Option<E164> {
        number::keyed(digits, Some(self.policy.home_country))
    }
}

/// Whether a number that may not be whole takes the place of the one known before it.
fn is_better(begun: &Callback, before: &Callback) -> bool {
    match before.source {
        CallbackSource::KeyedConfirmed | CallbackSource::CallerIdConfirmed => false,
        CallbackSource::Keyed => {
            let longer = begun.number.len() >= before.number.len();
            begun.e164.is_some() || before.e164.is_none() && longer
        }
        CallbackSource::CallerId | CallbackSource::None => true,
    }
}

/// E.164 has 15 digits; with a prefix to dial out and back some more. So many are never a number.
const MOST_DIGITS: usize = 24;

/// How often a number may be keyed in again.
const MOST_TRIES: u32 = 3;

/// What cannot be a number is read back once more.
const MOST_READ_BACKS: u32 = 2;
