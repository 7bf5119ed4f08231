//! Samples, pure: formats, resampling, and time measured in sound.
//!
//! Everything behind the tap is mono, 16-bit, [`RATE_HZ`] samples a second, the band that the telephone
//! network carries (ITU-T G.711). Bytes of any file form become that in [`mod@file`]; what a file or a stream
//! is made of lies beside it: [`wav`] and [`wav49`] (the containers), [`g711`] and [`gsm`] (the codings),
//! [`resample`].

pub mod file;
pub mod g711;
pub mod gsm;
pub mod level;
mod pcm;
mod remark;
pub mod resample;
mod time;
pub mod wav;
pub mod wav49;

pub use pcm::{Encoding, Layout};
pub use time::MediaTime;

/// Samples a second of everything the ear hears.
pub const RATE_HZ: u32 = 8_000;

/// Samples in one 20 ms frame at [`RATE_HZ`].
pub const FRAME: usize = 160;
