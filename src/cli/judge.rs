//! `judge ID VERDICT`: the guard judged a call wrongly, and what it really was; the same as on the
//! page.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::calls::{Error, NOTHING_FOUND};
use super::case::{note, who};
use crate::call_log::{Judged, Reader, judge};
use crate::call_record::Verdict;
use crate::case::{Author, Correction, Judgement, Judging, Via};
use crate::clock::Clock;
use crate::text::quoted;
use crate::wording::{self, Language::En};

/// Which call, and what it was.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 noted; 1 no such call, several, or nothing to change; 2 wrong usage.

Examples:
  voicemail-guard judge 6aq6scwt0001 message
  voicemail-guard judge 6aq6scwt0001 hold_music --as anna queue of a bank
  voicemail-guard judge 6aq6scwt0001 --withdraw
  voicemail-guard calls --judged-wrong")]
pub struct Args {
    /// The call's identifier or its beginning, or Asterisk's uniqueid or linkedid
    #[arg(value_name = "ID")]
    pub id: String,
    /// What it was.
    #[arg(
        help = "What it was: message, rambler, hangup, mutter, hold_music, aside, silent, no_audio or tone"
    )]
    #[arg(value_name = "VERDICT", value_parser = a_verdict, required_unless_present = "withdraw")]
    pub verdict: Option<Verdict>,
    /// A note on it
    #[arg(value_name = "NOTE")]
    pub note: Vec<String>,
    /// Take back what was said of the call: the guard's verdict counts again
    #[arg(long, conflicts_with_all = ["verdict", "note"])]
    pub withdraw: bool,
    /// Who says so [default: the user who is logged in]
    #[arg(long = "as", value_name = "NAME")]
    pub who: Option<String>,
}

/// What a call can have been.
fn a_verdict(word: &str) -> Result<Verdict, String> {
    let mut known = Correction::VERDICTS.into_iter();
    known
        .find(|verdict| verdict.as_str() == word)
        .ok_or_else(|| {
            let words = Correction::VERDICTS.map(Verdict::as_str).join(", ");
            format!("no call was that; one of {words}")
        })
}

/// Notes what a call really was.
///
/// # Errors
/// The log cannot be used, or the arguments do not fit together.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let (now, zone) = (Clock::default().date(), TimeZone::system());
    let judgement = args.verdict.map_or(Judgement::Withdrawn, Judgement::Was);
    let id = quoted(&args.id);
    let found = Reader::open(data_folder)?.find(&args.id)?;
    let record = match found.as_slice() {
        [record] => record,
        [] => {
            writeln!(out, "There is no call {id}.")?;
            return Ok(ExitCode::from(NOTHING_FOUND));
        }
        _ => {
            writeln!(
                out,
                "{id} may be several calls; voicemail-guard call {id} lists them."
            )?;
            return Ok(ExitCode::from(NOTHING_FOUND));
        }
    };
    let (note, who) = (note(&args.note)?, who(args.who.as_deref())?);
    let judging = Judging {
        call: record.id,
        judgement,
        note,
        author: Author {
            who,
            via: Via::Command,
        },
        at: now,
    };
    let by_guard = record.verdict.map_or("(up)", Verdict::as_str);
    match judge(data_folder, &judging)? {
        Judged::Done(correction, case) => {
            match correction {
                Some(of) => writeln!(
                    out,
                    "Call {}: {}; the guard said {by_guard}.",
                    record.id,
                    wording::correction(&of, &zone, En)
                )?,
                None => writeln!(
                    out,
                    "Call {}: taken back; the guard's verdict counts again, {by_guard}.",
                    record.id
                )?,
            }
            if let Some(case) = case {
                let state = wording::case_state(&case, now, &zone, En);
                let urgency = case.urgency.as_str();
                writeln!(out, "Case {}: {state}; urgency {urgency}.", case.id)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Judged::Refused(why) => {
            let why = wording::not_corrected(&why, &zone, En);
            writeln!(out, "Call {}: nothing was changed, {why}.", record.id)?;
            Ok(ExitCode::from(NOTHING_FOUND))
        }
        Judged::Missing => {
            writeln!(out, "Call {} is gone.", record.id)?;
            Ok(ExitCode::from(NOTHING_FOUND))
        }
    }
}
