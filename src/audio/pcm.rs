//! Bytes of any coding into 16-bit samples of one channel.

use std::fmt;

use super::{g711, gsm};

/// How samples are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Linear, unsigned, 8 bits.
    Pcm8,
    /// Linear, signed, 16 bits.
    Pcm16,
    /// Linear, signed, 24 bits.
    Pcm24,
    /// Linear, signed, 32 bits.
    Pcm32,
    /// IEEE 754, full scale 1.0.
    Float32,
    /// IEEE 754 in double precision, full scale 1.0.
    Float64,
    /// A-law (ITU-T G.711).
    Alaw,
    /// µ-law (ITU-T G.711).
    Ulaw,
    /// GSM full rate, a frame in 33 bytes.
    Gsm,
    /// GSM full rate, two frames in 65 bytes (wav49).
    GsmPairs,
}

impl Encoding {
    /// Bytes of the smallest piece of one channel that can be decoded.
    pub fn bytes(self) -> usize {
        match self {
            Self::Pcm8 | Self::Alaw | Self::Ulaw => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Pcm32 | Self::Float32 => 4,
            Self::Float64 => 8,
            Self::Gsm => gsm::PLAIN_OCTETS,
            Self::GsmPairs => gsm::PAIR_OCTETS,
        }
    }

    fn is_gsm(self) -> bool {
        matches!(self, Self::Gsm | Self::GsmPairs)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcm8 => "8-bit PCM",
            Self::Pcm16 => "16-bit PCM",
            Self::Pcm24 => "24-bit PCM",
            Self::Pcm32 => "32-bit PCM",
            Self::Float32 => "32-bit float",
            Self::Float64 => "64-bit float",
            Self::Alaw => "A-law",
            Self::Ulaw => "µ-law",
            Self::Gsm => "GSM",
            Self::GsmPairs => "GSM (wav49)",
        })
    }
}

/// What the bytes of a stream mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How one sample is coded.
    pub encoding: Encoding,
    /// Samples that belong to one instant, at least one.
    pub channels: u16,
    /// Instants a second.
    pub rate_hz: u32,
    /// Most significant byte first.
    pub big_endian: bool,
}

impl Layout {
    /// One channel, least significant byte first.
    pub(super) const fn mono(encoding: Encoding, rate_hz: u32) -> Self {
        Self {
            encoding,
            channels: 1,
            rate_hz,
            big_endian: false,
        }
    }
}

/// Turns bytes, cut anywhere, into samples; several channels are mixed down in equal parts, or one is taken.
pub(super) struct Unpacker {
    layout: Layout,
    /// The channel that is taken, from zero.
    only: Option<u16>,
    unit: usize,
    carry: Vec<u8>,
    gsm: gsm::Decoder,
}

impl Unpacker {
    pub(super) fn new(layout: Layout, only: Option<u16>) -> Self {
        let unit = layout.encoding.bytes() * usize::from(layout.channels.max(1));
        Self {
            layout,
            only,
            unit,
            carry: Vec::with_capacity(unit),
            gsm: gsm::Decoder::default(),
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<i16>) {
        if !self.carry.is_empty() {
            let missing = (self.unit - self.carry.len()).min(bytes.len());
            self.carry.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.carry.len() < self.unit {
                return;
            }
            let whole = std::mem::take(&mut self.carry);
            self.unpack(&whole, out);
            self.carry = whole;
            self.carry.clear();
        }
        let whole = bytes.len() - bytes.len() % self.unit;
        self.unpack(&bytes[..whole], out);
        self.carry.extend_from_slice(&bytes[whole..]);
    }

    /// Bytes of a piece that is not complete.
    pub(super) fn carried(&self) -> usize {
        self.carry.len()
    }

    fn unpack(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        let big = self.layout.big_endian;
        match self.layout.encoding {
            Encoding::Pcm8 => self.mix(bytes, out, |[o]: [u8; 1]| (i16::from(o) - 128) << 8),
            Encoding::Alaw => self.mix(bytes, out, |[o]: [u8; 1]| g711::alaw(o)),
            Encoding::Ulaw => self.mix(bytes, out, |[o]: [u8; 1]| g711::ulaw(o)),
            Encoding::Pcm16 if big => self.mix(bytes, out, i16::from_be_bytes),
            Encoding::Pcm16 => self.mix(bytes, out, i16::from_le_bytes),
            Encoding::Pcm24 if big => {
                self.mix(bytes, out, |[h, m, l]: [u8; 3]| {
                    from_32(i32::from_be_bytes([h, m, l, 0]))
                });
            }
            Encoding::Pcm24 => {
                self.mix(bytes, out, |[l, m, h]: [u8; 3]| {
                    from_32(i32::from_le_bytes([0, l, m, h]))
                });
            }
            Encoding::Pcm32 if big => self.mix(bytes, out, |o| from_32(i32::from_be_bytes(o))),
            Encoding::Pcm32 => self.mix(bytes, out, |o| from_32(i32::from_le_bytes(o))),
            Encoding::Float32 if big => {
                self.mix(bytes, out, |o| from_float(f32::from_be_bytes(o)));
            }
            Encoding::Float32 => self.mix(bytes, out, |o| from_float(f32::from_le_bytes(o))),
            Encoding::Float64 if big => {
                self.mix(bytes, out, |o| from_float(f64::from_be_bytes(o) as f32));
            }
            Encoding::Float64 => {
                self.mix(bytes, out, |o| from_float(f64::from_le_bytes(o) as f32));
            }
            Encoding::Gsm => {
                for frame in bytes.as_chunks::<{ gsm::PLAIN_OCTETS }>().0 {
                    out.extend_from_slice(&self.gsm.decode_plain(frame));
                }
            }
            Encoding::GsmPairs => {
                for pair in bytes.as_chunks::<{ gsm::PAIR_OCTETS }>().0 {
                    out.extend_from_slice(self.gsm.decode_pair(pair).as_flattened());
                }
            }
        }
    }

    fn mix<const N: usize>(&self, bytes: &[u8], out: &mut Vec<i16>, read: fn([u8; N]) -> i16) {
        debug_assert!(!self.layout.encoding.is_gsm(), "GSM has one channel");
        let samples = bytes.as_chunks::<N>().0;
        let channels = usize::from(self.layout.channels.max(1));
        if channels == 1 {
            out.extend(samples.iter().map(|&bytes| read(bytes)));
            return;
        }
        if let Some(only) = self.only {
            let taken = samples.iter().skip(only.into()).step_by(channels);
            out.extend(taken.map(|&bytes| read(bytes)));
            return;
        }
        out.extend(samples.chunks_exact(channels).map(|instant| {
            let sum: i64 = instant.iter().map(|&bytes| i64::from(read(bytes))).sum();
            (sum as f32 / channels as f32).round() as i16
        }));
    }
}

fn from_32(value: i32) -> i16 {
    (value.saturating_add(0x8000) >> 16) as i16
}

fn from_float(value: f32) -> i16 {
    (value * 32_768.0).round() as i16
}
