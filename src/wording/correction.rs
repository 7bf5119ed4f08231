//! Words for what somebody says that a call really was.

use jiff::tz::TimeZone;

use super::{Language, pick, time, verdict_name};
use crate::call_record::Verdict;
use crate::case::{Correction, LONGEST_NOTE, NotCorrected, Via};
use crate::text::{one_line, shortened};

/// Characters of somebody's name that are shown.
const MOST_SHOWN: usize = 40;

/// A verdict as it stands in a sentence: `hold music`.
pub(super) fn plain_verdict(verdict: Verdict, language: Language) -> String {
    verdict_name(verdict, language).replace('_', " ")
}

/// What somebody says, with who says so, from where, when, and why.
pub fn correction(of: &Correction, zone: &TimeZone, language: Language) -> String {
    let verdict = plain_verdict(of.verdict, language);
    let who = shortened(&of.author.who, MOST_SHOWN);
    let (via, at) = (via(of.author.via, language), time(of.at, zone, language));
    let said = match language {
        Language::En => format!("{verdict}, says {who} ({via}, {at})"),
        Language::De => format!("{verdict}, sagt {who} ({via}, {at})"),
    };
    match &of.note {
        Some(note) => format!("{said}: {}", shortened(&one_line(note), LONGEST_NOTE)),
        None => said,
    }
}

/// What stands behind the guard's verdict in a table: `, was message (anna)`.
pub fn corrected_in_short(of: &Correction) -> String {
    let who = shortened(&of.author.who, MOST_SHOWN);
    format!(", was {} ({who})", of.verdict)
}

/// What stands behind the verdict that somebody corrected: who they are, and what the guard said.
pub fn instead_of(of: &Correction, by_guard: Option<Verdict>, language: Language) -> String {
    let who = shortened(&of.author.who, MOST_SHOWN);
    let guard = by_guard.map_or_else(String::new, |verdict| plain_verdict(verdict, language));
    match language {
        Language::En => format!("says {who}; the guard: {guard}"),
        Language::De => format!("sagt {who}; der Wächter: {guard}"),
    }
}

fn via(via: Via, language: Language) -> &'static str {
    let (en, de) = match via {
        Via::Command => ("command line", "Befehlszeile"),
        Via::Page => ("page", "Seite"),
        Via::Api => ("programming interface", "Programmierschnittstelle"),
        Via::Asterisk => ("Asterisk", "Asterisk"),
        Via::Guard => ("voicemail-guard", "voicemail-guard"),
    };
    pick(language, en, de)
}

/// Why nothing was changed by what somebody said of a call, as a sentence.
pub fn not_corrected(why: &NotCorrected, zone: &TimeZone, language: Language) -> String {
    let (en, de) = match why {
        NotCorrected::StillUp => (
            "the call is still up, there is no verdict yet",
            "der Anruf läuft noch und hat noch keine Einstufung",
        ),
        NotCorrected::NotHeard => (
            "the guard did not hear this call, so there is no verdict of its own",
            "diesen Anruf hat der Wächter nicht gehört, es gibt also keine eigene Einstufung",
        ),
        NotCorrected::Unreadable => (
            "the record of the call cannot be read",
            "der Eintrag des Anrufs ist nicht lesbar",
        ),
        NotCorrected::Unsure => (
            "unsure is the guard's word for not knowing, not something that a call was",
            "„unsicher“ heißt, dass der Wächter es nicht weiß; ein Anruf kann das nicht gewesen sein",
        ),
        NotCorrected::NothingSaid => (
            "nobody has said that the verdict is wrong",
            "niemand hat gesagt, dass die Einstufung falsch ist",
        ),
        NotCorrected::Same(verdict) => {
            let verdict = plain_verdict(*verdict, language);
            return match language {
                Language::En => format!("the guard says so, too: {verdict}"),
                Language::De => format!("das sagt auch der Wächter: {verdict}"),
            };
        }
        NotCorrected::Said(of) => {
            let said = correction(of, zone, language);
            return match language {
                Language::En => format!("it is noted already: {said}"),
                Language::De => format!("das ist schon vermerkt: {said}"),
            };
        }
    };
    pick(language, en, de).into()
}
