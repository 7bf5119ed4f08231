//! What the session does beside the conversation; the conversation itself is in `calls.rs` and `wire.rs`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use voicemail_guard::agi::{CodecLimits, Incoming};
use voicemail_guard::call::record::EndedBy;
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
        let (data, clock) = (folder.path().join("data"), Clock::default());
        let guard = Guard {
            settings: Current::new(Config::default()),
            log: CallLog::open(&data, clock).unwrap().log,
            clock,
            data: data.clone(),
            source: Box::new(Folder(folder.path().to_owned())),
            at_once: CancellationToken::new(),
        };
        let (near, mut far) = tokio::io::duplex(4096);
        let prelude = format!(
            "agi_network: yes\nagi_network_script: {script}\nagi_callerid: +49911555001\nagi_callingpres: 0\n\n"
        );
        far.write_all(prelude.as_bytes()).await.unwrap();
        let mut connection = Connection::new(near, CodecLimits::default());
        let Ok(Some(Incoming::Request(request))) = connection.next().await else {
            panic!("no prelude");
        };
        guard.answer(connection, request).await;
        let mut said = String::new();
        far.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "failure\n", "{script}");
        guard.log.flush().await.unwrap();
        let records = Reader::open(&data).unwrap();
        let records = records.calls(&Query::default()).unwrap();
        assert_eq!(records.len(), 1, "{script}");
        let record = &records[0];
        assert_eq!(record.verdict, Some(Verdict::Unsure), "{script}");
        assert_eq!(record.ended_by, Some(EndedBy::HandedOn), "{script}");
        assert!(record.reasons[0].contains("no voice box"), "{record:?}");
    }
}
