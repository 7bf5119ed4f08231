//! Words of the report on old messages and calls from before the guard.

use jiff::civil::Date;

use super::figures::{count, days, minutes, share};
use super::{Language, pick};
use crate::figures::GREETING;
use crate::imported::{LeftOut, Report};

/// What stands above the report, before its days.
pub fn title(language: Language) -> &'static str {
    pick(language, "Before the guard", "Vor Voicemail Guard")
}

/// There is nothing to report.
pub fn nothing(language: Language) -> &'static str {
    pick(
        language,
        "Nothing was imported.",
        "Es wurde nichts importiert.",
    )
}

/// Everything that was imported is from before this day.
pub fn nothing_since(day: Date, language: Language) -> String {
    let day = days(day, day, language);
    match language {
        Language::En => {
            format!("Nothing that was imported is from {day} or later; all of it is older.")
        }
        Language::De => {
            format!("Vom {day} an wurde nichts importiert; alles Importierte ist älter.")
        }
    }
}

/// A month: `Nov 2026`, `11.2026`.
pub fn month(of: Date, language: Language) -> String {
    let form = pick(language, "%b %Y", "%-m.%Y");
    of.strftime(form).to_string()
}

/// Part of a whole: `72.5 %`; a dash where the whole is nothing.
fn part(of: u64, whole: u64, language: Language) -> String {
    let ratio = (whole > 0).then(|| of as f64 / whole as f64);
    share(ratio, language)
}

/// The names of what is counted of each verdict.
pub fn verdict_columns(language: Language) -> [&'static str; 6] {
    pick(
        language,
        [
            "verdict",
            "messages",
            "share",
            "sound",
            "no number",
            "confidence",
        ],
        [
            "Einstufung",
            "Nachrichten",
            "Anteil",
            "Ton",
            "ohne Nummer",
            "Sicherheit",
        ],
    )
}

/// The names of what is counted of each month.
pub fn month_columns(language: Language) -> [&'static str; 6] {
    pick(
        language,
        [
            "month",
            "messages",
            "nothing left",
            "share",
            "sound of it",
            "calls",
        ],
        [
            "Monat",
            "Nachrichten",
            "ohne Anliegen",
            "Anteil",
            "Ton davon",
            "Anrufe",
        ],
    )
}

/// What the team would have got with the guard, what it would not, and both.
pub fn groups(language: Language) -> [&'static str; 3] {
    pick(
        language,
        ["for the team", "nothing left", "all"],
        ["für das Team", "ohne Anliegen", "alle"],
    )
}

fn messages(of: u64, language: Language) -> &'static str {
    match of {
        1 => pick(language, "message", "Nachricht"),
        _ => pick(language, "messages", "Nachrichten"),
    }
}

/// What the guard would have spared the team.
pub fn spared(of: &Report, language: Language) -> String {
    let (junk, all) = (of.delivered(false), of.all());
    let [number, whole] = [junk.messages, all.messages].map(|of| count(of, language));
    let ratio = part(junk.messages, all.messages, language);
    let sound = minutes(junk.sound, language);
    let messages = messages(all.messages, language);
    match language {
        Language::En => format!(
            "Nothing left: {number} of {whole} {messages} ({ratio}), {sound} of sound. With the guard they would be in \
             its log and in no mailbox: nobody would have had to listen to them."
        ),
        Language::De => format!(
            "Ohne Anliegen: {number} von {whole} {messages} ({ratio}), {sound} Ton. Mit Voicemail Guard stünden sie in \
             seinem Protokoll und in keiner Mailbox: niemand hätte sie anhören müssen."
        ),
    }
}

/// How many cannot be called back by what the network showed.
pub fn without_number(of: &Report, language: Language) -> String {
    let (team, all) = (of.delivered(true), of.all());
    let numbers = [
        all.without_number,
        all.messages,
        team.without_number,
        all.with_keys,
    ];
    let [without, whole, wanted, keys] = numbers.map(|of| count(of, language));
    let messages = messages(all.messages, language);
    match language {
        Language::En => format!(
            "No number from the network: {without} of {whole} {messages}, {wanted} of them for the team. Keys are heard \
             in {keys} of them. Whether a number was spoken cannot be heard; the guard asks such callers for theirs."
        ),
        Language::De => format!(
            "Ohne Nummer aus dem Netz: {without} von {whole} {messages}, {wanted} davon für das Team. Tasten sind in \
             {keys} davon zu hören. Ob eine Nummer gesprochen wurde, lässt sich nicht hören; Voicemail Guard fragt \
             solche Anrufer danach."
        ),
    }
}

/// How far the verdicts can be trusted.
pub fn how_sure(of: &Report, language: Language) -> String {
    let junk = of.delivered(false);
    let number = count(junk.messages, language);
    let messages = messages(junk.messages, language);
    let wrong = match junk.perhaps_wrong().round() as u64 {
        0 => pick(language, "fewer than 1", "weniger als 1").to_owned(),
        wrong => count(wrong, language),
    };
    match language {
        Language::En => format!(
            "How sure that is: the verdicts are of the sound alone, and nobody was asked whether they are still there. \
             By their own confidence {wrong} of the {number} {messages} with nothing left may hold one after all. What \
             was in doubt is unsure, and counted as for the team."
        ),
        Language::De => format!(
            "Wie sicher das ist: eingestuft wurde allein nach dem Ton, und niemand wurde gefragt, ob er noch da ist. Nach \
             der eigenen Sicherheit kann in {wrong} der {number} {messages} ohne Anliegen doch eines stecken. Was \
             zweifelhaft war, ist unsicher und zählt als für das Team."
        ),
    }
}

/// What the call detail records say, a line each.
pub fn calls(of: &Report, language: Language) -> Vec<String> {
    let calls = of.calls;
    let unknown = calls.calls - calls.left_message - calls.left_none;
    let line = |number: u64, words: &str| {
        let ratio = part(number, calls.calls, language);
        format!("{words}: {} ({ratio})", count(number, language))
    };
    let seconds = GREETING.as_secs();
    let (all, length) = (
        count(calls.calls, language),
        minutes(calls.length, language),
    );
    let mut lines = vec![match language {
        Language::En => format!(
            "Calls that ended in VoiceMail(), by the call detail records: {all}; {length} from answer to hang-up."
        ),
        Language::De => format!(
            "Anrufe, die in VoiceMail() endeten, nach den Anrufdaten (CDR): {all}; {length} vom Abheben bis zum Auflegen."
        ),
    }];
    let at_once = match language {
        Language::En => format!("over within {seconds} s, while the greeting lasts"),
        Language::De => {
            format!("nach höchstens {seconds} s vorbei, so lange dauert die Begrüßung")
        }
    };
    lines.push(line(calls.at_once, &at_once));
    lines.push(line(
        calls.without_number,
        pick(
            language,
            "without a number from the network",
            "ohne Nummer aus dem Netz",
        ),
    ));
    if unknown < calls.calls {
        lines.push(line(
            calls.left_message,
            pick(
                language,
                "a message of theirs was found",
                "eine Nachricht davon wurde gefunden",
            ),
        ));
        lines.push(line(
            calls.left_none,
            pick(
                language,
                "no message in the mailboxes, since none was left or it was deleted",
                "keine Nachricht in den Mailboxen, weil keine hinterlassen oder sie gelöscht wurde",
            ),
        ));
    }
    if unknown > 0 {
        lines.push(line(
            unknown,
            pick(
                language,
                "read without the mailboxes, so nobody looked for a message",
                "ohne die Mailboxen gelesen, also nach keiner Nachricht gesucht",
            ),
        ));
    }
    lines
}

/// Why something that was found is not counted.
pub fn left_out(why: LeftOut, language: Language) -> &'static str {
    let (en, de) = match why {
        LeftOut::NoSound => ("a text without sound", "Text ohne Ton"),
        LeftOut::OtherForm => (
            "sound in forms only that are not read",
            "Ton nur in Formaten, die nicht gelesen werden",
        ),
        LeftOut::Empty => ("nothing in the file", "leere Datei"),
        LeftOut::Damaged => (
            "damaged, no sound can be made of it",
            "beschädigt, kein Ton herauszuholen",
        ),
        LeftOut::Unreadable => (
            "cannot be read: no right to, or the disk fails",
            "nicht lesbar: kein Recht dazu, oder die Platte versagt",
        ),
        LeftOut::NoFile => ("a link or no plain file", "ein Link oder keine Datei"),
        LeftOut::Gone => (
            "moved or deleted before it was read",
            "vor dem Lesen verschoben oder gelöscht",
        ),
        LeftOut::InProgress => ("being recorded just now", "wird gerade aufgenommen"),
        LeftOut::ByGuard => (
            "came through the guard, and is in its log",
            "kam über Voicemail Guard und steht in seinem Protokoll",
        ),
        LeftOut::Older => ("from before --since", "von vor --since"),
    };
    pick(language, en, de)
}

/// What stands above what is not counted.
pub fn not_counted(language: Language) -> &'static str {
    pick(
        language,
        "Found in this run, and not counted:",
        "In diesem Lauf gefunden und nicht gezählt:",
    )
}

/// Lines of call detail records that are none.
pub fn no_rows(language: Language) -> &'static str {
    pick(
        language,
        "lines that are no call detail record",
        "Zeilen, die keine Anrufdaten sind",
    )
}
