//! What a call leaves in the technical log, from its prelude to its end.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{CodecLimits, Incoming, Request};
use voicemail_guard::call_log::{CallLog, Opened, Query, Reader};
use voicemail_guard::call_record::{CallId, CallRecord};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::recover::{Cause, recover};
use voicemail_guard::server::{Connection, Handler};
use voicemail_guard::session::{Guard, Overload};
use voicemail_guard::tap::{Followed, Prepared, Source, TapError, TapEvent, Tapped, monitor};
use voicemail_guard::telemetry::LogFormat;

use crate::support::captured_log::CapturedLog;

#[tokio::test]
async fn every_line_of_a_call_says_which_it_is() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let (captured, _listening) = CapturedLog::listen(format, "debug");
        let folder = tempfile::tempdir().unwrap();
        let (guard, _opened) = guard(&folder, Box::new(Silence));
        place(&guard, &mut Asterisk::default()).await;
        let text = captured.text();
        let known = text
            .lines()
            .skip_while(|line| !line.contains("EXEC MixMonitor"));
        let lines: Vec<&str> = known.collect();
        assert!(lines.len() > 20, "{text}");
        for line in lines {
            match format {
                LogFormat::Text => {
                    for named in [
                        "uniqueid=1700000000.7",
                        "linkedid=1700000000.5",
                        "box=100@default",
                    ] {
                        assert_eq!(line.matches(named).count(), 1, "{line}");
                    }
                }
                LogFormat::Json => {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    let span = &line["span"];
                    assert_eq!(span["uniqueid"], "1700000000.7", "{line}");
                    assert_eq!(span["linkedid"], "1700000000.5", "{line}");
                    assert_eq!(span["box"], "100@default", "{line}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_number_and_no_name_is_in_the_technical_log_of_a_call() {
    let (captured, _listening) = CapturedLog::listen(LogFormat::Text, "trace");
    let folder = tempfile::tempdir().unwrap();
    let (guard, _opened) = guard(&folder, Box::new(Silence));
    place(&guard, &mut Asterisk::default()).await;
    let technical = captured.technical();
    for captured in ["SAY DIGITS …066", "GUARD_CALLBACK +49…66"] {
        assert!(
            technical.contains(captured),
            "{captured:?} is not in\n{technical}"
        );
    }
    for private in ["911555", "911987", "555001", "Erika", "Muster"] {
        assert!(
            !technical.contains(private),
            "{private:?} is in\n{technical}"
        );
    }
    // The support team reads whom to call back.
    assert!(
        captured.text().contains("+49911555066"),
        "{}",
        captured.text()
    );
}

#[tokio::test]
async fn what_asterisk_says_is_told_line_by_line() {
    let (captured, _listening) = CapturedLog::listen(LogFormat::Text, "debug");
    let folder = tempfile::tempdir().unwrap();
    let (guard, _opened) = guard(&folder, Box::new(Silence));
    place(&guard, &mut Asterisk::default()).await;
    let technical = captured.technical();
    for line in [
        "agi_network_script: guard?box=100@default",
        "agi_callerid: +49…01",
        "agi_calleridname: (hidden)",
        "agi_uniqueid: 1700000000.7",
        "200 result=1 (1700000000.5)",
        "200 result=0 endpos=8000",
    ] {
        assert!(technical.contains(line), "{line:?} is not in\n{technical}");
    }
    assert_eq!(
        technical.matches("result=(digit)").count(),
        11,
        "{technical}"
    );
    let sent = technical.matches(" send ").count();
    assert_eq!(technical.matches(" receive ").count(), sent, "{technical}");
    assert!(!technical.contains("WARN"), "{technical}");
}

#[tokio::test]
async fn what_answers_no_command_is_warned_of_once_with_its_count() {
    let (captured, _listening) = CapturedLog::listen(LogFormat::Text, "debug");
    let folder = tempfile::tempdir().unwrap();
    let (guard, _opened) = guard(&folder, Box::new(Silence));
    let mut asterisk = Asterisk {
        besides: "what is \x1b this +49911555066\nand this\n",
        ..Asterisk::default()
    };
    place(&guard, &mut asterisk).await;
    let technical = captured.technical();
    assert_eq!(technical.matches("what is \\u{1b} this +49…66").count(), 1);
    let warnings: Vec<&str> = technical
        .lines()
        .filter(|line| line.contains("WARN"))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("count=2"), "{warnings:?}");
}

#[tokio::test]
async fn each_call_has_one_line_for_the_support_team_however_it_ended() {
    let (captured, _listening) = CapturedLog::listen(LogFormat::Text, "info");
    let folder = tempfile::tempdir().unwrap();
    let (well, mut opened) = guard(&folder, Box::new(Silence));
    let lines = || captured.text().matches(" support: ").count();

    place(&well, &mut Asterisk::default()).await;
    assert_eq!(lines(), 1, "it finished: {}", captured.text());

    well.refused(request().await).await;
    assert_eq!(lines(), 2, "there were too many: {}", captured.text());

    let broken = Guard {
        source: Box::new(Broken),
        ..well
    };
    let mut asterisk = Asterisk::default();
    let call = AssertUnwindSafe(place(&broken, &mut asterisk));
    assert!(call.catch_unwind().await.is_err(), "the tap is broken");
    let abandoned = opened.abandoned.recv().await.unwrap();
    let left_open = CallRecord {
        id: CallId::new(abandoned.started, 1),
        ..abandoned.clone()
    };
    recover(&broken, abandoned, Cause::Panic);
    assert_eq!(lines(), 3, "it panicked: {}", captured.text());

    recover(&broken, left_open, Cause::Crash);
    assert_eq!(lines(), 4, "the guard died: {}", captured.text());

    broken.log.flush().await.unwrap();
    let records = Reader::open(&broken.data).unwrap();
    let records = records.calls(&Query::default()).unwrap();
    let ended: Vec<_> = records.iter().filter_map(|call| call.ended_by).collect();
    assert_eq!(ended.len(), 4, "{ended:?}");
}

/// A guard with everything it keeps below a folder.
fn guard(folder: &TempDir, source: Box<dyn Source>) -> (Guard, Opened) {
    let (data, clock) = (folder.path().join("data"), Clock::default());
    let opened = CallLog::open(&data, clock).unwrap();
    let tap = format!(
        "[tap]\nfolder_as_asterisk_sees_it = \"/tap\"\nfolder_as_guard_sees_it = '{0}'\n\
         [delivery.voicemail]\nspool = '{0}'\n",
        folder.path().display()
    );
    let guard = Guard {
        settings: SharedConfig::new(Config::parse(tap.as_bytes()).unwrap()),
        log: opened.log.clone(),
        clock,
        data,
        source,
        at_once: CancellationToken::new(),
        queues: None,
        overload: Overload::default(),
    };
    (guard, opened)
}

/// One call through the session, whose caller keys a number, confirms it and ends with `#`.
async fn place(guard: &Guard, asterisk: &mut Asterisk) {
    let (near, far) = tokio::io::duplex(4096);
    let says = async {
        let (heard, mut says) = tokio::io::split(far);
        says.write_all(PRELUDE).await.unwrap();
        let mut heard = BufReader::new(heard).lines();
        while let Some(line) = heard.next_line().await.unwrap() {
            // The guard may have closed behind its last line.
            let besides = std::mem::take(&mut asterisk.besides);
            let answer = besides.to_owned() + &*asterisk.answer(&line);
            says.write_all(answer.as_bytes()).await.ok();
        }
    };
    let call = async {
        let (connection, request) = prelude(near).await;
        guard.answer(connection, request).await;
    };
    tokio::join!(call, says);
}

async fn prelude<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    stream: S,
) -> (Connection<S>, Request) {
    let mut connection = Connection::new(stream, CodecLimits::default());
    match connection.next().await.unwrap() {
        Some(Incoming::Request(request)) => (connection, request),
        other => panic!("no prelude: {other:?}"),
    }
}

/// The same request without a call behind it.
async fn request() -> Request {
    let (near, mut far) = tokio::io::duplex(4096);
    far.write_all(PRELUDE).await.unwrap();
    prelude(near).await.1
}

/// The PBX: the caller presses these keys, one for each wait for a key.
struct Asterisk {
    keys: VecDeque<u8>,
    /// What it says in front of its first answer.
    besides: &'static str,
}

impl Default for Asterisk {
    fn default() -> Self {
        Self {
            keys: b"0911555066#1#".iter().copied().collect(),
            besides: "",
        }
    }
}

impl Asterisk {
    fn answer(&mut self, command: &str) -> String {
        if command.starts_with("GET") {
            "200 result=1 (1700000000.5)\n".into()
        } else if command.starts_with("WAIT FOR DIGIT") {
            format!("200 result={}\n", self.keys.pop_front().unwrap_or(0))
        } else if command.starts_with("SET") {
            "200 result=1\n".into()
        } else {
            "200 result=0 endpos=8000\n".into()
        }
    }
}

/// A tap that hears nothing.
struct Silence;

impl Source for Silence {
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError> {
        Ok(followed_by(call, |_| {
            let (sender, events) = mpsc::channel(1);
            let finish = CancellationToken::new();
            let asked = finish.clone();
            tokio::spawn(async move {
                asked.cancelled().await;
                sender.send(TapEvent::Finished(Vec::new())).await
            });
            Followed { events, finish }
        }))
    }
}

/// MixMonitor, as Asterisk sees it.
fn followed_by(
    call: &Tapped<'_>,
    follow: impl FnOnce(Clock) -> Followed + Send + 'static,
) -> Prepared {
    let plan = monitor::plan("/tap".as_ref(), call.id, call.agi_version);
    let follow = Box::new(follow);
    Prepared { plan, follow }
}

/// A tap with a fault in it.
struct Broken;

impl Source for Broken {
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError> {
        Ok(followed_by(call, |_| panic!("as the test wants")))
    }
}

const PRELUDE: &[u8] = b"agi_network: yes
agi_network_script: guard?box=100@default
agi_channel: PJSIP/+49911555001-0000002a
agi_uniqueid: 1700000000.7
agi_callerid: +49911555001
agi_calleridname: Erika Muster
agi_callingpres: 0
agi_dnid: 0911987654

";
