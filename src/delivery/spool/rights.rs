//! Whether messages can be put into mailboxes: what in the spool stands in their way, without
//! writing anything.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use tokio::sync::Semaphore;

use crate::call_record::{CallRecord, Destination, Mailbox, Mode};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::delivery::Method;

/// Something in the spool that keeps messages out.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// The spool itself cannot be read.
    #[error("{}: {source}", .path.display())]
    Spool {
        /// The spool.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What should be a folder is not one.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
    /// A folder that this user may not write to.
    #[error("{}: this user may not write there", .0.display())]
    NoRight(PathBuf),
}

/// What keeps messages out of this mailbox. Folders that are not there yet are made with the first
/// message.
///
/// Blocks for a few system calls.
pub fn obstacle(spool: &Path, mailbox: &Mailbox) -> Option<Obstacle> {
    if let Err(source) = fs::metadata(spool) {
        let path = spool.to_owned();
        return Some(Obstacle::Spool { path, source });
    }
    let context = spool.join(mailbox.context());
    let whole = context.join(mailbox.number());
    let inside = ["INBOX", "tmp"].map(|name| whole.join(name));
    let makes_its_folder = !whole.exists();
    let fills_it = inside.iter().any(|folder| !folder.exists());
    let context = blocked(&context, makes_its_folder);
    context
        .or_else(|| blocked(&whole, fills_it))
        .or_else(|| inside.iter().find_map(|folder| blocked(folder, true)))
}

fn blocked(folder: &Path, is_written_to: bool) -> Option<Obstacle> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(found) if !found.is_dir() => Some(Obstacle::NoFolder(folder.to_owned())),
        _ => {
            let write = if is_written_to {
                Access::WRITE_OK
            } else {
                Access::empty()
            };
            let may = access(folder, write | Access::EXEC_OK).is_ok();
            (!may).then(|| Obstacle::NoRight(folder.to_owned()))
        }
    }
}

/// What keeps the message of this call out of its mailbox, where it would reach nobody else; looked
/// at for at most half a second. Of a share that does not answer nothing is known: it may do so
/// again before the message is delivered.
pub async fn in_the_way(record: &CallRecord, config: &Config, clock: Clock) -> Option<Obstacle> {
    let settings = &config.delivery.voicemail;
    let wanted = config.deliver_to(&record.mailbox);
    let mailbox = record.mailbox.mailbox()?.clone();
    if !is_the_only_way(record.mode, wanted, settings.method) {
        return None;
    }
    let spool = settings.spool.clone();
    let look = async {
        let permit = LOOKS.acquire().await.ok()?;
        let look = move || {
            let found = obstacle(&spool, &mailbox);
            drop(permit);
            found
        };
        tokio::task::spawn_blocking(look).await.ok()?
    };
    tokio::select! {
        found = look => found,
        () = clock.sleep(LONGEST_LOOK) => None,
    }
}

/// Looks that may wait for a share at once: one that hangs must not take every thread there is.
static LOOKS: Semaphore = Semaphore::const_new(16);

const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// Whether a mailbox's messages reach nobody where its folder takes none: in observe `VoiceMail()`
/// writes them, a replay has it write them, and every other destination gets them all the same.
fn is_the_only_way(mode: Mode, wanted: &[Destination], method: Method) -> bool {
    mode != Mode::Observe && method == Method::Files && wanted == [Destination::Mailbox]
}

/// What was found of all the mailboxes in a spool.
pub struct Survey {
    /// The mailboxes that have a folder.
    pub mailboxes: usize,
    /// What keeps messages out of some, new ones among them.
    pub obstacles: Vec<Obstacle>,
}

/// Looks at every mailbox that has a folder in the spool, and whether new ones can be made.
///
/// # Errors
/// The spool cannot be read.
pub fn survey(spool: &Path) -> Result<Survey, Obstacle> {
    let unreadable = |source| Obstacle::Spool {
        path: spool.to_owned(),
        source,
    };
    let mut survey = Survey {
        mailboxes: 0,
        obstacles: Vec::new(),
    };
    for context in names(spool).map_err(unreadable)? {
        let folder = spool.join(&context);
        if let Some(obstacle) = blocked(&folder, true) {
            survey.obstacles.push(obstacle);
            continue;
        }
        let mailboxes = names(&folder).unwrap_or_default().into_iter();
        for name in mailboxes.filter(|name| folder.join(name).is_dir()) {
            if let Some(mailbox) = Mailbox::parse(&format!("{name}@{context}")) {
                survey.mailboxes += 1;
                survey.obstacles.extend(obstacle(spool, &mailbox));
            }
        }
    }
    Ok(survey)
}

/// What in a folder can be named as a context or a mailbox, in order.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string();
        names.extend(name.ok().filter(|name| Mailbox::parse(name).is_some()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_nothing_else_gets_the_message_the_folder_decides() {
        use Destination::Mail;
        for (mode, wanted, method, expected) in [
            (
                Mode::Enforce,
                &[Destination::Mailbox][..],
                Method::Files,
                true,
            ),
            (Mode::Guide, &[Destination::Mailbox], Method::Files, true),
            (Mode::Observe, &[Destination::Mailbox], Method::Files, false),
            (
                Mode::Enforce,
                &[Destination::Mailbox, Mail],
                Method::Files,
                false,
            ),
            (Mode::Enforce, &[Mail], Method::Files, false),
            (Mode::Enforce, &[], Method::Files, false),
            (
                Mode::Enforce,
                &[Destination::Mailbox],
                Method::Replay,
                false,
            ),
        ] {
            let is_it = is_the_only_way(mode, wanted, method);
            assert_eq!(is_it, expected, "{mode:?} {wanted:?} {method:?}");
        }
    }

    #[test]
    fn what_is_in_the_way_of_a_message_is_found_and_gone_with_its_mending() {
        let spool = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::parse("100@default").unwrap();
        let found = |mailbox: &Mailbox| obstacle(spool.path(), mailbox).map(|it| it.to_string());
        assert_eq!(found(&mailbox), None);
        let inbox = spool.path().join("default/100/INBOX");
        fs::create_dir_all(inbox.parent().unwrap()).unwrap();
        fs::write(&inbox, "").unwrap();
        let says = format!("{} is not a folder", inbox.display());
        assert_eq!(found(&mailbox), Some(says.clone()));
        assert_eq!(found(&Mailbox::parse("101@default").unwrap()), None);
        let all = survey(spool.path()).unwrap();
        assert_eq!((all.mailboxes, all.obstacles.len()), (1, 1));
        assert_eq!(all.obstacles[0].to_string(), says);
        fs::remove_file(&inbox).unwrap();
        assert_eq!(found(&mailbox), None);
        let nowhere = spool.path().join("nowhere");
        let missing = obstacle(&nowhere, &mailbox).unwrap().to_string();
        assert!(missing.contains("nowhere: No such file"), "{missing}");
        assert!(survey(&nowhere).is_err());
    }
}
