//! News for pages that are open: to whom they come, and when they end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use voicemail_guard::call_record::Verdict;
use voicemail_guard::clock::timeout;

use super::access::{config, form, two_calls};
use super::{Served, call};

/// What comes next of the news.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Change,
    Nothing,
    End,
}

pub(super) struct News(TcpStream);

impl News {
    async fn of(served: &Served, headers: &str) -> Self {
        Self::at("/live", served, headers).await
    }

    pub(super) async fn at(path: &str, served: &Served, headers: &str) -> Self {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let host = served.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap().into());
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        Self(stream)
    }

    pub(super) async fn next(&mut self, within: u64) -> Next {
        let reading = async {
            let mut come = String::new();
            loop {
                let mut more = [0; 1_024];
                let read = self.0.read(&mut more).await.unwrap();
                come.push_str(&String::from_utf8_lossy(&more[..read]));
                if come.contains("event: change\ndata: -\n") {
                    return Next::Change;
                }
                if read == 0 {
                    return Next::End;
                }
            }
        };
        let next = timeout(Duration::from_secs(within), reading).await;
        next.unwrap_or(Next::Nothing)
    }
}

#[tokio::test]
async fn news_are_of_mailboxes_that_one_sees() {
    let [own, foreign] = two_calls();
    let served = Served::set(config(""), &[own.clone(), foreign.clone()]).await;
    let [anna, ada] = [served.login("anna").await, served.login("ada").await];
    let mut of_anna = News::of(&served, &anna).await;
    let mut of_ada = News::of(&served, &ada).await;
    let mut next = call(3, "030 3", "x", Verdict::Message);
    next.mailbox = foreign.mailbox.clone();
    served.log.close_call(next);
    assert_eq!(of_ada.next(10).await, Next::Change);
    // A step in a case is one in its mailbox.
    let token = served.token(&ada).await;
    let claim = form(&[("step", "claim"), ("token", &token)]);
    let claimed = served
        .post(&format!("/cases/{}", foreign.id), &ada, &claim)
        .await;
    assert_eq!(claimed.status, 303, "{}", claimed.text());
    assert_eq!(of_ada.next(10).await, Next::Change);
    assert_eq!(of_anna.next(3).await, Next::Nothing);

    let claimed = served
        .post(&format!("/cases/{}", own.id), &ada, &claim)
        .await;
    assert_eq!(claimed.status, 303, "{}", claimed.text());
    assert_eq!(of_anna.next(10).await, Next::Change);
    served
        .log
        .close_call(call(4, "030 4", "x", Verdict::Message));
    assert_eq!(of_anna.next(10).await, Next::Change);
    assert_eq!(of_anna.next(6).await, Next::Nothing);
}

#[tokio::test]
async fn news_end_with_the_login() {
    let served = Served::set(config(""), &two_calls()).await;
    let [anna, ada] = [served.login("anna").await, served.login("ada").await];
    let mut of_anna = News::of(&served, &anna).await;
    let mut of_ada = News::of(&served, &ada).await;
    let out = form(&[("token", &served.token(&anna).await)]);
    assert_eq!(served.post("/logout", &anna, &out).await.status, 303);
    assert_eq!(of_anna.next(15).await, Next::End);
    assert_eq!(of_ada.next(1).await, Next::Nothing);
    // Nobody of that name any more.
    let mut without = (*served.settings.now()).clone();
    without.web.users.remove("ada");
    assert!(served.settings.replace(without).is_empty());
    served
        .log
        .close_call(call(5, "030 5", "x", Verdict::Message));
    assert_eq!(of_ada.next(15).await, Next::End);
}
