//! The keys that a caller pressed, as `call` and `calls` print them.

use serde_json::{Value, json};
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{KeyPress, Verdict};
use voicemail_guard::clock::Clock;

use crate::support::command_line::run;
use crate::support::records::closed;

#[test]
fn keys_stand_on_the_card_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let without = closed(1, Verdict::Message);
    let mut with = closed(2, Verdict::Message);
    let keys = [('0', 13_000), ('3', 13_400), ('#', 14_000), ('1', 21_500)];
    with.keys = keys
        .map(|(key, at)| KeyPress {
            key,
            at: MediaTime::from_millis(at),
        })
        .into();
    log.close_call(without.clone());
    log.close_call(with.clone());
    log.flush().blocking_recv().unwrap();

    let (_, card) = run(folder.path(), &["call", &with.id.to_string()]);
    let mut lines = card.lines().skip_while(|line| !line.starts_with("Keys"));
    assert_eq!(lines.next(), Some("Keys        0:13.0  03#"), "{card}");
    assert_eq!(lines.next(), Some("            0:21.5  1"), "{card}");
    let (_, card) = run(folder.path(), &["call", &without.id.to_string()]);
    assert!(!card.contains("Keys"), "{card}");

    let (_, listed) = run(folder.path(), &["calls", "--format", "json"]);
    let mut lines = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let expected = json!([
        {"key": "0", "at": 13.0}, {"key": "3", "at": 13.4},
        {"key": "#", "at": 14.0}, {"key": "1", "at": 21.5},
    ]);
    assert_eq!(lines.next().unwrap()["keys"], expected);
    assert!(lines.next().unwrap().get("keys").is_none());
}
