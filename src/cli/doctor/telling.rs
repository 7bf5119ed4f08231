//! The report as it is printed, a line a link.

use std::io::{self, Write};

use crate::call_record::{Destination, Mode};
use crate::config::Config;
use crate::doctor::{Finding, Link, Report, Wired};

/// Prints what is found, for people or for machines.
pub(super) struct Telling<'a> {
    out: &'a mut dyn Write,
    is_json: bool,
    report: Report,
    /// The links that are still to come, in their order.
    to_come: Vec<Link>,
    /// The test call in the guard's log.
    pub(super) call: Option<String>,
}

impl<'a> Telling<'a> {
    /// With the links to come of this mailbox, where it is known which is called.
    pub(super) fn new(
        out: &'a mut dyn Write,
        is_json: bool,
        config: &Config,
        wired: Option<&Wired>,
    ) -> Self {
        Self {
            out,
            is_json,
            report: Report::default(),
            to_come: wanted(config, wired),
            call: None,
        }
    }

    /// Whether this link is one of those that are reported, and the one that it hangs on holds.
    pub(super) fn tries(&self, link: Link) -> bool {
        self.wants(link) && self.report.may_try(link)
    }

    /// Whether this link is still to be reported.
    pub(super) fn wants(&self, link: Link) -> bool {
        self.to_come.contains(&link)
    }

    /// Prints what was found of a link.
    pub(super) fn tell(&mut self, link: Link, finding: Finding) -> io::Result<()> {
        self.add(link, Some(finding))
    }

    /// Prints that all that is left was not tried, and why where it was cut off.
    pub(super) fn rest(&mut self, cut_off: Option<&str>) -> io::Result<()> {
        if let Some(why) = cut_off {
            if !self.is_json {
                writeln!(self.out, "{why}; what is left of the test is removed")?;
            }
            return self.leave(why);
        }
        for link in std::mem::take(&mut self.to_come) {
            self.add(link, None)?;
        }
        Ok(())
    }

    /// Prints that all that is left was not tried, for this reason.
    pub(super) fn leave(&mut self, why: &str) -> io::Result<()> {
        let why = Some(Finding::NotTried(format!("not tried: {why}")));
        for link in std::mem::take(&mut self.to_come) {
            self.add(link, why.clone())?;
        }
        Ok(())
    }

    /// Prints what came of all; whether all is well.
    pub(super) fn end(self) -> io::Result<bool> {
        let end = if self.is_json {
            self.report.end_json(self.call.as_deref())
        } else {
            self.report.end()
        };
        writeln!(self.out, "{end}")?;
        Ok(self.report.is_well())
    }

    fn add(&mut self, link: Link, finding: Option<Finding>) -> io::Result<()> {
        self.to_come.retain(|wanted| *wanted != link);
        let line = self.report.add(link, finding);
        if self.is_json {
            writeln!(self.out, "{}", line.json())?;
        } else {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }
}

/// The links that this mailbox has: of the destinations those that its settings name.
fn wanted(config: &Config, wired: Option<&Wired>) -> Vec<Link> {
    use Link::{
        Answer, Dialplan, Extension, Guard, Keys, Log, Mail, Mailbox, Manager, Message, Mwi,
        Prompt, Request, Rights, Settings, Sound, Tap, Verdict, Webhook,
    };
    let mut links = vec![
        Settings, Guard, Log, Manager, Rights, Dialplan, Extension, Mailbox, Tap, Request, Answer,
        Prompt, Sound, Keys, Verdict,
    ];
    let name = wired.map_or("", |wired| wired.mailbox.as_str()).into();
    let observes = config.policy(&name).mode == Mode::Observe;
    let delivers = |to| !observes && config.deliver_to(&name).contains(&to);
    if observes || delivers(Destination::Mailbox) {
        links.extend([Message, Mwi]);
    }
    if delivers(Destination::Mail) {
        links.push(Mail);
    }
    if delivers(Destination::Webhook) {
        links.push(Webhook);
    }
    links
}
