//! The guard as a whole: what `serve` and `demo` run.

mod doubts;
mod reload;
mod signals;
mod tap_folder;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::doubts::log_doubts;
pub(crate) use self::doubts::{as_root, zone_in_doubt};
pub(crate) use self::reload::Reload;
pub use self::signals::Stop;
use crate::answered_calls::Watch;
use crate::call_log::{CallLog, Durability, LogError};
use crate::clock::{Clock, timeout};
use crate::config::{Config, SharedConfig};
use crate::delivery::Worker;
use crate::delivery::digest::Digests;
use crate::metrics::METRICS;
use crate::number;
use crate::recover::{Cause, recover_all, sweep_tap_folder};
use crate::server;
use crate::session::Guard;
use crate::tap::monitor;
use crate::web::{Apart, Desk};

/// How long the start waits for what the mailboxes and prompts look like.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// Where the guard listens.
#[derive(Debug)]
pub struct Listeners {
    /// For Asterisk's requests.
    pub agi: Vec<TcpListener>,
    /// For the support team's browsers.
    pub web: Vec<TcpListener>,
}

/// Serves on these listeners until it is stopped.
///
/// # Errors
/// The call log cannot be opened.
pub async fn run(
    settings: SharedConfig,
    data: PathBuf,
    listeners: Listeners,
    clock: Clock,
    stop: Stop,
) -> Result<(), LogError> {
    tokio::task::spawn_blocking(number::warm_up);
    METRICS.config_taken();
    let config = settings.now();
    let folder = &config.tap.folder_as_guard_sees_it;
    let doubtful = Arc::clone(&config);
    let logged = tokio::task::spawn_blocking(move || log_doubts(&doubtful));
    // Said before anything else, but a share that hangs holds up no start: it is said when it answers.
    timeout(LONGEST_LOOK, logged).await.ok();
    if let Some(doubt) = zone_in_doubt() {
        warn!("{doubt}");
    }
    let opened = CallLog::open(&data, clock)?;
    tap_folder::make(folder);
    let addresses =
        |of: &[TcpListener]| -> Vec<_> { of.iter().filter_map(|l| l.local_addr().ok()).collect() };
    let (agi, page) = (addresses(&listeners.agi), addresses(&listeners.web));
    let source = Box::new(monitor::Folder(folder.clone()));
    let guard = Arc::new(Guard {
        source,
        settings: settings.clone(),
        log: opened.log,
        clock,
        data,
        at_once: stop.at_once,
    });
    // They end with this function.
    let mut beside = JoinSet::new();
    for (left, by) in [
        (opened.unfinished, Cause::Crash),
        (opened.abandoned, Cause::Panic),
    ] {
        beside.spawn(recover_all(Arc::clone(&guard), left, by));
    }
    beside.spawn(sweep_tap_folder(Arc::clone(&guard)));
    let desk = Desk::new(
        guard.data.clone(),
        settings.clone(),
        guard.log.clone(),
        clock,
    );
    let _page = Apart::serve(desk, listeners.web);
    let digests = Digests::new(
        settings.clone(),
        guard.log.clone(),
        guard.data.clone(),
        clock,
    );
    beside.spawn(digests.run());
    let stop_delivery = CancellationToken::new();
    let delivery = tokio::spawn(deliver(Arc::clone(&guard), stop_delivery.clone()));
    // It ends with the runtime: whatever it was given last is in the log, or lost.
    tokio::spawn(watch(Arc::clone(&guard)));
    info!(addresses = ?agi, ?page, data = %guard.data.display(), "listening");
    signals::ready();
    let limits = move || settings.now().limits.clone();
    server::run(
        listeners.agi,
        limits,
        clock,
        Arc::clone(&guard),
        stop.gently,
    )
    .await;
    let left = guard.log.flush().await;
    stop_delivery.cancel();
    if let Err(error) = delivery.await {
        error!(%error, "delivery broke off; it goes on at the next start");
    }
    match left {
        Ok(Durability::Database) => info!("stopped; every call is in the database"),
        Ok(Durability::Journal) => {
            warn!("stopped; some calls wait in the journal, for the next start to file them");
        }
        Ok(Durability::Memory) | Err(_) => {
            error!("stopped; some calls could not be written anywhere, and are lost");
        }
    }
    Ok(())
}

/// Delivers what stands in the outbox.
async fn deliver(guard: Arc<Guard>, stop: CancellationToken) {
    let outbox = guard.log.outbox();
    let worker = Worker::new(&guard.settings, outbox, guard.data.clone(), guard.clock);
    tokio::select! {
        worker = worker => worker.run(stop).await,
        () = stop.cancelled() => {}
    }
}

/// Watches whom Asterisk connects, by the settings that hold; never returns.
async fn watch(guard: Arc<Guard>) {
    let wanted = |config: &Config| {
        (
            config.delivery.ami.clone(),
            config.has_cases(),
            config.homes(),
        )
    };
    let mut changes = guard.settings.changes();
    loop {
        let config = guard.settings.now();
        let watch = Watch::of(&config, guard.log.clone(), guard.clock);
        let watching = async {
            match watch {
                Some(watch) => watch.run().await,
                None => std::future::pending().await,
            }
        };
        // A connection knows of calls that are being set up: it is not given up without need.
        let other_settings = async {
            while wanted(&guard.settings.now()) == wanted(&config) {
                changes.changed().await;
            }
        };
        tokio::select! {
            () = watching => {}
            () = other_settings => {}
        }
    }
}
