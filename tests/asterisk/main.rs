//! Calls through a real Asterisk 22: a caller reaches the mailbox, and what becomes of them is looked up
//! where an administrator would look it up. `tests/run` provides and starts the Asterisk.
//!
//! Every test has its own guard on its own port with its own tap folder and its own two boxes, so all of
//! them can run side by side on the one Asterisk.

#![expect(
    unreachable_pub,
    reason = "what the modules of this test share is public among them"
)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says why"
)]
#![expect(
    clippy::pedantic,
    clippy::wrong_self_convention,
    reason = "scripts are to read as prose: the caller is quiet, is interrupted, is from somewhere"
)]
#![expect(dead_code, reason = "some of it only the load bench needs")]
#![expect(
    clippy::disallowed_methods,
    reason = "a call through a real Asterisk takes real time"
)]

mod callers;
mod cases;
mod delivery;
mod disk;
mod dns;
mod doctor;
mod fail_open;
mod fake_guard;
mod faults;
mod freepbx;
mod guard;
mod guards;
mod hangups;
mod hostile;
mod keys;
mod lab;
mod lists;
mod live_equals_file;
mod local;
mod manager;
mod modes;
mod number;
mod over_audiosocket;
mod page;
mod queue;
mod queue_faults;
mod ramblers;
mod reload;
mod replay;
mod restart;
mod sip;
mod sound;
mod table;
mod tap_faults;
mod team;
mod told_apart;
mod two_asterisks;
mod wire;
mod wiring_page;
