//! A wait in a queue, in words.

use super::{Language, pick};
use crate::call_record::{CameFrom, Instead, QueueWait, WaitEnd};
use crate::text::shown;

/// For a table: `waited 125 s, answered; nobody there (music)`.
pub fn wait_in_short(wait: &QueueWait, language: Language) -> String {
    let how = wait.ended.map_or_else(
        || pick(language, "no end known", "Ende unbekannt"),
        |ended| how_in_short(ended, language),
    );
    let waited = match (wait.waited_s, language) {
        (Some(seconds), Language::En) => format!("waited {seconds} s, {how}"),
        (Some(seconds), Language::De) => format!("wartete {seconds} s, {how}"),
        (None, _) => how.to_owned(),
    };
    match wait.unanswered() {
        Some(heard) => format!("{waited}; {}", nobody_there(heard, language)),
        None => waited,
    }
}

/// Which queue a caller came from, and what was heard where nobody was there at the end of the wait:
/// `queue support; nobody there (music)`.
pub fn came_from(from: &CameFrom, language: Language) -> String {
    let queue = format!(
        "{} {}",
        pick(language, "queue", "Warteschlange"),
        shown(&from.queue)
    );
    match from.nobody {
        Some(heard) => format!("{queue}; {}", nobody_there(heard, language)),
        None => queue,
    }
}

fn nobody_there(heard: Instead, language: Language) -> String {
    let there = if heard.may_listen() {
        pick(language, "no sign of life", "kein Lebenszeichen")
    } else {
        pick(language, "nobody there", "niemand da")
    };
    format!("{there} ({})", instead_in_short(heard, language))
}

/// Whole sentences: which queue and place, how long, how it ended, whether anybody was there.
pub fn wait(wait: &QueueWait, language: Language) -> Vec<String> {
    let queue = shown(&wait.queue);
    let place = match (wait.position, language) {
        (Some(place), Language::En) => format!("joined the queue {queue} in place {place}"),
        (Some(place), Language::De) => {
            format!("kam auf Platz {place} in die Warteschlange {queue}")
        }
        (None, Language::En) => format!("was about to join the queue {queue}"),
        (None, Language::De) => format!("sollte in die Warteschlange {queue} kommen"),
    };
    let mut sentences = vec![place];
    if let Some(nobody) = wait.nobody {
        let heard = instead(nobody.heard, language);
        let after = nobody.after_s;
        sentences.push(match (nobody.heard.may_listen(), language) {
            (false, Language::En) => format!("nobody was there after {after} s: {heard}"),
            (false, Language::De) => format!("nach {after} s war niemand da: {heard}"),
            (true, Language::En) => format!("gave no sign of life for {after} s: {heard}"),
            (true, Language::De) => format!("nach {after} s noch kein Lebenszeichen: {heard}"),
        });
        if let Some(back) = nobody.back_s {
            sentences.push(match language {
                Language::En => format!("somebody was there again after {back} s"),
                Language::De => format!("nach {back} s war wieder jemand da"),
            });
        }
    }
    if let Some(ended) = wait.ended {
        let how = how(ended, language);
        sentences.push(match (wait.waited_s, language) {
            (Some(waited), Language::En) => format!("{how} after {waited} s of waiting"),
            (Some(waited), Language::De) => format!("{how}, nach {waited} s Wartezeit"),
            (None, _) => how.to_owned(),
        });
    }
    sentences
}

fn how_in_short(ended: WaitEnd, language: Language) -> &'static str {
    let (en, de) = match ended {
        WaitEnd::Answered => ("answered", "angenommen"),
        WaitEnd::HungUp => ("hung up", "aufgelegt"),
        WaitEnd::Left => ("left the queue", "Warteschlange verlassen"),
        WaitEnd::Ended => ("taken out of the queue", "aus der Warteschlange genommen"),
        WaitEnd::ManagerLost => ("not followed to its end", "nicht bis zum Ende verfolgt"),
        WaitEnd::GuardStopped => ("the guard stopped", "Voicemail Guard wurde beendet"),
    };
    pick(language, en, de)
}

fn how(ended: WaitEnd, language: Language) -> &'static str {
    let (en, de) = match ended {
        WaitEnd::Answered => ("was answered", "wurde angenommen"),
        WaitEnd::HungUp => ("hung up", "legte auf"),
        WaitEnd::Left => ("left the queue", "verließ die Warteschlange"),
        WaitEnd::Ended => (
            "was taken out of the queue, since nobody answered the question",
            "wurde aus der Warteschlange genommen, da niemand auf die Frage antwortete",
        ),
        WaitEnd::ManagerLost => (
            "was followed no further: the manager interface was lost",
            "wurde nicht weiter verfolgt: das Manager Interface war nicht mehr erreichbar",
        ),
        WaitEnd::GuardStopped => (
            "was followed no further: the guard was stopped",
            "wurde nicht weiter verfolgt: Voicemail Guard wurde beendet",
        ),
    };
    pick(language, en, de)
}

/// What is heard where nobody speaks, for a table: `music`, `a tone`.
pub fn instead_in_short(heard: Instead, language: Language) -> &'static str {
    let (en, de) = match heard {
        Instead::Music => ("music", "Musik"),
        Instead::Tone => ("a tone", "Ton"),
        Instead::Noise => ("noise", "Geräusche"),
        Instead::Echo => ("an echo of ours", "Echo von uns"),
        Instead::NoAudio => ("no sound comes", "kein Ton kommt an"),
        Instead::Silence => ("silence", "Stille"),
    };
    pick(language, en, de)
}

fn instead(heard: Instead, language: Language) -> &'static str {
    let (en, de) = match heard {
        Instead::Music => ("music played", "es lief Musik"),
        Instead::Tone => (
            "a machine's tone sounded",
            "der Ton eines Geräts war zu hören",
        ),
        Instead::Noise => (
            "there was noise, and nobody spoke into the telephone",
            "nur Geräusche, niemand sprach ins Telefon",
        ),
        Instead::Echo => (
            "the queue's own music came back from a speakerphone, perhaps somebody only listened",
            "die eigene Wartemusik kam aus einer Freisprecheinrichtung zurück, vielleicht hörte jemand nur zu",
        ),
        Instead::NoAudio => ("no sound came at all", "es kam kein Ton an"),
        Instead::Silence => (
            "the line was quiet, perhaps somebody only listened",
            "die Leitung war still, vielleicht hörte jemand nur zu",
        ),
    };
    pick(language, en, de)
}
