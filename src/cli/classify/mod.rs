//! `classify`: hears recordings and reports what each caller was, for people, machines and the eye.

mod explain;
mod names;
mod plots;
mod show;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::ProgressBar;
use tokio_util::sync::CancellationToken;

use self::explain::Seconds;
use self::names::{Gathered, ListError, Named, PassedOver};
use self::plots::{NoFolder, Plots};
use self::show::{Classified, Sum};
use super::parallel::{cores, in_order, progress};
use super::recording::{FileError, Known, Onlooker, hear_file, made_of};
use crate::audio::file::Format;
use crate::call::verdict::judge;
use crate::hearing::Frame;
use crate::plot::{Envelope, Plot};
use crate::text::shown;

/// More files than this are reported in a line each.
const MOST_BLOCKS: usize = 8;

/// Which recordings are to be heard, and how they are reported.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = after_help())]
pub struct Args {
    /// Recordings; a folder stands for all recordings in and below it, - for a list on standard input
    #[arg(value_name = "FILE", required_unless_present = "list")]
    pub files: Vec<PathBuf>,
    /// Hear the files named in LIST, one a line or each ending in a zero byte; - reads standard input
    #[arg(long, value_name = "LIST")]
    pub list: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Draw each call into FOLDER, as SVG: waveform coloured by class, level, verdict and reasons
    #[arg(long, value_name = "FOLDER")]
    pub plot: Option<PathBuf>,
    /// Show for each second the probabilities of the classes and what stood out
    #[arg(long)]
    pub explain: bool,
    /// Form of files without a header, whatever their ending: ulaw, alaw, gsm, sln, sln12 … sln192
    #[arg(long, value_name = "FORM", value_parser = form)]
    pub format: Option<Format>,
    /// Hear only this channel, where there are several: 1 is the left one; without it all are mixed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channel: Option<u16>,
}

/// Each paragraph is one line: clap breaks it where the terminal ends.
fn after_help() -> String {
    format!(
        "\
Read are WAV files of any usual rate (PCM of 8 to 32 bits, float, µ-law, A-law, GSM) and, by their endings, Asterisk's \
forms without a header: {}. Several channels are mixed in equal parts; where the caller has one of their own, give it \
with --channel, so that nobody else is judged. A damaged, cut-off or growing file is judged on what is there, with a \
warning.

--json prints an object a line, in the order of the files; times are seconds of sound:
  {{\"file\": …, \"duration\": …, \"verdict\": …, \"confidence\": 0 to 1,
   \"segments\": [{{\"start\": …, \"end\": …, \"class\": …, \"at\": …}}],
   \"reasons\": [\"…\"]}}
A segment's \"at\" says how much had been heard when its class was first known. A file that could not be heard gives \
{{\"file\": …, \"error\": …}}.

Exit code: 0 all were heard; 1 some could not be, and the others were; 2 wrong usage.

Examples:
  voicemail-guard classify msg0000.wav
  voicemail-guard classify --json /var/spool/asterisk/voicemail > heard.jsonl
  voicemail-guard classify --plot pictures --explain strange.WAV
  find /calls -name '*.gsm' | voicemail-guard classify --json --list -
  voicemail-guard classify --format alaw trunk.dump",
        Format::extensions()
    )
}

/// Why nothing can be classified.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A list of names cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// Pictures cannot be written.
    #[error(transparent)]
    NoFolder(#[from] NoFolder),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Write(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::List(_) | Self::NoFolder(_) => ExitCode::from(2),
            Self::Write(_) => ExitCode::from(SOME_FAILED),
        }
    }
}

const SOME_FAILED: u8 = 1;

fn form(name: &str) -> Result<Format, String> {
    Format::named(name.trim_start_matches('.'))
        .ok_or_else(|| format!("expected one of {} (sln is 8 kHz)", Format::names()))
}

/// Hears all files that are wanted and reports what they were on `out`, troubles on `err`.
///
/// # Errors
/// A list or the folder for pictures cannot be used, or `out` cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<ExitCode, Error> {
    let Gathered { names, passed_over } = names::gather(&args.files, args.list.as_deref())?;
    let plots = match &args.plot {
        Some(folder) => Some(Plots::into(folder, names.len())?),
        None => None,
    };
    let wanted = args.clone();
    let mut report = Report {
        args,
        many: names.len() > MOST_BLOCKS && !args.explain,
        bar: progress(names.len()),
        on_screen: io::stdout().is_terminal(),
        sum: Sum::default(),
        passed_over,
        out,
        err,
    };
    in_order(
        cores(),
        names,
        move |number, named, stop| hear(&wanted, plots.as_ref(), number, named, stop),
        |named, result| report.add(&named.path, &result.unwrap_or(Err(FileError::Broken))),
    )?;
    report.end()
}

/// Hears one file, judges it and draws it.
fn hear(
    args: &Args,
    plots: Option<&Plots>,
    number: usize,
    named: &Named,
    stop: &CancellationToken,
) -> Result<Classified, FileError> {
    if let Some(trouble) = &named.trouble {
        return Err(trouble.clone());
    }
    let mut seen = KeptSound {
        envelope: plots.map(|_| Envelope::default()),
        seconds: args.explain.then(Seconds::default),
    };
    let known = Known {
        form: args.format,
        channel: args.channel.map(|channel| channel - 1),
    };
    let heard = hear_file(&named.path, known, &mut seen, stop)?;
    let made_of = made_of(&heard.origin, known.channel);
    let judgement = judge(&heard.facts());
    let picture = match (plots, &seen.envelope) {
        (Some(plots), Some(envelope)) => {
            let name = named.path.file_name().unwrap_or_default();
            let plot = Plot {
                title: &name.to_string_lossy(),
                made_of: &made_of,
                envelope,
                timeline: &heard.timeline,
                judgement: &judgement,
            };
            Some(plots.write(number, &named.path, &plot.to_svg()))
        }
        _ => None,
    };
    let explained = seen
        .seconds
        .map(|seconds| seconds.of(heard.timeline.heard()).collect());
    Ok(Classified {
        heard,
        made_of,
        judgement,
        explained,
        picture,
    })
}

/// What is kept of the sound itself while it is heard.
struct KeptSound {
    envelope: Option<Envelope>,
    seconds: Option<Seconds>,
}

impl Onlooker for KeptSound {
    fn samples(&mut self, samples: &[i16]) {
        if let Some(envelope) = &mut self.envelope {
            envelope.push(samples);
        }
    }

    fn frame(&mut self, frame: &Frame) {
        if let Some(seconds) = &mut self.seconds {
            seconds.frame(frame);
        }
    }
}

/// Reports results in order.
struct Report<'a> {
    args: &'a Args,
    many: bool,
    bar: ProgressBar,
    /// Lines go to the terminal that the bar is on.
    on_screen: bool,
    sum: Sum,
    passed_over: PassedOver,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl Report<'_> {
    fn add(&mut self, path: &Path, result: &Result<Classified, FileError>) -> Result<(), Error> {
        self.bar.inc(1);
        match result {
            Ok(outcome) => self.sum.add(outcome),
            Err(_) => self.sum.failed += 1,
        }
        let quiet = matches!(result, Ok(outcome) if outcome.heard.warnings.is_empty());
        if quiet && !self.on_screen {
            return self.put(path, result);
        }
        let bar = self.bar.clone();
        bar.suspend(|| self.put(path, result))
    }

    fn put(&mut self, path: &Path, result: &Result<Classified, FileError>) -> Result<(), Error> {
        let Self { args, out, err, .. } = self;
        let name = path.to_string_lossy();
        let name = shown(&name);
        match result {
            Ok(outcome) => {
                for warning in &outcome.heard.warnings {
                    writeln!(err, "voicemail-guard: {name}: warning: {warning}").ok();
                }
                if let Some(Err(error)) = &outcome.picture {
                    writeln!(
                        err,
                        "voicemail-guard: {name}: cannot write its picture: {error}"
                    )
                    .ok();
                }
                match (args.json, self.many) {
                    (true, _) => show::json(path, outcome, out)?,
                    (false, true) => show::line(path, outcome, out)?,
                    (false, false) => show::block(path, outcome, out)?,
                }
            }
            Err(trouble) => {
                if args.json {
                    show::json_trouble(path, trouble, out)?;
                }
                writeln!(err, "voicemail-guard: {name}: {trouble}").ok();
            }
        }
        out.flush()?;
        Ok(())
    }

    fn end(self) -> Result<ExitCode, Error> {
        self.bar.finish_and_clear();
        if self.many && !self.args.json {
            self.sum.print(self.out)?;
            self.out.flush()?;
        }
        if !self.passed_over.is_empty() {
            writeln!(self.err, "voicemail-guard: {}", self.passed_over).ok();
        }
        Ok(if self.sum.failed + self.sum.pictures_failed > 0 {
            ExitCode::from(SOME_FAILED)
        } else {
            ExitCode::SUCCESS
        })
    }
}
