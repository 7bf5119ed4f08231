//! Any order of events in a call: one closed record, one end, nothing illegal, nobody cut off unasked.

#![no_main]

#[path = "../../support/any_call.rs"]
mod any_call;
#[path = "../../support/laws_of_calls.rs"]
mod laws_of_calls;
#[path = "../../support/records.rs"]
mod records;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_call::live(bytes));
