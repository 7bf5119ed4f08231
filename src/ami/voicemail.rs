//! Messages in mailboxes, as Asterisk itself knows them (from 18.20 and 20.5 on).

use super::{AmiError, Connection};
use crate::call_record::Mailbox;

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// In which folder, such as `INBOX`.
    pub(crate) folder: String,
    /// Asterisk's identifier of it.
    pub(crate) id: String,
    /// Name and number of who left it, as `"Name" <number>`.
    pub(crate) caller_id: String,
}

/// The messages of a mailbox, in all its folders.
///
/// # Errors
/// Asterisk does not say, or does not know the action.
pub(crate) async fn messages(
    connection: &mut Connection,
    mailbox: &Mailbox,
) -> Result<Vec<Stored>, AmiError> {
    let fields = [
        ("Context", mailbox.context()),
        ("Mailbox", mailbox.number()),
    ];
    let events = ("VoicemailBoxDetail", "VoicemailBoxDetailComplete");
    let found = connection
        .list("VoicemailBoxSummary", &fields, events)
        .await?;
    let stored = found.iter().map(|block| Stored {
        folder: block.get("Folder").to_owned(),
        id: block.get("ID").to_owned(),
        caller_id: block.get("CallerID").to_owned(),
    });
    Ok(stored.filter(|stored| !stored.id.is_empty()).collect())
}

/// Has Asterisk remove a message.
///
/// # Errors
/// It did not.
pub(crate) async fn remove(
    connection: &mut Connection,
    mailbox: &Mailbox,
    message: &Stored,
) -> Result<(), AmiError> {
    let fields = [
        ("Context", mailbox.context()),
        ("Mailbox", mailbox.number()),
        ("Folder", &*message.folder),
        ("ID", &*message.id),
    ];
    connection.act("VoicemailRemove", &fields).await
}
