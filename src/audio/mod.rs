//! Samples, pure: formats, resampling, levels, and time measured in sound.
//!
//! Everything behind the tap is mono, 16-bit, [`RATE_HZ`] samples a second, the band that the telephone
//! network carries (ITU-T G.711).

mod time;

pub use time::MediaTime;

/// Samples a second of everything the ear hears.
pub const RATE_HZ: u32 = 8_000;

/// Samples in one 20 ms frame at [`RATE_HZ`].
pub const FRAME: usize = 160;
