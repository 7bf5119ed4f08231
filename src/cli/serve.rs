//! `serve`: the guard itself.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tracing::warn;

use super::{CliError, SharedArgs};
use crate::clock::Clock;
use crate::condition::prompt_files::measure_greetings;
use crate::config::{Limits, SharedConfig};
use crate::daemon::{self, Held, Listeners, Reload, Stop, as_root};
use crate::server;
use crate::server::descriptors::{self, Wants};
use crate::telemetry;

/// Answer Asterisk's FastAGI requests until stopped.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  voicemail-guard serve --config /etc/voicemail-guard/voicemail-guard.toml --data /var/lib/voicemail-guard\n\n\
    SIGTERM or SIGINT once: calls that are up finish; twice: they are handed on to VoiceMail() now.\n\
    SIGHUP: the configuration file is read again; calls that are up keep the old settings."
)]
pub struct Args {}

/// Serves until stopped.
///
/// # Errors
/// Configuration, data folder, log or an address cannot be used. Where callers wait in the service manager's sockets,
/// they are sent on to `VoiceMail()` for a while before that is returned.
pub fn run(_: &Args, shared: &SharedArgs, _out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let held = Held::take().map_err(failed)?;
    let ended = serve(shared, &held);
    if let (Err(error), true) = (&ended, held.has_callers()) {
        send_on(error, &held);
    }
    ended.map(|()| ExitCode::SUCCESS)
}

fn serve(shared: &SharedArgs, held: &Held) -> Result<(), CliError> {
    let mut config = shared.settings()?;
    measure_greetings(&mut config);
    let data = shared.data_folder()?;
    let log_level = telemetry::start(&config.log.level, config.log.format).map_err(failed)?;
    if let Some(doubt) = as_root() {
        warn!(event = "setting_doubtful", "{doubt}");
    }
    let (allowed, needed) = (descriptors::raise(), Wants::of(&config).needed());
    if allowed < needed {
        warn!(
            event = "descriptors_few",
            allowed,
            needed,
            "too few descriptors for [limits] max_connections and max_calls, of which each has its sound: what is above is refused; raise the hard limit (LimitNOFILE= of the unit, ulimit -n)"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let stop = Stop::on_signals().map_err(failed)?;
        let listeners =
            Listeners::open(&config, held).map_err(|text| CliError::Serve(text.into()))?;
        let settings = SharedConfig::new(config);
        let clock = Clock::default();
        let reload = Reload {
            file: shared.config.clone(),
            data: data.clone(),
            settings: settings.clone(),
            log_level,
            clock,
        };
        reload.on_signals().map_err(failed)?;
        let served = daemon::run(settings, data, listeners, clock, stop).await;
        served.map_err(failed)
    });
    // A file on a share that does not answer holds up nobody's stop.
    runtime.shutdown_timeout(LAST_FILES);
    ended
}

/// Sends callers on who wait in the service manager's sockets: until the next attempt each would hear nothing for as
/// long as the dialplan gives a guard that does not answer.
fn send_on(error: &CliError, held: &Held) {
    let log = &mut io::stderr();
    writeln!(
        log,
        "voicemail-guard: {error}\nvoicemail-guard: callers are sent on to VoiceMail() for {} s, then this ends",
        UNTIL_NEXT_ATTEMPT.as_secs()
    )
    .ok();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        if let (Ok(stop), Ok(listeners)) = (Stop::on_signals(), held.agi()) {
            let limits = Limits::default();
            let refusing =
                server::refuse_for(UNTIL_NEXT_ATTEMPT, listeners, limits, Clock::default());
            tokio::select! {
                () = refusing => {}
                () = stop.gently.cancelled() => {}
            }
        }
    });
}

/// How long files that are being read or written at the end are waited for.
const LAST_FILES: Duration = Duration::from_secs(5);
/// How long callers are sent on before the service manager is asked to try again.
const UNTIL_NEXT_ATTEMPT: Duration = Duration::from_secs(10);

fn failed(error: impl Error + Send + Sync + 'static) -> CliError {
    CliError::Serve(Box::new(error))
}
