//! The text for Prometheus: the exposition format, version 0.0.4, in which a counter's name ends in `_total`
//! everywhere, as `promtool check metrics` wants it.

use std::fmt::{Display, Write};

use super::count::Histogram;
use super::{ANSWERS, Metrics, Outcome, Refusal, TapRefusal};
use crate::call_record::Destination;
use crate::prompts::Prompt;

/// What samples of one name are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Their name; its end says the unit.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What they mean.
    pub help: &'static str,
}

/// What is looked up when it is asked for; what could not be found out is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The most calls at a time.
    pub most_calls: usize,
    /// Deliveries that wait, and those that were given up.
    pub outbox: Option<[u64; 2]>,
    /// Seconds since the oldest that waits came into the outbox; 0 where none does.
    pub oldest_s: Option<f64>,
    /// Bytes of the journal.
    pub journal: Option<u64>,
    /// Bytes that are free on the disk of the data folder, and of the tap folder.
    pub free: [Option<u64>; 2],
    /// Whether a manager interface is set.
    pub has_ami: bool,
}

macro_rules! families {
    ($($constant:ident $kind:ident $name:literal $help:literal,)*) => {
        $(const $constant: Family = Family { name: $name, kind: stringify!($kind), help: $help };)*

        /// All there are, in the order of the text.
        pub const FAMILIES: &[Family] = &[$($constant,)*];
    };
}

families! {
    BUILD gauge "voicemail_guard_build_info" "The version that runs; always 1.",
    CALLS counter "voicemail_guard_calls_total" "Calls that are over.",
    PROMPTS counter "voicemail_guard_prompts_total" "Prompts that were played, by what answered them.",
    CALLS_UP gauge "voicemail_guard_calls_up" "Calls that are up.",
    MOST_CALLS gauge "voicemail_guard_calls_limit" "The most calls at a time.",
    REFUSED counter "voicemail_guard_refused_connections_total"
        "Connections of Asterisk's that were not served.",
    AGI histogram "voicemail_guard_agi_reply_seconds"
        "Time until Asterisk answered a command that takes no time by itself.",
    EAR counter "voicemail_guard_ear_processor_seconds_total" "Processor time of the ear.",
    GAPS counter "voicemail_guard_tap_gaps_total" "Stretches of callers' sound that never came.",
    GAP_SECONDS counter "voicemail_guard_tap_gap_seconds_total" "Sound that never came.",
    TAP_FAILURES counter "voicemail_guard_tap_failures_total"
        "Calls whose sound could not be followed to its end.",
    TAP_REFUSED counter "voicemail_guard_tap_refused_connections_total"
        "Connections with sound that were not taken.",
    FILING histogram "voicemail_guard_filing_seconds"
        "Time from the end of a call until its record was in the database.",
    DELIVERIES counter "voicemail_guard_deliveries_total" "Attempts to deliver a message.",
    OUTBOX gauge "voicemail_guard_outbox_deliveries" "Deliveries that are not made.",
    OLDEST gauge "voicemail_guard_outbox_oldest_seconds"
        "How long the oldest delivery has been waiting; 0 where none waits.",
    JOURNAL gauge "voicemail_guard_journal_bytes"
        "Bytes of entries that wait for the database in the journal.",
    FREE gauge "voicemail_guard_disk_free_bytes" "Room that is left on the disk of a folder.",
    AMI gauge "voicemail_guard_ami_connected"
        "Whether the manager interface reports who was answered; only where one is set.",
    GENERATION gauge "voicemail_guard_config_generation"
        "How often settings were taken since the start, the first among them.",
    REFUSED_CONFIG gauge "voicemail_guard_config_refused"
        "1 where the last reload was refused and older settings hold on.",
}

impl Metrics {
    /// All of it as text; its type is [`Self::CONTENT_TYPE`].
    pub fn text(&self, state: &State) -> String {
        let mut text = Text::default();
        text.of(BUILD);
        text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.calls(&mut text);
        text.single(CALLS_UP, Some(self.calls_up.get()));
        text.single(MOST_CALLS, Some(state.most_calls));
        text.of(REFUSED);
        for why in Refusal::ALL {
            text.sample(
                &[("reason", why.as_str())],
                self.refused[why as usize].get(),
            );
        }
        text.histogram(AGI, &self.agi_replies);
        text.single(EAR, Some(self.ear_ns.get() as f64 / 1e9));
        text.single(GAPS, Some(self.tap_gaps.get()));
        text.single(GAP_SECONDS, Some(self.tap_gap_ms.get() as f64 / 1e3));
        text.single(TAP_FAILURES, Some(self.tap_failures.get()));
        text.of(TAP_REFUSED);
        for why in TapRefusal::ALL {
            let count = self.tap_refused[why as usize].get();
            text.sample(&[("reason", why.as_str())], count);
        }
        text.histogram(FILING, &self.filing);
        text.of(DELIVERIES);
        for (to, outcomes) in Destination::ALL.iter().zip(&self.deliveries) {
            for outcome in Outcome::ALL {
                let labels = [("destination", to.as_str()), ("outcome", outcome.as_str())];
                text.sample(&labels, outcomes[outcome as usize].get());
            }
        }
        self.state(&mut text, state);
        text.0
    }

    /// Of [`Self::text`].
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    fn calls(&self, text: &mut Text) {
        text.of(CALLS);
        for (closed, calls) in &*self.closed() {
            let labels = [
                ("mailbox", closed.mailbox.as_str()),
                ("verdict", closed.verdict),
                ("ended_by", closed.ended_by),
            ];
            text.sample(&labels, calls);
        }
        text.of(PROMPTS);
        let names = Prompt::ALL.map(Prompt::name).into_iter().chain(["own"]);
        for (prompt, answers) in names.zip(&self.prompts) {
            for (answer, count) in ANSWERS.into_iter().zip(answers) {
                let count = count.get();
                if count > 0 {
                    text.sample(&[("prompt", prompt), ("answer", answer)], count);
                }
            }
        }
    }

    fn state(&self, text: &mut Text, state: &State) {
        if let Some([waiting, given_up]) = state.outbox {
            text.of(OUTBOX);
            text.sample(&[("state", "waiting")], waiting);
            text.sample(&[("state", "given_up")], given_up);
        }
        text.single(OLDEST, state.oldest_s);
        text.single(JOURNAL, state.journal);
        text.of(FREE);
        for (folder, free) in ["data", "tap"].into_iter().zip(state.free) {
            if let Some(free) = free {
                text.sample(&[("folder", folder)], free);
            }
        }
        text.single(AMI, state.has_ami.then(|| self.ami_is_connected.get()));
        text.single(GENERATION, Some(self.config_generation.get()));
        text.single(REFUSED_CONFIG, Some(self.config_is_refused.get()));
    }
}

#[derive(Default)]
struct Text(String, &'static str);

/// Writing into a string does not fail.
impl Text {
    /// What follows is of this family.
    fn of(&mut self, family: Family) {
        let Family { name, kind, help } = family;
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self.1 = name;
    }

    fn single(&mut self, family: Family, value: Option<impl Display>) {
        if let Some(value) = value {
            self.of(family);
            self.sample(&[], value);
        }
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.named("", labels, value);
    }

    fn named(&mut self, end: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "{}{end}", self.1);
        for (at, (name, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            let value = value.replace('\n', "\\n");
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{name}=\"{value}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }

    fn histogram<const N: usize>(&mut self, family: Family, of: &Histogram<N>) {
        self.of(family);
        let up_to = of.up_to();
        for (bound, count) in up_to {
            self.named("_bucket", &[("le", &bound.to_string())], count);
        }
        // What came in between is in the next text: no bucket may have more than the count.
        let count = of.count().max(up_to.last().map_or(0, |(_, count)| *count));
        self.named("_bucket", &[("le", "+Inf")], count);
        self.named("_sum", &[], of.sum_seconds());
        self.named("_count", &[], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Closed;

    #[test]
    fn what_an_administrator_writes_breaks_no_line() {
        let metrics = Metrics::new();
        let closed = Closed {
            mailbox: "a\"b\\c\nd".into(),
            verdict: "message",
            ended_by: "caller",
        };
        metrics.closed().insert(closed, 2);
        let text = metrics.text(&State::default());
        let expected = r#"voicemail_guard_calls_total{mailbox="a\"b\\c\nd",verdict="message",ended_by="caller"} 2"#;
        assert!(text.lines().any(|line| line == expected), "{text}");
    }

    #[test]
    fn every_family_has_its_samples_once_where_all_is_known() {
        let metrics = Metrics::new();
        metrics.agi_replied(std::time::Duration::from_millis(3));
        let text = metrics.text(&State {
            outbox: Some([1, 2]),
            oldest_s: Some(1.5),
            journal: Some(0),
            free: [Some(1), Some(2)],
            has_ami: true,
            ..State::default()
        });
        for family in FAMILIES {
            let line = format!("# TYPE {} {}\n", family.name, family.kind);
            assert_eq!(text.matches(&line).count(), 1, "{line}");
        }
        assert!(
            text.contains("agi_reply_seconds_bucket{le=\"0.0025\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("agi_reply_seconds_bucket{le=\"0.005\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("agi_reply_seconds_sum 0.003\n"), "{text}");
        assert!(
            text.contains("outbox_deliveries{state=\"given_up\"} 2\n"),
            "{text}"
        );
    }
}
