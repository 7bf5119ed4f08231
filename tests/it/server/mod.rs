//! The listener over real sockets: limits, slow and broken peers, panics, the end.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Level;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;
use voicemail_guard::agi::{CodecLimits, Command, Exchange, Handled, Outcome, Request};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::Limits;
use voicemail_guard::server::{self, Connection, Handler};

mod handles;

/// Does what the path of the URL says, and remembers what became of it.
#[derive(Default)]
struct ByPath {
    said: Mutex<Vec<String>>,
    stop: CancellationToken,
}

impl ByPath {
    fn say(&self, text: impl Into<String>) {
        self.said.lock().unwrap().push(text.into());
    }
}

impl Handler for ByPath {
    async fn call(&self, mut connection: Connection, request: Request) {
        match &*request.path() {
            "script" => {
                let mut exchange = Exchange::new();
                for command in [Command::answer(), Command::set_variable("X", "y")] {
                    let outcome = perform(&mut connection, &mut exchange, command).await;
                    self.say(format!("{outcome:?}"));
                }
            }
            "panic" => panic!("as asked"),
            "stubborn" => {
                self.say("taken");
                std::future::pending::<()>().await;
            }
            _ => {
                tokio::select! {
                    () = self.stop.cancelled() => self.say("stopped"),
                    item = connection.next() => self.say(format!("{item:?}")),
                }
            }
        }
    }

    async fn refused(&self, request: Request) {
        self.say(format!(
            "refused {}",
            request.uniqueid().unwrap_or_default()
        ));
    }
}

async fn perform(
    connection: &mut Connection,
    exchange: &mut Exchange,
    command: Command,
) -> Outcome {
    exchange.start(command).unwrap();
    loop {
        while let Some(command) = exchange.poll_send() {
            connection.send(&command).await.unwrap();
        }
        let finished = match connection.next().await.unwrap() {
            Some(item) => match exchange.handle(item) {
                Handled::Finished(finished) => Some(finished),
                _ => None,
            },
            None => exchange.closed(),
        };
        if let Some(finished) = finished {
            return finished.outcome;
        }
    }
}

/// A server under test.
struct Guard {
    at: SocketAddr,
    handler: Arc<ByPath>,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Guard {
    async fn start(limits: Limits) -> Self {
        Self::start_with(move || limits.clone()).await
    }

    /// With limits that are asked for at every connection.
    async fn start_with(limits: impl Fn() -> Limits + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let handler = Arc::new(ByPath::default());
        let stop = handler.stop.clone();
        let server = tokio::spawn(server::run(
            vec![listener.into()],
            limits,
            Clock::default(),
            Arc::clone(&handler),
            stop.clone(),
        ));
        Self {
            at,
            handler,
            stop,
            server,
        }
    }

    /// A connection that has sent its prelude.
    async fn call(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(&prelude(path)).await.unwrap();
        stream
    }

    /// Connections that have been let in and say nothing.
    async fn held(&self, count: usize) -> Vec<TcpStream> {
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(TcpStream::connect(self.at).await.unwrap());
        }
        held
    }

    /// Two preludes without an end: one not begun, one left off.
    async fn unfinished(&self) -> [TcpStream; 2] {
        let mute = TcpStream::connect(self.at).await.unwrap();
        let mut slow = TcpStream::connect(self.at).await.unwrap();
        slow.write_all(b"agi_network: yes\n").await.unwrap();
        [slow, mute]
    }

    /// A whole call that must go well.
    async fn good_call(&self) {
        let mut stream = self.call("script").await;
        converse(&mut stream, "ANSWER\n", "200 result=0\n").await;
        converse(&mut stream, "SET VARIABLE X y\n", "200 result=1\n").await;
        assert_eq!(rest(&mut stream).await, "");
    }

    /// Ends the server, and gives what its calls have said.
    async fn end(self) -> Vec<String> {
        self.stop.cancel();
        self.server.await.unwrap();
        std::mem::take(&mut self.handler.said.lock().unwrap())
    }
}

/// What was logged, and how loud.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Level>>>);

impl Lines {
    fn of(&self, level: Level) -> Vec<Level> {
        let lines = self.0.lock().unwrap();
        lines
            .iter()
            .copied()
            .filter(|reported| *reported == level)
            .collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(*event.metadata().level());
    }
}

fn prelude(path: &str) -> Vec<u8> {
    format!("agi_network: yes\nagi_network_script: {path}\nagi_uniqueid: 17.{path}\n\n")
        .into_bytes()
}

fn limits() -> Limits {
    Limits {
        calls: 2,
        connections: 4,
        ..Limits::default()
    }
}

async fn converse(stream: &mut TcpStream, expected: &str, answer: &str) {
    let mut line = vec![0; expected.len()];
    stream.read_exact(&mut line).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&line), expected);
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// Everything until the server closes; nothing where it resets.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_call_is_served_however_its_bytes_come() {
    let guard = Guard::start(limits()).await;
    let mut stream = TcpStream::connect(guard.at).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in prelude("script") {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    converse(&mut stream, "ANSWER\n", "HANGUP\n200 result").await;
    stream.write_all(b"=0\nHANGUP\n").await.unwrap();
    converse(&mut stream, "SET VARIABLE X y\n", "200 result=1\n").await;
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(guard.end().await, ["Done", "Done"]);
}

#[tokio::test]
async fn a_call_above_the_limit_makes_asterisk_carry_on() {
    let guard = Guard::start(limits()).await;
    let one = guard.call("hold").await;
    let _two = guard.call("hold").await;
    let mut three = guard.call("third").await;
    assert_eq!(rest(&mut three).await, "failure\n");
    drop(one);
    // The place is free again once the first has been seen to close.
    while !guard
        .handler
        .said
        .lock()
        .unwrap()
        .contains(&"Ok(None)".to_owned())
    {
        tokio::task::yield_now().await;
    }
    let mut four = guard.call("script").await;
    while rest_begins_with_failure(&mut four).await {
        four = guard.call("script").await;
    }
    drop(four);
    let said = guard.end().await;
    assert!(said.contains(&"refused 17.third".to_owned()), "{said:?}");
    assert!(said.contains(&"stopped".to_owned()), "{said:?}");
}

/// Whether the server refuses; reads its first byte only.
async fn rest_begins_with_failure(stream: &mut TcpStream) -> bool {
    let mut first = [0];
    stream.read_exact(&mut first).await.unwrap();
    first[0] == b'f'
}

#[tokio::test]
async fn a_connection_above_the_second_limit_is_refused_unread() {
    let guard = Guard::start(limits()).await;
    let held = guard.held(4).await;
    let mut fifth = guard.call("hold").await;
    let mut said = String::new();
    let end = fifth.read_to_string(&mut said).await;
    assert_eq!((said.as_str(), end.ok()), ("failure\n", Some(8)), "reset");
    drop(held);
    guard.end().await;
}

#[tokio::test]
async fn who_sends_on_after_being_refused_still_reads_why() {
    let guard = Guard::start(limits()).await;
    let held = [guard.call("hold").await, guard.call("hold").await];
    let mut third = guard.call("third").await;
    let mut first = [0; 4];
    third.read_exact(&mut first).await.unwrap();
    for _ in 0..10 {
        third.write_all(&[b'x'; 4096]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut said = String::new();
    third.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "ure\n");
    drop(held);
    guard.end().await;
}

/// Those who stay after they were refused cost no place for the others, and the log no line each.
#[tokio::test]
async fn a_flood_above_the_second_limit_is_refused_and_told_sparingly() {
    let heard = Lines::default();
    let _listening = tracing::subscriber::set_default(registry().with(heard.clone()));
    let guard = Guard::start(limits()).await;
    let held = guard.held(4).await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(guard.call("hold").await);
    }
    for stream in &mut flood {
        let mut said = [0; 8];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"failure\n");
    }
    let reported = heard.of(Level::WARN);
    assert!((1..20).contains(&reported.len()), "{reported:?}");
    drop(held);
    guard.end().await;
}

#[tokio::test]
async fn a_prelude_that_does_not_end_blocks_nobody_and_is_ended() {
    let patient = Guard::start(Limits {
        prelude: Duration::from_mins(1),
        ..limits()
    })
    .await;
    let unfinished = patient.unfinished().await;
    patient.good_call().await;
    drop(unfinished);
    patient.end().await;

    let guard = Guard::start(Limits {
        prelude: Duration::from_millis(200),
        ..limits()
    })
    .await;
    for stream in &mut guard.unfinished().await {
        assert_eq!(rest(stream).await, "failure\n");
    }
    guard.end().await;
}

#[tokio::test]
async fn broken_peers_leave_no_trace() {
    let guard = Guard::start(Limits {
        calls: 32,
        connections: 64,
        ..limits()
    })
    .await;
    let prelude = prelude("hold");
    for _ in 0..3 {
        for bytes in [
            &b""[..],
            b"agi_network",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01",
            &prelude,
        ] {
            let mut stream = TcpStream::connect(guard.at).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream.set_zero_linger().unwrap();
            drop(stream);
        }
        let mut browser = TcpStream::connect(guard.at).await.unwrap();
        browser.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(rest(&mut browser).await, "");
    }
    let mut endless = TcpStream::connect(guard.at).await.unwrap();
    endless.write_all(b"agi_network: ").await.unwrap();
    while endless.write_all(&[b'x'; 4096]).await.is_ok() {}
    guard.good_call().await;
    guard.end().await;
}

#[tokio::test]
async fn a_reply_that_does_not_end_ends_its_own_call_and_no_other() {
    let guard = Guard::start(limits()).await;
    for endless in [&b"200 result="[..], b"520-x\n", b"200 result=1 (\n"] {
        let mut stream = guard.call("hold").await;
        let mut sent = 0;
        while stream.write_all(&endless.repeat(400)).await.is_ok() {
            sent += 400 * endless.len();
            assert!(sent < 64 << 20, "it is read for ever");
        }
    }
    guard.good_call().await;
    let said = guard.end().await;
    let given_up = said.iter().filter(|said| said.contains("TooLong")).count();
    assert_eq!(given_up, 3, "{said:?}");
}

/// As Asterisk closes when the caller hangs up while a command is on its way to it.
#[tokio::test]
async fn a_reset_between_two_lines_is_an_end_like_any_other() {
    for (said, is_cut) in [("200 result=0\n", false), ("200 resu", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let mut asterisk = TcpStream::connect(at).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let mut connection = Connection::new(near, CodecLimits::default());
        asterisk.write_all(&prelude("script")).await.unwrap();
        connection.next().await.unwrap();
        asterisk.write_all(said.as_bytes()).await.unwrap();
        if !is_cut {
            connection.next().await.unwrap();
        }
        connection.send(&Command::answer()).await.unwrap();
        drop(asterisk);
        let end = connection.next().await;
        assert_eq!(end.is_err(), is_cut, "{end:?}");
    }
}

#[tokio::test]
async fn a_panic_ends_its_own_call_and_no_other() {
    let guard = Guard::start(limits()).await;
    let mut other = guard.call("hold").await;
    for _ in 0..5 {
        let mut stream = guard.call("panic").await;
        assert_eq!(rest(&mut stream).await, "");
        guard.good_call().await;
    }
    other.write_all(b"HANGUP\n").await.unwrap();
    assert_eq!(rest(&mut other).await, "");
    assert!(guard.end().await.contains(&"Ok(Some(Hangup))".to_owned()));
}

#[tokio::test]
async fn a_session_over_its_limit_is_ended() {
    let is_first = AtomicBool::new(true);
    let guard = Guard::start_with(move || {
        let mut limits = limits();
        if is_first.swap(false, Ordering::Relaxed) {
            limits.session = Duration::from_millis(200);
        }
        limits
    })
    .await;
    let mut stream = guard.call("stubborn").await;
    assert_eq!(rest(&mut stream).await, "");
    guard.good_call().await;
    guard.end().await;
}

#[tokio::test]
async fn calls_finish_when_the_end_is_asked_for_and_new_ones_are_refused() {
    let guard = Guard::start(limits()).await;
    let mut stream = guard.call("script").await;
    converse(&mut stream, "ANSWER\n", "").await;
    guard.stop.cancel();
    while TcpStream::connect(guard.at).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"200 result=0\n").await.unwrap();
    converse(&mut stream, "SET VARIABLE X y\n", "200 result=1\n").await;
    assert_eq!(guard.end().await, ["Done", "Done"]);
}

#[tokio::test]
async fn the_grace_ends() {
    let guard = Guard::start(Limits {
        grace: Duration::from_millis(100),
        ..limits()
    })
    .await;
    let mut stream = guard.call("stubborn").await;
    // One that is not taken yet would be sent on at once.
    while guard.handler.said.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    guard.stop.cancel();
    assert_eq!(rest(&mut stream).await, "");
    guard.end().await;
}
