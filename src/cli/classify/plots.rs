//! Pictures in a folder, under names of ours.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Letters of the recording's name that go into the picture's.
const NAME_LETTERS: usize = 60;

/// The folder that pictures are written to.
#[derive(Debug)]
pub(super) struct Plots {
    folder: PathBuf,
    /// Digits of a picture's number.
    digits: usize,
}

/// The folder for pictures cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write pictures to {folder}: {source}; name a folder that you may write to")]
pub struct NoFolder {
    folder: String,
    source: io::Error,
}

impl Plots {
    /// Makes the folder, if it is not there.
    pub(super) fn into(folder: &Path, count: usize) -> Result<Self, NoFolder> {
        let made = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
        match made {
            Ok(_) => Ok(Self {
                folder: folder.into(),
                digits: count.max(1).ilog10() as usize + 1,
            }),
            Err(source) => Err(NoFolder {
                folder: crate::text::quoted(&folder.to_string_lossy()),
                source,
            }),
        }
    }

    /// Writes the picture of the recording with this number, from zero; where it lies.
    ///
    /// It appears as a whole, and takes the place of what had its name: a link there is not followed.
    pub(super) fn write(&self, number: usize, recording: &Path, svg: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(self.name(number, recording));
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&self.folder)?;
        file.write_all(svg.as_bytes())?;
        file.persist(&path)?;
        Ok(path)
    }

    /// Number, then what is harmless of the recording's name: the number alone makes it unique.
    fn name(&self, number: usize, recording: &Path) -> String {
        let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
        let harmless: String = stem
            .chars()
            .take(NAME_LETTERS)
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
                _ => '_',
            })
            .collect();
        let digits = self.digits;
        format!("{:0digits$}-{harmless}.svg", number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours() {
        let plots = Plots {
            folder: "pictures".into(),
            digits: 3,
        };
        for (number, recording, expected) in [
            (0, "calls/msg0000.wav", "001-msg0000.svg"),
            (41, "../../etc/passwd", "042-passwd.svg"),
            (1_233, "a<b>&\"\n\u{202e}.wav", "1234-a_b_____.svg"),
            (1, "..", "002-.svg"),
            (2, "-rf ~.wav", "003--rf__.svg"),
        ] {
            assert_eq!(plots.name(number, Path::new(recording)), expected);
        }
        assert!(plots.name(0, Path::new(&"ä".repeat(300))).len() < 80);
    }
}
