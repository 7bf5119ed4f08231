use super::super::schema;
use super::*;

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
