//! Records for tests.

use super::CallRecord;
use crate::number::{self, Country};

/// A call with these fields in JSON, and others like any call's.
pub(crate) fn record(json: &str) -> CallRecord {
    let all = r#"{"id":"6aq6scwt0001","started":"2026-11-24T09:00:00Z","ended":"2026-11-24T09:01:00Z","box":"100@default",
        "uniqueid":"","linkedid":"","channel":"","dnid":"","rdnis":"","confidence":1,"reasons":[],"asked":[],
        "seconds":{"speech":0,"silence":0,"music":0,"tone":0,"noise":0},"timeline":[],"audio":null,"delivered":[],
        "callback":{"number":"","e164":null,"source":"none","confirmed":false},"verdict":null,"mode":"enforce",
        "ended_by":"caller","caller":{"number":"","e164":null,"name":"","presentation":"shown"},
        "repeat_window_s":86400}"#;
    let mut all: serde_json::Value = serde_json::from_str(all).unwrap();
    let changes: serde_json::Value = serde_json::from_str(json).unwrap();
    let fields = all.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// A call by this number, over, to be amended.
/// A call by this number, as it was presented.
pub(crate) fn caller(number: &str, presentation: &str) -> CallRecord {
    let home: Country = "DE".parse().unwrap();
    let e164 = number::normalise(number, Some(home)).map(String::from);
    let caller = serde_json::json!({"number": number, "e164": e164, "name": "", "presentation": presentation});
    record(&serde_json::json!({ "caller": caller }).to_string())
}
