//! Runs that are killed, and what the next makes of them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use voicemail_guard::call_log::DATABASE;
use voicemail_guard::clock::block;

use super::{DAY, NOVEMBER, Old, SPEECH, TONE, text};

#[test]
fn two_thousand_messages_are_resumed_after_a_kill() {
    const MESSAGES: u32 = 2_000;
    let old = Old::new();
    for n in 0..MESSAGES {
        let name = format!("default/{}/INBOX/msg{:04}", 100 + n % 7, n / 7);
        let sound = if n % 3 == 0 {
            &SPEECH[..1_600]
        } else {
            &TONE[200..1_800]
        };
        let ending = if n % 3 == 0 { "ulaw" } else { "alaw" };
        let caller_id = if n % 5 == 0 {
            "Unknown"
        } else {
            "<09115550000>"
        };
        old.message(
            &name,
            NOVEMBER - i64::from(n) * DAY / 4,
            caller_id,
            &[(ending, sound)],
        );
    }
    let mut heard = 0;
    for wanted in [100, 900] {
        let mut command = old.command("data", &["spool"]);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut importing = command.spawn().unwrap();
        while count(&old.path("data")) < wanted {
            block(Duration::from_millis(2));
            assert!(
                importing.try_wait().unwrap().is_none(),
                "it ended before it was killed"
            );
        }
        importing.kill().unwrap();
        importing.wait().unwrap();
        let now = count(&old.path("data"));
        assert!(
            now >= heard + 50 && now < MESSAGES,
            "{now} heard, it was killed too late"
        );
        heard = now;
    }
    let resumed = old.run(&["spool", "--json"]);
    assert!(
        resumed.err.contains(&format!(
            "2000 messages to be heard, {} of them heard now",
            MESSAGES - heard
        )),
        "{}",
        resumed.err
    );
    assert_eq!(resumed.json()["all"]["messages"], MESSAGES);
    let unbroken = old
        .command("other", &["spool", "--json", "--jobs", "2"])
        .output()
        .unwrap();
    assert_eq!(resumed.out, text(&unbroken));
    assert_eq!(resumed.json()["all"]["no_number"], MESSAGES / 5);
}

/// How many messages are in the log of a data folder.
fn count(data: &Path) -> u32 {
    let database =
        Connection::open_with_flags(data.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let sql = "SELECT count(*) FROM imported_messages";
    let rows = database.and_then(|database| database.query_row(sql, [], |row| row.get(0)));
    rows.unwrap_or(0)
}
