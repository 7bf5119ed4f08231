//! Call detail records in every form, and what of them is counted.

use std::fs;

use rusqlite::Connection;

use super::{DAY, NOVEMBER, filled};

/// A row of `cdr_csv`.
pub(super) fn row(began: i64, start: &str, app: &str, seconds: u32, src: &str) -> String {
    format!(
        "\"\",\"{src}\",\"100\",\"in\",\"\"\"A, \"\"\"\"x\"\"\"\"\nB\"\" <{src}>\",\"PJSIP/trunk-{began:08x}\",\"\",\
         \"{app}\",\"100@default,u\",\"{start}\",\"{start}\",\"{start}\",{seconds},{seconds},\"ANSWERED\",\
         \"DOCUMENTATION\"\n"
    )
}

/// Calls of which each fate occurs, in every form that Asterisk or a database gives.
#[test]
fn call_detail_records_of_every_form_say_the_same() {
    let old = filled();
    let at = "2024-11-18 10:00:00";
    let mut csv = row(NOVEMBER, at, "VoiceMail", 30, "09115550000");
    csv += &row(
        NOVEMBER + 1,
        "2024-11-18 10:00:01",
        "VoiceMail",
        4,
        "anonymous",
    );
    csv += &row(
        NOVEMBER + 2,
        "2024-11-18 10:00:02",
        "Dial",
        90,
        "09115550000",
    );
    // Left a message, and the dialplan went on behind VoiceMail().
    csv += &row(NOVEMBER - DAY, "2024-11-17 10:00:00", "Hangup", 25, "");
    csv += "half a row,\"of a file";
    fs::write(old.path("Master.csv"), csv).unwrap();
    let rows = [
        (NOVEMBER, at, "VoiceMail", 30, "09115550000"),
        (
            NOVEMBER + 1,
            "2024-11-18 10:00:01",
            "voicemail",
            4,
            "anonymous",
        ),
        (NOVEMBER - DAY, "2024-11-17 10:00:00", "Hangup", 25, ""),
    ];
    let mut exported =
        String::from("calldate;clid;src;channel;lastapp;lastdata;duration;billsec;uniqueid\n");
    let database = Connection::open(old.path("master.db")).unwrap();
    database
        .execute_batch("CREATE TABLE cdr (AcctId INTEGER PRIMARY KEY, calldate TEXT, clid TEXT, src TEXT, channel TEXT, lastapp TEXT, lastdata TEXT, duration TEXT, billsec INTEGER)")
        .unwrap();
    for (began, start, app, seconds, src) in rows {
        let channel = format!("PJSIP/trunk-{began:08x}");
        let cells = [start, "", src, &channel, app, "100@default,u"].join(";");
        exported.extend([cells, format!(";{seconds};{seconds};{began}.1\n")]);
        database
            .execute(
                "INSERT INTO cdr (calldate, src, channel, lastapp, lastdata, duration, billsec) VALUES (?1, ?2, ?3, ?4, '100@default', ?5, ?5)",
                (start, src, channel, app, seconds),
            )
            .unwrap();
    }
    drop(database);
    fs::write(old.path("export.csv"), exported).unwrap();
    let ran = old.run(&["spool", "--cdr", "Master.csv", "--json"]);
    assert!(
        ran.err
            .contains("Master.csv: 4 rows, 3 of calls that ended in VoiceMail()"),
        "{}",
        ran.err
    );
    let first = ran.json();
    let expected = serde_json::json!({
        "calls": 3, "seconds": 59.0, "no_number": 2, "at_once": 1, "left_message": 2, "left_none": 1,
        "not_looked_for": 0
    });
    assert_eq!(first["calls"], expected);
    assert_eq!(first["not_counted"]["rows"], 1);
    for form in ["export.csv", "master.db", "Master.csv"] {
        let again = old.run(&["spool", "--cdr", form, "--json"]);
        assert_eq!(again.json()["calls"], expected, "{form}: {}", again.err);
    }
    // Without the mailboxes nobody can look for messages; what is known stays known.
    assert_eq!(
        old.run(&["--cdr", "export.csv", "--json"]).json()["calls"],
        expected
    );
    old.run(&["--forget"]);
    let alone = old.run(&["--cdr", "export.csv", "--json"]).json();
    assert_eq!(alone["calls"]["not_looked_for"], 2, "{alone}");
    fs::write(old.path("notes.csv"), "call back,Mrs Jones\n").unwrap();
    let none = old.run(&["--cdr", "notes.csv"]);
    assert!(
        none.err
            .contains("notes.csv: no line of it is a call detail record"),
        "{}",
        none.err
    );
}
