//! Any text as a number: a stored number is found by itself, and its E.164 form stays what it is.

#![no_main]

#[path = "../../support/any_number.rs"]
mod any_number;

libfuzzer_sys::fuzz_target!(|text: &str| any_number::search(text));
