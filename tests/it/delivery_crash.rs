//! Mail and webhook by a guard that is killed again and again while it delivers: the program itself, a mail
//! server and a receiver.

#![expect(
    clippy::disallowed_methods,
    reason = "a process that is to be killed runs in real time"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use mail_parser::MessageParser;
use tempfile::TempDir;
use voicemail_guard::audio::wav;
use voicemail_guard::call_log::{CallLog, Reader};
use voicemail_guard::call_record::{CallRecord, Destination, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::delivery::key_of;

use crate::support::call_log::all;
use crate::support::receiver::{Receiver, Request, status};
use crate::support::records::{closed, opened};
use crate::support::smtp_sink::{Got, Manners, Sink};

/// How many calls are filed at a time.
const CALLS: u32 = 60;
const KILLS: usize = 10;
const RECIPIENTS: [&str; 3] = ["a@example.com", "b@example.com", "c@example.com"];

/// A guard that is started and killed, and where it delivers to.
struct House {
    folder: TempDir,
    sink: Sink,
    receiver: Receiver,
}

impl House {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let sink = Sink::start(Manners::default()).await;
        let receiver = Receiver::start(status("204 No Content"), None).await;
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let text = format!(
            "[listen]\naddress = ['{free}']\n[tap]\nfolder_as_guard_sees_it = '{}'\n\
             [defaults]\ndeliver_to = ['mail', 'webhook']\nmail_to = {RECIPIENTS:?}\n\
             [delivery.mail]\nport = {}\nfrom = 'guard@example.com'\n\
             [delivery.webhook]\nurl = 'http://127.0.0.1:{}/x'\nsecret = 'sixteen characters'\n\
             allow_private = ['127.0.0.1']\naudio = true\n",
            folder.path().join("tap").display(),
            sink.port,
            receiver.port
        );
        fs::write(folder.path().join("guard.toml"), text).unwrap();
        Self {
            folder,
            sink,
            receiver,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Files calls that a guard had no time to deliver.
    fn files(&self, calls: Range<u32>) {
        let log = CallLog::open(&self.data(), Clock::default()).unwrap().log;
        for n in calls {
            let audio = format!("audio/{n}.wav");
            let path = self.data().join(&audio);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let sound: Vec<i16> = (0..2_000).map(|i| (n as i16 + 1) * (i % 13)).collect();
            fs::write(path, wav::encode(&sound)).unwrap();
            let record = CallRecord {
                audio: Some(audio),
                delivered: Vec::new(),
                // By the clock of the program: of a call that ended days ago the first failure is the last.
                ended: Some(Clock::default().date()),
                // Three boxes, which do not wait for one another.
                mailbox: format!("{}@default", 100 + n % 3).into(),
                ..closed(n, Verdict::Message)
            };
            log.close_and_deliver(record, &[Destination::Mail, Destination::Webhook]);
        }
    }

    fn starts(&self) -> Child {
        let log = self.folder.path().join("guard.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
            .args(["serve", "--config"])
            .arg(self.folder.path().join("guard.toml"))
            .arg("--data")
            .arg(self.data())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// How much the receivers have.
    fn got(&self) -> usize {
        self.sink.got().len() + self.receiver.got().len()
    }

    fn owed(&self) -> usize {
        let log = Reader::open(&self.data()).unwrap();
        log.undelivered().unwrap().len()
    }
}

fn message_id(mail: &Got) -> String {
    let parsed = MessageParser::default()
        .parse(mail.data.as_bytes())
        .unwrap();
    parsed.message_id().unwrap().to_owned()
}

/// What a mail says and holds, without the marks between its parts, which are drawn anew.
fn content(mail: &Got) -> (String, Vec<u8>) {
    let parsed = MessageParser::default()
        .parse(mail.data.as_bytes())
        .unwrap();
    let text = parsed.body_text(0).unwrap().into_owned();
    (text, parsed.attachment(0).unwrap().contents().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_no_mail_and_no_webhook() {
    let house = House::new().await;
    house.files(0..CALLS);
    let mut filed = CALLS;
    let mut kills = 0_usize;
    let mut chance = 20_261_124_u64;
    while kills < KILLS || house.owed() > 0 {
        if house.owed() == 0 {
            house.files(filed..filed + CALLS);
            filed += CALLS;
        }
        let before = house.got();
        let mut guard = house.starts();
        let patience = Instant::now() + Duration::from_secs(30);
        while house.got() == before && house.owed() > 0 {
            assert!(Instant::now() < patience, "nothing is delivered");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        // From here on a moment nobody chose: one delivery takes some milliseconds.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        tokio::time::sleep(Duration::from_micros((chance >> 33) % 60_000)).await;
        guard.kill().unwrap();
        guard.wait().unwrap();
        kills += 1;
    }

    let mails = house.sink.got();
    let mut by_id: BTreeMap<(String, String), Vec<&Got>> = BTreeMap::new();
    for mail in &mails {
        let key = (message_id(mail), mail.to.clone());
        by_id.entry(key).or_default().push(mail);
    }
    let expected: BTreeSet<_> = (0..filed)
        .flat_map(|n| {
            let id = format!("{}@example.com", key_of(opened(n).id, Destination::Mail));
            RECIPIENTS.map(|to| (id.clone(), to.to_owned()))
        })
        .collect();
    assert_eq!(by_id.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for same in by_id.values() {
        assert!(same.iter().all(|mail| content(mail) == content(same[0])));
    }

    let requests = house.receiver.got();
    let mut by_key: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in &requests {
        let key = &request.headers["idempotency-key"];
        by_key.entry(key).or_default().push(request);
    }
    assert_eq!(by_key.len(), filed as usize);
    for (key, same) in &by_key {
        assert!(
            same.iter().all(|request| request.body == same[0].body),
            "{key}"
        );
        let body: serde_json::Value = serde_json::from_slice(&same[0].body).unwrap();
        assert_eq!(body["key"], *key);
    }

    // One mail and one request a box can be in flight when it dies: what was noted is not sent again.
    let doubled = (
        mails.len() - expected.len(),
        requests.len() - filed as usize,
    );
    assert!(
        doubled.0 <= 3 * kills && doubled.1 <= 3 * kills,
        "{doubled:?} of {kills} kills"
    );
    println!("{kills} kills, {doubled:?} mails and requests sent twice");
    for call in all(&house.data()) {
        assert_eq!(call.delivered.len(), 2, "{call:?}");
        for to in RECIPIENTS {
            assert!(
                call.delivered.iter().any(|entry| entry.detail.contains(to)),
                "{call:?}"
            );
        }
    }
}
