//! Words for what becomes of a case.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::correction::plain_verdict;
use super::{Language, pick, time};
use crate::call_record::{CallId, Verdict};
use crate::case::{Case, Claim, Closed, ClosedBy, LONGEST_NAME, Refusal, State, Step, Via};
use crate::text::shortened;

/// Characters of somebody's name that are shown.
const MOST_SHOWN: usize = 40;

/// How a case stands: `open`, `claimed by anna since …`, `closed 2026-11-24 10:12:03: reached by anna`.
pub fn case_state(case: &Case, now: Timestamp, zone: &TimeZone, language: Language) -> String {
    let tried = tried(case, language);
    match (case.state(now), case.claim_at(now), &case.closed) {
        (State::Closed, _, Some(closed)) => {
            let word = pick(language, "closed", "erledigt");
            format!(
                "{word} {}: {}",
                time(closed.at, zone, language),
                closed_by(closed, language)
            )
        }
        (State::Claimed, Some(claim), _) => claimed(claim, zone, language) + &tried,
        (State::Later, ..) => {
            let at = case
                .next_try
                .map(|at| time(at, zone, language))
                .unwrap_or_default();
            let again = pick(language, "to be rung again", "wieder anzurufen");
            format!("{again} {at}{tried}")
        }
        _ => format!("{}{tried}", pick(language, "open", "offen")),
    }
}

fn tried(case: &Case, language: Language) -> String {
    match (case.tries, language) {
        (0, _) => String::new(),
        (1, Language::En) => ", not reached once".into(),
        (n, Language::En) => format!(", not reached {n} times"),
        (n, Language::De) => format!(", {n}-mal nicht erreicht"),
    }
}

fn claimed(claim: &Claim, zone: &TimeZone, language: Language) -> String {
    let (by, since) = (
        shortened(&claim.by, MOST_SHOWN),
        time(claim.since, zone, language),
    );
    match language {
        Language::En => format!("claimed by {by} since {since}"),
        Language::De => format!("in Arbeit bei {by} seit {since}"),
    }
}

/// What closed a case, and who says so.
pub fn closed_by(closed: &Closed, language: Language) -> String {
    let (en, de) = match closed.by {
        ClosedBy::Message => (
            "by a message, which the guard heard",
            "durch eine Nachricht, die der Wächter hörte",
        ),
        ClosedBy::Answered => (
            "the caller was answered, which Asterisk reported",
            "der Anrufer erreichte jemanden, wie Asterisk meldete",
        ),
        ClosedBy::CalledBack => (
            "the caller was called back, which Asterisk reported",
            "der Anrufer wurde zurückgerufen, wie Asterisk meldete",
        ),
        ClosedBy::Reached => ("reached", "erreicht"),
        ClosedBy::Done => ("done", "erledigt"),
        ClosedBy::NothingToDo => ("nothing to do", "nichts zu tun"),
    };
    let what = pick(language, en, de);
    match &closed.who {
        Some(who) => {
            let who = shortened(who, MOST_SHOWN);
            format!("{what} ({who})")
        }
        None => what.into(),
    }
}

/// Who did something, as it stands in the history of a case.
pub fn case_author(who: Option<&str>, via: Via) -> String {
    let program = match via {
        Via::Guard => "voicemail-guard",
        _ => "Asterisk",
    };
    shortened(who.unwrap_or(program), LONGEST_NAME).to_string()
}

/// What was done, as it stands in the history of a case: with a call, what somebody says that it
/// was. The word itself where it is one of a newer version.
pub fn case_event(
    what: &str,
    call: Option<CallId>,
    verdict: Option<Verdict>,
    language: Language,
) -> String {
    let call = call.map(|call| call.to_string()).unwrap_or_default();
    let (en, de) = match (what, verdict) {
        ("judged", Some(verdict)) => {
            let verdict = plain_verdict(verdict, language);
            return match language {
                Language::En => format!("judged call {call}: {verdict}"),
                Language::De => format!("stufte Anruf {call} ein: {verdict}"),
            };
        }
        ("judgement_withdrawn", _) => {
            return match language {
                Language::En => format!("took back the verdict on call {call}"),
                Language::De => format!("nahm die Einstufung von Anruf {call} zurück"),
            };
        }
        (what, _) => simple_event(what),
    };
    pick(language, en, de).to_owned()
}

fn simple_event(what: &str) -> (&str, &str) {
    match what {
        "claim" => ("claimed", "übernommen"),
        "release" => ("released", "zurückgegeben"),
        "reached" => ("reached", "erreicht"),
        "not_reached" => ("not reached", "nicht erreicht"),
        "done" => ("done", "erledigt"),
        "nothing_to_do" => ("nothing to do", "nichts zu tun"),
        "reopen" => ("reopened", "wieder geöffnet"),
        "note" => ("note", "Notiz"),
        "answered" => ("the caller was answered", "der Anrufer erreichte jemanden"),
        "called_back" => (
            "the caller was called back",
            "der Anrufer wurde zurückgerufen",
        ),
        other => (other, other),
    }
}

/// Why a step was not taken, as a sentence with what to do.
pub fn refusal(refusal: &Refusal, step: Step, zone: &TimeZone, language: Language) -> String {
    match (refusal, language) {
        (Refusal::Claimed(claim), Language::En) => format!(
            "{} has been on it since {}; ask them, or wait until {}",
            shortened(&claim.by, MOST_SHOWN),
            time(claim.since, zone, language),
            time(claim.until, zone, language),
        ),
        (Refusal::Claimed(claim), Language::De) => format!(
            "{} ist seit {} daran; bitte nachfragen oder bis {} warten",
            shortened(&claim.by, MOST_SHOWN),
            time(claim.since, zone, language),
            time(claim.until, zone, language),
        ),
        (Refusal::Closed(closed), Language::En) => format!(
            "it was closed {}: {}; \"reopen\" opens it again",
            time(closed.at, zone, language),
            closed_by(closed, language),
        ),
        (Refusal::Closed(closed), Language::De) => format!(
            "erledigt seit {}: {}; „Wieder öffnen“ macht das rückgängig",
            time(closed.at, zone, language),
            closed_by(closed, language),
        ),
        (Refusal::Open, _) => pick(
            language,
            "it is open already; nothing was changed",
            "der Fall ist schon offen; es wurde nichts geändert",
        )
        .into(),
        (Refusal::Changed, Language::En) => format!(
            "it has changed since you looked at it; look again before \"{}\"",
            step.as_str().replace('_', "-"),
        ),
        (Refusal::Changed, Language::De) => {
            "der Fall hat sich inzwischen geändert; bitte noch einmal ansehen".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{De, En};
    use super::*;
    use crate::call_record::example::caller;

    #[test]
    fn how_a_case_stands_in_both_languages() {
        let at = |text: &str| -> Timestamp { format!("2026-11-24T{text}:00Z").parse().unwrap() };
        let zone = TimeZone::UTC;
        let now = at("12:00");
        let open = Case::opened_by(&caller("030 1234567", "shown"));
        let later = Step::NotReached {
            next_try: Some(at("14:00")),
        };
        let claim = Step::Claim { until: at("13:00") };
        let [claimed, later, reached] = [claim, later, Step::Reached]
            .map(|step| open.after(step, "anna", None, at("11:00")).unwrap());
        let lapsed = open
            .after(Step::Claim { until: now }, "anna", None, at("10:00"))
            .unwrap();
        let answered = open
            .after_connection(ClosedBy::Answered, at("11:00"))
            .unwrap();
        for (case, english, german) in [
            (&open, "open", "offen"),
            (&lapsed, "open", "offen"),
            (
                &claimed,
                "claimed by anna since 2026-11-24 11:00:00",
                "in Arbeit bei anna seit ",
            ),
            (
                &later,
                "to be rung again 2026-11-24 14:00:00, not reached once",
                "wieder anzurufen ",
            ),
            (
                &reached,
                "closed 2026-11-24 11:00:00: reached (anna)",
                "erledigt ",
            ),
            (
                &answered,
                "closed 2026-11-24 11:00:00: the caller was answered, which Asterisk reported",
                "erledigt ",
            ),
        ] {
            assert_eq!(case_state(case, now, &zone, En), english);
            let de = case_state(case, now, &zone, De);
            assert!(de.starts_with(german), "{de}");
        }
        let refused = claimed.after(claim, "bert \u{1b}", None, now).unwrap_err();
        assert!(matches!(refused, Refusal::Claimed(_)));
        assert_eq!(
            refusal(&refused, claim, &zone, En),
            "anna has been on it since 2026-11-24 11:00:00; ask them, or wait until 2026-11-24 13:00:00"
        );
    }
}
