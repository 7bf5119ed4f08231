//! Words and numbers of the figures.

use std::time::Duration;

use jiff::civil::Date;

use super::{Language, pick};
use crate::figures::{DEAD_AIR, Group, QueueCounts, Week};

/// A number of calls, in groups of three digits: `12,345`, `12.345`.
pub fn count(of: u64, language: Language) -> String {
    let digits = of.to_string();
    let first = match digits.len() % 3 {
        0 => 3.min(digits.len()),
        first => first,
    };
    let (first, rest) = digits.split_at(first);
    let mut shown = first.to_owned();
    for at in (0..rest.len()).step_by(3) {
        shown.push(pick(language, ',', '.'));
        shown.push_str(&rest[at..at + 3]);
    }
    shown
}

/// A share: `3.1 %`, `3,1 %`; a dash where there is none.
pub fn share(of: Option<f64>, language: Language) -> String {
    let Some(of) = of else { return "–".into() };
    let shown = format!("{:.1} %", of * 100.0);
    pick(language, shown.clone(), shown.replace('.', ","))
}

/// Minutes in all: `37 min`, `1,204 min`; of less than ten with a tenth.
pub fn minutes(of: Duration, language: Language) -> String {
    let minutes = of.as_secs_f64() / 60.0;
    if of.is_zero() || minutes >= 9.95 {
        return format!("{} min", count(minutes.round() as u64, language));
    }
    let shown = format!("{minutes:.1} min");
    pick(language, shown.clone(), shown.replace('.', ","))
}

/// How long somebody waited: `48 min`, `2 h 5 min`, `3 d 4 h`; a dash where nobody did.
pub fn waited(of: Option<Duration>, language: Language) -> String {
    let Some(of) = of else { return "–".into() };
    let minutes = of.as_secs() / 60;
    let (days, hours) = (minutes / (24 * 60), minutes / 60 % 24);
    let (day, hour) = match (days, language) {
        (_, Language::En) => ("d", "h"),
        (1, Language::De) => ("Tag", "Std."),
        (_, Language::De) => ("Tage", "Std."),
    };
    match (days, hours, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} {hour}"),
        (0, hours, minutes) => format!("{hours} {hour} {minutes} min"),
        (days, 0, _) => format!("{days} {day}"),
        (days, hours, _) => format!("{days} {day} {hours} {hour}"),
    }
}

/// A day without its year: `24 Nov`, `24.11.`.
pub fn day(of: Date, language: Language) -> String {
    pick(
        language,
        of.strftime("%-d %b").to_string(),
        of.strftime("%-d.%-m.").to_string(),
    )
}

/// From one day to another, with the year: `2 – 29 Nov 2026`, `2.11. – 29.11.2026`.
pub fn days(first: Date, last: Date, language: Language) -> String {
    let with_year = |of: Date| {
        let form = pick(language, "%-d %b %Y", "%-d.%-m.%Y");
        of.strftime(form).to_string()
    };
    if first == last {
        return with_year(last);
    }
    let begins = if first.year() == last.year() {
        day(first, language)
    } else {
        with_year(first)
    };
    format!("{begins} – {}", with_year(last))
}

/// A week, and the day on which it begins: `week 48, from 23 Nov`, `KW 48, ab 23.11.`.
pub fn week(of: Week, language: Language) -> String {
    let (number, monday) = (of.number(), day(of.monday(), language));
    match language {
        Language::En => format!("week {number}, from {monday}"),
        Language::De => format!("KW {number}, ab {monday}"),
    }
}

/// The verdicts of a group, in a word or two.
pub fn group(of: Group, language: Language) -> &'static str {
    let (en, de) = match of {
        Group::Message => ("message", "Nachricht"),
        Group::Rambler => ("rambler", "Dauerredner"),
        Group::Unsure => ("unsure", "unsicher"),
        Group::Junk => ("nothing left", "ohne Anliegen"),
        Group::PassedBy => ("not heard", "nicht gehört"),
    };
    pick(language, en, de)
}

/// How it is counted what the guard spared the team.
pub fn how_spared(language: Language) -> &'static str {
    pick(
        language,
        "Plain VoiceMail() would have recorded at least what the guard recorded of calls with nothing left and \
         delivered to nobody (the first ten seconds of each call count as the greeting), and at most that and, for \
         the calls that the guard ended, the rest up to the longest message as it is set for the mailbox now.",
        "VoiceMail() allein hätte mindestens das aufgenommen, was von Anrufen ohne Anliegen aufgenommen und niemandem \
         zugestellt wurde (die ersten zehn Sekunden jedes Anrufs gelten als Begrüßung), und höchstens das und bei den \
         Anrufen, die Voicemail Guard beendet hat, den Rest bis zur längsten Nachricht, wie sie für die Mailbox jetzt \
         eingestellt ist.",
    )
}

/// What is counted as a number rescued.
pub fn how_rescued(language: Language) -> &'static str {
    pick(
        language,
        "A number is rescued where the caller keyed one in that the network did not show.",
        "Eine Nummer ist gerettet, wenn der Anrufer eine eingegeben hat, die das Netz nicht gezeigt hat.",
    )
}

/// How the time until somebody was spoken to is counted.
pub fn how_waited(language: Language) -> &'static str {
    pick(
        language,
        "The time until called back lasts from the first message of a case until the team reached the caller or \
         called back, or somebody answered when they rang again; cases closed in another way are not counted, and \
         each counts on the day on which they were spoken to.",
        "Die Zeit bis zum Rückruf zählt von der ersten Nachricht eines Falls, bis der Anrufer erreicht oder \
         zurückgerufen wurde oder bei einem neuen Anruf jemand abnahm; anders erledigte Fälle zählen nicht, und jeder \
         zählt an dem Tag, an dem mit dem Anrufer gesprochen wurde.",
    )
}

/// What enforce would have done in observed calls, as a sentence.
pub fn observed(calls: u64, ended: u64, saved: Duration, language: Language) -> String {
    let (calls, ended) = (count(calls, language), count(ended, language));
    let saved = minutes(saved, language);
    match language {
        Language::En => format!(
            "Calls only observed: {calls}; enforce would have ended {ended} of them earlier and saved at most {saved}."
        ),
        Language::De => format!(
            "Anrufe, bei denen nur zugehört wurde: {calls}; mit enforce früher beendet: {ended}, gespart: höchstens \
             {saved}."
        ),
    }
}

/// What became of callers who waited in queues, as a sentence.
pub fn queues(of: &QueueCounts, language: Language) -> String {
    let [waits, asked, answered, nobody, in_vain, out] = of.all().map(|of| count(of, language));
    let [saved, lost] = [of.saved_at_most(), of.lost()].map(|of| minutes(of, language));
    match language {
        Language::En => format!(
            "Waited in queues: {waits}; asked: {asked}, of whom {answered} answered. Nobody was there at the end of \
             {nobody}: answered in vain {in_vain}, taken out of the queue {out}. Agents' time saved: at most {saved}; \
             lost: {lost}."
        ),
        Language::De => format!(
            "In Warteschlangen gewartet: {waits}; gefragt: {asked}, davon haben geantwortet: {answered}. Am Ende \
             niemand da: {nobody}, vergeblich angenommen: {in_vain}, aus der Warteschlange genommen: {out}. Gesparte \
             Zeit der Agenten: höchstens {saved}; verloren: {lost}."
        ),
    }
}

/// How that is counted.
pub fn how_queues(language: Language) -> String {
    let seconds = DEAD_AIR.as_secs();
    match language {
        Language::En => format!(
            "An agent is taken to lose {seconds} seconds with a caller who is not there. Saved is that time for each \
             caller whom the guard took out of a queue, at most, since some would have hung up before an agent \
             answered; lost it is for each who was answered though nobody was there. A wait counts on the day on which \
             it began."
        ),
        Language::De => format!(
            "Angenommen ist, dass ein Agent mit einem Anrufer, der nicht da ist, {seconds} Sekunden verliert. Gespart ist \
             diese Zeit für jeden, den Voicemail Guard aus einer Warteschlange genommen hat, höchstens, denn manche \
             hätten vorher aufgelegt; verloren ist sie für jeden, der angenommen wurde, obwohl niemand da war. Jede \
             Wartezeit zählt an dem Tag, an dem sie begann."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_groups_of_three() {
        for (of, en, de) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1,000", "1.000"),
            (12_345, "12,345", "12.345"),
            (
                u64::MAX,
                "18,446,744,073,709,551,615",
                "18.446.744.073.709.551.615",
            ),
        ] {
            assert_eq!([count(of, Language::En), count(of, Language::De)], [en, de]);
        }
    }

    #[test]
    fn lengths_and_shares_are_in_a_unit_that_fits() {
        let secs = Duration::from_secs;
        for (of, en, de) in [
            (0, "0 min", "0 min"),
            (90, "1.5 min", "1,5 min"),
            (599, "10 min", "10 min"),
            (72_240, "1,204 min", "1.204 min"),
        ] {
            assert_eq!(
                [
                    minutes(secs(of), Language::En),
                    minutes(secs(of), Language::De)
                ],
                [en, de]
            );
        }
        for (of, en, de) in [
            (59, "0 min", "0 min"),
            (2_880, "48 min", "48 min"),
            (7_200, "2 h", "2 Std."),
            (7_500, "2 h 5 min", "2 Std. 5 min"),
            (86_400, "1 d", "1 Tag"),
            (273_600, "3 d 4 h", "3 Tage 4 Std."),
        ] {
            let shown = [Language::En, Language::De].map(|of_whom| waited(Some(secs(of)), of_whom));
            assert_eq!(shown, [en, de]);
        }
        assert_eq!(share(Some(0.031), Language::De), "3,1 %");
        assert_eq!(
            [share(None, Language::En), waited(None, Language::De)],
            ["–", "–"]
        );
    }

    #[test]
    fn days_and_weeks_are_as_people_write_them() {
        let on = |text: &str| text.parse::<Date>().unwrap();
        let (first, last) = (on("2026-11-02"), on("2026-11-29"));
        assert_eq!(days(first, last, Language::En), "2 Nov – 29 Nov 2026");
        assert_eq!(days(first, last, Language::De), "2.11. – 29.11.2026");
        assert_eq!(
            days(on("2025-12-31"), last, Language::De),
            "31.12.2025 – 29.11.2026"
        );
        assert_eq!(days(last, last, Language::En), "29 Nov 2026");
        assert_eq!(week(Week::of(last), Language::En), "week 48, from 23 Nov");
        assert_eq!(week(Week::of(last), Language::De), "KW 48, ab 23.11.");
    }
}
