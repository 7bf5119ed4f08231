//! From the outbox to mail server and webhook: the settings, the worker and the receivers together.

use std::fs;
use std::time::Duration;

use mail_parser::MessageParser;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use voicemail_guard::audio::level::active_speech_level;
use voicemail_guard::audio::{MediaTime, g711, wav};
use voicemail_guard::call_log::{CallLog, Delivery, Reader, Stage};
use voicemail_guard::call_record::{Asked, CallId, CallRecord, Delivered, Destination, Verdict};
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::delivery::trim::LOUDNESS_DBOV;
use voicemail_guard::delivery::{Worker, key_of};
use voicemail_guard::hearing::hear;
use voicemail_guard::prompts::Prompt;
use voicemail_guard::telemetry::LogFormat;
use voicemail_guard::wording::{self, Language};

use crate::support::call_log::{all, clock, open};
use crate::support::captured_log::CapturedLog;
use crate::support::receiver::{Answer, Receiver, status};
use crate::support::records::closed;
use crate::support::smtp_sink::{Manners, Sink};

/// A guard's folder and settings, with a mail server and a receiver beside it.
struct House {
    folder: TempDir,
    config: Config,
    log: CallLog,
    sink: Sink,
    receiver: Receiver,
}

impl House {
    async fn new(answer: Answer) -> Self {
        Self::with(answer, Manners::default(), &["team@example.com"]).await
    }

    async fn with(answer: Answer, manners: Manners, mail_to: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let sink = Sink::start(manners).await;
        let receiver = Receiver::start(answer, None).await;
        let text = format!(
            "[defaults]\ndeliver_to = ['mail', 'webhook']\nmail_to = {mail_to:?}\n\
             [delivery.mail]\nport = {}\nfrom = 'guard@example.com'\n\
             [delivery.webhook]\nurl = 'http://127.0.0.1:{}/x'\nsecret = 'sixteen characters'\n\
             allow_private = ['127.0.0.1']\naudio = true\n",
            sink.port, receiver.port
        );
        let file = folder.path().join("guard.toml");
        fs::write(&file, text).unwrap();
        let log = open(&folder.path().join("data")).log;
        Self {
            config: Config::load(&file).unwrap(),
            folder,
            log,
            sink,
            receiver,
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Files a rambler of eighteen seconds, who was asked for their number at the eighth.
    fn files(&self, n: u32) -> CallRecord {
        let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/speech.ulaw");
        let spoken: Vec<i16> = fs::read(clip)
            .unwrap()
            .into_iter()
            .map(g711::ulaw)
            .collect();
        let recording = [
            vec![0; 20_000],
            spoken.clone(),
            vec![0; 40_000],
            spoken,
            vec![0; 20_000],
        ];
        let recording = recording.concat();
        let record = CallRecord {
            timeline: hear(&recording).segments().to_vec(),
            asked: vec![Asked {
                prompt: Prompt::NumberFirst.into(),
                at: MediaTime::from_secs(8),
                answer: None,
            }],
            delivered: Vec::new(),
            repeat_window_s: Some(3_600),
            ..closed(n, Verdict::Rambler)
        };
        let path = self.data().join(record.audio.as_ref().unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wav::encode(&recording)).unwrap();
        let to = self.config.deliver_to(&record.mailbox);
        self.log.close_and_deliver(record.clone(), to);
        record
    }

    fn erases(&self, call: CallId) {
        let database = rusqlite::Connection::open(self.data().join("calls.sqlite")).unwrap();
        let gone = database.execute("DELETE FROM calls WHERE id = ?1", [call.to_string()]);
        assert_eq!(gone.unwrap(), 1);
    }

    /// As if the back-off were over.
    fn is_due_now(&self) {
        self.sets("due_ms = 0");
    }

    fn sets(&self, what: &str) {
        let database = rusqlite::Connection::open(self.data().join("calls.sqlite")).unwrap();
        let sql = format!("UPDATE outbox SET {what}");
        database.execute(&sql, []).unwrap();
    }

    /// Lets the worker work until the outbox looks as wanted.
    async fn works_until(&self, wanted: impl Fn(&[Delivery]) -> bool) {
        let clock = clock();
        let stop = CancellationToken::new();
        let worker = Worker::new(
            &SharedConfig::new(self.config.clone()),
            self.log.outbox(),
            self.data(),
            clock,
        )
        .await;
        let working = tokio::spawn(worker.run(stop.clone()));
        let patience = clock.now() + Duration::from_mins(1);
        while !wanted(&self.log.outbox().due().await.unwrap()) {
            assert!(
                clock.now() < patience,
                "{:?}",
                self.log.outbox().due().await
            );
            clock.sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        working.await.unwrap();
    }
}

#[tokio::test]
async fn the_team_gets_the_message_by_mail_and_webhook() {
    let house = House::new(status("204 No Content")).await;
    let record = house.files(1);
    house.works_until(<[Delivery]>::is_empty).await;
    let delivered = &all(&house.data())[0].delivered;
    let mut delivered: Vec<_> = delivered.iter().map(Delivered::to_string).collect();
    delivered.sort();
    assert_eq!(delivered.len(), 2);
    assert!(
        delivered[0].starts_with("mail team@example.com at 20"),
        "{delivered:?}"
    );
    let to = format!("webhook http://127.0.0.1:{} at 20", house.receiver.port);
    assert!(delivered[1].starts_with(&to), "{delivered:?}");

    assert_eq!(house.receiver.got()[0].line, "POST /x HTTP/1.1");
    let mail = house.sink.got().remove(0);
    assert_eq!(mail.from, "guard@example.com");
    let mail = MessageParser::default()
        .parse(mail.data.as_bytes())
        .unwrap();
    let audio = mail.attachment(0).unwrap().contents();
    let reported: serde_json::Value =
        serde_json::from_slice(&house.receiver.got()[0].body).unwrap();
    assert_eq!(reported["call"]["id"], record.id.to_string());
    // Two utterances of five seconds with their margins, the pause of five seconds gone, a beep between.
    let seconds = reported["sound"]["seconds"].as_f64().unwrap();
    assert!((9.0..13.5).contains(&seconds), "{seconds}");
    assert_eq!(reported["sound"]["number"]["at"], 0.0);
    assert!(
        reported["sound"]["number"]["len"].as_f64().unwrap() < 7.0,
        "{reported}"
    );
    let samples = audio[44..]
        .chunks_exact(2)
        .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
    let heard = samples.len() as f64 / 8_000.0;
    assert!((heard - seconds).abs() < 0.01, "{heard} s of {seconds} s");
    let level = active_speech_level(samples).unwrap();
    assert!((level - LOUDNESS_DBOV).abs() < 1.0, "{level}");
    assert!(
        mail.body_text(0)
            .unwrap()
            .contains("After being asked for the number:")
    );
}

/// What a mail and a webhook say of the case is fixed with the delivery to send them: later attempts say the same,
/// whatever is filed or deleted meanwhile.
#[tokio::test]
async fn the_place_in_the_case_is_told_the_same_at_every_attempt() {
    let mut house = House::new(status("503 Later")).await;
    let reachable = house.config.delivery.mail.port;
    house.config.delivery.mail.port = 1;
    for n in 1..=2 {
        house.log.close_call(in_the_case(n));
    }
    let third = house.files(3);
    house
        .works_until(|deliveries| deliveries.iter().all(|delivery| delivery.failures == 1))
        .await;
    // One that began before and is filed late, and the first one is erased.
    house.log.close_call(CallRecord {
        id: CallId::new(in_the_case(2).started, 77),
        ..in_the_case(2)
    });
    house.log.outbox().due().await.unwrap();
    house.erases(in_the_case(1).id);
    let shown = Reader::open(&house.data()).unwrap().case_of(third.id);
    let shown = shown.unwrap().unwrap();
    assert_eq!((shown.place, shown.case.first), (3, in_the_case(2).started));

    house.config.delivery.mail.port = reachable;
    house.is_due_now();
    house
        .works_until(|deliveries| deliveries.len() == 1 && deliveries[0].failures == 2)
        .await;
    let bodies = house.receiver.got().into_iter().map(|got| got.body);
    let bodies: Vec<_> = bodies.collect();
    assert!(bodies.len() == 2 && bodies[0] == bodies[1]);
    let reported: serde_json::Value = serde_json::from_slice(&bodies[0]).unwrap();
    let case = &reported["call"]["case"];
    assert_eq!(
        (&case["id"], &case["place"]),
        (&in_the_case(1).id.to_string().into(), &3.into())
    );
    let first: jiff::Timestamp = case["first"].as_str().unwrap().parse().unwrap();
    assert_eq!(first, in_the_case(1).started);
    let mail = house.sink.got().remove(0).data;
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let text = mail.body_text(0).unwrap();
    let since = wording::nth_call(3, first, &jiff::tz::TimeZone::system(), Language::En);
    assert!(text.contains(&since), "{since} in {text}");
}

/// A hang-up by the caller of [`House::files`].
fn in_the_case(n: u32) -> CallRecord {
    CallRecord {
        caller: closed(3, Verdict::Hangup).caller,
        repeat_window_s: Some(3_600),
        ..closed(n, Verdict::Hangup)
    }
}

#[tokio::test]
async fn a_webhook_that_asks_for_patience_holds_no_mail_back() {
    let answer = "HTTP/1.1 503 Later\r\nRetry-After: 700\r\nContent-Length: 0\r\n\r\n";
    let house = House::new(Answer::text(answer)).await;
    let record = house.files(1);
    let mailed = |deliveries: &[Delivery]| deliveries.len() == 1 && deliveries[0].failures == 1;
    house.works_until(mailed).await;
    assert_eq!(house.sink.got().len(), 1);
    let left = Reader::open(&house.data()).unwrap().undelivered().unwrap();
    assert_eq!(left[0].to, Destination::Webhook);
    let ahead = left[0].due.duration_since(clock().date()).as_secs();
    assert!((699..760).contains(&ahead), "{ahead}");
    let key = &house.receiver.got()[0].headers["idempotency-key"];
    assert_eq!(*key, key_of(record.id, Destination::Webhook));
}

#[tokio::test]
async fn what_the_receiver_refuses_for_good_is_given_up_and_the_next_goes_on() {
    let house = House::new(status("422 No")).await;
    house.files(1);
    house.files(2);
    house.works_until(<[Delivery]>::is_empty).await;
    assert_eq!((house.sink.got().len(), house.receiver.got().len()), (2, 2));
    let left = Reader::open(&house.data()).unwrap().undelivered().unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|delivery| delivery.stage == Stage::GivenUp));
    assert!(left[0].why.as_ref().unwrap().contains("422"), "{left:?}");
}

#[tokio::test]
async fn who_has_his_mail_gets_it_no_second_time_also_after_a_restart() {
    let mut house = House::new(status("204 No Content")).await;
    let strict = Sink::start(Manners {
        refuses: vec![("RCPT TO:<b@", "450 4.2.0 busy")],
        ..Manners::default()
    })
    .await;
    let text = format!(
        "[defaults]\ndeliver_to = ['mail']\nmail_to = ['a@example.com', 'b@example.com', 'c@example.com']\n\
         [delivery.mail]\nport = {}\nfrom = 'guard@example.com'\n",
        strict.port
    );
    house.config = Config::parse(text.as_bytes()).unwrap();
    house.files(1);
    house
        .works_until(|deliveries| deliveries[0].failures == 1)
        .await;
    let recipients = |sink: &Sink| -> Vec<_> { sink.got().into_iter().map(|got| got.to).collect() };
    assert_eq!(recipients(&strict), ["a@example.com", "c@example.com"]);

    // A guard that knows nothing but what the outbox holds, and a server that takes everything.
    house.config.delivery.mail.port = house.sink.port;
    house.is_due_now();
    house.works_until(<[Delivery]>::is_empty).await;
    assert_eq!(recipients(&house.sink), ["b@example.com"]);
    let entry = all(&house.data())[0].delivered[0].to_string();
    assert!(
        entry.starts_with("mail a@example.com, b@example.com, c@example.com at "),
        "{entry}"
    );
}

#[tokio::test]
async fn a_receiver_that_does_not_know_the_secret_yet_loses_nothing() {
    let house = House::new(status("401 Unauthorized")).await;
    house.files(1);
    house
        .works_until(|deliveries| deliveries.len() == 1 && deliveries[0].failures == 1)
        .await;
    let left = Reader::open(&house.data()).unwrap().undelivered().unwrap();
    assert_eq!((left.len(), left[0].stage), (1, Stage::Waiting));
    assert!(
        left[0]
            .why
            .as_ref()
            .unwrap()
            .contains("[delivery.webhook] secret"),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_refusal_that_is_about_settings_is_an_error_in_the_log() {
    for (reply, level, words) in [
        (
            "550 5.7.1 Relaying denied",
            "ERROR",
            "not delivered until a setting is mended",
        ),
        ("450 4.2.0 busy", "WARN", "not delivered yet"),
    ] {
        let (captured, _listening) = CapturedLog::listen(LogFormat::Text, "info");
        let manners = Manners {
            refuses: vec![("RCPT", reply)],
            ..Manners::default()
        };
        let house = House::with(status("204 No Content"), manners, &["team@example.com"]).await;
        house.files(1);
        house
            .works_until(|deliveries| deliveries.len() == 1 && deliveries[0].failures == 1)
            .await;
        let said = captured.technical();
        let delayed = said.lines().find(|line| line.contains("delivery_delayed"));
        assert!(
            delayed.is_some_and(|line| line.contains(level) && line.contains(words)),
            "{reply}: {said}"
        );
    }
}

/// One recipient's full box holds up nobody else, and the record says who has the message and who has not.
#[tokio::test]
async fn one_recipient_who_is_refused_for_now_holds_nobody_up() {
    let manners = Manners {
        refuses: vec![("RCPT TO:<full@", "452 4.2.2 no room")],
        ..Manners::default()
    };
    let mail_to = ["full@example.com", "team@example.com"];
    let house = House::with(status("204 No Content"), manners, &mail_to).await;
    house.files(1);
    house.files(2);
    house.log.outbox().due().await.unwrap();
    for failures in 1..=3 {
        house.is_due_now();
        let first = house.log.outbox().due().await.unwrap()[0].seq;
        let failed = |delivery: &Delivery| delivery.seq != first || delivery.failures >= failures;
        house
            .works_until(|deliveries| deliveries.iter().all(failed))
            .await;
    }
    house
        .works_until(|deliveries| {
            deliveries.len() == 2 && deliveries.iter().all(|delivery| delivery.failures > 0)
        })
        .await;
    assert_eq!(house.sink.got().len(), 2);
    house.sets("due_ms = 0, since_ms = 0");
    house.works_until(<[Delivery]>::is_empty).await;
    assert_eq!(house.sink.got().len(), 2);
    for call in all(&house.data()) {
        let mail = call
            .delivered
            .iter()
            .map(Delivered::to_string)
            .find(|entry| entry.starts_with("mail"));
        let server = format!("127.0.0.1:{}", house.sink.port);
        let expected = format!("mail team@example.com (given up: {server}: full@example.com: ");
        assert!(
            mail.is_some_and(|mail| mail.starts_with(&expected)),
            "{call:?}"
        );
    }
}
