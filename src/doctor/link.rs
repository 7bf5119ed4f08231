//! The links of the chain, what is found of each, and the report as it grows.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::text::shown;

/// A link, in the order in which they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Link {
    /// The settings that `doctor` needs itself.
    Settings,
    /// A guard answers where it is to listen.
    Guard,
    /// The data folder can be written and its log read.
    Log,
    /// The manager interface takes the login.
    Manager,
    /// Its user may do what is needed.
    Rights,
    /// The shipped dialplan is loaded, and Asterisk reaches this machine.
    Dialplan,
    /// The extension is in the dialplan.
    Extension,
    /// Asterisk has the mailbox.
    Mailbox,
    /// Asterisk records into the folder that the guard looks in.
    Tap,
    /// The extension asked the guard, which took the call.
    Request,
    /// The call was answered.
    Answer,
    /// The caller hears a prompt.
    Prompt,
    /// What the caller says arrives at the guard.
    Sound,
    /// A key that the caller presses is understood.
    Keys,
    /// The guard judged the call rightly.
    Verdict,
    /// The message is in the mailbox.
    Message,
    /// Telephones are notified of it.
    Mwi,
    /// The mail server took the mail.
    Mail,
    /// The webhook's receiver took the message.
    Webhook,
    /// Nothing is left of the test.
    CleanUp,
}

impl Link {
    /// The word for it, in JSON and in front of its line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Guard => "guard",
            Self::Log => "log",
            Self::Manager => "manager",
            Self::Rights => "rights",
            Self::Dialplan => "dialplan",
            Self::Extension => "extension",
            Self::Mailbox => "mailbox",
            Self::Tap => "tap",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Prompt => "prompt",
            Self::Sound => "sound",
            Self::Keys => "keys",
            Self::Verdict => "verdict",
            Self::Message => "message",
            Self::Mwi => "mwi",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::CleanUp => "clean_up",
        }
    }

    /// The links without which this one cannot be tried.
    fn behind(self) -> &'static [Self] {
        match self {
            Self::Settings | Self::Guard | Self::Log | Self::CleanUp => &[],
            Self::Manager => &[Self::Settings, Self::Guard, Self::Log],
            Self::Rights => &[Self::Manager],
            Self::Dialplan => &[Self::Rights],
            Self::Extension => &[Self::Dialplan],
            Self::Mailbox => &[Self::Extension],
            Self::Tap => &[Self::Mailbox],
            Self::Request => &[Self::Tap],
            Self::Answer => &[Self::Request],
            Self::Prompt => &[Self::Answer],
            Self::Sound => &[Self::Prompt],
            Self::Keys | Self::Verdict => &[Self::Sound],
            Self::Message | Self::Mail | Self::Webhook => &[Self::Verdict],
            Self::Mwi => &[Self::Message],
        }
    }
}

/// What is found of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It holds.
    Holds {
        /// What was seen.
        what: String,
        /// How long it took, where that matters.
        took: Option<Duration>,
    },
    /// It does not.
    Broken {
        /// What was seen.
        what: String,
        /// How it is mended, in a sentence.
        remedy: String,
    },
    /// From here nothing is seen of it.
    Unseen {
        /// Why.
        what: String,
        /// How it could be seen, in a sentence.
        remedy: String,
    },
    /// It was not tried, for this reason.
    NotTried(String),
}

impl Finding {
    pub(crate) fn holds(what: impl Into<String>) -> Self {
        let what = what.into();
        Self::Holds { what, took: None }
    }

    pub(crate) fn holds_in(took: Duration, what: impl Into<String>) -> Self {
        Self::Holds {
            what: what.into(),
            took: Some(took),
        }
    }

    pub(crate) fn broken(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Broken {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn unseen(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Unseen {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// What was found so far, and what is to be tried at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

/// One link in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) link: Link,
    pub(crate) state: State,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// What a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Ok,
    Broken,
    CannotBeSeen,
    NotTried,
}

/// What comes of all links.
#[derive(Serialize)]
struct End<'a> {
    ok: bool,
    broken: Vec<Link>,
    cannot_be_seen: Vec<Link>,
    call: Option<&'a str>,
}

impl Report {
    /// Whether a link may be tried: those that it hangs on were, and hold.
    pub(crate) fn may_try(&self, link: Link) -> bool {
        let holds = |line: &Line| matches!(line.state, State::Ok | State::CannotBeSeen);
        link.behind()
            .iter()
            .all(|behind| self.line(*behind).is_some_and(holds))
    }

    fn line(&self, link: Link) -> Option<&Line> {
        self.lines.iter().find(|line| line.link == link)
    }

    /// Why a link was not tried: which of those before it is broken.
    fn why_not(&self, link: Link) -> String {
        let before = link.behind().iter().filter_map(|behind| self.line(*behind));
        let why = before.filter_map(|line| match line.state {
            State::Ok | State::CannotBeSeen => None,
            State::Broken => Some(format!("not tried: {} is broken", line.link.word())),
            State::NotTried => Some(line.what.clone()),
        });
        why.into_iter()
            .next()
            .unwrap_or_else(|| "not tried".to_owned())
    }

    /// Adds what was found of a link, or that it was not tried; gives its line.
    pub(crate) fn add(&mut self, link: Link, finding: Option<Finding>) -> &Line {
        let (state, what, took, remedy) = match finding {
            Some(Finding::Holds { what, took }) => (State::Ok, what, took, None),
            Some(Finding::Broken { what, remedy }) => (State::Broken, what, None, Some(remedy)),
            Some(Finding::Unseen { what, remedy }) => {
                let what = format!("cannot be seen from here: {what}");
                (State::CannotBeSeen, what, None, Some(remedy))
            }
            Some(Finding::NotTried(why)) => (State::NotTried, why, None, None),
            None => (State::NotTried, self.why_not(link), None, None),
        };
        self.lines.push(Line {
            link,
            state,
            what,
            took_ms: took.map(|took| took.as_millis() as u64),
            remedy,
        });
        &self.lines[self.lines.len() - 1]
    }

    /// Whether all that was wanted was tried and holds.
    pub(crate) fn is_well(&self) -> bool {
        self.lines.iter().all(|line| line.state == State::Ok)
    }

    fn links(&self, state: State) -> Vec<Link> {
        let lines = self.lines.iter().filter(|line| line.state == state);
        lines.map(|line| line.link).collect()
    }

    /// The last line, for people.
    pub(crate) fn end(&self) -> String {
        let words = |state| {
            let links = self.links(state).into_iter().map(Link::word);
            links.collect::<Vec<_>>().join(", ")
        };
        let (broken, unseen) = (words(State::Broken), words(State::CannotBeSeen));
        let not_tried = words(State::NotTried);
        if !broken.is_empty() {
            format!("broken: {broken}")
        } else if !not_tried.is_empty() {
            format!("nothing is broken so far; not tried: {not_tried}")
        } else if !unseen.is_empty() {
            format!("nothing is broken; cannot be seen from here: {unseen}")
        } else {
            format!("all {} links hold", self.lines.len())
        }
    }

    /// The last line, for machines; `call` is the test call in the guard's log.
    pub(crate) fn end_json(&self, call: Option<&str>) -> String {
        let end = End {
            ok: self.is_well(),
            broken: self.links(State::Broken),
            cannot_be_seen: self.links(State::CannotBeSeen),
            call,
        };
        json(&end)
    }
}

impl Line {
    /// For machines.
    pub(crate) fn json(&self) -> String {
        json(self)
    }
}

fn json(value: &impl Serialize) -> String {
    crate::text::plain_json(&serde_json::to_string(value).unwrap_or_default())
}

/// For people: the line, and how it is mended as another.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.state {
            State::Ok => "ok",
            State::Broken => "BROKEN",
            State::CannotBeSeen => "?",
            State::NotTried => "-",
        };
        // What a server or the dialplan said stands in it, too.
        let (link, what) = (self.link.word(), shown(&self.what));
        write!(f, "{word:<6} {link:<9} {what}")?;
        if let Some(took) = self.took_ms {
            write!(f, " ({took} ms)")?;
        }
        for (n, line) in self
            .remedy
            .iter()
            .flat_map(|remedy| remedy.lines())
            .enumerate()
        {
            let arrow = if n == 0 { "-> " } else { "" };
            write!(f, "\n{:<6} {:<9} {arrow}{}", "", "", shown(line))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Link; 20] = [
        Link::Settings,
        Link::Guard,
        Link::Log,
        Link::Manager,
        Link::Rights,
        Link::Dialplan,
        Link::Extension,
        Link::Mailbox,
        Link::Tap,
        Link::Request,
        Link::Answer,
        Link::Prompt,
        Link::Sound,
        Link::Keys,
        Link::Verdict,
        Link::Message,
        Link::Mwi,
        Link::Mail,
        Link::Webhook,
        Link::CleanUp,
    ];

    /// What is not tried where this link is broken and all others would hold.
    fn not_tried(broken: Link) -> Vec<Link> {
        let mut report = Report::default();
        for link in ALL {
            let finding = if link == broken {
                Finding::broken("it is", "mend it")
            } else {
                Finding::holds("it does")
            };
            let finding = report.may_try(link).then_some(finding);
            report.add(link, finding);
        }
        assert!(!report.is_well());
        report.links(State::NotTried)
    }

    #[test]
    fn links_behind_a_broken_one_are_not_tried() {
        use Link::{Mail, Message, Mwi, Verdict, Webhook};
        for first in [Link::Settings, Link::Guard, Link::Log] {
            assert_eq!(not_tried(first), ALL[3..19], "{first:?}");
        }
        assert_eq!(not_tried(Link::Tap), ALL[9..19]);
        assert_eq!(not_tried(Link::Sound), ALL[13..19]);
        assert_eq!(not_tried(Verdict), [Message, Mwi, Mail, Webhook]);
        assert_eq!(not_tried(Message), [Mwi]);
        for last in [Link::Keys, Mwi, Mail, Webhook, Link::CleanUp] {
            assert_eq!(not_tried(last), [], "{last:?}");
        }
    }

    #[test]
    fn a_report_reads_well_and_is_json() {
        let mut report = Report::default();
        let took = Duration::from_millis(12);
        let line = report.add(Link::Answer, Some(Finding::holds_in(took, "answered")));
        assert_eq!(line.to_string(), "ok     answer    answered (12 ms)");
        assert_eq!(
            line.json(),
            r#"{"link":"answer","state":"ok","what":"answered","took_ms":12}"#
        );
        assert_eq!(report.end(), "all 1 links hold");
        let line = report.add(
            Link::Mwi,
            Some(Finding::unseen("no \u{1b} events", "add\nthis")),
        );
        assert_eq!(
            line.to_string(),
            "?      mwi       cannot be seen from here: no \\u{1b} events\n                 -> add\n                 this"
        );
        assert!(!report.is_well());
        assert_eq!(
            report.end(),
            "nothing is broken; cannot be seen from here: mwi"
        );
        let line = report.add(Link::Mail, Some(Finding::broken("no", "so")));
        assert_eq!(
            line.to_string(),
            "BROKEN mail      no\n                 -> so"
        );
        let line = report.add(Link::Webhook, None);
        assert_eq!(line.to_string(), "-      webhook   not tried");
        assert_eq!(report.end(), "broken: mail");
        assert_eq!(
            report.end_json(Some("6b")),
            r#"{"ok":false,"broken":["mail"],"cannot_be_seen":["mwi"],"call":"6b"}"#
        );
        let mut report = Report::default();
        report.add(Link::Guard, Some(Finding::broken("no", "so")));
        for link in [Link::Manager, Link::Rights, Link::Dialplan] {
            assert_eq!(report.add(link, None).what, "not tried: guard is broken");
        }
    }
}
