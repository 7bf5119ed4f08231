//! How the guard is told to read its configuration again: SIGHUP.
//!
//! A file with mistakes changes nothing: the old settings hold on as a whole, and the log says what is wrong.

use std::io;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use super::prompt_files::measure_greetings;
use super::{notify, serve};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, SharedConfig};

use crate::telemetry::LogLevel;

/// Listens for SIGHUP from now on, within the current runtime.
///
/// # Errors
/// The system refuses the handler.
pub(super) fn signals() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// What is read again, and who goes by it.
pub(super) struct Reload {
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
    /// The settings.
    pub(super) settings: SharedConfig,
    /// How much the log shows.
    pub(super) log_level: LogLevel,
    /// For systemd, which wants to know when it began.
    pub(super) clock: Clock,
}

impl Reload {
    /// Reads the file again at each of these signals.
    pub(super) async fn on(self, mut hangups: Signal) {
        while hangups.recv().await.is_some() {
            notify::reloading(self.clock);
            if let Some(file) = &self.file {
                self.read(file).await;
            } else {
                warn!(
                    "told to read the configuration again, but serve was started without --config: nothing changes"
                );
            }
            notify::ready();
        }
    }

    async fn read(&self, file: &Path) {
        let path = file.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let mut config = Config::load(&path)?;
            measure_greetings(&mut config);
            serve::tell_of_doubts(&config);
            Ok(config)
        });
        match read.await {
            Ok(Ok(config)) => self.take(file, config),
            Ok(Err(refused)) => refuse(&refused),
            Err(broken) => {
                error!(error = %broken, "reading the configuration broke off: the old one holds on");
            }
        }
    }

    fn take(&self, file: &Path, config: Config) {
        if config == Config::default() {
            warn!(file = %file.display(), "the configuration sets nothing: the defaults hold for every box");
        }
        let before = self.settings.now();
        for setting in self.settings.replace(config) {
            warn!(
                setting,
                "this cannot be changed while the guard runs and stays as it was; restart to apply"
            );
        }
        let now = self.settings.now();
        self.log_level.set(&now.log.level);
        let file = file.display();
        if now == before {
            info!(%file, "the configuration was read again: nothing in it has changed for this guard");
        } else {
            info!(%file, "the configuration was read again: new calls and deliveries go by it, calls that are up keep theirs");
        }
    }
}

/// Every mistake as a line of its own, in the words of `check`.
fn refuse(refused: &ConfigError) {
    match refused {
        ConfigError::Invalid { file, problems } => {
            for problem in problems {
                error!("{}, {problem}", file.display());
            }
        }
        ConfigError::Unreadable { .. } => error!("{refused}"),
    }
    error!(
        "the configuration was not taken, the old one holds on as a whole: mend the above (voicemail-guard check) and reload again"
    );
}
