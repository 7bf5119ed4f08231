//! Calls as scripts: what Asterisk and the caller do, in time, and everything that came of it.
//!
//! A script holds inputs only. Its lines, each with its mark in front; the order of the `~` lines counts:
//!
//! ```text
//! # what this call is about; the first such line is its title
//! = pause_s = 5                                   a setting of [defaults], as in the configuration
//! agi_callerid: anonymous                         a line of the prelude, in place of the usual one
//! < STREAM FILE beep | 200 result=-1 endpos=0     Asterisk's answer to the next such command
//! < 3 WAIT FOR DIGIT | wait 2s / 200 result=0     ... to the third; in its parts, one after the other
//! < ANSWER | never                                ... never
//! < ANSWER | close                                ... but it closes the connection
//! ~ when beep ends                                the caller waits until a prompt begins or ends
//! ~ speech 2s                                     his sound: speech, silence, music, noise, tone BUSY,
//! ~ music                                           zeros (MixMonitor's padding), nothing (no packets)
//! ~ wait 3s                                       the sound goes on
//! ~ keys 0911#                                    a key every 0.3 s
//! ~ hangup                                        hangs up; see `HangUp` for the ways Asterisk says it
//! ~ tap fails                                     the tap's file is gone
//! ~ tap hangs                                     the tap's folder answers no more
//! ~ shutdown                                      the guard must go at once
//! ```
//!
//! What a script does not say, Asterisk does as a real one does ([`pbx`]). When the lines are over, the
//! caller's last sound goes on until somebody ends the call.

mod caller;
pub(crate) mod dialogue;
pub(crate) mod ear;
pub(crate) mod pbx;
pub(crate) mod script;
pub(crate) mod virtual_time;
