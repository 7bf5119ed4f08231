//! Recordings in every form that a PBX keeps them, as samples at 8 kHz.
//!
//! A [`Decoder`] takes a file's bytes in any chunking, so an hour of sound needs no more memory
//! than a minute; [`decode`] takes a whole one.

use std::fmt;

use super::pcm::{Encoding, Layout, Unpacker};
use super::resample::{Resampler, UnusualRate};
use super::wav::{WavError, WavReader};
use super::{MediaTime, RATE_HZ};

pub use super::remark::Remark;

/// The form of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RIFF/WAVE, which names its own coding.
    Wav,
    /// No header: this coding, one channel, at this rate.
    Raw(Encoding, u32),
}

/// The extensions that Asterisk gives to forms without a header, and the coding behind each.
const RAW: [(&[&str], Format); 13] = [
    (
        &["sln", "slin", "raw", "sln8"],
        Format::Raw(Encoding::Pcm16, 8_000),
    ),
    (&["sln12", "slin12"], Format::Raw(Encoding::Pcm16, 12_000)),
    (&["sln16", "slin16"], Format::Raw(Encoding::Pcm16, 16_000)),
    (&["sln24", "slin24"], Format::Raw(Encoding::Pcm16, 24_000)),
    (&["sln32", "slin32"], Format::Raw(Encoding::Pcm16, 32_000)),
    (&["sln44", "slin44"], Format::Raw(Encoding::Pcm16, 44_100)),
    (&["sln48", "slin48"], Format::Raw(Encoding::Pcm16, 48_000)),
    (&["sln96", "slin96"], Format::Raw(Encoding::Pcm16, 96_000)),
    (
        &["sln192", "slin192"],
        Format::Raw(Encoding::Pcm16, 192_000),
    ),
    (
        &["ulaw", "ul", "mu", "pcm", "ulw"],
        Format::Raw(Encoding::Ulaw, RATE_HZ),
    ),
    (&["alaw", "al", "alw"], Format::Raw(Encoding::Alaw, RATE_HZ)),
    (&["gsm"], Format::Raw(Encoding::Gsm, RATE_HZ)),
    (&["wav", "wav16", "wav49"], Format::Wav),
];

/// Files that are often taken for recordings of a PBX, by their first bytes.
const FOREIGN: [(&[u8], &str); 7] = [
    (b"fLaC", "FLAC"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"FORM", "AIFF"),
    (b".snd", "Sun audio"),
    (b"#!AMR", "AMR"),
];

impl Format {
    /// By name, as after `--format` and as a file's extension, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        RAW.iter()
            .find(|(names, _)| names.contains(&name.as_str()))
            .map(|&(_, format)| format)
    }

    /// Every extension of the forms without a header, behind a dot each, those of one form together: the usual first.
    pub fn extensions() -> String {
        let forms = RAW.iter().filter(|(_, form)| *form != Self::Wav);
        let forms = forms.map(|(names, _)| {
            let names: Vec<_> = names.iter().map(|name| format!(".{name}")).collect();
            names.join(" ")
        });
        forms.collect::<Vec<_>>().join(", ")
    }

    /// The usual name of every form.
    pub fn names() -> String {
        let names: Vec<_> = RAW.iter().map(|(names, _)| names[0]).collect();
        names.join(", ")
    }

    /// By the file's first bytes, else by its extension.
    pub fn of(extension: Option<&str>, head: &[u8]) -> Result<Self, SoundError> {
        Self::given(None, extension, head)
    }

    /// The same, but a file without a header is of the form that was given, whatever its extension.
    pub fn given(
        form: Option<Self>,
        extension: Option<&str>,
        head: &[u8],
    ) -> Result<Self, SoundError> {
        let is_wav = [b"RIFF", b"RIFX", b"RF64"]
            .iter()
            .any(|id| head.starts_with(*id));
        if is_wav && head.get(8..12).is_none_or(|form| form == b"WAVE") {
            return Ok(Self::Wav);
        }
        if let Some(form) = form {
            return Ok(form);
        }
        let named = extension.and_then(Self::named);
        // The two bytes of MP3 are also a quiet moment in µ-law.
        let least = match named {
            Some(Self::Raw(..)) => 3,
            _ => 2,
        };
        if let Some((_, name)) = FOREIGN
            .iter()
            .find(|(magic, _)| magic.len() >= least && head.starts_with(magic))
        {
            return Err(SoundError::Foreign(name));
        }
        named.ok_or_else(|| SoundError::UnknownForm(extension.unwrap_or_default().into()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wav => f.write_str("WAV"),
            Self::Raw(encoding, rate) => write!(f, "{encoding} at {rate} Hz, no header"),
        }
    }
}

/// Why a recording cannot be heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// No header, and an extension that names none.
    #[error(
        "no WAV header, and the extension {0:?} names no coding; expected .wav, {known}, or give it with --format",
        known = Format::extensions()
    )]
    UnknownForm(String),
    /// A known form that is not read.
    #[error(
        "holds {0} sound; expected is WAV or one of Asterisk's forms without a header, so convert it first"
    )]
    Foreign(&'static str),
    /// Named as GSM, without being it.
    #[error("byte {0}: no GSM frame; every 33rd byte begins with the bits 1101")]
    NotGsm(u64),
    /// A WAV file that cannot be read.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// A rate that cannot be brought to 8 kHz.
    #[error(transparent)]
    Rate(#[from] UnusualRate),
    /// A channel was asked for that is not there.
    #[error("has no channel {asked}, but {channels} in all")]
    NoChannel {
        /// The channel, from one.
        asked: u32,
        /// How many there are.
        channels: u16,
    },
}

/// What a file was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Coding, channels and rate.
    pub layout: Layout,
    /// What was wrong with it.
    pub remarks: Vec<Remark>,
}

/// A recording at 8 kHz.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    /// The samples.
    pub samples: Vec<i16>,
    /// What the file was made of.
    pub origin: Origin,
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sound")
            .field(
                "length",
                &MediaTime::from_samples(self.samples.len() as u64),
            )
            .field("origin", &self.origin)
            .finish()
    }
}

/// Decodes a whole file.
pub fn decode(bytes: &[u8], format: Format) -> Result<Sound, SoundError> {
    let mut decoder = Decoder::new(format)?;
    let mut samples = Vec::new();
    decoder.push(bytes, &mut samples)?;
    let origin = decoder.finish(&mut samples)?;
    Ok(Sound { samples, origin })
}

/// Decodes a file piece by piece.
///
/// ```
/// use voicemail_guard::audio::file::{Decoder, Format};
///
/// let mut decoder = Decoder::new(Format::named("ulaw").unwrap())?;
/// let mut samples = Vec::new();
/// decoder.push(&[0xff; 80], &mut samples)?;
/// decoder.push(&[0xff; 80], &mut samples)?;
/// decoder.finish(&mut samples)?;
/// assert_eq!(samples, [0; 160]);
/// # Ok::<(), voicemail_guard::audio::file::SoundError>(())
/// ```
pub struct Decoder {
    wav: Option<WavReader>,
    chain: Option<Chain>,
    only: Option<u16>,
    taken: u64,
}

impl Decoder {
    /// For a file of this form; several channels are mixed in equal parts.
    pub fn new(format: Format) -> Result<Self, SoundError> {
        Self::of_channel(format, None)
    }

    /// For one channel of a file of this form, counted from zero.
    pub fn of_channel(format: Format, only: Option<u16>) -> Result<Self, SoundError> {
        Ok(match format {
            Format::Wav => Self {
                wav: Some(WavReader::default()),
                chain: None,
                only,
                taken: 0,
            },
            Format::Raw(encoding, rate) => Self {
                wav: None,
                chain: Some(Chain::new(Layout::mono(encoding, rate), only)?),
                only,
                taken: 0,
            },
        })
    }

    /// Takes bytes and appends the samples that they make possible.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<i16>) -> Result<(), SoundError> {
        if let (Some(&first), 0, Some(chain)) = (bytes.first(), self.taken, &self.chain)
            && chain.layout.encoding == Encoding::Gsm
            && first >> 4 != 0xd
        {
            return Err(SoundError::NotGsm(0));
        }
        self.taken += bytes.len() as u64;
        let (chain, only) = (&mut self.chain, self.only);
        let Some(reader) = &mut self.wav else {
            if let Some(chain) = chain {
                chain.push(bytes, out);
            }
            return Ok(());
        };
        let mut failed = None;
        reader.push(bytes, &mut |layout, sound| {
            if let Err(error) = Chain::feed(chain, layout, only, sound, out) {
                failed.get_or_insert(error);
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Ends the file: appends the last samples and returns what it was made of.
    ///
    /// # Panics
    /// Never: a reader that has given its layout has made the chain.
    pub fn finish(mut self, out: &mut Vec<i16>) -> Result<Origin, SoundError> {
        let mut remarks = Vec::new();
        if let Some(mut reader) = self.wav {
            let (chain, only) = (&mut self.chain, self.only);
            let mut failed = None;
            let layout = reader.finish(&mut |layout, sound| {
                failed = Chain::feed(chain, layout, only, sound, out).err();
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            Chain::feed(chain, layout, only, &[], out)?;
            remarks.extend(reader.contradiction());
            remarks.extend(
                reader
                    .disagreement()
                    .map(|(said, found)| Remark::HeaderLength { said, found }),
            );
        }
        let chain = self.chain.expect("a chain exists once the layout is known");
        let layout = chain.layout;
        let left = chain.unpacker.carried();
        // An odd number of pairs is padded by a byte, which some writers count as sound.
        let padding = left == 1 && layout.encoding == Encoding::GsmPairs;
        if left > 0 && !padding {
            remarks.push(Remark::CutOff(left));
        }
        chain.resampler.finish(out);
        Ok(Origin { layout, remarks })
    }
}

/// From bytes of one layout to samples at 8 kHz.
struct Chain {
    layout: Layout,
    unpacker: Unpacker,
    resampler: Resampler,
    unpacked: Vec<i16>,
}

impl Chain {
    fn new(layout: Layout, only: Option<u16>) -> Result<Self, SoundError> {
        if let Some(only) = only
            && only >= layout.channels
        {
            return Err(SoundError::NoChannel {
                asked: u32::from(only) + 1,
                channels: layout.channels,
            });
        }
        Ok(Self {
            layout,
            unpacker: Unpacker::new(layout, only),
            resampler: Resampler::new(layout.rate_hz)?,
            unpacked: Vec::new(),
        })
    }

    fn feed(
        chain: &mut Option<Self>,
        layout: Layout,
        only: Option<u16>,
        bytes: &[u8],
        out: &mut Vec<i16>,
    ) -> Result<(), SoundError> {
        let chain = match chain {
            Some(chain) => chain,
            none => none.insert(Self::new(layout, only)?),
        };
        chain.push(bytes, out);
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        self.unpacked.clear();
        self.unpacker.push(bytes, &mut self.unpacked);
        self.resampler.push(&self.unpacked, out);
    }
}
