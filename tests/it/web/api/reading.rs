//! What programs read: lists, cases, calls and recordings, of their mailboxes.

use rusqlite::Connection;
use serde_json::{Value, json};
use voicemail_guard::call_log::{DATABASE, Reader};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::recordings;

use super::super::access::{config, record_sound, two_calls, with_sound};
use super::{Served, call, described, full_call};

#[tokio::test]
async fn what_a_program_reads_is_what_the_page_shows() {
    let [junk, message] = [
        call(1, "030 1111111", "Mutter", Verdict::Mutter),
        with_sound(call(2, "0911 7654321", "Jürgen Schmidt", Verdict::Message)),
    ];
    let served = Served::with(&[junk.clone(), message.clone()]).await;
    let token = served.token_for("crm", &["--role", "work"]);
    let ids = |value: &Value, of: &str| -> Vec<String> {
        let listed = value[of].as_array().unwrap().iter();
        listed
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    for query in [
        "",
        "?show=junk",
        "?show=all",
        "?q=0911+7654321",
        "?q=jurgen",
        "?show=done",
        "?verdict=mutter",
    ] {
        let page = served.get(&format!("/{query}")).await.cases();
        let cases = served.api(&format!("/cases{query}"), &token, 200).await;
        assert_eq!(ids(&cases, "cases"), page, "{query}");
    }
    let found = served
        .api(
            &format!("/cases?q={}", &message.id.to_string()[..9]),
            &token,
            200,
        )
        .await;
    assert_eq!(ids(&found, "cases"), [message.id.to_string()]);

    let case = served
        .api(&format!("/cases/{}", message.id), &token, 200)
        .await;
    assert_eq!(case["case"]["callback"]["e164"], "+499117654321");
    assert_eq!(case["calls"][0]["id"], message.id.to_string());
    assert_eq!(case["history"], json!([]));

    let calls = served
        .api("/calls?number=7654321&since=2026-01-01", &token, 200)
        .await;
    assert_eq!(ids(&calls, "calls"), [message.id.to_string()]);
    assert_eq!(calls["calls"][0]["case"]["place"], 1);
    assert_eq!(
        ids(
            &served.api("/calls?number=withheld", &token, 200).await,
            "calls"
        ),
        [""; 0]
    );
    let one = served
        .api(&format!("/calls/{}", message.id), &token, 200)
        .await;
    assert_eq!(
        one["sound"],
        format!("/api/v1/calls/{}/sound.wav", message.id)
    );
    let told = one["story"][0]["text"].as_str().unwrap();
    assert!(told.contains("reached the mailbox 100@default"), "{told}");
    let german = served
        .api(&format!("/calls/{}?language=de", message.id), &token, 200)
        .await;
    assert!(
        german["story"][0]["text"]
            .as_str()
            .unwrap()
            .contains("erreichte die Mailbox")
    );
}

#[tokio::test]
async fn lists_come_in_parts_and_a_broken_record_hides_no_other() {
    let records: Vec<_> = (1..=5)
        .map(|n| call(n, &format!("030 {n}{n}{n}{n}"), "x", Verdict::Message))
        .collect();
    let served = Served::with(&records).await;
    let token = served.token_for("crm", &["--role", "read"]);
    for (list, query) in [("cases", "show=all&limit=2"), ("calls", "limit=2&box=100")] {
        let (mut seen, mut next) = (Vec::new(), format!("/api/v1/{list}?{query}"));
        for part in 0..3 {
            let address = next.strip_prefix("/api/v1").unwrap().to_owned();
            let value = served.api(&address, &token, 200).await;
            let items = value[list].as_array().unwrap();
            assert_eq!(items.len(), if part == 2 { 1 } else { 2 }, "{address}");
            seen.extend(
                items
                    .iter()
                    .map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            next = value["next"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(next, "", "{list}");
        let newest: Vec<_> = records
            .iter()
            .rev()
            .map(|record| record.id.to_string())
            .collect();
        assert_eq!(seen, newest, "{list}");
    }
    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    let sql = "UPDATE calls SET record = '{\"id\":1}' WHERE id = ?1";
    let broken = records[2].id.to_string();
    assert_eq!(database.execute(sql, [&broken]).unwrap(), 1);
    let calls = served.api("/calls", &token, 200).await;
    assert_eq!(calls["unreadable"], json!([broken]));
    assert_eq!(calls["calls"].as_array().unwrap().len(), 4);
    // A part that ends with it goes on behind it.
    let part = served.api("/calls?limit=3", &token, 200).await;
    assert_eq!(part["unreadable"], json!([broken]));
    let next = part["next"]
        .as_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap();
    let rest = served.api(next, &token, 200).await;
    assert_eq!(rest["calls"].as_array().unwrap().len(), 2);
    served.api(&format!("/calls/{broken}"), &token, 500).await;
    let case = served.api(&format!("/cases/{broken}"), &token, 200).await;
    assert_eq!(case["calls"], json!([]));
}

#[tokio::test]
async fn a_recording_comes_in_parts_and_who_fetched_it_is_kept() {
    let record = full_call();
    let served = Served::with(std::slice::from_ref(&record)).await;
    let sound = format!("/api/v1/calls/{}/sound.wav", record.id);
    let token = served.token_for("Archive", &["--role", "read"]);
    // The record has it, the folder does not.
    described("GET", &sound, &served.get_with(&sound, &token).await);
    record_sound(&served, &record);
    for (range, status) in [
        ("", 200),
        ("range: bytes=0-99\r\n", 206),
        ("range: bytes=9999999-\r\n", 416),
    ] {
        let answer = served.get_with(&sound, &format!("{token}{range}")).await;
        assert_eq!(answer.status, status, "{range}");
        described("GET", &sound, &answer);
        if status == 206 {
            assert_eq!((answer.body.len(), &answer.body[..4]), (100, &b"RIFF"[..]));
        }
        if status == 416 {
            assert!(
                answer
                    .header("content-range")
                    .unwrap()
                    .starts_with("bytes */")
            );
        }
    }
    let kept = Reader::open(served.folder.path()).unwrap();
    let kept = kept.listenings(record.id).unwrap();
    let kept: Vec<_> = kept.iter().map(|of| (&*of.who, &*of.address)).collect();
    assert_eq!(kept, [("Archive", "127.0.0.1")]);
    assert_eq!(
        record.audio,
        Some(recordings::place(record.id, record.started))
    );
}

#[tokio::test]
async fn a_token_sees_its_mailboxes_and_nothing_else() {
    let [own, foreign] = two_calls().map(with_sound);
    let served = Served::set(config(""), &[own.clone(), foreign.clone()]).await;
    record_sound(&served, &foreign);
    let token = served.token_for("crm", &["--role", "work", "--box", "100"]);
    let me = served.api("/me", &token, 200).await;
    assert_eq!(
        me,
        json!({"name": "crm", "role": "work", "mailboxes": ["100@default"], "expires": null})
    );
    let hidden = foreign.id.to_string();
    for list in [
        "/cases",
        "/cases?show=all",
        "/cases?box=200",
        "/cases?q=Meier&show=all",
        "/calls",
        "/calls?box=200",
        "/calls?number=2222222",
        &format!("/cases?q={hidden}"),
    ] {
        let text = served.api(list, &token, 200).await.to_string();
        assert!(
            !text.contains(&hidden) && !text.contains("Meier"),
            "{list}: {text}"
        );
    }
    assert_eq!(
        served.api("/summary", &token, 200).await["to_ring"]["total"],
        1
    );
    assert_eq!(
        served.api("/summary?box=200", &token, 200).await["to_ring"]["total"],
        0
    );
    for path in [
        format!("/cases/{hidden}"),
        format!("/calls/{hidden}"),
        format!("/calls/{hidden}/sound.wav"),
        format!("/calls/{hidden}/waveform.svg"),
    ] {
        served.api(&path, &token, 404).await;
    }
    served
        .api(&format!("/calls?cursor={hidden}"), &token, 422)
        .await;
    for step in ["claim", "note", "done", "nonsense"] {
        served
            .step(&hidden, &token, json!({"step": step, "note": "x"}), 404)
            .await;
    }
    let untouched = Reader::open(served.folder.path()).unwrap();
    assert!(untouched.case_events(foreign.id).unwrap().is_empty());
    assert!(untouched.listenings(foreign.id).unwrap().is_empty());
}
