//! The tap `monitor`: follows the raw file that Asterisk's MixMonitor writes of the caller alone.
//!
//! Asterisk makes the file as soon as MixMonitor begins, packets or no packets, and writes 48 kHz
//! signed linear in pieces of 32,768 bytes, one every 0.34 s. The file stands still while no
//! packets come: that is no error, the time is reported as sound that never came. A file that is
//! not there at all is one: Asterisk writes to another folder than the guard looks in, or cannot
//! write.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::plan::TapPlan;
use super::raw::{self, Form, Halves, Identity};
use super::{Followed, Gap, Prepared, Source, TapError, TapEvent, Tapped};
use crate::agi::Command;
use crate::audio::MediaTime;
use crate::audio::resample::{Resampler, UnusualRate};
use crate::call_record::CallId;
use crate::clock::Clock;

/// Samples a second of the file.
pub const FILE_RATE_HZ: u32 = Form::Monitor.rate_hz();

/// Bytes of a second.
const BYTES_A_SECOND: u64 = FILE_RATE_HZ as u64 * 2;

/// The file's name, made from our own identifier only.
pub fn file_name(id: CallId) -> String {
    Form::Monitor.file_name(id)
}

/// The folder in which MixMonitor records.
#[derive(Clone, Debug)]
pub struct Folder {
    /// As Asterisk sees it.
    pub as_asterisk_sees_it: PathBuf,
    /// As the guard sees it.
    pub as_guard_sees_it: PathBuf,
}

impl Source for Folder {
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError> {
        let (folder, id) = (self.as_guard_sees_it.clone(), call.id);
        let plan = plan(&self.as_asterisk_sees_it, id, call.agi_version);
        let begin = move |clock: Clock| {
            let (sender, events) = mpsc::channel(8);
            let finish = CancellationToken::new();
            match Monitor::new(&folder, id, clock.now()) {
                Ok(monitor) => {
                    tokio::spawn(follow(monitor, clock, finish.clone(), sender));
                }
                Err(error) => {
                    tracing::error!(event = "tap_failed", %error, "the tap could not be begun");
                }
            }
            Followed { events, finish }
        };
        Ok(Prepared {
            plan,
            follow: Box::new(begin),
        })
    }
}

/// What begins and ends the tap: MixMonitor records the caller alone into the folder, as Asterisk
/// sees it.
///
/// The options are joined without commas, which some releases of Asterisk take for the end of the
/// option. The monitor's id is left in `GUARD_TAP_ID`, so that nobody else's recording is ever
/// stopped by us. That the file is filled up while a prompt is played to somebody who sends no
/// packets is asked for by `S` where `agi_version` is an old one; newer releases always do so.
pub fn plan(folder_as_asterisk_sees_it: &Path, id: CallId, agi_version: Option<&str>) -> TapPlan {
    let release = agi_version.and_then(|version| version.split('.').next()?.parse().ok());
    let fills_up = release.unwrap_or(ALWAYS_FILLS_UP) >= ALWAYS_FILLS_UP;
    let options = format!(
        ",r({})i({TAP_ID}){}",
        folder_as_asterisk_sees_it.join(file_name(id)).display(),
        if fills_up { "" } else { "S" }
    );
    TapPlan {
        begin: vec![
            Command::exec("MixMonitor", options),
            Command::get_variable(TAP_ID),
        ],
        ended_by: Some("StopMixMonitor"),
        fills_under_prompt: true,
    }
}

/// Follows the file until asked to finish, then reads it to its end. Ends when nobody listens any
/// more.
///
/// Files are looked at on threads that may block, so a network share that hangs holds up no call: a
/// look that takes 8 s is a tap that cannot be followed.
pub async fn follow(
    mut monitor: Monitor,
    clock: Clock,
    finish: CancellationToken,
    events: mpsc::Sender<TapEvent>,
) {
    let mut finishing: Option<Instant> = None;
    let path = monitor.path.clone();
    loop {
        let polled = tokio::task::spawn_blocking(move || {
            let polled = monitor.poll(|| clock.now());
            (monitor, polled)
        });
        let polled = tokio::select! {
            polled = polled => polled,
            () = events.closed() => return,
            () = clock.sleep(LONGEST_LOOK) => {
                let waited = LONGEST_LOOK;
                let _ = events.send(TapEvent::Failed(TapError::NoAnswer { path, waited })).await;
                return;
            }
        };
        let Ok((followed, polled)) = polled else {
            return;
        };
        monitor = followed;
        let (found, failed) = match polled {
            Ok(found) => (found, false),
            Err(error) => (vec![TapEvent::Failed(error)], true),
        };
        for event in found {
            if events.send(event).await.is_err() {
                return;
            }
        }
        if failed {
            return;
        }
        match finishing {
            Some(since) if monitor.is_complete(since, clock.now()) => {
                if let Some(error) = monitor.never_came(clock.now()) {
                    let _ = events.send(TapEvent::Failed(error)).await;
                    return;
                }
                let (rest, gaps) = monitor.finish();
                let _ = events.send(TapEvent::Samples(rest)).await;
                let _ = events.send(TapEvent::Finished(gaps)).await;
                return;
            }
            Some(_) => clock.sleep(FLUSH_POLL).await,
            None => tokio::select! {
                () = clock.sleep(POLL) => {}
                () = finish.cancelled() => finishing = Some(clock.now()),
                () = events.closed() => return,
            },
        }
    }
}

/// The file that is followed, and how far it has been.
pub struct Monitor {
    path: PathBuf,
    file: Option<(File, Identity)>,
    bytes: u64,
    halves: Halves,
    resampler: Resampler,
    samples: MediaTime,
    gaps: Vec<Gap>,
    pace: Pace,
    since: Instant,
    grown: Instant,
}

impl Monitor {
    /// For the file of this call in the folder as the guard sees it; `now` is when recording began.
    ///
    /// # Errors
    /// None in fact: the file's rate is a usual one.
    pub fn new(folder: &Path, id: CallId, now: Instant) -> Result<Self, UnusualRate> {
        Ok(Self {
            path: folder.join(file_name(id)),
            file: None,
            bytes: 0,
            halves: Halves::default(),
            resampler: Resampler::new(FILE_RATE_HZ)?,
            samples: MediaTime::ZERO,
            gaps: Vec::new(),
            pace: Pace::default(),
            since: now,
            grown: now,
        })
    }

    /// Reads what is new, and reports what is missing. Blocks as files do.
    ///
    /// # Errors
    /// The file cannot be followed any further.
    pub fn poll(&mut self, now: impl Fn() -> Instant) -> Result<Vec<TapEvent>, TapError> {
        let before = now();
        let waited = before.saturating_duration_since(self.since);
        let size = self.look(waited)?;
        let after = now();
        let mut events = Vec::new();
        if size == self.bytes {
            let lost = self.pace.stood(waited, sound(size));
            events.extend(lost.map(|lost| self.gap(lost)));
            return Ok(events);
        }
        self.grown = after;
        let lost = self
            .pace
            .grew(after.saturating_duration_since(self.since), sound(size));
        events.extend(lost.map(|lost| self.gap(lost)));
        let samples = self.read_to(size)?;
        self.samples += MediaTime::from_samples(samples.len() as u64);
        events.push(TapEvent::Samples(samples));
        Ok(events)
    }

    /// What the resampler still holds, and the gaps.
    fn finish(self) -> (Vec<i16>, Vec<Gap>) {
        let mut rest = Vec::new();
        self.resampler.finish(&mut rest);
        (rest, self.gaps)
    }

    /// The call is over and its file was never there; one of less than a second says nothing.
    fn never_came(&self, now: Instant) -> Option<TapError> {
        let waited = now.saturating_duration_since(self.since);
        let path = self.path.clone();
        (self.file.is_none() && waited >= SURELY_MADE)
            .then_some(TapError::NeverCame { path, waited })
    }

    /// Whether the last piece is on the disk: the final flush leaves no multiple of the buffer.
    fn is_complete(&self, finishing: Instant, now: Instant) -> bool {
        let waited = now.saturating_duration_since(finishing);
        let settled = now.saturating_duration_since(self.grown) >= FLUSH_POLL;
        let flushed = !self.bytes.is_multiple_of(STDIO_BUFFER)
            || (self.bytes == 0 && waited >= NOTHING_COMES);
        (flushed && settled && waited >= FLUSH_POLL) || waited >= LONGEST_FLUSH
    }

    fn gap(&mut self, lost: Duration) -> TapEvent {
        let lost = MediaTime::from(lost);
        Gap::add(&mut self.gaps, self.samples, lost);
        TapEvent::Gap(lost)
    }

    /// How large the file is; zero while it is not there.
    fn look(&mut self, waited: Duration) -> Result<u64, TapError> {
        let Some((_, identity)) = &self.file else {
            return self.look_for_the_first_time(waited);
        };
        let replaced = |how| TapError::Replaced {
            path: self.path.clone(),
            how,
        };
        let meta = match raw::look(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.is_not_found() => return Err(replaced("removed")),
            Err(error) => return Err(error),
        };
        if Identity::from(&meta) != *identity {
            return Err(replaced("replaced"));
        }
        if meta.len() < self.bytes {
            return Err(TapError::Shrank {
                path: self.path.clone(),
                had: self.bytes,
                has: meta.len(),
            });
        }
        Ok(meta.len())
    }

    fn look_for_the_first_time(&mut self, waited: Duration) -> Result<u64, TapError> {
        match raw::open(&self.path) {
            Ok((file, identity)) => {
                let size = file
                    .metadata()
                    .map_err(|error| raw::unreadable(&self.path, error))?;
                self.file = Some((file, identity));
                Ok(size.len())
            }
            Err(error) if error.is_not_found() => {
                let folder = self.path.parent().unwrap_or(Path::new("/"));
                match std::fs::metadata(folder) {
                    Ok(_) if waited < COMES_WITHIN => Ok(0),
                    Ok(_) => Err(TapError::NeverCame {
                        path: self.path.clone(),
                        waited,
                    }),
                    Err(source) => Err(TapError::NoFolder {
                        folder: folder.into(),
                        source,
                    }),
                }
            }
            Err(error) => Err(error),
        }
    }

    fn read_to(&mut self, size: u64) -> Result<Vec<i16>, TapError> {
        let mut samples = Vec::with_capacity(((size - self.bytes) / 12) as usize + 1);
        let Some((file, _)) = &mut self.file else {
            return Ok(samples);
        };
        let (mut bytes, mut wide) = (vec![0; STDIO_BUFFER as usize], Vec::new());
        while self.bytes < size {
            let most = bytes.len().min((size - self.bytes) as usize);
            let filled = raw::fill(file, &mut bytes[..most])
                .map_err(|error| raw::unreadable(&self.path, error))?;
            if filled == 0 {
                break;
            }
            self.bytes += filled as u64;
            self.halves.join(&bytes[..filled], &mut wide);
            self.resampler.push(&wide, &mut samples);
        }
        Ok(samples)
    }
}

fn sound(bytes: u64) -> Duration {
    Duration::from_micros(bytes * 1_000_000 / BYTES_A_SECOND)
}

/// Where MixMonitor leaves its id.
const TAP_ID: &str = "GUARD_TAP_ID";

/// Asterisk flushes every 0.34 s; we look three times as often.
const POLL: Duration = Duration::from_millis(100);

/// A look takes microseconds, on a share milliseconds. A short hitch is caught up with, since
/// Asterisk goes on recording; a caller who is not heard for longer is not judged by us.
const LONGEST_LOOK: Duration = Duration::from_secs(8);

/// How often we look while the last flush is awaited.
const FLUSH_POLL: Duration = Duration::from_millis(40);

/// Asterisk makes the file within milliseconds; a busy machine or a share may show it later.
const COMES_WITHIN: Duration = Duration::from_secs(3);

/// A shorter call may have ended before Asterisk made its file.
const SURELY_MADE: Duration = Duration::from_secs(1);

/// The release of Asterisk from which on `MixMonitor` takes `S` for granted.
const ALWAYS_FILLS_UP: u32 = 18;

/// Asterisk's stdio buffer (`setvbuf` in `main/file.c`).
const STDIO_BUFFER: u64 = 32_768;

/// A file that has not appeared this long after the end does not come.
const NOTHING_COMES: Duration = Duration::from_millis(150);

/// The last flush takes milliseconds; after this we go on without it.
const LONGEST_FLUSH: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_text_names_our_own_identifier_and_has_no_comma_inside() {
        let id = CallId::new(jiff::Timestamp::UNIX_EPOCH, 9);
        let options = |version| {
            let begin = &plan(Path::new("/guard"), id, version).begin[0];
            let options = begin.arguments().nth(1).unwrap_or_default();
            String::from_utf8_lossy(options).into_owned()
        };
        let plain = format!(",r(/guard/{id}.sln48)i(GUARD_TAP_ID)");
        for version in [
            None,
            Some("22.10.1"),
            Some("18.9-cert1"),
            Some("GIT-master"),
        ] {
            assert_eq!(options(version), plain);
        }
        assert_eq!(options(Some("16.28.0~dfsg-0+deb11u4")), plain + "S");
    }

    #[test]
    fn the_monitor_that_is_stopped_is_our_own() {
        let plan = plan(
            Path::new("/guard"),
            CallId::new(jiff::Timestamp::UNIX_EPOCH, 9),
            None,
        );
        assert_eq!(plan.begin[1], Command::get_variable(TAP_ID));
        assert_eq!(
            plan.end("0x7f"),
            Some(Command::exec("StopMixMonitor", "0x7f"))
        );
    }

    /// A share that hangs is a thread that does not come back: here the only one there is.
    #[test]
    fn a_share_that_hangs_is_reported() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (release, hangs) = std::sync::mpsc::channel::<()>();
        runtime.spawn_blocking(move || hangs.recv());
        let error = runtime.block_on(async {
            let clock = Clock::faster(50.0);
            let id = CallId::new(jiff::Timestamp::UNIX_EPOCH, 9);
            let folder = Folder {
                as_asterisk_sees_it: "/nowhere".into(),
                as_guard_sees_it: "/nowhere".into(),
            };
            let tapped = Tapped {
                id,
                uniqueid: "1.2",
                agi_version: None,
            };
            let follow = folder.prepare(&tapped).unwrap().follow;
            let Followed { mut events, .. } = follow(clock);
            let began = clock.now();
            let Some(TapEvent::Failed(error)) = events.recv().await else {
                panic!("the tap hears something");
            };
            let waited = clock.now() - began;
            assert!(
                waited + Duration::from_secs(1) >= LONGEST_LOOK,
                "{waited:?}"
            );
            assert!(events.recv().await.is_none(), "an event after the last");
            error.to_string()
        });
        drop(release);
        assert!(error.contains("hangs"), "{error}");
    }
}
