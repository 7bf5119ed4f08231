//! RIFF/WAVE: a reader that believes the sound more than the header, and the plain files we write.
//!
//! Asterisk fills in the sizes only when it closes a recording, so a file that is still growing, or that
//! was cut off, says 0 or anything else. The rules: the sound goes to the end of the file unless a chunk
//! stands where the header says that it ends; a piece of a sample at the end is dropped; unknown chunks are
//! stepped over. `RIFX` (most significant byte first) and `RF64` (sizes over 4 GB) are read too.

use super::RATE_HZ;
use super::pcm::{Encoding, Layout};
use super::remark::Remark;

/// Bytes of the header that [`header`] makes.
pub const HEADER_BYTES: usize = 44;

const TAG_PCM: u16 = 0x0001;
const TAG_FLOAT: u16 = 0x0003;
const TAG_ALAW: u16 = 0x0006;
const TAG_ULAW: u16 = 0x0007;
pub(super) const TAG_GSM: u16 = 0x0031;
const TAG_EXTENSIBLE: u16 = 0xfffe;
/// A `fmt ` chunk has 16 to 40 bytes; more than this is no `fmt ` chunk.
const LONGEST_FORMAT: u32 = 1_024;
const MOST_CHANNELS: u16 = 64;
/// One byte of padding and the id and size of the next chunk.
const LOOK_AHEAD: usize = 9;

/// Why bytes are no WAV file that can be heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Nothing at all.
    #[error("an empty file; a WAV header of {HEADER_BYTES} bytes is expected at least")]
    Empty,
    /// It begins with something else.
    #[error(
        "begins with \"{0}\"; a WAV file begins with \"RIFF\", four bytes of size and \"WAVE\""
    )]
    NotRiff(String),
    /// It ends before the sound begins.
    #[error("ends after {0} bytes, within its header; a `fmt ` and a `data` chunk are expected")]
    EndsInHeader(u64),
    /// The sound comes before its description.
    #[error("byte {0}: the sound begins before any `fmt ` chunk has named its coding")]
    NoFormat(u64),
    /// The description has an impossible length.
    #[error("byte {at}: a `fmt ` chunk of {bytes} bytes; 16 to 40 are expected")]
    FormatLength {
        /// Where the chunk begins.
        at: u64,
        /// What it says.
        bytes: u32,
    },
    /// A coding that is not read.
    #[error("coding {tag:#06x}{}; PCM, float, A-law, µ-law or GSM is expected", coding_name(*.tag))]
    UnknownCoding {
        /// The format tag.
        tag: u16,
    },
    /// Channels and sizes that fit no coding.
    #[error(
        "{channels} channels in blocks of {block} bytes, coding {tag:#06x}; 1 to {MOST_CHANNELS} channels of whole samples are expected"
    )]
    Shape {
        /// The format tag.
        tag: u16,
        /// Channels.
        channels: u16,
        /// Bytes of one instant.
        block: u16,
    },
}

fn coding_name(tag: u16) -> &'static str {
    match tag {
        0x0002 => " (Microsoft ADPCM)",
        0x0011 => " (IMA ADPCM)",
        0x0050 | 0x0055 => " (MPEG)",
        0x0064 | 0x0065 => " (G.726)",
        _ => "",
    }
}

/// The 44 bytes before this many samples of 16 bits at 8 kHz, one channel.
///
/// Beyond 4 GB (74 hours) the sizes stay at their largest value, which readers take for "to the end".
pub fn header(samples: u64) -> [u8; HEADER_BYTES] {
    let data = u32::try_from(samples * 2).unwrap_or(u32::MAX - 36);
    laid_out([
        b"RIFF",
        &data.saturating_add(36).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &TAG_PCM.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &RATE_HZ.to_le_bytes(),
        &(RATE_HZ * 2).to_le_bytes(),
        &2_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ])
}

/// The fields of a header, one behind the other; there is room for them all.
pub(super) fn laid_out<const FIELDS: usize, const BYTES: usize>(
    fields: [&[u8]; FIELDS],
) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let mut at = 0;
    for field in fields {
        bytes[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    }
    bytes
}

/// A whole file of 16 bits at 8 kHz, one channel.
pub fn encode(samples: &[i16]) -> Vec<u8> {
    let mut bytes = header(samples.len() as u64).to_vec();
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Takes a file in any chunking and hands on its sound.
#[derive(Default)]
pub(super) struct WavReader {
    state: WavState,
    held: Vec<u8>,
    at: u64,
    big_endian: bool,
    is_rf64: bool,
    layout: Option<Layout>,
    /// Layout, place and stated length of the sound.
    sound: Option<(Layout, u64, u32)>,
    found: u64,
    contradiction: Option<Remark>,
}

#[derive(Clone, Copy, Default)]
enum WavState {
    #[default]
    Riff,
    Chunk,
    Format(u32),
    Skip(u64),
    Sound(u64),
    /// The sound ought to end here.
    SoundEnd,
    /// Sound up to the end of the file, whatever the header says.
    SoundOn,
}

type Sink<'a> = &'a mut dyn FnMut(Layout, &[u8]);

impl WavReader {
    pub(super) fn push(&mut self, mut bytes: &[u8], sink: Sink<'_>) -> Result<(), WavError> {
        while !bytes.is_empty() {
            match self.state {
                WavState::Skip(left) => {
                    self.state = match left - self.pass(&mut bytes, left).len() as u64 {
                        0 => WavState::Chunk,
                        left => WavState::Skip(left),
                    };
                }
                WavState::Sound(left) => {
                    let sound = self.pass(&mut bytes, left);
                    self.hand_on(sound, sink);
                    self.state = match left - sound.len() as u64 {
                        0 => WavState::SoundEnd,
                        left => WavState::Sound(left),
                    };
                }
                WavState::SoundOn => {
                    let sound = self.pass(&mut bytes, u64::MAX);
                    self.hand_on(sound, sink);
                }
                WavState::Riff => {
                    if self.hold(&mut bytes, 12) {
                        self.begin()?;
                    }
                }
                WavState::Chunk => {
                    if self.hold(&mut bytes, 8) {
                        self.enter_chunk()?;
                    }
                }
                WavState::Format(size) => {
                    if self.hold(&mut bytes, size as usize) {
                        self.layout = Some(self.read_format()?);
                        self.held.clear();
                        self.skip(u64::from(size % 2));
                    }
                }
                WavState::SoundEnd => {
                    if self.hold(&mut bytes, LOOK_AHEAD) {
                        self.look_behind_sound(sink);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the file; the layout of its sound.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> Result<Layout, WavError> {
        if self.at == 0 {
            return Err(WavError::Empty);
        }
        if matches!(self.state, WavState::Riff) {
            return Err(not_riff(&self.held));
        }
        let Some((layout, ..)) = self.sound else {
            return Err(WavError::EndsInHeader(self.at));
        };
        if matches!(self.state, WavState::SoundEnd) {
            let padding = self.found % 2 == 1 && self.held.len() == 1;
            if !padding && !self.held.get(..4).is_some_and(is_chunk_id) {
                let held = std::mem::take(&mut self.held);
                self.hand_on(&held, sink);
            }
        }
        Ok(layout)
    }

    /// What the header said of the sound's length and what was there, where they differ, in bytes.
    ///
    /// An RF64 header says nothing in this place.
    pub(super) fn disagreement(&self) -> Option<(u64, u64)> {
        let (.., said) = self.sound?;
        let silent = self.is_rf64 && said == u32::MAX;
        (!silent && u64::from(said) != self.found).then_some((u64::from(said), self.found))
    }

    /// Where the header's block and bits contradict each other.
    pub(super) fn contradiction(&self) -> Option<Remark> {
        self.contradiction
    }

    fn pass<'a>(&mut self, bytes: &mut &'a [u8], most: u64) -> &'a [u8] {
        let (passed, rest) =
            bytes.split_at(bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
        self.at += passed.len() as u64;
        *bytes = rest;
        passed
    }

    /// Whether `need` bytes are together.
    fn hold(&mut self, bytes: &mut &[u8], need: usize) -> bool {
        let piece = self.pass(bytes, (need - self.held.len()) as u64);
        self.held.extend_from_slice(piece);
        self.held.len() == need
    }

    fn skip(&mut self, bytes: u64) {
        self.state = if bytes == 0 {
            WavState::Chunk
        } else {
            WavState::Skip(bytes)
        };
    }

    fn hand_on(&mut self, sound: &[u8], sink: Sink<'_>) {
        self.found += sound.len() as u64;
        if let Some((layout, ..)) = self.sound {
            sink(layout, sound);
        }
    }

    fn begin(&mut self) -> Result<(), WavError> {
        self.big_endian = self.held.starts_with(b"RIFX");
        self.is_rf64 = self.held.starts_with(b"RF64");
        let known = [b"RIFF", b"RIFX", b"RF64"]
            .iter()
            .any(|id| self.held.starts_with(*id));
        if !known || !self.held.ends_with(b"WAVE") {
            return Err(not_riff(&self.held));
        }
        self.held.clear();
        self.state = WavState::Chunk;
        Ok(())
    }

    fn enter_chunk(&mut self) -> Result<(), WavError> {
        let begin = self.at - 8;
        let size = self.u32_at(4);
        let id = self.held.drain(..).take(4).collect::<Vec<u8>>();
        match id.as_slice() {
            b"fmt " if !(16..=LONGEST_FORMAT).contains(&size) => {
                return Err(WavError::FormatLength {
                    at: begin,
                    bytes: size,
                });
            }
            b"fmt " => self.state = WavState::Format(size),
            b"data" => {
                let layout = self.layout.ok_or(WavError::NoFormat(begin))?;
                self.sound = Some((layout, self.at, size));
                self.state = if size == 0 {
                    WavState::SoundEnd
                } else {
                    WavState::Sound(size.into())
                };
            }
            _ => self.skip(u64::from(size) + u64::from(size % 2)),
        }
        Ok(())
    }

    fn look_behind_sound(&mut self, sink: Sink<'_>) {
        let held = std::mem::take(&mut self.held);
        let padding = usize::from(self.found % 2 == 1);
        let chunk = [padding, 0]
            .into_iter()
            .any(|at| is_chunk_id(&held[at..at + 4]));
        if chunk {
            // Nothing behind the sound is of use.
            self.state = WavState::Skip(u64::MAX);
        } else {
            self.hand_on(&held, sink);
            self.state = WavState::SoundOn;
        }
    }

    fn read_format(&mut self) -> Result<Layout, WavError> {
        let mut tag = self.u16_at(0);
        if tag == TAG_EXTENSIBLE && self.held.len() >= 26 {
            tag = self.u16_at(24);
        }
        let (channels, block, bits) = (self.u16_at(2), self.u16_at(12), self.u16_at(14));
        let shape = WavError::Shape {
            tag,
            channels,
            block,
        };
        if !(1..=MOST_CHANNELS).contains(&channels) {
            return Err(shape);
        }
        let by_block = encoding(tag, block / channels).filter(|_| block % channels == 0);
        let by_bits = encoding(tag, bits.div_ceil(8));
        // 20 bits lie in the upper part of three bytes, 24 often in four.
        let has_room = (17..32).contains(&bits) && block / channels == 4;
        let encoding = match (by_block, by_bits) {
            (Some(by_block), by_bits)
                if has_room || by_bits.is_none_or(|bits| bits == by_block) =>
            {
                by_block
            }
            (_, Some(by_bits)) => {
                self.contradiction = (block > 0).then_some(Remark::Block {
                    block,
                    bits,
                    channels,
                });
                by_bits
            }
            (Some(by_block), None) => by_block,
            (None, None) if tag == TAG_GSM && channels == 1 => Encoding::GsmPairs,
            (None, None) if is_known(tag) => return Err(shape),
            (None, None) => return Err(WavError::UnknownCoding { tag }),
        };
        Ok(Layout {
            encoding,
            channels,
            rate_hz: self.u32_at(4),
            big_endian: self.big_endian,
        })
    }

    fn u16_at(&self, at: usize) -> u16 {
        let bytes = [self.held[at], self.held[at + 1]];
        if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn u32_at(&self, at: usize) -> u32 {
        let (first, second) = (u32::from(self.u16_at(at)), u32::from(self.u16_at(at + 2)));
        if self.big_endian {
            first << 16 | second
        } else {
            second << 16 | first
        }
    }
}

/// What samples of this many bytes are.
fn encoding(tag: u16, container: u16) -> Option<Encoding> {
    match (tag, container) {
        (TAG_PCM, 1) => Some(Encoding::Pcm8),
        (TAG_PCM, 2) => Some(Encoding::Pcm16),
        (TAG_PCM, 3) => Some(Encoding::Pcm24),
        (TAG_PCM, 4) => Some(Encoding::Pcm32),
        (TAG_FLOAT, 4) => Some(Encoding::Float32),
        (TAG_FLOAT, 8) => Some(Encoding::Float64),
        (TAG_ALAW, 1) => Some(Encoding::Alaw),
        (TAG_ULAW, 1) => Some(Encoding::Ulaw),
        _ => None,
    }
}

fn is_known(tag: u16) -> bool {
    [TAG_PCM, TAG_FLOAT, TAG_ALAW, TAG_ULAW, TAG_GSM].contains(&tag)
}

/// Letters, digits and spaces: four bytes of sound are rarely that.
fn is_chunk_id(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|&o| o.is_ascii_alphanumeric() || o == b' ' || o == b'_')
}

fn not_riff(bytes: &[u8]) -> WavError {
    WavError::NotRiff(
        bytes
            .iter()
            .take(12)
            .copied()
            .flat_map(std::ascii::escape_default)
            .map(char::from)
            .collect(),
    )
}
