//! `check` of the lines that lead callers to the guard.

use std::fs;

use super::{House, item};

const INCLUDE: &str = "#tryinclude extensions_voicemail_guard.conf\n";
const EXISTS: &str = "ExecIf(${DIALPLAN_EXISTS(voicemail-guard,s,1)}?Gosub(voicemail-guard,s,1";

/// What `check` says of a dialplan with these lines, and how to mend it.
#[track_caller]
fn checked(house: &House, dialplan: &str, code: i32, words: &str) -> (String, String) {
    fs::write(
        house.path("asterisk/extensions.conf"),
        format!("{INCLUDE}{dialplan}"),
    )
    .unwrap();
    let (found, lines) = house.check();
    assert_eq!(found, code, "{lines:#?}");
    let (what, mend) = item(&lines, words);
    (what.to_owned(), mend.to_owned())
}

#[test]
fn a_dialplan_that_leads_nobody_to_the_guard_is_broken() {
    let house = House::new();
    for dialplan in [
        "",
        "[in]\nexten => 100,1,NoOp()\n; same => n,Gosub(voicemail-guard,s,1(100@default))\n",
    ] {
        let (_, mend) = checked(
            &house,
            dialplan,
            1,
            "fail dialplan no line of the dialplan has Gosub",
        );
        let line = format!("exten => 100,n,{EXISTS}(100@default)):VoiceMail(100@default,u))");
        assert!(mend.contains(&line), "{mend}");
    }
    let plain = "[in]\nexten => 7,1,VoiceMail(7@sales,b)\n same => n,Hangup()\n";
    let (_, mend) = checked(
        &house,
        plain,
        1,
        "fail dialplan no line of the dialplan has Gosub",
    );
    let line = format!(
        "VoiceMail(7@sales,b) of 7 in [in]: exten => 7,1,{EXISTS}(7@sales,b)):VoiceMail(7@sales,b))"
    );
    assert!(mend.contains(&line), "{mend}");
    let freepbx =
        "[voicemail-guard-box]\nexten => _X.,1,Gosub(voicemail-guard,s,1(${VG_MAILBOX},u))\n";
    let (_, mend) = checked(
        &house,
        freepbx,
        1,
        "fail dialplan no line of the dialplan has Gosub",
    );
    assert!(mend.contains("Custom Destination"), "{mend}");
    let led = format!("{freepbx}[from-did]\nexten => 1,1,Goto(voicemail-guard-box,100,1)\n");
    checked(
        &house,
        &led,
        0,
        "ok dialplan callers of 100@default are led to the guard",
    );
}

#[test]
fn a_mailbox_with_settings_that_no_line_leads_to_the_guard_is_named() {
    let house = House::new();
    let boxes = "[box.\"100@default\"]\nmode = \"guide\"\n[box.\"200@sales\"]\nmode = \"guide\"\n";
    house.append(boxes);
    let one = format!("[in]\nexten => 100,1,{EXISTS}(100@default)):VoiceMail(100@default,u))\n");
    let two = format!("{one}exten => 200,1,VoiceMail(200@sales)\n");
    for (dialplan, line) in [(&one, "exten => 200,n,"), (&two, "exten => 200,1,")] {
        let (what, mend) = checked(
            &house,
            dialplan,
            0,
            "warn dialplan no line of the dialplan has Gosub",
        );
        assert!(what.contains("for 200@sales, which"), "{what}");
        assert!(
            mend.contains(&format!(
                "{line}{EXISTS}(200@sales)):VoiceMail(200@sales,u))"
            )),
            "{mend}"
        );
    }
    let three = format!("{one}exten => 200,1,Gosub(voicemail-guard,s,1(200@sales))\n");
    checked(
        &house,
        &three,
        0,
        "ok dialplan callers of 100@default, 200@sales are led to the guard",
    );
    let pattern = "[in]\nexten => _XXX,1,Gosub(voicemail-guard,s,1(${EXTEN}@default))\n";
    checked(
        &house,
        pattern,
        0,
        "ok dialplan callers of those that variables name are led to the guard",
    );
}

#[test]
fn of_a_dialplan_that_is_not_read_here_nothing_is_claimed() {
    let house = House::new();
    for (file, text, is_known) in [
        (
            "extensions.ael",
            "context in { 100 => { VoiceMail(100); }; };\n// #include \"x\"\n",
            true,
        ),
        (
            "extensions.ael",
            "context in { 100 => { &voicemail-guard(100); }; };\n",
            false,
        ),
        ("extensions.ael", "#include \"in.ael\"\n", false),
        ("extensions.lua", "-- require 'in'\n", true),
        ("extensions.lua", "require 'in'\n", false),
        (
            "extconfig.conf",
            "[settings]\nvoicemail => odbc,asterisk\n",
            true,
        ),
        (
            "extconfig.conf",
            "[settings]\nextensions => odbc,asterisk\n",
            false,
        ),
    ] {
        let path = house.path("asterisk").join(file);
        fs::write(&path, text).unwrap();
        let (code, words) = if is_known {
            (1, "fail dialplan no line")
        } else {
            (0, "warn dialplan no line")
        };
        let (what, mend) = checked(&house, "", code, words);
        assert_eq!(
            what.contains("of which nothing is known here"),
            !is_known,
            "{text}: {what}"
        );
        assert!(
            is_known || mend.contains("voicemail-guard doctor"),
            "{text}: {mend}"
        );
        fs::remove_file(path).unwrap();
    }
    checked(
        &house,
        "[in]\nswitch => Realtime/in@extensions\n",
        0,
        "warn dialplan no line of the dialplan",
    );
}

#[test]
fn queues_are_watched_without_any_mailbox() {
    let house = House::new();
    let settings = "[box.\"support@queue\"]\nqueue_mode = \"guide\"\n";
    house.append(settings);
    let queue = "[in]\nexten => 600,1,Gosub(voicemail-guard-queue,s,1(support))\n same => n,Queue(support)\n";
    checked(
        &house,
        queue,
        0,
        "ok dialplan callers who wait in queues are watched",
    );
    let both = format!("{queue}exten => 7,1,Gosub(voicemail-guard,s,1(7@sales))\n");
    checked(
        &house,
        &both,
        0,
        "ok dialplan callers of 7@sales are led to the guard",
    );
}
