//! Any bytes as a recording: pieces of any size give the same sound, and a mended file is whole.

#![no_main]

#[path = "../../support/any_sound.rs"]
mod any_sound;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_sound::hear(bytes));
