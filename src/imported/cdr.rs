//! Rows of call detail records, wherever Asterisk keeps them: the CSV of `cdr_csv`, that of
//! `cdr_custom`'s sample, and tables with names over their columns, as `cdr_sqlite3_custom`,
//! `cdr_mysql`, `cdr_pgsql` and `cdr_adaptive_odbc` have them.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{OldCall, has_number};
use crate::call_record::Mailbox;

/// Names of the columns that are read; `start` is `calldate` in databases.
pub const NAMES: [&str; 10] = [
    "start", "calldate", "clid", "src", "channel", "lastapp", "lastdata", "duration", "billsec",
    "uniqueid",
];

/// The order of `cdr_csv`.
const OF_CDR_CSV: [&str; 18] = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
];

/// The order of the sample of `cdr_custom`.
const OF_CDR_CUSTOM: [&str; 17] = [
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
];

/// What Asterisk says of how a call ended.
const DISPOSITIONS: [&str; 5] = ["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"];

/// No call lasts longer: a row that says so is senseless.
const LONGEST: f64 = 10_000_000.0;

/// A call's message carries a time of this machine, and its row one of any zone, at most so far
/// away.
const ANY_ZONE: SignedDuration = SignedDuration::from_hours(26);

/// Where the columns stand that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    start: usize,
    last_app: usize,
    clid: Option<usize>,
    src: Option<usize>,
    channel: Option<usize>,
    last_data: Option<usize>,
    duration: Option<usize>,
    billed: Option<usize>,
    unique: Option<usize>,
}

/// A row that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdrRow {
    /// When the call began; of a time without a zone in that of this machine.
    pub began: Timestamp,
    /// Asterisk's name of the caller's channel.
    pub channel: String,
    /// Asterisk's identifier of the channel; empty where the file does not have it.
    pub unique: String,
    /// Whether `VoiceMail()` was the last that the call was in.
    pub was_in_voicemail: bool,
    /// What is kept of it, as long as nobody has looked for its message.
    pub call: OldCall,
}

impl Columns {
    /// Of a table whose columns have names; `None` where what is needed is not among them.
    pub fn named(names: &[impl AsRef<str>]) -> Option<Self> {
        let place = |wanted: &str| {
            let plain = |name: &str| {
                let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
                name.eq_ignore_ascii_case(wanted)
            };
            names.iter().position(|name| plain(name.as_ref()))
        };
        Some(Self {
            start: place("start").or_else(|| place("calldate"))?,
            last_app: place("lastapp")?,
            clid: place("clid"),
            src: place("src"),
            channel: place("channel"),
            last_data: place("lastdata"),
            duration: place("duration"),
            billed: place("billsec"),
            unique: place("uniqueid"),
        })
    }

    /// Of a row without names, by where its times stand; `None` where it is of no known order.
    pub fn of_row(row: &[String]) -> Option<Self> {
        let orders: [&[&str]; 2] = [&OF_CDR_CSV, &OF_CDR_CUSTOM];
        let order = orders.into_iter().find(|order| {
            let cell = |name: &str| {
                let at = order.iter().position(|known| *known == name)?;
                row.get(at).map(String::as_str)
            };
            let time = |name| cell(name).and_then(read_time).is_some();
            let known = cell("disposition").is_some_and(|of| DISPOSITIONS.contains(&of));
            known && time("start") && time("end")
        })?;
        Self::named(order)
    }

    /// Reads a row; `None` where it has no time. `zone` is that of this machine.
    pub fn read(&self, row: &[String], zone: &TimeZone) -> Option<CdrRow> {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map_or("", |it| it.trim());
        let (began, day) = match read_time(cell(Some(self.start)))? {
            Time::Exact(at) => (at, at.to_zoned_datetime(zone.clone()).date()),
            Time::Local(at) => (
                at.to_zoned_datetime(zone.clone()).ok()?.timestamp(),
                at.date(),
            ),
        };
        let seconds = [self.billed, self.duration].into_iter().find_map(|at| {
            let seconds: f64 = cell(at).parse().ok()?;
            (0.0..LONGEST).contains(&seconds).then_some(seconds)
        });
        let src = cell(self.src);
        let caller_id = if src.is_empty() { cell(self.clid) } else { src };
        let last_app = row.get(self.last_app)?.trim();
        Some(CdrRow {
            began,
            channel: cell(self.channel).to_owned(),
            unique: cell(self.unique).to_owned(),
            was_in_voicemail: last_app.eq_ignore_ascii_case("VoiceMail"),
            call: OldCall {
                day,
                mailbox: mailbox_of(cell(self.last_data)),
                length: Duration::from_secs_f64(seconds.unwrap_or_default()),
                has_number: has_number(caller_id),
                left_message: None,
            },
        })
    }
}

impl CdrRow {
    /// Whether a message is of this call that was recorded on the same channel at this time: names
    /// of channels come again only after a restart, and the row's time may be of another zone.
    pub fn may_have_left_one_at(&self, recorded: Timestamp) -> bool {
        self.began.duration_since(recorded).abs() <= ANY_ZONE
    }
}

/// A time as it stands in a row.
enum Time {
    /// With its zone.
    Exact(Timestamp),
    /// By the clock of the machine that wrote it.
    Local(DateTime),
}

/// `2026-11-23 10:22:19`, with or without a fraction and a zone.
fn read_time(text: &str) -> Option<Time> {
    // Else any word that a library takes for a time could be one.
    let begins = text.len() >= "2026-11-23 10:22".len() && text.as_bytes()[4] == b'-';
    if !begins {
        return None;
    }
    let exact = text.parse().ok().map(Time::Exact);
    exact.or_else(|| text.parse().ok().map(Time::Local))
}

/// The first mailbox among the arguments of `VoiceMail()`, such as `100@default&101,u`.
fn mailbox_of(arguments: &str) -> String {
    let first = arguments.split([',', '|', '&']).next().unwrap_or_default();
    let mailbox = Mailbox::parse(first.trim());
    mailbox.map_or_else(String::new, |mailbox| mailbox.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    const OF_CSV: [&str; 16] = [
        "",
        "09115550000",
        "100",
        "incoming",
        "\"Anna\" <09115550000>",
        "PJSIP/trunk-0000001a",
        "",
        "VoiceMail",
        "100@default,u",
        "2026-11-23 23:59:50",
        "2026-11-23 23:59:51",
        "2026-11-24 00:00:21",
        "31",
        "30",
        "ANSWERED",
        "DOCUMENTATION",
    ];

    #[test]
    fn a_row_of_cdr_csv_is_read() {
        let cells = row(&OF_CSV);
        let columns = Columns::of_row(&cells).unwrap();
        let read = columns.read(&cells, &berlin()).unwrap();
        let expected = CdrRow {
            began: "2026-11-23T22:59:50Z".parse().unwrap(),
            channel: "PJSIP/trunk-0000001a".into(),
            unique: String::new(),
            was_in_voicemail: true,
            call: OldCall {
                day: "2026-11-23".parse().unwrap(),
                mailbox: "100@default".into(),
                length: Duration::from_secs(30),
                has_number: true,
                left_message: None,
            },
        };
        assert_eq!(read, expected);
        let later = |hours| read.began + SignedDuration::from_hours(hours);
        assert!(read.may_have_left_one_at(later(14)) && !read.may_have_left_one_at(later(48)));
    }

    #[test]
    fn every_order_gives_the_same() {
        let names = &OF_CDR_CSV[..OF_CSV.len()];
        let cell = |name: &str| {
            let at = names.iter().position(|known| *known == name);
            at.map_or("", |at| OF_CSV[at])
        };
        let zone = berlin();
        let of_csv = row(&OF_CSV);
        let expected = Columns::of_row(&of_csv).unwrap().read(&of_csv, &zone);
        let custom = row(&OF_CDR_CUSTOM.map(cell));
        let read = Columns::of_row(&custom).unwrap().read(&custom, &zone);
        assert_eq!(read, expected);
        // As cdr_pgsql has it, with a zone and a name over each column.
        let names = [
            "\u{feff}CallDate",
            " clid ",
            "src",
            "channel",
            "lastapp",
            "lastdata",
            "billsec",
        ];
        let cells = names.map(|name| match name {
            "\u{feff}CallDate" => "2026-11-23 22:59:50.25+00",
            name => cell(name.trim()),
        });
        let read = Columns::named(&names).unwrap().read(&row(&cells), &zone);
        let expected = expected.map(|of| CdrRow {
            began: "2026-11-23T22:59:50.25Z".parse().unwrap(),
            ..of
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_call_is_none() {
        let unlike = |at: usize, text: &str| {
            let mut cells = row(&OF_CSV);
            text.clone_into(&mut cells[at]);
            cells
        };
        for (at, text) in [
            (9, ""),
            (9, "yesterday"),
            (11, "x"),
            (14, ""),
            (14, "answered?"),
        ] {
            assert_eq!(Columns::of_row(&unlike(at, text)), None, "{at} {text}");
        }
        assert_eq!(Columns::of_row(&[]), None);
        assert_eq!(Columns::named(&["start", "channel"]), None);
        let columns = Columns::named(&OF_CDR_CSV).unwrap();
        assert_eq!(
            columns.read(&unlike(9, "2026-13-01 00:00:00"), &berlin()),
            None
        );
        assert_eq!(columns.read(&row(&["2026"]), &berlin()), None);
    }

    #[test]
    fn hostile_cells_are_only_cells() {
        let mut cells = row(&OF_CSV);
        cells[7] = "VoiceMailMain".into();
        cells[8] = "../../etc/passwd@x&100".into();
        cells[13] = "1e300".into();
        cells[12] = "NaN".into();
        cells[1] = "anonymous".into();
        let read = Columns::of_row(&cells).unwrap().read(&cells, &berlin());
        let read = read.unwrap();
        assert!(!read.was_in_voicemail && !read.call.has_number);
        assert_eq!(
            (read.call.length, read.call.mailbox.as_str()),
            (Duration::ZERO, "")
        );
    }
}
