//! The webhook, through a receiver on loopback: what it gets, and what its answers mean.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use ring::hmac;
use voicemail_guard::audio::wav;
use voicemail_guard::call_record::Destination;
use voicemail_guard::config::Secret;
use voicemail_guard::config::webhook::Webhook;
use voicemail_guard::delivery::DeliveryError;
use voicemail_guard::delivery::webhook::{deliver, payload_in, probe};

use crate::support::certificates;
use crate::support::outgoing::outgoing;
use crate::support::receiver::{Answer, Receiver, Request, status};

const SECRET: &str = "not for everybody to know";
const PAGE: Option<&str> = Some("https://pbx.example.com/calls/{id}");
const RECIPE: &str = include_str!("../../examples/webhooks/README.md");

fn now() -> Timestamp {
    "2026-11-24T09:12:44Z".parse().unwrap()
}

fn settings(url: &str) -> Webhook {
    Webhook {
        url: Some(url.parse().unwrap()),
        secret: Secret::Inline(SECRET.into()),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        timeout: Duration::from_secs(20),
        ..Webhook::default()
    }
}

fn local(receiver: &Receiver) -> Webhook {
    settings(&format!(
        "http://127.0.0.1:{}/calls?token=t0k3n",
        receiver.port
    ))
}

fn endless(text: &str) -> Answer {
    Answer {
        endless: true,
        ..Answer::text(text)
    }
}

async fn send(settings: &Webhook) -> Result<String, DeliveryError> {
    deliver(settings, PAGE, &outgoing(Destination::Webhook), now()).await
}

/// As the recipe has a receiver do it.
fn is_signed(request: &Request, secret: &str) -> bool {
    let mut signed = request.headers["x-voicemail-guard-timestamp"]
        .clone()
        .into_bytes();
    signed.push(b'.');
    signed.extend(&request.body);
    let signature = request.headers["x-voicemail-guard-signature"]
        .strip_prefix("v1=")
        .unwrap();
    let tag: Vec<u8> = (0..signature.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &signed, &tag).is_ok()
}

#[tokio::test]
async fn the_receiver_can_verify_what_it_gets() {
    let receiver = Receiver::start(status("204 No Content"), None).await;
    let reported = send(&local(&receiver)).await.unwrap();
    assert_eq!(reported, format!("http://127.0.0.1:{}", receiver.port));
    let mut got = receiver.got().remove(0);
    assert_eq!(got.line, "POST /calls?token=t0k3n HTTP/1.1");
    assert_eq!(got.headers["host"], format!("127.0.0.1:{}", receiver.port));
    assert_eq!(got.headers["content-type"], "application/json");
    assert_eq!(
        got.headers["idempotency-key"],
        outgoing(Destination::Webhook).key
    );
    assert_eq!(
        got.headers["x-voicemail-guard-timestamp"],
        now().as_second().to_string()
    );
    assert!(is_signed(&got, SECRET));
    assert!(!is_signed(&got, "another secret altogether"));
    let at = got.body.iter().position(|&byte| byte == b'7').unwrap();
    got.body[at] = b'8';
    assert!(!is_signed(&got, SECRET));
    got.body[at] = b'7';
    got.headers
        .insert("x-voicemail-guard-timestamp".into(), "1".into());
    assert!(!is_signed(&got, SECRET));
}

#[tokio::test]
async fn the_body_is_the_record_and_on_demand_the_audio() {
    let receiver = Receiver::start(status("200 OK"), None).await;
    for audio in [false, true] {
        send(&Webhook {
            audio,
            ..local(&receiver)
        })
        .await
        .unwrap();
    }
    let got = receiver.got();
    let body = |n: usize| -> serde_json::Value { serde_json::from_slice(&got[n].body).unwrap() };
    let (plain, with_audio) = (body(0), body(1));
    assert_eq!(plain["event"], "message");
    assert_eq!(plain["key"], outgoing(Destination::Webhook).key);
    assert_eq!(
        plain["call"]["id"],
        outgoing(Destination::Webhook).record.id.to_string()
    );
    assert_eq!(
        plain["page"],
        format!(
            "https://pbx.example.com/calls/{}",
            outgoing(Destination::Webhook).record.id
        )
    );
    assert!(plain["sound"]["wav"].is_null());
    let wav = BASE64_STANDARD
        .decode(with_audio["sound"]["wav"].as_str().unwrap())
        .unwrap();
    assert!(wav == wav::encode(&outgoing(Destination::Webhook).sound.unwrap().samples));
}

#[test]
fn the_recipe_shows_what_is_sent() {
    let zone = TimeZone::fixed(offset(1));
    let sent = payload_in(false, PAGE, &outgoing(Destination::Webhook), &zone);
    let sample = RECIPE
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
    let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(
        sample, sent,
        "examples/webhooks/README.md should show: {sent:#}"
    );
}

#[tokio::test]
async fn answers_are_sorted_into_later_and_never() {
    for (answer, never) in [
        ("400 Bad Request", true),
        ("401 Unauthorized", false),
        ("403 Forbidden", false),
        ("404 Not Found", false),
        ("405 Not Allowed", false),
        ("418 Teapot", false),
        ("410 Gone", true),
        ("413 Too Large", true),
        ("422 No", true),
        ("408 Timeout", false),
        ("409 Conflict", false),
        ("425 Early", false),
        ("429 Slow down", false),
        ("500 Oh", false),
        ("502 Bad Gateway", false),
        ("503 Later", false),
        ("304 Same", false),
    ] {
        let receiver = Receiver::start(status(answer), None).await;
        let failed = send(&local(&receiver)).await.unwrap_err();
        assert_eq!(
            matches!(failed, DeliveryError::Permanent { .. }),
            never,
            "{answer}: {failed}"
        );
        assert!(failed.to_string().contains(&answer[..3]), "{failed}");
    }
}

#[tokio::test]
async fn what_is_too_large_for_the_receiver_goes_without_the_audio() {
    let receiver = Receiver::start(status("413 Too Large"), None).await;
    let with_audio = Webhook {
        audio: true,
        ..local(&receiver)
    };
    let failed = send(&with_audio).await.unwrap_err();
    assert!(
        matches!(failed, DeliveryError::Permanent { .. }),
        "{failed}"
    );
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    let first: serde_json::Value = serde_json::from_slice(&got[0].body).unwrap();
    let second: serde_json::Value = serde_json::from_slice(&got[1].body).unwrap();
    assert!(first["sound"]["wav"].is_string() && first["sound"]["note"].is_null());
    assert!(second["sound"]["wav"].is_null());
    let note = &second["sound"]["note"];
    assert_eq!(
        note["en"],
        "The recording was too large to attach; it is kept."
    );
    assert!(
        note["de"]
            .as_str()
            .unwrap()
            .starts_with("Die Aufnahme war für einen Anhang zu groß")
    );
    assert!(is_signed(&got[1], SECRET));
}

#[tokio::test]
async fn the_receiver_may_ask_for_patience() {
    for (header, expected) in [
        ("Retry-After: 120", Some(Duration::from_mins(2))),
        (
            "Retry-After: Tue, 24 Nov 2026 09:14:44 GMT",
            Some(Duration::from_mins(2)),
        ),
        ("Retry-After: soon", None),
        ("Retry-After: -1", None),
        ("X: y", None),
    ] {
        let answer = format!("HTTP/1.1 503 Later\r\n{header}\r\nContent-Length: 0\r\n\r\n");
        let receiver = Receiver::start(Answer::text(answer), None).await;
        let failed = send(&local(&receiver)).await.unwrap_err();
        assert!(
            match failed {
                DeliveryError::Busy { after, .. } => Some(after) == expected,
                DeliveryError::Transient(_) => expected.is_none(),
                _ => false,
            },
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_refused() {
    let elsewhere = Receiver::start(status("200 OK"), None).await;
    for code in ["301", "302", "303", "307", "308"] {
        let answer = format!(
            "HTTP/1.1 {code} Moved\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
            elsewhere.port
        );
        let receiver = Receiver::start(Answer::text(answer), None).await;
        let failed = send(&local(&receiver)).await.unwrap_err();
        assert!(
            failed.to_string().contains("redirects are not followed"),
            "{failed}"
        );
        assert_eq!(receiver.got().len(), 1);
    }
    assert_eq!(elsewhere.got().len(), 0);
}

#[tokio::test]
async fn no_answer_keeps_the_guard_longer_than_allowed() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned();
    for pause in [Duration::from_mins(1), Duration::from_millis(200)] {
        let pause = Some(pause);
        let answer = Answer {
            pause,
            ..Answer::text(ok.clone())
        };
        let receiver = Receiver::start(answer, None).await;
        let hasty = Webhook {
            timeout: Duration::from_millis(600),
            ..local(&receiver)
        };
        let failed = send(&hasty).await.unwrap_err();
        assert!(
            failed.to_string().ends_with("did not answer within 0.6 s"),
            "{failed}"
        );
    }
    let receiver = Receiver::start(endless("HTTP/1.1 200 OK\r\nX: "), None).await;
    let failed = send(&local(&receiver)).await.unwrap_err();
    assert!(
        matches!(failed, DeliveryError::Transient { .. }),
        "{failed}"
    );
}

#[tokio::test]
async fn of_an_endless_answer_only_the_beginning_is_read() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    let receiver = Receiver::start(endless(head), None).await;
    send(&local(&receiver)).await.unwrap();
    let head = "HTTP/1.1 500 Oh\r\nContent-Length: 99999999999\r\n\r\n\u{1b}[2J";
    let receiver = Receiver::start(endless(head), None).await;
    let failed = send(&local(&receiver)).await.unwrap_err().to_string();
    assert!(failed.len() < 400 && failed.contains("xxx"), "{failed}");
    assert!(!failed.contains('\u{1b}'), "{failed:?}");
}

#[tokio::test]
async fn only_a_trusted_receiver_of_the_right_name_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, ca_file) = certificates::server("localhost", folder.path());
    let receiver = Receiver::start(status("200 OK"), Some(tls)).await;
    let good = Webhook {
        ca_file: Some(ca_file),
        ..settings(&format!("https://localhost:{}/", receiver.port))
    };
    // localhost may be ::1 first, where nobody listens.
    let good = Webhook {
        allow_private: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..good
    };
    send(&good).await.unwrap();
    probe(&good).await.unwrap();
    assert_eq!(
        receiver.got()[0].headers["host"],
        format!("localhost:{}", receiver.port)
    );

    let unknown_authority = Webhook {
        ca_file: None,
        ..good.clone()
    };
    let by_address = format!("https://127.0.0.1:{}/", receiver.port);
    let wrong_name = Webhook {
        url: Some(by_address.parse().unwrap()),
        ..good
    };
    for bad in [unknown_authority, wrong_name] {
        let failed = send(&bad).await.unwrap_err();
        assert!(failed.to_string().contains("TLS"), "{failed}");
        probe(&bad).await.unwrap_err();
    }
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn private_addresses_are_told_only_where_allowed() {
    let receiver = Receiver::start(status("200 OK"), None).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "127.1",
    ] {
        let url = format!("http://{host}:{}/", receiver.port);
        let strict = Webhook {
            allow_private: Vec::new(),
            ..settings(&url)
        };
        let failed = send(&strict).await.unwrap_err();
        assert!(
            failed.to_string().contains("allow_private"),
            "{host}: {failed}"
        );
        probe(&strict).await.unwrap_err();
    }
    assert_eq!(receiver.got().len(), 0);
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent() {
    let receiver = Receiver::start(status("200 OK"), None).await;
    for secret in [
        Secret::default(),
        Secret::Inline("short".into()),
        Secret::File("/nowhere/at/all".into()),
    ] {
        let failed = send(&Webhook {
            secret,
            ..local(&receiver)
        })
        .await
        .unwrap_err();
        assert!(failed.to_string().contains("secret"), "{failed}");
    }
    assert_eq!(receiver.got().len(), 0);
}

#[test]
fn settings_keep_their_secrets() {
    assert!(!format!("{:?}", settings("https://example.com")).contains(SECRET));
}
