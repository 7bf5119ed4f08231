//! Any list of callers and any number, against a slow reader of patterns.

#![no_main]

#[path = "../../support/any_caller_list.rs"]
mod any_caller_list;

libfuzzer_sys::fuzz_target!(|text: &str| any_caller_list::look(text));
