//! Requests that are never finished. Time passes as fast as nobody does anything.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use voicemail_guard::clock::Clock;

use super::Served;

/// What comes back, until the other side closes, and after how many seconds it does.
async fn ends(served: &Served, sent: &str) -> (String, u64) {
    let clock = Clock::default();
    let began = clock.now();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    (answer, (clock.now() - began).as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_never_finished_is_given_up() {
    let served = Served::with(&[]).await;
    let host = served.address;
    let form = format!(
        "POST /me HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: 100\r\n\r\nname="
    );
    for (what, sent, status, seconds) in [
        ("nothing", String::new(), None, 30),
        (
            "half a head",
            format!("GET /health HTTP/1.1\r\nhost: {host}\r\nx: "),
            None,
            30,
        ),
        ("half a body", form, Some("408"), 60),
        // It is answered, and then nothing more comes.
        (
            "a whole request",
            format!("GET /health HTTP/1.1\r\nhost: {host}\r\n\r\n"),
            Some("200"),
            30,
        ),
    ] {
        let (answer, took) = ends(&served, &sent).await;
        let came = answer.split(' ').nth(1).filter(|_| status.is_some());
        assert_eq!(came, status, "{what}: {answer}");
        assert!((seconds..seconds + 5).contains(&took), "{what}: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_drips_is_given_up_too() {
    let served = Served::with(&[]).await;
    let clock = Clock::default();
    let began = clock.now();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let dripped = async {
        loop {
            clock.sleep(std::time::Duration::from_secs(4)).await;
            if stream.write_all(b"x: y\r\n").await.is_err() {
                break;
            }
        }
    };
    dripped.await;
    assert!((clock.now() - began).as_secs() < 60);
}
