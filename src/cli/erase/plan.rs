//! What there is to erase, as it is shown before anything is done, and what lies outside the
//! guard's hands.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::traces::{InFile, Trace};
use super::{Error, Names};
use crate::call_log::leftovers::{count_unreadable, files_of_set_aside};
use crate::call_log::{Elsewhere, Eraser, Found, OthersCall, Place, Stage, UNREADABLE};
use crate::call_record::{CallId, CallRecord, Mode};
use crate::keeping::is_of;
use crate::text::{counted, shortened, shown};
use crate::wording::{self, Language::En};

/// Characters of a text from outside that are shown.
const MOST_SHOWN: usize = 200;

/// What there is of a number or a call.
pub(super) struct Plan {
    /// What is erased.
    pub(super) calls: Vec<Found>,
    /// What is not, since it is not over.
    pub(super) up: Vec<Found>,
    /// Calls of others in which the number stands and which are not over.
    pub(super) others_up: Vec<OthersCall>,
    /// Where the number stands beside them.
    pub(super) elsewhere: Elsewhere,
    /// Where digits stand that may be the number, or another's.
    pub(super) unsure: BTreeSet<Place>,
    /// The broken databases that have it.
    pub(super) set_aside: Vec<SetAsideWithIt>,
    /// How many lines that nobody can read have it.
    pub(super) unreadable: usize,
    /// How many recordings were removed.
    pub(super) recordings: u32,
}

/// A broken database that has it: it can only be removed whole.
pub(super) struct SetAsideWithIt {
    pub(super) file: String,
    /// Whether a guard has taken over what it owed.
    pub(super) is_taken_over: bool,
    /// The calls in it that have recordings beside it.
    pub(super) recordings: Vec<(CallId, Timestamp)>,
}

impl Plan {
    pub(super) fn of(
        trace: &Trace,
        eraser: &Eraser,
        data: &Path,
        is_running: bool,
    ) -> Result<Self, Error> {
        let mut names = Names::default();
        let mut unsure = BTreeSet::new();
        let (found, mut elsewhere) = match trace {
            Trace::Number(number) => {
                names = Names::of(number, data)?;
                let calls = eraser.calls_of(number, &names.sure)?;
                let others = eraser.unsure_calls(number, &calls, &names.unsure)?;
                let elsewhere = eraser.elsewhere(number, &calls)?;
                unsure.extend(others.into_iter().map(Place::Call));
                unsure.extend(elsewhere.unsure.iter().cloned());
                (calls, elsewhere)
            }
            Trace::Call(id) => (
                eraser.call(*id)?.into_iter().collect(),
                Elsewhere::default(),
            ),
        };
        let is_theirs = |record: &CallRecord| match trace {
            Trace::Number(number) => is_of(record, number, &names.sure),
            Trace::Call(id) => record.id == *id,
        };
        // What is changed of a call that is up, its end writes anew.
        let (others_up, others) = elsewhere
            .calls
            .into_iter()
            .partition(|call| is_running && call.is_up);
        elsewhere.calls = others;
        // Where no guard runs, nothing is up: what was never closed was left by one that died.
        let (up, calls) = found
            .into_iter()
            .partition(|call| is_running && call.ended.is_none());
        let mut set_aside = Vec::new();
        for aside in eraser.set_aside()? {
            let files = files_of_set_aside(data, &aside.file).into_iter();
            let found = files.map(|path| trace.in_file(&path));
            let found = found.fold(InFile::default(), |all, of| {
                all.or(of.unwrap_or(InFile::ALL))
            });
            if found.is_in {
                set_aside.push(SetAsideWithIt {
                    recordings: eraser.calls_in_set_aside(&aside.file, is_theirs),
                    is_taken_over: aside.takeover.is_some(),
                    file: aside.file,
                });
            } else if found.has_unsure {
                unsure.insert(Place::File(aside.file));
            }
        }
        let unreadable =
            count_unreadable(data, |line| trace.is_in_line(line)).map_err(|source| {
                let path = data.join(UNREADABLE);
                Error::File { path, source }
            })?;
        if let Trace::Number(number) = trace {
            let may_be = |line: &[u8]| {
                let found = number.search(&String::from_utf8_lossy(line));
                found.without.is_none() && found.has_unsure
            };
            if count_unreadable(data, may_be).is_ok_and(|lines| lines > 0) {
                unsure.insert(Place::File(UNREADABLE.into()));
            }
        }
        Ok(Self {
            calls,
            up,
            others_up,
            elsewhere,
            unsure,
            set_aside,
            unreadable,
            recordings: 0,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_something_to_erase() && !self.is_about_to_come()
    }

    /// Whether there are calls that are not over, and will be filed.
    pub(super) fn is_about_to_come(&self) -> bool {
        !self.up.is_empty() || !self.others_up.is_empty()
    }

    /// The calls that are not over.
    pub(super) fn calls_up(&self) -> impl Iterator<Item = CallId> {
        let others = self.others_up.iter().map(|call| call.id);
        self.up.iter().map(|call| call.id).chain(others)
    }

    pub(super) fn has_something_to_erase(&self) -> bool {
        !self.calls.is_empty()
            || !self.set_aside.is_empty()
            || self.unreadable > 0
            || !self.elsewhere.is_empty()
    }

    /// Whether somebody would never get a message by it.
    pub(super) fn has_undelivered(&self) -> bool {
        let mut all = self.calls.iter().flat_map(|call| &call.undelivered);
        all.any(|delivery| delivery.stage != Stage::Stored)
    }

    pub(super) fn show(
        &self,
        trace: &Trace,
        data: &Path,
        zone: &TimeZone,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        for call in self.calls.iter().chain(&self.up) {
            for delivery in call
                .undelivered
                .iter()
                .filter(|of| of.stage != Stage::Stored)
            {
                let since = wording::time(delivery.since, zone, En);
                let stage = match delivery.stage {
                    Stage::GivenUp => "could not be delivered",
                    _ => "not delivered yet",
                };
                let why = delivery.why.as_deref().unwrap_or("not tried yet");
                let (id, to) = (call.id, delivery.to.as_str());
                let why = shortened(why, MOST_SHOWN);
                writeln!(
                    out,
                    "NOT DELIVERED: call {id}, {to}: {stage}, since {since}: {why}"
                )?;
            }
        }
        let what = match trace {
            Trace::Number(_) => "Calls by this number, or to be called back there",
            Trace::Call(_) => "The call",
        };
        writeln!(out, "{what}, in {}:", data.display())?;
        for call in &self.calls {
            writeln!(out, "  {}", line(call, zone))?;
        }
        for call in &self.up {
            writeln!(out, "  {} (still up, stays)", line(call, zone))?;
        }
        if self.calls.is_empty() && self.up.is_empty() {
            writeln!(out, "  none")?;
        }
        let Elsewhere {
            calls,
            corrections,
            notes,
            unsure: _,
        } = &self.elsewhere;
        if !self.elsewhere.is_empty() {
            writeln!(out, "It stands elsewhere, and is taken out there:")?;
        }
        for OthersCall { id, .. } in calls {
            writeln!(out, "  in call {id}, somebody else's")?;
        }
        for (_, id) in corrections {
            writeln!(
                out,
                "  in what was noted on the verdict of call {id}, somebody else's"
            )?;
        }
        for note in notes {
            let (case, at) = (&note.case, wording::time(note.at, zone, En));
            let who = shortened(note.who.as_deref().unwrap_or("nobody"), MOST_SHOWN);
            writeln!(out, "  in a note of {who}'s on case {case}, {at}")?;
        }
        for aside in &self.set_aside {
            let file = &aside.file;
            writeln!(
                out,
                "{file}, a broken database, has it: it cannot be changed and is removed, with the calls of others in it"
            )?;
        }
        if self.unreadable > 0 {
            let lines = match self.unreadable {
                1 => format!("1 line of {UNREADABLE} has it and is made blank"),
                lines => format!("{lines} lines of {UNREADABLE} have it and are made blank"),
            };
            writeln!(out, "{lines}")?;
        }
        Ok(())
    }

    /// Where digits stand that may be this number and stay, since they may be another's.
    pub(super) fn show_unsure(&self, out: &mut dyn Write) -> Result<(), Error> {
        if self.unsure.is_empty() {
            return Ok(());
        }
        let places: Vec<_> = self.unsure.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "\n{} digits that may be this number, or another's: {}. Not changed; look, and remove them by --call or by hand.",
            match places.len() {
                1 => "1 place holds".to_owned(),
                many => format!("{} hold", counted(many, "place")),
            },
            places.join(", ")
        )?;
        Ok(())
    }

    /// Where the guard has put something that it cannot take back, and where others keep what they
    /// know of the calls.
    pub(super) fn show_outside(&self, zone: &TimeZone, out: &mut dyn Write) -> Result<(), Error> {
        writeln!(out, "\nOutside the guard's hands, to be erased there:")?;
        for call in &self.calls {
            let owed = call.undelivered.iter();
            for delivery in owed.filter(|of| !matches!(of.stage, Stage::Stored | Stage::GivenUp)) {
                let (to, mailbox) = (delivery.to.as_str(), delivery.mailbox.as_str());
                let mailbox = shortened(mailbox, MOST_SHOWN);
                writeln!(
                    out,
                    "  {to} of {mailbox}: what was in flight just then may have arrived (call {})",
                    call.id
                )?;
            }
        }
        let records = self.calls.iter().filter_map(|call| call.record.as_ref());
        for record in records.clone() {
            for delivered in &record.delivered {
                let what = wording::delivered(delivered, zone, En);
                writeln!(out, "  {what} (call {})", record.id)?;
            }
            let is_voicemails = record.went_to_voicemail() || record.mode == Mode::Observe;
            if is_voicemails {
                let (mailbox, at) = (
                    record.mailbox.as_str(),
                    wording::time(record.started, zone, En),
                );
                let mailbox = shortened(mailbox, MOST_SHOWN);
                writeln!(
                    out,
                    "  {mailbox}: what VoiceMail() itself may have taken at {at} (call {})",
                    record.id
                )?;
            }
        }
        let ids: Vec<_> = records
            .map(|record| shown(&record.uniqueid).to_string())
            .collect();
        if !ids.is_empty() {
            writeln!(
                out,
                "  Asterisk's own records of calls (CDR, CEL, queue log), uniqueid {}",
                ids.join(", ")
            )?;
        }
        writeln!(
            out,
            "  the technical log: a line for each call with number and name, until it is rotated\n  \
             backups and snapshots of this folder"
        )?;
        Ok(())
    }
}

fn line(call: &Found, zone: &TimeZone) -> String {
    let at = wording::time(call.started, zone, En);
    let Some(record) = &call.record else {
        return format!("{}  {at}  (its record cannot be read)", call.id);
    };
    let verdict = record
        .verdict
        .map_or("(never closed)", |verdict| verdict.as_str());
    let mailbox = shortened(record.mailbox.as_str(), MOST_SHOWN);
    let number = wording::number(&record.caller, En);
    let audio = if record.audio.is_some() {
        ", recording"
    } else {
        ""
    };
    format!("{}  {at}  {number}  {mailbox}  {verdict}{audio}", call.id)
}
