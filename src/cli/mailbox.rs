//! `--box`: a mailbox that somebody has.

use super::calls::Error;
use crate::call_log::Reader;
use crate::call_record::MailboxName;
use crate::config::Config;

/// The mailbox of this name, where [it is somebody's](Config::is_somebodys).
pub(super) fn known(name: &str, config: &Config, reader: &Reader) -> Result<MailboxName, Error> {
    let mailbox = MailboxName::from(name);
    if mailbox.mailbox().is_none() {
        return Err(Error::Mailbox(name.into()));
    }
    if config.is_somebodys(&mailbox, &reader.mailboxes()?) {
        Ok(mailbox)
    } else {
        Err(Error::UnknownMailbox(mailbox))
    }
}
