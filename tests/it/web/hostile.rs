//! Names, numbers and notes that want to be more than text; requests that come from elsewhere.

use voicemail_guard::call_record::Verdict;
use voicemail_guard::text::is_hostile;

use super::{Served, call};

pub(super) const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u{202e}gnp.exe",
    "a\u{1b}[2J\u{7}\u{0}b",
    "line\r\nSet-Cookie: x=y",
    "=cmd|' /C calc'!A0",
    "&lt;b&gt; &amp;",
    "\u{feff}\u{200b}\u{fffe}",
];

/// Nothing in a page is markup of these texts, or steers what shows it.
pub(super) fn is_text_alone(body: &str, what: &str) {
    for markup in [
        "<script>alert",
        "<img src=x",
        "<svg/onload",
        " onmouseover='",
        "href=\"javascript:",
    ] {
        assert!(!body.contains(markup), "{what}: {body}");
    }
    let steers = body.chars().find(|c| is_hostile(*c) && *c != '\n');
    assert_eq!(steers, None, "{what}");
}

#[tokio::test]
async fn nothing_that_a_caller_sends_is_more_than_text() {
    for (n, text) in (1..).zip(HOSTILE) {
        let mut record = call(n, text, text, Verdict::Message);
        record.caller.e164 = None;
        record.callback.number = text.into();
        record.callback.e164 = None;
        record.dnid = text.into();
        record.rdnis = text.into();
        record.channel = text.into();
        record.uniqueid = text.into();
        record.linkedid = text.into();
        record.watched = Some(text.into());
        let served = Served::with(std::slice::from_ref(&record)).await;
        let case = format!("/cases/{}", record.id);
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("step", "note")
            .append_pair("note", &format!("note {text}"))
            .finish();
        let name: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        served.post_as(&format!("x{name}"), &case, &form).await;
        let query = format!("/?show=all&q={name}&box={name}&verdict={name}");
        let no_day = format!("/?since={name}");
        for path in [
            "/?show=all",
            &case,
            &format!("/calls/{}", record.id),
            &query,
            &no_day,
        ] {
            let page = served
                .get_with(path, &format!("cookie: name=x{name}\r\n"))
                .await;
            let body = page.text();
            let status = if path == no_day { 422 } else { 200 };
            assert_eq!(page.status, status, "{path} {text:?}");
            is_text_alone(&body, &format!("{path} {text:?}"));
            assert!(
                !page.head.to_lowercase().contains("set-cookie: x"),
                "{}",
                page.head
            );
            let policy = page.header("content-security-policy").unwrap();
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
        }
    }
}

#[tokio::test]
async fn pages_of_others_can_ask_and_send_nothing() {
    let record = call(1, "030 1234567", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&record)).await;
    let host = served.address;
    for named in [
        "evil.example",
        "192.0.2.1",
        "evil.example:4575",
        "127.0.0.1.evil.example",
    ] {
        let request = format!("GET / HTTP/1.1\r\nhost: {named}\r\nconnection: close\r\n\r\n");
        let answer = served.raw(request.as_bytes()).await;
        assert_eq!(answer.status, 421, "{named}");
        assert!(!answer.text().contains("Schmidt"));
    }
    for from in [
        "sec-fetch-site: cross-site",
        "origin: http://evil.example",
        "origin: null",
    ] {
        let form = "step=nothing_to_do";
        let request = format!(
            "POST /cases/{} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: name=anna\r\n{from}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            record.id,
            form.len()
        );
        assert_eq!(served.raw(request.as_bytes()).await.status, 403, "{from}");
    }
    assert_eq!(served.get("/").await.cases(), [record.id.to_string()]);
    let assets = served.get("/assets/page.js").await;
    assert_eq!(assets.header("x-content-type-options"), Some("nosniff"));
}
