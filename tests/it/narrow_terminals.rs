//! `calls` on terminals of every usual width: nothing is wider, and what is copied from there is whole.

use jiff::tz::TimeZone;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, Destination, EndedBy, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::wording::{self, Language};

use crate::support::command_line::run;
use crate::support::records::closed;

#[test]
fn the_tables_fit_and_break_no_number_id_or_time() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let mut waits = CallRecord {
        delivered: Vec::new(),
        repeat_window_s: Some(3_600),
        ..closed(1, Verdict::Message)
    };
    waits.caller.name =
        "Dr. Maximilian Freiherr von Hohenstein-Oberndorf, Elektro Müller GmbH".into();
    let handed_on = CallRecord {
        delivered: Vec::new(),
        ended_by: Some(EndedBy::HandedOn),
        repeat_window_s: Some(3_600),
        ..closed(2, Verdict::Unsure)
    };
    let records = [&waits, &handed_on];
    for record in records {
        log.close_and_deliver(record.clone(), &[Destination::Mail]);
    }
    log.flush().blocking_recv().unwrap();
    for width in [80, 100, 120] {
        for line in [&["calls"][..], &["calls", "--cases"]] {
            let given = width.to_string();
            let (_, out) = run(folder.path(), &[line, &["--width", &given]].concat());
            let widest = out.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{widest} of {width}:\n{out}");
            for record in records {
                for whole in [
                    record.id.to_string(),
                    record.callback.best_form().to_owned(),
                    wording::time(record.started, &TimeZone::system(), Language::En),
                ] {
                    let is_whole = out.lines().any(|line| line.contains(&whole));
                    assert!(is_whole, "{whole} at {width}:\n{out}");
                }
            }
        }
    }
}
