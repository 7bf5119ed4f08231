//! What machines ask: figures, whether the guard lives, whether it could serve a call now.

use std::fs;
use std::process::Command;

use voicemail_guard::call_record::Verdict;
use voicemail_guard::config::Config;
use voicemail_guard::metrics::FAMILIES;
use voicemail_guard::prompts::Prompt;

use super::access::config;
use super::{Answer, Served, call};

/// An installation in which all is there.
async fn sound_house() -> (tempfile::TempDir, Served) {
    let folder = tempfile::tempdir().unwrap();
    let prompts = folder.path().join("sounds/en/voicemail-guard");
    fs::create_dir_all(&prompts).unwrap();
    for prompt in Prompt::ALL {
        fs::write(prompts.join(format!("{prompt}.wav")), "sound").unwrap();
    }
    fs::create_dir(folder.path().join("tap")).unwrap();
    let shown = folder.path().display();
    let text = format!(
        "[tap]\nfolder_as_guard_sees_it = '{shown}/tap'\n\
         [prompts]\nsounds = '{shown}/sounds'\nlanguages = ['en']\n"
    );
    let config = Config::parse(text.as_bytes()).unwrap();
    let calls = [call(1, "030 1111111", "Schmidt", Verdict::Message)];
    (folder, Served::set(config, &calls).await)
}

fn line<'a>(answer: &'a str, start: &str) -> &'a str {
    let found = answer.lines().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no line {start} in {answer}"))
}

#[tokio::test]
async fn ready_says_what_check_says_and_is_not_where_a_call_could_not_be_served() {
    let (folder, served) = sound_house().await;
    let ready = async || -> Answer { served.get("/ready").await };
    assert_eq!(served.get("/health").await.text(), "ok\n");
    let well = ready().await;
    assert_eq!(well.status, 200, "{}", well.text());
    for start in [
        "ok    calls",
        "ok    call log",
        "ok    data",
        "ok    tap",
        "ok    prompts",
    ] {
        line(&well.text(), start);
    }

    let prompt = folder
        .path()
        .join("sounds/en/voicemail-guard/still-there.wav");
    fs::remove_file(&prompt).unwrap();
    let wanting = ready().await;
    assert_eq!(wanting.status, 503, "{}", wanting.text());
    assert_eq!(
        line(&wanting.text(), "fail"),
        "fail  prompts   en: missing: still-there"
    );
    assert!(wanting.text().contains("-> copy asterisk-conf/sounds/en/"));
    fs::write(&prompt, "sound").unwrap();

    fs::remove_dir(folder.path().join("tap")).unwrap();
    let wanting = ready().await;
    assert_eq!(wanting.status, 503);
    line(&wanting.text(), "fail  tap");
    fs::create_dir(folder.path().join("tap")).unwrap();
    assert_eq!(ready().await.status, 200);
}

#[tokio::test]
async fn asking_is_no_news_for_open_pages() {
    let (_folder, served) = sound_house().await;
    let mut news = served.log.changes();
    news.borrow_and_update();
    assert_eq!(served.get("/ready").await.status, 200);
    assert!(!news.has_changed().unwrap());
    served.log.close_call(call(2, "030 2", "", Verdict::Hangup));
    served.log.flush().await.unwrap();
    assert!(news.has_changed().unwrap());
}

#[tokio::test]
async fn the_figures_are_of_the_guard_and_of_nobody() {
    let (_folder, served) = sound_house().await;
    let answer = served.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = answer.text();
    let optional = "voicemail_guard_ami_connected";
    for family in FAMILIES.iter().filter(|of| of.name != optional) {
        line(&text, &format!("# TYPE {} ", family.name));
    }
    assert!(!text.contains(optional), "no manager interface is set");
    for personal in ["Schmidt", "1111111", "pbx-"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    line(&text, "voicemail_guard_outbox_oldest_seconds 0");
    line(&text, "voicemail_guard_journal_bytes 0");
    line(&text, "voicemail_guard_disk_free_bytes{folder=\"tap\"} ");
}

/// A token, made by the command line.
fn token(served: &Served, words: &[&str]) -> String {
    let made = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
        .arg("--data")
        .arg(served.folder.path())
        .args(["token", "add"])
        .args(words)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).unwrap();
    format!("authorization: Bearer {}\r\n", token.trim_end())
}

#[tokio::test]
async fn machines_elsewhere_and_behind_a_proxy_need_a_token_for_every_mailbox() {
    let with_login = Served::set(config("host = ['pbx.example.com']"), &[]).await;
    let without_login = Served::with(&[]).await;
    let direct = Served::set(config(""), &[]).await;
    let behind = Served::set(config("proxies = ['127.0.0.1']"), &[]).await;
    let full = token(&behind, &["prometheus", "--role", "read"]);
    let limited = token(&behind, &["one", "--role", "work", "--box", "100@default"]);
    for path in ["/metrics", "/ready", "/health"] {
        for passed_on in [
            "x-forwarded-for: 127.0.0.1\r\n",
            "forwarded: for=127.0.0.1\r\n",
            "via: 1.1 proxy\r\n",
        ] {
            let answer = with_login.get_with(path, passed_on).await;
            assert_eq!(answer.status, 401, "{path} {passed_on}");
            let answer = without_login.get_with(path, passed_on).await;
            assert_eq!(answer.status, 403, "{path} {passed_on}");
        }
        let named =
            format!("GET {path} HTTP/1.1\r\nhost: pbx.example.com\r\nconnection: close\r\n\r\n");
        let named = with_login.raw(named.as_bytes()).await;
        assert_eq!(named.status, 401, "{path}");
        for (header, expected) in [
            ("", 401),
            (limited.as_str(), 403),
            ("authorization: Bearer vmg_x\r\n", 401),
        ] {
            let answer = behind.get_with(path, header).await;
            assert_eq!(answer.status, expected, "{path} {header}");
        }
        for taken in [behind.get_with(path, &full).await, direct.get(path).await] {
            // Whether a call could be served depends on where this runs.
            let is_taken = taken.status == 200 || (path == "/ready" && taken.status == 503);
            assert!(is_taken, "{path}: {}", taken.text());
        }
        // The name leads to a proxy, and this may come through it.
        assert_eq!(with_login.get(path).await.status, 401, "{path}");
        let post = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(direct.raw(post.as_bytes()).await.status, 405, "{path}");
    }
}
