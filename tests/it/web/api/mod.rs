//! The JSON interface, as a CRM, a wallboard and somebody hostile ask for it; every answer is held against the
//! description.

use std::sync::LazyLock;

use clap::Parser;
use serde_json::{Value, json};
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::cli::{self, Cli};

use super::access::{record_sound, with_sound};
use super::{Answer, Served, call};

mod figures;
mod judge;
mod live;
mod mistakes;
mod reading;
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
    pub(super) fn token_for(&self, name: &str, more: &[&str]) -> String {
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
    pub(super) async fn api(&self, path: &str, headers: &str, status: u16) -> Value {
        let path = format!("/api/v1{path}");
        let answer = self.get_with(&path, headers).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        described("GET", &path, &answer)
    }

    /// An answer that is as described, and its JSON.
    async fn send_json(&self, path: &str, headers: &str, body: &Value) -> (Answer, Value) {
        let headers = format!("{headers}content-type: application/json\r\n");
        let answer = self.ask("POST", path, &headers, &body.to_string()).await;
        let value = described("POST", path, &answer);
        (answer, value)
    }

    async fn step_with(&self, id: &str, headers: &str, body: &Value) -> (Answer, Value) {
        let path = format!("/api/v1/cases/{id}/steps");
        self.send_json(&path, headers, body).await
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
    use voicemail_guard::call_record::{Answer, Asked, EndedBy, KeyPress, Mode, Played, WouldHave};
    let mut record = with_sound(call(1, "030 1111111", "Schmidt", Verdict::Message));
    record.mode = Mode::Observe;
    record.would_have = Some(WouldHave {
        ended_by: EndedBy::Guard,
        verdict: Verdict::Rambler,
        at: MediaTime::from_secs(40),
        saved_s: MediaTime::from_secs(20),
    });
    record.watched = Some("+49 30 *".into());
    record.keys = vec![KeyPress {
        key: '1',
        at: MediaTime::from_secs(5),
    }];
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
        ("span", "7d"),
    ];
    let (mut operations, mut parameters) = (0, 0);
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let address = format!("/api/v1{}", path.replace("{id}", &id));
            if method == "post" {
                let body = match path.as_str() {
                    "/cases/{id}/steps" => json!({"step": "claim"}),
                    "/calls/{id}/judge" => json!({"verdict": "mutter"}),
                    other => panic!("no sample for {other}"),
                };
                let (answer, value) = served.send_json(&address, &token, &body).await;
                assert_eq!(answer.status, 200, "{value}");
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
        operations >= 14 && parameters >= 20,
        "{operations} {parameters}"
    );
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
