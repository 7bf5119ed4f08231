//! `serve`: the guard itself.

use std::error::Error;
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::doubts::{as_root, doubts};
use super::prompt_files::{Installed, installed, measure_greetings, own_sound};
use super::reload::{self, Reload};
use super::stop::{self, Stop};
use super::when::zone_in_doubt;
use super::{Failure, Shared, notify};
use crate::call_log::CallLog;
use crate::clock::Clock;
use crate::config::{Config, SharedConfig};
use crate::delivery::Worker;
use crate::manager::Watch;
use crate::recover::{LeftBy, recover_all, take_up_recordings};
use crate::server::{self, descriptors};
use crate::session::Guard;
use crate::tap::monitor;
use crate::{number, telemetry};

/// Answer Asterisk's FastAGI requests until told to stop.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  voicemail-guard serve --config /etc/voicemail-guard.toml --data /var/lib/voicemail-guard\n\n\
    SIGTERM or SIGINT once: calls that are up finish; twice: they are handed on to VoiceMail() now.\n\
    SIGHUP: the configuration file is read again; calls that are up keep the old settings."
)]
pub struct Args {}

/// Serves until told to stop.
///
/// # Errors
/// Configuration, data folder, log or an address cannot be used.
pub fn run(_: &Args, shared: &Shared, _out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut config = shared.settings()?;
    measure_greetings(&mut config);
    let data = shared.data_folder()?;
    let log_level = telemetry::start(&config.log.level, config.log.format).map_err(failed)?;
    if let Some(doubt) = as_root() {
        warn!("{doubt}");
    }
    let (allowed, needed) = (descriptors::raise(), descriptors::needed(&config.limits));
    if allowed < needed {
        warn!(
            allowed,
            needed,
            "too few descriptors for [limits] max_connections: connections above are refused; raise the hard limit (LimitNOFILE= of the unit, ulimit -n)"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let stop = stop::on_signals().map_err(failed)?;
        let hangups = reload::signals().map_err(failed)?;
        let mut listeners = Vec::new();
        for address in &config.listen {
            match TcpListener::bind(address).await {
                Ok(listener) => listeners.push(listener),
                // A machine without IPv6 is no reason not to serve IPv4.
                Err(error) if address.is_ipv6() && config.listen.len() > 1 => {
                    warn!(%address, %error, "cannot listen here");
                }
                Err(error) => {
                    let text =
                        format!("cannot listen on {address}: {error}; is another guard running?");
                    return Err(Failure::Serve(text.into()));
                }
            }
        }
        let settings = SharedConfig::new(config);
        let clock = Clock::default();
        let reload = Reload {
            file: shared.config.clone(),
            settings: settings.clone(),
            log_level,
            clock,
        };
        tokio::spawn(reload.on(hangups));
        serve(settings, data, listeners, clock, stop).await
    });
    // A file on a share that does not answer holds up nobody's stop.
    runtime.shutdown_timeout(LAST_FILES);
    ended
}

/// How long files that are being read or written at the end are waited for.
const LAST_FILES: Duration = Duration::from_secs(5);

/// Serves on these listeners; what `serve` and `demo` share.
pub(crate) async fn serve(
    settings: SharedConfig,
    data: std::path::PathBuf,
    listeners: Vec<TcpListener>,
    clock: Clock,
    stop: Stop,
) -> Result<ExitCode, Failure> {
    tokio::task::spawn_blocking(number::warm_up);
    let config = settings.now();
    let folder = &config.tap.folder_as_guard_sees_it;
    tell_of_doubts(&config);
    if let Some(doubt) = zone_in_doubt() {
        warn!("{doubt}");
    }
    let opened = CallLog::open(&data, clock).map_err(failed)?;
    let made = DirBuilder::new().recursive(true).mode(0o770).create(folder);
    if let Err(error) = made {
        warn!(folder = %folder.display(), %error, "the tap folder is not there; calls go on to VoiceMail()");
    }
    let addresses: Vec<_> = listeners
        .iter()
        .filter_map(|l| l.local_addr().ok())
        .collect();
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
        (opened.unfinished, LeftBy::AnEarlierRun),
        (opened.abandoned, LeftBy::AFault),
    ] {
        beside.spawn(recover_all(Arc::clone(&guard), left, by));
    }
    beside.spawn(take_up_recordings(Arc::clone(&guard)));
    let stop_delivery = CancellationToken::new();
    let delivery = tokio::spawn(deliver(Arc::clone(&guard), stop_delivery.clone()));
    // It ends with the runtime: whatever it was told last is in the log, or not to be had any more.
    tokio::spawn(watch(Arc::clone(&guard)));
    info!(?addresses, data = %guard.data.display(), "listening");
    notify::ready();
    let limits = move || settings.now().limits.clone();
    server::run(listeners, limits, clock, Arc::clone(&guard), stop.gently).await;
    let safe = guard.log.flush().await;
    stop_delivery.cancel();
    if let Err(error) = delivery.await {
        error!(%error, "delivery broke off; it goes on at the next start");
    }
    info!(?safe, "stopped");
    Ok(ExitCode::SUCCESS)
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
    let mut news = guard.settings.news();
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
                news.changed().await;
            }
        };
        tokio::select! {
            () = watching => {}
            () = other_settings => {}
        }
    }
}

/// Says what of the settings may not be meant, and which prompts callers will miss.
pub(super) fn tell_of_doubts(config: &Config) {
    for doubt in config.remarks().into_iter().chain(doubts(config)) {
        warn!("{doubt}");
    }
    for language in &config.prompts.languages {
        if let Installed::Wanting { missing, useless } = installed(&config.prompts, language) {
            warn!(
                language,
                ?missing,
                ?useless,
                "prompts are missing, empty or not readable; see voicemail-guard check"
            );
        }
    }
    for greeting in config.own_greetings() {
        let seen = own_sound(&config.prompts, greeting);
        if let Some(missing) = seen.map(|seen| seen.missing).filter(|m| !m.is_empty()) {
            warn!(
                greeting,
                ?missing,
                "a greeting of your own is missing: callers of these languages hear it in English, or go on to VoiceMail()"
            );
        }
    }
}

fn failed(error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::Serve(Box::new(error))
}
