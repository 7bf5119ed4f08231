//! `check`: is everything in order, and how is it mended where it is not.

pub(super) mod asterisk;
mod compared;
mod data;
mod delivery;
mod guards;
mod keeping;
mod page;
mod secrets;
mod sound;
pub(super) mod wired;

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::geteuid;

use super::{CliError, SharedArgs};
use crate::condition::{Item, prompts, tap};
use crate::config::{Config, ConfigError, TapKind};
use crate::daemon::zone_in_doubt;
use crate::server::descriptors::{self, Wants};
use crate::session::CHECK_PATH;

/// How long a running guard, or a writer of its database, is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Arguments of `check`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Run it as the user that runs the guard, beside a running guard or without one.\n\n\
        Examples:\n  \
        voicemail-guard check --config /etc/voicemail-guard/voicemail-guard.toml\n  \
        runuser -u asterisk -- voicemail-guard check\n\n\
        Exit codes: 0 nothing is broken (warnings may stand); 1 something is, mistakes in the configuration among it; \
        2 wrong usage."
)]
pub struct Args {
    /// Where Asterisk's own configuration lies
    #[arg(long, value_name = "FOLDER", default_value = "/etc/asterisk")]
    asterisk: PathBuf,
}

/// Checks everything and prints one line an item.
///
/// # Errors
/// The data folder cannot be found, or the answer cannot be printed.
pub fn run(args: &Args, shared: &SharedArgs, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let data = shared.data_folder()?;
    let mut report = Report {
        out,
        counts: [0; 3],
    };
    report.add(&user())?;
    let items = match shared.settings() {
        Ok(config) => {
            if let Some(item) = zone() {
                report.add(&item)?;
            }
            report.add(&Item::ok(
                "settings",
                match &shared.config {
                    Some(file) => format!("{} is in order", file.display()),
                    None => "no configuration file: the defaults hold".into(),
                },
            ))?;
            for remark in config.remarks() {
                let mend = "change one of the two, or leave it so if it is meant";
                report.add(&Item::warn("settings", remark, mend))?;
            }
            let mut items = secrets::items(&config, shared.config.as_deref());
            items.extend(installation(&config, &data));
            items.extend(asterisk::items(&config, &args.asterisk));
            items.extend(guards::items(&args.asterisk));
            items.extend(compared::items(&config, &args.asterisk));
            items
        }
        Err(error) => settings_mistakes(&error),
    };
    for item in items {
        report.add(&item)?;
    }
    report.end()
}

fn installation(config: &Config, data: &Path) -> Vec<Item> {
    let ports = config.listen.iter().map(|&address| port(address));
    let tap = tap::items(config);
    let descriptors = enough_descriptors(config);
    ports
        .chain(sound::items(config))
        .chain(page::items(config))
        .chain(tap)
        .chain(prompts::items(config))
        .chain(crate::condition::data::items(data))
        .chain([data::item(data)])
        .chain(keeping::items(config))
        .chain([descriptors])
        .chain(delivery::items(config, data))
        .collect()
}

struct Report<'a> {
    out: &'a mut dyn Write,
    counts: [usize; 3],
}

impl Report<'_> {
    fn add(&mut self, item: &Item) -> io::Result<()> {
        self.counts[item.state as usize] += 1;
        writeln!(self.out, "{item}")
    }

    fn end(self) -> Result<ExitCode, CliError> {
        let [ok, warn, fail] = self.counts;
        writeln!(self.out, "{ok} ok, {warn} to look at, {fail} broken")?;
        Ok(ExitCode::from(u8::from(fail > 0)))
    }
}

fn user() -> Item {
    if geteuid().is_root() {
        Item::warn(
            "user",
            "this runs as root, who may do everything: rights are not tested",
            "run it as the user that runs the guard: runuser -u USER -- voicemail-guard check, with the same --config and --data",
        )
    } else {
        Item::ok(
            "user",
            format!("rights are tested for user {}", geteuid().as_raw()),
        )
    }
}

fn zone() -> Option<Item> {
    let doubt = zone_in_doubt()?;
    let mend = "write TZ as in /usr/share/zoneinfo, such as TZ=Europe/Berlin, and install tzdata; or take TZ away and set /etc/localtime";
    Some(Item::warn("time zone", doubt, mend))
}

fn settings_mistakes(error: &ConfigError) -> Vec<Item> {
    let mend = match error {
        ConfigError::Invalid { .. } => {
            "change the line as it says; everything else is checked once the settings are in order"
                .to_owned()
        }
        ConfigError::Unreadable { file, source } if source.kind() == ErrorKind::NotFound => {
            format!(
                "name the file with --config or VOICEMAIL_GUARD_CONFIG; to begin with one: install -m 640 voicemail-guard.toml {}",
                file.display()
            )
        }
        ConfigError::Unreadable { file, source } if source.kind() == ErrorKind::IsADirectory => {
            format!(
                "name the file itself: --config {}/voicemail-guard.toml",
                file.display()
            )
        }
        ConfigError::Unreadable { source, .. } if source.kind() == ErrorKind::Other => {
            "name the guard's own file with --config or VOICEMAIL_GUARD_CONFIG".to_owned()
        }
        ConfigError::Unreadable { file, .. } => format!(
            "let the user that runs the guard read it, and its folders: ls -l {}",
            file.display()
        ),
    };
    error
        .to_string()
        .lines()
        .map(|mistake| Item::fail("settings", mistake, mend.clone()))
        .collect()
}

fn port(address: SocketAddr) -> Item {
    match TcpListener::bind(address) {
        Ok(_) => Item::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match greet(address) {
            Ok(line) if line.contains("voicemail-guard") => {
                Item::ok("port", format!("{address} is answered by a running guard"))
            }
            Ok(line) if line == "failure\n" => Item::warn(
                "port",
                format!("{address} is answered, but no more calls are taken now"),
                "raise [limits] max_calls if that lasts, or run this again when it is quieter",
            ),
            Ok(line) if line.starts_with("HTTP/") => Item::fail(
                "port",
                format!("{address} is held by a web server: it answers in HTTP"),
                "give one of the two another port: [listen] address, and the dialplan's agi:// line",
            ),
            answer => Item::fail(
                "port",
                format!(
                    "{address} is held by something that does not answer as a guard does{}",
                    answer.err().map(|e| format!(" ({e})")).unwrap_or_default()
                ),
                format!(
                    "find it with: ss -ltnp 'sport = :{}'; stop it, or change [listen] address and the dialplan",
                    address.port()
                ),
            ),
        },
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            let why = format!("this machine has no address {}", address.ip());
            let mend = "take it out of [listen] address, or give the machine that address";
            // Without IPv6 a guard starts all the same.
            if address.is_ipv6() {
                Item::warn("port", why, mend)
            } else {
                Item::fail("port", why, format!("{mend}; serve does not start"))
            }
        }
        Err(error) => Item::fail(
            "port",
            format!("{address}: {error}"),
            "ports below 1024 need the right CAP_NET_BIND_SERVICE; the usual one is 4574",
        ),
    }
}

/// Whether a guard started from here may have as many descriptors as its limits need.
fn enough_descriptors(config: &Config) -> Item {
    let (possible, needed) = (descriptors::possible(), Wants::of(config).needed());
    let of_sound = match config.tap.kind {
        TapKind::Monitor => "",
        TapKind::AudioSocket => " with [tap] kind = \"audiosocket\"",
    };
    let of_queues = if config.queue.is_watched() {
        " and callers in queues"
    } else {
        ""
    };
    if possible < needed {
        return Item::warn(
            "limits",
            format!(
                "a guard started from here may have {possible} descriptors, and max_connections and max_calls{of_sound}{of_queues} need {needed}: connections above are refused"
            ),
            "raise the hard limit (LimitNOFILE= in the unit, ulimit -Hn in a shell), or lower [limits] max_connections",
        );
    }
    Item::ok("limits", format!("{needed} descriptors can be had"))
}

/// A connection on which nothing is waited for longer than [`PATIENCE`].
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Asks the process that listens there: a guard answers with its name, and files no call.
pub(super) fn greet(address: SocketAddr) -> io::Result<String> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "agi_network: yes\nagi_network_script: {CHECK_PATH}\n\n"
    )?;
    let mut line = String::new();
    BufReader::new(io::Read::take(stream, 512)).read_line(&mut line)?;
    Ok(line)
}
