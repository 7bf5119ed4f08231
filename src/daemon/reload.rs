//! How the guard is asked to read its configuration again: SIGHUP.
//!
//! A file with mistakes changes nothing: the old settings hold on as a whole, and the log says what is wrong.

use std::io;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::doubts::log_doubts;
use super::service_manager;
use crate::clock::Clock;
use crate::condition::prompt_files::measure_greetings;
use crate::config::{Config, ConfigError, SharedConfig};
use crate::metrics::METRICS;
use crate::telemetry::LogLevel;

/// What is read again, and who goes by it.
pub(crate) struct Reload {
    /// The file, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// Where the data lives.
    pub(crate) data: PathBuf,
    /// The settings.
    pub(crate) settings: SharedConfig,
    /// How much the log shows.
    pub(crate) log_level: LogLevel,
    /// For systemd, which wants to know when it began.
    pub(crate) clock: Clock,
}

impl Reload {
    /// Reads the file again at each SIGHUP from now on, within the current runtime.
    ///
    /// # Errors
    /// The system refuses the handler.
    pub(crate) fn on_signals(self) -> io::Result<()> {
        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                service_manager::reloading(self.clock);
                if let Some(file) = &self.file {
                    self.read(file).await;
                } else {
                    warn!(
                        event = "reload_impossible",
                        "asked to read the configuration again, but serve was started without --config: nothing changes"
                    );
                }
                service_manager::ready();
            }
        });
        Ok(())
    }

    async fn read(&self, file: &Path) {
        let (path, data) = (file.to_owned(), self.data.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut config = Config::load(&path)?;
            config.tap.below(&data);
            measure_greetings(&mut config);
            log_doubts(&config);
            Ok(config)
        });
        match read.await {
            Ok(Ok(config)) => self.take(file, config),
            Ok(Err(refused)) => {
                METRICS.config_refused();
                refuse(&refused);
            }
            Err(broken) => {
                error!(event = "reload_refused", error = %broken, "reading the configuration broke off: the old one holds on");
            }
        }
    }

    fn take(&self, file: &Path, config: Config) {
        if config == Config::default() {
            warn!(event = "config_empty", file = %file.display(), "the configuration sets nothing: the defaults hold for every mailbox");
        }
        let before = self.settings.now();
        for setting in self.settings.replace(config) {
            warn!(
                event = "restart_needed",
                setting,
                "this cannot be changed while the guard runs and stays as it was; restart to apply"
            );
        }
        METRICS.config_taken();
        let now = self.settings.now();
        self.log_level.set(&now.log.level);
        let file = file.display();
        if now == before {
            info!(event = "reloaded", %file, "the configuration was read again: nothing in it has changed for this guard");
        } else {
            info!(event = "reloaded", %file, "the configuration was read again: new calls and deliveries go by it, calls that are up keep theirs");
        }
    }
}

/// Every mistake as a line of its own, in the words of `check`.
fn refuse(refused: &ConfigError) {
    match refused {
        ConfigError::Invalid { file, problems } => {
            for problem in problems {
                error!(event = "config_mistake", "{}, {problem}", file.display());
            }
        }
        ConfigError::Unreadable { .. } => error!(event = "config_mistake", "{refused}"),
    }
    error!(
        event = "reload_refused",
        "the configuration was not taken, the old one holds on as a whole: mend the above (voicemail-guard check) and reload again"
    );
}
