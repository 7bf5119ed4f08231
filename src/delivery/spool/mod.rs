//! Into the Asterisk mailbox: a message in INBOX by `app_voicemail`'s own protocol, exactly once.
//!
//! ```text
//! prepare   <box>/tmp/vg-<call>.wav, .txt      durable; then the outbox notes "prepared"
//! place     lock INBOX · free number · link audio · rename text: delivered · remove audio in tmp · unlock
//! ```
//!
//! The rename of the text is the one moment at which the message is delivered: Asterisk counts
//! texts. After a crash its absence from `tmp` says that the moment has passed, its presence that
//! it has not; audio is linked, not moved, so that a number which somebody else takes in between
//! cannot cost it. Nothing of Asterisk's is ever replaced. Which formats it has, `tmp` shows: the
//! settings may have changed since.

pub mod carrier;
#[cfg(test)]
mod crash_tests;
mod disk;
mod flock;
mod lock;
mod message;
pub mod replay;
pub mod rights;
mod sound;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use self::disk::{Disk, Seen, System};
use self::lock::{Locking, give_back, try_lock, unlock};
use self::sound::encode;
use super::DeliveryError;
use crate::call_record::{CallId, CallRecord, Mailbox, MailboxName};
use crate::config::delivery::{LockMode, SoundFormat, Voicemail};

/// Messages a folder can hold: four digits.
const MOST_NUMBERS: u32 = 10_000;
/// Audio of Asterisk's own that may lie beside a text.
const AUDIO: [&str; 7] = ["wav", "WAV", "gsm", "sln", "ulaw", "alaw", "wav16"];

/// The mailboxes of one Asterisk.
pub struct Spool {
    settings: Voicemail,
    /// What this installation marks its locks with.
    mark: String,
    disk: Box<dyn Disk + Send + Sync>,
}

/// A message that is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Under this number in INBOX, now.
    As(u32),
    /// It had been put in place before the guard died; by now it may have been heard or moved.
    Before,
    /// It is in no folder of the mailbox: delivered and deleted since, or `tmp` was cleared, or it
    /// was prepared in another spool.
    Gone,
}

/// Why a message could not be prepared or put in place.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The name cannot be that of a mailbox.
    #[error("{0:?} is no mailbox; the dialplan's first argument is one such as 100@default")]
    Name(String),
    /// There is no recording.
    #[error("nothing was recorded of the call, or it is gone")]
    NoSound,
    /// The context has no folder in the spool.
    #[error("there is no folder {}: Asterisk has no mailboxes of that context there; see [delivery.voicemail] spool", .0.display())]
    NoContext(PathBuf),
    /// The mailbox is full.
    #[error(
        "the INBOX of {name} is full: {count} messages; delete some, or raise maxmsg in voicemail.conf and [delivery.voicemail] most_messages"
    )]
    Full {
        /// The mailbox.
        name: String,
        /// Its messages.
        count: u32,
    },
    /// Somebody else works in the mailbox.
    #[error("the INBOX of {name} has been locked by another process for {} s", .held.as_secs())]
    Locked {
        /// The mailbox.
        name: String,
        /// For so long.
        held: Duration,
    },
    /// What was prepared is gone with its folder, or was written over.
    #[error(
        "the box was removed while a message was in flight, or the message was written over; it is begun again"
    )]
    Unprepared,
    /// The file system refuses.
    #[error("{}: {source}", .path.display())]
    File {
        /// What was to be read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl From<SpoolError> for DeliveryError {
    fn from(trouble: SpoolError) -> Self {
        match trouble {
            SpoolError::Name(_) | SpoolError::NoSound => Self::permanent(trouble),
            _ => Self::transient(trouble),
        }
    }
}

/// Names a path in what the system says of it.
trait At<T> {
    fn at(self, path: &Path) -> Result<T, SpoolError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, SpoolError> {
        self.map_err(|source| SpoolError::File {
            path: path.into(),
            source,
        })
    }
}

/// The folders of one mailbox, and the names of one message in flight.
struct Paths {
    context: PathBuf,
    whole: PathBuf,
    inbox: PathBuf,
    tmp: PathBuf,
    stem: String,
}

impl Paths {
    fn text(&self) -> PathBuf {
        self.tmp.join(format!("{}.txt", self.stem))
    }

    fn audio(&self, format: SoundFormat) -> PathBuf {
        self.tmp
            .join(format!("{}.{}", self.stem, format.extension()))
    }
}

impl Spool {
    /// The mailboxes in this spool. `mark` distinguishes this installation's locks from everybody
    /// else's; letters and digits.
    pub fn new(settings: Voicemail, mark: String) -> Self {
        Self {
            settings,
            mark,
            disk: Box::new(System),
        }
    }

    /// Writes audio and text of a message beside the INBOX, durably; nothing of it counts yet.
    ///
    /// Blocks. May be repeated until [`Self::place`] has been tried. A mailbox that has no folder
    /// yet gets one, as Asterisk does it at the first message.
    ///
    /// # Errors
    /// Why it cannot be written; what lies there is written anew next time.
    pub fn prepare(&self, record: &CallRecord, sound: &[i16]) -> Result<(), SpoolError> {
        let (mailbox, paths) = self.paths(&record.mailbox, record.id)?;
        if sound.is_empty() {
            return Err(SpoolError::NoSound);
        }
        let disk = &*self.disk;
        let context = disk.look(&paths.context).at(&paths.context)?;
        let context = context.ok_or_else(|| SpoolError::NoContext(paths.context.clone()))?;
        let whole = self.folder(&paths.whole, &context)?;
        let inbox = self.folder(&paths.inbox, &whole)?;
        self.folder(&paths.tmp, &whole)?;
        for format in SoundFormat::ALL {
            let path = paths.audio(format);
            if self.settings.formats.contains(&format) {
                self.write(&path, &encode(sound, format), &inbox)?;
            } else {
                disk.remove(&path).at(&path)?;
            }
        }
        let seconds = sound.len() as u64 / u64::from(crate::audio::RATE_HZ);
        let text = message::text(record, mailbox, seconds);
        self.write(&paths.text(), text.as_bytes(), &inbox)?;
        disk.sync(&paths.tmp).at(&paths.tmp)
    }

    /// Puts a prepared message in its place; `now` gives the age of another's lock.
    ///
    /// Blocks for some system calls. May be repeated as often as one likes: the message is there
    /// once.
    ///
    /// # Errors
    /// Why it is not in its place yet. [`SpoolError::Unprepared`]: it has to be prepared again.
    pub fn place(&self, record: &CallRecord, now: Timestamp) -> Result<Placement, SpoolError> {
        let (_, paths) = self.paths(&record.mailbox, record.id)?;
        let disk = &*self.disk;
        let text = paths.text();
        if disk.look(&text).at(&text)?.is_none() {
            return self.placed_before(record, &paths);
        }
        let number = match self.settings.lockmode {
            LockMode::Lockfile => self.place_by_lockfile(record, &paths, now)?,
            LockMode::Flock => self.place_by_flock(record, &paths)?,
        };
        self.clean(&paths);
        disk.sync(&paths.inbox).at(&paths.inbox)?;
        disk.sync(&paths.tmp).at(&paths.tmp)?;
        Ok(Placement::As(number))
    }

    /// Removes what was prepared of a message that will not be put in place any more.
    ///
    /// Blocks. Only for a delivery that has been noted as given up: that text and audio are gone
    /// otherwise means that the message has been delivered.
    ///
    /// # Errors
    /// What cannot be removed.
    pub fn discard(&self, mailbox: &MailboxName, call: CallId) -> Result<(), SpoolError> {
        let (_, paths) = self.paths(mailbox, call)?;
        let text = paths.text();
        self.disk.remove(&text).at(&text)?;
        self.clean(&paths);
        Ok(())
    }

    fn place_by_lockfile(
        &self,
        record: &CallRecord,
        paths: &Paths,
        now: Timestamp,
    ) -> Result<u32, SpoolError> {
        let disk = &*self.disk;
        let stale = self.settings.stale_lock;
        match try_lock(disk, &paths.inbox, &self.mark, stale, now).at(&paths.inbox)? {
            Locking::Locked => {}
            Locking::Held(held) => {
                return Err(SpoolError::Locked {
                    name: record.mailbox.to_string(),
                    held,
                });
            }
        }
        let placed = self.place_locked(record, paths);
        unlock(disk, &paths.inbox).at(&paths.inbox)?;
        placed
    }

    /// With the lock that Asterisk takes under `lockmode = flock`, and a look afterwards whether it
    /// held.
    fn place_by_flock(&self, record: &CallRecord, paths: &Paths) -> Result<u32, SpoolError> {
        let disk = &*self.disk;
        let held = flock::try_lock(disk, &paths.inbox, &self.mark).at(&paths.inbox)?;
        let Some(held) = held else {
            return Err(SpoolError::Locked {
                name: record.mailbox.to_string(),
                held: Duration::ZERO,
            });
        };
        let number = self.place_locked(record, paths)?;
        drop(held);
        disk.settle();
        if self.is_in_a_folder(record, paths)? {
            return Ok(number);
        }
        warn!(event = "message_overwritten", call = %record.id, r#box = record.mailbox.as_str(), number, "Asterisk has written over a message that was put into its box, since its flock lets two in at a time; it is put there once more");
        Err(SpoolError::Unprepared)
    }

    fn place_locked(&self, record: &CallRecord, paths: &Paths) -> Result<u32, SpoolError> {
        let disk = &*self.disk;
        let formats = &self.prepared(paths)?;
        if formats.is_empty() {
            return Err(SpoolError::Unprepared);
        }
        let names = disk.names(&paths.inbox).at(&paths.inbox)?;
        self.remove_own_leftovers(paths, &names)?;
        let taken: BTreeSet<u32> = names
            .iter()
            .filter_map(|name| message_number(name))
            .collect();
        let count = taken.len() as u32;
        if count >= self.settings.most_messages {
            return Err(SpoolError::Full {
                name: record.mailbox.to_string(),
                count,
            });
        }
        let free = (0..MOST_NUMBERS).filter(|number| !taken.contains(number));
        for number in free {
            let place = |extension: &str| paths.inbox.join(format!("msg{number:04}.{extension}"));
            for extension in AUDIO {
                self.move_aside(&place(extension), paths)?;
            }
            for &format in formats {
                let to = place(format.extension());
                disk.link(&paths.audio(format), &to).at(&to)?;
            }
            match disk.rename(&paths.text(), &place("txt")) {
                // Somebody took the number without the lock: the next one, then.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    for &format in formats {
                        let to = place(format.extension());
                        disk.remove(&to).at(&to)?;
                    }
                }
                renamed => return renamed.map(|()| number).at(&place("txt")),
            }
        }
        Err(SpoolError::Full {
            name: record.mailbox.to_string(),
            count: MOST_NUMBERS,
        })
    }

    /// The text is not in `tmp`: the message has been delivered, or somebody has cleared up.
    fn placed_before(&self, record: &CallRecord, paths: &Paths) -> Result<Placement, SpoolError> {
        let disk = &*self.disk;
        let audio = !self.prepared(paths)?.is_empty();
        if !audio && disk.look(&paths.tmp).at(&paths.tmp)?.is_none() {
            return Err(SpoolError::Unprepared);
        }
        // Audio goes last; without it, one of the mailbox's folders should have the message.
        let there = audio || self.is_in_a_folder(record, paths)?;
        give_back(disk, &paths.inbox, &self.mark).at(&paths.inbox)?;
        self.clean(paths);
        Ok(if there {
            Placement::Before
        } else {
            Placement::Gone
        })
    }

    /// The formats in which the message lies in `tmp`: those that were wanted when it was prepared.
    fn prepared(&self, paths: &Paths) -> Result<Vec<SoundFormat>, SpoolError> {
        let mut formats = Vec::new();
        for format in SoundFormat::ALL {
            let path = paths.audio(format);
            if self.disk.look(&path).at(&path)?.is_some() {
                formats.push(format);
            }
        }
        Ok(formats)
    }

    fn is_in_a_folder(&self, record: &CallRecord, paths: &Paths) -> Result<bool, SpoolError> {
        let disk = &*self.disk;
        let line = format!("\nmsg_id={}\n", message::message_id(record));
        for folder in disk.names(&paths.whole).at(&paths.whole)? {
            let folder = paths.whole.join(folder);
            // What is no folder has no names in it.
            for name in disk.names(&folder).unwrap_or_default() {
                let text = folder.join(&name);
                let is_it = message_number(&name).is_some()
                    && disk
                        .beginning(&text)
                        .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(&line));
                if is_it {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// After a crash between audio and text, audio of ours lies in INBOX without a text: the same
    /// file as the one in `tmp`.
    fn remove_own_leftovers(&self, paths: &Paths, names: &[String]) -> Result<(), SpoolError> {
        let disk = &*self.disk;
        for format in SoundFormat::ALL {
            let own = paths.audio(format);
            let seen = disk.look(&own).at(&own)?;
            let Some(seen) = seen.filter(|seen| seen.names > 1) else {
                continue;
            };
            let ending = format!(".{}", format.extension());
            for name in names.iter().filter(|name| name.ends_with(&ending)) {
                let path = paths.inbox.join(name);
                let same = disk.look(&path).at(&path)?;
                if same.is_some_and(|same| same.identity == seen.identity) {
                    disk.remove(&path).at(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Audio without a text at a free number: Asterisk would write over it; here it is kept.
    fn move_aside(&self, path: &Path, paths: &Paths) -> Result<(), SpoolError> {
        let disk = &*self.disk;
        if disk.look(path).at(path)?.is_none() {
            return Ok(());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = paths.tmp.join(format!("{}-found-{name}", paths.stem));
        warn!(event = "orphan_kept", found = %path.display(), kept = %aside.display(), "audio without a message lay in INBOX; it is kept aside");
        disk.rename(path, &aside).at(path)
    }

    /// What lies in `tmp` is not needed any more; what stays does no harm.
    fn clean(&self, paths: &Paths) {
        for format in SoundFormat::ALL {
            let path = paths.audio(format);
            if let Err(error) = self.disk.remove(&path) {
                warn!(event = "leftover_file", file = %path.display(), %error, "audio that is delivered stays in tmp as well");
            }
        }
    }

    fn write(&self, path: &Path, bytes: &[u8], folder: &Seen) -> Result<(), SpoolError> {
        let disk = &*self.disk;
        disk.remove(path).at(path)?;
        disk.make(path, bytes, true).at(path)?;
        disk.hand_over(path, folder).at(path)
    }

    /// A folder, made where it is not there.
    fn folder(&self, path: &Path, parent: &Seen) -> Result<Seen, SpoolError> {
        let disk = &*self.disk;
        if disk.look(path).at(path)?.is_none() {
            match disk.make_folder(path, parent) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made.at(path)?;
                    info!(event = "mailbox_made", folder = %path.display(), "made a folder of a mailbox");
                }
            }
        }
        let seen = disk.look(path).at(path)?;
        seen.ok_or(io::Error::from(ErrorKind::NotFound)).at(path)
    }

    fn paths<'a>(
        &self,
        name: &'a MailboxName,
        call: CallId,
    ) -> Result<(&'a Mailbox, Paths), SpoolError> {
        let mailbox = possible(name)?;
        let context = self.settings.spool.join(mailbox.context());
        let whole = context.join(mailbox.number());
        let paths = Paths {
            inbox: whole.join("INBOX"),
            tmp: whole.join("tmp"),
            stem: format!("vg-{call}"),
            whole,
            context,
        };
        Ok((mailbox, paths))
    }
}

/// The mailbox of this name.
fn possible(name: &MailboxName) -> Result<&Mailbox, SpoolError> {
    let mailbox = name.mailbox();
    mailbox.ok_or_else(|| SpoolError::Name(name.to_string()))
}

/// The number of `msg0007.txt`.
fn message_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("msg")?.strip_suffix(".txt")?;
    let four = digits.len() == 4 && digits.bytes().all(|c| c.is_ascii_digit());
    four.then(|| digits.parse().ok())?
}
