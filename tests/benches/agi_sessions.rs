//! What a session costs: our server beside one that parses nothing, under the same load.
//!
//! `cargo bench --bench agi_sessions` runs each server in a process of its own, drives both in turn and
//! compares: processor time per short session of 14 commands, time to answer, memory per held session,
//! memory afterwards. All bars are ratios of one run, so a busy machine moves both sides. It exits
//! with 1 where a bar is missed.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{Command, Exchange, Handled, Keys, Request};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::Limits;
use voicemail_guard::server::{self, Connection, Handler};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ROUNDS: usize = 7;
const SESSIONS: usize = 1500;
const AT_ONCE: usize = 32;
const HELD: usize = 1000;
const HELD_MOST: usize = 5000;

fn main() -> ExitCode {
    raise_handles();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be had");
    match std::env::args().skip_while(|arg| arg != "--serve").nth(1) {
        Some(which) => runtime.block_on(serve(&which)),
        None => return runtime.block_on(measure()),
    }
    ExitCode::SUCCESS
}

fn raise_handles() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised to the hard one");
}

/// The script of a short session, and what Asterisk would answer.
fn script() -> [(Command, &'static str); 14] {
    let wait = || Command::wait_for_digit(Duration::from_millis(250));
    [
        (Command::answer(), "200 result=0\n"),
        (Command::channel_status(), "200 result=6\n"),
        (
            Command::get_variable("CHANNEL(linkedid)"),
            "200 result=1 (1795430835.1)\n",
        ),
        (
            Command::set_variable("TIMEOUT(absolute)", "600"),
            "200 result=1\n",
        ),
        (
            Command::exec("MixMonitor", ",r(/tmp/0123456789ab.sln48)"),
            "200 result=0\n",
        ),
        (
            Command::stream_file("voicemail-guard/greeting", Keys::ALL),
            "200 result=35 endpos=12000\n",
        ),
        (wait(), "200 result=0\n"),
        (wait(), "200 result=0\n"),
        (wait(), "200 result=49\n"),
        (
            Command::say_digits("0911123456", Keys::ALL),
            "200 result=0\n",
        ),
        (
            Command::get_full_variable("${CHANNEL(linkedid)}"),
            "200 result=1 (1795430835.1)\n",
        ),
        (Command::exec("StopMixMonitor", ""), "200 result=0\n"),
        (
            Command::set_variable("GUARD_REASON", "8.1 s of speech, \"near\""),
            "200 result=1\n",
        ),
        (
            Command::set_variable("GUARD_STATUS", "done"),
            "200 result=1\n",
        ),
    ]
}

const PRELUDE: &str = "agi_network: yes\n\
agi_network_script: guard?box=100%40default\n\
agi_request: agi://127.0.0.1:4574/guard?box=100%40default\n\
agi_channel: PJSIP/trunk-00000000\n\
agi_language: de\n\
agi_type: PJSIP\n\
agi_uniqueid: 1795430835.1\n\
agi_version: 22.10.1\n\
agi_callerid: +49911123456\n\
agi_calleridname: Lab Caller\n\
agi_callingpres: 0\n\
agi_callingani2: 0\n\
agi_callington: 0\n\
agi_callingtns: 0\n\
agi_dnid: 100\n\
agi_rdnis: unknown\n\
agi_context: probe\n\
agi_extension: s\n\
agi_priority: 3\n\
agi_enhanced: 0.0\n\
agi_accountcode: \n\
agi_threadid: 139770969274048\n\
\n";

async fn serve(which: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    println!("{at}");
    std::io::stdout().flush().expect("the parent listens");
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        stopped.cancel();
    });
    if which == "mute" {
        return mute(listener, stop).await;
    }
    let limits = Limits {
        calls: 6000,
        connections: 6000,
        grace: Duration::ZERO,
        ..Limits::default()
    };
    server::run(
        vec![listener.into()],
        move || limits.clone(),
        Clock::default(),
        Arc::new(Script),
        stop,
    )
    .await;
}

/// Runs the script through the codec and the exchange, as a call does.
struct Script;

impl Handler for Script {
    async fn call(&self, mut connection: Connection, _request: Request) {
        let mut exchange = Exchange::new();
        for (command, _) in script() {
            if exchange.start(command).is_err() {
                return;
            }
            loop {
                while let Some(command) = exchange.poll_send() {
                    if connection.send(&command).await.is_err() {
                        return;
                    }
                }
                let Ok(Some(item)) = connection.next().await else {
                    return;
                };
                if let Handled::Finished(_) = exchange.handle(item) {
                    break;
                }
            }
        }
    }
}

/// Reads whatever comes and answers with the next line: the least that a server can do.
async fn mute(listener: TcpListener, stop: CancellationToken) {
    let lines = script().map(|(command, _)| command.encode().expect("the script is sound"));
    let lines = Arc::new(lines);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let (mut stream, _) = accepted.expect("there are handles enough");
        let lines = Arc::clone(&lines);
        tokio::spawn(async move {
            stream.set_nodelay(true).expect("the socket is new");
            let mut space = [0; 2048];
            for line in lines.iter() {
                match stream.read(&mut space).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if stream.write_all(line).await.is_err() {
                    return;
                }
            }
            let _ = stream.read(&mut space).await;
        });
    }
}

/// A server in a process of its own.
struct Server {
    child: Child,
    at: SocketAddr,
}

impl Server {
    fn start(which: &str) -> Self {
        let mut child =
            std::process::Command::new(std::env::current_exe().expect("this is a file"))
                .args(["--serve", which])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("this very program can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("it is piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let at = line.trim().parse().expect("it is an address");
        Self { child, at }
    }

    /// Processor time of all its threads, in nanoseconds.
    fn processor_time(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.child.id());
        std::fs::read_dir(tasks)
            .expect("it is alive")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok())
            .sum()
    }

    /// Resident memory, in bytes.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it is alive");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("Linux says so") * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// One session: the times to answer.
async fn session(at: SocketAddr, clock: Clock) -> Vec<Duration> {
    let mut stream = TcpStream::connect(at).await.expect("the server accepts");
    stream.set_nodelay(true).expect("the socket is new");
    let mut times = Vec::with_capacity(14);
    let mut line = Vec::with_capacity(256);
    let mut said = PRELUDE;
    for (_, answer) in script() {
        let asked = clock.now();
        stream
            .write_all(said.as_bytes())
            .await
            .expect("the server reads");
        line.clear();
        while !line.ends_with(b"\n") {
            let read = stream
                .read_buf(&mut line)
                .await
                .expect("the server answers");
            assert_ne!(read, 0, "the server closed early");
        }
        times.push(clock.now() - asked);
        said = answer;
    }
    stream
        .write_all(said.as_bytes())
        .await
        .expect("the server reads");
    let end = stream.read_buf(&mut line).await.expect("the server closes");
    assert_eq!(end, 0, "the server said more than the script");
    times
}

/// Many sessions, some at a time.
async fn load(at: SocketAddr, clock: Clock, sessions: usize) -> Vec<Duration> {
    let mut running = JoinSet::new();
    let mut times = Vec::new();
    for _ in 0..sessions {
        if running.len() == AT_ONCE {
            times.extend(
                running
                    .join_next()
                    .await
                    .expect("some run")
                    .expect("it went well"),
            );
        }
        running.spawn(session(at, clock));
    }
    while let Some(more) = running.join_next().await {
        times.extend(more.expect("it went well"));
    }
    times
}

/// Sessions that have had their first command and are kept waiting.
async fn hold(at: SocketAddr, sessions: usize, held: &mut Vec<TcpStream>) {
    while held.len() < sessions {
        let mut batch = JoinSet::new();
        for _ in held.len()..sessions.min(held.len() + 100) {
            batch.spawn(async move {
                let mut stream = TcpStream::connect(at).await.expect("the server accepts");
                stream
                    .write_all(PRELUDE.as_bytes())
                    .await
                    .expect("the server reads");
                let mut line = [0; 64];
                let read = stream.read(&mut line).await.expect("the server answers");
                assert!(line[..read].starts_with(b"ANSWER"), "the server refused");
                stream
            });
        }
        held.extend(batch.join_all().await);
    }
}

async fn measure() -> ExitCode {
    let clock = Clock::default();
    let missed = [short_sessions(clock).await, held_sessions(clock).await].concat();
    if missed.is_empty() {
        println!("all bars are met");
        return ExitCode::SUCCESS;
    }
    let missed: BTreeSet<&str> = missed.into_iter().collect();
    println!("missed: {missed:?}");
    ExitCode::FAILURE
}

async fn short_sessions(clock: Clock) -> Vec<&'static str> {
    let servers = [Server::start("guard"), Server::start("mute")];
    let mut costs = [const { Vec::new() }; 2];
    let mut times = [const { Vec::new() }; 2];
    for server in &servers {
        load(server.at, clock, SESSIONS / 3).await;
    }
    for round in 0..ROUNDS {
        for which in [round % 2, 1 - round % 2] {
            let server = &servers[which];
            let before = server.processor_time();
            times[which].extend(load(server.at, clock, SESSIONS).await);
            costs[which].push((server.processor_time() - before) as f64 / SESSIONS as f64 / 1000.0);
        }
    }
    let ratios: Vec<f64> = costs[0]
        .iter()
        .zip(&costs[1])
        .map(|(ours, mute)| ours / mute)
        .collect();
    let [ours, mute] = costs.map(median);
    let ratio = median(ratios.clone());
    println!("{ROUNDS} rounds of {SESSIONS} sessions of 14 commands, {AT_ONCE} at once");
    println!(
        "  processor time a session: guard {ours:.1} us, mute {mute:.1} us, ratio {ratio:.3} (bar 1.10)"
    );
    println!("  ratio of each round: {ratios:.3?}");
    let [ours, mute] = times.map(|mut times| {
        times.sort_unstable();
        [50, 99].map(|percent| times[times.len() * percent / 100].as_secs_f64() * 1e6)
    });
    let slower = ours[1] / mute[1];
    println!(
        "  time to answer, median: guard {:.0} us, mute {:.0} us",
        ours[0], mute[0]
    );
    println!(
        "  time to answer, p99: guard {:.0} us, mute {:.0} us, ratio {slower:.2} (bar 2)",
        ours[1], mute[1]
    );
    let mut missed = Vec::new();
    missed.extend((ratio > 1.10).then_some("processor time"));
    missed.extend((slower > 2.0).then_some("time to answer"));
    missed
}

async fn held_sessions(clock: Clock) -> Vec<&'static str> {
    let server = Server::start("guard");
    load(server.at, clock, 300).await;
    let mut held = Vec::new();
    let empty = server.memory();
    hold(server.at, HELD, &mut held).await;
    let each = (server.memory() - empty) as f64 / HELD as f64 / 1024.0;
    println!("{HELD} held: {each:.2} KiB each (bar 8)");
    hold(server.at, HELD_MOST, &mut held).await;
    let full = server.memory();
    println!(
        "{HELD_MOST} held without failure: {:.2} KiB each",
        (full - empty) as f64 / HELD_MOST as f64 / 1024.0
    );
    drop(held);
    let after = settled(&server, clock).await;
    let mut again = Vec::new();
    hold(server.at, HELD_MOST, &mut again).await;
    let full_again = server.memory();
    drop(again);
    let after_again = settled(&server, clock).await;
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    println!(
        "memory: empty {:.1} MiB, full {:.1}, afterwards {:.1}; full again {:.1}, afterwards {:.1}",
        mib(empty),
        mib(full),
        mib(after),
        mib(full_again),
        mib(after_again),
    );
    let kept = after_again.saturating_sub(empty) as f64 / (full - empty) as f64;
    println!(
        "kept of what {HELD_MOST} sessions took: {:.0} % (bar 25)",
        kept * 100.0
    );
    let mut missed = Vec::new();
    missed.extend((each > 8.0).then_some("memory of a held session"));
    missed.extend((kept > 0.25).then_some("memory given back"));
    missed
}

/// Memory once it no longer changes: the allocator gives it back bit by bit, over ten seconds.
async fn settled(server: &Server, clock: Clock) -> u64 {
    let (mut last, mut unchanged) = (server.memory(), 0);
    while unchanged < 6 {
        clock.sleep(Duration::from_secs(2)).await;
        let now = server.memory();
        unchanged = if now == last { unchanged + 1 } else { 0 };
        last = now;
    }
    last
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
