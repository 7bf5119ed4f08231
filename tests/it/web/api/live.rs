//! The wallboard's figures, once and as they change.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use voicemail_guard::call_record::{CallRecord, Verdict};

use super::{DOCUMENT, Served, call};
use crate::support::call_log::clock;

/// A call that began so many minutes ago.
fn ago(n: u32, minutes: i64, verdict: Verdict) -> CallRecord {
    let mut record = call(n, &format!("030 {n}{n}{n}{n}{n}"), "x", verdict);
    record.started = clock().date() - SignedDuration::from_mins(minutes);
    record.ended = Some(record.started + SignedDuration::from_secs(30));
    record
}

#[tokio::test]
async fn what_waits_is_counted_by_urgency() {
    let mut watched = ago(1, 10, Verdict::Hangup);
    watched.watched = Some("030 *".into());
    let oldest = ago(3, 300, Verdict::Message);
    let records = [
        watched,
        ago(2, 20, Verdict::Message),
        oldest.clone(),
        ago(4, 30, Verdict::Unsure),
        ago(5, 900, Verdict::Mutter),
        ago(6, 40, Verdict::Message),
    ];
    let served = Served::with(&records).await;
    let token = served.token_for("crm", &["--role", "work"]);
    let summary = served.api("/summary", &token, 200).await;
    assert_eq!(
        summary["to_ring"],
        json!({"total": 5, "watched": 1, "message": 3, "unsure": 1})
    );
    assert_eq!(
        (&summary["late"], &summary["late_after_s"]),
        (&json!(1), &json!(14_400))
    );
    let waited = summary["oldest_waiting_s"].as_i64().unwrap();
    assert!((18_000..18_060).contains(&waited), "{summary}");
    served
        .step(
            &records[1].id.to_string(),
            &token,
            json!({"step": "claim"}),
            200,
        )
        .await;
    let at = (clock().date() + SignedDuration::from_hours(1)).to_string();
    let later = json!({"step": "not_reached", "next_try": at});
    served
        .step(&oldest.id.to_string(), &token, later, 200)
        .await;
    served
        .step(
            &records[5].id.to_string(),
            &token,
            json!({"step": "done"}),
            200,
        )
        .await;
    let summary = served.api("/summary", &token, 200).await;
    assert_eq!(
        summary["to_ring"],
        json!({"total": 3, "watched": 1, "message": 1, "unsure": 1})
    );
    let counts =
        ["unclaimed", "claimed", "later", "late"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 0], "{summary}");
    // The page counts the same.
    let page = served.get("/").await.text();
    assert!(page.contains("data-count=\"1\">3<"), "{page}");
    let nothing = served.api("/summary?box=900", &token, 200).await;
    assert_eq!(nothing["oldest_waiting_since"], Value::Null);
}

/// Somebody who is kept informed.
struct Listener {
    stream: TcpStream,
    heard: String,
}

impl Listener {
    async fn to(served: &Served, token: &str) -> Self {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let host = served.address;
        let request = format!("GET /api/v1/events HTTP/1.1\r\nhost: {host}\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self {
            stream,
            heard: String::new(),
        }
    }

    /// The data of the next event, as described; nothing when the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((_, behind)) = self.heard.split_once("event: summary\ndata: ")
                && let Some((data, rest)) = behind.split_once("\n\n")
            {
                let value: Value = serde_json::from_str(data).unwrap();
                let whole = json!({"$ref": "#/components/schemas/Summary", "components": DOCUMENT["components"]});
                jsonschema::validate(&whole, &value).unwrap();
                self.heard = rest.to_string();
                return Some(value);
            }
            let mut more = [0; 4_096];
            match self.stream.read(&mut more).await.unwrap() {
                0 => return None,
                read => self.heard.push_str(&String::from_utf8_lossy(&more[..read])),
            }
            // What chunks look like ends them, too.
            if self.heard.ends_with("\r\n0\r\n\r\n") {
                return None;
            }
        }
    }
}

#[tokio::test]
async fn a_wallboard_is_kept_informed_until_its_token_is_revoked() {
    let served = Served::with(&[ago(1, 5, Verdict::Message)]).await;
    let token = served.token_for("wallboard", &["--role", "read"]);
    let mut wallboard = Listener::to(&served, &token).await;
    let first = wallboard.next().await.unwrap();
    assert_eq!(first["to_ring"]["total"], 1);
    served.log.close_call(ago(2, 1, Verdict::Message));
    loop {
        let next = wallboard.next().await.unwrap();
        if next["to_ring"]["total"] == 2 {
            break;
        }
    }
    assert!(voicemail_guard::call_log::revoke_token(served.folder.path(), "wallboard").unwrap());
    while wallboard.next().await.is_some() {}
    served.api("/events", &token, 401).await;
}
