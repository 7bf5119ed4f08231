//! What has to be so for calls to be guarded, and how it is mended where it is not: one item a line, the same for
//! `check` and for `/ready`.

pub(crate) mod data;
pub(crate) mod prompt_files;
pub(crate) mod prompts;
pub(crate) mod tap;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::getpid;

use crate::text::shown;

/// Below this a disk is full within the day.
const LITTLE_SPACE: u64 = 1 << 30;
/// Below this the next calls may find it full.
const NO_SPACE: u64 = 64 << 20;

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) state: State,
    subject: &'static str,
    what: String,
    mend: Option<String>,
}

impl Item {
    pub(crate) fn ok(subject: &'static str, what: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            subject,
            what: what.into(),
            mend: None,
        }
    }

    pub(crate) fn warn(
        subject: &'static str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            state: State::Warn,
            mend: Some(mend.into()),
            ..Self::ok(subject, what)
        }
    }

    pub(crate) fn fail(
        subject: &'static str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            state: State::Fail,
            ..Self::warn(subject, what, mend)
        }
    }
}

impl Item {
    /// What was seen, and how it is mended where it is not as it should be.
    pub(crate) fn parts(self) -> (String, Option<String>) {
        (self.what, self.mend)
    }
}

/// As a line, and how it is mended as another.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        // What a server answered stands in it, too.
        write!(f, "{word:<5} {:<9} {}", self.subject, shown(&self.what))?;
        match &self.mend {
            Some(mend) => write!(f, "\n{:<5} {:<9} -> {mend}", "", ""),
            None => Ok(()),
        }
    }
}

/// Whether a file can be made, filled and removed there.
pub(crate) fn writable(subject: &'static str, folder: &Path) -> Item {
    let probe = folder.join(format!(".check-{}", getpid().as_raw_nonzero()));
    let tried = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)
        .and_then(|mut file| {
            let written = file
                .write_all(b"voicemail-guard")
                .and_then(|()| file.sync_all());
            fs::remove_file(&probe).and(written)
        });
    let shown = folder.display();
    match tried {
        Ok(()) => Item::ok(subject, format!("files can be made and removed in {shown}")),
        Err(error) => Item::fail(
            subject,
            format!("no file can be made and removed in {shown}: {error}"),
            format!("give the user that runs the guard the right to write there: ls -ld {shown}"),
        ),
    }
}

pub(crate) fn space(subject: &'static str, folder: &Path) -> Item {
    let shown = folder.display();
    let mend = "make room on that disk; each second of a call needs 96 kB in the tap folder";
    match statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let what = format!("{} MB are free on the disk of {shown}", free / 1_000_000);
            if free < NO_SPACE {
                Item::fail(subject, what, mend)
            } else if free < LITTLE_SPACE {
                Item::warn(subject, what, mend)
            } else {
                Item::ok(subject, what)
            }
        }
        Err(error) => Item::warn(
            subject,
            format!("{shown}: free space unknown: {error}"),
            mend,
        ),
    }
}
