//! What the technical log says of deliveries.

use tracing::{debug, error, info, warn};

use crate::call_log::{Delivery, Settlement, Stage};
use crate::call_record::Destination;
use crate::config::Config;

/// Says what delivery into mailboxes will not do.
pub(super) fn warn_without_mwi(config: &Config) {
    if config.delivers_to(Destination::Mailbox) && !config.delivery.ami.is_set() {
        warn!(
            event = "mwi_off",
            "[ami] has no user: messages are counted in their boxes, but MWI and externnotify follow only where voicemail.conf has pollmailboxes = yes"
        );
    }
}

/// Says what came of an attempt; `is_for_people` where it fails until somebody changes a setting.
pub(super) fn log(delivery: &Delivery, settlement: &Settlement, is_for_people: bool) {
    let (call, to, r#box) = (
        delivery.call,
        delivery.to.as_str(),
        delivery.mailbox.as_str(),
    );
    match settlement {
        Settlement::Stored(entry) | Settlement::Done(Some(entry)) => {
            info!(event = "delivered", %call, to, r#box, "delivered: {entry}");
        }
        Settlement::Done(None) => debug!(%call, to, r#box, "MWI follows"),
        Settlement::Prepared(_) | Settlement::Unprepared => {}
        Settlement::Later { due, why } if delivery.stage == Stage::Stored => {
            warn!(event = "mwi_delayed", %call, to, r#box, %due, why, "the message is in its box, but what follows (MWI, or the end of its replay) is not done yet");
        }
        // Said once, and on `check` for as long as it lasts.
        Settlement::Later { due, why } if delivery.why.as_ref() == Some(why) => {
            debug!(%call, to, r#box, %due, why, "not delivered yet");
        }
        Settlement::Later { due, why } if is_for_people => {
            error!(event = "delivery_delayed", %call, to, r#box, %due, why, "not delivered until a setting is mended, here or at the receiver");
        }
        Settlement::Later { due, why } => {
            warn!(event = "delivery_delayed", %call, to, r#box, %due, why, "not delivered yet");
        }
        Settlement::GivenUp { why, .. } if delivery.stage == Stage::Stored => {
            error!(event = "mwi_given_up", %call, to, r#box, why, "the message is in its box, but what follows (MWI, or the end of its replay) was given up");
        }
        Settlement::GivenUp {
            why,
            entry: Some(entry),
        } => {
            error!(event = "delivery_given_up", %call, to, r#box, why, "a delivery was given up that has reached some: {entry}");
        }
        Settlement::GivenUp { why, entry: None } => {
            error!(event = "delivery_given_up", %call, to, r#box, why, "a delivery was given up; the message is in the call log alone: voicemail-guard call {call}");
        }
    }
}
