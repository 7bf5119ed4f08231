//! What keys do before and beside the recording: the number, the offered caller ID, the ways out.
//!
//! **The number:** digits up to `#` or a pause, read back, confirmed with 1, again with 2. What no
//! numbering plan has (a wrong length, an extension) is read back once more, and the caller hears
//! so. If they insist with 1, or say nothing, it is kept as keyed: `keyed`, without an E.164 form
//! and never confirmed, since a confirmed number is one that can be called. A better source that is
//! known already stays. From the third digit on the record has what is keyed, so that it outlives
//! the call and the guard. All this takes nothing from the time for the message.
//!
//! **The offer:** "we see the number …, press 1 if we may call you back there", behind the greeting
//! or behind the rambler's prompt, as the mailbox wants. 1 takes it from its first word until
//! [`Policy::confirm`](super::policy::Policy::confirm) after its last; the recording has begun by
//! then, so that nobody waits in silence. Any other key begins a number, as everywhere.
//!
//! **The ways out:** `0` and `*` alone before the recording, as `VoiceMail()` has them. A number
//! may begin with 0, so `0` is alone when `#` or the pause that ends a number follows it; `*` is at
//! once. What the caller said is kept and judged like everything; the dialplan goes where
//! `GUARD_EXIT` says.

use std::collections::VecDeque;
use std::time::Instant;

use super::clip::Clip;
use super::policy::Offer;
use super::state::{AfterPrompt, Keying, Leaving, Recording, State};
use super::{Call, KeysFrom, key_of};
use crate::agi::{Command, Key, Outcome};
use crate::call_record::{Answer, Callback, CallbackSource, EndedBy, KeyPress};
use crate::hearing::Update;
use crate::number::{self, E164, FEWEST_KEYS};
use crate::prompts::Prompt;

impl Call {
    pub(super) fn await_keys(&mut self, keying: Keying, now: Instant) {
        self.state = State::Keying(keying);
        let wait = self.policy.key_pause;
        self.renew_timeout_then(Command::wait_for_digit(wait), wait, now);
    }

    pub(super) fn await_confirmation(&mut self, keying: Keying, now: Instant) {
        self.state = State::Confirming(keying);
        let wait = self.policy.confirm;
        self.renew_timeout_then(Command::wait_for_digit(wait), wait, now);
    }

    /// A key, or none within the pause.
    pub(super) fn keyed(&mut self, mut keying: Keying, key: Option<Key>, now: Instant) {
        let is_over = now.saturating_duration_since(self.started) >= self.policy.longest_call;
        if key.is_some() {
            self.progress.keys_from = Some(KeysFrom::Asterisk);
        }
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
            (_, None) if keying.digits.len() < FEWEST_KEYS => self.resume_recording(&keying, now),
            (_, None) => {
                self.take_number(&keying.digits, CallbackSource::Keyed);
                self.read_back(keying, now);
            }
        }
    }

    /// What is keyed stands in the record at once: the call may end before `#` comes.
    fn add_digit(&mut self, keying: &mut Keying, digit: Key) {
        // Digits beyond the most are ignored: left to the read-back, a 1 among them would confirm
        // it.
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

    /// Notes which key was pressed, and when. Who keeps on pressing fills no record.
    pub(super) fn note_key(&mut self, key: char) {
        if self.record.keys.len() < MOST_NOTED {
            let at = self.heard.heard();
            self.record.keys.push(KeyPress { key, at });
            self.save();
        }
    }

    /// A key whose tones were heard: an answer, and a digit of the number. Where Asterisk hears the
    /// keys itself, the number comes from there.
    pub(super) fn key_in_sound(&mut self, key: char) {
        if !self.progress.asterisk_hears_keys {
            self.note_key(key);
        }
        self.heard.update(Update::Key(key));
        self.heard.resume();
        let was_asked = match self.state.lasting_mut() {
            State::Recording(recording) => recording.answer.take().is_some(),
            State::Playing(playing) if matches!(playing.then, AfterPrompt::AwaitAnswer) => {
                playing.then = AfterPrompt::RECORD;
                true
            }
            _ => false,
        };
        if was_asked {
            self.answered(Prompt::StillThere, Answer::Key);
        }
        let keys_from = self.progress.keys_from;
        let number = number::among_keys(self.heard.timeline.keys());
        let Some(number) = number.filter(|_| keys_from != Some(KeysFrom::Asterisk)) else {
            return;
        };
        let begun = self.keyed_number(number, CallbackSource::Keyed);
        let known = &self.record.callback;
        let goes_on = keys_from.is_some() && known.source == CallbackSource::Keyed;
        if goes_on || is_better(&begun, known) {
            self.progress.keys_from = Some(KeysFrom::Sound);
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
        self.play(clips, AfterPrompt::Confirm(keying), now);
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
                    ..Keying::since(keying.since)
                };
                self.play(
                    [Clip::Prompt(Prompt::EnterNumber)],
                    AfterPrompt::Key(again),
                    now,
                );
            }
            Some(Key::TWO) => self.resume_recording(&keying, now),
            _ if !is_possible && keying.read_backs < MOST_READ_BACKS => self.read_back(keying, now),
            Some(Key::ONE) => {
                if is_possible {
                    self.take_number(&keying.digits, CallbackSource::KeyedConfirmed);
                } else {
                    self.answered(Prompt::NumberImpossible, Answer::Key);
                }
                let number_since = Some(keying.since);
                let saved = [Clip::Prompt(Prompt::NumberSaved), Clip::Beep];
                self.play(saved, AfterPrompt::Record { number_since }, now);
            }
            _ => self.resume_recording(&keying, now),
        }
    }

    fn resume_recording(&mut self, keying: &Keying, now: Instant) {
        let number_since = Some(keying.since);
        self.play([Clip::Beep], AfterPrompt::Record { number_since }, now);
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

    /// What is played to make the offer; nothing where the mailbox does not make it here, or there
    /// is no number that the caller shows and has not confirmed.
    pub(super) fn offer(&self, place: Offer) -> Vec<Clip> {
        if self.policy.offer_caller_id != place {
            return Vec::new();
        }
        self.offered_number().map_or_else(Vec::new, |e164| {
            let home = Some(self.policy.home_country);
            vec![
                Clip::Prompt(Prompt::OfferCallerId),
                Clip::Digits(number::spoken(e164, home)),
                Clip::Prompt(Prompt::OfferConfirm),
            ]
        })
    }

    /// Whether 1 takes the offer still.
    pub(super) fn is_offer_open(&self, recording: &Recording, now: Instant) -> bool {
        let until = recording.offered_until;
        self.offered_number().is_some() && until.is_some_and(|until| now < until)
    }

    /// The caller has pressed 1.
    pub(super) fn take_offer(&mut self, now: Instant) {
        self.record.callback.source = CallbackSource::CallerIdConfirmed;
        self.record.callback.confirmed = true;
        self.answered(Prompt::OfferCallerId, Answer::Key);
        let thanks = [Clip::Prompt(Prompt::NumberSaved), Clip::Beep];
        self.play(thanks, AfterPrompt::RECORD, now);
    }

    fn offered_number(&self) -> Option<&E164> {
        let callback = &self.record.callback;
        let e164 = callback.e164.as_ref();
        e164.filter(|_| callback.source == CallbackSource::CallerId)
    }

    /// Leaves by this key, where it leads out; whether it does.
    pub(super) fn exits(&mut self, key: Key, now: Instant) -> bool {
        let is_recording = self.progress.recording.is_some();
        if is_recording || self.way_out(key).is_none() {
            return false;
        }
        self.leave_by(EndedBy::Exit, Some(key), now);
        true
    }

    /// The key that the caller left by, and where it leads to.
    pub(super) fn exit_taken(&self) -> Option<(Key, &str)> {
        let State::Leaving(Leaving { exit, .. }) = &self.state else {
            return None;
        };
        let key = (*exit)?;
        Some((key, self.way_out(key)?))
    }

    fn way_out(&self, key: Key) -> Option<&str> {
        match key {
            Key::ZERO => self.policy.operator_exit.as_deref(),
            Key::STAR => self.policy.star_exit.as_deref(),
            _ => None,
        }
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

/// A number keyed in as often as it may be, and then some.
const MOST_NOTED: usize = 200;

/// How often a number may be keyed in again.
const MOST_TRIES: u32 = 3;

/// What cannot be a number is read back once more.
const MOST_READ_BACKS: u32 = 2;
