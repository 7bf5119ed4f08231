//! The test call of `doctor`, pure: its links in their order, how each is judged by what was seen of it, and how a
//! guard knows the call.
//!
//! ```text
//! settings ─ guard ─ log ─ manager ─ rights ─ dialplan ─ extension ─ mailbox ─ tap ─ request ─ answer ─ prompt ─ sound ─ verdict
//!                                                                                                   └ keys        │
//!                                                                             message ─ mwi · mail · webhook ◄─────┘
//! ```
//!
//! A link is judged only by what was seen; one behind a broken link is not tried, and one that cannot be seen from
//! here is said to be that. Placing the call and all waiting are the command's.

mod after;
mod before;
mod during;
mod link;
pub(crate) mod mark;
mod place;

pub(crate) use after::{Message, Mwi, Outcome, cleaned_up, delivered, message, mwi, verdict};
pub(crate) use before::{
    Greeting, Login, Placed, Probe, dialplan, extension, guard, login, mailbox, no_folder,
    no_settings, rights, settings, tap,
};
pub(crate) use during::{Asked, Heard, Seen, answered, asked, keys, prompt, sound};
pub(crate) use link::{Finding, Link, Report};
pub(crate) use place::{Place, Unclear, Wired, choose, wired};

use crate::call_record::CallRecord;
use crate::wording::{self, Language};

/// Who the test call comes from, as everybody sees it who sees anything of it.
pub(crate) const CALLER: &str = "voicemail-guard doctor TEST";
/// Its number: one of those that are kept free for films and books.
pub(crate) const NUMBER: &str = "+493023125099";

/// Why the guard says what it says of a call, in words.
fn reasons(record: &CallRecord) -> String {
    match wording::reasons(&record.reasons, Language::En).join("; ") {
        none if none.is_empty() => "it gave no reason".to_owned(),
        reasons => reasons,
    }
}

/// A record of a test call that is up.
#[cfg(test)]
fn example(mailbox: &str) -> CallRecord {
    let id = crate::call_record::CallId::new(jiff::Timestamp::UNIX_EPOCH, 1);
    let record = serde_json::json!({
        "id": id, "started": "1970-01-01T00:00:00Z", "ended": null, "box": mailbox, "uniqueid": "",
        "linkedid": "", "channel": "", "caller": {"number": "", "e164": null, "name": "",
        "presentation": "shown"}, "dnid": "", "rdnis": "", "verdict": null, "confidence": 0.0, "reasons": [],
        "seconds": {"speech": 0.0, "silence": 0.0, "music": 0.0, "tone": 0.0, "noise": 0.0}, "asked": [],
        "callback": {"number": "", "e164": null, "source": "none", "confirmed": false},
        "mode": "enforce", "ended_by": null, "test": true, "timeline": [], "audio": null, "delivered": [],
    });
    serde_json::from_value(record).unwrap()
}

/// Where a test call goes to that is placed in tests.
#[cfg(test)]
fn example_place() -> Wired {
    Wired {
        place: Place::parse("100@in").unwrap(),
        mailbox: crate::call_record::Mailbox::parse("100").unwrap(),
    }
}
