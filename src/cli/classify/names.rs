//! Which files are to be heard: those named, those in a list, those below a folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::audio::file::Format;
use crate::cli::recording::FileError;

/// The longest list, in bytes: some hundred thousand names.
const LONGEST_LIST: u64 = 256 << 20;
/// Folders within folders.
const DEEPEST: usize = 64;
/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Endings of sound, and of pictures with sound, that no [`Format`] reads.
const NOT_READ: &str = "3gp 3gpp aac ac3 aif aifc aiff amr ape au awb caf dss ds2 evrc flac g719 g722 g723 g723sf \
     g726 g726-16 g726-24 g726-32 g726-40 g729 ilbc lbc m4a m4b mka mkv mov mp2 mp3 mp4 mpga oga ogg opus qcp ra \
     silk siren14 siren7 snd speex spx voc vox w64 weba webm wma wmv wv";

/// All that is to be heard, and what was passed over.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) names: Vec<Named>,
    pub(super) passed_over: PassedOver,
}

/// Sound in folders that is in no form that is read: how many files there are of each ending.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PassedOver(BTreeMap<String, usize>);

impl PassedOver {
    fn note(&mut self, path: &Path) {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        if NOT_READ.split_whitespace().any(|known| known == ending) {
            *self.0.entry(ending).or_default() += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.0.values().sum();
        let files = if all == 1 { "file" } else { "files" };
        let forms: Vec<_> = self
            .0
            .iter()
            .map(|(ending, count)| format!("{count} .{ending}"))
            .collect();
        let forms = forms.join(", ");
        write!(
            f,
            "passed over: {all} {files} whose form is not read ({forms})"
        )
    }
}

/// A name, and whether it can be heard at all.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    pub(super) trouble: Option<FileError>,
}

/// Why a list of names cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It cannot be read.
    #[error("cannot read the list {list}: {source}")]
    Unreadable {
        /// The list's name.
        list: String,
        /// What the system says.
        source: io::Error,
    },
    /// No names in it.
    #[error(
        "the list {0} holds no names; one name a line is expected, or names that end in a zero byte"
    )]
    Empty(String),
    /// Not a list.
    #[error("the list {0} is longer than {LONGEST_LIST} bytes; is it a list of names?")]
    TooLong(String),
}

/// All files in order: each name as given, a folder's recordings sorted by name.
pub(super) fn gather(names: &[PathBuf], list: Option<&Path>) -> Result<Gathered, ListError> {
    let mut all = Gathered::default();
    for name in names {
        if name.as_os_str() == STANDARD_INPUT {
            gather_list(name, &mut all)?;
        } else {
            gather_name(name.clone(), &mut all);
        }
    }
    if let Some(list) = list {
        gather_list(list, &mut all)?;
    }
    Ok(all)
}

fn gather_list(list: &Path, all: &mut Gathered) -> Result<(), ListError> {
    let shown = if list.as_os_str() == STANDARD_INPUT {
        "on standard input".into()
    } else {
        crate::text::quoted(&list.to_string_lossy())
    };
    let unreadable = |source| ListError::Unreadable {
        list: shown.clone(),
        source,
    };
    let names = if list.as_os_str() == STANDARD_INPUT {
        read_list(&mut io::stdin().lock())
    } else {
        File::open(list).and_then(|file| read_list(&mut BufReader::new(file)))
    }
    .map_err(unreadable)?
    .ok_or_else(|| ListError::TooLong(shown.clone()))?;
    if names.is_empty() {
        return Err(ListError::Empty(shown));
    }
    for name in names {
        gather_name(name, all);
    }
    Ok(())
}

/// The names of a list: one a line, or each ending in a zero byte; `None` for one without an end.
fn read_list(list: &mut dyn BufRead) -> io::Result<Option<Vec<PathBuf>>> {
    let mut bytes = Vec::new();
    list.take(LONGEST_LIST).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == LONGEST_LIST {
        return Ok(None);
    }
    let zeros = bytes.contains(&0);
    let end = if zeros { 0 } else { b'\n' };
    let names = bytes
        .split(|&byte| byte == end)
        .map(|name| match name.strip_suffix(b"\r") {
            Some(name) if !zeros => name,
            _ => name,
        })
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(OsString::from_vec(name.to_vec())))
        .collect();
    Ok(Some(names))
}

fn gather_name(path: PathBuf, all: &mut Gathered) {
    if !path.is_dir() {
        all.names.push(Named {
            path,
            trouble: None,
        });
        return;
    }
    let before = all.names.len();
    gather_folder(&path, 0, all);
    if all.names.len() == before {
        all.names.push(Named {
            path,
            trouble: Some(FileError::NoRecordings),
        });
    }
}

/// Recordings below a folder; links to folders are not followed, so no circle is.
fn gather_folder(folder: &Path, depth: usize, all: &mut Gathered) {
    let mut failed = |trouble| {
        all.names.push(Named {
            path: folder.into(),
            trouble: Some(trouble),
        });
    };
    if depth > DEEPEST {
        return failed(FileError::TooDeep);
    }
    let entries = fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))
            .collect::<io::Result<Vec<_>>>()
    });
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return failed(error.into()),
    };
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (path, kind) in entries {
        if kind.is_dir() {
            gather_folder(&path, depth + 1, all);
        } else if is_recording(&path) {
            all.names.push(Named {
                path,
                trouble: None,
            });
        } else {
            all.passed_over.note(&path);
        }
    }
}

fn is_recording(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| Format::named(extension).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &[u8], expected: &[&str]) {
        let names = read_list(&mut &*list).unwrap().unwrap();
        let names: Vec<_> = names.iter().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(names, expected, "{list:?}");
    }

    #[test]
    fn lists_in_every_form() {
        check(b"", &[]);
        check(b"\n\r\n\n", &[]);
        check(b"a.wav\nb c.wav", &["a.wav", "b c.wav"]);
        check(b"a.wav\r\n\r\nb.wav\r\n", &["a.wav", "b.wav"]);
        check(b"#a.wav\n a.wav \n", &["#a.wav", " a.wav "]);
        check(b"a\nb.wav\0c.wav\r\0\0", &["a\nb.wav", "c.wav\r"]);
    }

    #[test]
    fn what_is_passed_over_is_counted_by_its_form() {
        let reported = |names: &[&str]| {
            let mut passed_over = PassedOver::default();
            for name in names {
                passed_over.note(Path::new(name));
            }
            passed_over.to_string()
        };
        assert_eq!(
            reported(&["a.mp3"]),
            "passed over: 1 file whose form is not read (1 .mp3)"
        );
        assert_eq!(
            reported(&[
                "a.mp3", "b.MP3", "x/c.g722", "d.txt", "mp3", ".mp3", "e.opus"
            ]),
            "passed over: 4 files whose form is not read (1 .g722, 2 .mp3, 1 .opus)"
        );
    }

    #[test]
    fn a_name_need_not_be_text() {
        let names = read_list(&mut &b"\xff\xfe.wav\n"[..]).unwrap().unwrap();
        assert_eq!(names[0].as_os_str().len(), 6);
    }
}
