//! Any text as a configuration: settings that agree with each other, or mistakes with their places.

#![no_main]

#[path = "../../support/any_settings.rs"]
mod any_settings;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_settings::read(bytes));
