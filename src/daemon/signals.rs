//! The signals that stop the guard: SIGTERM and SIGINT, once gently, twice at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::service_manager;

/// The two ways to stop the guard.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new calls; those that are up finish within their grace.
    pub gently: CancellationToken,
    /// Calls that are up are handed on to `VoiceMail()` now. Comes behind the gentle one.
    pub at_once: CancellationToken,
}

impl Stop {
    /// By SIGTERM and SIGINT from now on, within the current runtime.
    ///
    /// # Errors
    /// The system refuses the handlers.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = Self::default();
        let Self { gently, at_once } = stop.clone();
        tokio::spawn(async move {
            for (token, what) in [
                (
                    gently,
                    "stopping: calls that are up finish; once more to stop at once",
                ),
                (at_once, "stopping at once"),
            ] {
                let signal = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                info!(event = "signal", signal, "{what}");
                token.cancel();
                service_manager::stopping();
            }
        });
        Ok(stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};

    #[tokio::test]
    async fn the_first_signal_stops_gently_the_second_at_once() {
        let stop = Stop::on_signals().unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        stop.gently.cancelled().await;
        assert!(!stop.at_once.is_cancelled());
        kill_process(getpid(), Signal::INT).unwrap();
        stop.at_once.cancelled().await;
    }
}
