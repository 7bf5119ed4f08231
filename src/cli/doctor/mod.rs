//! `doctor`: a real test call through Asterisk's dialplan, and a line for each link of the chain as it is seen.
//!
//! The call is placed over the manager interface as a Local channel: one half is a caller's call to the mailbox's
//! extension, the other comes back to this process over AGI and is led from here.

mod asterisk;
mod calling;
mod chain;
mod cleaning;
mod deliveries;
mod files;
mod hearing;
mod leg;
mod log;
mod manager;
mod telling;

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::asterisk_conf::AsteriskConf;
use super::{CliError, SharedArgs};
use crate::call_record::Mailbox;
use crate::clock::Clock;
use crate::config::{Config, TapKind};
use crate::doctor::{self, Finding, Link, Place, Unclear, Wired, choose, wired};

use self::chain::{Chain, guard_and_log};
use self::cleaning::{Traces, clean_up};
use self::telling::Telling;

/// The whole test may take this long; then what is left of it is removed.
const LONGEST: Duration = Duration::from_mins(4);

/// Which mailbox is called, and how.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Run it as the user that runs the guard, beside a running guard, with its configuration and data folder.\n\n\
        The test call is named as one by voicemail-guard doctor wherever it is seen, is in no case of the team's, and is \
        removed again: from the mailbox, the call log and the folders. A mail that the mailbox's settings ask for is \
        sent, with TEST in its subject, and the webhook is told with \"test\": true.\n\n\
        Examples:\n  \
        voicemail-guard doctor --config /etc/voicemail-guard/voicemail-guard.toml\n  \
        voicemail-guard doctor --mailbox 100@default --extension 100@from-trunk\n\n\
        Exit codes: 0 every link was tried and holds; 1 something is broken or cannot be seen; 2 wrong usage or \
        configuration."
)]
pub struct Args {
    /// The mailbox, such as 100@default [default: the one that the dialplan has]
    #[arg(long, value_name = "MAILBOX", value_parser = a_mailbox)]
    mailbox: Option<Mailbox>,
    /// The extension that callers of the mailbox reach, with its context [default: the one that the dialplan has]
    #[arg(long, value_name = "EXTENSION@CONTEXT", value_parser = a_place)]
    extension: Option<Place>,
    /// Address of this machine to which Asterisk connects [default: the one from which Asterisk is reached]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Where Asterisk's own configuration lies
    #[arg(long, value_name = "FOLDER", default_value = "/etc/asterisk")]
    asterisk: PathBuf,
    /// One JSON object a line: each link, and at the end what came of all
    #[arg(long)]
    json: bool,
}

fn a_mailbox(text: &str) -> Result<Mailbox, String> {
    Mailbox::parse(text).ok_or_else(|| "no mailbox is called so; such as 100@default".to_owned())
}

fn a_place(text: &str) -> Result<Place, String> {
    let allowed =
        "an extension and its context, such as 100@from-trunk, of letters, digits and . _ - * # +";
    Place::parse(text).ok_or_else(|| allowed.to_owned())
}

/// What the test goes by.
struct Test {
    config: Config,
    data: PathBuf,
    wired: Wired,
    listen: Option<IpAddr>,
    clock: Clock,
    /// What everything of this test is called by, so that nothing else is ever taken for it.
    token: String,
    /// What is to be removed at the end.
    traces: Arc<Mutex<Traces>>,
}

impl Test {
    /// The uniqueid of the half that calls, or of the one that is led from here.
    fn uniqueid(&self, half: u8) -> String {
        format!("{}-{half}", self.token)
    }

    /// The caller's name.
    fn caller(&self) -> String {
        format!("{} {}", doctor::CALLER, self.token)
    }
}

/// Places the test call and reports each link.
///
/// # Errors
/// There is no data folder, or the answer cannot be printed.
pub fn run(args: &Args, shared: &SharedArgs, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let config = match shared.settings() {
        Ok(config) => config,
        Err(error) => return without_call(doctor::no_settings(error.to_string()), args, out),
    };
    if config.tap.kind == TapKind::AudioSocket {
        return without_call(doctor::no_folder(), args, out);
    }
    let (data, wired) = (shared.data_folder()?, where_to(args));
    let mut telling = Telling::new(out, args.json, &config, wired.as_ref().ok());
    let settings = doctor::settings(config.delivery.ami.is_set(), wired.as_ref());
    let clock = Clock::default();
    let test = wired.ok().map(|wired| Test {
        config: config.clone(),
        data: data.clone(),
        wired,
        listen: args.listen,
        clock,
        token: format!("doctor-{:08x}", getrandom::u32().unwrap_or_default()),
        traces: Arc::default(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let trying = async {
            telling.tell(Link::Settings, settings)?;
            guard_and_log(&config, &data, clock, &mut telling).await?;
            match &test {
                Some(test) => Chain::new(test, &mut telling).run().await,
                None => Ok(()),
            }
        };
        let cut_off = tokio::select! {
            ended = trying => { ended?; None }
            _ = interrupted.recv() => Some("interrupted"),
            _ = terminated.recv() => Some("interrupted"),
            () = clock.sleep(LONGEST) => Some("the test took too long"),
        };
        telling.rest(cut_off)?;
        let left = match &test {
            Some(test) => clean_up(test).await,
            None => None,
        };
        telling.tell(Link::CleanUp, doctor::cleaned_up(left.as_deref()))?;
        Ok::<_, std::io::Error>(cut_off.is_none())
    });
    // A file on a share that does not answer holds up nobody's end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let is_well = telling.end()? && ended?;
    Ok(ExitCode::from(u8::from(!is_well)))
}

/// Reports that nothing can be tried.
fn without_call(settings: Finding, args: &Args, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let mut telling = Telling::new(out, args.json, &Config::default(), None);
    telling.tell(Link::Settings, settings)?;
    telling.leave("settings is broken")?;
    telling.tell(Link::CleanUp, doctor::cleaned_up(None))?;
    telling.end()?;
    Ok(ExitCode::from(2))
}

/// The extension and the mailbox.
fn where_to(args: &Args) -> Result<Wired, Unclear> {
    let lines = AsteriskConf::of(&args.asterisk, &args.asterisk.join("extensions.conf"));
    let found = lines.map_or_else(|_| Vec::new(), |lines| wired(lines.settings()));
    choose(&found, args.extension.as_ref(), args.mailbox.as_ref())
}
