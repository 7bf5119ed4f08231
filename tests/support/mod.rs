//! What the modules of `tests/it` share. Other binaries take single files from here by their path.

pub(crate) mod any_call;
pub(crate) mod any_caller_list;
pub(crate) mod any_cdr;
pub(crate) mod argument_splitter;
#[cfg(feature = "asterisk")]
pub(crate) mod browser;
pub(crate) mod call_log;
pub(crate) mod captured_log;
pub(crate) mod certificates;
pub(crate) mod command_line;
pub(crate) mod laws_of_calls;
pub(crate) mod listeners;
pub(crate) mod outgoing;
pub(crate) mod progress;
pub(crate) mod receiver;
pub(crate) mod records;
pub(crate) mod smtp_sink;
pub(crate) mod sounds;
pub(crate) mod sources;
pub(crate) mod wav_file;
