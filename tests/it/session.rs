//! What the session does beside the conversation; the conversation itself is in `calls.rs` and `wire.rs`.

use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{CodecLimits, Incoming};
use voicemail_guard::audio::g711;
use voicemail_guard::call_log::{CallLog, Query, Reader};
use voicemail_guard::call_record::{CallRecord, EndedBy, Reason, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::server::Connection;
use voicemail_guard::session::{Guard, Overload};
use voicemail_guard::tap::monitor::Folder;

use crate::support::listeners::all_three_were_asked;

#[tokio::test]
async fn a_request_that_names_no_possible_mailbox_goes_on_to_voicemail_and_is_filed() {
    let impossible = |name: &str| Reason::ImpossibleMailbox(name.into());
    for (script, reason) in [
        ("guard", Reason::NoMailbox),
        ("guard?box=", Reason::NoMailbox),
        (
            "guard?box=..%2f..%2fetc@..%2f..",
            impossible("../../etc@../.."),
        ),
        ("guard?box=100@default@x", impossible("100@default@x")),
        ("guard?box=..@default", impossible("..@default")),
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
        assert_eq!(record.reasons, [reason], "{script}");
    }
}

#[tokio::test]
async fn whom_a_list_lets_through_or_turns_away_is_in_no_case() {
    for (list, ended_by, status) in [
        ("refuse", EndedBy::Rejected, "refused"),
        ("straight_to_voicemail", EndedBy::Bypassed, "straight"),
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

#[tokio::test]
async fn who_could_leave_nothing_that_anybody_hears_goes_on_to_voicemail_until_that_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("default/100/INBOX");
    std::fs::create_dir_all(inbox.parent().unwrap()).unwrap();
    std::fs::write(&inbox, "").unwrap();
    let guard = guard(&folder, "[box.200]\nmode = 'observe'");
    let said = answers(&guard, "guard?box=100@default").await;
    assert_eq!(said, "failure\n");
    let observed = answers(&guard, "guard?box=200@default").await;
    assert_ne!(observed, "failure\n");
    std::fs::remove_file(&inbox).unwrap();
    let said = answers(&guard, "guard?box=100@default").await;
    assert!(said.contains("ANSWER\n"), "{said}");
    let (_, records) = filed(&guard).await;
    let reasons = [Reason::Undeliverable(format!(
        "{} is not a folder",
        inbox.display()
    ))];
    let first = records
        .iter()
        .find(|record| record.reasons == reasons)
        .unwrap();
    assert_eq!(first.ended_by, Some(EndedBy::HandedOn));
    assert_eq!(first.verdict, Some(Verdict::Unsure));
}

/// Three calls see within ten seconds that Asterisk answers late; ten seconds later it has caught up.
#[tokio::test(start_paused = true)]
async fn while_asterisk_answers_several_calls_late_new_ones_are_left_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let guard = guard(&folder, "");
    let late = Duration::from_millis(3_200);
    for before in 0..3 {
        let said = answers_after(late, &guard, "guard?box=100@default").await;
        assert!(
            said.contains("ANSWER\n"),
            "{before} are not several: {said}"
        );
    }
    let said = answers(&guard, "guard?box=200@default").await;
    assert_eq!(said, "failure\n");
    guard.clock.sleep(Duration::from_secs(11)).await;
    let said = answers(&guard, "guard?box=300@default").await;
    assert!(said.contains("ANSWER\n"), "it has caught up: {said}");
    let (_, records) = filed(&guard).await;
    let refused: Vec<_> = records
        .iter()
        .filter(|record| record.ended_by == Some(EndedBy::Overloaded))
        .collect();
    assert_eq!(refused.len(), 1, "{records:?}");
    assert_eq!(refused[0].mailbox.as_str(), "200@default");
    assert_eq!(refused[0].verdict, Some(Verdict::Unsure));
    assert_eq!(refused[0].reasons, [Reason::Behind]);
}

/// As Asterisk closes when the caller hangs up in `VoiceMail()` while a command waits for it: what it said
/// before counts, although nothing can be written any more.
#[tokio::test]
async fn a_caller_who_hangs_up_while_a_command_waits_for_asterisk_has_hung_up() {
    let folder = tempfile::tempdir().unwrap();
    let guard = guard(&folder, "[defaults]\nmode = \"observe\"");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut asterisk = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (near, _) = listener.accept().await.unwrap();
    asterisk
        .write_all(prelude("guard?box=100@default").as_bytes())
        .await
        .unwrap();
    let speaks = async move {
        let mut heard = BufReader::with_capacity(1, asterisk);
        let mut line = String::new();
        while !line.starts_with("EXEC MixMonitor") {
            line.clear();
            heard.read_line(&mut line).await.unwrap();
            heard.write_all(b"200 result=1 (x)\n").await.unwrap();
        }
        // GET VARIABLE, SET VARIABLE, EXEC VoiceMail; the last stays unread.
        for _ in 0..2 {
            heard.read_line(&mut line).await.unwrap();
            heard.write_all(b"200 result=1 (x)\n").await.unwrap();
        }
        let mut asterisk = heard.into_inner();
        asterisk.readable().await.unwrap();
        asterisk
            .write_all(b"200 result=-1\nHANGUP\nHANGUP\n")
            .await
            .unwrap();
    };
    let mut connection = Connection::new(near, CodecLimits::default());
    let Ok(Some(Incoming::Request(request))) = connection.next().await else {
        panic!("no prelude");
    };
    // Asterisk has closed before the guard reads on: one thread, one after the other.
    tokio::join!(guard.answer(connection, request), speaks);
    let (_, records) = filed(&guard).await;
    assert_eq!(records[0].ended_by, Some(EndedBy::Caller), "{records:?}");
}

/// MixMonitor has written ten seconds of a voice by the time that the caller hangs up in `VoiceMail()`.
#[tokio::test]
async fn a_call_that_is_over_is_heard_again_by_the_third_listener() {
    let folder = tempfile::tempdir().unwrap();
    let guard = guard(&folder, "[defaults]\nmode = \"observe\"");
    let (near, mut far) = tokio::io::duplex(4096);
    far.write_all(prelude("guard?box=100@default").as_bytes())
        .await
        .unwrap();
    let clock = guard.clock;
    let speaks = async move {
        let (heard, mut says) = tokio::io::split(far);
        let mut heard = BufReader::new(heard).lines();
        while let Some(line) = heard.next_line().await.unwrap() {
            let mut answer = "200 result=1 (x)\n";
            if line.starts_with("EXEC MixMonitor") {
                let (_, file) = line.split_once("r(").unwrap();
                let (file, _) = file.split_once(')').unwrap();
                std::fs::write(file, spoken_for_ten_seconds()).unwrap();
            } else if line.starts_with("EXEC VoiceMail") {
                clock.sleep(Duration::from_millis(700)).await;
                answer = "200 result=-1\nHANGUP\n";
            }
            // The guard may have closed behind its last line.
            says.write_all(answer.as_bytes()).await.ok();
        }
    };
    let mut connection = Connection::new(near, CodecLimits::default());
    let Ok(Some(Incoming::Request(request))) = connection.next().await else {
        panic!("no prelude");
    };
    tokio::join!(guard.answer(connection, request), speaks);
    let (_, records) = filed(&guard).await;
    let record = &records[0];
    assert_eq!(record.ended_by, Some(EndedBy::Caller), "{record:?}");
    assert_eq!(record.verdict, Some(Verdict::Message), "{record:?}");
    let kept = guard.data.join(record.audio.as_ref().unwrap());
    assert!(all_three_were_asked(record.confidence, &kept), "{record:?}");
}

fn spoken_for_ten_seconds() -> Vec<u8> {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/speech.ulaw");
    let spoken = std::fs::read(clip).unwrap().repeat(2);
    let wide = spoken.into_iter().flat_map(|byte| [g711::ulaw(byte); 6]);
    wide.flat_map(i16::to_le_bytes).collect()
}

/// A guard by these settings, with everything it keeps below a folder.
fn guard(folder: &TempDir, settings: &str) -> Guard {
    let (data, clock) = (folder.path().join("data"), Clock::default());
    let mut config = Config::parse(settings.as_bytes()).unwrap();
    config.delivery.voicemail.spool = folder.path().into();
    config.tap.folder_as_guard_sees_it = folder.path().into();
    Guard {
        settings: SharedConfig::new(config),
        log: CallLog::open(&data, clock).unwrap().log,
        clock,
        data,
        source: Box::new(Folder {
            as_asterisk_sees_it: folder.path().to_owned(),
            as_guard_sees_it: folder.path().to_owned(),
        }),
        at_once: CancellationToken::new(),
        queues: None,
        overload: Overload::default(),
    }
}

fn prelude(script: &str) -> String {
    format!(
        "agi_network: yes\nagi_network_script: {script}\nagi_callerid: +49911555001\nagi_callingpres: 0\n\n"
    )
}

/// What the guard says to an Asterisk that has this request and does whatever it is asked.
async fn answers(guard: &Guard, script: &str) -> String {
    answers_after(Duration::ZERO, guard, script).await
}

/// The same, by one that does nothing for so long once the guard has decided.
async fn answers_after(delay: Duration, guard: &Guard, script: &str) -> String {
    let (near, mut far) = tokio::io::duplex(4096);
    far.write_all(prelude(script).as_bytes()).await.unwrap();
    let clock = guard.clock;
    let asterisk = tokio::spawn(async move {
        let (heard, mut says) = tokio::io::split(far);
        let (mut heard, mut said) = (BufReader::new(heard), String::new());
        loop {
            let before = said.len();
            if heard.read_line(&mut said).await.unwrap() == 0 {
                break said;
            }
            if said[before..].starts_with("SET VARIABLE GUARD_VERDICT") {
                clock.sleep(delay).await;
            }
            // The guard may have closed behind its last line.
            says.write_all(b"200 result=1\n").await.ok();
        }
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
