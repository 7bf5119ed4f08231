//! What is sent in place of a number.

use super::written::Core;

/// Why a caller has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// The caller withholds it.
    Withheld,
    /// The network has none, or Asterisk has put its own word there.
    Unavailable,
}

/// Why what was sent is not a number; `None` for everything that may be one, a name such as `anna`
/// included.
pub fn no_number(raw: &str) -> Option<NoNumber> {
    let core = Core::of(raw);
    let words = words(&core.number);
    if words.is_empty() {
        return Some(NoNumber::Unavailable);
    }
    let is_one_of = |all: &[&str]| all.contains(&words.as_str());
    if is_one_of(&WITHHELD) {
        return Some(NoNumber::Withheld);
    }
    let zeros = words.bytes().all(|c| c == b'0' || c == b' ');
    (is_one_of(&UNAVAILABLE) || zeros).then_some(NoNumber::Unavailable)
}

/// The words of a text in small letters, without those that stand behind every one of ours.
fn words(text: &str) -> String {
    let text = text.to_lowercase();
    let mut words = Vec::new();
    words.extend(
        text.split(|c: char| !c.is_alphanumeric() && !"*#".contains(c))
            .filter(|word| !word.is_empty()),
    );
    while let [.., _, last] = words[..]
        && BESIDE.contains(&last)
        && words != ["no", "caller", "id"]
    {
        words.pop();
    }
    words.join(" ")
}

const WITHHELD: [&str; 24] = [
    "anonymous",
    "anonym",
    "anonymer",
    "anonyme",
    "restricted",
    "private",
    "privat",
    "privater",
    "withheld",
    "blocked",
    "hidden",
    "suppressed",
    "secret",
    "clir",
    "p",
    "caller withheld",
    "caller id blocked",
    "no caller id",
    "presentation restricted",
    "unterdrückt",
    "unterdrückte",
    "unterdrueckt",
    "unterdrueckte",
    "verborgen",
];
const UNAVAILABLE: [&str; 24] = [
    "unavailable",
    "unknown",
    "asterisk",
    "o",
    "out of area",
    "out of service area",
    "not available",
    "unassigned",
    "undefined",
    "n a",
    "na",
    "none",
    "null",
    "nil",
    "nobody",
    "no",
    "payphone",
    "coin",
    "unbekannt",
    "unbekannte",
    "unbekannter",
    "nicht verfügbar",
    "nicht verfuegbar",
    "keine",
];
const BESIDE: [&str; 12] = [
    "caller",
    "call",
    "number",
    "name",
    "id",
    "user",
    "line",
    "cli",
    "nummer",
    "rufnummer",
    "anrufer",
    "anruf",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_no_number() {
        for raw in [
            "anonymous",
            "Anonymous",
            "ANONYMOUS",
            "Anonymous@anonymous.invalid",
            "sip:anonymous@anonymous.invalid",
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            "anonymous;phone-context=+49",
            "restricted",
            "Private",
            "private number",
            "Private Caller",
            "withheld",
            "Blocked",
            "No Caller ID",
            "P",
            "Unterdrückte Rufnummer",
            "<anonymous>",
            " anonymous ",
            "Anonymous_Caller",
        ] {
            assert_eq!(no_number(raw), Some(NoNumber::Withheld), "{raw:?}");
        }
        for raw in [
            "",
            " ",
            "-",
            "+",
            "Unavailable",
            "Unknown",
            "unknown",
            "UNKNOWN",
            "unknown@unknown.invalid",
            "sip:unavailable@10.0.0.1",
            "asterisk",
            "Asterisk",
            "asterisk@10.0.0.1",
            "0",
            "00",
            "0000000000",
            "+0",
            "O",
            "Out of Area",
            "out-of-area",
            "N/A",
            "(null)",
            "<unknown>",
            "Unknown Number",
            "not available",
            "Unbekannter Anrufer",
        ] {
            assert_eq!(no_number(raw), Some(NoNumber::Unavailable), "{raw:?}");
        }
        for raw in [
            "200",
            "110",
            "01",
            "0911",
            "+4991112345678",
            "anna",
            "anna.schmidt",
            "sip:anna@x",
            "*31#",
            "#1",
            "0800-FLOWERS",
            "sip:+4991112345678@anonymous.invalid",
            "Petra",
        ] {
            assert_eq!(no_number(raw), None, "{raw:?}");
        }
    }
}
