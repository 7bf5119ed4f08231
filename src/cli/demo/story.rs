//! What `demo` says: before the calls, of each, and at the end. Words alone, without I/O.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::examples::{EXAMPLES, Example};
use crate::call_record::{CallRecord, EndedBy};
use crate::cli::listing::Cells;
use crate::prompts::Prompt;
use crate::text::shown;
use crate::wording::{self, Language};

/// What stands above the cells of a story.
const HEADER: [&str; 4] = ["the caller …", "the guard …", "verdict", "the team gets"];
/// Columns of the cells but the last, which needs up to 16; with gaps of two 99 in all.
const COLUMNS: [usize; 4] = [31, 36, 10, 0];

/// A call that has ended.
pub(super) struct Story<'a> {
    /// Which of the examples it is.
    pub(super) example: &'a Example,
    /// `GUARD_VERDICT`, as Asterisk has it.
    pub(super) given: Option<String>,
    /// The records that the log has of the caller.
    pub(super) records: Vec<CallRecord>,
    /// Sound that the caller had yet to send when the guard ended the call.
    pub(super) unheard: Duration,
}

impl Story<'_> {
    /// Whether the call left one closed record, and Asterisk and it have the right verdict.
    pub(super) fn is_right(&self) -> bool {
        let (wanted, given) = (self.example.made_for, self.given.as_deref());
        given == Some(wanted.as_str())
            && matches!(&self.records[..], [one] if one.verdict == Some(wanted))
    }

    /// The call in a line, in more where the terminal has fewer than 100 columns; and what is wrong
    /// with it.
    pub(super) fn text(&self, width: usize) -> String {
        let record = self.records.first();
        let verdict = record.and_then(|record| record.verdict);
        let team = match record {
            Some(record) if record.leaves_a_message() => "the message",
            Some(_) => "a row in the log",
            None => "nothing",
        };
        let mut text = row(
            [
                self.example.did(),
                &record.map_or_else(|| "left no record".into(), done),
                verdict.map_or("none", |verdict| {
                    wording::verdict_name(verdict, Language::En)
                }),
                team,
            ],
            width,
        );
        if !self.is_right() {
            let mut lines = Cells::new(width);
            lines.put(&self.mistake());
            text = text + "\n" + &lines.into_text();
        }
        text
    }

    fn mistake(&self) -> String {
        let given = self.given.as_deref().unwrap_or("none");
        let logged = self.records.iter().map(|record| match record.verdict {
            Some(verdict) => verdict.as_str(),
            None => "none",
        });
        let logged: Vec<_> = logged.collect();
        let mut text = format!("WRONG: this call is made for {}", self.example.made_for);
        // Writing into a string does not fail.
        let _ = match logged[..] {
            [] => write!(text, "; Asterisk got {given}, the log has no record"),
            [one] if one == given => Ok(()),
            _ => write!(
                text,
                "; Asterisk got {given}, the log has {}",
                logged.join(" and ")
            ),
        };
        text
    }

    /// Whether the guard ended a call that is no message.
    fn ended_junk(&self) -> bool {
        let by_guard = |record: &CallRecord| record.ended_by == Some(EndedBy::Guard);
        !self.example.made_for.is_delivered() && self.records.iter().any(by_guard)
    }
}

/// What the guard did, as the end of the sentence "the guard …".
fn done(record: &CallRecord) -> String {
    let asked = |prompt: Prompt| record.asked.iter().any(|asked| asked.prompt == prompt);
    let mut done = Vec::new();
    if asked(Prompt::StillThere) {
        done.push("asked “still there?”".to_owned());
    }
    if asked(Prompt::NumberFirst) {
        done.push("asked for the number".to_owned());
    }
    match record.ended_by {
        Some(EndedBy::Guard | EndedBy::Limit) => done.push("ended the call".to_owned()),
        Some(EndedBy::Caller) if !done.is_empty() => {}
        Some(EndedBy::Caller) if record.asked.is_empty() => done.push("only listened".to_owned()),
        Some(EndedBy::Caller) => done.push("greeted and listened".to_owned()),
        Some(other) => done.push(format!(
            "the call {}",
            wording::ended_by(other, Language::En)
        )),
        None => done.push("did not close its record".to_owned()),
    }
    done.join(", ")
}

/// Cells side by side; where they do not fit, the further ones on lines of their own.
fn row(cells: [&str; 4], width: usize) -> String {
    let mut lines = Cells::new(width);
    for (cell, columns) in cells.into_iter().zip(COLUMNS) {
        lines.put(&format!("{cell:columns$}"));
    }
    let text = lines.into_text();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// What is going to happen; `longest` is the longest recording.
pub(super) fn beginning(speed: f64, longest: Duration, width: usize) -> String {
    let seconds = (longest + AROUND).as_secs_f64() / speed;
    format!(
        "{} example calls come through a built-in fake Asterisk, at {speed} times real time:\n\
         about {seconds:.0} s. Nothing is delivered; their log goes into a throw-away folder.\n\n{}",
        EXAMPLES.len(),
        row(HEADER, width)
    )
}

/// What the greeting before a message and the farewell after it take.
const AROUND: Duration = Duration::from_secs(10);

/// What came of all calls; `records` is how many the log has.
pub(super) fn summary(stories: &[Story<'_>], records: usize) -> String {
    let calls = stories.len();
    let wrong = stories.iter().filter(|story| !story.is_right()).count();
    let mut lines = Vec::new();
    if records != calls {
        lines.push(format!("WRONG: {calls} calls left {records} records."));
    }
    if wrong > 0 {
        lines.push(format!(
            "{wrong} of {calls} calls went wrong: the lines with WRONG say what they are made for."
        ));
        return lines.join("\n");
    }
    let delivered = |story: &&Story<'_>| story.example.made_for.is_delivered();
    let messages = stories.iter().filter(delivered).count();
    let junk = calls - messages;
    lines.push(format!(
        "{calls} calls: {messages} are messages for the team, {junk} are not."
    ));
    let ended = stories.iter().filter(|story| story.ended_junk());
    let (ended, saved) = ended.fold((0, Duration::ZERO), |(ended, saved), story| {
        (ended + 1, saved + story.unheard)
    });
    if ended > 0 {
        lines.push(format!(
            "The guard ended {ended} of those {junk}; \
             plain VoiceMail() would have recorded {} s more.",
            saved.as_secs()
        ));
    }
    lines.join("\n")
}

/// Before a command.
const INDENT: &str = "    ";

/// What to do next; `data` is the folder of the calls' log if it stays for a while.
pub(super) fn next_steps(program: &str, data: Option<&Path>) -> String {
    let program = shown(program);
    let look = match data {
        Some(data) => format!(
            "Look at these calls, in another terminal:\n{INDENT}{program} calls --data {}",
            shown(&data.to_string_lossy())
        ),
        None => format!(
            "Look at such calls in their log, which is kept until you end this:\n\
             {INDENT}{program} demo"
        ),
    };
    format!(
        "What next?\n\
         Hear a recording of your own:\n{INDENT}{program} classify FILE\n\
         {look}\n\
         Put the guard before your VoiceMail(): asterisk-conf/README.md"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::MediaTime;
    use crate::call_record::example::caller;
    use crate::call_record::{Asked, Verdict};

    fn closed(example: &Example) -> CallRecord {
        CallRecord {
            verdict: Some(example.made_for),
            ..caller(example.number, "shown")
        }
    }

    /// A call that went right: asked whether anybody is there, and ended.
    fn right(example: &Example) -> Story<'_> {
        let mut record = closed(example);
        record.asked = [Prompt::Greeting, Prompt::StillThere]
            .map(|prompt| Asked {
                prompt: prompt.into(),
                at: MediaTime::ZERO,
                answer: None,
            })
            .into();
        record.ended_by = Some(EndedBy::Guard);
        Story {
            example,
            given: Some(example.made_for.to_string()),
            records: vec![record],
            unheard: Duration::from_millis(10_500),
        }
    }

    fn of(verdict: Verdict) -> &'static Example {
        let mut examples = EXAMPLES.iter();
        examples.find(|e| e.made_for == verdict).unwrap()
    }

    #[test]
    fn a_story_is_a_line_or_folded_between_its_cells() {
        let story = right(of(Verdict::Aside));
        let cells = [
            "laid the handset aside",
            "asked “still there?”, ended the call",
            "aside",
            "a row in the log",
        ];
        let words = cells.join(" ");
        for (width, lines) in [(100, 1), (99, 1), (80, 2), (50, 3)] {
            let text = story.text(width);
            assert_eq!(text.lines().count(), lines, "{width}:\n{text}");
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width), "{width}:\n{text}");
            let read: Vec<_> = text.split_whitespace().collect();
            assert_eq!(read.join(" "), words);
        }
    }

    #[test]
    fn every_example_fits_100_columns() {
        for example in &EXAMPLES {
            let text = right(example).text(100);
            let fits = text.lines().count() == 1 && text.chars().count() < 100;
            assert!(fits, "{text}");
            assert!(example.did().len() <= COLUMNS[0], "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let example = of(Verdict::Hangup);
        let check = |story: &Story<'_>, mistake: &str| {
            assert!(!story.is_right(), "{mistake}");
            let text = story.text(100);
            let words: Vec<_> = text.split_whitespace().collect();
            let words = words.join(" ");
            assert!(words.ends_with(mistake), "{text}\n{mistake}");
        };
        assert!(right(example).is_right());
        let made_for = "WRONG: this call is made for hangup";
        let both =
            |given, logged| format!("{made_for}; Asterisk got {given}, the log has {logged}");
        let mut story = right(example);
        story.given = None;
        check(&story, &both("none", "hangup"));
        story.given = Some("mutter".into());
        check(&story, &both("mutter", "hangup"));
        story.records[0].verdict = Some(Verdict::Mutter);
        check(&story, made_for);
        let mut story = right(example);
        story.records[0].verdict = None;
        check(&story, &both("hangup", "none"));
        story.records.clear();
        check(&story, &both("hangup", "no record"));
        let mut story = right(example);
        story.records.push(closed(example));
        check(&story, &both("hangup", "hangup and hangup"));
    }

    #[test]
    fn the_summary_counts_what_was_ended_and_saved() {
        let mut stories: Vec<_> = EXAMPLES.iter().map(right).collect();
        for story in &mut stories[1..3] {
            story.records[0].ended_by = Some(EndedBy::Caller);
        }
        let text = summary(&stories, 10);
        let lines = [
            "10 calls: 3 are messages for the team, 7 are not.",
            "The guard ended 5 of those 7; plain VoiceMail() would have recorded 52 s more.",
        ];
        assert_eq!(text, lines.join("\n"));
        let too_many = summary(&stories, 11);
        assert!(too_many.starts_with("WRONG: 10 calls left 11 records."));
        stories[0].given = None;
        let wrong = summary(&stories, 10);
        assert!(wrong.starts_with("1 of 10 calls went wrong"), "{wrong}");
        assert!(!wrong.contains("VoiceMail"), "{wrong}");
    }
}
