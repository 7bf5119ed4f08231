//! A client of Asterisk's manager interface (AMI): one [`Connection`], its actions and its events.
//!
//! Asterisk logs every login: a client that asks again and again keeps the connection open.

mod block;
mod connection;
mod voicemail;

pub(crate) use block::Block;
pub(crate) use connection::{AmiError, Connection, Events};

pub(crate) use voicemail::{messages, remove};

use crate::call_record::Mailbox;
use crate::config::delivery::Ami;

/// Logs in and off again.
///
/// # Errors
/// Why that is not possible.
pub(crate) async fn try_login(settings: &Ami) -> Result<(), AmiError> {
    Connection::open(settings, Events::Off)
        .await?
        .log_off()
        .await
}

/// Has one action done, over a connection of its own.
///
/// # Errors
/// Why it was not.
pub(crate) async fn act(
    settings: &Ami,
    action: &'static str,
    fields: &[(&str, &str)],
) -> Result<(), AmiError> {
    let mut connection = Connection::open(settings, Events::Off).await?;
    connection.act(action, fields).await?;
    connection.log_off().await
}

/// Has Asterisk look at a mailbox, so that MWI and `externnotify` follow.
///
/// A message that is put into a mailbox from outside is counted at once, but Asterisk notifies
/// telephones of it only when it is asked to look.
///
/// # Errors
/// Why it did not.
pub(crate) async fn refresh_mwi(settings: &Ami, mailbox: &Mailbox) -> Result<(), AmiError> {
    let fields = [
        ("Context", mailbox.context()),
        ("Mailbox", mailbox.number()),
    ];
    act(settings, "VoicemailRefresh", &fields).await
}
