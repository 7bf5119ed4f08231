//! `check` on what lies in the guard's folders.

use voicemail_guard::call_record::CallId;
use voicemail_guard::tap::monitor;

use super::*;

#[test]
fn a_recording_that_has_lain_there_for_more_than_an_hour_is_warned_of() {
    let house = House::new();
    let name = |n| monitor::file_name(CallId::new("2026-11-24T09:12:03Z".parse().unwrap(), n));
    for n in 1..=2 {
        fs::write(house.path("tap").join(name(n)), "a voice").unwrap();
    }
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    item(&lines, "ok tap 2 raw recordings lie in");
    let old = fs::File::options()
        .write(true)
        .open(house.path("tap").join(name(1)))
        .unwrap();
    let written = old.metadata().unwrap().modified().unwrap();
    old.set_modified(written - std::time::Duration::from_mins(61))
        .unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    let (what, mend) = item(&lines, "warn tap 2 raw recordings lie in");
    assert!(
        what.ends_with("1 of them for more than an hour: callers' voices"),
        "{what}"
    );
    assert!(mend.contains("the right to write there"), "{mend}");
}
