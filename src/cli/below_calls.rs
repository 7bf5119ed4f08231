//! What stands below the table of `calls`.

use std::io::{self, Write};
use std::path::Path;

use crate::audio::MediaTime;
use crate::call_log::{Delivery, Stage, waiting};
use crate::call_record::{CallRecord, Mode, QueueWait, WaitEnd};

/// What stands below a table: what enforce would have saved in the calls that were only observed, what is not
/// delivered, and what `VoiceMail()` took.
#[derive(Clone, Copy, Default)]
pub(super) struct Observed {
    waiting: usize,
    given_up: usize,
    handed_on: usize,
    calls: usize,
    ended: usize,
    saved: MediaTime,
    waits: Waits,
}

/// What became of the callers who waited in queues.
#[derive(Clone, Copy, Default)]
struct Waits {
    all: usize,
    deserted: usize,
    answered_in_vain: usize,
    taken_out: usize,
}

impl Waits {
    fn count(&mut self, wait: &QueueWait) {
        self.all += 1;
        self.deserted += usize::from(wait.is_deserted());
        self.answered_in_vain += usize::from(wait.was_answered_in_vain());
        self.taken_out += usize::from(wait.ended == Some(WaitEnd::Ended));
    }
}

impl Observed {
    pub(super) fn count(&mut self, record: &CallRecord, owed: &[Delivery]) {
        let given_up = owed.iter().any(|delivery| delivery.stage == Stage::GivenUp);
        let waiting = owed.iter().any(|delivery| delivery.stage != Stage::GivenUp);
        self.waiting += usize::from(waiting);
        self.given_up += usize::from(given_up);
        self.handed_on += usize::from(record.went_to_voicemail());
        self.calls += usize::from(record.mode == Mode::Observe && record.queue.is_none());
        if let Some(wait) = &record.queue {
            self.waits.count(wait);
        }
        if let Some(would_have) = record.would_have {
            self.ended += 1;
            self.saved += would_have.saved_s;
        }
    }
}

/// `is_cut`: there may be more calls than were printed.
pub(super) fn notes(
    printed: usize,
    is_cut: bool,
    observed: Observed,
    folder: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    if observed.calls > 0 {
        writeln!(
            out,
            "Observed: {}; enforce would have ended {} of them earlier and saved {:.1} minutes.",
            observed.calls,
            observed.ended,
            observed.saved.as_secs_f64() / 60.0
        )?;
    }
    let Waits {
        all,
        deserted,
        answered_in_vain,
        taken_out,
    } = observed.waits;
    if all > 0 {
        writeln!(
            out,
            "Waited in queues: {all}; nobody was there at the end of {deserted}. Of these answered in vain: {answered_in_vain}; taken out of the queue: {taken_out}."
        )?;
    }
    if observed.waiting + observed.given_up > 0 {
        writeln!(
            out,
            "Not delivered yet: {}; given up: {}. voicemail-guard call ID says why.",
            observed.waiting, observed.given_up
        )?;
    }
    if observed.handed_on > 0 {
        writeln!(
            out,
            "Handed on to VoiceMail(): {}; look into their mailboxes, too.",
            observed.handed_on
        )?;
    }
    if printed == 0 {
        writeln!(out, "No calls found.")?;
    } else if is_cut {
        writeln!(out, "The newest {printed}; --limit N shows more.")?;
    }
    let waiting = waiting(folder);
    if waiting > 0 {
        writeln!(
            out,
            "{waiting} entries wait in the journal until the database can be written; they are not shown."
        )?;
    }
    Ok(())
}
