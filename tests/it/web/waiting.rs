//! Who waits now in the queues that are watched: the list, its news, the same as JSON.

use jiff::SignedDuration;
use serde_json::json;
use voicemail_guard::call_record::{Answer, Caller, Instead, MailboxName};
use voicemail_guard::config::Config;
use voicemail_guard::queue_watch::waiting::{Entry, Waiter};
use voicemail_guard::queue_watch::watch::{Glance, Sound};

use super::access::{HASH, config};
use super::hostile::{HOSTILE, is_text_alone};
use super::live::{News, Next};
use super::{Served, clock};
use crate::support::records::opened;

/// Somebody whose hold music is heard, not asked yet, in this place.
pub(super) const MUSIC: Glance = Glance {
    place: Some(1),
    sound: Sound::Instead(Instead::Music),
    asked: 0,
    answer: None,
    unanswered: None,
};

/// The `n`th caller, who has waited in this queue for so many minutes.
pub(super) fn waiter(n: u32, queue: &str, minutes: i64, glance: Glance) -> Waiter {
    let record = opened(n);
    Waiter {
        id: record.id,
        mailbox: MailboxName::from(format!("{queue}@queue").as_str()),
        caller: Caller {
            name: format!("Caller {n}"),
            ..record.caller
        },
        since: clock().date() - SignedDuration::from_mins(minutes),
        glance,
    }
}

impl Served {
    /// Has somebody wait until the value is dropped.
    pub(super) fn waits(&self, waiter: Waiter) -> Entry {
        let entry = self.waiting.entry(waiter.id);
        entry.show(Some(waiter));
        entry
    }
}

/// The callers' rows.
fn rows(page: &str) -> Vec<&str> {
    page.split("data-wait=\"").skip(1).collect()
}

/// A guard that watches queues.
pub(super) fn watched() -> Config {
    Config::parse(b"[queue]\nlisten = ['127.0.0.1:4576']").unwrap()
}

#[tokio::test]
async fn who_waits_is_listed_by_queue_and_place_until_they_do_not() {
    let served = Served::set(watched(), &[]).await;
    let page = served.get("/waiting").await;
    assert!(page.text().contains("Nobody waits in a queue"), "{page:?}");
    let second = Glance {
        place: Some(2),
        sound: Sound::SignOfLife,
        asked: 1,
        answer: Some(Answer::Voice),
        ..MUSIC
    };
    let deserted = Glance {
        asked: 2,
        unanswered: Some(Instead::Music),
        ..MUSIC
    };
    let quiet = Glance {
        sound: Sound::Instead(Instead::Silence),
        unanswered: Some(Instead::Silence),
        ..deserted
    };
    let entries = [
        served.waits(waiter(1, "support", 3, second)),
        served.waits(waiter(2, "support", 65, deserted)),
        served.waits(waiter(3, "sales", 0, MUSIC)),
        served.waits(waiter(4, "sales", 0, quiet)),
    ];
    let page = served.get("/waiting").await.text();
    let found = rows(&page);
    assert_eq!(found.len(), 4, "{page}");
    let of_the_quiet = found.iter().find(|row| row.contains("Caller 4")).unwrap();
    assert!(of_the_quiet.contains("no sign of life"), "{of_the_quiet}");
    let found: Vec<_> = found
        .iter()
        .filter(|row| !row.contains("Caller 4"))
        .collect();
    for (row, expected) in found.iter().zip([
        ["Caller 3", "sales", "place 1", "not asked", "0 min"],
        [
            "Caller 2",
            "nobody there",
            "asked 2×: no answer",
            "music",
            "1 h",
        ],
        [
            "Caller 1",
            "place 2",
            "asked 1×: answered by voice",
            "sign of life",
            "+49 911 20000001",
        ],
    ]) {
        for text in expected {
            assert!(row.contains(text), "{text}: {row}");
        }
    }
    // Nothing can be done here: the one form is that of the name at the top.
    assert_eq!(page.matches("<form").count(), 1, "{page}");
    let german = served.get_with("/waiting", "accept-language: de\r\n").await;
    let german = german.text();
    for text in [
        "Wartende",
        "niemand da",
        "2× gefragt: keine Antwort",
        "Musik",
        "Platz 2",
    ] {
        assert!(german.contains(text), "{text}: {german}");
    }
    drop(entries);
    assert!(rows(&served.get("/waiting").await.text()).is_empty());
    // The way there is shown where there is something to see.
    assert!(served.get("/").await.text().contains("href=\"/waiting\""));
    let without = Served::with(&[]).await;
    assert!(!without.get("/").await.text().contains("href=\"/waiting\""));
    let page = without.get("/waiting").await.text();
    assert!(page.contains("[queue] listen is not set"), "{page}");
}

#[tokio::test]
async fn nothing_that_a_waiting_caller_sends_is_more_than_text() {
    for text in HOSTILE {
        let served = Served::set(watched(), &[]).await;
        let mut hostile = waiter(1, text, 1, MUSIC);
        hostile.caller.name = text.into();
        hostile.caller.number = text.into();
        hostile.caller.e164 = None;
        let _entry = served.waits(hostile.clone());
        let page = served.get("/waiting").await;
        let body = page.text();
        assert_eq!((page.status, rows(&body).len()), (200, 1), "{text:?}");
        is_text_alone(&body, &format!("{text:?}"));
        let listed = served.api("/waiting", "", 200).await;
        assert_eq!(listed["waiting"][0]["caller"]["name"], text);
    }
}

#[tokio::test]
async fn a_queue_is_seen_by_who_sees_the_mailbox_of_its_name() {
    let sue = format!(
        "[web.user.sue]\npassword = '{}'\nmailboxes = ['support@queue']\n",
        &*HASH
    );
    let served = Served::set(config(&sue), &[]).await;
    let _entries = [
        served.waits(waiter(1, "support", 1, MUSIC)),
        served.waits(waiter(2, "sales", 1, MUSIC)),
    ];
    // anna sees mailbox 100 alone, ada everything.
    for (user, count) in [("anna", 0), ("sue", 1), ("ada", 2)] {
        let cookie = served.login(user).await;
        let page = served.get_with("/waiting", &cookie).await.text();
        assert_eq!(rows(&page).len(), count, "{user}");
    }
    for (more, queues) in [
        (&["--role", "read"][..], vec!["sales", "support"]),
        (
            &["--role", "read", "--box", "support@queue"],
            vec!["support"],
        ),
        (&["--role", "read", "--box", "100"], vec![]),
    ] {
        let token = served.token_for(&format!("of-{}", queues.len()), more);
        let listed = served.api("/waiting", &token, 200).await;
        let listed = listed["waiting"].as_array().unwrap();
        let found: Vec<_> = listed
            .iter()
            .map(|of| of["queue"].as_str().unwrap())
            .collect();
        assert_eq!(found, queues);
        let sales = served.api("/waiting?box=sales@queue", &token, 200).await;
        let is_seen = queues.contains(&"sales");
        assert_eq!(
            sales["waiting"].as_array().unwrap().len(),
            usize::from(is_seen)
        );
    }
    served.api("/waiting", "", 401).await;
    assert_eq!(served.get("/waiting").await.status, 303);
    assert_eq!(served.get("/waiting/live").await.status, 403);
}

#[tokio::test]
async fn programs_are_told_the_same() {
    let served = Served::set(watched(), &[]).await;
    let glance = Glance {
        place: Some(4),
        asked: 1,
        answer: Some(Answer::Key),
        ..MUSIC
    };
    let shown = waiter(1, "support", 2, glance);
    let _entry = served.waits(shown.clone());
    let listed = served.api("/waiting", "", 200).await;
    let mut one = listed["waiting"][0].clone();
    let waited = one["waited_s"].take().as_i64().unwrap();
    assert!((120..180).contains(&waited), "{waited}");
    assert!(one["since"].take().is_string());
    assert_eq!(
        one,
        json!({
            "call": shown.id.to_string(), "box": "support@queue", "queue": "support", "position": 4,
            "caller": {
                "number": "091120000001", "e164": "+4991120000001", "name": "Caller 1", "presentation": "shown"
            },
            "since": null, "waited_s": null, "heard": "music", "asked": 1, "answer": "key", "nobody": false
        })
    );
    for (sound, word) in [
        (Sound::NotYet, json!(null)),
        (Sound::Unheard, json!(null)),
        (Sound::SignOfLife, json!("sign_of_life")),
        (Sound::Instead(Instead::NoAudio), json!("no_audio")),
    ] {
        let glance = Glance { sound, ..MUSIC };
        let _entry = served.waits(waiter(1, "support", 2, glance));
        let listed = served.api("/waiting", "", 200).await;
        assert_eq!(listed["waiting"][0]["heard"], word);
    }
}

#[tokio::test]
async fn news_come_of_queues_that_one_sees() {
    let served = Served::set(config(""), &[]).await;
    let [anna, ada] = [served.login("anna").await, served.login("ada").await];
    let mut of_anna = News::at("/waiting/live", &served, &anna).await;
    let mut of_ada = News::at("/waiting/live", &served, &ada).await;
    let entry = served.waits(waiter(1, "support", 1, MUSIC));
    assert_eq!(of_ada.next(10).await, Next::Change);
    drop(entry);
    assert_eq!(of_ada.next(10).await, Next::Change);
    assert_eq!(of_anna.next(3).await, Next::Nothing);
}
