//! What programs, proxies and hostile people send that cannot be answered; each answer says what to do.

use serde_json::json;
use voicemail_guard::call_record::Verdict;
use voicemail_guard::text::is_hostile;

use super::{Served, call, described};

#[tokio::test]
async fn unknown_addresses_and_parameters_say_what_there_is() {
    let served = Served::with(&[call(1, "030 1", "x", Verdict::Message)]).await;
    let token = served.token_for("crm", &["--role", "work"]);
    for path in [
        "",
        "/",
        "/nothing",
        "/cases/",
        "/cases/6aq6scwt0009",
        "/cases/..%2f..%2fetc%2fpasswd",
        "/calls/zzz",
        "/calls/6aq6scwt0001%00",
        "/calls/6aq6scwt0009/sound.wav",
        "/calls/6aq6scwt0001/sound.mp3",
        "/Cases",
    ] {
        let answer = served.get_with(&format!("/api/v1{path}"), &token).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        described("GET", &format!("/api/v1{path}"), &answer);
    }
    for path in ["/api", "/api/", "/api/v2/cases"] {
        let answer = served.get(path).await;
        let kind = answer.header("content-type");
        assert_eq!(
            (answer.status, kind),
            (404, Some("application/problem+json")),
            "{path}"
        );
    }
    for (query, field) in [
        ("/cases?sort=1;drop", "sort"),
        ("/cases?show=1;drop", "show"),
        ("/cases?limit=0", "limit"),
        ("/cases?limit=201", "limit"),
        ("/cases?limit=99999999999999999999", "limit"),
        ("/cases?limit=%2b5", "limit"),
        ("/cases?page=-1", "page"),
        ("/cases?page=4294967295", "page"),
        ("/cases?page=1&page=2", "page"),
        ("/cases?box=..%2fx", "box"),
        ("/cases?box=%27%3bdrop", "box"),
        ("/cases?verdict=x", "verdict"),
        ("/cases?since=yesterday", "since"),
        ("/cases?since=2026-02-30", "since"),
        ("/calls?limit=501", "limit"),
        ("/calls?number=%3b%3b", "number"),
        ("/calls?since=9999-99-99", "since"),
        ("/calls?since=2026-11-24&until=2026-11-23", "since"),
        ("/calls?until=x", "until"),
        ("/calls?cursor=x", "cursor"),
        ("/calls?cursor=6aq6scwt0009", "cursor"),
        ("/calls?page=1", "page"),
        ("/calls/6aq6scwt0001?language=fr", "language"),
        ("/figures?span=1d", "span"),
        ("/figures?span=7d&since=2026-11-24", "span"),
        ("/figures?since=2026-02-30", "since"),
        ("/figures?since=9999-12-31", "since"),
        ("/figures?since=2026-11-24&until=2026-11-23", "since"),
        ("/figures?box=..%2fx", "box"),
        ("/me?x", "x"),
        ("/summary?%3cscript%3e=1", "<script>"),
        ("/cases/6aq6scwt0001?box=100", "box"),
        ("/calls/6aq6scwt0001/sound.wav?download=1", "download"),
        ("/openapi.json?format=yaml", "format"),
    ] {
        let value = served.api(query, &token, 422).await;
        assert_eq!(value["field"], field, "{query}: {value}");
    }
    let unknown = served.api("/cases?sort=number", &token, 422).await;
    assert!(
        unknown["allowed"]
            .as_array()
            .unwrap()
            .contains(&"show".into()),
        "{unknown}"
    );
    assert!(
        unknown["detail"].as_str().unwrap().contains("show"),
        "{unknown}"
    );
    let garbled = served.api("/cases?q=%ff%fe", &token, 400).await;
    assert_eq!(garbled["field"], "q");
    // What is empty is as if it were not there.
    served
        .api("/cases?box=&verdict=&since=&q=&limit=&page=", &token, 200)
        .await;
    let none = served
        .api("/cases?page=1000000&limit=200", &token, 200)
        .await;
    assert_eq!(none["cases"], json!([]));
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let record = call(1, "030 1234567", "x", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&record)).await;
    let token = served.token_for("crm", &["--role", "work"]);
    let path = format!("/api/v1/cases/{}/steps", record.id);
    let json = "content-type: application/json\r\n";
    let large = format!(
        "{{\"step\": \"note\", \"note\": \"{}\"}}",
        "x".repeat(40_000)
    );
    let deep = "[".repeat(10_000);
    for (kind, body, status) in [
        (json, "", 400),
        (json, "{", 400),
        (json, "{\"step\": \"claim\"} x", 400),
        (json, "{'step': 'claim'}", 400),
        (json, "\u{feff}{}", 400),
        (json, "step=claim", 400),
        (json, &deep, 400),
        (json, "{\"step\": \"claim\", \"step\": \"done\"}", 422),
        (
            json,
            "{\"step\": \"note\", \"note\": \"a\", \"\\u006eote\": null}",
            422,
        ),
        (json, "{\"x\": 1, \"x\": 1}", 422),
        (json, &large, 413),
        ("", "{\"step\": \"claim\"}", 415),
        ("content-type: text/plain\r\n", "{\"step\": \"claim\"}", 415),
        (
            "content-type: application/x-www-form-urlencoded\r\n",
            "step=claim",
            415,
        ),
        (
            "content-type: application/json; charset=utf-8\r\n",
            "{\"step\": \"note\", \"note\": \"ä\"}",
            200,
        ),
    ] {
        let answer = served
            .ask("POST", &path, &format!("{token}{kind}"), body)
            .await;
        let shown: String = body.chars().take(40).collect();
        assert_eq!(answer.status, status, "{kind} {shown}: {}", answer.text());
        described("POST", &path, &answer);
    }
    // What stands there twice may be meant either way, wherever it is sent.
    for (path, body, field) in [
        (
            path.clone(),
            "{\"step\": \"claim\", \"step\": \"claim\"}",
            "step",
        ),
        (
            format!("/api/v1/calls/{}/judge", record.id),
            "{\"verdict\": \"silent\", \"note\": \"\", \"verdict\": \"message\"}",
            "verdict",
        ),
    ] {
        let answer = served
            .ask("POST", &path, &format!("{token}{json}"), body)
            .await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        let said: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(said["field"], field);
        assert!(said["detail"].as_str().unwrap().contains("twice"), "{said}");
    }
    // The length is not said before.
    let host = served.address;
    let chunked = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{token}{json}transfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    let answer = served.raw(chunked.as_bytes()).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    let no_text = [
        b"{\"step\": \"note\", \"note\": \"".as_slice(),
        b"\xff\xfe\"}",
    ]
    .concat();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{token}{json}content-length: {}\r\n\r\n",
        no_text.len()
    );
    let answer = served.raw(&[head.as_bytes(), &no_text].concat()).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let case = served
        .api(&format!("/cases/{}", record.id), &token, 200)
        .await;
    assert_eq!(case["history"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn pages_of_others_can_ask_and_send_nothing() {
    let record = call(1, "030 1234567", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&record)).await;
    let path = format!("/api/v1/cases/{}/steps", record.id);
    let host = served.address;
    for named in ["evil.example", "192.0.2.1", "127.0.0.1.evil.example"] {
        let request =
            format!("GET /api/v1/cases HTTP/1.1\r\nhost: {named}\r\nconnection: close\r\n\r\n");
        let answer = served.raw(request.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (421, Some("application/problem+json"))
        );
        assert!(!answer.text().contains("Schmidt"), "{named}");
    }
    let token = served.token_for("crm", &["--role", "work"]);
    let body = "{\"step\": \"done\", \"as\": \"x\"}";
    for from in [
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
    ] {
        for sent in ["", &*token] {
            for kind in ["application/json", "text/plain"] {
                let headers = format!("{from}{sent}content-type: {kind}\r\n");
                let answer = served.ask("POST", &path, &headers, body).await;
                assert_eq!(answer.status, 403, "{headers}");
                described("POST", &path, &answer);
            }
        }
    }
    // What a browser asks first is not granted.
    let asked = format!(
        "OPTIONS {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\norigin: http://evil.example\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n\r\n"
    );
    let answer = served.raw(asked.as_bytes()).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("POST"));
    described("OPTIONS", &path, &answer);
    let case = served
        .api(&format!("/cases/{}", record.id), &token, 200)
        .await;
    assert_eq!(case["history"], json!([]));
}

#[tokio::test]
async fn nothing_that_a_caller_or_a_program_sends_is_more_than_text() {
    for (n, text) in (1..).zip(super::super::hostile::HOSTILE) {
        let mut record = call(n, text, text, Verdict::Message);
        record.caller.e164 = None;
        record.callback.number = text.into();
        record.callback.e164 = None;
        record.dnid = text.into();
        record.channel = text.into();
        record.uniqueid = text.into();
        record.watched = Some(text.into());
        let served = Served::with(std::slice::from_ref(&record)).await;
        let token = served.token_for("crm", &["--role", "work"]);
        let id = record.id.to_string();
        let note = format!("note {text}");
        served
            .step(&id, &token, json!({"step": "note", "note": note}), 200)
            .await;
        served
            .step(&id, &token, json!({"step": text, "note": text}), 422)
            .await;
        served
            .step(&id, &token, json!({"step": "note", text: text}), 422)
            .await;
        let value: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let mut addresses = vec![
            "/cases?show=all".to_owned(),
            "/calls".to_owned(),
            format!("/cases?show=all&q={value}"),
            format!("/cases/{id}"),
            format!("/calls/{id}"),
        ];
        for name in [
            "box", "verdict", "since", "number", "cursor", "limit", &*value,
        ] {
            addresses.push(format!("/calls?{name}={value}"));
        }
        for address in addresses {
            let address = format!("/api/v1{address}");
            let answer = served.get_with(&address, &token).await;
            assert!(
                [200, 400, 422].contains(&answer.status),
                "{address}: {}",
                answer.text()
            );
            described("GET", &address, &answer);
            let body = answer.text();
            assert_eq!(
                body.chars().find(|c| is_hostile(*c)),
                None,
                "{address}: {body}"
            );
            assert!(
                !answer.head.to_lowercase().contains("set-cookie"),
                "{}",
                answer.head
            );
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        let calls = served.api("/calls", &token, 200).await;
        assert_eq!(calls["calls"][0]["caller"]["name"], text);
    }
}
