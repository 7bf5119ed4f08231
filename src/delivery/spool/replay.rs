//! Into mailboxes that are no files (ODBC, IMAP): the message is played to `VoiceMail()` inside
//! Asterisk.
//!
//! ```text
//! sound beside the tap · mark "asked" in Asterisk's database · Originate Local/listen@voicemail-guard-replay
//!     Asterisk: is this attempt the one asked for? mark "begun" · VoiceMail() ◄── Playback() · mark "done", "cut" or "failed"
//! watch the mark · done: note it in the outbox · then remove mark and sound
//! ```
//!
//! Where no folder is shared the sound goes over a [connection](super::carrier) first, behind "begun". What Asterisk does
//! not have whole it does not play; the mark is "lost" then.
//!
//! The mark is Asterisk's own word on what became of a token (the call), and outlives both
//! programs: a guard that starts again asks for it before anything is played once more, and the
//! dialplan makes only the attempt that was asked for last. So a message is in its mailbox once,
//! but for one gap: an Asterisk that dies within about a second after `VoiceMail()` has stored it
//! (its database reaches the disk once a second: `db_sync_thread` in main/db.c) has it played
//! again. Nothing is lost by that.
//!
//! `VoiceMail()` says `SUCCESS`, too, of messages that it lost: to a mailbox that was locked, to an
//! IMAP server that did not take them. And it lays those for an IMAP server down as `imap/msgNNNN`
//! first, whichever the mailbox. So the dialplan looks whether the message is there, and has one
//! stored at a time (`leave_voicemail` in `apps/app_voicemail.c`).

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::warn;

use super::carrier::Carrier;
use super::disk::{Disk, System};
use super::{SpoolError, message, possible};
use crate::ami::{self, AmiError, Connection, Events};
use crate::audio::RATE_HZ;
use crate::call_record::{CallId, CallRecord, Mailbox};
use crate::clock::Clock;
use crate::config::Tap;
use crate::config::delivery::Ami;
use crate::delivery::{DeliveryError, about, blocking};

/// The family of the marks in Asterisk's database, as the dialplan has it.
const FAMILY: &str = "voicemail-guard";
/// The context that plays and records, in `extensions_voicemail_guard.conf`.
const CONTEXT: &str = "voicemail-guard-replay";
/// The mark is looked at so often.
const LOOK: Duration = Duration::from_millis(500);
/// A call that was asked for has begun by then, or never will.
const BEGINS: Duration = Duration::from_secs(15);
/// `VoiceMail()` may take this long beside the message itself: a slow database, its beep.
const LEEWAY: Duration = Duration::from_mins(1);

/// Sound that a message has at least, in samples: 3.5 s.
const LEAST: usize = RATE_HZ as usize * 7 / 2;
/// Samples that Asterisk judges at a time.
const FRAME: usize = RATE_HZ as usize / 50;
/// What is louder on the average is silence by nobody's `silencethreshold`.
const LOUD: u32 = 512;
/// The amplitude of the tone that fills up.
const TONE: f64 = 2_500.0;

/// Plays messages to the `VoiceMail()` of one Asterisk.
#[derive(Clone, Debug)]
pub struct Replay {
    ami: Ami,
    tap: Tap,
    /// How the sound comes to an Asterisk that sees no folder of ours.
    carrier: Option<Carrier>,
    clock: Clock,
}

/// How much of a message is in its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// All of it.
    Whole,
    /// `VoiceMail()` ended the recording before the end of the message; played again it would do
    /// the same.
    CutOff,
}

/// A mark in Asterisk's database.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    /// Nobody has asked yet.
    None,
    /// Asked for, and not begun.
    Asked,
    /// `VoiceMail()` is at it, or Asterisk has died meanwhile.
    Begun,
    /// It is in its mailbox.
    Done,
    /// It is in its mailbox but for its end.
    Cut,
    /// `VoiceMail()` did not keep it.
    Failed,
    /// Asterisk did not have it whole, and played nothing.
    Lost,
}

impl Mark {
    fn read(text: Option<&str>) -> Self {
        let word = text.map(|text| text.split('-').next().unwrap_or_default());
        match word {
            Some("asked") => Self::Asked,
            Some("begun") => Self::Begun,
            Some("done") => Self::Done,
            Some("cut") => Self::Cut,
            Some("failed") => Self::Failed,
            Some("lost") => Self::Lost,
            _ => Self::None,
        }
    }
}

impl Replay {
    /// Over this manager interface, with the sound in the folder of the tap, or carried over a connection.
    pub fn new(ami: Ami, tap: Tap, carrier: Option<Carrier>, clock: Clock) -> Self {
        Self {
            ami,
            tap,
            carrier,
            clock,
        }
    }

    /// Has the message of a call recorded by `VoiceMail()`, unless it has been; takes as long as
    /// the message.
    ///
    /// # Errors
    /// Why it is not in its mailbox; all but a mailbox that cannot be one may be tried again.
    pub async fn deliver(
        &self,
        record: &CallRecord,
        sound: Vec<i16>,
    ) -> Result<Replayed, DeliveryError> {
        let mailbox = possible(&record.mailbox)?;
        if sound.is_empty() {
            return Err(SpoolError::NoSound.into());
        }
        let sound = filled(sound);
        let mut length = Duration::from_secs_f64(sound.len() as f64 / f64::from(RATE_HZ));
        if self.carrier.is_some() {
            length += Carrier::takes(sound.len());
        }
        let mut connection = None;
        let found = self.mark(record.id, &mut connection).await;
        let mut mark = found.map_err(DeliveryError::transient)?;
        if matches!(mark, Mark::Asked | Mark::Begun) {
            // An earlier life of the guard has asked; perhaps it is being played just now.
            mark = self.watch(record.id, mark, length, &mut connection).await?;
        }
        if !matches!(mark, Mark::Done | Mark::Cut) {
            let watching = (length, &mut connection);
            mark = match &self.carrier {
                Some(carrier) => {
                    self.carry(carrier, record, mailbox, sound, watching)
                        .await?
                }
                None => self.lay_and_play(record, mailbox, sound, watching).await?,
            };
        }
        match mark {
            Mark::Done => Ok(Replayed::Whole),
            Mark::Cut => Ok(Replayed::CutOff),
            Mark::Failed => Err(DeliveryError::transient(format!(
                "VoiceMail() did not keep the message for {}: the box is full, locked or not there, its IMAP server did not take the message (Asterisk's log says more), or the message is shorter than minsecs (3 at the most) or has a pause of maxsilence in voicemail.conf",
                record.mailbox
            ))),
            Mark::Lost => Err(DeliveryError::transient(match &self.carrier {
                Some(carrier) => format!(
                    "Asterisk did not get the whole message over the network: {} must lead to this guard, app_audiosocket, app_record, app_senddtmf and func_env be loaded, and Asterisk's spool have room",
                    carrier.address
                ),
                None => format!(
                    "Asterisk does not see the whole message: {} must be the folder that the guard sees as {}, and func_env be loaded",
                    self.tap.folder_as_asterisk_sees_it.display(),
                    self.tap.folder_as_guard_sees_it.display()
                ),
            })),
            Mark::Begun => Err(DeliveryError::transient(
                "VoiceMail() did not come to its end in time; Asterisk may have been restarted meanwhile",
            )),
            Mark::None | Mark::Asked => Err(DeliveryError::transient(format!(
                "Asterisk did not begin to play the message: [{CONTEXT}] of extensions_voicemail_guard.conf has to be in its dialplan, and app_voicemail, app_talkdetect, app_playback, func_db and chan Local loaded"
            ))),
        }
    }

    /// Has the message played from the folder that both see.
    async fn lay_and_play(
        &self,
        record: &CallRecord,
        mailbox: &Mailbox,
        sound: Vec<i16>,
        (length, over): (Duration, &mut Option<Connection>),
    ) -> Result<Mark, DeliveryError> {
        let samples = sound.len();
        self.lay_down(record.id, sound).await?;
        let laid = Self::sound(&self.tap.folder_as_asterisk_sees_it, record.id);
        let laid = format!("VG_SOUND={}", laid.with_extension("").display());
        self.ask(record, mailbox, samples, vec![laid]).await?;
        self.watch(record.id, Mark::Asked, length, over).await
    }

    /// Has the message fetched from here, then played.
    async fn carry(
        &self,
        carrier: &Carrier,
        record: &CallRecord,
        mailbox: &Mailbox,
        sound: Vec<i16>,
        (length, over): (Duration, &mut Option<Connection>),
    ) -> Result<Mark, DeliveryError> {
        let samples = sound.len();
        let carried = carrier.ready(sound, BEGINS + LEEWAY)?;
        self.ask(record, mailbox, samples, carried.variables())
            .await?;
        let asked = self.clock.now();
        let watching = self.watch(record.id, Mark::Asked, length, over);
        let (mark, came) = carried.hand_over(watching).await;
        let mark = mark?;
        if mark == Mark::Lost && !came {
            carrier.reach.failed(self.clock.now() - asked);
        }
        Ok(mark)
    }

    /// Removes what is left of a message once it has been noted as delivered or given up: its
    /// sound, then its mark.
    ///
    /// # Errors
    /// Why the mark stays; nothing is played again for that.
    pub async fn forget(&self, call: CallId) -> Result<(), DeliveryError> {
        let folder = self.tap.folder_as_guard_sees_it.clone();
        blocking(move || remove_sound(&folder, call)).await?;
        let key = call.to_string();
        let forgetting = async {
            let mut connection = Connection::open(&self.ami, Events::Off).await?;
            let mark = connection.database_get(FAMILY, &key).await?;
            if self.carrier.is_some()
                && matches!(Mark::read(mark.as_deref()), Mark::Asked | Mark::Begun)
            {
                // An Asterisk that has died meanwhile has left what it had fetched.
                self.have_removed(&mut connection, &key).await?;
            }
            if mark.is_some() {
                let fields = [("Family", FAMILY), ("Key", &*key)];
                connection.act("DBDel", &fields).await?;
            }
            connection.log_off().await
        };
        forgetting.await.map_err(DeliveryError::transient)
    }

    /// Has Asterisk remove what it has fetched of a message.
    async fn have_removed(&self, over: &mut Connection, key: &str) -> Result<(), AmiError> {
        let channel = format!("Local/forget@{CONTEXT}/n");
        let token = format!("VG_TOKEN={key}");
        let fields = [
            ("Channel", &*channel),
            ("Application", "Wait"),
            ("Data", "0.1"),
            ("Timeout", "3000"),
            ("Variable", &*token),
        ];
        over.act("Originate", &fields).await
    }

    /// The mark as it is now, over a connection that is opened anew where there is none any more.
    async fn mark(&self, call: CallId, over: &mut Option<Connection>) -> Result<Mark, AmiError> {
        let key = call.to_string();
        if let Some(connection) = over
            && let Ok(value) = connection.database_get(FAMILY, &key).await
        {
            return Ok(Mark::read(value.as_deref()));
        }
        let connection = over.insert(Connection::open(&self.ami, Events::Off).await?);
        let value = connection.database_get(FAMILY, &key).await?;
        Ok(Mark::read(value.as_deref()))
    }

    /// Looks until the mark says how it ended, or nothing will come any more; `was` is the mark
    /// now.
    async fn watch(
        &self,
        call: CallId,
        was: Mark,
        length: Duration,
        over: &mut Option<Connection>,
    ) -> Result<Mark, DeliveryError> {
        let (mut mark, mut since) = (was, self.clock.now());
        loop {
            let patience = match mark {
                Mark::Asked => BEGINS,
                Mark::Begun => length + LEEWAY,
                Mark::None | Mark::Done | Mark::Cut | Mark::Failed | Mark::Lost => {
                    return Ok(mark);
                }
            };
            if self.clock.now().duration_since(since) > patience {
                return Ok(mark);
            }
            self.clock.sleep(LOOK).await;
            let now = self
                .mark(call, over)
                .await
                .map_err(DeliveryError::transient)?;
            if now != mark {
                mark = now;
                since = self.clock.now();
            }
        }
    }

    /// Puts the sound where Asterisk finds it.
    async fn lay_down(&self, call: CallId, sound: Vec<i16>) -> Result<(), DeliveryError> {
        let folder = self.tap.folder_as_guard_sees_it.clone();
        let path = Self::sound(&folder, call);
        blocking(move || {
            let bytes: Vec<u8> = sound.iter().flat_map(|s| s.to_le_bytes()).collect();
            let seen = System.look(&folder)?;
            let seen = seen.ok_or(std::io::Error::from(std::io::ErrorKind::NotFound))?;
            System.remove(&path)?;
            System.make(&path, &bytes, false)?;
            System.hand_over(&path, &seen)
        })
        .await?
        .map_err(|error| {
            let folder = self.tap.folder_as_guard_sees_it.display();
            let why = format!("no message can be laid down in {folder}: {error}");
            DeliveryError::Transient(about(why, error))
        })
    }

    /// Asks for the call that plays so many samples of this sound and records. An attempt of an earlier life that has not begun
    /// never will.
    async fn ask(
        &self,
        record: &CallRecord,
        mailbox: &Mailbox,
        samples: usize,
        sound: Vec<String>,
    ) -> Result<(), DeliveryError> {
        let key = record.id.to_string();
        let attempt = self.clock.date().as_millisecond().to_string();
        let value = format!("asked-{attempt}");
        let mark = [("Family", FAMILY), ("Key", &*key), ("Val", &*value)];
        let marked = ami::act(&self.ami, "DBPut", &mark).await;
        marked.map_err(DeliveryError::transient)?;
        let mut variables = vec![
            format!("VG_TOKEN={key}"),
            format!("VG_ATTEMPT={attempt}"),
            format!("VG_BOX={}", mailbox.as_str()),
            format!("VG_BYTES={}", samples * size_of::<i16>()),
        ];
        variables.extend(sound);
        let caller_id = message::caller_id(record);
        let channel = format!("Local/listen@{CONTEXT}/n");
        let mut fields = vec![
            ("Channel", &*channel),
            ("Context", CONTEXT),
            ("Exten", "play"),
            ("Priority", "1"),
            ("CallerID", &*caller_id),
            ("Async", "true"),
        ];
        fields.extend(variables.iter().map(|set| ("Variable", set.as_str())));
        let asked = ami::act(&self.ami, "Originate", &fields).await;
        asked.map_err(DeliveryError::transient)
    }

    fn sound(folder: &Path, call: CallId) -> PathBuf {
        folder.join(format!("replay-{call}.sln"))
    }
}

/// The calls whose sound lies in the tap folder to be replayed.
///
/// # Errors
/// The folder cannot be read.
pub fn laid_down(tap_folder: &Path) -> io::Result<Vec<CallId>> {
    let names = System.names(tap_folder)?;
    let call = |name: &String| CallId::parse(name.strip_prefix("replay-")?.strip_suffix(".sln")?);
    Ok(names.iter().filter_map(call).collect())
}

/// Removes the sound of a message that is not replayed any more. Blocks.
pub fn remove_sound(tap_folder: &Path, call: CallId) {
    let path = Replay::sound(tap_folder, call);
    if let Err(error) = System.remove(&path) {
        warn!(event = "leftover_file", file = %path.display(), %error, "the sound of a message that was replayed stays");
    }
}

/// The sound, and a soft tone behind what has too little: `VoiceMail()` keeps nothing shorter than
/// `minsecs`, of which it takes silence off first where there is `maxsilence`
/// (`__ast_play_and_record` in main/app.c).
fn filled(mut sound: Vec<i16>) -> Vec<i16> {
    let loud = |frame: &&[i16]| {
        let sum: u32 = frame.iter().map(|&s| u32::from(s.unsigned_abs())).sum();
        sum > LOUD * frame.len() as u32
    };
    let heard = sound.chunks(FRAME).filter(loud).count() * FRAME;
    if heard < LEAST {
        sound.extend([0; RATE_HZ as usize / 4]);
        sound.extend((0..LEAST - heard).map(|n| {
            let turn = std::f64::consts::TAU * 440.0 * n as f64 / f64::from(RATE_HZ);
            (TONE * turn.sin()) as i16
        }));
    }
    sound
}

/// Whether messages can be replayed: has Asterisk call the dialplan's `check`, and write to its
/// database.
///
/// # Errors
/// What is in the way.
pub async fn probe(settings: &Ami) -> Result<(), DeliveryError> {
    let entry = [("Family", FAMILY), ("Key", "check"), ("Val", "asked-0")];
    let channel = format!("Local/check@{CONTEXT}/n");
    let call = [
        ("Channel", &*channel),
        ("Application", "Wait"),
        ("Data", "0.1"),
        ("Timeout", "3000"),
    ];
    for (action, fields) in [
        ("DBPut", &entry[..]),
        ("DBDel", &entry[..2]),
        ("Originate", &call[..]),
    ] {
        let done = ami::act(settings, action, fields).await;
        done.map_err(|error| match action {
            "Originate" => {
                let why = format!("{error}; is [{CONTEXT}] in Asterisk's dialplan?");
                DeliveryError::Transient(about(why, error))
            }
            _ => DeliveryError::transient(error),
        })?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
