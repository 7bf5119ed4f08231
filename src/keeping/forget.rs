//! A record without what is kept no longer.

use serde_json::Value;

use super::{Kind, Kinds, Pseudonyms};
use crate::call_record::{CallRecord, Callback, Caller, Pseudonym, Reason, Trouble};
use crate::number::{E164, Mention, identity};

/// Takes out of a record what is kept no longer.
pub fn forget(record: &mut CallRecord, kinds: Kinds, pseudonyms: &Pseudonyms) {
    if kinds.has(Kind::Audio) {
        record.audio = None;
    }
    if kinds.has(Kind::Timeline) {
        record.timeline.clear();
    }
    if kinds.has(Kind::Number) {
        forget_number(record, pseudonyms);
    }
}

fn forget_number(record: &mut CallRecord, pseudonyms: &Pseudonyms) {
    let pseudonym = |number: &str, e164: Option<&E164>| {
        if Pseudonym::is_one(number) {
            return number.to_owned();
        }
        // What is no number, such as an address, tells people apart as well.
        let of = identity(number, e164)
            .or_else(|| Some(Mention::read(number, None)?.identity().to_owned()));
        of.map_or_else(String::new, |of| pseudonyms.of(&of).as_str().to_owned())
    };
    let caller = &record.caller;
    record.caller = Caller {
        number: pseudonym(&caller.number, caller.e164.as_ref()),
        e164: None,
        name: String::new(),
        presentation: caller.presentation,
    };
    let callback = &record.callback;
    record.callback = Callback {
        number: pseudonym(&callback.number, callback.e164.as_ref()),
        e164: None,
        ..*callback
    };
    record.rdnis.clear();
    record.keys.clear();
    // An extension's or a trunk's, and with some trunks the caller's number.
    record.channel.clear();
    // That the caller was on a list stays, which entry meant them does not.
    if let Some(entry) = &mut record.watched {
        "…".clone_into(entry);
    }
    for reason in &mut record.reasons {
        match reason {
            Reason::Straight(text)
            | Reason::Refused(text)
            | Reason::WouldRefuse(text)
            | Reason::HandedOn(Trouble::Command(text))
            | Reason::Trouble(Trouble::Command(text)) => "…".clone_into(text),
            Reason::Text(text) => *text = crate::number::mask_in(text),
            _ => {}
        }
    }
}

/// Whether a call came from this number.
pub fn is_from(record: &CallRecord, number: &Mention, pseudonyms: &[Pseudonym]) -> bool {
    let caller = &record.caller;
    is_one_of(pseudonyms, &caller.number) || number.is(&caller.number, caller.e164.as_ref())
}

/// Whether a call came from this number or is to be called back there.
pub fn is_of(record: &CallRecord, number: &Mention, pseudonyms: &[Pseudonym]) -> bool {
    let callback = &record.callback;
    is_from(record, number, pseudonyms)
        || is_one_of(pseudonyms, &callback.number)
        || number.is(&callback.number, callback.e164.as_ref())
}

/// Whether a call may be of this number or of another: by digits that some trunk has sent for either,
/// or by the pseudonym of such.
pub fn may_be_of(record: &CallRecord, number: &Mention, unsure: &[Pseudonym]) -> bool {
    let (caller, callback) = (&record.caller, &record.callback);
    let numbers = [
        (&caller.number, caller.e164.as_ref()),
        (&callback.number, callback.e164.as_ref()),
    ];
    numbers
        .iter()
        .any(|(raw, e164)| is_one_of(unsure, raw) || number.may_be(raw, *e164))
}

fn is_one_of(pseudonyms: &[Pseudonym], text: &str) -> bool {
    pseudonyms.iter().any(|name| name.as_str() == text)
}

/// What of a record says when and where something was, and whom the caller rang; a number of
/// somebody's does not stand in it but by chance.
const NEVER_IN: [&str; 9] = [
    "box",
    "dnid",
    "id",
    "started",
    "ended",
    "uniqueid",
    "linkedid",
    "audio",
    "delivered",
];

/// What of a number stands in somebody else's record.
#[derive(Debug, Default)]
pub struct Mentioned {
    /// The record without the number, if it stands there.
    pub without: Option<CallRecord>,
    /// Whether there are digits beside that may be the number, or another.
    pub has_unsure: bool,
}

/// A record without a number that somebody else's call mentions, wherever it stands.
pub fn mentioned_in(record: &CallRecord, number: &Mention) -> Mentioned {
    // In the record each key stands for itself.
    let runs = record.key_runs();
    let keyed: Vec<_> = runs.iter().map(|run| number.search(&run.keys)).collect();
    let is_keyed = keyed.iter().any(|found| found.without.is_some());
    let mut value = serde_json::to_value(record).unwrap_or_default();
    let Some(fields) = value.as_object_mut() else {
        return Mentioned::default();
    };
    if is_keyed {
        fields.remove("keys");
    }
    let mut has_unsure = keyed.iter().any(|found| found.has_unsure);
    let mut is_changed = is_keyed;
    for (name, value) in fields {
        if !NEVER_IN.contains(&name.as_str()) {
            is_changed |= take_out(value, number, &mut has_unsure);
        }
    }
    let without = is_changed.then(|| serde_json::from_value(value).ok());
    Mentioned {
        without: without.flatten(),
        has_unsure,
    }
}

fn take_out(value: &mut Value, number: &Mention, has_unsure: &mut bool) -> bool {
    match value {
        Value::String(text) => {
            let found = number.search(text);
            *has_unsure |= found.has_unsure;
            let is_in = found.without.is_some();
            if let Some(without) = found.without {
                *text = without;
            }
            is_in
        }
        Value::Array(values) => values.iter_mut().fold(false, |changed, value| {
            take_out(value, number, has_unsure) | changed
        }),
        Value::Object(fields) => {
            // Of a number that is known whole, digits as they were sent say nothing more.
            let e164 = fields.get("e164").and_then(Value::as_str);
            let is_anothers = e164.is_some_and(|e164| e164 != number.identity());
            let values = fields.iter_mut();
            values
                .filter(|(name, _)| !(is_anothers && ["number", "e164"].contains(&name.as_str())))
                .fold(false, |changed, (_, value)| {
                    take_out(value, number, has_unsure) | changed
                })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
