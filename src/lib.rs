//! voicemail-guard: a FastAGI server that guards the voice box of a support hotline.

pub mod agi;
pub mod audio;
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
pub mod hearing;
pub mod log;
pub mod number;
pub mod prompts;
pub mod server;
pub mod telemetry;
pub mod text;
