//! What an administrator has to do by hand behind an installation.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use super::places::Places;
use super::plan::FREEPBX_DIALPLAN;
use super::step::Step;
use super::{Args, SharedArgs};
use crate::cli::asterisk_conf::AsteriskConf;
use crate::cli::check::wired::{Wiring, guarded};

/// Mailboxes for each of which its line is printed.
const MOST_NAMED: usize = 5;
/// Where the package's unit has the guard's settings and its log.
const PACKAGED: [(&str, &str); 2] = [
    ("config", "/etc/voicemail-guard/voicemail-guard.toml"),
    ("data", "/var/lib/voicemail-guard"),
];

/// Prints it.
pub(super) fn print(
    places: &Places,
    steps: &[Step],
    (args, shared): (&Args, &SharedArgs),
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "\nNow:")?;
    if places.freepbx {
        writeln!(
            out,
            "  fwconsole reload\n  a Custom Destination for each mailbox: voicemail-guard-box,100,1 for mailbox 100;\n    \
             the comments in {} say where",
            places.etc.join(FREEPBX_DIALPLAN).display()
        )?;
    } else {
        let lines = AsteriskConf::of(&places.etc, &places.etc.join("extensions.conf"));
        let wiring = Wiring::of(lines.unwrap_or_default().settings());
        let voicemail = AsteriskConf::of(&places.etc, &places.etc.join("voicemail.conf"));
        let mailboxes = voicemail.unwrap_or_default().mailboxes();
        write!(
            out,
            "{}",
            dialplan(&wiring, mailboxes.iter().map(String::as_str))
        )?;
        writeln!(out, "  asterisk -rx 'dialplan reload'")?;
    }
    let drop_in = |step: &Step| matches!(step, Step::Write { path, .. } if path.starts_with(&args.places.units));
    if steps.iter().any(drop_in) {
        writeln!(
            out,
            "  systemctl daemon-reload; the umask holds from Asterisk's next start"
        )?;
    }
    if !args.open_mailboxes {
        writeln!(
            out,
            "  where the guard is not run as Asterisk's user: the same once more with --open-mailboxes"
        )?;
    }
    let asterisk = places.etc.display();
    writeln!(
        out,
        "  as the guard's user: voicemail-guard check{} --asterisk {asterisk}",
        options(shared)
    )
}

/// The lines of dialplan that lead callers to the guard: those in place of the `VoiceMail()` that are there, or one for
/// each mailbox that has none yet.
fn dialplan<'a>(wiring: &Wiring, mailboxes: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for plain in wiring.plain.iter().take(MOST_NAMED) {
        let (place, line) = plain.replaced();
        // A text takes whatever is written.
        let _ = writeln!(
            text,
            "  in the dialplan, instead of {place}:\n\n    {line}\n"
        );
    }
    if !wiring.plain.is_empty() {
        if wiring.plain.len() > MOST_NAMED {
            text += "  and so for every other VoiceMail(), with its own mailbox, options and priority\n";
        }
        return text;
    }
    let mut known = mailboxes.peekable();
    let none_known = known.peek().is_none();
    let missing: Vec<_> = known.filter(|name| !wiring.leads(name)).collect();
    let of = |name: &str| guarded(name, None);
    let lines: Vec<_> = if none_known && !wiring.leads_anybody() {
        vec![format!(
            "exten => YOUR-EXTENSION,n,{}",
            of("YOUR-MAILBOX@default")
        )]
    } else {
        let number = |name: &str| name.split('@').next().unwrap_or_default().to_owned();
        let line = |name: &&str| format!("exten => {},n,{}", number(name), of(name));
        missing.iter().take(MOST_NAMED).map(line).collect()
    };
    if lines.is_empty() {
        return text;
    }
    text += "  in the dialplan, where callers of the mailbox are to go: instead of its VoiceMail(), or in front of it;\n  \
             with priority 1 in place of n where it is the extension's first line\n\n";
    for line in &lines {
        let _ = writeln!(text, "    {line}");
    }
    if missing.len() > lines.len() {
        text += "    and so for every other mailbox\n";
    }
    text += "\n";
    text
}

/// The guard's settings and log: as they were given, or as the package has them.
fn options(shared: &SharedArgs) -> String {
    let mut options = String::new();
    for ((name, packaged), given) in PACKAGED.iter().zip([&shared.config, &shared.data]) {
        let packaged = Path::new(packaged);
        let is_there = packaged.try_exists().unwrap_or(true);
        if let Some(path) = given.as_deref().or(is_there.then_some(packaged)) {
            let _ = write!(options, " --{name} {}", path.display());
        }
    }
    options
}
