//! voicemail-guard: a FastAGI server that guards the voice box of a support hotline.

pub mod agi;
pub mod audio;
pub mod call;
pub mod cli;
pub mod clock;
pub mod hearing;
pub mod server;
pub mod log;
pub mod number;
pub mod text;
