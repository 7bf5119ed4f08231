//! What the session does beside the conversation; the conversation itself is in `calls.rs` and `wire.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{CodecLimits, Incoming};
use voicemail_guard::call::record::{CallRecord, EndedBy};
use voicemail_guard::call::verdict::Verdict;
use voicemail_guard::clock::Clock;
use voicemail_guard::config::{Config, Current};
use voicemail_guard::log::{CallLog, Query, Reader};
use voicemail_guard::server::Connection;
use voicemail_guard::session::Guard;
use voicemail_guard::tap::monitor::Folder;

#[tokio::test]
async fn a_request_that_names_no_voice_box_goes_on_to_voicemail_and_is_filed() {
    for script in [
        "guard",
        "guard?box=",
        "guard?box=..%2f..%2fetc@..%2f..",
        "guard?box=100@default@x",
        "guard?box=..@default",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let guard = guard(&folder, "");
        let said = answers(&guard, script).await;
        assert_eq!(said, "failure\n", "{script}");
        let (reader, records) = filed(&guard).await;
        assert_eq!(records.len(), 1, "{script}");
        let record = &records[0];
        assert_eq!(reader.case_of(record.id).unwrap(), None, "{script}");
        assert_eq!(record.verdict, Some(Verdict::Unsure), "{script}");
        assert_eq!(record.ended_by, Some(EndedBy::HandedOn), "{script}");
        assert!(record.reasons[0].contains("no voice box"), "{record:?}");
    }
}

#[tokio::test]
async fn whom_a_list_lets_by_or_turns_away_is_in_no_case() {
    for (list, ended_by, status) in [
        ("refuse", EndedBy::TurnedAway, "refused"),
        ("straight_to_voicemail", EndedBy::Straight, "straight"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let guard = guard(&folder, &format!("[defaults]\n{list} = [\"0911 555001\"]"));
        let said = answers(&guard, "guard?box=100@default").await;
        let set = format!("SET VARIABLE GUARD_STATUS {status}\n");
        assert!(said.ends_with(&set), "{said}");
        let (reader, records) = filed(&guard).await;
        assert_eq!(records.len(), 1, "{list}");
        assert_eq!(records[0].ended_by, Some(ended_by), "{list}");
        assert!(records[0].repeat_window_s.is_some(), "calls do form cases");
        assert_eq!(reader.case_of(records[0].id).unwrap(), None, "{list}");
    }
}

/// A guard by these settings, with everything it keeps below a folder.
fn guard(folder: &TempDir, settings: &str) -> Guard {
    let (data, clock) = (folder.path().join("data"), Clock::default());
    Guard {
        settings: Current::new(Config::parse(settings.as_bytes()).unwrap()),
        log: CallLog::open(&data, clock).unwrap().log,
        clock,
        data,
        source: Box::new(Folder(folder.path().to_owned())),
        at_once: CancellationToken::new(),
    }
}

/// What the guard says to an Asterisk that has this request and does whatever it is told.
async fn answers(guard: &Guard, script: &str) -> String {
    let (near, mut far) = tokio::io::duplex(4096);
    let prelude = format!(
        "agi_network: yes\nagi_network_script: {script}\nagi_callerid: +49911555001\nagi_callingpres: 0\n\n"
    );
    far.write_all(prelude.as_bytes()).await.unwrap();
    let asterisk = tokio::spawn(async move {
        let (heard, mut says) = tokio::io::split(far);
        let (mut heard, mut said) = (BufReader::new(heard), String::new());
        while heard.read_line(&mut said).await.unwrap() > 0 {
            // The guard may have closed behind its last line.
            says.write_all(b"200 result=1\n").await.ok();
        }
        said
    });
    let mut connection = Connection::new(near, CodecLimits::default());
    let Ok(Some(Incoming::Request(request))) = connection.next().await else {
        panic!("no prelude");
    };
    guard.answer(connection, request).await;
    asterisk.await.unwrap()
}

async fn filed(guard: &Guard) -> (Reader, Vec<CallRecord>) {
    guard.log.flush().await.unwrap();
    let reader = Reader::open(&guard.data).unwrap();
    let records = reader.calls(&Query::default()).unwrap();
    (reader, records)
}
