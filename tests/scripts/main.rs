//! Calls as scripts: what Asterisk and the caller do, in time, and everything that came of it.
//!
//! Every script of `tests/calls` is a test twice: of the conversation alone ([`calls`]), and through session, codec
//! and call log ([`wire`]).
//!
//! A script holds inputs only. Its lines, each with its mark in front; the order of the `~` lines counts:
//!
//! ```text
//! # what this call is about; the first such line is its title
//! = pause_s = 5                                   a setting of [defaults], as in the configuration
//! agi_callerid: anonymous                         a line of the prelude, in place of the usual one
//! tap: audiosocket                                callers are spied on, in place of MixMonitor
//! < STREAM FILE beep | 200 result=-1 endpos=0     Asterisk's answer to the next such command
//! < 3 WAIT FOR DIGIT | wait 2s / 200 result=0     ... to the third; in its parts, one after the other
//! < ANSWER | never                                ... never
//! < ANSWER | close                                ... but it closes the connection
//! ~ when beep ends                                the caller waits until a prompt begins or ends
//! ~ speech 2s                                     their sound: speech, silence, music, noise, tone BUSY,
//! ~ music                                           zeros (MixMonitor's padding), nothing (no packets),
//!                                                   indistinct (noise in which somebody may be speaking)
//! ~ keys-in-sound 0911#                           keys whose tones come in the sound alone
//! ~ wait 3s                                       the sound goes on
//! ~ keys 0911#                                    a key every 0.3 s
//! ~ hangup                                        hangs up; see `HangUp` for the ways Asterisk says it
//! ~ tap fails                                     the tap's file is gone, or its line closes
//! ~ tap hangs                                     the tap's folder answers no more
//! ~ shutdown                                      the guard must go at once
//! ```
//!
//! What a script does not say, Asterisk does as a real one does ([`pbx`]). When the lines are over, the
//! caller's last sound goes on until somebody ends the call.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::ExitCode;

use libtest_mimic::Arguments;

#[path = "../support/argument_splitter.rs"]
mod argument_splitter;
#[path = "../support/captured_log.rs"]
mod captured_log;

mod caller;
mod calls;
mod dialogue;
mod ear;
mod pbx;
mod script;
mod virtual_time;
mod wire;

fn main() -> ExitCode {
    let trials = calls::trials().chain(wire::trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
