use super::super::schema;
use super::*;
use crate::figures::QueueCounts;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn sums(connection: &Connection, table: &str) -> Vec<Vec<rusqlite::types::Value>> {
    let sql = format!("SELECT * FROM ({table}) ORDER BY 1, 2, 3");
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| (0..14).map(|column| row.get(column)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn days_are_those_of_the_zone_whatever_its_clocks_do() {
    let folder = tempfile::TempDir::new().unwrap();
    let (mut connection, _) = schema::open(&folder.path().join("calls.sqlite")).unwrap();
    // Around midnights and changes of clocks, and every few hours of a year.
    let moments = (0..2_000).map(|n| 1_767_225_600_000 + n * 15_780_123);
    for (seq, ms) in (1..).zip(moments.clone()) {
        connection
            .execute(
                "INSERT INTO calls (seq, id, started_ms, ended_ms, box, uniqueid, linkedid, number, verdict, record)
                 VALUES (?1, ?1, ?2, ?2, '1', '', '', '', 'message', '{}')",
                [seq, ms],
            )
            .unwrap();
    }
    for name in [
        "Europe/Berlin",
        "Asia/Kathmandu",
        "America/St_Johns",
        "Pacific/Kiritimati",
        "UTC",
    ] {
        let zone = zone(name);
        keep_zone(&mut connection, &zone).unwrap();
        assert_eq!(
            sums(&connection, "SELECT * FROM figures"),
            sums(&connection, RECOUNT),
            "{name}"
        );
        let mut expected = std::collections::BTreeMap::<Date, u64>::new();
        for ms in moments.clone() {
            let at = Timestamp::from_millisecond(ms).unwrap();
            *expected
                .entry(at.to_zoned_datetime(zone.clone()).date())
                .or_default() += 1;
        }
        let period = Period::new(date(2025, 12, 1), date(2027, 2, 1));
        let counted = tally(&connection, period, None).unwrap().calls.into_iter();
        let counted: std::collections::BTreeMap<_, _> =
            counted.map(|of| (of.day, of.counts.calls)).collect();
        assert_eq!(counted, expected, "{name}");
    }
}

#[test]
fn a_zone_that_stays_is_not_counted_anew() {
    let folder = tempfile::TempDir::new().unwrap();
    let (mut connection, _) = schema::open(&folder.path().join("calls.sqlite")).unwrap();
    keep_zone(&mut connection, &zone("Europe/Berlin")).unwrap();
    let before = connection.total_changes();
    keep_zone(&mut connection, &zone("Europe/Berlin")).unwrap();
    assert_eq!(connection.total_changes(), before);
    // The same clocks by another name are the same days.
    keep_zone(&mut connection, &zone("Europe/Vienna")).unwrap();
    assert_eq!(connection.total_changes(), before);
}

#[test]
fn a_day_has_one_number() {
    for day in [
        date(1969, 12, 31),
        date(1970, 1, 1),
        date(2026, 11, 29),
        date(2100, 2, 28),
    ] {
        assert_eq!(day_of(number_of(day)), day);
    }
    assert_eq!(day_of(i64::MAX), date(1970, 1, 1));
}

#[test]
fn what_was_counted_of_calls_that_are_gone_stays_in_any_zone() {
    let folder = tempfile::TempDir::new().unwrap();
    let (mut connection, _) = schema::open(&folder.path().join("calls.sqlite")).unwrap();
    keep_zone(&mut connection, &zone("UTC")).unwrap();
    // Noon, so that each zone here has them on one day.
    let noon = 1_767_268_800_000_i64;
    for seq in 1..=4_i64 {
        connection
            .execute(
                "INSERT INTO calls (seq, id, started_ms, ended_ms, box, uniqueid, linkedid, number, verdict, record, case_seq)
                 VALUES (?1, ?1, ?2, ?2, '1', '', '', '', 'message', '{\"seconds\": {\"music\": 40}}', 7)",
                [seq, noon],
            )
            .unwrap();
    }
    connection
        .execute(
            "INSERT INTO cases (seq, id, number, box, first_ms, last_ms, closed_ms, closed_by, waiting_ms)
             VALUES (7, 'c', '', '1', ?1, ?1, ?1 + 3600000, 'reached', ?1)",
            [noon],
        )
        .unwrap();
    let day = Period::new(date(2026, 1, 1), date(2026, 1, 1));
    let before = tally(&connection, day, None).unwrap();
    assert_eq!((before.calls.len(), before.called_back.len()), (1, 1));
    assert_eq!(before.calls[0].counts.calls, 4);
    for seq in [4, 1, 3, 2] {
        keep_of(&connection, seq).unwrap();
        connection
            .execute("DELETE FROM calls WHERE seq = ?1", [seq])
            .unwrap();
        assert_eq!(tally(&connection, day, None).unwrap(), before, "{seq}");
    }
    let left = "SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM cases)";
    let left: i64 = connection.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    keep_zone(&mut connection, &zone("Europe/Berlin")).unwrap();
    assert_eq!(tally(&connection, day, None).unwrap(), before);
    let others = Some(&["2".to_owned()][..]);
    assert_eq!(tally(&connection, day, others).unwrap(), Tally::default());
}

#[test]
fn what_was_counted_of_waits_follows_them_and_stays_when_they_are_gone() {
    let folder = tempfile::TempDir::new().unwrap();
    let (mut connection, _) = schema::open(&folder.path().join("calls.sqlite")).unwrap();
    keep_zone(&mut connection, &zone("UTC")).unwrap();
    let noon = 1_767_268_800_000_i64;
    let file = |seq: i64, record: &str, ended: Option<i64>| {
        connection
            .execute(
                "INSERT INTO calls (seq, id, started_ms, ended_ms, box, uniqueid, linkedid, number, verdict, record)
                 VALUES (?1, ?1, ?2, ?3, 'support@queue', '', '', '', NULL, ?4)",
                (seq, noon, ended, record),
            )
            .unwrap();
    };
    let answered = r#"{"queue": {"queue": "support", "ended": "answered", "nobody": {"heard": "music", "after_s": 9}},
        "asked": [{"prompt": "still-waiting", "at": 3, "answer": null}]}"#;
    let back = r#"{"queue": {"queue": "support", "ended": "answered", "nobody": {"heard": "music", "after_s": 9, "back_s": 12}},
        "asked": [{"prompt": "still-waiting", "at": 3, "answer": "key"}]}"#;
    let out = r#"{"queue": {"queue": "support", "ended": "ended", "nobody": {"heard": "tone", "after_s": 9}}}"#;
    file(1, answered, Some(noon));
    file(2, back, Some(noon));
    file(3, out, Some(noon));
    file(4, out, None);
    file(5, "{broken", Some(noon));
    let day = Period::new(date(2026, 1, 1), date(2026, 1, 1));
    let counted = |connection: &Connection| {
        let tally = tally(connection, day, None).unwrap();
        assert!(tally.calls.is_empty(), "{tally:?}");
        let mut waits = tally.waits;
        assert_eq!(waits.len(), 1);
        waits.remove(0).counts
    };
    let mut expected = QueueCounts {
        waits: 4,
        asked: 2,
        answered: 1,
        nobody: 2,
        in_vain: 1,
        taken_out: 1,
    };
    assert_eq!(counted(&connection), expected);
    connection
        .execute("UPDATE calls SET ended_ms = ?1 WHERE seq = 4", [noon])
        .unwrap();
    expected.waits += 1;
    expected.nobody += 1;
    expected.taken_out += 1;
    assert_eq!(counted(&connection), expected);
    for seq in [3, 1] {
        keep_of(&connection, seq).unwrap();
        connection
            .execute("DELETE FROM calls WHERE seq = ?1", [seq])
            .unwrap();
        assert_eq!(counted(&connection), expected, "{seq}");
    }
    keep_zone(&mut connection, &zone("Europe/Berlin")).unwrap();
    assert_eq!(counted(&connection), expected);
    let others = Some(&["sales@queue".to_owned()][..]);
    assert_eq!(tally(&connection, day, others).unwrap(), Tally::default());
}
