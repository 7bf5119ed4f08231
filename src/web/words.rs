//! The words of the page itself; those for what a call is come from [`wording`](crate::wording).

use crate::wording::Language;

macro_rules! words {
    ($($name:ident: $en:literal, $de:literal;)*) => {
        /// Every word of the page, in one language.
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)*
        }

        const EN: Words = Words { $($name: $en,)* };
        const DE: Words = Words { $($name: $de,)* };
    };
}

words! {
    tag: "en", "de";
    other_tag: "de", "en";
    other_language: "Deutsch", "English";
    title: "Callbacks", "Rückrufe";
    skip: "Skip to the list", "Zur Liste springen";
    to_ring: "To be rung", "Anzurufen";
    mine: "Mine", "Meine";
    later: "Later", "Später";
    done: "Done", "Erledigt";
    junk: "Nothing left", "Ohne Anliegen";
    all: "All", "Alle";
    search: "Search", "Suchen";
    search_hint: "number, name, call, note", "Nummer, Name, Anruf, Notiz";
    mailbox: "Mailbox", "Mailbox";
    every_mailbox: "every mailbox", "jede Mailbox";
    verdict: "Verdict", "Einstufung";
    every_verdict: "every verdict", "jede Einstufung";
    since: "Since", "Seit";
    filter: "Filter", "Filtern";
    clear: "clear", "zurücksetzen";
    nothing_found: "No case here.", "Hier ist kein Fall.";
    nobodys_mailbox: "This mailbox is neither in the settings, nor has it been called.", "Diese Mailbox steht nicht in den Einstellungen und wurde noch nie angerufen.";
    nothing_to_ring: "Nobody waits for a call.", "Niemand wartet auf einen Rückruf.";
    older: "Next page", "Nächste Seite";
    newer: "Previous page", "Vorige Seite";
    waits: "waits", "wartet";
    waiting: "Waiting now", "Wartende";
    waits_on: "waits", "wartet";
    asked_now: "asked", "gefragt";
    nobody_there: "nobody there", "niemand da";
    no_sign_of_life: "no sign of life", "kein Lebenszeichen";
    place: "place", "Platz";
    heard: "heard", "zu hören";
    not_heard_yet: "not listened to yet", "noch nicht mitgehört";
    not_heard: "cannot be listened to", "Mithören nicht möglich";
    sign_of_life: "sign of life", "Lebenszeichen";
    not_asked: "not asked", "nicht gefragt";
    by_voice: "answered by voice", "mündlich beantwortet";
    by_key: "answered by key", "per Taste beantwortet";
    no_answer: "no answer", "keine Antwort";
    nobody_waits: "Nobody waits in a queue that is watched.", "In den überwachten Warteschlangen wartet niemand.";
    no_queue_watched: "No queue is watched: [queue] listen is not set.", "Keine Warteschlange wird überwacht: [queue] listen ist nicht gesetzt.";
    look_again: "Look again", "Neu laden";
    copy: "Copy", "Kopieren";
    copied: "Copied", "Kopiert";
    no_number: "no number is known", "keine Nummer bekannt";
    speech: "speech", "Sprache";
    under_way: "under way", "läuft noch";
    unreadable: "unreadable", "nicht lesbar";
    ring_first: "Ring first", "Zuerst anrufen";
    prompt: "prompt", "Ansage";
    pressed: "keys pressed", "gedrückte Tasten";
    calls: "calls", "Anrufe";
    one_call: "1 call", "1 Anruf";
    claim: "Claim", "Übernehmen";
    release: "Release", "Zurückgeben";
    reached: "Reached", "Erreicht";
    not_reached: "Not reached", "Nicht erreicht";
    step_done: "Done", "Erledigt";
    nothing_to_do: "Nothing to do", "Nichts zu tun";
    reopen: "Reopen", "Wieder öffnen";
    note: "Note", "Notiz";
    save_note: "Save the note", "Notiz speichern";
    next_try: "Try again in", "Neuer Versuch in";
    at_once: "at once", "sofort";
    half_an_hour: "half an hour", "einer halben Stunde";
    two_hours: "two hours", "zwei Stunden";
    tomorrow: "a day", "einem Tag";
    you_are: "You are", "Sie sind";
    your_name: "your name", "Ihr Name";
    save: "Save", "Speichern";
    name_missing: "Say who you are first (top right), so that the others know who is on it.",
        "Bitte zuerst oben rechts den Namen eintragen, damit die anderen wissen, wer daran ist.";
    note_missing: "The note is empty.", "Die Notiz ist leer.";
    note_too_long: "A note has at most 2000 characters.", "Eine Notiz hat höchstens 2000 Zeichen.";
    case: "Case", "Fall";
    history: "What was done", "Was getan wurde";
    the_calls: "The calls", "Die Anrufe";
    call: "Call", "Anruf";
    what_happened: "What happened", "Was geschah";
    sound: "The recording", "Die Aufnahme";
    came_from: "Waited before:", "Wartete zuvor:";
    went_to: "Went on to the mailbox", "Weiter an die Mailbox";
    no_sound: "No recording is kept of this call.", "Von diesem Anruf ist keine Aufnahme vorhanden.";
    waveform: "Waveform, coloured by what was heard", "Wellenform, gefärbt nach dem Gehörten";
    to_speech: "First speech", "Erste Sprache";
    to_number: "The number", "Die Nummer";
    skip_silence: "Skip silence and music", "Stille und Musik überspringen";
    faster: "1.5×", "1,5×";
    facts: "All facts", "Alle Angaben";
    print: "Print", "Drucken";
    back: "Back to the list", "Zurück zur Liste";
    to_case: "To the case", "Zum Fall";
    problem: "That did not work", "Das ging nicht";
    not_found: "There is nothing here. It may have been deleted after its time of keeping.",
        "Hier ist nichts. Vielleicht wurde es nach Ablauf der Aufbewahrung gelöscht.";
    wrong_method: "This address is not for that.", "Diese Adresse ist dafür nicht da.";
    too_large: "That is too long; a note has at most 2000 characters.",
        "Das ist zu lang; eine Notiz hat höchstens 2000 Zeichen.";
    not_now: "The call log cannot be read or written just now. Nothing was changed; please try again in a moment.",
        "Das Anrufbuch ist gerade nicht zu lesen oder zu schreiben. Nichts wurde geändert; bitte gleich noch einmal versuchen.";
    broken: "The page has a fault, which is in the guard's log now. Calls are not touched by it.",
        "Die Seite hat einen Fehler, der jetzt im Protokoll des Wächters steht. Anrufe sind davon nicht betroffen.";
    no_day: "There is no such day. Write the day behind “since” as 2026-11-24.", "Diesen Tag gibt es nicht. Bitte den Tag hinter „since“ so schreiben: 2026-11-24.";
    not_understood: "The request could not be understood.", "Die Anfrage war nicht zu verstehen.";
    changes: "There is news – show it", "Es gibt Neues – anzeigen";
    keys: "Keys", "Tasten";
    keys_list: "j, k next and previous · Enter open · c claim · / search · space play · s first speech · n number · f faster · ? these keys",
        "j, k nächster und voriger · Enter öffnen · c übernehmen · / suchen · Leertaste abspielen · s erste Sprache · n Nummer · f schneller · ? diese Tasten";
    log_in: "Log in", "Anmelden";
    log_out: "Log out", "Abmelden";
    user: "User", "Benutzer";
    password: "Password", "Passwort";
    wrong_login: "User or password is wrong.", "Benutzer oder Passwort stimmt nicht.";
    too_many_logins: "There were too many wrong logins. Please try again in a quarter of an hour.",
        "Zu viele falsche Anmeldungen. Bitte in einer Viertelstunde noch einmal versuchen.";
    forbidden: "You may not do this here, or the page was open for too long: go back and load it again.",
        "Das dürfen Sie hier nicht, oder die Seite war zu lange offen: bitte zurückgehen und neu laden.";
    judged_wrongly: "Judged wrongly?", "Falsch eingestuft?";
    it_was: "It was:", "Es war:";
    withdraw: "Withdraw", "Zurücknehmen";
    note_on_it: "with a note", "mit Notiz";
    only_judged_wrong: "judged wrongly", "falsch eingestufte";
    listeners: "Who opened the recording", "Wer die Aufnahme geöffnet hat";
    figures: "Figures", "Kennzahlen";
    period: "Period", "Zeitraum";
    seven_days: "7 days", "7 Tage";
    four_weeks: "4 weeks", "4 Wochen";
    quarter: "Quarter", "Quartal";
    year: "Year", "Jahr";
    no_figures: "Nobody called in these days.", "In diesen Tagen hat niemand angerufen.";
    calls_in_all: "Calls", "Anrufe";
    with_message: "with a message", "mit Nachricht";
    messages: "Messages", "Nachrichten";
    unsure_calls: "Unsure", "Unsicher";
    spared: "Spared listening", "Erspartes Abhören";
    at_least: "at least", "mindestens";
    at_most: "at most", "höchstens";
    ended_early: "Ended by the guard", "Vom Wächter beendet";
    of_junk: "of calls with nothing left:", "von Anrufen ohne Anliegen:";
    rescued: "Numbers rescued", "Gerettete Nummern";
    asked_in: "calls in which it was asked for:", "Anrufe mit Frage danach:";
    wrong: "Judged wrongly", "Falsch eingestuft";
    of_judged: "as the team says, of", "laut Team, von";
    called_back: "Time until called back", "Zeit bis zum Rückruf";
    called_back_count: "callers", "Anrufer";
    called_back_short: "Called back", "Zurückgerufen";
    nine_of_ten: "nine of ten within", "neun von zehn in";
    median: "Half within", "Hälfte in";
    calls_per_day: "Calls per day", "Anrufe je Tag";
    calls_per_week: "Calls per week", "Anrufe je Woche";
    see_table: "Each column stands in the table below.", "Jede Säule steht in der Tabelle darunter.";
    as_table: "As a table", "Als Tabelle";
    day: "Day", "Tag";
    week: "Week", "Woche";
    share: "Share", "Anteil";
    by_verdict: "What the callers were", "Was die Anrufer waren";
    by_week: "By week and mailbox", "Je Woche und Mailbox";
    in_queues: "Waited in queues", "In Warteschlangen gewartet";
    queue: "Queue", "Warteschlange";
    queue_waits: "Waited", "Gewartet";
    queue_asked: "Asked", "Gefragt";
    queue_answered: "Answered", "Geantwortet";
    queue_nobody: "Nobody there", "Niemand da";
    queue_in_vain: "In vain", "Vergeblich angenommen";
    queue_taken_out: "Taken out", "Herausgenommen";
    queue_saved: "Saved", "Gespart";
    queue_lost: "Lost", "Verloren";
    how_counted: "How it is counted", "Wie gezählt wird";
    broken_call: "The record of this call cannot be read.", "Der Eintrag dieses Anrufs ist nicht lesbar.";
}

/// The words of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::De => &DE,
    }
}
