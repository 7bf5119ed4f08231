//! `digest`: what the e-mail of a mailbox would say now, and, to try it, that e-mail.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::calls::Error;
use super::mailbox;
use crate::call_log::Reader;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::digest::preview;
use crate::delivery::mail::{Sent, send_digest};

/// Whose digest, and whether it is sent.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 it was printed, and sent where that was asked for; 1 it could not be sent, or the log cannot be read;
2 wrong usage or configuration.

Examples:
  voicemail-guard digest --box 100
  voicemail-guard digest --box 100@default --send")]
pub struct Args {
    /// The mailbox, such as 100@default
    #[arg(long = "box", value_name = "BOX")]
    pub box_name: String,
    /// Send it now to everybody who gets it; the digest of the day is sent at its time all the same
    #[arg(long)]
    pub send: bool,
}

/// Prints the digest of a mailbox as it is now, and sends it where that is asked for.
///
/// # Errors
/// The log cannot be read, or what was given makes no sense.
pub fn run(
    args: &Args,
    config: &Config,
    data_folder: &Path,
    out: &mut dyn Write,
) -> Result<ExitCode, Error> {
    let mailbox = mailbox::known(&args.box_name, config, &Reader::open(data_folder)?)?;
    let wants = config.mailbox_delivery(&mailbox);
    if args.send && wants.digest_to.is_empty() {
        return Err(Error::Usage(
            "the box names nobody in digest_to, so its digest cannot be sent",
        ));
    }
    let zone = TimeZone::system();
    let now = Clock::default().date().to_zoned_datetime(zone.clone());
    let digest = preview(config, data_folder, &mailbox, &now)?;
    out.write_all(digest.text(wants.language, &zone).as_bytes())?;
    if !args.send {
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut code = ExitCode::SUCCESS;
    for to in &wants.digest_to {
        let sending = send_digest(&config.delivery.mail, &digest, wants.language, to);
        match runtime.block_on(sending) {
            Ok(Sent::Taken) => writeln!(out, "\nSent to {to}.")?,
            Ok(Sent::Refused(why)) => {
                writeln!(out, "\nNot sent to {to}: {why}")?;
                code = ExitCode::from(1);
            }
            Err(error) => {
                writeln!(out, "\nNot sent to {to}: {error}")?;
                code = ExitCode::from(1);
            }
        }
    }
    Ok(code)
}
