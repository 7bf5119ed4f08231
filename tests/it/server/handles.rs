//! A server without file handles.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Guard, converse, limits, prelude, rest};

/// Without file handles nothing can be accepted; the server goes on when there are some again.
///
/// Handles are a matter of the whole process, so the test runs itself again in one of its own.
#[test]
fn out_of_file_handles_is_not_the_end() {
    const INSIDE: &str = "VOICEMAIL_GUARD_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return run_out_of_handles();
    }
    let inside = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "server::handles::out_of_file_handles_is_not_the_end",
        ])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inside.stdout);
    assert!(
        inside.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::main(flavor = "current_thread")]
async fn run_out_of_handles() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let guard = Guard::start(limits()).await;
    let first = TcpStream::connect(guard.at).await.unwrap();
    drop(first);
    let limit = Rlimit {
        current: Some(64),
        maximum: Some(64),
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    // One handle for our own end of the connection, none for the server's.
    files.pop();
    let mut stream = TcpStream::connect(guard.at).await.unwrap();
    stream.write_all(&prelude("script")).await.unwrap();
    let early =
        voicemail_guard::clock::timeout(Duration::from_millis(100), stream.readable()).await;
    assert!(early.is_err(), "nothing can be accepted yet");
    drop(files);
    converse(&mut stream, "ANSWER\n", "200 result=0\n").await;
    converse(&mut stream, "SET VARIABLE X y\n", "200 result=1\n").await;
    assert_eq!(rest(&mut stream).await, "");
    guard.end().await;
}
