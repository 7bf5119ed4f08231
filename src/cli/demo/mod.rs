//! `demo`: the guard and a PBX made of bytes, one example call of every kind, faster than real
//! time.

mod examples;
mod fake_asterisk;
mod story;

use std::env;
use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::listing::columns;
use super::{CliError, DATA_VARIABLE, SharedArgs};
use crate::call_log::{Query, Reader};
use crate::call_record::CallRecord;
use crate::clock::Clock;
use crate::config::{SharedConfig, TapKind};
use crate::daemon::{self, Listeners, Stop};
use crate::telemetry;

pub(super) use self::examples::{EXAMPLES, Example};
use self::fake_asterisk::{ExampleCaller, place_call};
use self::story::Story;

/// Play example calls of every kind of caller against the guard, without an Asterisk
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// End when all calls have ended; exit 0 only if each got its right verdict
    #[arg(long)]
    pub once: bool,
    /// How many times as fast as real time
    #[arg(long, default_value_t = 10.0, value_name = "FACTOR", value_parser = speed)]
    pub speed: f64,
    /// The option of every command, which this one does not offer.
    #[arg(id = "data", long = "data", value_name = "FOLDER", hide = true)]
    pub no_data: Option<PathBuf>,
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

/// The widest line of a story, in columns.
const WIDEST: usize = 100;
/// What a line needs at least so that no cell of a story is parted.
const NARROWEST: usize = 40;

/// Plays the examples and tells each call's story when it has ended.
///
/// # Errors
/// A port, a folder or the log cannot be had.
pub fn run(args: &Args, shared: &SharedArgs, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    // The variable may stand, since it is for the other commands.
    let given = shared.data.as_deref().map(Path::as_os_str);
    if given.is_some() && given != env::var_os(DATA_VARIABLE).as_deref() {
        return Err(CliError::Usage(
            "demo takes no --data: its example calls go into a folder of their own, removed at \
             the end",
        ));
    }
    let mut config = shared.settings()?;
    telemetry::start("error", config.log.format).map_err(failed)?;
    let folder = tempfile::Builder::new()
        .prefix("voicemail-guard-demo-")
        .tempdir()?;
    let tap = folder.path().join("tap");
    config.tap.kind = TapKind::Monitor;
    config.tap.folder_as_asterisk_sees_it.clone_from(&tap);
    config.tap.folder_as_guard_sees_it = tap;
    config.prompts.languages.clear();
    // A demonstration leaves nothing in anybody's mailbox.
    config.deliver_nowhere();
    let data = folder.path().join("data");
    let width = columns().map_or(WIDEST, |columns| {
        usize::from(columns).clamp(NARROWEST, WIDEST)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let clock = Clock::faster(args.speed);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let server = listener.local_addr()?;
        let web = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let page = web.local_addr()?;
        let stop = Stop::default();
        let guard = tokio::spawn(daemon::run(
            SharedConfig::new(config),
            data.clone(),
            Listeners {
                agi: vec![listener.into()],
                web: vec![web],
                sound: Vec::new(),
            },
            clock,
            stop.clone(),
        ));
        let callers = callers()?;
        let longest = callers.iter().map(ExampleCaller::speaks).max();
        let longest = longest.unwrap_or_default();
        writeln!(out, "{}", story::beginning(args.speed, longest, width))?;
        out.flush()?;
        let stories = play(callers, (server, clock), &data, width, out).await?;
        let records = records(&data)?.len();
        writeln!(out, "\n{}", story::summary(&stories, records))?;

        let program = env::args_os().next().unwrap_or_default();
        let stays = (!args.once).then_some(&*data);
        let next = story::next_steps(&program.to_string_lossy(), stays);
        writeln!(out, "\n{next}")?;
        if !args.once {
            // From before it is promised.
            let mut interrupt = signal(SignalKind::interrupt())?;
            writeln!(
                out,
                "\nThe support team's page: http://{page}/\n\
                 The guard still listens on {server}; Ctrl-C ends it and removes the log."
            )?;
            out.flush()?;
            interrupt.recv().await;
        }
        stop.gently.cancel();
        guard.await.map_err(failed)?.map_err(failed)?;
        let all_right = records == stories.len() && stories.iter().all(Story::is_right);
        Ok(if all_right {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// The callers of the examples, in their order.
fn callers() -> Result<Vec<ExampleCaller>, CliError> {
    let callers = EXAMPLES.iter().map(|example| {
        Ok(ExampleCaller {
            number: example.number.into(),
            name: example.name.into(),
            samples: example.samples().map_err(failed)?,
            stays: Duration::from_mins(3),
        })
    });
    callers.collect()
}

/// Places all calls at once and tells the story of each as it ends.
async fn play(
    callers: Vec<ExampleCaller>,
    (server, clock): (SocketAddr, Clock),
    data: &Path,
    width: usize,
    out: &mut dyn Write,
) -> Result<Vec<Story<'static>>, CliError> {
    let (sender, mut ended) = mpsc::unbounded_channel();
    for (index, caller) in callers.into_iter().enumerate() {
        let sender = sender.clone();
        tokio::spawn(async move {
            let call = place_call(server, clock, index, caller).await;
            // Nobody listens any more only when the demo itself has failed.
            let _ = sender.send((&EXAMPLES[index], call));
        });
    }
    drop(sender);
    let bar = progress(EXAMPLES.len());
    let mut stories = Vec::new();
    while let Some((example, call)) = ended.recv().await {
        let mut call = call?;
        let story = Story {
            example,
            given: call.variables.remove("GUARD_VERDICT"),
            records: closed_records(data, example.number).await?,
            unheard: call.unheard,
        };
        bar.inc(1);
        bar.suspend(|| {
            writeln!(out, "{}", story.text(width))?;
            out.flush()
        })?;
        stories.push(story);
    }
    bar.finish_and_clear();
    Ok(stories)
}

/// Shows on standard error, where that is a terminal, that something goes on.
fn progress(calls: usize) -> ProgressBar {
    let bar = ProgressBar::new(calls as u64);
    let style = "{spinner} {pos} of {len} calls have ended, {elapsed} gone";
    let bar = match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// The records of this caller, once they are closed: the audio is kept behind the call's end.
async fn closed_records(data: &Path, number: &str) -> Result<Vec<CallRecord>, CliError> {
    let clock = Clock::default();
    let latest = clock.now() + CLOSED_WITHIN;
    loop {
        let mut records = records(data)?;
        records.retain(|record| record.caller.number == number);
        let closed = !records.is_empty() && records.iter().all(|record| record.ended.is_some());
        if closed || clock.now() > latest {
            return Ok(records);
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// How long a record is waited for.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);

fn records(data: &Path) -> Result<Vec<CallRecord>, CliError> {
    let reader = Reader::open(data).map_err(failed)?;
    reader.calls(&Query::default()).map_err(failed)
}

fn failed(error: impl Error + Send + Sync + 'static) -> CliError {
    CliError::Serve(Box::new(error))
}
