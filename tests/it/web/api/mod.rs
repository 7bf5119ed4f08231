//! The JSON interface, as a CRM, a wallboard and somebody hostile ask for it; every answer is held against the
//! description.

use std::sync::LazyLock;

use clap::Parser;
use serde_json::{Value, json};
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::cli::{self, Cli};
use voicemail_guard::recordings;

use super::access::{config, record_sound, two_calls, with_sound};
use super::{Answer, Served, call};

mod live;
mod mistakes;
mod steps;
mod tokens;

/// The description, with nothing allowed that it does not name.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document =
        serde_json::from_str(include_str!("../../../../src/web/api/openapi.json")).unwrap();
    close(&mut document);
    document
});

fn close(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        if object.contains_key("properties") && object.get("type") == Some(&"object".into()) {
            object.insert("additionalProperties".into(), false.into());
        }
        object.values_mut().for_each(close);
    } else if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(close);
    }
}

/// The same with references followed, one step.
fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(&place[1..]).unwrap(),
        None => value,
    }
}

/// Whether an address is one of those that a described one means.
fn is_meant(described: &str, path: &str) -> bool {
    let (described, path): (Vec<_>, Vec<_>) =
        (described.split('/').collect(), path.split('/').collect());
    described.len() == path.len()
        && described
            .iter()
            .zip(path)
            .all(|(one, part)| one.starts_with('{') || *one == part)
}

/// Holds an answer against the description; its JSON.
fn described(method: &str, address: &str, answer: &Answer) -> Value {
    let path = address
        .split('?')
        .next()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap();
    let what = format!("{method} {address}: {} {}", answer.head, answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
    assert_eq!(answer.header("set-cookie"), None, "{what}");
    let kind = answer.header("content-type").unwrap_or_default().to_owned();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operation = paths
        .iter()
        .find(|(known, _)| is_meant(known, path))
        .and_then(|(_, item)| item.get(method.to_lowercase()));
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let schema = match operation {
        // Of what is nowhere described only the form is.
        None => {
            assert!([404, 405].contains(&answer.status), "{what}");
            assert_eq!(kind, "application/problem+json", "{what}");
            &problem
        }
        Some(operation) => {
            let response = resolved(&operation["responses"][answer.status.to_string()]);
            assert!(response.is_object(), "this status is not described: {what}");
            let contents = response["content"].as_object().unwrap();
            let content = contents
                .get(&kind)
                .unwrap_or_else(|| panic!("another form: {what}"));
            if !kind.ends_with("json") {
                return Value::Null;
            }
            &content["schema"]
        }
    };
    let value: Value =
        serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {what}"));
    let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .unwrap();
    let wrong: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{what}");
    if answer.status >= 400 {
        assert_eq!(value["status"], answer.status, "{what}");
        assert!(value["detail"].as_str().unwrap().len() > 15, "{what}");
    }
    value
}

impl Served {
    /// A new token, as the command line makes it.
    fn token_for(&self, name: &str, more: &[&str]) -> String {
        let folder = self.folder.path().to_str().unwrap();
        let line = ["guard", "--data", folder, "token", "add", name];
        let cli = Cli::try_parse_from(line.iter().chain(more)).unwrap();
        let mut printed = Vec::new();
        cli::run(cli, &mut printed).unwrap();
        let token = String::from_utf8(printed).unwrap().trim_end().to_owned();
        assert!(token.starts_with("vmg_"), "{token}");
        format!("authorization: Bearer {token}\r\n")
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let (host, length) = (self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        );
        self.raw(request.as_bytes()).await
    }

    /// An answer that is as described, and this; its JSON.
    async fn api(&self, path: &str, headers: &str, status: u16) -> Value {
        let path = format!("/api/v1{path}");
        let answer = self.get_with(&path, headers).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        described("GET", &path, &answer)
    }

    async fn step_with(&self, id: &str, headers: &str, body: &Value) -> (Answer, Value) {
        let path = format!("/api/v1/cases/{id}/steps");
        let headers = format!("{headers}content-type: application/json\r\n");
        let answer = self.ask("POST", &path, &headers, &body.to_string()).await;
        let value = described("POST", &path, &answer);
        (answer, value)
    }

    async fn step(&self, id: &str, headers: &str, body: Value, status: u16) -> Value {
        let (answer, value) = self.step_with(id, headers, &body).await;
        assert_eq!(answer.status, status, "{body}: {value}");
        value
    }
}

/// A call about which there is something of everything.
fn full_call() -> CallRecord {
    use voicemail_guard::audio::MediaTime;
    use voicemail_guard::call_record::{Answer, Asked, EndedBy, Mode, Played, WouldHave};
    let mut record = with_sound(call(1, "030 1111111", "Schmidt", Verdict::Message));
    record.mode = Mode::Observe;
    record.would_have = Some(WouldHave {
        ended_by: EndedBy::Guard,
        verdict: Verdict::Rambler,
        at: MediaTime::from_secs(40),
        saved_s: MediaTime::from_secs(20),
    });
    record.watched = Some("+49 30 *".into());
    record.asked = vec![
        Asked {
            prompt: Played::from("are-you-there".to_owned()),
            at: MediaTime::from_secs(3),
            answer: Some(Answer::Voice),
        },
        Asked {
            prompt: Played::from("goodbye".to_owned()),
            at: MediaTime::from_secs(9),
            answer: None,
        },
    ];
    record
}

#[tokio::test]
async fn every_operation_answers_as_described_with_each_of_its_parameters() {
    let record = full_call();
    let served = Served::with(&[record.clone(), call(2, "030 2", "Meier", Verdict::Unsure)]).await;
    record_sound(&served, &record);
    let token = served.token_for("crm", &["--role", "work", "--expires", "90d"]);
    let id = record.id.to_string();
    let samples = [
        ("show", "all"),
        ("box", "100"),
        ("verdict", "message"),
        ("since", "2026-01-01"),
        ("until", "2030-01-01"),
        ("q", "Schmidt"),
        ("limit", "1"),
        ("page", "0"),
        ("number", "1111111"),
        ("cursor", &id),
        ("language", "de"),
    ];
    let (mut operations, mut parameters) = (0, 0);
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let address = format!("/api/v1{}", path.replace("{id}", &id));
            if method == "post" {
                let claimed = served
                    .step(&id, &token, json!({"step": "claim"}), 200)
                    .await;
                assert_eq!(claimed["case"]["state"], "claimed");
                continue;
            }
            if path == "/events" {
                // It does not end; its data is held against the description elsewhere.
                continue;
            }
            let named = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(resolved);
            let named = named.filter(|one| one["in"] == "query");
            let named: Vec<_> = named.map(|one| one["name"].as_str().unwrap()).collect();
            let mut queries = vec![String::new()];
            for name in named {
                parameters += 1;
                let sample = samples.iter().find(|(of, _)| *of == name);
                let (_, value) = sample.unwrap_or_else(|| panic!("no sample of {name}"));
                queries.push(format!("?{name}={value}"));
            }
            for query in queries {
                let address = format!("{address}{query}");
                let answer = served.get_with(&address, &token).await;
                assert_eq!(answer.status, 200, "{address}: {}", answer.text());
                described("GET", &address, &answer);
                let head = served.ask("HEAD", &address, &token, "").await;
                assert_eq!((head.status, head.body.len()), (200, 0), "{address}");
            }
            for wrong in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"] {
                let answer = served.ask(wrong, &address, &token, "").await;
                assert_eq!(answer.status, 405, "{wrong} {address}");
                assert_eq!(
                    answer.header("allow"),
                    Some("GET, HEAD"),
                    "{wrong} {address}"
                );
                described(wrong, &address, &answer);
            }
        }
    }
    assert!(
        operations >= 11 && parameters >= 15,
        "{operations} {parameters}"
    );
}

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
    let database = rusqlite::Connection::open(
        served
            .folder
            .path()
            .join(voicemail_guard::call_log::DATABASE),
    )
    .unwrap();
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
    let kept = voicemail_guard::call_log::Reader::open(served.folder.path()).unwrap();
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
    let untouched = voicemail_guard::call_log::Reader::open(served.folder.path()).unwrap();
    assert!(untouched.case_events(foreign.id).unwrap().is_empty());
    assert!(untouched.listenings(foreign.id).unwrap().is_empty());
}

#[test]
fn the_page_about_it_has_every_operation_and_shows_none_that_is_not_there() {
    let page = include_str!("../../../../src/web/API.md");
    let mut listed = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (address, about) = line.split_once('`').unwrap();
        if let Some((method, path)) = address.split_once(" /api/v1") {
            listed.push((method.to_lowercase(), path.to_owned(), about));
        }
    }
    let mut operations = 0;
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if path == "/openapi.json" {
                continue;
            }
            operations += 1;
            let row = listed.iter().find(|(of, at, _)| of == method && at == path);
            let (_, _, about) = row.unwrap_or_else(|| panic!("{method} {path} is not listed"));
            if about.contains("`show`") || about.contains("`number`") {
                let named = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(resolved);
                for name in named.map(|one| one["name"].as_str().unwrap()) {
                    assert!(about.contains(&format!("`{name}`")), "{path}: {name}");
                }
            }
        }
    }
    assert_eq!(listed.len(), operations);
    let mut shown = 0;
    for line in page.lines().filter(|line| line.starts_with("curl ")) {
        shown += 1;
        let (_, address) = line.split_once("http://127.0.0.1:4575/api/v1").unwrap();
        let address = address.trim_end_matches('"');
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let method = if line.contains("--json") {
            "post"
        } else {
            "get"
        };
        let paths = DOCUMENT["paths"].as_object().unwrap();
        let operation = paths
            .iter()
            .find(|(known, _)| is_meant(known, path))
            .unwrap()
            .1
            .get(method);
        let operation = operation.unwrap_or_else(|| panic!("{line}"));
        for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
            let mut known = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .map(resolved);
            assert!(known.any(|one| one["name"] == *name), "{line}");
        }
    }
    assert!(shown >= 8, "the examples are no longer found");
}
