//! The caller ID offered as the number to call back: "we see the number …, press 1 if we may call you back there".
//!
//! It is made behind the greeting or behind the rambler's prompt, as the box wants. 1 takes it from its first word
//! until [`Policy::confirm`](super::policy::Policy::confirm) after its last; the recording has begun by then, so
//! that nobody waits in silence. Any other key begins a number, as everywhere.

use std::time::Instant;

use super::Call;
use super::policy::Offer;
use super::prompt::Clip;
use super::state::Then;
use crate::number::{self, E164};
use crate::prompts::Prompt;
use crate::record::{Answer, CallbackSource};

impl Call {
    /// What is played to make the offer; nothing where the box does not make it here, or there is no number
    /// that the caller shows and has not confirmed.
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

    /// The offer has been made in full: 1 takes it for some time yet.
    pub(super) fn offered(&mut self, now: Instant) {
        self.progress.offered_until = Some(now + self.policy.confirm);
    }

    pub(super) fn is_offer_open(&self, now: Instant) -> bool {
        let until = self.progress.offered_until;
        self.offered_number().is_some() && until.is_some_and(|until| now < until)
    }

    /// The caller has pressed 1.
    pub(super) fn take_offer(&mut self, now: Instant) {
        self.record.callback.source = CallbackSource::CallerIdConfirmed;
        self.record.callback.confirmed = true;
        self.answered(Prompt::OfferCallerId, Answer::Key);
        let thanks = [Clip::Prompt(Prompt::NumberSaved), Clip::Beep];
        self.play(thanks, Then::Listen, now);
    }

    fn offered_number(&self) -> Option<&E164> {
        let callback = &self.record.callback;
        let e164 = callback.e164.as_ref();
        e164.filter(|_| callback.source == CallbackSource::CallerId)
    }
}
