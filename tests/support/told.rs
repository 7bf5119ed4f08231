//! What the guard tells in its technical log, kept for a test.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use voicemail_guard::telemetry;
use voicemail_guard::telemetry::LogFormat;

#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    /// Hears what this thread tells, until the guard is dropped.
    pub(crate) fn listen(format: LogFormat, level: &str) -> (Self, DefaultGuard) {
        let told = Self::default();
        let writer = told.clone();
        let filter = telemetry::filter(level).unwrap();
        let (subscriber, _) = telemetry::subscriber(format, filter, false, move || writer.clone());
        (told, tracing::subscriber::set_default(subscriber))
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

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
