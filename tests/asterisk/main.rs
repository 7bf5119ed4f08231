//! Calls through a real Asterisk 22: a caller reaches the voice box, and what becomes of him is looked up
//! where an administrator would look it up. `tests/run` provides and starts the Asterisk.
//!
//! Every test has its own guard on its own port with its own tap folder and its own two boxes, so all of
//! them can run side by side on the one Asterisk.

#![expect(missing_docs, reason = "a test has no users")]
#![expect(
    clippy::disallowed_methods,
    reason = "a call through a real Asterisk takes real time"
)]

mod fail_open;
mod fake_guard;
mod lab;
mod local;
mod sip;
mod sound;
