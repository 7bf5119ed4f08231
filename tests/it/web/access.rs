//! Who may see the page: logging in, roles, mailboxes.

use std::sync::LazyLock;

use rusqlite::Connection;
use voicemail_guard::call_log::{DATABASE, Reader};
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::config::Config;
use voicemail_guard::password::PasswordHash;
use voicemail_guard::recordings;
use voicemail_guard::telemetry::LogFormat;

use super::{Answer, Served, call};
use crate::support::captured_log::CapturedLog;

pub(super) const PASSWORD: &str = "correct horse";
pub(super) static HASH: LazyLock<String> =
    LazyLock::new(|| PasswordHash::of(PASSWORD).unwrap().as_str().to_owned());

/// anna works on 100, rita reads 100, ada is admin, paul comes by the proxy only.
pub(super) fn config(web: &str) -> Config {
    let hash = &*HASH;
    let text = format!(
        "[web]\n{web}\n\
         [web.user.anna]\npassword = '{hash}'\nrole = 'work'\nmailboxes = ['100']\n\
         [web.user.rita]\npassword = '{hash}'\nmailboxes = ['100@default']\n\
         [web.user.ada]\npassword = '{hash}'\nrole = 'admin'\n"
    );
    Config::parse(text.as_bytes()).unwrap()
}

pub(super) const BEHIND_PROXY: &str = "proxies = ['127.0.0.1']";

/// One call for 100, one for 200.
pub(super) fn two_calls() -> [CallRecord; 2] {
    let mut foreign = call(2, "030 2222222", "Meier", Verdict::Message);
    foreign.mailbox = "200@default".into();
    [call(1, "030 1111111", "Schmidt", Verdict::Message), foreign]
}

impl Served {
    /// Sends a form with these headers, each with its line end.
    pub(super) async fn post(&self, path: &str, headers: &str, form: &str) -> Answer {
        let (host, length) = (self.address, form.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n{headers}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        );
        self.raw(request.as_bytes()).await
    }

    pub(super) async fn try_login(&self, user: &str, password: &str, headers: &str) -> Answer {
        let form = form(&[("user", user), ("password", password), ("to", "/?show=all")]);
        self.post("/login", headers, &form).await
    }

    /// The header with the cookie of somebody who has logged in.
    pub(super) async fn login(&self, user: &str) -> String {
        let answer = self.try_login(user, PASSWORD, "").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap();
        format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
    }

    pub(super) async fn token(&self, headers: &str) -> String {
        let page = self.get_with("/", headers).await.text();
        let (_, token) = page.split_once("name=\"token\" value=\"").unwrap();
        token.split('"').next().unwrap().to_owned()
    }
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub(super) fn is_sent_to_login(answer: &Answer) -> bool {
    let to = answer.header("location").unwrap_or_default();
    answer.status == 303 && to.starts_with("/login?to=")
}

/// The paths of all there is about a call.
fn paths(record: &CallRecord) -> [String; 4] {
    let id = record.id;
    [
        format!("/cases/{id}"),
        format!("/calls/{id}"),
        format!("/calls/{id}/sound.wav"),
        format!("/calls/{id}/waveform.svg"),
    ]
}

/// Puts a recording where the record says that it is.
pub(super) fn record_sound(served: &Served, record: &CallRecord) {
    let path = served.folder.path().join(record.audio.as_ref().unwrap());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sound = voicemail_guard::audio::wav::encode(&[0; 8_000]);
    std::fs::write(path, sound).unwrap();
}

pub(super) fn with_sound(mut record: CallRecord) -> CallRecord {
    record.audio = Some(recordings::place(record.id, record.started));
    record
}

#[tokio::test]
async fn who_has_not_logged_in_sees_the_login_and_nothing_else() {
    let [record, _] = two_calls();
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    let [case, page, sound, picture] = paths(&record);
    for path in ["/", "/?q=Schmidt", &case, &page, "/nothing"] {
        for cookie in [
            "",
            "cookie: session=\r\n",
            "cookie: session=00; name=anna\r\n",
        ] {
            let answer = served.get_with(path, cookie).await;
            assert!(is_sent_to_login(&answer), "{path} {cookie}: {answer:?}");
        }
    }
    for path in [&sound, &picture, "/live"] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!answer.text().contains("Schmidt"));
    }
    let step = served
        .post(&case, "cookie: name=anna\r\n", "step=claim")
        .await;
    assert_eq!(step.status, 403);
    let login = served.get("/login?to=%2F%3Fshow%3Dmine").await;
    assert_eq!(login.status, 200);
    assert!(
        login.text().contains("name=\"to\" value=\"/?show=mine\""),
        "{}",
        login.text()
    );
    assert!(!login.text().contains("your name"), "{}", login.text());
    assert_eq!(served.get("/assets/page.css").await.status, 200);
    let german = served.post("/me", "", "language=de").await;
    assert_eq!(german.status, 303);
}

#[tokio::test]
async fn a_link_in_an_email_leads_to_the_call_of_who_has_logged_in() {
    let [record, _] = two_calls();
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    let [_, page, ..] = paths(&record);
    // The browser keeps the cookie back where another site sends it here; then the page itself does.
    let from_mail = "sec-fetch-site: cross-site\r\n";
    let first = served.get_with(&page, from_mail).await;
    let again = format!("content=\"0; url={page}\"");
    assert!(
        first.status == 200 && first.text().contains(&again),
        "{first:?}"
    );
    assert!(!first.text().contains("Schmidt"), "{}", first.text());
    let own = "sec-fetch-site: same-origin\r\n";
    assert!(is_sent_to_login(&served.get_with(&page, own).await));
    let anna = served.login("anna").await;
    let second = served.get_with(&page, &format!("{anna}{own}")).await;
    assert!(second.text().contains("Schmidt"), "{}", second.text());
    let away = served.get_with("//evil.example/x", from_mail).await;
    assert!(!away.text().contains("evil"), "{}", away.text());
}

#[tokio::test]
async fn one_logs_in_and_out() {
    let [record, _] = two_calls();
    let served = Served::set(config(BEHIND_PROXY), std::slice::from_ref(&record)).await;
    for (user, password) in [
        ("anna", "correct hors"),
        ("anna", ""),
        ("Anna", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
    ] {
        let answer = served.try_login(user, password, "").await;
        assert_eq!(answer.status, 403, "{user} {password}");
        assert!(
            answer.text().contains("User or password is wrong"),
            "{}",
            answer.text()
        );
        assert_eq!(answer.header("set-cookie"), None);
    }
    let good = served.try_login("anna", PASSWORD, "").await;
    assert_eq!(
        (good.status, good.header("location")),
        (303, Some("/?show=all"))
    );
    let cookie = good.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "{cookie}");
    let through_tls = "x-forwarded-proto: https\r\nx-forwarded-for: 203.0.113.7\r\n";
    let secure = served.try_login("anna", PASSWORD, through_tls).await;
    let secure = secure.header("set-cookie").unwrap();
    assert!(secure.contains("Secure"), "{secure}");
    let elsewhere = form(&[
        ("user", "anna"),
        ("password", PASSWORD),
        ("to", "//evil.example"),
    ]);
    let elsewhere = served.post("/login", "", &elsewhere).await;
    assert_eq!(elsewhere.header("location"), Some("/"));

    let anna = format!(
        "cookie: name=bert; {}\r\n",
        cookie.split(';').next().unwrap()
    );
    let list = served.get_with("/", &anna).await;
    assert_eq!(list.cases(), [record.id.to_string()]);
    assert!(
        list.text().contains("<b><bdi>anna</bdi></b>"),
        "{}",
        list.text()
    );
    assert!(!list.text().contains("bert"), "{}", list.text());
    let out = form(&[("token", &served.token(&anna).await)]);
    let out = served.post("/logout", &anna, &out).await;
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    let gone = out.header("set-cookie").unwrap();
    assert!(
        gone.starts_with("session=;") && gone.contains("Max-Age=0"),
        "{gone}"
    );
    assert!(is_sent_to_login(&served.get_with("/", &anna).await));
}

#[tokio::test]
async fn passwords_cannot_be_tried_for_long_and_the_log_says_who_tries() {
    let (captured, _log) = CapturedLog::listen(LogFormat::Text, "info");
    let served = Served::set(config(BEHIND_PROXY), &[]).await;
    let from = |address: &str| format!("x-forwarded-for: {address}\r\n");
    let forged = "x address=198.51.100.1 user=\"ada\"\nWARN access: login failed";
    for n in 0..10 {
        let (user, password) = if n == 0 {
            (forged, PASSWORD)
        } else {
            ("anna", "wrong")
        };
        let answer = served.try_login(user, password, &from("203.0.113.7")).await;
        assert_eq!(answer.status, 403, "{n}");
    }
    let locked = served
        .try_login("anna", PASSWORD, &from("203.0.113.7"))
        .await;
    assert_eq!(locked.status, 429);
    let wait: u32 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    assert!(
        locked.text().contains("too many wrong logins"),
        "{}",
        locked.text()
    );
    // One address of IPv6 is as good as its neighbour.
    for n in 0..10 {
        served
            .try_login("x", "wrong", &from(&format!("2001:db8::{n}")))
            .await;
    }
    let neighbour = served
        .try_login("ada", PASSWORD, &from("2001:db8::ffff"))
        .await;
    assert_eq!(neighbour.status, 429);
    let elsewhere = served
        .try_login("anna", PASSWORD, &from("203.0.113.8"))
        .await;
    assert_eq!(elsewhere.status, 303);
    // From many addresses on one user.
    for n in 0..30 {
        served
            .try_login("rita", "wrong", &from(&format!("198.51.100.{n}")))
            .await;
    }
    let guessed = served
        .try_login("rita", PASSWORD, &from("198.51.100.99"))
        .await;
    assert_eq!(guessed.status, 429);

    let log = captured.text();
    let lines: Vec<_> = log.lines().filter_map(|line| line.get(20..)).collect();
    assert_eq!(
        lines[..2],
        [
            " WARN access: login failed event=login_failed address=203.0.113.7 user=-",
            " WARN access: login failed event=login_failed address=203.0.113.7 user=anna"
        ]
    );
    assert_eq!(
        lines[10],
        " WARN access: too many logins event=login_blocked address=203.0.113.7 user=anna"
    );
    let good = " INFO access: logged in event=login address=203.0.113.8 user=anna";
    assert!(lines.contains(&good), "{log}");
    assert!(
        !log.contains("198.51.100.1 user=\\\"ada") && !log.contains(PASSWORD),
        "{log}"
    );
}

#[tokio::test]
async fn who_reads_takes_no_step_and_admins_see_who_listened() {
    let record = with_sound(two_calls()[0].clone());
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    record_sound(&served, &record);
    let [case, page, sound, picture] = paths(&record);
    let rita = served.login("rita").await;
    for path in ["/", &case] {
        let text = served.get_with(path, &rita).await.text();
        assert!(!text.contains("name=\"step\""), "{path}: {text}");
    }
    let token = served.token(&rita).await;
    let claim = form(&[("step", "claim"), ("token", &token)]);
    assert_eq!(served.post(&case, &rita, &claim).await.status, 403);

    assert_eq!(served.get_with(&picture, &rita).await.status, 200);
    for range in ["", "range: bytes=0-9\r\n", "range: bytes=10-\r\n"] {
        let part = served.get_with(&sound, &format!("{rita}{range}")).await;
        assert!([200, 206].contains(&part.status), "{range}");
    }
    let anna = served.login("anna").await;
    let token = served.token(&anna).await;
    let claim = form(&[("step", "claim"), ("token", &token)]);
    assert_eq!(served.post(&case, &anna, &claim).await.status, 303);
    let mine = served.get_with("/?show=mine", &anna).await;
    assert_eq!(mine.cases(), [record.id.to_string()]);

    let ada = served.login("ada").await;
    let seen = served.get_with(&page, &ada).await.text();
    assert!(seen.contains("Who opened the recording"), "{seen}");
    assert_eq!(seen.matches("<b><bdi>rita</bdi></b>").count(), 1, "{seen}");
    assert!(seen.contains("127.0.0.1"), "{seen}");
    let unseen = served.get_with(&page, &anna).await.text();
    assert!(!unseen.contains("rita"), "{unseen}");
    let kept = Reader::open(served.folder.path()).unwrap();
    let kept = kept.listenings(record.id).unwrap();
    let kept: Vec<_> = kept.iter().map(|of| (&*of.who, &*of.address)).collect();
    assert_eq!(kept, [("rita", "127.0.0.1")]);
}

#[tokio::test]
async fn what_is_for_another_mailbox_is_not_there() {
    let [own, foreign] = two_calls().map(with_sound);
    let mut broken = call(3, "030 3333333", "Broken", Verdict::Message);
    broken.mailbox = "200@default".into();
    let records = [own.clone(), foreign.clone(), broken.clone()];
    let served = Served::set(config(""), &records).await;
    record_sound(&served, &own);
    record_sound(&served, &foreign);
    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    let sql = "UPDATE calls SET record = '{\"id\":1}' WHERE id = ?1";
    assert_eq!(database.execute(sql, [broken.id.to_string()]).unwrap(), 1);

    let anna = served.login("anna").await;
    let token = served.token(&anna).await;
    for record in [&foreign, &broken] {
        for path in paths(record) {
            let answer = served.get_with(&path, &anna).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        }
        for step in ["claim", "note", "done"] {
            for note in ["", "a note"] {
                let step = form(&[("step", step), ("note", note), ("token", &token)]);
                let path = format!("/cases/{}", record.id);
                assert_eq!(served.post(&path, &anna, &step).await.status, 404, "{step}");
            }
        }
    }
    for path in paths(&own) {
        assert_eq!(served.get_with(&path, &anna).await.status, 200, "{path}");
    }
    for query in [
        "",
        "show=all",
        "show=all&box=200",
        "box=200%40default&show=ring",
        "q=Meier",
        "q=030+2222222",
        &format!("q={}", foreign.id),
    ] {
        let list = served.get_with(&format!("/?{query}"), &anna).await;
        let text = list.text();
        assert!(
            !list.cases().contains(&foreign.id.to_string()),
            "{query}: {text}"
        );
        assert!(!text.contains("200@default</option>"), "{query}: {text}");
        let counts: Vec<_> = text.split("data-count=\"").skip(1).collect();
        let is_counted = query.contains("box=200");
        let expected = if is_counted { "1\">0<" } else { "1\">1<" };
        assert!(counts[0].starts_with(expected), "{query}: {text}");
    }
    let ada = served.login("ada").await;
    let all = served.get_with("/", &ada).await;
    assert_eq!(all.cases().len(), 3);
    assert!(all.text().contains("200@default</option>"));
    let case = format!("/cases/{}", foreign.id);
    assert_eq!(served.get_with(&case, &ada).await.status, 200);
    let untouched = Reader::open(served.folder.path()).unwrap();
    assert!(untouched.case_events(foreign.id).unwrap().is_empty());
    assert!(untouched.listenings(foreign.id).unwrap().is_empty());
}

#[tokio::test]
async fn forms_that_are_not_ours_do_nothing() {
    let [record, _] = two_calls();
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    let case = format!("/cases/{}", record.id);
    let (anna, ada) = (served.login("anna").await, served.login("ada").await);
    let (own, others) = (served.token(&anna).await, served.token(&ada).await);
    assert_ne!(own, others);
    for token in [None, Some(""), Some("x"), Some(&*others)] {
        let token = token.map(|token| ("token", token));
        for path in [&*case, "/me", "/logout"] {
            let fields: Vec<_> = [("step", "done"), ("language", "de")]
                .into_iter()
                .chain(token)
                .collect();
            let answer = served.post(path, &anna, &form(&fields)).await;
            assert_eq!(answer.status, 403, "{path} {token:?}");
            assert!(
                answer.text().contains("Back to the list"),
                "{}",
                answer.text()
            );
        }
    }
    let done = form(&[("step", "done"), ("token", &own)]);
    let host = served.address;
    for from in ["sec-fetch-site: cross-site", "origin: https://evil.example"] {
        let request = format!(
            "POST {case} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{anna}{from}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{done}",
            done.len()
        );
        assert_eq!(served.raw(request.as_bytes()).await.status, 403, "{from}");
    }
    let long = "x".repeat(40_000);
    assert_eq!(served.post(&case, &anna, &long).await.status, 413);
    assert_eq!(served.get_with("/", &anna).await.cases().len(), 1);
    assert_eq!(served.post(&case, &anna, &done).await.status, 303);
    assert_eq!(served.get_with("/", &anna).await.cases().len(), 0);
}
