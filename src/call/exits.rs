//! The ways out of the box before the recording: `0` and `*` alone, as `VoiceMail()` has them.
//!
//! A number may begin with 0, so `0` is alone when `#` or the pause that ends a number follows it; `*` is at
//! once. What the caller said is kept and judged like everything; the dialplan goes where `GUARD_EXIT` says.

use std::time::Instant;

use super::Call;
use crate::agi::Key;
use crate::record::EndedBy;

impl Call {
    /// Leaves by this key, where it leads out; whether it does.
    pub(super) fn exits(&mut self, key: Key, now: Instant) -> bool {
        let is_recording = self.progress.recording.is_some();
        if is_recording || self.way_out(key).is_none() {
            return false;
        }
        self.progress.exit = Some(key);
        self.leave(EndedBy::Exit, now);
        true
    }

    /// The key he left by, and where it leads to.
    pub(super) fn exit_taken(&self) -> Option<(Key, &str)> {
        let key = self.progress.exit?;
        Some((key, self.way_out(key)?))
    }

    fn way_out(&self, key: Key) -> Option<&str> {
        match key {
            Key::ZERO => self.policy.operator_exit.as_deref(),
            Key::STAR => self.policy.star_exit.as_deref(),
            _ => None,
        }
    }
}
