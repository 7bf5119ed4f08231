//! Any bytes as call detail records: pieces of any size give the same records, none without end.

#![no_main]

#[path = "../../support/any_cdr.rs"]
mod any_cdr;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_cdr::read(bytes));
