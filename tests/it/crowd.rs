//! Ten thousand connections that bring no sound, at the port for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use voicemail_guard::clock::{Clock, timeout};
use voicemail_guard::metrics::{METRICS, State};
use voicemail_guard::server::{self, descriptors};
use voicemail_guard::tap::audiosocket::{Heard, Listener};

const CROWD: usize = 10_000;
/// So many at a time: the usual limit of descriptors has room for both sides.
const WAVE: usize = 900;
const SOON: Duration = Duration::from_secs(30);

/// What such a connection says: nothing, another protocol, half an id, a guessed one.
fn said(n: usize) -> Vec<u8> {
    match n % 4 {
        0 => Vec::new(),
        1 => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        2 => b"\x01\x00\x10abc".to_vec(),
        _ => [&b"\x01\x00\x10"[..], &[7; 16]].concat(),
    }
}

/// Connections that were not taken so far, by reason.
fn counted(reason: &str) -> usize {
    let text = METRICS.text(&State::default());
    let name = format!("tap_refused_connections_total{{reason=\"{reason}\"}} ");
    let mut counts = text.lines().filter_map(|line| line.split_once(&*name));
    counts.next().unwrap().1.parse().unwrap()
}

/// One of the crowd: stays until it is closed.
async fn comes(at: SocketAddr, n: usize) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(&said(n)).await.ok();
    let end = timeout(SOON, stream.read(&mut [0; 16])).await;
    assert!(!matches!(end.expect("is closed"), Ok(1..)));
}

/// Asterisk's end of a line: a frame in 20 ms, and what comes back; ends when it is hung up on.
async fn asterisk(mut stream: TcpStream, sent: Arc<AtomicUsize>, clock: Clock) -> Vec<u8> {
    let (mut reader, mut writer) = stream.split();
    let sends = async {
        for n in 0_i16.. {
            let samples = (0..160).flat_map(|_| n.to_le_bytes());
            let frame: Vec<u8> = [0x10, 0x01, 0x40].into_iter().chain(samples).collect();
            if writer.write_all(&frame).await.is_err() {
                return;
            }
            sent.fetch_add(160, Ordering::Relaxed);
            clock.sleep(Duration::from_millis(20)).await;
        }
    };
    let mut back = Vec::new();
    let hears = async {
        let mut bytes = [0; 4_096];
        while let Ok(read @ 1..) = reader.read(&mut bytes).await {
            back.extend_from_slice(&bytes[..read]);
        }
    };
    tokio::select! {
        () = sends => {}
        () = hears => {}
    }
    back
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_without_an_id_are_closed_and_a_line_goes_on() {
    descriptors::raise();
    let clock = Clock::default();
    let listener = Listener::new(|_| false, clock);
    let socket = server::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(listener.clone().serve(socket));

    let expected = listener.expect(SOON).unwrap();
    let mut stream = TcpStream::connect(at).await.unwrap();
    let id = [&b"\x01\x00\x10"[..], expected.id().as_bytes()].concat();
    stream.write_all(&id).await.unwrap();
    let mut line = expected.connected().await.unwrap();
    let sent = Arc::<AtomicUsize>::default();
    let other_end = tokio::spawn(asterisk(stream, Arc::clone(&sent), clock));
    // Longer than the crowd is there.
    line.play(vec![5; 8_000 * 120]);

    let before = [counted("no_id"), counted("unknown_id")];
    let here = Arc::new(Semaphore::new(WAVE));
    let mut crowd = JoinSet::new();
    let began = clock.now();
    let coming = async {
        for n in 0..CROWD {
            let place = Arc::clone(&here).acquire_owned().await.unwrap();
            crowd.spawn(async move {
                comes(at, n).await;
                drop(place);
            });
        }
        while let Some(one) = crowd.join_next().await {
            one.unwrap();
        }
    };
    let mut coming = std::pin::pin!(coming);
    let (mut heard, mut furthest_behind) = (Vec::new(), 0);
    loop {
        tokio::select! {
            () = &mut coming => break,
            next = line.next() => match next {
                Heard::Audio(samples) => {
                    heard.extend(samples);
                    furthest_behind = furthest_behind.max(sent.load(Ordering::Relaxed).saturating_sub(heard.len()));
                }
                Heard::Pause => {}
                other => panic!("{other:?}"),
            }
        }
    }
    let lasted = clock.now() - began;
    drop(line);
    let back = timeout(SOON, other_end).await.unwrap().unwrap();

    // All that Asterisk sent was heard in its order, and soon: it is looked at ten times a second.
    assert!(heard.len() > 8_000, "{} samples in {lasted:?}", heard.len());
    let in_order = (0_i16..).flat_map(|n| [n; 160]);
    assert!(heard.iter().copied().eq(in_order.take(heard.len())));
    assert!(furthest_behind < 12_000, "{furthest_behind} samples behind");
    // What was played came at its pace.
    let sounded = Duration::from_millis(back.len() as u64 / 323 * 20);
    assert!(sounded > lasted * 2 / 3, "{sounded:?} in {lasted:?}");
    // Each was counted; one that is sent away in the moment in which it speaks may be twice.
    let after = [counted("no_id"), counted("unknown_id")];
    let [no_id, unknown_id] = [after[0] - before[0], after[1] - before[1]];
    assert!(no_id >= CROWD / 4 * 3 && unknown_id <= CROWD / 4);
    assert!((CROWD..CROWD + 100).contains(&(no_id + unknown_id)));
}
