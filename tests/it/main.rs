//! The tests of the library and of the binary from outside, each module on one thing.
//!
//! With the feature `asterisk` come those that need Exim, promtool or Python; `tests/run` provides them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod agi;
mod agi_properties;
mod audio;
mod broken_database;
mod caller_lists;
mod cases;
mod cli;
mod cli_calls;
mod cli_classify;
mod cli_export;
mod config;
mod config_mistakes;
mod config_numbers;
mod crowd;
mod deliveries;
mod delivery_crash;
mod demo;
mod digest;
mod documents;
mod figures;
mod gsm;
mod handed_on;
mod hearing;
mod import_rules;
mod left_behind;
mod log;
mod log_crash;
mod mail;
#[cfg(feature = "asterisk")]
mod mail_server;
mod mail_text;
mod narrow_terminals;
mod outbox;
mod overtaking;
mod pages;
mod privacy;
mod prompts;
#[cfg(feature = "asterisk")]
mod promtool;
mod properties;
mod queue;
mod reload;
mod server;
mod service_manager;
mod session;
mod session_log;
mod tap;
mod tap_settings;
mod tidy;
mod trim;
mod upgrade;
mod web;
mod webhook;
#[cfg(feature = "asterisk")]
mod zammad;
