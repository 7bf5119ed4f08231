//! The tap `monitor` against a file that grows as Asterisk's MixMonitor lets it grow.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::audio::{Encoding, MediaTime};
use voicemail_guard::call_record::CallId;
use voicemail_guard::clock::Clock;
use voicemail_guard::recordings;
use voicemail_guard::tap::monitor::{self, Monitor};
use voicemail_guard::tap::{Gap, TapError, TapEvent};

const PIECE: usize = 32_768;
const STARTED: &str = "2026-03-04T23:59:59Z";

/// What a caller's sound did, in ms of 20 ms packets.
#[derive(Clone, Copy)]
enum Caller {
    Sends(u64),
    IsGone(u64),
}

/// Writes as Asterisk does: whole pieces while packets come, the rest when it is stopped.
struct Asterisk {
    path: PathBuf,
    clock: Clock,
    unwritten: Vec<u8>,
    packets: u64,
}

impl Asterisk {
    fn new(path: PathBuf, clock: Clock) -> Self {
        Self {
            path,
            clock,
            unwritten: Vec::new(),
            packets: 0,
        }
    }

    /// The file is there at once, packets or no packets.
    async fn record(&mut self, caller: &[Caller]) {
        self.write();
        for part in caller {
            match *part {
                Caller::IsGone(ms) => self.clock.sleep(Duration::from_millis(ms)).await,
                Caller::Sends(ms) => {
                    for _ in 0..ms / 20 {
                        self.clock.sleep(Duration::from_millis(20)).await;
                        self.packet();
                    }
                }
            }
        }
    }

    fn packet(&mut self) {
        self.unwritten.extend(sound(self.packets));
        self.packets += 1;
        if self.unwritten.len() >= PIECE {
            let rest = self.unwritten.split_off(PIECE);
            self.write();
            self.unwritten = rest;
        }
    }

    fn write(&mut self) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .unwrap();
        file.write_all(&self.unwritten).unwrap();
        self.unwritten.clear();
    }
}

/// 20 ms of a tone at 48 kHz; a packet's number shifts its level, so that none is like another.
fn sound(packet: u64) -> Vec<u8> {
    (packet * 960..(packet + 1) * 960)
        .map(|i| ((i as f64 * 0.05).sin() * (4_000.0 + (packet % 97) as f64 * 100.0)) as i16)
        .flat_map(i16::to_le_bytes)
        .collect()
}

/// What the packets become at 8 kHz.
fn expected(packets: u64) -> Vec<i16> {
    let bytes: Vec<u8> = (0..packets).flat_map(sound).collect();
    decode(&bytes, Format::Raw(Encoding::Pcm16, 48_000))
        .unwrap()
        .samples
}

struct Tap {
    folder: TempDir,
    id: CallId,
    clock: Clock,
    finish: CancellationToken,
    events: mpsc::Receiver<TapEvent>,
}

impl Tap {
    fn begin() -> Self {
        Self::begin_in(TempDir::new().unwrap())
    }

    fn begin_in(folder: TempDir) -> Self {
        let (clock, id) = (Clock::default(), CallId::new(started(), 7));
        let (sender, events) = mpsc::channel(64);
        let finish = CancellationToken::new();
        let monitor = Monitor::new(folder.path(), id, clock.now()).unwrap();
        tokio::spawn(monitor::follow(monitor, clock, finish.clone(), sender));
        Self {
            folder,
            id,
            clock,
            finish,
            events,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(monitor::file_name(self.id))
    }

    /// Lives through a whole call.
    async fn call(&mut self, caller: &[Caller]) -> Heard {
        let mut asterisk = Asterisk::new(self.path(), self.clock);
        let finish = self.finish.clone();
        let (events, clock) = (&mut self.events, self.clock);
        let began = clock.now();
        let recording = async {
            asterisk.record(caller).await;
            // StopMixMonitor answers a moment before the last piece is on the disk.
            finish.cancel();
            clock.sleep(Duration::from_millis(5)).await;
            asterisk.write();
            clock.now()
        };
        let listening = async {
            let mut heard = Heard::default();
            while let Some(event) = events.recv().await {
                heard.take(event, clock.now() - began);
            }
            (heard, clock.now())
        };
        let (stopped, (mut heard, over)) = tokio::join!(recording, listening);
        heard.flushed_after = over - stopped;
        heard
    }
}

fn started() -> Timestamp {
    STARTED.parse().unwrap()
}

#[derive(Default, Debug)]
struct Heard {
    samples: Vec<i16>,
    /// When it was reported, and how much, in ms.
    lost: Vec<(u64, u64)>,
    gaps: Option<Vec<Gap>>,
    failed: Option<TapError>,
    flushed_after: Duration,
}

impl Heard {
    fn take(&mut self, event: TapEvent, at: Duration) {
        assert!(
            self.gaps.is_none() && self.failed.is_none(),
            "an event after the last"
        );
        match event {
            TapEvent::Samples(samples) => self.samples.extend(samples),
            TapEvent::Gap(lost) => {
                self.lost.push((
                    at.as_millis() as u64,
                    Duration::from(lost).as_millis() as u64,
                ));
            }
            TapEvent::Failed(error) => self.failed = Some(error),
            TapEvent::Finished(gaps) => self.gaps = Some(gaps),
        }
    }

    fn lost_ms(&self) -> u64 {
        self.lost.iter().map(|lost| lost.1).sum()
    }
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_heard_once_and_in_order() {
    let mut tap = Tap::begin();
    let heard = tap.call(&[Caller::Sends(10_000)]).await;
    assert!(
        heard.samples == expected(500),
        "{} samples",
        heard.samples.len()
    );
    assert_eq!(heard.lost, []);
    assert_eq!(heard.gaps, Some(vec![]));
    assert!(
        heard.flushed_after < Duration::from_millis(150),
        "{:?}",
        heard.flushed_after
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_without_packets_is_no_error() {
    let mut tap = Tap::begin();
    let heard = tap.call(&[Caller::IsGone(12_000)]).await;
    assert!(heard.samples.is_empty());
    assert!(
        (10_900..=12_000).contains(&heard.lost_ms()),
        "{:?}",
        heard.lost
    );
    assert_eq!(heard.gaps.as_ref().unwrap().len(), 1);
    assert!(heard.failed.is_none());
    assert_eq!(keep_it(&tap, &heard).unwrap(), None);
    assert!(fs::read_dir(tap.folder.path()).unwrap().next().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_never_comes_is_no_caller_without_packets() {
    let mut tap = Tap::begin();
    let began = tap.clock.now();
    let mut heard = Heard::default();
    while let Some(event) = tap.events.recv().await {
        heard.take(event, tap.clock.now() - began);
    }
    let waited = tap.clock.now() - began;
    assert!(
        (3_000..3_500).contains(&waited.as_millis()),
        "{waited:?} until it was reported"
    );
    let error = heard.failed.unwrap().to_string();
    for says in [
        "has not come in 3 s",
        "[tap] folder_as_asterisk_sees_it",
        "folder_as_guard_sees_it",
    ] {
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_not_come_by_the_end_of_the_call_is_told_too() {
    let mut tap = Tap::begin();
    tap.clock.sleep(Duration::from_secs(2)).await;
    tap.finish.cancel();
    let mut heard = Heard::default();
    while let Some(event) = tap.events.recv().await {
        heard.take(event, Duration::ZERO);
    }
    let error = heard.failed.unwrap();
    assert!(matches!(error, TapError::NeverCame { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_told_live_and_filled_in_what_is_kept() {
    let mut tap = Tap::begin();
    let heard = tap
        .call(&[
            Caller::Sends(6_000),
            Caller::IsGone(4_000),
            Caller::Sends(5_000),
        ])
        .await;
    assert!(heard.samples == expected(550));
    let (first, _) = heard.lost[0];
    assert!((6_700..7_300).contains(&first), "{:?}", heard.lost);
    assert!(heard.lost_ms().abs_diff(4_000) <= 150, "{:?}", heard.lost);

    let place = keep_it(&tap, &heard).unwrap().unwrap();
    assert_eq!(place, format!("audio/2026/03/04/{}.wav", tap.id));
    let kept = decode(
        &fs::read(tap.folder.path().join(&place)).unwrap(),
        Format::Wav,
    )
    .unwrap();
    assert_eq!(kept.origin.remarks, []);
    let length = Duration::from(MediaTime::from_samples(kept.samples.len() as u64));
    assert!(
        length.abs_diff(Duration::from_secs(15)) < Duration::from_millis(160),
        "{length:?}"
    );
    let gap = heard.gaps.unwrap()[0];
    let (from, to) = (
        gap.at.samples() as usize,
        (gap.at + gap.lost).samples() as usize,
    );
    assert!(MediaTime::from_millis(5_600) <= gap.at && gap.at <= MediaTime::from_millis(6_000));
    assert!(kept.samples[from..to].iter().all(|&sample| sample == 0));
    assert!([&kept.samples[..from], &kept.samples[to..]].concat() == heard.samples);
    assert!(!tap.path().exists());
}

#[tokio::test(start_paused = true)]
async fn sound_that_begins_late_is_no_sound_that_was_quiet() {
    let mut tap = Tap::begin();
    let heard = tap
        .call(&[Caller::IsGone(3_000), Caller::Sends(4_000)])
        .await;
    assert!(heard.lost_ms().abs_diff(3_000) <= 150, "{:?}", heard.lost);
    assert_eq!(heard.gaps.unwrap()[0].at, MediaTime::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_last_piece_that_is_exactly_full_is_awaited_no_longer_than_a_second() {
    let mut tap = Tap::begin();
    // 256 packets of 1,920 bytes are 15 pieces and nothing over.
    let heard = tap.call(&[Caller::Sends(256 * 20)]).await;
    assert!(heard.samples == expected(256));
    assert!(
        heard.flushed_after < Duration::from_millis(1_200),
        "{:?}",
        heard.flushed_after
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_listening_ends_the_task() {
    let tap = Tap::begin();
    let (sender, events) = mpsc::channel(1);
    let monitor = Monitor::new(tap.folder.path(), tap.id, tap.clock.now()).unwrap();
    let task = tokio::spawn(monitor::follow(
        monitor,
        tap.clock,
        CancellationToken::new(),
        sender,
    ));
    drop(events);
    voicemail_guard::clock::timeout(Duration::from_secs(1), task)
        .await
        .unwrap()
        .unwrap();
}

/// Something happens to the file after two seconds of sound; what the tap says to that.
async fn after_two_seconds(happens: impl FnOnce(&Path)) -> String {
    let mut tap = Tap::begin();
    let mut asterisk = Asterisk::new(tap.path(), tap.clock);
    asterisk.record(&[Caller::Sends(2_000)]).await;
    happens(&tap.path());
    while let Some(event) = tap.events.recv().await {
        if let TapEvent::Failed(error) = event {
            assert!(tap.events.recv().await.is_none(), "an event after the last");
            return error.to_string();
        }
    }
    panic!("the tap says nothing");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_does_not_stay_as_it_is_is_an_error() {
    let check = |error: String, expected: &str| assert!(error.contains(expected), "{error}");
    check(
        after_two_seconds(|path| fs::remove_file(path).unwrap()).await,
        "was removed while",
    );
    check(
        after_two_seconds(|path| {
            fs::rename(path, path.with_extension("old")).unwrap();
            fs::write(path, vec![0; 1_000_000]).unwrap();
        })
        .await,
        "was replaced while",
    );
    check(
        after_two_seconds(|path| {
            OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(100)
                .unwrap();
        })
        .await,
        "shrank from 163840 to 100 bytes",
    );
    check(
        after_two_seconds(|path| {
            let old = path.with_extension("old");
            fs::rename(path, &old).unwrap();
            symlink(old, path).unwrap();
        })
        .await,
        "is a symbolic link, a regular file is expected",
    );
}

/// What the tap says when this lies in the file's place from the start.
async fn in_place(put: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    put(&folder
        .path()
        .join(monitor::file_name(CallId::new(started(), 7))));
    let mut tap = Tap::begin_in(folder);
    match tap.events.recv().await {
        Some(TapEvent::Failed(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_regular_file_is_opened() {
    let check = |error: String, expected: &str| assert!(error.contains(expected), "{error}");
    check(
        in_place(|path| symlink("/dev/zero", path).unwrap()).await,
        "is a symbolic link",
    );
    check(
        in_place(|path| fs::create_dir(path).unwrap()).await,
        "is a folder",
    );
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo")
            .arg(path)
            .status()
            .unwrap();
        assert!(made.success());
    };
    check(in_place(pipe).await, "is a named pipe");
    let socket = |path: &Path| drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    check(in_place(socket).await, "is a socket");
    check(
        in_place(|path| fs::remove_dir(path.parent().unwrap()).unwrap()).await,
        "must name the one folder as Asterisk sees it",
    );
}

fn keep_it(tap: &Tap, heard: &Heard) -> Result<Option<String>, recordings::KeepError> {
    let gaps = heard.gaps.as_deref().unwrap_or_default();
    recordings::keep(
        tap.folder.path(),
        tap.folder.path(),
        tap.id,
        started(),
        gaps,
    )
}

#[test]
fn the_raw_file_stays_when_nothing_can_be_kept() {
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let id = CallId::new(started(), 1);
    let raw = folder.path().join(monitor::file_name(id));
    fs::write(&raw, sound(0)).unwrap();
    // A file where a folder ought to be: fails for root too.
    fs::write(data.path().join("audio"), "").unwrap();
    let error = recordings::keep(folder.path(), data.path(), id, started(), &[]).unwrap_err();
    assert!(
        error.to_string().contains("cannot keep the audio as"),
        "{error}"
    );
    assert_eq!(fs::read(&raw).unwrap(), sound(0));

    fs::remove_file(data.path().join("audio")).unwrap();
    let place = recordings::keep(folder.path(), data.path(), id, started(), &[])
        .unwrap()
        .unwrap();
    assert!(data.path().join(place).is_file());
    assert!(!raw.exists());
}

#[test]
fn what_an_earlier_run_left_is_found_and_read() {
    let folder = TempDir::new().unwrap();
    let [first, second, third] = [1, 2, 3].map(|n| CallId::new(started(), n));
    fs::write(
        folder.path().join(monitor::file_name(second)),
        [sound(0), sound(1), vec![1]].concat(),
    )
    .unwrap();
    fs::write(folder.path().join(monitor::file_name(first)), "").unwrap();
    fs::write(folder.path().join("readme.sln48"), "").unwrap();
    File::create(folder.path().join(format!("{first}.wav"))).unwrap();
    assert_eq!(
        recordings::left_behind(folder.path()).unwrap(),
        [first, second]
    );
    let read = |id, each: &mut dyn FnMut(&[i16])| {
        recordings::read(folder.path(), folder.path(), id, started(), &[], each).unwrap();
    };
    let mut samples = Vec::new();
    read(second, &mut |piece| samples.extend_from_slice(piece));
    assert_eq!(samples, expected(2));
    read(third, &mut |_| panic!("no such file"));
}
