//! The log into systemd's journal: each line as the text has it, and its fields beside it, so that
//! `journalctl EVENT=call_ended BOX=100@default` finds what one looks for.
//!
//! The protocol is systemd's native one (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>): a datagram an entry,
//! `NAME=value` a line. No value needs the protocol's other form, the one with a length: what ends or steers a line
//! is escaped before.

use std::fmt::{self, Debug, Write as _};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::fstat;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Compact, Format, Writer, debug_fn};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::{Clean, LogLevel, log_level, write_field};

/// Where systemd takes entries.
const SOCKET: &str = "/run/systemd/journal/socket";
/// What `journalctl -t` and syslog know the guard by.
const IDENTIFIER: &str = "voicemail-guard";

/// A way into the journal, and standard error for what does not go there.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    socket: Arc<UnixDatagram>,
    path: PathBuf,
}

impl Journal {
    /// The journal, where it reads standard error already: systemd says so in `JOURNAL_STREAM` (systemd.exec(5)).
    pub(super) fn behind_standard_error() -> Option<Self> {
        let stream = std::env::var("JOURNAL_STREAM").ok()?;
        let (device, inode) = stream.split_once(':')?;
        let stat = fstat(io::stderr()).ok()?;
        let is_it = device.parse() == Ok(stat.st_dev) && inode.parse() == Ok(stat.st_ino);
        is_it.then(|| Self::at(Path::new(SOCKET)))?.ok()
    }

    fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // A journal that is behind holds up a line on standard error as it always did, not this.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Arc::new(socket),
            path: path.to_owned(),
        })
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = &'a Journal;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Journal {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        if self.socket.send_to(entry, &self.path).is_err() {
            io::stderr().write_all(message(entry))?;
        }
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line of an entry, which stands at its end.
fn message(entry: &[u8]) -> &[u8] {
    const NAME: &[u8] = b"\nMESSAGE=";
    let at = entry.windows(NAME.len()).position(|part| part == NAME);
    at.map_or(entry, |at| &entry[at + NAME.len()..])
}

/// The log into the journal.
pub(super) fn subscriber(
    filter: EnvFilter,
    journal: Journal,
) -> (Box<dyn Subscriber + Send + Sync>, LogLevel) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_ansi(false)
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .event_format(Entry(Format::default().compact().without_time()))
        .with_writer(journal)
        .with_filter_reloading();
    let handle = log.reload_handle();
    (
        Box::new(log.finish().with(KeepSpanFields)),
        log_level(handle),
    )
}

/// Writes an event as an entry of the journal.
struct Entry(Format<Compact, ()>);

impl<S, N> FormatEvent<S, N> for Entry
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        let mut fields = Fields(format!(
            "PRIORITY={priority}\nSYSLOG_IDENTIFIER={IDENTIFIER}\nTARGET={}\n",
            event.metadata().target()
        ));
        event.record(&mut fields);
        writer.write_str(&fields.0)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(Fields(of_span)) = span.extensions().get::<Fields>() {
                writer.write_str(of_span)?;
            }
        }
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        writeln!(writer, "MESSAGE={}", line.trim())
    }
}

/// Fields as the journal has them, a line each.
struct Fields(String);

impl Fields {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let name = field.name().trim_start_matches("r#").to_ascii_uppercase();
        if name == "MESSAGE" {
            return;
        }
        // Writing to a string does not fail.
        let _ = write!(self.0, "{name}=");
        let _ = Clean(&mut self.0).write_fmt(value);
        self.0.push('\n');
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format_args!("{value:?}"));
    }
}

/// Keeps the fields of each span for the events within.
struct KeepSpanFields;

impl<S> Layer<S> for KeepSpanFields
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields(String::new());
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{SUPPORT, filter};
    use crate::text::is_hostile;

    /// What the journal gets of each event.
    fn entries(emit: impl FnOnce()) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        journal.set_nonblocking(true).unwrap();
        let (subscriber, _) = subscriber(filter("info").unwrap(), Journal::at(&path).unwrap());
        tracing::subscriber::with_default(subscriber, emit);
        let mut entries = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length) = journal.recv(&mut buffer) {
            entries.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        entries
    }

    #[test]
    fn an_entry_has_the_line_and_its_fields() {
        let entries = entries(|| {
            let span = tracing::info_span!(
                "call",
                uniqueid = %"17.5",
                linkedid = tracing::field::Empty,
                r#box = "100@default"
            );
            span.record("linkedid", tracing::field::display("17.4"));
            let _entered = span.enter();
            tracing::info!(target: SUPPORT, event = "call_ended", verdict = "message", "Jürgen Weiß left a message");
            tracing::error!(count = 3, "x");
        });
        assert_eq!(
            entries,
            [
                "PRIORITY=6\nSYSLOG_IDENTIFIER=voicemail-guard\nTARGET=support\nEVENT=call_ended\nVERDICT=message\n\
                 UNIQUEID=17.5\nBOX=100@default\nLINKEDID=17.4\n\
                 MESSAGE=INFO call: support: Jürgen Weiß left a message event=call_ended verdict=\"message\" \
                 uniqueid=17.5 box=\"100@default\" linkedid=17.4\n",
                "PRIORITY=3\nSYSLOG_IDENTIFIER=voicemail-guard\nTARGET=voicemail_guard::telemetry::journal::tests\nCOUNT=3\n\
                 UNIQUEID=17.5\nBOX=100@default\nLINKEDID=17.4\n\
                 MESSAGE=ERROR call: voicemail_guard::telemetry::journal::tests: x count=3 uniqueid=17.5 \
                 box=\"100@default\" linkedid=17.4\n",
            ]
        );
    }

    #[test]
    fn no_value_passes_for_a_field_or_an_entry() {
        let hostile = "a\nPRIORITY=0\nMESSAGE=forged\x1b[2J\u{85}\u{202e}\0";
        let entries = entries(|| {
            let span = tracing::info_span!("call", uniqueid = hostile, name = %hostile);
            let _entered = span.enter();
            tracing::info!(plain = hostile, shown = %hostile, debugged = ?hostile, "{hostile}");
        });
        assert_eq!(entries.len(), 1);
        let lines: Vec<_> = entries[0].lines().collect();
        assert_eq!(lines.len(), 9, "{entries:?}");
        let named = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
        assert_eq!((named("PRIORITY="), named("MESSAGE=")), (1, 1));
        assert!(!entries[0].contains(|c| c != '\n' && is_hostile(c)));
    }

    #[test]
    fn an_entry_that_the_journal_does_not_take_is_a_line_of_its_own() {
        assert_eq!(
            message(b"PRIORITY=6\nEVENT=x\nMESSAGE=INFO x: MESSAGE=1\n"),
            b"INFO x: MESSAGE=1\n"
        );
    }
}
