//! What the guard writes to its technical log, kept for a test.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use voicemail_guard::telemetry;
use voicemail_guard::telemetry::LogFormat;

#[derive(Clone, Default)]
pub(crate) struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    /// Captures what this thread logs, until the guard is dropped.
    pub(crate) fn listen(format: LogFormat, level: &str) -> (Self, DefaultGuard) {
        let captured = Self::default();
        let writer = captured.clone();
        let filter = telemetry::filter(level).unwrap();
        let (subscriber, _) = telemetry::subscriber(format, filter, false, move || writer.clone());
        (captured, tracing::subscriber::set_default(subscriber))
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of the technical log: without those for the support team, which have numbers and names.
    pub(crate) fn technical(&self) -> String {
        let text = self.text();
        let lines = text.lines().filter(|line| !line.contains(" support: "));
        lines.map(|line| line.to_owned() + "\n").collect()
    }
}

impl Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
