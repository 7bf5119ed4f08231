//! One recording, read piece by piece and heard: whatever lies under its name.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;
use tokio_util::sync::CancellationToken;

use crate::audio::file::{Decoder, Format, Origin, Remark, SoundError};
use crate::audio::wav::WavError;
use crate::audio::{Encoding, MediaTime};
use crate::call::verdict::Facts;
use crate::hearing::{Frame, Recogniser, ThirdListener, ThirdOpinion, Timeline};

/// Bytes read at once.
const PIECE: usize = 16 * 1024;
/// Bytes by which a form is recognised.
const HEAD: usize = 12;
/// No call lasts longer; hearing ends here.
const LONGEST: MediaTime = MediaTime::from_secs(24 * 3_600);

/// Why a file could not be heard, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("there is no such file; check the name")]
    Missing,
    #[error("cannot be read: {0}{hint}", hint = hint(.0))]
    Io(Arc<io::Error>),
    #[error("is {0}, not a file; write what comes out of it to a file and classify that")]
    NotAFile(&'static str),
    #[error("is a link to a folder; name that folder itself")]
    Folder,
    #[error(
        "holds no recordings; files ending in .wav .gsm .ulaw .alaw .sln .sln16 .sln48 and the like are looked for"
    )]
    NoRecordings,
    #[error("is a folder within folders too deep to follow")]
    TooDeep,
    #[error("is empty (0 bytes): nothing was recorded, or the recording has just begun")]
    Empty,
    #[error("has a header and no sound: nothing was recorded, or the recording has just begun")]
    NoSound,
    #[error("{0}{hint}", hint = sound_hint(.0))]
    Sound(SoundError),
    #[error("hearing it was given up, because the output could not be written")]
    Stopped,
    #[error(
        "broke voicemail-guard itself, which is a mistake in it; please report it together with the file"
    )]
    Broken,
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error.into()),
        }
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; run as a user who may read it",
        io::ErrorKind::InvalidFilename => "; the name is too long",
        io::ErrorKind::NotADirectory => "; a part of its path is no folder",
        _ => "",
    }
}

fn sound_hint(error: &SoundError) -> &'static str {
    match error {
        SoundError::Wav(WavError::NotRiff(_)) => {
            "; if it is sound without a header, give its form with --format"
        }
        SoundError::Wav(WavError::UnknownCoding { .. } | WavError::Shape { .. })
        | SoundError::Rate(_) => "; convert it, for example with sox FILE -r 8000 -c 1 NEW.wav",
        SoundError::Wav(_) => "; it is damaged before its sound begins, so take another copy",
        SoundError::NotGsm(_) => "; if it is another form, give it with --format",
        SoundError::NoChannel { .. } => "; --channel counts from 1",
        SoundError::UnknownForm(_) | SoundError::Foreign(_) => "",
    }
}

/// Something that was wrong with a file that was heard all the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum Warning {
    #[error("{0}{hint}; judged on what is there", hint = remark_hint(.0))]
    Damaged(Remark),
    #[error("grew while it was read; judged on the first {0}")]
    Growing(MediaTime),
    #[error("became shorter while it was read; judged on the first {0}")]
    Shrunk(MediaTime),
    #[error("could not be read to its end ({0}); judged on the first {1}")]
    BrokeOff(io::Error, MediaTime),
    #[error("is longer than 24 hours; judged on those")]
    TooLong,
}

fn remark_hint(remark: &Remark) -> &'static str {
    match remark {
        Remark::HeaderLength { said: 0, .. } => {
            ": the recording was never closed, or is still growing"
        }
        Remark::HeaderLength { said, found } if said > found => ": the recording was cut off",
        _ => "",
    }
}

/// A file as it was heard.
#[derive(Debug)]
pub(super) struct HeardFile {
    pub(super) timeline: Timeline,
    third: ThirdOpinion,
    pub(super) origin: Origin,
    pub(super) warnings: Vec<Warning>,
}

impl HeardFile {
    /// What the file is judged by.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            third: Some(&self.third),
            ..Facts::of_recording(&self.timeline)
        }
    }
}

/// Who else wants to see samples and frames while a file is heard.
pub(super) trait Onlooker {
    fn samples(&mut self, samples: &[i16]);
    fn frame(&mut self, frame: &Frame);
}

/// What the user knows of a file that it does not say itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Its form, where it has no header.
    pub(super) form: Option<Format>,
    /// The caller's channel, from zero; none for all of them, mixed.
    pub(super) channel: Option<u16>,
}

/// Hears a file, or what a link to one leads to.
pub(super) fn hear_file(
    path: &Path,
    known: Known,
    watch: &mut dyn Onlooker,
    stop: &CancellationToken,
) -> Result<HeardFile, FileError> {
    check(fs::metadata(path)?.file_type())?;
    let opened = open(path, OFlags::empty())?;
    hear_opened(opened, path, known, watch, stop)
}

/// Hears a file from where it is read next; its name says only which form it has.
pub(super) fn hear_opened(
    (file, bytes): (File, u64),
    path: &Path,
    known: Known,
    watch: &mut dyn Onlooker,
    stop: &CancellationToken,
) -> Result<HeardFile, FileError> {
    if bytes == 0 {
        return Err(FileError::Empty);
    }
    // A recording that grows as fast as it is read must end, too.
    let mut reader = file.take(bytes);
    let mut piece = vec![0; PIECE];
    let mut filled = fill(&mut reader, &mut piece[..HEAD])?;
    let extension = path.extension().and_then(|e| e.to_str());
    let format =
        Format::given(known.form, extension, &piece[..filled]).map_err(FileError::Sound)?;
    let mut decoder = Decoder::of_channel(format, known.channel).map_err(FileError::Sound)?;
    let mut hearing = Hearing::new(watch);
    let mut warnings = Vec::new();
    let mut read = 0;
    loop {
        read += filled as u64;
        decoder
            .push(&piece[..filled], &mut hearing.samples)
            .map_err(FileError::Sound)?;
        hearing.hear();
        if stop.is_cancelled() {
            return Err(FileError::Stopped);
        }
        if hearing.recogniser.heard() >= LONGEST {
            warnings.push(Warning::TooLong);
            break;
        }
        match fill(&mut reader, &mut piece) {
            Ok(0) => break,
            Ok(count) => filled = count,
            Err(error) => {
                warnings.push(Warning::BrokeOff(error, hearing.recogniser.heard()));
                break;
            }
        }
    }
    let origin = decoder
        .finish(&mut hearing.samples)
        .map_err(FileError::Sound)?;
    hearing.hear();
    let heard = hearing.recogniser.heard();
    if heard == MediaTime::ZERO {
        return Err(match warnings.pop() {
            Some(Warning::BrokeOff(error, _)) => FileError::Io(error.into()),
            _ => FileError::NoSound,
        });
    }
    if warnings.is_empty() {
        let now = reader.get_ref().metadata().map_or(bytes, |meta| meta.len());
        if read < bytes || now < bytes {
            warnings.push(Warning::Shrunk(heard));
        } else if now > bytes {
            warnings.push(Warning::Growing(heard));
        }
        warnings.extend(origin.remarks.iter().copied().map(Warning::Damaged));
    }
    Ok(HeardFile {
        timeline: hearing.recogniser.finish(),
        third: hearing.third.finish(),
        origin,
        warnings,
    })
}

struct Hearing<'a> {
    recogniser: Recogniser,
    third: ThirdListener,
    samples: Vec<i16>,
    watch: &'a mut dyn Onlooker,
}

impl<'a> Hearing<'a> {
    fn new(watch: &'a mut dyn Onlooker) -> Self {
        Self {
            recogniser: Recogniser::default(),
            third: ThirdListener::default(),
            samples: Vec::new(),
            watch,
        }
    }

    fn hear(&mut self) {
        let room = (LONGEST - self.recogniser.heard()).samples();
        let most = usize::try_from(room).unwrap_or(usize::MAX);
        self.samples.truncate(most);
        self.watch.samples(&self.samples);
        self.recogniser
            .push_watched(&self.samples, &mut |frame| self.watch.frame(frame));
        self.third.push(&self.samples);
        self.samples.clear();
    }
}

/// Opens a regular file that is no link, and says how many bytes it has.
pub(super) fn open_itself(path: &Path) -> Result<(File, u64), FileError> {
    check(fs::symlink_metadata(path)?.file_type())?;
    open(path, OFlags::NOFOLLOW)
}

/// Opens a regular file; never waits for a pipe, never wakes a device.
fn open(path: &Path, more: OFlags) -> Result<(File, u64), FileError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | more;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    // Looked at again: something else may have taken its place in between.
    let meta = file.metadata()?;
    check(meta.file_type())?;
    Ok((file, meta.len()))
}

fn check(kind: FileType) -> Result<(), FileError> {
    let name = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => return Err(FileError::Folder),
        kind if kind.is_symlink() => "a link",
        kind if kind.is_fifo() => "a pipe (FIFO)",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "something else",
    };
    Err(FileError::NotAFile(name))
}

/// Reads until the buffer is full or the file ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What came before the error is sound; the next read meets the error again.
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What the file was made of, in words.
pub(super) fn made_of(origin: &Origin, channel: Option<u16>) -> String {
    let layout = origin.layout;
    let rate = match layout.encoding {
        Encoding::Gsm | Encoding::GsmPairs => String::new(),
        _ => format!(", {} Hz", layout.rate_hz),
    };
    let channels = match (layout.channels, channel) {
        (1, _) => String::new(),
        (n, Some(only)) => format!(", channel {} of {n}", u32::from(only) + 1),
        (2, None) => ", both channels mixed".into(),
        (n, None) => format!(", {n} channels mixed"),
    };
    format!("{}{rate}{channels}", layout.encoding)
}
