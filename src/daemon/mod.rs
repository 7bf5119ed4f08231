//! The guard as a whole: what `serve` and `demo` run.

mod doubts;
mod reload;
mod service_manager;
mod signals;
mod sockets;
mod tap_folder;
mod watchdog;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::doubts::log_doubts;
pub(crate) use self::doubts::{as_root, zone_in_doubt};
pub(crate) use self::reload::Reload;
pub use self::signals::Stop;
pub(crate) use self::sockets::Held;
pub use self::sockets::Listeners;
use crate::answered_calls::Watch;
use crate::call_log::{CallLog, Durability, LogError};
use crate::clock::{Clock, timeout};
use crate::config::{Config, SharedConfig, Tap, TapKind};
use crate::delivery::Worker;
use crate::delivery::digest::Digests;
use crate::delivery::spool::carrier::Carrier;
use crate::metrics::METRICS;
use crate::number;
use crate::queue_watch::Watches;
use crate::recover::{Cause, recover_all, sweep_tap_folder};
use crate::server::{self, descriptors};
use crate::session::{Guard, Overload};
use crate::sweep::sweep;
use crate::tap::{
    Source,
    audiosocket::Listener,
    monitor::Folder,
    spy::{Reach, Spy},
};
use crate::web::{Apart, Desk};

/// How long the start waits for what the mailboxes and prompts look like.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

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
    let doubtful = Arc::clone(&config);
    let logged = tokio::task::spawn_blocking(move || log_doubts(&doubtful));
    // Said before anything else, but a share that hangs holds up no start: it is said when it answers.
    timeout(LONGEST_LOOK, logged).await.ok();
    if let Some(doubt) = zone_in_doubt() {
        warn!(event = "setting_doubtful", "{doubt}");
    }
    let opened = CallLog::open(&data, clock)?;
    tap_folder::make(&config.tap);
    let agi = listeners
        .agi
        .iter()
        .filter_map(|it| it.socket.local_addr().ok());
    let page = listeners.web.iter().filter_map(|it| it.local_addr().ok());
    let (agi, page): (Vec<_>, Vec<_>) = (agi.collect(), page.collect());
    let of_sound = settings.clone();
    let sound = Listener::new(move |peer| of_sound.now().limits.admits(peer), clock);
    let (source, carrier) = source(&config.tap, &sound, clock);
    // They end with this function.
    let mut beside = JoinSet::new();
    let of_queues = sound_of_queues(&config, &sound, &mut beside);
    let queues = Watches::new(
        settings.clone(),
        opened.log.clone(),
        clock,
        of_queues,
        data.clone(),
        stop.gently.clone(),
    );
    let waiting = queues.waiting();
    let guard = Arc::new(Guard {
        source,
        settings: settings.clone(),
        log: opened.log,
        clock,
        data,
        at_once: stop.at_once,
        queues: Some(queues),
        overload: Overload::default(),
    });
    for socket in listeners.sound {
        beside.spawn(sound.clone().serve(socket));
    }
    for (left, by) in [
        (opened.unfinished, Cause::Crash),
        (opened.abandoned, Cause::Panic),
    ] {
        beside.spawn(recover_all(Arc::clone(&guard), left, by));
    }
    beside.spawn(sweep_tap_folder(Arc::clone(&guard)));
    beside.spawn(sweep(Arc::clone(&guard)));
    let desk = Desk::new(
        guard.data.clone(),
        settings.clone(),
        guard.log.clone(),
        waiting,
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
    let delivery = deliver(Arc::clone(&guard), carrier, stop_delivery.clone());
    let delivery = tokio::spawn(delivery);
    // It ends with the runtime: whatever it was given last is in the log, or lost.
    tokio::spawn(watch(Arc::clone(&guard)));
    info!(event = "listening", addresses = ?agi, ?page, data = %guard.data.display(), "listening");
    service_manager::ready();
    beside.spawn(watchdog::feed(agi, stop.gently.clone(), clock));
    let allowed = descriptors::allowed();
    let limits = move || descriptors::fitted(&settings.now(), allowed);
    server::run(
        listeners.agi,
        limits,
        clock,
        Arc::clone(&guard),
        stop.gently,
    )
    .await;
    if let Some(queues) = &guard.queues {
        queues.ended().await;
    }
    let left = guard.log.flush().await;
    stop_delivery.cancel();
    if let Err(error) = delivery.await {
        error!(event = "delivery_worker_failed", %error, "delivery broke off; it goes on at the next start");
    }
    log_stopped(left.ok());
    Ok(())
}

/// Says where the last calls are.
fn log_stopped(left: Option<Durability>) {
    match left {
        Some(Durability::Database) => {
            info!(event = "stopped", "stopped; every call is in the database");
        }
        Some(Durability::Journal) => {
            warn!(
                event = "stopped",
                "stopped; some calls wait in the journal, for the next start to file them"
            );
        }
        Some(Durability::Memory) | None => {
            error!(
                event = "stopped",
                "stopped; some calls could not be written anywhere, and are lost"
            );
        }
    }
}

/// Takes the sound of callers who wait in queues as well, where the settings say so.
fn sound_of_queues(
    config: &Config,
    sound: &Listener,
    beside: &mut JoinSet<()>,
) -> Option<Listener> {
    let of_calls = config.tap.ports();
    let mut listens = config.queue.listen.iter().any(|at| of_calls.contains(at));
    for address in config.ports_of_queues() {
        match server::listen(address) {
            Ok(socket) => {
                beside.spawn(sound.clone().serve(socket));
                listens = true;
            }
            Err(error) => {
                warn!(event = "listen_failed", %address, %error, "callers who wait in queues are not listened to");
            }
        }
    }
    listens.then(|| sound.clone())
}

/// Where callers' sound comes from; and how messages come to an Asterisk that sees no folder of ours.
fn source(tap: &Tap, sound: &Listener, clock: Clock) -> (Box<dyn Source>, Option<Carrier>) {
    match tap.kind {
        TapKind::Monitor => {
            let folder = Folder {
                as_asterisk_sees_it: tap.folder_as_asterisk_sees_it.clone(),
                as_guard_sees_it: tap.folder_as_guard_sees_it.clone(),
            };
            (Box::new(folder), None)
        }
        TapKind::AudioSocket => {
            let carrier = Carrier {
                listener: sound.clone(),
                address: tap.address_for_asterisk(),
                reach: Reach::new(clock),
            };
            let spy = Spy {
                listener: carrier.listener.clone(),
                address: carrier.address.clone(),
                folder: tap.folder_as_guard_sees_it.clone(),
                // A message that cannot be brought says nothing of calls.
                reach: Reach::new(clock),
            };
            (Box::new(spy), Some(carrier))
        }
    }
}

/// Delivers what stands in the outbox.
async fn deliver(guard: Arc<Guard>, carrier: Option<Carrier>, stop: CancellationToken) {
    let outbox = guard.log.outbox();
    let worker = Worker::new(&guard.settings, outbox, guard.data.clone(), guard.clock);
    let worker = tokio::select! {
        worker = worker => worker,
        () = stop.cancelled() => return,
    };
    let worker = match carrier {
        Some(carrier) => worker.carrying(carrier),
        None => worker,
    };
    worker.run(stop).await;
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
