use std::path::Path;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::call_log::{CallLog, CaseQuery, Reader, Standing};
use crate::call_record::Verdict;
use crate::config::Secret;

const GREETING: &str = "Asterisk Call Manager/11.0.0\r\n";

const HELLO: &str = "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n";

const ANSWER: &str = "Event: DialEnd\r\nDialStatus: ANSWER\r\nChannel: PJSIP/trunk-1\r\nCallerIDNum: 0911555001\r\n\
    Uniqueid: 7.1\r\nLinkedid: 7.1\r\nDestChannel: PJSIP/agent-2\r\nDestCallerIDNum: 200\r\n\r\n";

struct Desk {
    folder: TempDir,
    log: CallLog,
    asterisk: TcpListener,
    watching: JoinHandle<()>,
}

impl Desk {
    /// A watch on a manager interface that is played by the test, and a log with one open case.
    async fn set_up() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Clock::default();
        let log = CallLog::open(folder.path(), clock).unwrap().log;
        let mut record = crate::call_record::example::caller("0911555001", "shown");
        record.verdict = Some(Verdict::Hangup);
        log.close_call(record);
        let asterisk = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let watch = Watch {
            settings: Ami {
                address: asterisk.local_addr().unwrap().to_string(),
                user: "guard".into(),
                secret: Secret::Inline("s3cret".into()),
            },
            homes: vec![Home::default()],
            log: log.clone(),
            clock,
        };
        Self {
            folder,
            log,
            asterisk,
            watching: tokio::spawn(watch.run()),
        }
    }

    /// Takes a connection and says this after the login, which it gives back.
    async fn says(&self, said: &str) -> (TcpStream, String) {
        let (mut stream, _) = self.asterisk.accept().await.unwrap();
        stream.write_all(GREETING.as_bytes()).await.unwrap();
        let mut login = Vec::new();
        while !login.ends_with(b"\r\n\r\n") {
            let mut bytes = [0; 512];
            let read = stream.read(&mut bytes).await.unwrap();
            login.extend_from_slice(&bytes[..read]);
        }
        stream.write_all(said.as_bytes()).await.unwrap();
        (stream, String::from_utf8(login).unwrap())
    }

    /// Waits, in real time, until no case is open.
    async fn is_closed(&self) {
        loop {
            let open = open_cases(self.folder.path());
            if open == 0 {
                return;
            }
            self.log.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

fn open_cases(folder: &Path) -> usize {
    let reader = Reader::open(folder).unwrap();
    let open = CaseQuery {
        standing: Standing::Open,
        ..CaseQuery::default()
    };
    reader.cases(&open).unwrap().len()
}

#[tokio::test]
async fn it_logs_in_for_calls_and_closes_the_case() {
    let desk = Desk::set_up().await;
    let (_stream, login) = desk.says(&format!("{HELLO}{ANSWER}")).await;
    assert_eq!(
        login,
        "Action: Login\r\nActionID: 1\r\nUsername: guard\r\nSecret: s3cret\r\nEvents: call\r\n\r\n"
    );
    desk.is_closed().await;
}

#[tokio::test]
async fn an_overlong_line_and_strange_bytes_change_nothing() {
    let desk = Desk::set_up().await;
    let long = "x".repeat(1_000_000);
    let said =
        format!("{HELLO}Event: Newchannel\r\nExten: {long}\r\n\r\n\u{0}\u{feff}\r\n\r\n{ANSWER}");
    let _stream = desk.says(&said).await;
    desk.is_closed().await;
}

#[tokio::test(start_paused = true)]
async fn it_comes_again_after_a_refusal_a_stranger_and_an_end() {
    let desk = Desk::set_up().await;
    let no = "Response: Error\r\nMessage: Authentication failed\r\n\r\n";
    let (mut stranger, _) = desk.asterisk.accept().await.unwrap();
    let other = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    stranger.write_all(other).await.unwrap();
    for said in [no, "", HELLO] {
        drop(desk.says(said).await);
    }
    // The secret is for Asterisk alone.
    assert_eq!(stranger.read(&mut [0; 1]).await.unwrap(), 0);
    let (_stream, login) = desk.says(&format!("{HELLO}{ANSWER}")).await;
    assert!(login.starts_with("Action: Login\r\n"), "{login}");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_line_is_asked_and_a_dead_one_left() {
    let desk = Desk::set_up().await;
    let (mut stream, _) = desk.says(HELLO).await;
    let mut bytes = [0; 512];
    let read = stream.read(&mut bytes).await.unwrap();
    assert_eq!(&bytes[..read], b"Action: Ping\r\nActionID: 2\r\n\r\n");
    stream
        .write_all(b"Response: Success\r\nActionID: 2\r\nPing: Pong\r\n\r\n")
        .await
        .unwrap();
    let read = stream.read(&mut bytes).await.unwrap();
    assert_eq!(&bytes[..read], b"Action: Ping\r\nActionID: 3\r\n\r\n");
    // No answer this time: the watch gives the line up and comes again.
    let (_again, login) = desk.says(HELLO).await;
    assert!(login.starts_with("Action: Login\r\n"), "{login}");
}
