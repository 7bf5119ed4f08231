//! What stands in an e-mail, in German and English.

use crate::call_record::Presentation;
use crate::wording::Language;

/// The words of one language.
pub(super) struct Words {
    pub(super) lang: &'static str,
    pub(super) test: &'static str,
    pub(super) test_call: &'static str,
    pub(super) message_from: &'static str,
    pub(super) no_message_from: &'static str,
    pub(super) watched: &'static str,
    pub(super) to_box: &'static str,
    pub(super) caller: &'static str,
    pub(super) case: &'static str,
    pub(super) call_back: &'static str,
    pub(super) nobody: &'static str,
    pub(super) dialled: &'static str,
    pub(super) mailbox: &'static str,
    pub(super) verdict: &'static str,
    pub(super) reasons: &'static str,
    pub(super) time: &'static str,
    pub(super) length: &'static str,
    pub(super) attached: &'static str,
    pub(super) recorded: &'static str,
    pub(super) number_at: &'static str,
    pub(super) page: &'static str,
    pub(super) no_sound: &'static str,
    pub(super) too_large: &'static str,
    pub(super) withheld: &'static str,
    pub(super) unknown: &'static str,
}

pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::De => &DE,
    }
}

/// What is said of audio that is not attached, since it is too large.
pub(crate) const TOO_LARGE_EN: &str = "The recording was too large to attach; it is kept.";
/// The same in German.
pub(crate) const TOO_LARGE_DE: &str =
    "Die Aufnahme war für einen Anhang zu groß; sie ist gespeichert.";

const EN: Words = Words {
    lang: "en",
    test: "TEST",
    test_call: "A test call by voicemail-guard doctor: nobody has called, nothing is to be done.",
    message_from: "Voice message from",
    no_message_from: "Call without a message from",
    watched: "Watch list",
    to_box: "for",
    caller: "Caller",
    case: "Case",
    call_back: "Call back",
    nobody: "no number known",
    dialled: "Dialled",
    mailbox: "Box",
    verdict: "Verdict",
    reasons: "Why",
    time: "Time",
    length: "Length",
    attached: "attached",
    recorded: "recorded",
    number_at: "After being asked for the number",
    page: "The call",
    no_sound: "No sound was recorded.",
    too_large: TOO_LARGE_EN,
    withheld: "number withheld",
    unknown: "number unknown",
};

const DE: Words = Words {
    lang: "de",
    test: "TEST",
    test_call: "Testanruf von voicemail-guard doctor: Niemand hat angerufen, es ist nichts zu tun.",
    message_from: "Sprachnachricht von",
    no_message_from: "Anruf ohne Nachricht von",
    watched: "Merkliste",
    to_box: "für",
    caller: "Anrufer",
    case: "Vorgang",
    call_back: "Rückruf",
    nobody: "keine Nummer bekannt",
    dialled: "Gewählte Nummer",
    mailbox: "Mailbox",
    verdict: "Einstufung",
    reasons: "Gründe",
    time: "Zeitpunkt",
    length: "Dauer",
    attached: "angehängt",
    recorded: "aufgenommen",
    number_at: "Nummer genannt bei",
    page: "Seite des Anrufs",
    no_sound: "Es wurde kein Ton aufgenommen.",
    too_large: TOO_LARGE_DE,
    withheld: "Nummer unterdrückt",
    unknown: "Nummer unbekannt",
};

/// Why no number is shown.
pub(super) fn no_number(words: &Words, presentation: Presentation) -> &'static str {
    match presentation {
        Presentation::Withheld => words.withheld,
        Presentation::Shown | Presentation::Unavailable => words.unknown,
    }
}
