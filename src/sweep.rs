//! Deletes what is kept no longer: every hour, and when the rules change, in small transactions
//! beside the calls.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use crate::call_log::leftovers::{remove_set_aside, set_aside_at};
use crate::call_log::{Decided, Keeper, Kept, OutboxError, Pause, UNREADABLE};
use crate::clock::Clock;
use crate::delivery::spool::replay::remove_sound;
use crate::keeping::{Days, Due, KeepRules, Kind, Kinds, Pseudonyms, Wait, due};
use crate::recordings;
use crate::session::Guard;

/// It is looked this often.
const ROUND: Duration = Duration::from_hours(1);
/// Calls in one transaction.
const MOST_AT_ONCE: u32 = 100;
/// Between two transactions, so that calls and deliveries come first.
const BREATH: Duration = Duration::from_millis(20);
/// What of a call that was erased was still on its way then, or could not be removed, is looked for
/// so long.
const STRAGGLERS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Name of the file in the data folder with the key of the pseudonyms.
pub const KEY: &str = "pseudonyms.key";

/// Why a sweep broke off; the next goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The log's database is not there now.
    #[error(transparent)]
    Log(#[from] OutboxError),
    /// A file cannot be read or removed.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What sweeps, and where.
#[derive(Clone)]
pub struct Sweeper {
    /// The calls.
    pub keeper: Keeper,
    /// The data folder.
    pub data: PathBuf,
    /// Where Asterisk leaves the callers' sound.
    pub tap_folder: PathBuf,
}

/// What a sweep deleted, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// By their places in [`Kind::ALL`].
    pub kinds: [u64; Kind::ALL.len()],
    /// Recordings without a record.
    pub orphans: u64,
    /// Broken databases, and files of lines that nobody can read.
    pub files: u64,
    /// Why nothing was deleted.
    pub paused: Option<Pause>,
}

/// Sweeps for as long as the guard runs; never returns.
pub async fn sweep(guard: Arc<Guard>) {
    let (clock, settings) = (guard.clock, guard.settings.clone());
    let mut changes = settings.changes();
    let mut said = None;
    loop {
        let config = settings.now();
        let sweeper = Sweeper {
            keeper: guard.log.keeper(),
            data: guard.data.clone(),
            tap_folder: config.tap.folder_as_guard_sees_it.clone(),
        };
        match sweeper.round(&config.keep, clock.date(), clock).await {
            Ok(swept) => {
                if swept.paused != said {
                    say(swept.paused);
                }
                said = swept.paused;
            }
            Err(error) => {
                warn!(event = "sweep_incomplete", %error, "not all could be deleted that is kept no longer; it is tried again within an hour");
            }
        }
        let other_rules = async {
            while settings.now().keep == config.keep {
                changes.changed().await;
            }
        };
        tokio::select! {
            () = clock.sleep(ROUND) => {}
            () = other_rules => {}
        }
    }
}

fn say(paused: Option<Pause>) {
    match paused {
        Some(Pause::Upgrade(until)) => {
            warn!(event = "sweep_paused", %until, "this call log is from a version that deleted nothing: from then on what is older than [keep] says is deleted; set [keep] before, if that is not meant");
        }
        Some(Pause::Clock(until)) => {
            warn!(event = "sweep_paused", %until, "the clock shows more than a week more or less than when the log was looked through last: what is kept no longer is deleted from then on; set the clock right before, if it is wrong");
        }
        None => info!(
            event = "sweep_resumed",
            "what is kept no longer is deleted again"
        ),
    }
}

impl Sweeper {
    /// Deletes what is due by then.
    ///
    /// # Errors
    /// Something cannot be read or deleted; what was done until then is done.
    pub async fn round(
        &self,
        rules: &KeepRules,
        now: Timestamp,
        clock: Clock,
    ) -> Result<Swept, SweepError> {
        let mut swept = Swept {
            paused: self.keeper.begin_sweep(now).await?,
            ..Swept::default()
        };
        if swept.paused.is_some() {
            return Ok(swept);
        }
        let data = self.data.clone();
        let pseudonyms = blocking(move || pseudonyms(&data)).await?;
        self.keeper.go_by_rules(rules.fingerprint()).await?;
        loop {
            let kept = self.keeper.kept_until(now, MOST_AT_ONCE).await?;
            if kept.is_empty() {
                break;
            }
            self.sweep_some(&kept, (rules, now), &pseudonyms, &mut swept)
                .await?;
            clock.sleep(BREATH).await;
        }
        self.sweep_files(rules, now, &mut swept).await?;
        // Also where nothing was deleted now: somebody may have been reading in it the last time.
        self.keeper.truncate_wal().await?;
        Ok(swept)
    }

    async fn sweep_some(
        &self,
        kept: &[Kept],
        (rules, now): (&KeepRules, Timestamp),
        pseudonyms: &Pseudonyms,
        swept: &mut Swept,
    ) -> Result<(), SweepError> {
        let mut decided = Vec::new();
        let mut silent = Vec::new();
        for call in kept {
            let of_mailbox = rules.of(&call.mailbox);
            let keep = of_mailbox.of(call.verdict);
            let corrected = call.corrected.map(|verdict| of_mailbox.of(verdict));
            let keep = corrected.map_or(*keep, |other| keep.longer(other));
            let due = due(call.held, &keep, rules.open_cases, now);
            if due.now.has(Kind::Audio) || due.now.has(Kind::Record) {
                silent.push(call.clone());
            }
            let (seq, id) = (call.seq, call.id.clone());
            decided.push(Decided { seq, id, due });
        }
        let (data, tap_folder) = (self.data.clone(), self.tap_folder.clone());
        // Before the records: what is not noted to be gone is tried again.
        let failed = blocking(move || Ok(remove_recordings(&silent, &tap_folder, &data))).await?;
        for decided in &mut decided {
            if failed.contains(&decided.seq) {
                decided.due = Due {
                    now: Kinds::NONE,
                    next: Some(now + SignedDuration::from_hours(1)),
                };
            }
        }
        let mut gone = [const { Vec::new() }; Kind::ALL.len()];
        let mut open = Vec::new();
        for (call, decided) in kept.iter().zip(&decided) {
            for (kind, gone) in Kind::ALL.into_iter().zip(&mut gone) {
                if decided.due.now.has(kind) {
                    gone.push(call.id.clone());
                }
            }
            if call.held.waits == Some(Wait::OpenCase) && !decided.due.now.is_empty() {
                open.push(call.id.clone());
            }
        }
        self.keeper
            .keep_no_longer(decided, pseudonyms.clone())
            .await?;
        for ((kind, calls), count) in Kind::ALL.into_iter().zip(gone).zip(&mut swept.kinds) {
            *count += calls.len() as u64;
            if !calls.is_empty() {
                let count = calls.len();
                info!(
                    event = "kept_no_longer",
                    kind = kind.as_str(),
                    count,
                    calls = calls.join(" "),
                    "kept no longer"
                );
            }
        }
        if !open.is_empty() {
            let (days, calls) = (rules.open_cases, open.join(" "));
            warn!(event = "open_cases_deleted", %days, calls, "their cases are open still, and nobody has closed them for so long");
        }
        Ok(())
    }

    /// What has no row: what was left of calls that were erased, recordings without a record,
    /// broken databases, unreadable lines.
    async fn sweep_files(
        &self,
        rules: &KeepRules,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), SweepError> {
        let since = now - STRAGGLERS;
        let erased = self.keeper.erased_since(since).await?;
        let (data, tap_folder) = (self.data.clone(), self.tap_folder.clone());
        // In a broken database there may be the records, and who waits for what.
        let has_records = !self.keeper.set_aside().await?.is_empty();
        let keep = rules.longest(if has_records {
            Kind::Record
        } else {
            Kind::Audio
        });
        let found = blocking(move || {
            for (id, started) in erased {
                remove_sound(&tap_folder, id);
                if let Err(error) = recordings::remove(&tap_folder, &data, (id, started), None) {
                    warn!(event = "deletion_failed", call = %id, %error, "something of a call that was erased cannot be removed");
                }
            }
            let is_over = |over: Timestamp| keep.end(over).is_some_and(|end| end <= now);
            Ok(recordings::kept_on_days(&data, is_over))
        })
        .await?;
        for (id, path) in found {
            if self.keeper.keeps_audio(id).await? {
                continue;
            }
            let gone = path.clone();
            let removed = blocking(move || {
                fs::remove_file(&gone).map_err(|source| SweepError::File { path: gone, source })
            });
            removed.await?;
            info!(event = "kept_no_longer", call = %id, "a recording without a record is kept no longer");
            swept.orphans += 1;
        }
        let data = self.data.clone();
        blocking(move || {
            recordings::remove_empty_folders(&data, now);
            Ok(())
        })
        .await?;
        self.sweep_broken(rules.longest(Kind::Record), now, swept)
            .await
    }

    /// Broken databases and lines that nobody can read are kept as long as the longest record.
    async fn sweep_broken(
        &self,
        keep: Days,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), SweepError> {
        let is_over = |at: Timestamp| keep.end(at).is_some_and(|end| end <= now);
        for aside in self.keeper.set_aside().await? {
            let at = set_aside_at(&aside.file);
            if aside.takeover.is_none() || !at.is_some_and(is_over) {
                continue;
            }
            let (folder, file) = (self.data.clone(), aside.file.clone());
            blocking(move || {
                remove_set_aside(&folder, &file).map_err(|source| SweepError::File {
                    path: folder.join(file),
                    source,
                })
            })
            .await?;
            info!(
                event = "kept_no_longer",
                file = aside.file,
                "a broken database is kept no longer"
            );
            self.keeper.forget_set_aside(aside.file).await?;
            swept.files += 1;
        }
        let path = self.data.join(UNREADABLE);
        let written = fs::metadata(&path).and_then(|about| about.modified());
        let written = written.ok().and_then(|at| Timestamp::try_from(at).ok());
        if written.is_some_and(is_over) {
            fs::remove_file(&path).map_err(|source| SweepError::File { path, source })?;
            info!(
                event = "kept_no_longer",
                "lines that nobody can read are kept no longer"
            );
            swept.files += 1;
        }
        Ok(())
    }
}

/// Removes the recordings of calls; the rows of those that stay.
fn remove_recordings(calls: &[Kept], tap_folder: &Path, data: &Path) -> BTreeSet<i64> {
    let mut failed = BTreeSet::new();
    for Kept {
        seq,
        call,
        started,
        audio,
        ..
    } in calls
    {
        let Some(id) = *call else { continue };
        remove_sound(tap_folder, id);
        if let Err(error) = recordings::remove(tap_folder, data, (id, *started), audio.as_deref()) {
            warn!(event = "deletion_failed", call = %id, %error, "a recording is kept no longer, and cannot be removed; it is tried again within an hour");
            failed.insert(*seq);
        }
    }
    failed
}

/// The key of the pseudonyms, made where there is none. Blocks.
///
/// # Errors
/// It cannot be read or made.
pub fn pseudonyms(data: &Path) -> Result<Pseudonyms, SweepError> {
    let path = data.join(KEY);
    let failed = |source| SweepError::File {
        path: path.clone(),
        source,
    };
    let mut key = [0; Pseudonyms::KEY_BYTES];
    match File::open(&path) {
        Ok(mut file) => file.read_exact(&mut key).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            getrandom::fill(&mut key).map_err(|error| failed(io::Error::other(error)))?;
            let half = path.with_extension("part");
            let write = || {
                let mut file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&half)?;
                file.write_all(&key)?;
                file.sync_all()?;
                fs::rename(&half, &path)
            };
            write().map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(Pseudonyms::new(&key))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SweepError> + Send + 'static,
) -> Result<T, SweepError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            error!(event = "sweep_failed", %error, "deleting what is kept no longer broke off");
            Err(SweepError::Log(OutboxError::Away))
        })
}
