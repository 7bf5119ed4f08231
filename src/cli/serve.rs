//! `serve`: the guard itself.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing::warn;

use super::{CliError, SharedArgs};
use crate::clock::Clock;
use crate::condition::prompt_files::measure_greetings;
use crate::config::SharedConfig;
use crate::daemon::{self, Listeners, Reload, Stop, as_root};
use crate::server::descriptors;
use crate::telemetry;

/// Answer Asterisk's FastAGI requests until stopped.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  voicemail-guard serve --config /etc/voicemail-guard.toml --data /var/lib/voicemail-guard\n\n\
    SIGTERM or SIGINT once: calls that are up finish; twice: they are handed on to VoiceMail() now.\n\
    SIGHUP: the configuration file is read again; calls that are up keep the old settings."
)]
pub struct Args {}

/// Serves until stopped.
///
/// # Errors
/// Configuration, data folder, log or an address cannot be used.
pub fn run(_: &Args, shared: &SharedArgs, _out: &mut dyn Write) -> Result<ExitCode, CliError> {
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
        let stop = Stop::on_signals().map_err(failed)?;
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
                    return Err(CliError::Serve(text.into()));
                }
            }
        }
        let mut web = Vec::new();
        for address in &config.web.address {
            match TcpListener::bind(address).await {
                Ok(listener) => web.push(listener),
                // Calls are guarded whether there is a page or not.
                Err(error) => warn!(
                    %address,
                    %error,
                    "the support team's page cannot be served here; [web] address names another place"
                ),
            }
        }
        let listeners = Listeners {
            agi: listeners,
            web,
        };
        let settings = SharedConfig::new(config);
        let clock = Clock::default();
        let reload = Reload {
            file: shared.config.clone(),
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
    ended.map(|()| ExitCode::SUCCESS)
}

/// How long files that are being read or written at the end are waited for.
const LAST_FILES: Duration = Duration::from_secs(5);

fn failed(error: impl Error + Send + Sync + 'static) -> CliError {
    CliError::Serve(Box::new(error))
}
