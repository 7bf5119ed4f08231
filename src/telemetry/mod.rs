//! The log on standard error: text for people, JSON for machines, under systemd with its fields in the journal;
//! nothing in it can forge a line or steer a terminal.
//!
//! Each event above debug has a fixed name, its field `event`: README.md of this folder lists them.
//! The filter comes from `VOICEMAIL_GUARD_LOG`, else from the configuration. The support line of each
//! call has the target [`SUPPORT`].

mod journal;

use std::fmt::{self, Debug, Write as _};
use std::io::{self, IsTerminal, Write};
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::Deserialize;
use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::reload;

use self::journal::Journal;
use crate::clock::Clock;
use crate::text::{is_hostile, plain_json};

/// Target of the line that the support team reads, one per call, at its end.
pub const SUPPORT: &str = "support";

/// The field with an event's name.
const EVENT: &str = "event";

/// The variable whose filter goes before the configuration's.
pub const FILTER_VARIABLE: &str = "VOICEMAIL_GUARD_LOG";

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A line for people; where the journal reads standard error, with its fields.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Sends everything the guard logs to standard error from now on; colours only on a terminal. What is
/// returned changes later how much of it is shown.
///
/// # Errors
/// `VOICEMAIL_GUARD_LOG` is no filter, or there is a log already.
pub fn start(level: &str, format: LogFormat) -> Result<LogLevel, TelemetryError> {
    let text = set_from_outside().unwrap_or_else(|| level.to_owned());
    let filter = filter(&text).ok_or(TelemetryError::NoFilter(text))?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let journal = Journal::behind_standard_error().filter(|_| format == LogFormat::Text);
    let (subscriber, log_level) = match journal {
        Some(journal) => journal::subscriber(filter, journal),
        None => subscriber(format, filter, colours, io::stderr),
    };
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Started)?;
    Ok(log_level)
}

/// What the variable says, which goes before the configuration.
fn set_from_outside() -> Option<String> {
    std::env::var(FILTER_VARIABLE)
        .ok()
        .filter(|text| !text.is_empty())
}

/// Changes how much the log shows.
pub struct LogLevel(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl LogLevel {
    /// From now on the log shows this much, unless [`FILTER_VARIABLE`] has the say.
    pub fn set(&self, level: &str) {
        if set_from_outside().is_none()
            && let Some(filter) = filter(level)
        {
            (self.0)(filter);
        }
    }
}

/// Why the log did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TelemetryError {
    /// The variable holds no filter.
    #[error(
        "{FILTER_VARIABLE}: {0:?} is not one of \"error\", \"warn\", \"info\", \"debug\", \"trace\", nor directives such as \"info,voicemail_guard::agi=debug\""
    )]
    NoFilter(String),
    /// The log was started before.
    #[error("the log was started before")]
    Started,
}

/// Reads a level or directives; a mistyped level is an error, and not the name of a target.
pub fn filter(text: &str) -> Option<EnvFilter> {
    let ends_in_level = |directive: &str| {
        let level = directive.rsplit('=').next().unwrap_or_default().trim();
        !level.is_empty() && LevelFilter::from_str(level).is_ok()
    };
    if text.split(',').all(ends_in_level) {
        EnvFilter::builder().parse(text).ok()
    } else {
        None
    }
}

/// The log into any writer, one `write_all` a line; and what changes how much it shows.
pub fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    colours: bool,
    writer: W,
) -> (Box<dyn Subscriber + Send + Sync>, LogLevel)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let clock = Clock::default();
    // A line that cannot be written is lost; to complain about it on standard error would panic.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => {
            let log = log
                .compact()
                .fmt_fields(debug_fn(write_field).delimited(" "))
                .with_timer(LocalTime {
                    clock,
                    form: "%F %T",
                })
                .with_ansi(colours)
                .with_writer(writer)
                .with_filter_reloading();
            let handle = log.reload_handle();
            (Box::new(log.finish()), log_level(handle))
        }
        LogFormat::Json => {
            let log = log
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .with_timer(LocalTime {
                    clock,
                    form: "%FT%T%.3f%:z",
                })
                .with_writer(AsciiControls(writer))
                .with_filter_reloading();
            let handle = log.reload_handle();
            (Box::new(log.finish()), log_level(handle))
        }
    }
}

fn log_level<S: 'static>(handle: reload::Handle<EnvFilter, S>) -> LogLevel {
    // It fails only where the log is gone, which nobody would hear.
    LogLevel(Box::new(move |filter| handle.reload(filter).unwrap_or(())))
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    if field.name() == "message" {
        return write!(Clean(writer), "{value:?}");
    }
    write!(writer, "{}=", field.name().trim_start_matches("r#"))?;
    let text = format!("{value:?}");
    if field.name() == EVENT {
        return write!(Clean(writer), "{}", text.trim_matches('"'));
    }
    if is_one_value(&text) {
        write!(Clean(writer), "{text}")
    } else {
        write!(Clean(writer), "{}", between_quotes(&text))
    }
}

/// A text between quotation marks. Those within, and the backslashes before them and at the end, are escaped: other
/// backslashes are escapes of what steers already, mostly.
fn between_quotes(text: &str) -> String {
    let mut out = String::from('"');
    let mut backslashes = 0;
    for c in text.chars().map(Some).chain([None]) {
        if matches!(c, None | Some('"')) {
            out.extend(std::iter::repeat_n('\\', backslashes));
        }
        if c == Some('"') {
            out.push('\\');
        }
        backslashes = if c == Some('\\') { backslashes + 1 } else { 0 };
        out.push(c.unwrap_or('"'));
    }
    out
}

/// Whether a text cannot be taken for more than the value of its own field: it has nothing that parts fields, or stands
/// between quotation marks already, with none unescaped in it.
fn is_one_value(text: &str) -> bool {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    if let Some(inner) = inner {
        let mut escaped = false;
        let ends_within = inner.chars().any(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return !ends_within && !escaped;
    }
    let parts = |c: char| c.is_whitespace() || c == '"' || c == '=';
    !text.is_empty() && !text.contains(parts)
}

/// Passes text on with everything escaped that steers, hides or ends a line.
struct Clean<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Clean<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_hostile) {
            let (good, from_here) = rest.split_at(at);
            self.0.write_str(good)?;
            let mut chars = from_here.chars();
            for hostile in chars.by_ref().take(1) {
                write!(self.0, "{}", hostile.escape_default())?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// JSON escapes only the controls below 0x20; this writer escapes what is left of them in its lines.
struct AsciiControls<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for AsciiControls<W> {
    type Writer = AsciiControls<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        AsciiControls(self.0.make_writer())
    }
}

impl<W: Write> Write for AsciiControls<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0
            .write_all(plain_json(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct LocalTime {
    clock: Clock,
    form: &'static str,
}

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = self.clock.date().to_zoned_datetime(TimeZone::system());
        write!(writer, "{}", now.strftime(self.form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, colours: bool, emit: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let filter = filter("info").unwrap();
        let (subscriber, _) = subscriber(format, filter, colours, move || writer.clone());
        tracing::subscriber::with_default(subscriber, emit);
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "\x1b[31mX\r\n2026-01-01 FORGED\t\x07\x08\x0b\x0c\0\x7f\u{9b}2J\u{85}\u{2028}\u{202e}\u{200b}";

    fn log_every_way() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct Named(&'static str);
        let error = io::Error::other(HOSTILE);
        let span = tracing::info_span!("call", uniqueid = HOSTILE, name = %HOSTILE, late = tracing::field::Empty);
        span.record("late", HOSTILE);
        span.record("late", tracing::field::display(HOSTILE));
        let _entered = span.enter();
        tracing::info!(target: SUPPORT, plain = HOSTILE, shown = %HOSTILE, debugged = ?Named(HOSTILE), "{HOSTILE}");
        tracing::info!(message = HOSTILE);
        tracing::info!(error = &error as &dyn std::error::Error, "{error}");
    }

    #[test]
    fn nothing_hostile_reaches_the_text() {
        let log = logged(LogFormat::Text, false, log_every_way);
        assert_eq!(log.matches('\n').count(), 3, "{log:?}");
        let raw: String = log
            .chars()
            .filter(|&c| c != '\n' && is_hostile(c))
            .collect();
        assert_eq!(raw, "", "{log:?}");
        assert!(
            log.lines()
                .all(|line| !line.starts_with("2026-01-01 FORGED"))
        );
        assert!(log.matches("FORGED").count() > 10, "{log}");
    }

    #[test]
    fn nothing_hostile_reaches_the_json_and_nothing_is_lost() {
        let log = logged(LogFormat::Json, false, log_every_way);
        let raw: String = log
            .chars()
            .filter(|&c| c != '\n' && is_hostile(c))
            .collect();
        assert_eq!(raw, "", "{log:?}");
        let lines: Vec<serde_json::Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3, "{log}");
        assert_eq!(lines[0]["message"], HOSTILE);
        assert_eq!(lines[0]["plain"], HOSTILE);
        assert_eq!(lines[0]["shown"], HOSTILE);
        assert_eq!(lines[0]["target"], "support");
        assert_eq!(lines[0]["span"]["uniqueid"], HOSTILE);
        assert_eq!(lines[1]["message"], HOSTILE);
    }

    #[test]
    fn colours_are_the_writers_only() {
        let log = logged(LogFormat::Text, true, log_every_way);
        assert!(log.contains("\x1b[32m"), "{log:?}");
        assert!(!log.contains("\x1b[31m"), "{log:?}");
        assert!(!log.contains("\x1b[2J") && !log.contains('\u{9b}'));
        let json = logged(LogFormat::Json, true, log_every_way);
        assert!(!json.contains('\x1b'), "{json:?}");
    }

    #[test]
    fn a_line_reads_like_one() {
        let log = logged(LogFormat::Text, false, || {
            let span = tracing::info_span!("call", uniqueid = "17.5", r#box = "100@default");
            let _entered = span.enter();
            tracing::info!(target: SUPPORT, "Jürgen Weiß left a message");
        });
        let (date, rest) = log.split_at(20);
        assert!(
            jiff::civil::DateTime::strptime("%F %T ", date).is_ok(),
            "{log}"
        );
        assert_eq!(
            rest,
            " INFO call: support: Jürgen Weiß left a message uniqueid=\"17.5\" box=\"100@default\"\n"
        );
    }

    #[test]
    fn no_value_passes_for_two_fields() {
        let log = logged(LogFormat::Text, false, || {
            let span = tracing::info_span!(
                "call",
                uniqueid = %"17.5 box=\"200@x\"",
                name = %"\"a\" forged=\"b\"",
                tail = %"\"a\\\"",
                plain = %"PJSIP/a-1",
                shown = %"a \\u{1b} b\\",
                none = %"",
            );
            let _entered = span.enter();
            let error = io::Error::other("no space left");
            tracing::info!(%error, list = ?["a", "b"], count = 3, "x");
        });
        let (_, fields) = log.trim_end().split_once(": x ").unwrap();
        assert_eq!(
            fields,
            r#"error="no space left" list="[\"a\", \"b\"]" count=3 uniqueid="17.5 box=\"200@x\"" name="\"a\" forged=\"b\"" tail="\"a\\\"" plain=PJSIP/a-1 shown="a \u{1b} b\\" none="""#
        );
    }

    #[test]
    fn machines_get_the_date_with_its_offset() {
        let log = logged(LogFormat::Json, false, || tracing::info!("up"));
        let line: serde_json::Value = serde_json::from_str(&log).unwrap();
        let date = line["timestamp"].as_str().unwrap();
        assert!(date.parse::<jiff::Timestamp>().is_ok(), "{date}");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_mistyped_level_is_no_filter() {
        for text in ["loud", "", "info,agi", "voicemail_guard=loud", "info,,warn"] {
            assert!(filter(text).is_none(), "{text}");
        }
        for text in [
            "off",
            "WARN",
            "info,voicemail_guard::agi=trace",
            "info,[call]=debug",
        ] {
            assert!(filter(text).is_some(), "{text}");
        }
    }
}
