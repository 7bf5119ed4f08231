//! Every script of `tests/calls` through the real session, codec and call log, over a connection in memory and
//! with time that is paused: it must come to the same as in the conversation alone.

use std::time::Duration;

use libtest_mimic::Trial;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{CodecLimits, Incoming};
use voicemail_guard::call_log::{CallLog, Query, Reader};
use voicemail_guard::call_record::CallRecord;
use voicemail_guard::clock::Clock;
use voicemail_guard::config::SharedConfig;
use voicemail_guard::hearing::Classifier;
use voicemail_guard::server::Connection;
use voicemail_guard::session::{Guard, Overload};
use voicemail_guard::tap::{Followed, Prepared, Source, TapError, TapEvent, Tapped};
use voicemail_guard::telemetry::LogFormat;

use crate::captured_log::CapturedLog;
use crate::dialogue::Outcome;
use crate::ear::ScriptedEar;
use crate::pbx::{Output, Pbx};
use crate::script::{self, Script};
use crate::virtual_time;

pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    script::all().into_iter().map(|script| {
        Trial::test(format!("wire::{}", script.name), move || {
            let alone = virtual_time::run(&script);
            let (captured, listening) = CapturedLog::listen(LogFormat::Text, "debug");
            let wired = over_the_wire(&script);
            drop(listening);
            logs_nothing_private(&captured, &wired);
            // The texts first: where they differ, the difference can be read.
            assert!(
                alone.text() == wired.text(),
                "{}",
                difference(&alone, &wired)
            );
            assert_eq!(alone, wired);
            Ok(())
        })
    })
}

/// One line for the support team, and nothing of the caller's in the others.
fn logs_nothing_private(captured: &CapturedLog, wired: &Outcome) {
    let technical = captured.technical();
    assert_eq!(
        captured.text().lines().count(),
        technical.lines().count() + 1
    );
    for number in [&wired.record.caller.number, &wired.record.callback.number] {
        let subscriber = number.trim_start_matches(['+', '0']);
        let is_number = subscriber.len() >= 6 && subscriber.bytes().all(|b| b.is_ascii_digit());
        assert!(
            !is_number || !technical.contains(subscriber),
            "{number} is in\n{technical}"
        );
    }
    let name = &wired.record.caller.name;
    assert!(
        name.is_empty() || !technical.contains(name),
        "{name} is in\n{technical}"
    );
}

fn difference(alone: &Outcome, wired: &Outcome) -> String {
    let (alone, wired) = (alone.text(), wired.text());
    let same = alone
        .lines()
        .zip(wired.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let rest = |text: &str| text.lines().skip(same).collect::<Vec<_>>().join("\n");
    format!(
        "the same for {same} lines, then alone:\n{}\n\nbut over the wire:\n{}",
        rest(&alone),
        rest(&wired)
    )
}

fn over_the_wire(script: &Script) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(place(script))
}

async fn place(script: &Script) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let clock = Clock::default();
    let opened = CallLog::open(&data, clock).unwrap();
    let (announce, taps) = mpsc::unbounded_channel();
    let config = script.config(folder.path());
    // The server drops a session that goes on for longer.
    let limit = config.limits.session;
    let guard = Guard {
        settings: SharedConfig::new(config),
        log: opened.log,
        clock,
        data: data.clone(),
        source: Box::new(ScriptedTaps(announce, script.clone())),
        at_once: CancellationToken::new(),
        queues: None,
        overload: Overload::default(),
    };
    let (near, far) = tokio::io::duplex(1 << 16);
    let (read, mut write) = tokio::io::split(far);
    write.write_all(script.prelude().as_bytes()).await.unwrap();
    let mut asterisk = Asterisk {
        pbx: Pbx::new(script),
        read: BufReader::new(read),
        write,
        clock,
        began: clock.now(),
        taps,
        tap: None,
        at_once: guard.at_once.clone(),
    };
    let session = async {
        let mut connection = Connection::new(near, CodecLimits::default());
        match connection.next().await {
            Ok(Some(Incoming::Request(request))) => guard.answer(connection, request).await,
            other => panic!("no prelude: {other:?}"),
        }
    };
    tokio::select! {
        biased;
        () = session => {}
        () = asterisk.run() => {}
        () = clock.sleep(limit) => panic!("the server would have dropped it after {limit:?}"),
    }
    let now = asterisk.now();
    let mut pbx = asterisk.pbx;
    pbx.closed(now);
    guard.log.flush().await.unwrap();
    Outcome::new(script, pbx, the_record(&data))
}

/// The one record in the log.
fn the_record(data: &std::path::Path) -> CallRecord {
    let mut records = Reader::open(data)
        .unwrap()
        .calls(&Query::default())
        .unwrap();
    assert_eq!(records.len(), 1, "one call, one record");
    let record = records.remove(0);
    assert!(record.ended.is_some_and(|ended| ended >= record.started));
    record
}

/// The PBX on its end of the connection.
struct Asterisk {
    pbx: Pbx,
    read: BufReader<ReadHalf<DuplexStream>>,
    write: WriteHalf<DuplexStream>,
    clock: Clock,
    began: std::time::Instant,
    taps: UnboundedReceiver<Feed>,
    tap: Option<Feed>,
    at_once: CancellationToken,
}

impl Asterisk {
    /// Until the guard has closed.
    async fn run(&mut self) {
        let mut line = Vec::new();
        let mut heard_all = false;
        let mut finished = false;
        loop {
            let next = self.pbx.next_at().unwrap_or(u64::MAX / 2);
            let next = self.began + Duration::from_millis(next.min(1 << 40));
            tokio::select! {
                biased;
                read = self.read.read_until(b'\n', &mut line), if !heard_all => {
                    heard_all = read.unwrap() == 0;
                    if line.ends_with(b"\n") {
                        let now = self.now();
                        self.pbx.take(&std::mem::take(&mut line), now);
                    }
                }
                tap = self.taps.recv(), if self.tap.is_none() => {
                    self.tap = tap;
                    let now = self.now();
                    self.pbx.follow_tap(now);
                }
                () = cancelled(self.tap.as_ref()), if !finished => {
                    finished = true;
                    let now = self.now();
                    self.pbx.finish_tap(now);
                }
                () = self.clock.sleep_until(next) => {
                    let now = self.now();
                    for output in self.pbx.poll(now) {
                        self.put_out(output).await;
                    }
                    // The guard does what it wants before anything else happens.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn put_out(&mut self, output: Output) {
        match output {
            Output::Line(line) => self.write.write_all(line.as_bytes()).await.unwrap(),
            // As with TCP, what the guard still writes goes nowhere, and does not fail at once.
            Output::Close => self.write.shutdown().await.unwrap(),
            Output::Shutdown => self.at_once.cancel(),
            Output::Tap(event) => {
                let tap = self.tap.as_ref().expect("a tap that is followed");
                // The session listens no more once it knows that the tap has failed.
                let _ = tap.events.send(event).await;
            }
        }
    }

    fn now(&self) -> u64 {
        let since = self.clock.now() - self.began;
        since.as_millis() as u64
    }
}

async fn cancelled(tap: Option<&Feed>) {
    match tap {
        Some(tap) => tap.finish.cancelled().await,
        None => std::future::pending().await,
    }
}

/// The tap's other end.
struct Feed {
    events: mpsc::Sender<TapEvent>,
    finish: CancellationToken,
}

/// Gives each call a tap whose other end the script holds.
struct ScriptedTaps(UnboundedSender<Feed>, Script);

impl Source for ScriptedTaps {
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError> {
        let plan = self.1.plan(call);
        let feeds = self.0.clone();
        let follow = move |_: Clock| {
            let (sender, events) = mpsc::channel(1_000);
            let finish = CancellationToken::new();
            let feed = Feed {
                events: sender,
                finish: finish.clone(),
            };
            assert!(feeds.send(feed).is_ok(), "nobody wants the tap");
            Followed { events, finish }
        };
        let follow = Box::new(follow);
        Ok(Prepared { plan, follow })
    }

    fn ear(&self) -> Box<dyn Classifier> {
        Box::new(ScriptedEar::default())
    }
}
