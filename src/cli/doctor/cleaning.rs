//! What the test leaves behind, and its removal.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use super::{Test, log};
use crate::ami::{self, AmiError, Connection, Events};
use crate::call_log::remove_test;
use crate::call_record::{CallRecord, Destination, Mailbox};
use crate::config::delivery::Method;
use crate::delivery::blocking;
use crate::delivery::spool::Spool;
use crate::recordings;

/// A guard whose caller has gone has closed the record by then.
const CLOSES_WITHIN: Duration = Duration::from_secs(15);
/// `VoiceMail()` has stored a message by then whose caller has gone.
const STORES_WITHIN: Duration = Duration::from_secs(1);
/// A first attempt at a delivery is over by then.
const DELIVERS_WITHIN: Duration = Duration::from_secs(10);

/// What was made so far that is to go.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Files in the tap folder.
    pub(super) files: Vec<PathBuf>,
    /// The call was placed: the guard may have it in its log, and the mailbox a message.
    pub(super) is_placed: bool,
}

/// Removes all there is of the test; what stays is returned, with why. `None` where nothing was made.
pub(super) async fn clean_up(test: &Test) -> Option<Vec<String>> {
    let (files, is_placed) = {
        let traces = test.traces.lock().unwrap_or_else(PoisonError::into_inner);
        (traces.files.clone(), traces.is_placed)
    };
    if !is_placed && files.is_empty() {
        return None;
    }
    let mut left = Vec::new();
    if is_placed {
        let record = over(test).await;
        test.clock.sleep(STORES_WITHIN).await;
        let asked_for = record.as_ref().and_then(|it| it.mailbox.mailbox());
        let other = asked_for.filter(|asked_for| **asked_for != test.wired.mailbox);
        for mailbox in other.into_iter().chain([&test.wired.mailbox]) {
            left.extend(of_mailbox(test, mailbox).await);
        }
        if let Some(record) = record {
            left.extend(of_log(test, record).await);
        }
    }
    let removed = blocking(move || {
        let removed = files.into_iter().map(|file| (fs::remove_file(&file), file));
        let failed = removed.filter_map(|(removed, file)| Some((removed.err()?, file)));
        let failed = failed.filter(|(error, _)| error.kind() != ErrorKind::NotFound);
        let texts = failed.map(|(error, file)| format!("{}: {error}", file.display()));
        texts.collect::<Vec<_>>()
    });
    left.extend(removed.await.unwrap_or_default());
    Some(left)
}

/// The call in the guard's log once it is over and each of its deliveries was tried.
async fn over(test: &Test) -> Option<CallRecord> {
    let found = log::find(&test.data, &test.uniqueid(2)).await?;
    let record = log::ended(&test.data, found.id, CLOSES_WITHIN, test.clock).await?;
    if record.ended.is_some() {
        let until = test.clock.now() + DELIVERS_WITHIN;
        for to in destinations(test, &record) {
            let within = until.saturating_duration_since(test.clock.now());
            log::outcome(&test.data, record.id, to, within, test.clock).await;
        }
    }
    Some(record)
}

fn destinations(test: &Test, record: &CallRecord) -> Vec<Destination> {
    let wanted = test.config.deliver_to(&record.mailbox);
    crate::call_record::destinations_of(record, wanted)
}

/// Removes the test's messages from the mailbox, by Asterisk, which sees to MWI.
async fn of_mailbox(test: &Test, mailbox: &Mailbox) -> Option<String> {
    let (ami, caller) = (&test.config.delivery.ami, test.caller());
    let removing = async {
        let mut connection = Connection::open(ami, Events::Off).await?;
        let messages = ami::messages(&mut connection, mailbox).await?;
        let ours = messages
            .iter()
            .filter(|one| one.caller_id.contains(&caller));
        let mut any = false;
        for message in ours {
            ami::remove(&mut connection, mailbox, message).await?;
            any = true;
        }
        connection.log_off().await?;
        if any {
            // Telephones whose light Asterisk does not put out by itself.
            ami::refresh_mwi(ami, mailbox).await.ok();
        }
        Ok::<_, AmiError>(())
    };
    let error = removing.await.err()?;
    let name = mailbox.as_str();
    Some(format!(
        "a message by {caller} in {name}, if there is one ({error})"
    ))
}

/// Removes the call, its recording and what is still to be delivered of it.
async fn of_log(test: &Test, record: CallRecord) -> Vec<String> {
    let (data, id) = (test.data.clone(), record.id);
    let tap = test.config.tap.folder_as_guard_sees_it.clone();
    let voicemail = test.config.delivery.voicemail.clone();
    let removing = blocking(move || {
        let mut left = Vec::new();
        match remove_test(&data, id) {
            Ok(true) => {}
            Ok(false) => {
                let why = if record.ended.is_none() {
                    "it is not over"
                } else {
                    "the guard took it for a customer's"
                };
                left.push(format!("call {id} in the guard's log: {why}"));
                return left;
            }
            Err(error) => {
                left.push(format!("call {id} in the guard's log: {error}"));
                return left;
            }
        }
        if voicemail.method == Method::Files
            && let Err(error) = Spool::new(voicemail, String::new()).discard(&record.mailbox, id)
        {
            left.push(format!("what was prepared for the mailbox: {error}"));
        }
        let noted = record.audio.as_deref();
        if let Err(error) = recordings::remove(&tap, &data, (id, record.started), noted) {
            let place = recordings::place(id, record.started);
            left.push(format!(
                "{place}, or its raw file in the tap folder: {error}"
            ));
        }
        left
    });
    removing
        .await
        .unwrap_or_else(|error| vec![error.to_string()])
}
