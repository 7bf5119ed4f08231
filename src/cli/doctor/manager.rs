//! What the test asks of Asterisk's manager interface, and what it hears there.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Test;
use crate::ami::{self, AmiError, Block, Connection, Events};
use crate::call_record::Mailbox;
use crate::clock::Clock;
use crate::config::delivery::Ami;
use crate::doctor::{CALLER, Login, NUMBER, Placed, mark};

/// The context of the shipped dialplan that is led from here.
const CONTEXT: &str = "voicemail-guard-doctor";
/// What Asterisk says to an action that its user may not do (`process_message` in main/manager.c).
const DENIED: &str = "Permission denied";
/// Asterisk rings the mailbox's extension so long, in milliseconds.
const RINGS_MS: &str = "60000";

/// Logs in.
pub(super) async fn login(settings: &Ami, clock: Clock) -> (Login, Option<Connection>) {
    let began = clock.now();
    match Connection::open(settings, Events::Off).await {
        Ok(connection) => (Login::Taken(clock.now() - began), Some(connection)),
        Err(error) => (refused(error), None),
    }
}

fn refused(error: AmiError) -> Login {
    match error {
        AmiError::Io { source, .. } => Login::Closed(source.to_string()),
        AmiError::Timeout { .. } => Login::Silent,
        AmiError::NotAmi { .. } => Login::Stranger,
        AmiError::Rejected { message, .. } => Login::Refused(message),
    }
}

/// The classes of `write` that the user lacks for what is asked about a mailbox.
pub(super) async fn lacking_for_mailbox(
    connection: &mut Connection,
    mailbox: &Mailbox,
) -> Vec<&'static str> {
    let fields = [
        ("Context", mailbox.context()),
        ("Mailbox", mailbox.number()),
    ];
    let refreshed = connection.act("VoicemailRefresh", &fields).await;
    let listed = ami::messages(connection, mailbox).await.map(drop);
    let asked = [("reporting", listed), ("user", refreshed)];
    let denied = asked.into_iter().filter(|(_, done)| is_denied(done));
    denied.map(|(class, _)| class).collect()
}

fn is_denied(done: &Result<(), AmiError>) -> bool {
    matches!(done, Err(AmiError::Rejected { message, .. }) if message == DENIED)
}

/// Has Asterisk lead a channel here that is no call to anybody.
pub(super) async fn places_probe(
    connection: &mut Connection,
    test: &Test,
    here: SocketAddr,
) -> Placed {
    let channel = format!("Local/probe@{CONTEXT}/n");
    let (own, other) = (test.uniqueid(3), test.uniqueid(4));
    let back = format!("VG_DOCTOR={here}");
    let fields = [
        ("Channel", &*channel),
        ("Application", "Wait"),
        ("Data", "30"),
        ("Timeout", "4000"),
        ("ChannelId", &*own),
        ("OtherChannelId", &*other),
        ("Variable", &*back),
    ];
    placed(connection.act("Originate", &fields).await)
}

/// Has Asterisk call the mailbox's extension and lead the caller's half here.
pub(super) async fn places_call(
    connection: &mut Connection,
    test: &Test,
    here: SocketAddr,
) -> Placed {
    let channel = format!("Local/{}/n", test.wired.place);
    let caller_id = format!("\"{CALLER} {}\" <{NUMBER}>", test.token);
    let (own, other) = (test.uniqueid(1), test.uniqueid(2));
    let account = mark::of(test.config.delivery.ami.secret.inline(), &other);
    let back = format!("VG_DOCTOR={here}");
    let fields = [
        ("Channel", &*channel),
        ("Context", CONTEXT),
        ("Exten", "caller"),
        ("Priority", "1"),
        ("Timeout", RINGS_MS),
        ("CallerID", &*caller_id),
        ("Account", &*account),
        ("ChannelId", &*own),
        ("OtherChannelId", &*other),
        ("Variable", &*back),
        ("Async", "true"),
    ];
    placed(connection.act("Originate", &fields).await)
}

fn placed(asked: Result<(), AmiError>) -> Placed {
    match asked {
        Ok(()) => Placed::Done,
        denied if is_denied(&denied) => Placed::Denied,
        Err(AmiError::Rejected { message, .. }) => Placed::Failed(message),
        Err(error) => Placed::Failed(error.to_string()),
    }
}

/// Listens to what Asterisk reports of calls, for as long as the value lives.
pub(super) struct Watching {
    seen: Arc<Mutex<Reported>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Reported {
    /// Something of the test call, so that others' silence means something.
    any: bool,
    /// The called half is gone.
    is_over: bool,
    /// When telephones were last notified that the mailbox has new messages.
    mwi: Option<Instant>,
}

impl Watching {
    /// From now on; without the right to hear anything it hears nothing.
    pub(super) async fn begin(test: &Test) -> Option<Self> {
        let mut connection = Connection::open(&test.config.delivery.ami, Events::Call)
            .await
            .ok()?;
        let seen = Arc::<Mutex<Reported>>::default();
        let noted = Arc::clone(&seen);
        let (token, called) = (test.token.clone(), test.uniqueid(2));
        let (mailbox, clock) = (test.wired.mailbox.clone(), test.clock);
        let task = tokio::spawn(async move {
            while let Ok(event) = connection.event().await {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                let uniqueid = event.get("Uniqueid");
                noted.any |= uniqueid.starts_with(&token);
                noted.is_over |= event.get("Event") == "Hangup" && uniqueid == called;
                if is_mwi(&event, &mailbox) {
                    noted.mwi = Some(clock.now());
                }
            }
        });
        Some(Self { seen, task })
    }

    pub(super) fn any(&self) -> bool {
        self.with(|seen| seen.any)
    }

    pub(super) fn is_over(&self) -> bool {
        self.with(|seen| seen.is_over)
    }

    pub(super) fn mwi(&self) -> Option<Instant> {
        self.with(|seen| seen.mwi)
    }

    fn with<T>(&self, what: impl Fn(&Reported) -> T) -> T {
        what(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_mwi(event: &Block, mailbox: &Mailbox) -> bool {
    event.get("Event") == "MessageWaiting"
        && event.get("Mailbox") == mailbox.as_str()
        && event.get("New").parse().is_ok_and(|new: u32| new > 0)
}
