//! Where the test call goes: the extension and the mailbox, as they were named or as the dialplan has them.

use std::fmt;

use crate::call_record::Mailbox;
use crate::dialplan::GOSUB;

/// An extension and its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) extension: String,
    pub(crate) context: String,
}

impl Place {
    /// Reads `100@from-trunk`; `None` where that is no such thing, or has characters in it that mean something to
    /// Asterisk.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (extension, context) = text.split_once('@')?;
        let plain = |word: &str, more: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            (1..=79).contains(&word.len()) && word.chars().all(is_plain)
        };
        // A pattern is no number to dial.
        let is_one = plain(extension, "*#+-_.") && !extension.starts_with('_');
        (is_one && plain(context, "-_.")).then(|| Self {
            extension: extension.to_owned(),
            context: context.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.extension, self.context)
    }
}

/// An extension that the dialplan has for a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wired {
    pub(crate) place: Place,
    pub(crate) mailbox: Mailbox,
}

/// Why it is not known where to call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// Nothing was found.
    None,
    /// Several were.
    Several(String),
}

impl Unclear {
    /// What is unclear, and how it is named.
    pub(super) fn parts(&self) -> (&'static str, String) {
        match self {
            Self::None => (
                "no extension of a guarded mailbox is found in the dialplan seen from here",
                "name both: --mailbox 100@default --extension 100@from-trunk".to_owned(),
            ),
            Self::Several(named) => (
                "several extensions of guarded mailboxes are found",
                format!("name one: {named}"),
            ),
        }
    }
}

/// Extensions that are named.
const MOST_NAMED: usize = 5;

/// The extensions that lead to the guard, by the lines of the dialplan: section, name, value. What is made of
/// variables or patterns is not among them.
pub(crate) fn wired<'a>(lines: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Vec<Wired> {
    let mut found = Vec::new();
    let (mut context, mut extension) = ("", "");
    for (section, name, value) in lines {
        if section != context {
            (context, extension) = (section, "");
        }
        if name == "exten" {
            extension = value.split(',').next().unwrap_or_default().trim();
        }
        let argument = value.split_once(GOSUB).map(|(_, behind)| behind);
        let mailbox = argument.and_then(|rest| rest.split([',', ')']).next());
        let mailbox = mailbox.and_then(Mailbox::parse);
        let place = Place::parse(&format!("{extension}@{context}"));
        if let (Some(place), Some(mailbox)) = (place, mailbox) {
            let wired = Wired { place, mailbox };
            if !found.contains(&wired) {
                found.push(wired);
            }
        }
    }
    found
}

/// The one to be called: what was named, and of the rest what the dialplan has.
///
/// # Errors
/// None is found, or several.
pub(crate) fn choose(
    wired: &[Wired],
    place: Option<&Place>,
    mailbox: Option<&Mailbox>,
) -> Result<Wired, Unclear> {
    if let (Some(place), Some(mailbox)) = (place, mailbox) {
        let (place, mailbox) = (place.clone(), mailbox.clone());
        return Ok(Wired { place, mailbox });
    }
    let fits = |wired: &&Wired| {
        place.is_none_or(|place| wired.place == *place)
            && mailbox.is_none_or(|one| wired.mailbox == *one)
    };
    let found: Vec<_> = wired.iter().filter(fits).collect();
    match found[..] {
        [] => Err(Unclear::None),
        [one] => Ok(one.clone()),
        _ => {
            let named = found.iter().take(MOST_NAMED);
            let named = named.map(|one| {
                format!(
                    "--mailbox {} --extension {}",
                    one.mailbox.as_str(),
                    one.place
                )
            });
            let mut named: Vec<_> = named.collect();
            if found.len() > MOST_NAMED {
                named.push("...".to_owned());
            }
            Err(Unclear::Several(named.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_plain() {
        for text in ["100@from-trunk", "*97@a_b.c", "+49911@x", "s@x"] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "", "100", "@x", "100@", "_X.@x", "1,2@x", "1@x,1", "${A}@x", "1@x/n", "1@x@y", "1 @x",
            "1@x\n",
        ] {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }

    const LINES: [(&str, &str, &str); 9] = [
        ("general", "static", "yes"),
        ("in", "exten", "100,1,NoOp()"),
        (
            "in",
            "exten",
            "100,n,ExecIf(${DIALPLAN_EXISTS(voicemail-guard,s,1)}?Gosub(voicemail-guard,s,1(100@default)):VoiceMail(100@default,u))",
        ),
        ("in", "same", "n,Gosub(voicemail-guard,s,1(100,us))"),
        ("in", "exten", "200,1,Answer()"),
        ("in", "same", "n,Gosub(voicemail-guard,s,1(200@sales,b))"),
        (
            "in",
            "exten",
            "_X.,1,Gosub(voicemail-guard,s,1(300@default))",
        ),
        ("out", "same", "n,Gosub(voicemail-guard,s,1(100@default))"),
        (
            "out",
            "exten",
            "9,1,Gosub(voicemail-guard,s,1(${EXTEN}@default))",
        ),
    ];

    #[test]
    fn the_dialplan_says_where_a_mailbox_is_called() {
        let found = wired(LINES.into_iter());
        let found = found
            .iter()
            .map(|one| format!("{} {}", one.place, one.mailbox.as_str()));
        let found: Vec<_> = found.collect();
        assert_eq!(found, ["100@in 100@default", "200@in 200@sales"]);
    }

    #[test]
    fn what_is_named_is_called_and_the_rest_is_found_or_asked_for() {
        let wired = wired(LINES.into_iter());
        let chosen = |place: &str, mailbox: &str| {
            let chosen = choose(
                &wired,
                Place::parse(place).as_ref(),
                Mailbox::parse(mailbox).as_ref(),
            );
            chosen.map(|one| format!("{} {}", one.place, one.mailbox.as_str()))
        };
        assert_eq!(chosen("9@z", "7").unwrap(), "9@z 7@default");
        assert_eq!(chosen("200@in", "").unwrap(), "200@in 200@sales");
        assert_eq!(chosen("", "100").unwrap(), "100@in 100@default");
        assert_eq!(chosen("", "7"), Err(Unclear::None));
        assert_eq!(chosen("9@z", ""), Err(Unclear::None));
        let (_, several) = chosen("", "").unwrap_err().parts();
        assert!(
            several.contains("--mailbox 200@sales --extension 200@in"),
            "{several}"
        );
        assert_eq!(choose(&[], None, None), Err(Unclear::None));
    }
}
