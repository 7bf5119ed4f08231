//! `demo`: the guard and a PBX made of bytes, one example call of every kind, faster than real time.

use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::serve;
use super::stop::Stop;
use super::{Failure, Shared};
use crate::audio::file::{Format, decode};
use crate::call::record::CallRecord;
use crate::clock::Clock;
use crate::config::Current;
use crate::log::{Query, Reader};
use crate::telemetry;

use self::fake_asterisk::{Caller, place_call};

#[path = "../../tests/support/fake_asterisk.rs"]
mod fake_asterisk;

/// Play example calls of every kind of caller against the guard, without an Asterisk
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// End when all calls have ended; exit 0 only if each got its right verdict
    #[arg(long)]
    pub once: bool,
    /// How many times as fast as real time
    #[arg(long, default_value_t = 10.0, value_name = "FACTOR", value_parser = speed)]
    pub speed: f64,
}

/// A factor that the calls can keep up with.
fn speed(text: &str) -> Result<f64, String> {
    let factor: f64 = text
        .parse()
        .map_err(|_| "a number from 1 to 50".to_owned())?;
    let kept_up = (1.0..=50.0).contains(&factor);
    kept_up
        .then_some(factor)
        .ok_or_else(|| "from 1 to 50".to_owned())
}

/// The example calls: caller, verdict, recording.
const EXAMPLES: [(&str, &str, Option<&[u8]>); 9] = [
    (
        "+49911555001",
        "message",
        Some(include_bytes!("../../examples/calls/message.wav")),
    ),
    (
        "+49911555002",
        "hangup",
        Some(include_bytes!("../../examples/calls/hangup.wav")),
    ),
    (
        "+49911555003",
        "mutter",
        Some(include_bytes!("../../examples/calls/mutter.wav")),
    ),
    (
        "+49911555004",
        "rambler",
        Some(include_bytes!("../../examples/calls/rambler.wav")),
    ),
    (
        "+49911555005",
        "aside",
        Some(include_bytes!("../../examples/calls/aside.wav")),
    ),
    (
        "+49911555006",
        "hold_music",
        Some(include_bytes!("../../examples/calls/hold_music.wav")),
    ),
    (
        "+49911555007",
        "silent",
        Some(include_bytes!("../../examples/calls/silent.wav")),
    ),
    ("+49911555008", "no_audio", None),
    (
        "+49911555009",
        "tone",
        Some(include_bytes!("../../examples/calls/tone.wav")),
    ),
];

/// Plays the examples and tells what became of each, as it happens.
///
/// # Errors
/// A port, a folder or the log cannot be had.
pub fn run(args: &Args, shared: &Shared, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut config = shared.settings()?;
    telemetry::start(&crate::config::Log {
        level: "error".into(),
        ..config.log.clone()
    })
    .map_err(failed)?;
    let folder = tempfile::Builder::new()
        .prefix("voicemail-guard-demo-")
        .tempdir()?;
    let tap = folder.path().join("tap");
    config.tap.folder_as_asterisk_sees_it.clone_from(&tap);
    config.tap.folder_as_guard_sees_it = tap;
    config.prompts.languages.clear();
    // A demonstration leaves nothing in anybody's voice box.
    config.deliver_nowhere();
    let data = folder.path().join("data");
    let clock = Clock::faster(args.speed);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let clock = Clock::faster(clock.speed());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let server = listener.local_addr()?;
        let stop = Stop::default();
        let guard = tokio::spawn(serve::serve(
            Current::new(config),
            data.clone(),
            vec![listener],
            clock,
            stop.clone(),
        ));
        let speed = clock.speed();
        writeln!(
            out,
            "The guard listens on {server}; {} calls at {speed} times real time.",
            EXAMPLES.len()
        )?;
        let right = play(server, clock, &data, out).await?;
        writeln!(
            out,
            "{right} of {} calls got the verdict that was expected.",
            EXAMPLES.len()
        )?;
        if !args.once {
            writeln!(
                out,
                "Look around: voicemail-guard calls --data {}    (Ctrl-C ends)",
                data.display()
            )?;
            out.flush()?;
            tokio::signal::ctrl_c().await?;
        }
        stop.gently.cancel();
        guard.await.map_err(failed)??;
        Ok(if right == EXAMPLES.len() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Places all calls at once; gives how many got their right verdict.
async fn play(
    server: SocketAddr,
    clock: Clock,
    data: &std::path::Path,
    out: &mut dyn Write,
) -> Result<usize, Failure> {
    let (tell, mut told) = mpsc::unbounded_channel();
    for (index, (number, expected, recording)) in EXAMPLES.into_iter().enumerate() {
        let samples = recording
            .map(|octets| decode(octets, Format::Wav).map(|sound| sound.samples))
            .transpose()
            .map_err(failed)?;
        let caller = Caller {
            number: number.into(),
            samples,
            stays: Duration::from_mins(3),
        };
        let tell = tell.clone();
        tokio::spawn(async move {
            let ended = place_call(server, clock, index, caller).await;
            // Nobody listens any more only when the demo itself has failed.
            let _ = tell.send((number, expected, ended));
        });
    }
    drop(tell);
    let mut right = 0;
    while let Some((number, expected, ended)) = told.recv().await {
        let variables = ended?;
        let verdict = variables
            .get("GUARD_VERDICT")
            .map_or("none", String::as_str);
        right += usize::from(verdict == expected);
        let mark = if verdict == expected {
            "right"
        } else {
            "WRONG"
        };
        let why = variables.get("GUARD_REASON").map_or("", String::as_str);
        writeln!(
            out,
            "{mark}  {number}  expected {expected:<10}  {verdict:<10}  {why}"
        )?;
        out.flush()?;
    }
    let filed: Vec<CallRecord> = Reader::open(data)
        .and_then(|reader| reader.calls(&Query::default()))
        .map_err(failed)?;
    writeln!(out, "{} records in the call log.", filed.len())?;
    Ok(right)
}

fn failed(error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::Serve(Box::new(error))
}
