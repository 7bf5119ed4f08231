//! `demo`: the guard and a PBX made of bytes, one example call of every kind, faster than real time.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::serve;
use super::stop::Stop;
use super::{DATA_VARIABLE, Failure, Shared};
use crate::audio::file::{Format, decode};
use crate::call_log::{Query, Reader};
use crate::clock::Clock;
use crate::config::SharedConfig;
use crate::record::Verdict;
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

/// An example call: one caller's side, and what the guard must make of it.
struct Example {
    /// Caller ID.
    number: &'static str,
    /// The right verdict.
    expected: Verdict,
    /// A WAV file; `None` sends no packets at all.
    recording: Option<&'static [u8]>,
}

macro_rules! example {
    ($number:literal, $expected:ident) => {
        Example {
            number: $number,
            expected: Verdict::$expected,
            recording: None,
        }
    };
    ($number:literal, $expected:ident, $file:literal) => {
        Example {
            recording: Some(include_bytes!(concat!("../../examples/calls/", $file))),
            ..example!($number, $expected)
        }
    };
}

/// One of every kind of caller.
const EXAMPLES: [Example; 10] = [
    example!("+49911555001", Message, "message.wav"),
    example!("+49911555002", Hangup, "hangup.wav"),
    example!("+49911555003", Mutter, "mutter.wav"),
    example!("+49911555004", Rambler, "rambler.wav"),
    example!("+49911555005", Aside, "aside.wav"),
    example!("+49911555006", HoldMusic, "hold_music.wav"),
    example!("+49911555007", Silent, "silent.wav"),
    example!("+49911555008", NoAudio),
    example!("+49911555009", Tone, "tone.wav"),
    example!("+49911555010", Unsure, "unsure.wav"),
];

/// Plays the examples and tells what became of each, as it happens.
///
/// # Errors
/// A port, a folder or the log cannot be had.
pub fn run(args: &Args, shared: &Shared, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    // The variable may stand, since it is for the other commands.
    let given = shared.data.as_deref().map(Path::as_os_str);
    if given.is_some() && given != env::var_os(DATA_VARIABLE).as_deref() {
        return Err(Failure::Usage(
            "demo takes no --data: its example calls go into a folder of their own, removed at the end",
        ));
    }
    let mut config = shared.settings()?;
    telemetry::start("error", config.log.format).map_err(failed)?;
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
            SharedConfig::new(config),
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
        let told = play(server, clock, out).await?;
        let filed = filed(&data).await?;
        writeln!(out, "{} records in the call log.", filed.len())?;
        let mistakes = mistakes(&EXAMPLES, &told, &filed);
        for mistake in &mistakes {
            writeln!(out, "WRONG  {mistake}")?;
        }
        if mistakes.is_empty() {
            writeln!(out, "Every call got the verdict that was expected.")?;
        }
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
        Ok(if mistakes.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Places all calls at once and tells each as it ends; gives the verdicts that Asterisk was told, by caller.
async fn play(server: SocketAddr, clock: Clock, out: &mut dyn Write) -> Result<Told, Failure> {
    let (tell, mut ended) = mpsc::unbounded_channel();
    for (index, example) in EXAMPLES.iter().enumerate() {
        let samples = example
            .recording
            .map(|octets| decode(octets, Format::Wav).map(|sound| sound.samples))
            .transpose()
            .map_err(failed)?;
        let caller = Caller {
            number: example.number.into(),
            samples,
            stays: Duration::from_mins(3),
        };
        let tell = tell.clone();
        tokio::spawn(async move {
            let call = place_call(server, clock, index, caller).await;
            // Nobody listens any more only when the demo itself has failed.
            let _ = tell.send((example, call));
        });
    }
    drop(tell);
    let mut told = Told::new();
    while let Some((example, call)) = ended.recv().await {
        let mut variables = call?;
        let verdict = variables.remove("GUARD_VERDICT");
        let verdict = verdict.unwrap_or_else(|| "none".into());
        let mark = if verdict == example.expected.as_str() {
            "right"
        } else {
            "WRONG"
        };
        let why = variables.get("GUARD_REASON").map_or("", String::as_str);
        writeln!(
            out,
            "{mark}  {}  expected {:<10}  {verdict:<10}  {why}",
            example.number,
            example.expected.as_str()
        )?;
        out.flush()?;
        told.insert(example.number, verdict);
    }
    Ok(told)
}

/// `GUARD_VERDICT` by caller.
type Told = BTreeMap<&'static str, String>;

/// Caller and verdict of every record, once all are closed: the audio of the last is kept behind its end.
async fn filed(data: &Path) -> Result<Vec<Filed>, Failure> {
    let clock = Clock::default();
    let latest = clock.now() + FILED_WITHIN;
    loop {
        let records = Reader::open(data)
            .and_then(|reader| reader.calls(&Query::default()))
            .map_err(failed)?;
        let closed = records.iter().all(|record| record.ended.is_some());
        if closed && records.len() >= EXAMPLES.len() || clock.now() > latest {
            let filed = records.into_iter();
            return Ok(filed
                .map(|call| (call.caller.number, call.verdict))
                .collect());
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// Caller and verdict of a record.
type Filed = (String, Option<Verdict>);

/// How long the last record is waited for.
const FILED_WITHIN: Duration = Duration::from_secs(20);

/// What is not as it should be, a line each: every caller has one closed record, and it, and what Asterisk was
/// told, have the verdict that was expected.
fn mistakes(examples: &[Example], told: &Told, filed: &[Filed]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for example in examples {
        let (number, expected) = (example.number, example.expected);
        let verdict = told.get(number).map_or("none", String::as_str);
        if verdict != expected.as_str() {
            mistakes.push(format!("{number}: expected {expected}, told {verdict}"));
        }
        let of_him = filed.iter().filter(|(caller, _)| caller == number);
        let verdicts: Vec<_> = of_him.map(|&(_, verdict)| verdict).collect();
        if verdicts != [Some(expected)] {
            mistakes.push(format!("{number}: expected {expected}, filed {verdicts:?}"));
        }
    }
    if filed.len() != examples.len() {
        let (calls, records) = (examples.len(), filed.len());
        mistakes.push(format!("{calls} calls left {records} records"));
    }
    mistakes
}

fn failed(error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::Serve(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What went right: told and filed as expected.
    fn right() -> (Told, Vec<Filed>) {
        let told = |example: &Example| (example.number, example.expected.to_string());
        let filed = |example: &Example| (example.number.to_owned(), Some(example.expected));
        (
            EXAMPLES.iter().map(told).collect(),
            EXAMPLES.iter().map(filed).collect(),
        )
    }

    #[test]
    fn every_kind_of_caller_has_an_example() {
        for verdict in Verdict::ALL {
            let examples = EXAMPLES.iter().filter(|e| e.expected == verdict);
            assert_eq!(examples.count(), 1, "{verdict}");
        }
    }

    #[test]
    fn every_call_must_be_told_and_filed_once_as_expected() {
        let (told, filed) = right();
        assert_eq!(mistakes(&EXAMPLES, &told, &filed), [""; 0]);

        let number = EXAMPLES[0].number;
        let check = |told: &Told, filed: &[Filed], expected: &[&str]| {
            let found = mistakes(&EXAMPLES, told, filed);
            let expected: Vec<_> = expected.iter().map(|e| e.replace('#', number)).collect();
            assert_eq!(found, expected);
        };
        let left = |records| format!("{} calls left {records} records", EXAMPLES.len());
        let mut other = told.clone();
        other.insert(number, "mutter".into());
        check(&other, &filed, &["#: expected message, told mutter"]);
        other.remove(number);
        check(&other, &filed, &["#: expected message, told none"]);

        let mut other = filed.clone();
        other[0].1 = Some(Verdict::Mutter);
        check(
            &told,
            &other,
            &["#: expected message, filed [Some(Mutter)]"],
        );
        other[0].1 = None;
        check(&told, &other, &["#: expected message, filed [None]"]);
        other.remove(0);
        let gone = "#: expected message, filed []";
        check(&told, &other, &[gone, &left(EXAMPLES.len() - 1)]);
        other.clone_from(&filed);
        other.push(("+49911555099".into(), Some(Verdict::Hangup)));
        check(&told, &other, &[&left(EXAMPLES.len() + 1)]);
    }

    #[test]
    fn an_example_expected_wrongly_is_a_mistake() {
        let (told, filed) = right();
        let mut wrong = EXAMPLES;
        wrong[1].expected = Verdict::Message;
        assert_eq!(mistakes(&wrong, &told, &filed).len(), 2);
    }
}
