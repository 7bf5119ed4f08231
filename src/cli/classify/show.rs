//! What was heard of each file: JSON lines for machines, blocks or lines for people.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::explain::{self, ShownSecond};
use crate::audio::MediaTime;
use crate::call::verdict::Judgement;
use crate::call_record::Verdict;
use crate::cli::recording::{FileError, HeardFile};
use crate::hearing::{Class, Segment};
use crate::plot::percent;
use crate::text::{plain_json, shown};
use crate::wording::{self, Language};

/// A file and what came of it.
pub(super) struct Classified {
    pub(super) heard: HeardFile,
    pub(super) made_of: String,
    pub(super) judgement: Judgement,
    pub(super) explained: Option<Vec<ShownSecond>>,
    pub(super) picture: Option<io::Result<PathBuf>>,
}

/// One JSON object of `--json`.
#[derive(Serialize)]
struct JsonLine<'a> {
    file: &'a str,
    duration: MediaTime,
    segments: Vec<LineSegment>,
    verdict: Verdict,
    confidence: f64,
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<&'a [ShownSecond]>,
}

#[derive(Serialize)]
struct LineSegment {
    start: MediaTime,
    end: MediaTime,
    class: Class,
    at: MediaTime,
}

impl From<&Segment> for LineSegment {
    fn from(segment: &Segment) -> Self {
        Self {
            start: segment.start,
            end: segment.end,
            class: segment.class,
            at: segment.known_at,
        }
    }
}

/// One JSON object of a file that could not be heard.
#[derive(Serialize)]
struct ErrorLine<'a> {
    file: &'a str,
    error: &'a str,
}

/// A file's line of JSON.
pub(super) fn json(path: &Path, outcome: &Classified, out: &mut dyn Write) -> io::Result<()> {
    let Classified {
        heard, judgement, ..
    } = outcome;
    let line = JsonLine {
        file: &path.to_string_lossy(),
        duration: heard.timeline.heard(),
        segments: heard.timeline.segments().iter().map(Into::into).collect(),
        verdict: judgement.verdict,
        confidence: (f64::from(judgement.confidence) * 1_000.0).round() / 1_000.0,
        reasons: wording::reasons(&judgement.reasons, Language::En),
        explain: outcome.explained.as_deref(),
    };
    put_line(&line, out)
}

/// The line of JSON of a file that could not be heard.
pub(super) fn json_trouble(
    path: &Path,
    trouble: &FileError,
    out: &mut dyn Write,
) -> io::Result<()> {
    let line = ErrorLine {
        file: &path.to_string_lossy(),
        error: &trouble.to_string(),
    };
    put_line(&line, out)
}

/// In one piece, so that a reader of growing output never sees half a line.
fn put_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut text = plain_json(&serde_json::to_string(line)?);
    text.push('\n');
    out.write_all(text.as_bytes())
}

/// Everything about one file, for people.
pub(super) fn block(path: &Path, outcome: &Classified, out: &mut dyn Write) -> io::Result<()> {
    let Classified {
        heard, judgement, ..
    } = outcome;
    writeln!(out, "{}", shown(&path.to_string_lossy()))?;
    writeln!(
        out,
        "  {}, confidence {}{}",
        judgement.verdict,
        percent(judgement.confidence),
        if judgement.verdict.is_delivered() {
            ", delivered"
        } else {
            ", not delivered"
        }
    )?;
    for reason in wording::reasons(&judgement.reasons, Language::En) {
        writeln!(out, "  - {reason}")?;
    }
    writeln!(
        out,
        "  {} of sound: {}",
        heard.timeline.heard(),
        outcome.made_of
    )?;
    writeln!(out, "\n    from       to     for  class    known at")?;
    for segment in heard.timeline.segments() {
        let signal = segment.signal.map(|s| format!("  {s}")).unwrap_or_default();
        writeln!(
            out,
            "  {:>6.2}  {:>7.2} {:>7.2}  {:<8} {:>8.2}{signal}",
            segment.start.as_secs_f64(),
            segment.end.as_secs_f64(),
            segment.len().as_secs_f64(),
            segment.class.to_string(),
            segment.known_at.as_secs_f64(),
        )?;
    }
    if let Some(seconds) = &outcome.explained {
        writeln!(out)?;
        explain::table(seconds, out)?;
    }
    if let Some(Ok(picture)) = &outcome.picture {
        writeln!(out, "\n  picture: {}", shown(&picture.to_string_lossy()))?;
    }
    writeln!(out)
}

/// One line about one file, for people.
pub(super) fn line(path: &Path, outcome: &Classified, out: &mut dyn Write) -> io::Result<()> {
    let judgement = &outcome.judgement;
    let why = judgement
        .reasons
        .first()
        .map(|reason| wording::reason(reason, Language::En))
        .unwrap_or_default();
    writeln!(
        out,
        "{:<10} {:>5} {:>9}  {}  ({why})",
        judgement.verdict.to_string(),
        percent(judgement.confidence),
        outcome.heard.timeline.heard().to_string(),
        shown(&path.to_string_lossy())
    )
}

/// What came of all files.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) failed: usize,
    pub(super) pictures_failed: usize,
    verdicts: [usize; Verdict::ALL.len()],
    sound: MediaTime,
}

impl Sum {
    pub(super) fn add(&mut self, outcome: &Classified) {
        self.pictures_failed += usize::from(matches!(outcome.picture, Some(Err(_))));
        self.sound += outcome.heard.timeline.heard();
        for (count, verdict) in self.verdicts.iter_mut().zip(Verdict::ALL) {
            *count += usize::from(verdict == outcome.judgement.verdict);
        }
    }

    /// One paragraph about all files, for people.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let heard: usize = self.verdicts.iter().sum();
        let counts: Vec<String> = self
            .verdicts
            .iter()
            .zip(Verdict::ALL)
            .filter(|(count, _)| **count > 0)
            .map(|(count, verdict)| format!("{count} {verdict}"))
            .collect();
        let minutes = self.sound.as_secs_f64() / 60.0;
        write!(out, "\n{heard} recordings, {minutes:.1} minutes of sound")?;
        if !counts.is_empty() {
            write!(out, ": {}", counts.join(", "))?;
        }
        writeln!(out, "; {} could not be heard", self.failed)
    }
}
