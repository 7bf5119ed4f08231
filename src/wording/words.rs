//! Words for the values of a record.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Language, length, pick, time};
use crate::audio::MediaTime;
use crate::call_record::{
    Answer, Asked, CallRecord, Callback, CallbackSource, Caller, Delivered, Destination, EndedBy,
    KeyRun, Mode, Played, Presentation, Pseudonym, Verdict, WouldHave,
};
use crate::hearing::Class;
use crate::prompts::Prompt;
use crate::text::{quoted, shortened, shown};

/// Characters of a name or number that are shown in a line.
const MOST_SHOWN: usize = 80;
/// Characters of why a delivery fails.
const MOST_REASON: usize = 300;

/// The verdict in a word or two.
pub fn verdict_name(verdict: Verdict, language: Language) -> &'static str {
    let german = match verdict {
        Verdict::Message => "Nachricht",
        Verdict::Rambler => "Dauerredner",
        Verdict::Hangup => "aufgelegt",
        Verdict::Mutter => "Gemurmel",
        Verdict::HoldMusic => "Warteschleife",
        Verdict::Aside => "Hörer abgelegt",
        Verdict::Silent => "stumm",
        Verdict::NoAudio => "kein Ton",
        Verdict::Tone => "Maschine",
        Verdict::Unsure => "unsicher",
    };
    pick(language, verdict.as_str(), german)
}

/// What the caller was, as the end of the sentence "the caller …".
pub fn verdict(verdict: Verdict, language: Language) -> &'static str {
    let (en, de) = match verdict {
        Verdict::Message => ("left a message", "hat eine Nachricht hinterlassen"),
        Verdict::Rambler => (
            "talked past the limit or had to be asked for the number",
            "sprach länger als erlaubt oder musste nach der Nummer gefragt werden",
        ),
        Verdict::Hangup => ("hung up at once", "legte sofort auf"),
        Verdict::Mutter => ("muttered and hung up", "murmelte etwas und legte auf"),
        Verdict::HoldMusic => ("parked us on hold music", "legte uns in die Warteschleife"),
        Verdict::Aside => (
            "laid the handset aside",
            "legte den Hörer neben das Telefon",
        ),
        Verdict::Silent => (
            "said nothing on an open line",
            "blieb in der Leitung und sagte nichts",
        ),
        Verdict::NoAudio => (
            "sent no sound at all, a technical fault",
            "war nicht zu hören, eine technische Störung",
        ),
        Verdict::Tone => ("was a machine", "war eine Maschine"),
        Verdict::Unsure => (
            "could not be told apart with certainty",
            "ließ sich nicht sicher einordnen",
        ),
    };
    pick(language, en, de)
}

/// How sure the guard is of the verdict: `93 % sure`; `None` where it has not judged the caller.
pub fn sure(record: &CallRecord, language: Language) -> Option<String> {
    let percent = (record.confidence.clamp(0.0, 1.0) * 100.0).round();
    record.is_judged().then(|| match language {
        Language::En => format!("{percent} % sure"),
        Language::De => format!("zu {percent} % sicher"),
    })
}

/// Where to look for what the caller said to `VoiceMail()`, as a sentence without its full stop.
pub fn look_elsewhere(record: &CallRecord, language: Language) -> Option<&'static str> {
    let (en, de) = ("look into the mailbox", "bitte in der Mailbox nachsehen");
    record.went_to_voicemail().then(|| pick(language, en, de))
}

/// What became of a caller who was not heard because a list says so, as the end of the sentence
/// "the caller …".
pub fn passed_by(record: &CallRecord, language: Language) -> Option<&'static str> {
    let (en, de) = match record.ended_by? {
        EndedBy::Bypassed => ("went straight to VoiceMail()", "ging direkt an VoiceMail()"),
        EndedBy::Rejected => ("was refused at once", "wurde sofort abgewiesen"),
        _ => return None,
    };
    Some(pick(language, en, de))
}

/// What stands behind the verdict in a table: that a list of the mailbox had a say, or that `VoiceMail()` took over.
pub fn listed(record: &CallRecord, language: Language) -> &'static str {
    let (en, de) = match (record.ended_by, &record.watched) {
        (Some(EndedBy::Bypassed), _) => (" (straight)", " (direkt)"),
        (Some(EndedBy::Rejected), _) => (" (refused)", " (abgewiesen)"),
        _ if record.went_to_voicemail() => (" (handed on)", " (übergeben)"),
        (_, Some(_)) => (" (watched)", " (Merkliste)"),
        _ => ("", ""),
    };
    pick(language, en, de)
}

/// How the call ended, as the end of the sentence "the call …".
pub fn ended_by(ended_by: EndedBy, language: Language) -> &'static str {
    let (en, de) = match ended_by {
        EndedBy::Caller => ("was ended by the caller", "wurde vom Anrufer beendet"),
        EndedBy::Guard => (
            "was ended by the guard",
            "wurde von Voicemail Guard beendet",
        ),
        EndedBy::Limit => (
            "was ended at the longest message",
            "wurde nach der Höchstdauer einer Nachricht beendet",
        ),
        EndedBy::Exit => (
            "was left by the caller with a key, for the dialplan",
            "wurde auf Tastendruck des Anrufers weitergeleitet",
        ),
        EndedBy::HandedOn => (
            "was handed on to VoiceMail() because something failed",
            "wurde wegen einer Störung an VoiceMail() übergeben",
        ),
        EndedBy::Overloaded => (
            "was refused at once, Asterisk carried on without the guard",
            "wurde nicht angenommen, Asterisk machte ohne Voicemail Guard weiter",
        ),
        EndedBy::Bypassed => (
            "was let straight through to VoiceMail(), as the box's list wants",
            "ging direkt an VoiceMail(), wie es die Liste der Mailbox verlangt",
        ),
        EndedBy::Rejected => (
            "was refused at once, as the box's list wants",
            "wurde sofort abgewiesen, wie es die Liste der Mailbox verlangt",
        ),
        EndedBy::Asterisk => (
            "was taken on or ended by Asterisk",
            "wurde von Asterisk übernommen oder beendet",
        ),
        EndedBy::Recovered => (
            "was cut off from the guard, which died, and VoiceMail() took over",
            "wurde durch einen Absturz von Voicemail Guard unterbrochen; VoiceMail() übernahm",
        ),
    };
    pick(language, en, de)
}

/// What the guard was allowed to do.
pub fn mode(mode: Mode, language: Language) -> &'static str {
    let (en, de) = match mode {
        Mode::Observe => (
            "observe: nothing is said or cut",
            "nur zuhören: nichts sagen, nichts beenden",
        ),
        Mode::Guide => (
            "guide: speaks, never ends the call",
            "begleiten: sprechen, aber keinen Anruf beenden",
        ),
        Mode::Enforce => (
            "enforce: speaks and ends junk",
            "eingreifen: sprechen und unnütze Anrufe beenden",
        ),
    };
    pick(language, en, de)
}

/// What enforce would have done in a call that was observed, as the end of the sentence "enforce
/// would …".
pub fn would_have(would_have: Option<WouldHave>) -> String {
    match would_have {
        None => "not have ended this call earlier".into(),
        Some(WouldHave {
            ended_by: EndedBy::Rejected,
            saved_s,
            ..
        }) => format!("have refused this call at once, {saved_s} earlier"),
        Some(WouldHave {
            ended_by,
            verdict,
            at,
            saved_s,
        }) => {
            let limit = match ended_by {
                EndedBy::Limit => " at the longest message",
                _ => "",
            };
            format!("have ended this call{limit} after {at} as {verdict}, {saved_s} earlier")
        }
    }
}

/// Where the number to call back comes from.
pub fn source(source: CallbackSource, language: Language) -> &'static str {
    let (en, de) = match source {
        CallbackSource::KeyedConfirmed => (
            "keyed in and confirmed by the caller",
            "eingegeben und bestätigt",
        ),
        CallbackSource::CallerIdConfirmed => (
            "caller ID, confirmed by the caller",
            "angezeigte Rufnummer, bestätigt",
        ),
        CallbackSource::Keyed => ("keyed in, not confirmed", "eingegeben, nicht bestätigt"),
        CallbackSource::CallerId => (
            "caller ID, not confirmed",
            "angezeigte Rufnummer, nicht bestätigt",
        ),
        CallbackSource::None => ("none", "keine"),
    };
    pick(language, en, de)
}

/// What was played; in English by the names that its files have.
pub fn played(played: &Played, language: Language) -> &str {
    let Played::Prompt(prompt) = played else {
        return played.name();
    };
    let german = match prompt {
        Prompt::Greeting => "Begrüßung",
        Prompt::GreetingWithheld => "Begrüßung mit Frage nach der Nummer",
        Prompt::StillThere => "Sind Sie noch da?",
        Prompt::NumberFirst => "Bitte zuerst die Nummer",
        Prompt::TimeWarning => "Hinweis auf das baldige Ende",
        Prompt::EnterNumber => "Bitte die Nummer eingeben",
        Prompt::NumberIs => "Ansage der Nummer",
        Prompt::NumberConfirm => "Stimmt die Nummer?",
        Prompt::NumberSaved => "Nummer notiert",
        Prompt::NumberImpossible => "Das ist keine Rufnummer",
        Prompt::OfferCallerId => "Ansage der angezeigten Nummer",
        Prompt::OfferConfirm => "Rückruf unter dieser Nummer?",
        Prompt::Thanks => "Dank",
        Prompt::Goodbye => "Verabschiedung",
        Prompt::StillWaiting => "Warten Sie noch?",
    };
    pick(language, prompt.name(), german)
}

/// What was played and how it was answered: `still-there: answered by voice`.
pub fn asked(asked: &Asked, language: Language) -> String {
    let (en, de) = match asked.answer {
        Some(Answer::Voice) => (": answered by voice", ": mündlich beantwortet"),
        Some(Answer::Key) => (": answered by key", ": per Taste beantwortet"),
        None if asked.prompt.wants_answer() => (": no answer", ": keine Antwort"),
        None => ("", ""),
    };
    let prompt = shortened(played(&asked.prompt, language), MOST_SHOWN);
    format!("{prompt}{}", pick(language, en, de))
}

/// Keys that the caller pressed one after another: `the caller pressed 0911234567#`.
pub fn pressed(run: &KeyRun, language: Language) -> String {
    let keys = shortened(&run.keys, MOST_SHOWN);
    match language {
        Language::En => format!("the caller pressed {keys}"),
        Language::De if run.keys.len() == 1 => format!("die Taste {keys} wurde gedrückt"),
        Language::De => format!("die Tasten {keys} wurden gedrückt"),
    }
}

/// Where a message went and when.
pub fn delivered(delivered: &Delivered, zone: &TimeZone, language: Language) -> String {
    let text = match language {
        Language::En => delivered.text(|at| time(at, zone, language)),
        Language::De => {
            let (detail, at) = (&delivered.detail, time(delivered.at, zone, language));
            format!("{}: {detail}, {at}", destination(delivered.to, language))
        }
    };
    shown(&text).to_string()
}

fn destination(to: Destination, language: Language) -> &'static str {
    let (en, de) = match to {
        Destination::Mailbox => ("the mailbox", "Mailbox"),
        Destination::Mail => ("e-mail", "E-Mail"),
        Destination::Webhook => ("the webhook", "Webhook"),
    };
    pick(language, en, de)
}

/// A delivery that is not made.
#[derive(Clone, Copy, Debug)]
pub struct Undelivered<'a> {
    /// Where to.
    pub to: Destination,
    /// How it stands.
    pub state: Pending,
    /// Since when it waits.
    pub since: Timestamp,
    /// Why not; `None` where it was not tried yet.
    pub why: Option<&'a str>,
}

/// How a delivery stands that is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// It is tried (again) then.
    Due(Timestamp),
    /// The message is there, but its MWI could not be set yet.
    Mwi,
    /// It is not tried again.
    GivenUp,
}

/// A delivery that is not made: since when, where to, and why not.
pub fn undelivered(undelivered: &Undelivered<'_>, zone: &TimeZone, language: Language) -> String {
    let place = destination(undelivered.to, language);
    let since = time(undelivered.since, zone, language);
    let untried = pick(language, "not tried yet", "noch nicht versucht");
    let why = shortened(undelivered.why.unwrap_or(untried), MOST_REASON);
    match (undelivered.state, language) {
        (Pending::GivenUp, Language::En) => {
            format!("not delivered to {place}: given up, waiting since {since}: {why}")
        }
        (Pending::GivenUp, Language::De) => {
            format!("{place}: nicht zugestellt, nach Versuchen seit {since} aufgegeben: {why}")
        }
        (Pending::Mwi, Language::En) => {
            format!("the MWI of {place} waits since {since}: {why}")
        }
        (Pending::Mwi, Language::De) => {
            format!(
                "{place}: Nachricht zugestellt, ihre Anzeige am Telefon steht seit {since} aus: {why}"
            )
        }
        (Pending::Due(due), language) => {
            let again = undelivered.why.map(|_| match language {
                Language::En => format!(", tried again {}", time(due, zone, language)),
                Language::De => format!(", nächster Versuch {}", time(due, zone, language)),
            });
            let again = again.unwrap_or_default();
            match language {
                Language::En => format!("waiting for {place} since {since}{again}: {why}"),
                Language::De => format!("{place}: Zustellung steht seit {since} aus{again}: {why}"),
            }
        }
    }
}

/// What stands behind the verdict in a table: that the message is not, or not everywhere, where it
/// can be heard.
pub fn undelivered_in_short(
    record: &CallRecord,
    mut states: impl Iterator<Item = Pending> + Clone,
    language: Language,
) -> &'static str {
    let waits = |state| matches!(state, Pending::Due(_));
    let (en, de) = if states.clone().any(waits) {
        (" (waiting)", " (noch nicht zugestellt)")
    } else if states.all(|state| state != Pending::GivenUp) {
        ("", "")
    } else if record.delivered.is_empty() {
        (" (not delivered)", " (nicht zugestellt)")
    } else {
        (" (partly delivered)", " (teilweise zugestellt)")
    };
    pick(language, en, de)
}

/// The number of the caller for people: E.164, else as sent, else why there is none.
pub fn number(caller: &Caller, language: Language) -> String {
    let withheld = caller.presentation == Presentation::Withheld;
    match (&caller.e164, caller.known_number()) {
        (Some(e164), _) if withheld => {
            format!("{e164} ({})", pick(language, "withheld", "unterdrückt"))
        }
        (None, _) if withheld => pick(language, "number withheld", "Nummer unterdrückt").into(),
        (None, _) if Pseudonym::is_one(&caller.number) => number_deleted(language).into(),
        (_, None) => pick(language, "no number", "keine Nummer").into(),
        (_, Some(number)) if is_plain(number) => shortened(number, MOST_SHOWN).to_string(),
        (_, Some(number)) => quoted(&clip(number)),
    }
}

/// What is shown where a pseudonym stands in place of a number.
pub fn number_deleted(language: Language) -> &'static str {
    pick(language, "number deleted", "Nummer gelöscht")
}

/// Whether a number as sent cannot be taken for words of ours.
fn is_plain(number: &str) -> bool {
    number
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+*#@:/._-".contains(&b))
}

/// The caller's name between quotation marks, if there is one.
pub fn name(caller: &Caller) -> Option<String> {
    let name = caller.name.trim();
    let none = name.is_empty() || name.eq_ignore_ascii_case("unknown");
    (!none).then(|| quoted(&clip(name)))
}

/// The number to call back and how it was given.
pub fn callback(callback: &Callback, language: Language) -> Option<String> {
    let number = callback.best_form();
    (!number.is_empty()).then(|| {
        let source = source(callback.source, language);
        if Pseudonym::is_one(number) {
            format!("{} ({source})", number_deleted(language))
        } else {
            format!("{} ({source})", shortened(number, MOST_SHOWN))
        }
    })
}

/// What was heard, in a word.
pub fn class(class: Class, language: Language) -> &'static str {
    let (en, de) = match class {
        Class::Speech => ("speech", "Sprache"),
        Class::Silence => ("silence", "Stille"),
        Class::Music => ("music", "Musik"),
        Class::Tone => ("tone", "Ton"),
        Class::Noise => ("noise", "Geräusch"),
    };
    pick(language, en, de)
}

/// Seconds of each class that was heard, most first: `speech 14.2 s, silence 3.0 s`.
pub fn seconds(record: &CallRecord, language: Language) -> String {
    let mut classes: Vec<(MediaTime, Class)> = Class::ALL
        .into_iter()
        .map(|class| (record.seconds.of(class), class))
        .filter(|(length, _)| *length > MediaTime::ZERO)
        .collect();
    classes.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    if classes.is_empty() {
        return pick(language, "nothing", "nichts").into();
    }
    let words: Vec<String> = classes
        .into_iter()
        .map(|(of, heard)| format!("{} {}", class(heard, language), length(of, language)))
        .collect();
    words.join(", ")
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into(),
    }
}
