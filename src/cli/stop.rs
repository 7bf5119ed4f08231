//! How the guard is told to stop: SIGTERM and SIGINT, once gently, twice at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::notify;

/// The two wishes of whoever stops the guard.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new calls; those that are up finish within their grace.
    pub gently: CancellationToken,
    /// Calls that are up are handed on to `VoiceMail()` now. Implies the gentle wish.
    pub at_once: CancellationToken,
}

/// Listens for SIGTERM and SIGINT from now on, within the current runtime.
///
/// # Errors
/// The system refuses the handlers.
pub fn on_signals() -> io::Result<Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = Stop::default();
    let wishes = stop.clone();
    tokio::spawn(async move {
        for (wish, what) in [
            (
                wishes.gently,
                "stopping: calls that are up finish; once more to stop at once",
            ),
            (wishes.at_once, "stopping at once"),
        ] {
            let signal = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal, "{what}");
            notify::stopping();
            wish.cancel();
        }
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};

    #[tokio::test]
    async fn the_first_signal_stops_gently_the_second_at_once() {
        let stop = on_signals().unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        stop.gently.cancelled().await;
        assert!(!stop.at_once.is_cancelled());
        kill_process(getpid(), Signal::INT).unwrap();
        stop.at_once.cancelled().await;
    }
}
