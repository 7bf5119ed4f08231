//! A caller inside Asterisk: a Local channel, its far leg played by the dialplan's [caller].

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lab::Lab;
use crate::sound::Sound;

/// A caller and what they are going to do.
pub struct LocalCaller<'a> {
    lab: &'a Lab,
    extension: String,
    caller_id: String,
    variables: Vec<(&'static str, String)>,
}

impl<'a> LocalCaller<'a> {
    /// Somebody whom Asterisk itself puts through to this extension.
    pub fn dials(lab: &'a Lab, extension: &str) -> Self {
        Self {
            lab,
            extension: extension.to_owned(),
            caller_id: "\"Max Muster\" <0911555022>".to_owned(),
            variables: Vec::new(),
        }
    }

    /// Shows this as their name and number.
    pub fn is(mut self, caller_id: &str) -> Self {
        self.caller_id = caller_id.to_owned();
        self
    }

    /// Sends nothing for so many seconds first.
    pub fn waits(self, seconds: f32) -> Self {
        self.set("WAIT_BEFORE", seconds.to_string())
    }

    /// Then sends this sound.
    pub fn says(self, sound: &Sound) -> Self {
        static SOUNDS: AtomicU32 = AtomicU32::new(0);
        let number = SOUNDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("/tmp/says-{}-{number}", self.lab.guard_port());
        sound.write(&self.lab.inside(&format!("{name}.wav")));
        let first = self.variables.iter().all(|(key, _)| *key != "SAY");
        self.set(if first { "SAY" } else { "SAY_AFTER" }, name)
    }

    /// Then presses these keys; `w` waits half a second.
    pub fn presses(self, keys: &str) -> Self {
        self.set("KEYS", keys.to_owned())
    }

    /// Then sends nothing for so many seconds, and hangs up.
    pub fn waits_on(self, seconds: f32) -> Self {
        self.set("WAIT_AFTER", seconds.to_string())
    }

    fn set(mut self, name: &'static str, value: String) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Places the call; it goes on by itself.
    pub fn call(self) {
        let Self {
            lab,
            extension,
            caller_id,
            variables,
        } = self;
        let set: String = variables
            .iter()
            .map(|(name, value)| format!("Set: {name}={value}\n"))
            .collect();
        let file = format!(
            "Channel: Local/{extension}@tests/n\nCallerID: {caller_id}\nMaxRetries: 0\nWaitTime: 20\n\
             Context: caller\nExtension: s\nPriority: 1\n{set}"
        );
        let name = format!("{}.call", extension.replace('*', "-"));
        let written = lab.inside(&format!("/tmp/{name}"));
        fs::write(&written, file).unwrap();
        fs::rename(
            &written,
            lab.inside(&format!("/var/spool/asterisk/outgoing/{name}")),
        )
        .unwrap();
    }
}
