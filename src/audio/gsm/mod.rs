//! GSM full rate, 13 kbit/s (ETSI EN 300 961, formerly GSM 06.10): [`Decoder`] and [`Encoder`].
//!
//! A frame of 260 bits stands for 160 samples at 8 kHz: eight reflection coefficients for the whole frame,
//! and for each of its four sub-frames a long-term predictor and thirteen regularly spaced pulses. The
//! arithmetic is the standard's 16-bit fixed point, so octets and samples are the same as those of every
//! other coder that keeps to it.
//!
//! Two ways to pack the bits are met in files: one frame in 33 octets, most significant bit first behind
//! a signature of four bits (`.gsm`), and two frames in 65 octets, least significant bit first (`.WAV`,
//! "wav49", format tag 0x31).

mod analysis;
mod arithmetic;
mod decode;
mod encode;
mod excitation;
mod frame;
mod tables;
mod values;

pub use decode::Decoder;
pub use encode::{Encoder, encode};

/// Samples in a frame.
pub const FRAME_SAMPLES: usize = 160;

/// Octets of one frame in a `.gsm` file.
pub const PLAIN_OCTETS: usize = 33;

/// Octets of two frames in a wav49 file.
pub const PAIR_OCTETS: usize = 65;

const SUB_FRAME: usize = 40;
const SUB_FRAMES: usize = 4;
const PULSES: usize = 13;
const ORDER: usize = 8;
const LONGEST_LAG: usize = 120;
const SHORTEST_LAG: usize = 40;
