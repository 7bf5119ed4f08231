//! `[keep]`: what stands above what, and what is refused.

use voicemail_guard::call_record::Verdict;
use voicemail_guard::config::Config;
use voicemail_guard::keeping::{Days, Kind};

fn mistakes(text: &str) -> Vec<String> {
    let problems = Config::parse(text.as_bytes()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_mailbox_and_a_verdict_stand_above_what_holds_for_all() {
    let rules = Config::parse(
        b"[box.200.keep]\naudio_days = 1\n[box.200.keep.verdict.unsure]\naudio_days = 2\n\
          [keep]\naudio_days = 60\nrecord_days = 'forever'\n[keep.junk]\nnumber_days = 14\n\
          [keep.verdict.aside]\naudio_days = 0\nnumber_days = 'forever'\n[box.300]\nmode = 'guide'",
    )
    .unwrap()
    .keep;
    let of = |mailbox: &str, verdict, kind| rules.of(&mailbox.into()).of(verdict).set(kind);
    for (mailbox, verdict, kind, days) in [
        ("100", Verdict::Message, Kind::Audio, Days::Of(60)),
        ("100", Verdict::Message, Kind::Timeline, Days::Of(90)),
        ("100", Verdict::Message, Kind::Record, Days::Forever),
        ("100", Verdict::Hangup, Kind::Audio, Days::Of(7)),
        ("100", Verdict::Hangup, Kind::Number, Days::Of(14)),
        ("100", Verdict::Hangup, Kind::Record, Days::Of(365)),
        ("300", Verdict::Aside, Kind::Audio, Days::Of(0)),
        ("100", Verdict::Aside, Kind::Number, Days::Forever),
        ("100", Verdict::Aside, Kind::Timeline, Days::Of(30)),
        ("200@default", Verdict::Message, Kind::Audio, Days::Of(1)),
        ("200", Verdict::Unsure, Kind::Audio, Days::Of(2)),
        ("200", Verdict::Aside, Kind::Audio, Days::Of(0)),
        ("200", Verdict::Message, Kind::Number, Days::Of(180)),
        ("200@sales", Verdict::Message, Kind::Audio, Days::Of(60)),
    ] {
        assert_eq!(
            of(mailbox, verdict, kind),
            days,
            "{mailbox} {verdict} {kind:?}"
        );
    }
    // Nothing outlives its record.
    let aside = rules.of(&"100".into()).of(Verdict::Aside);
    assert_eq!(aside.of(Kind::Number), Days::Of(365));
    assert_eq!(rules.longest(Kind::Record), Days::Forever);
    assert_eq!(rules.open_cases, Days::Of(365));
    for (set, days) in [("30", Days::Of(30)), ("'forever'", Days::Forever)] {
        let text = format!("[keep]\nopen_case_days = {set}\naudio_days = 3");
        let keep = Config::parse(text.as_bytes()).unwrap().keep;
        assert_eq!(keep.open_cases, days);
        assert_eq!(keep.all.of(Verdict::Message).audio, Days::Of(3));
    }
}

#[test]
fn mistakes_in_it_are_named() {
    for (text, mistake) in [
        (
            "[keep]\naudio_days = -1",
            "line 2: [keep] audio_days: -1 is not a whole number of days from 0 to 36500, or \"forever\"",
        ),
        (
            "[keep.junk]\nrecord_days = 'never'",
            "line 2: [keep.junk] record_days: \"never\" is not a whole number of days from 1 to 36500, or \"forever\"",
        ),
        (
            "[box.1.keep.verdict.tone]\nrecord_days = 0",
            "line 2: [box.\"1\".keep.verdict.tone] record_days: 0 is not a whole number of days from 1 to 36500, or \"forever\"",
        ),
        (
            "[keep]\nopen_case_days = 36501",
            "line 2: [keep] open_case_days: 36501 is not a whole number of days from 0 to 36500, or \"forever\"",
        ),
        (
            "[keep.junk]\nopen_case_days = 3",
            "line 2: [keep.junk] open_case_days: ",
        ),
        (
            "[box.1.keep]\nopen_case_days = 3",
            "line 2: [box.\"1\".keep] open_case_days: ",
        ),
        (
            "[keep]\naudio_day = 1",
            "line 2: [keep] audio_day: unknown setting `audio_day`; did you mean `audio_days`?",
        ),
        (
            "[box.1.keep]\nsound_days = 1",
            "line 2: [box.\"1\".keep] sound_days: ",
        ),
        (
            "[keep.verdict.tones]\naudio_days = 1",
            "line 1: [keep.verdict] tones: ",
        ),
        (
            "[keep.verdict.tone]\naudio_days = '1'",
            "line 2: [keep.verdict.tone] audio_days: ",
        ),
        (
            "[keep.jnk]\naudio_days = 1",
            "line 1: [keep] jnk: no such table; did you mean [keep.junk]?",
        ),
        (
            "[keep]\nverdict = 1",
            "line 2: keep.verdict: is a table: write [keep.verdict]",
        ),
    ] {
        let found = mistakes(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let head = mistake.split("; did").next().unwrap();
        assert!(found[0].starts_with(head), "{text}: {found:?}");
    }
}
