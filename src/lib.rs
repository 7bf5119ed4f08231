//! voicemail-guard: a FastAGI server that guards the mailbox of a support hotline.
//!
//! ```text
//!  Asterisk ──► server ──► session: one select!, one match ──► Asterisk
//!                            │ events            ▲ actions
//!          tap ─► hearing ───▼───────────────────┴
//!                          call::Call   (pure: no I/O, no clock)
//! ```
//!
//! Bytes → values → events → decisions → actions → bytes. A decision never lives in the shell
//! ([`server`], [`session`], [`tap`], [`cli`] among others), a wait never in the core ([`agi`],
//! [`audio`], [`hearing`], [`call`] among others): ARCHITECTURE.md has them all.

pub mod access;
pub mod agi;
mod ami;
mod answered_calls;
pub mod audio;
pub mod call;
pub mod call_log;
pub mod call_record;
pub mod case;
pub mod cli;
pub mod clock;
mod condition;
pub mod config;
pub mod daemon;
pub mod delivery;
pub mod dialplan;
mod doctor;
pub mod figures;
pub mod hearing;
pub mod imported;
pub mod keeping;
pub mod metrics;
pub mod number;
pub mod password;
mod plot;
pub mod prompts;
pub mod queue_watch;
pub mod recordings;
pub mod recover;
pub mod server;
pub mod session;
mod setting;
pub mod sweep;
pub mod tap;
pub mod telemetry;
pub mod text;
pub mod token;
mod trace;
pub mod web;
pub mod wording;
