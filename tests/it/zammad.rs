//! The recipe for Zammad, run as it stands: from the guard's webhook to what a Zammad gets.
//!
//! It needs `python3`, so `tests/run` runs it and `cargo test` alone does not.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use voicemail_guard::audio::wav;
use voicemail_guard::call_record::Destination;
use voicemail_guard::clock::Clock;
use voicemail_guard::config::Secret;
use voicemail_guard::config::webhook::Webhook;
use voicemail_guard::delivery::DeliveryError;
use voicemail_guard::delivery::webhook::deliver;

use crate::support::outgoing::outgoing;
use crate::support::receiver::{Receiver, status};

/// The relay, on a port of its own; ends with the test.
struct Relay {
    process: Child,
    port: u16,
}

impl Relay {
    fn start(zammad: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/webhooks/zammad.py");
        let mut process = Command::new("python3")
            .args([script, "0"])
            .env("SECRET", "sixteen characters")
            .env("ZAMMAD", format!("http://127.0.0.1:{zammad}"))
            .env("CTI_TOKEN", "cti0token")
            .env("API_TOKEN", "api0token")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        let said = process.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        Self { process, port }
    }

    fn settings(&self, secret: &str) -> Webhook {
        Webhook {
            url: Some(format!("http://127.0.0.1:{}/", self.port).parse().unwrap()),
            secret: Secret::Inline(secret.into()),
            allow_private: vec!["127.0.0.1/32".parse().unwrap()],
            audio: true,
            timeout: Duration::from_secs(30),
            ..Webhook::default()
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_message_becomes_a_line_in_the_caller_log_and_a_ticket_once() {
    let zammad = Receiver::start(status("201 Created"), None).await;
    let relay = Relay::start(zammad.port);
    let now = Clock::default().date();
    for _ in 0..2 {
        deliver(
            &relay.settings("sixteen characters"),
            None,
            &outgoing(Destination::Webhook),
            now,
        )
        .await
        .unwrap();
    }
    let got = zammad.got();
    let lines: Vec<_> = got.iter().map(|request| request.line.as_str()).collect();
    let cti = "POST /api/v1/cti/cti0token HTTP/1.1";
    assert_eq!(lines, [cti, cti, "POST /api/v1/tickets HTTP/1.1"]);
    let body = |n: usize| -> Value { serde_json::from_slice(&got[n].body).unwrap() };
    for (n, event) in ["newCall", "hangup"].into_iter().enumerate() {
        let reported = body(n);
        assert_eq!(reported["event"], event);
        assert_eq!(
            (&reported["from"], &reported["to"]),
            (&"4991120000007".into(), &"08001234567".into())
        );
        assert_eq!(
            (&reported["direction"], &reported["callId"]),
            (&"in".into(), &body(0)["callId"])
        );
    }
    assert_eq!(got[2].headers["authorization"], "Token token=api0token");
    let ticket = body(2);
    assert_eq!(ticket["title"], "Voice message from 4991120000007");
    assert!(
        ticket["article"]["body"]
            .as_str()
            .unwrap()
            .contains("491712345678 (keyed_confirmed)")
    );
    let body = ticket["article"]["body"].as_str().unwrap();
    assert!(body.contains("\nCall no. 3 since 2026-11-23T"), "{body}");
    let audio = ticket["article"]["attachments"][0]["data"]
        .as_str()
        .unwrap();
    let audio = BASE64_STANDARD.decode(audio).unwrap();
    assert!(audio == wav::encode(&outgoing(Destination::Webhook).sound.unwrap().samples));
}

#[tokio::test]
async fn what_is_not_signed_is_not_passed_on_and_comes_again_as_what_zammad_refuses_does() {
    let zammad = Receiver::start(status("503 Later"), None).await;
    let relay = Relay::start(zammad.port);
    let now = Clock::default().date();
    let forged = deliver(
        &relay.settings("another sixteen characters"),
        None,
        &outgoing(Destination::Webhook),
        now,
    )
    .await;
    assert!(
        matches!(forged, Err(DeliveryError::Transient { .. })),
        "{forged:?}"
    );
    let old = now - jiff::SignedDuration::from_mins(6);
    let replayed = deliver(
        &relay.settings("sixteen characters"),
        None,
        &outgoing(Destination::Webhook),
        old,
    )
    .await;
    assert!(
        matches!(replayed, Err(DeliveryError::Transient { .. })),
        "{replayed:?}"
    );
    assert_eq!(zammad.got().len(), 0);
    let later = deliver(
        &relay.settings("sixteen characters"),
        None,
        &outgoing(Destination::Webhook),
        now,
    )
    .await;
    assert!(
        matches!(later, Err(DeliveryError::Transient { .. })),
        "{later:?}"
    );
}
