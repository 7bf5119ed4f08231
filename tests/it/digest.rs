//! The digest: whom it names, and that each mailbox gets one a day, whatever happens to guard and mail server.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use mail_parser::MessageParser;
use tempfile::TempDir;
use voicemail_guard::call_log::{CallLog, DigestNote};
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::delivery::digest::Digests;

use crate::support::call_log::open;
use crate::support::command_line::run_with;
use crate::support::records::closed;
use crate::support::smtp_sink::{Got, Manners, Sink};

const MAILBOX: &str = "100@default";

/// Half an hour after the calls.
fn clock() -> Clock {
    Clock::starting(closed(1, Verdict::Message).started + SignedDuration::from_mins(30))
}

/// A digest that was due so long before the clock's now.
fn config(port: u16, due_before: SignedDuration) -> Config {
    let due = clock().date() - due_before;
    let due = due.to_zoned_datetime(TimeZone::system()).strftime("%H:%M");
    let text = format!(
        "[delivery]\npage_url = 'https://pbx.example.com/calls/{{id}}'\n\
         [delivery.mail]\nport = {port}\nfrom = 'guard@example.com'\n\
         [box.100]\ndigest_to = ['a@example.com', 'b@example.com']\ndigest_at = '{due}'\n\
         digest_days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']\n"
    );
    Config::parse(text.as_bytes()).unwrap()
}

async fn filed(records: &[CallRecord]) -> (TempDir, CallLog) {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for record in records {
        log.close_call(record.clone());
    }
    log.flush().await.unwrap();
    (folder, log)
}

/// As if there had been a digest yesterday.
async fn known(log: &CallLog) {
    let now = clock().date();
    let today = now.to_zoned_datetime(TimeZone::system()).date();
    let note = DigestNote {
        mailbox: MAILBOX.into(),
        day: today.yesterday().unwrap(),
        recipient: None,
        at: now,
    };
    log.note_digest(note).await.unwrap();
}

/// Lets a guard's digests work until that of today is settled, or for a moment; whether it is.
async fn work(folder: &TempDir, log: &CallLog, config: Config) -> bool {
    let digests = Digests::new(
        SharedConfig::new(config),
        log.clone(),
        folder.path().into(),
        clock(),
    );
    let today = clock().date().to_zoned_datetime(TimeZone::system()).date();
    let settled = async {
        while !log
            .digests_of(today)
            .await
            .unwrap()
            .settled
            .contains(MAILBOX)
        {
            clock().sleep(Duration::from_millis(20)).await;
        }
    };
    let clock = clock();
    let late = clock.sleep(Duration::from_secs(2));
    tokio::select! {
        () = digests.run() => unreachable!(),
        () = settled => true,
        () = late => false,
    }
}

fn text(got: &Got) -> (String, String, String) {
    let mail = MessageParser::default().parse(got.data.as_bytes()).unwrap();
    let body = |found: Option<std::borrow::Cow<'_, str>>| found.unwrap().into_owned();
    (
        mail.subject().unwrap().to_owned(),
        body(mail.body_text(0)),
        body(mail.body_html(0)),
    )
}

fn calls() -> [CallRecord; 3] {
    [
        closed(1, Verdict::Message),
        closed(2, Verdict::Unsure),
        closed(3, Verdict::Hangup),
    ]
}

#[tokio::test]
async fn everybody_gets_one_a_day_also_over_restarts() {
    let sink = Sink::start(Manners::default()).await;
    let (folder, log) = filed(&calls()).await;
    known(&log).await;
    let on_time = SignedDuration::from_mins(1);
    assert!(work(&folder, &log, config(sink.port, on_time)).await);
    assert!(work(&folder, &log, config(sink.port, on_time)).await);
    let got = sink.got();
    let to: Vec<_> = got.iter().map(|mail| &*mail.to).collect();
    assert_eq!(to, ["a@example.com", "b@example.com"]);
    let (subject, plain, html) = text(&got[0]);
    // The keyed number of the hang-up is to be rung, too.
    assert_eq!(subject, "3 callers to be rung for 100@default");
    let id = calls()[0].id;
    for part in [
        "1. +491712345678  Jürgen Müller",
        &format!("https://pbx.example.com/cases/{id}"),
        "1 (1 hangup)",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
    assert!(!plain.contains("comes late"), "{plain}");
    assert!(
        html.contains("<a href=\"tel:+491712345678\">+491712345678</a>"),
        "{html}"
    );
}

#[tokio::test]
async fn a_mail_server_that_is_away_only_delays_it() {
    let (folder, log) = filed(&calls()).await;
    known(&log).await;
    let due = SignedDuration::from_mins(20);
    let half = Sink::start(Manners {
        refuses: vec![("RCPT TO:<b@", "451 later")],
        ..Manners::default()
    })
    .await;
    assert!(!work(&folder, &log, config(half.port, due)).await);
    let sink = Sink::start(Manners::default()).await;
    assert!(work(&folder, &log, config(sink.port, due)).await);
    // Who has theirs gets no second one.
    let to = |sink: &Sink| -> Vec<_> { sink.got().into_iter().map(|mail| mail.to).collect() };
    assert_eq!(
        [to(&half), to(&sink)],
        [["a@example.com"], ["b@example.com"]]
    );
    let (_, plain, _) = text(&sink.got()[0]);
    assert!(
        plain.contains("This comes late; it was to be sent at"),
        "{plain}"
    );
}

#[tokio::test]
async fn nobody_gets_one_about_nothing_or_before_anybody_wanted_it() {
    let sink = Sink::start(Manners::default()).await;
    let due = SignedDuration::from_mins(20);
    let (folder, log) = filed(&[]).await;
    known(&log).await;
    assert!(work(&folder, &log, config(sink.port, due)).await);
    let (folder, log) = filed(&calls()).await;
    assert!(work(&folder, &log, config(sink.port, due)).await);
    assert_eq!(sink.got().len(), 0);
}

#[test]
fn the_command_shows_it_and_sends_it_on_purpose() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sink = runtime.block_on(Sink::start(Manners::default()));
    let (folder, _log) = runtime.block_on(filed(&calls()));
    let config = config(sink.port, SignedDuration::ZERO);
    let (_, shown) = run_with(&config, folder.path(), &["digest", "--box", "100"]);
    assert!(
        shown.starts_with("3 callers to be rung for 100@default\n\n"),
        "{shown}"
    );
    assert_eq!(sink.got().len(), 0);
    let (_, sent) = run_with(
        &config,
        folder.path(),
        &["digest", "--box", "100", "--send"],
    );
    assert!(
        sent.ends_with("\nSent to a@example.com.\n\nSent to b@example.com.\n"),
        "{sent}"
    );
    assert_eq!(sink.got().len(), 2);
}
