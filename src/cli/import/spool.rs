//! What lies in Asterisk's mailboxes: `msgNNNN.txt` with its sound in one form or several. Nothing
//! is changed there, and no link is followed below what was named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Moment;
use crate::audio::file::Format;
use crate::call_record::Mailbox;
use crate::cli::recording::{FileError, open_itself};
use crate::imported::{LeftOut, MessageText};

/// Folders within folders.
const DEEPEST: usize = 16;
/// Bytes of a text; Asterisk's have some hundred.
const LONGEST_TEXT: u64 = 64 << 10;
/// A recording that nothing says the end of, and that was written so recently, may still grow.
const GROWS: SignedDuration = SignedDuration::from_hours(1);
/// Where Asterisk records, and where the guard prepares.
const WORKSHOP: &str = "tmp";
/// The folders of a mailbox, as `app_voicemail` names them.
const FOLDERS: [&str; 12] = [
    "INBOX", "Old", "Work", "Family", "Friends", "Cust1", "Cust2", "Cust3", "Cust4", "Cust5",
    "Deleted", "Urgent",
];
/// A message's sound, what is nearest to what was said first: the same recording in each form.
const BEST_FIRST: [&[&str]; 4] = [
    &["wav", "wav16", "sln", "slin", "sln16", "sln48", "raw"],
    &["ulaw", "ul", "mu", "pcm", "ulw", "alaw", "al", "alw"],
    &["WAV", "wav49"],
    &["gsm"],
];

/// A message to be heard.
#[derive(Debug)]
pub(super) struct Message {
    folder: PathBuf,
    /// `msgNNNN`.
    stem: String,
    /// Files of its sound, the best first.
    pub(super) sounds: Vec<PathBuf>,
    pub(super) text: MessageText,
    pub(super) mailbox: String,
    pub(super) day: Date,
}

impl Message {
    /// What it is called in messages.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.stem)
    }
}

/// When the messages of each channel were recorded.
pub(super) type Channels = HashMap<String, Vec<Timestamp>>;

/// All that was found.
#[derive(Default)]
pub(super) struct Spool {
    pub(super) messages: Vec<Message>,
    pub(super) left_out: Vec<(PathBuf, LeftOut)>,
    pub(super) channels: Channels,
}

impl Spool {
    /// Looks through all folders, each once.
    pub(super) fn gather(folders: &[PathBuf], moment: &Moment) -> Self {
        let mut spool = Self::default();
        let mut seen = BTreeSet::new();
        for folder in folders {
            match fs::canonicalize(folder) {
                Ok(folder) => spool.enter(&folder, 0, &mut seen, moment),
                Err(error) => spool.left_out.push((folder.clone(), why(&error.into()))),
            }
        }
        spool
    }

    fn enter(
        &mut self,
        folder: &Path,
        depth: usize,
        seen: &mut BTreeSet<PathBuf>,
        moment: &Moment,
    ) {
        if !seen.insert(folder.to_owned()) {
            return;
        }
        if depth > DEEPEST {
            return self.left_out.push((folder.into(), LeftOut::Unreadable));
        }
        let Names {
            messages,
            folders,
            links,
        } = match Names::of(folder) {
            Ok(names) => names,
            Err(error) => return self.left_out.push((folder.into(), why(&error.into()))),
        };
        let links = links.into_iter().map(|link| (link, LeftOut::NoFile));
        self.left_out.extend(links);
        for (stem, endings) in messages {
            match self.look(folder, &stem, &endings, moment) {
                Ok(message) => self.messages.push(message),
                Err(why) => self.left_out.push((folder.join(stem), why)),
            }
        }
        for name in folders.iter().filter(|name| *name != WORKSHOP) {
            self.enter(&folder.join(name), depth + 1, seen, moment);
        }
    }

    /// What is there of a message.
    fn look(
        &mut self,
        folder: &Path,
        stem: &str,
        endings: &BTreeSet<String>,
        moment: &Moment,
    ) -> Result<Message, LeftOut> {
        let file = |ending: &str| folder.join(format!("{stem}.{ending}"));
        let has_text = endings.contains("txt");
        let text = if has_text {
            MessageText::parse(&read_text(&file("txt"))?)
        } else {
            MessageText::default()
        };
        // A clock that was wrong says nothing.
        let began = text.began.filter(|began| *began <= moment.now + GROWS);
        if let (Some(began), false) = (began, text.channel.is_empty()) {
            let times = self.channels.entry(text.channel.clone()).or_default();
            times.push(began);
        }
        if text.is_by_guard {
            return Err(LeftOut::ByGuard);
        }
        let mut sounds: Vec<_> = endings
            .iter()
            .filter(|ending| Format::named(ending).is_some())
            .collect();
        sounds.sort_by_key(|ending| rank(ending));
        let sounds: Vec<_> = sounds.into_iter().map(|ending| file(ending)).collect();
        let changed = endings.iter().filter_map(|ending| changed(&file(ending)));
        let changed = changed.max().ok_or(LeftOut::Gone)?;
        if !text.is_whole && moment.now.duration_since(changed) < GROWS {
            return Err(LeftOut::InProgress);
        }
        let at = began.unwrap_or(changed);
        if !moment.wants(at) {
            return Err(LeftOut::Older);
        }
        if sounds.is_empty() {
            let has_other = endings.len() > usize::from(has_text);
            return Err(if has_other {
                LeftOut::OtherForm
            } else {
                LeftOut::NoSound
            });
        }
        Ok(Message {
            folder: folder.into(),
            stem: stem.into(),
            sounds,
            mailbox: mailbox_of(folder, &text),
            text,
            day: moment.day(at),
        })
    }
}

/// What is in a folder.
#[derive(Default)]
struct Names {
    /// Each with the endings of its files.
    messages: BTreeMap<String, BTreeSet<String>>,
    folders: BTreeSet<String>,
    /// What leads to other folders.
    links: Vec<PathBuf>,
}

impl Names {
    fn of(folder: &Path) -> io::Result<Self> {
        let mut names = Self::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                names.folders.insert(name);
            } else if let Some((stem, ending)) = name.split_once('.')
                && is_message(stem)
            {
                let endings = names.messages.entry(stem.into()).or_default();
                endings.insert(ending.into());
            } else if kind.is_symlink() && entry.path().is_dir() {
                names.links.push(entry.path());
            }
        }
        Ok(names)
    }
}

/// `msg` and four digits or more.
fn is_message(stem: &str) -> bool {
    let number = stem.strip_prefix("msg").unwrap_or_default();
    number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn rank(ending: &str) -> usize {
    let best = BEST_FIRST.iter().position(|forms| forms.contains(&ending));
    best.unwrap_or(BEST_FIRST.len())
}

fn read_text(path: &Path) -> Result<String, LeftOut> {
    let mut bytes = Vec::new();
    let (file, _) = open_itself(path).map_err(|error| why(&error))?;
    file.take(LONGEST_TEXT)
        .read_to_end(&mut bytes)
        .map_err(|error| why(&error.into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn changed(path: &Path) -> Option<Timestamp> {
    let changed = fs::symlink_metadata(path).ok()?.modified().ok()?;
    Timestamp::try_from(changed).ok()
}

/// The mailbox by where its folder lies in the spool, or as the text has it; empty where nothing
/// says.
fn mailbox_of(folder: &Path, text: &MessageText) -> String {
    let mailbox = by_place(folder).or_else(|| Mailbox::parse(&text.mailbox));
    mailbox.map_or_else(String::new, |mailbox| mailbox.as_str().to_owned())
}

/// The mailbox that a folder belongs to, such as `default/100/INBOX`.
fn by_place(folder: &Path) -> Option<Mailbox> {
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    if !FOLDERS.contains(&name(folder)?.as_str()) {
        return None;
    }
    let mailbox = folder.parent()?;
    let context = mailbox.parent()?;
    Mailbox::parse(&format!("{}@{}", name(mailbox)?, name(context)?))
}

/// Why a file cannot be used.
pub(super) fn why(error: &FileError) -> LeftOut {
    match error {
        FileError::Missing => LeftOut::Gone,
        FileError::Io(_) | FileError::TooDeep | FileError::Stopped => LeftOut::Unreadable,
        FileError::NotAFile(_) | FileError::Folder | FileError::NoRecordings => LeftOut::NoFile,
        FileError::Empty | FileError::NoSound => LeftOut::Empty,
        FileError::Sound(_) | FileError::Broken => LeftOut::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_name() {
        for stem in ["msg0000", "msg9999", "msg12345"] {
            assert!(is_message(stem), "{stem}");
        }
        for stem in ["", "msg", "msg000", "msg00a0", "message", "unavail", "vg-1"] {
            assert!(!is_message(stem), "{stem}");
        }
    }

    #[test]
    fn the_mailbox_is_where_the_folder_lies() {
        let text = MessageText {
            mailbox: "7".into(),
            ..MessageText::default()
        };
        let of = |folder: &str, text: &MessageText| mailbox_of(Path::new(folder), text);
        for (folder, mailbox) in [
            ("/spool/default/100/INBOX", "100@default"),
            ("/backup/sales/200/Old", "200@sales"),
            ("/old/messages", "7@default"),
            ("/INBOX", "7@default"),
            ("/a/.hidden/100/INBOX", "7@default"),
        ] {
            assert_eq!(of(folder, &text), mailbox, "{folder}");
        }
        assert_eq!(of("/old/messages", &MessageText::default()), "");
    }

    #[test]
    fn the_sound_that_says_most_comes_first() {
        let mut endings = ["gsm", "WAV", "wav", "alaw", "sln192"];
        endings.sort_by_key(|ending| rank(ending));
        assert_eq!(endings, ["wav", "alaw", "WAV", "gsm", "sln192"]);
    }
}
