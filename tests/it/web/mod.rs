//! The support team's page over HTTP, as a browser and as somebody hostile ask for it.

use std::net::SocketAddr;

use jiff::SignedDuration;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use voicemail_guard::call_log::{CallLog, DATABASE};
use voicemail_guard::call_record::{CallRecord, Presentation, Verdict};
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::number::{Country, normalise};
use voicemail_guard::queue_watch::waiting::Waiting;
use voicemail_guard::web::Desk;

use crate::support::call_log::{clock, open};
use crate::support::records::closed;

mod access;
mod api;
#[cfg(feature = "asterisk")]
mod browser;
mod figures;
mod from_queue;
mod hostile;
mod judged;
mod live;
mod machines;
mod proxy;
mod sound;
mod unfinished;
mod waiting;

/// A page that is served, and the log behind it.
struct Served {
    folder: TempDir,
    log: CallLog,
    waiting: Waiting,
    settings: SharedConfig,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// The cases in the order in which they stand in a list.
    fn cases(&self) -> Vec<String> {
        let text = self.text();
        let parts = text.split("data-case=\"").skip(1);
        parts.map(|part| part[..12].to_owned()).collect()
    }
}

impl Served {
    async fn with(records: &[CallRecord]) -> Self {
        Self::set(Config::default(), records).await
    }

    async fn set(config: Config, records: &[CallRecord]) -> Self {
        let folder = TempDir::new().unwrap();
        let log = open(folder.path()).log;
        for record in records {
            log.close_call(record.clone());
        }
        log.flush().await.unwrap();
        let settings = SharedConfig::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = Waiting::default();
        let data = folder.path().into();
        let desk = Desk::new(
            data,
            settings.clone(),
            log.clone(),
            waiting.clone(),
            clock(),
        );
        tokio::spawn(desk.serve(vec![listener]));
        Self {
            folder,
            log,
            waiting,
            settings,
            address,
        }
    }

    /// Sends these bytes, and reads until the other side closes.
    async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Who is refused early may not read all of it.
        stream.write_all(request).await.ok();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok();
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    async fn get_with(&self, path: &str, headers: &str) -> Answer {
        let host = self.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        self.raw(request.as_bytes()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    async fn post_as(&self, name: &str, path: &str, form: &str) -> Answer {
        let (host, length) = (self.address, form.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: name={name}\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n{form}"
        );
        self.raw(request.as_bytes()).await
    }
}

/// The `n`th call of the morning.
fn call(n: u32, number: &str, name: &str, verdict: Verdict) -> CallRecord {
    let mut record = closed(n, verdict);
    let later = SignedDuration::from_mins(i64::from(n));
    record.started += later;
    record.ended = record.ended.map(|ended| ended + later);
    record.caller.number = number.into();
    record.caller.e164 = normalise(number, Some(Country::default()));
    record.caller.name = name.into();
    record.callback = voicemail_guard::call_record::Callback {
        number: number.into(),
        e164: record.caller.e164.clone(),
        source: voicemail_guard::call_record::CallbackSource::CallerId,
        confirmed: false,
    };
    record.repeat_window_s = Some(3_600);
    record.audio = None;
    record
}

#[tokio::test]
async fn who_is_to_be_rung_stands_first_and_junk_is_elsewhere() {
    let junk = call(1, "030 1111111", "Muttering", Verdict::Mutter);
    let unsure = call(2, "030 2222222", "Perhaps", Verdict::Unsure);
    let message = call(3, "030 3333333", "Schmidt", Verdict::Message);
    let served = Served::with(&[junk.clone(), unsure.clone(), message.clone()]).await;
    let ids = |records: &[&CallRecord]| -> Vec<String> {
        records.iter().map(|record| record.id.to_string()).collect()
    };
    let list = served.get("/").await;
    assert_eq!(
        (list.status, list.cases()),
        (200, ids(&[&message, &unsure]))
    );
    let text = list.text();
    let first = text.find("Ring first").unwrap();
    let [message_at, unsure_at] =
        [&message, &unsure].map(|of| text.find(&of.id.to_string()).unwrap());
    assert!(message_at < first && first < unsure_at, "{text}");
    assert!(
        list.text().contains("href=\"tel:+49303333333\""),
        "{}",
        list.text()
    );
    for (query, found) in [
        ("show=junk", ids(&[&junk])),
        ("show=all", ids(&[&message, &unsure, &junk])),
        ("show=done", ids(&[])),
        ("verdict=unsure", ids(&[&unsure])),
        ("show=all&box=200", ids(&[])),
        ("show=all&since=2026-11-25", ids(&[])),
        // What nobody can mean is as if it were not there.
        ("show=1;drop&verdict=x&page=0", ids(&[&message, &unsure])),
        ("page=4294967295", ids(&[])),
    ] {
        let list = served.get(&format!("/?{query}")).await;
        assert_eq!((list.status, list.cases()), (200, found), "{query}");
    }
}

#[tokio::test]
async fn a_case_is_found_by_what_people_have_of_it() {
    let schmidt = call(1, "0911 7654321", "Jürgen Schmidt", Verdict::Message);
    let served = Served::with(&[schmidt.clone(), call(2, "030 1", "x", Verdict::Message)]).await;
    let id = schmidt.id.to_string();
    let note = format!("step=note&note={}", "wants+the+blue+one");
    assert_eq!(
        served
            .post_as("anna", &format!("/cases/{id}"), &note)
            .await
            .status,
        303
    );
    for query in [
        "%2B499117654321",
        "0911+7654321",
        "0911%2F7654321",
        "00499117654321",
        "7654321",
        "%28Mobil%29+0911+7654321",
        "%E2%80%AA0911+7654321%E2%80%AC",
        "Tel.+0911-7654321",
        "juergen",
        "J%C3%BCrgen",
        "jurgen",
        "SCHMI",
        "blue",
        &id,
        &id[..8],
    ] {
        let list = served.get(&format!("/?q={query}")).await;
        let expected = if query == "juergen" {
            vec![]
        } else {
            vec![id.clone()]
        };
        assert_eq!(list.cases(), expected, "{query}");
    }
}

#[tokio::test]
async fn two_people_and_one_case() {
    let schmidt = call(1, "0911 7654321", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&schmidt)).await;
    let case = format!("/cases/{}", schmidt.id);
    let version = {
        let text = served.get(&case).await.text();
        let at = text.find("name=\"version\" value=\"").unwrap() + 22;
        text[at..].split('"').next().unwrap().to_owned()
    };
    let nobody = served
        .post_as("", &case, &format!("step=claim&version={version}"))
        .await;
    assert_eq!(nobody.status, 422);
    assert!(nobody.text().contains("who you are"), "{}", nobody.text());
    let won = served
        .post_as("anna", &case, &format!("step=claim&version={version}"))
        .await;
    assert_eq!(
        (won.status, won.header("location")),
        (303, Some(case.as_str()))
    );
    let lost = served
        .post_as(
            "bert",
            &case,
            &format!("step=reached&version={version}&note=rang+at+ten"),
        )
        .await;
    assert_eq!(lost.status, 409);
    let text = lost.text();
    assert!(text.contains("anna has been on it since"), "{text}");
    assert!(
        text.contains(">rang at ten</textarea>"),
        "what was typed is lost: {text}"
    );
    assert!(served.get("/?show=mine").await.cases().is_empty());
    // The only one is somebody's already: nobody is to be rung next.
    assert!(!served.get("/").await.text().contains("Ring first"));
    let mine = served
        .get_with("/?show=mine", "cookie: name=anna\r\n")
        .await;
    assert_eq!(mine.cases(), [schmidt.id.to_string()]);
    for wrong in ["step=claim&version=x", "step=", "", "step=drop"] {
        let answer = served.post_as("anna", &case, wrong).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    let done = served
        .post_as("anna", &case, "step=not_reached&next_try=120")
        .await;
    assert_eq!(done.status, 303);
    assert_eq!(served.get("/?show=later").await.cases().len(), 1);
    let done = served
        .post_as("anna", &case, "step=reached&note=will+send+it")
        .await;
    assert_eq!(done.status, 303);
    let text = served.get(&case).await.text();
    assert!(
        text.contains("will send it") && text.contains("reached (anna)"),
        "{text}"
    );
    assert!(served.get("/").await.cases().is_empty());
    assert_eq!(served.get("/?show=done").await.cases().len(), 1);
}

#[tokio::test]
async fn both_languages_and_a_name_that_is_remembered() {
    let served = Served::with(&[call(1, "030 1", "x", Verdict::Message)]).await;
    let german = served
        .get_with("/", "accept-language: de-DE,de;q=0.9\r\n")
        .await
        .text();
    assert!(
        german.contains("<html lang=\"de\">") && german.contains("Anzurufen"),
        "{german}"
    );
    let said = served
        .post_as("", "/me", "name=J%C3%BCrgen%0d%0aSet-Cookie:+x&language=en")
        .await;
    assert_eq!((said.status, said.header("location")), (303, Some("/")));
    assert!(
        !said.head.to_lowercase().contains("\r\nset-cookie: x"),
        "{}",
        said.head
    );
    let cookie = said
        .head
        .lines()
        .find(|line| line.contains("name="))
        .unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let sent = cookie
        .split_once(": ")
        .unwrap()
        .1
        .split(';')
        .next()
        .unwrap();
    let english = served
        .get_with(
            "/",
            &format!("accept-language: de\r\ncookie: {sent}; language=en\r\n"),
        )
        .await
        .text();
    assert!(english.contains("<html lang=\"en\">"), "{english}");
    assert!(
        english.contains("value=\"JürgenSet-Cookie: x\""),
        "{english}"
    );
}

#[tokio::test]
async fn every_mistake_is_a_page_with_a_way_back() {
    let served = Served::with(&[call(1, "030 1", "x", Verdict::Message)]).await;
    for (path, status) in [
        ("/nothing", 404),
        ("/cases/6aq6scwt0009", 404),
        ("/cases/..%2f..%2fetc%2fpasswd", 404),
        ("/calls/zzz", 404),
        ("/calls/6aq6scwt0009/sound.wav", 404),
        ("/assets/..%2fmod.rs", 404),
        ("/me", 405),
        ("/?since=yesterday", 422),
        ("/?since=2026-02-30", 422),
        ("/?since=2026-11-24x", 422),
        ("/figures?box=555", 404),
    ] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.text().contains("Back to the list"),
            "{path}: {}",
            answer.text()
        );
    }
    let case = "/cases/6aq6scwt0001";
    let long = format!("step=note&note={}", "x".repeat(40_000));
    let answer = served.post_as("anna", case, &long).await;
    assert_eq!(answer.status, 413);
    let long = format!("step=note&note={}", "x".repeat(2_001));
    assert_eq!(served.post_as("anna", case, &long).await.status, 422);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_hide_the_others() {
    let [broken, sound] = [1, 2].map(|n| call(n, &format!("030 {n}"), "x", Verdict::Message));
    let served = Served::with(&[broken.clone(), sound.clone()]).await;
    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    let sql = "UPDATE calls SET record = '{\"id\":1}' WHERE id = ?1";
    assert_eq!(database.execute(sql, [broken.id.to_string()]).unwrap(), 1);
    let list = served.get("/").await;
    assert_eq!(list.cases().len(), 2, "{}", list.text());
    let page = served.get(&format!("/calls/{}", broken.id)).await;
    assert_eq!(page.status, 500);
    assert!(page.text().contains("cannot be read"), "{}", page.text());
    assert_eq!(
        served.get(&format!("/calls/{}", sound.id)).await.status,
        200
    );
}

#[tokio::test]
async fn news_come_while_one_looks() {
    let served = Served::with(&[]).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!("GET /live HTTP/1.1\r\nhost: {}\r\n\r\n", served.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut withheld = call(1, "", "", Verdict::Message);
    withheld.caller.presentation = Presentation::Withheld;
    served.log.close_call(withheld);
    let mut news = String::new();
    while !news.contains("event: change\ndata: -\n") {
        let mut more = [0; 1_024];
        let read = stream.read(&mut more).await.unwrap();
        assert!(read > 0, "{news}");
        news.push_str(&String::from_utf8_lossy(&more[..read]));
    }
    assert_eq!(served.get("/").await.cases().len(), 1);
}

#[tokio::test]
async fn what_is_asked_for_and_is_not_there_is_named() {
    let record = call(1, "030 1", "x", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&record)).await;
    let day = served.get("/?since=2026-02-30").await.text();
    assert!(day.contains("There is no such day"), "{day}");
    for (query, is_nobodys) in [("box=555", true), ("box=100", false), ("box=..%2fx", true)] {
        let list = served.get(&format!("/?{query}")).await.text();
        let says = list.contains("neither in the settings, nor has it been called");
        assert_eq!(says, is_nobodys, "{query}: {list}");
    }
    let case = format!("/cases/{}", record.id);
    let noted = served
        .post_as("anna", &case, "step=note&note=one%0D%0Atwo")
        .await;
    assert_eq!(noted.status, 303);
    let text = served.get(&case).await.text();
    assert!(text.contains("<q><bdi>one\ntwo</bdi></q>"), "{text}");
}
