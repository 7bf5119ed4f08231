//! The record of processing says what holds; `check` shows it, too.

use std::fs;
use std::path::Path;
use std::process::Command;

use voicemail_guard::cli::export::PageLanguage;
use voicemail_guard::cli::privacy::{Assumed, record};
use voicemail_guard::config::Config;

use crate::support::sources::root;

/// Printed anew by `voicemail-guard privacy --data /var/lib/voicemail-guard`, with `--language de`
/// for the second.
#[test]
fn the_examples_are_what_is_printed_with_the_defaults() {
    for (language, name) in [
        (PageLanguage::En, "record-of-processing.md"),
        (PageLanguage::De, "verzeichnis.md"),
    ] {
        let printed = record(
            &Config::default(),
            Path::new("/var/lib/voicemail-guard"),
            language,
            Assumed::default(),
        );
        let example = fs::read_to_string(root().join("examples/privacy").join(name)).unwrap();
        assert_eq!(example, printed, "{name}");
        assert!(!printed.contains("{{"), "{printed}");
    }
}

#[test]
fn it_is_filled_in_with_the_settings_that_hold() {
    let config = Config::parse(
        b"[keep]\naudio_days = 'forever'\nrecord_days = 'forever'\n[box.200.keep.verdict.tone]\nrecord_days = 3\n\
          [delivery.mail]\nfrom = 'guard@example.com'\n[delivery.webhook]\nurl = 'https://hooks.example.com/x?key=1'\n\
          secret = 'sixteen characters'\n\
          [defaults]\ndeliver_to = ['mail', 'webhook']\nmail_to = ['hotline@example.com']\n",
    )
    .unwrap();
    let assumed = Assumed::default();
    let printed = record(&config, Path::new("/data"), PageLanguage::En, assumed);
    for row in [
        "| all others | `message`, `rambler`, `unsure` | forever | 90 | 180 | forever |",
        "| 200@default | `tone` | 3 | 3 | 3 | 3 |",
        "| e-mail | hotline@example.com |",
        "| webhook | hooks.example.com |",
        "| mailboxes of Asterisk | none |",
        "`/data/calls.sqlite`",
    ] {
        assert!(printed.contains(row), "{row}: {printed}");
    }
    assert!(!printed.contains("key=1"));
}

#[test]
fn it_says_who_is_listened_to_in_queues_and_how_sound_comes() {
    let printed = |settings: &str, language| {
        let config = Config::parse(settings.as_bytes()).unwrap();
        record(&config, Path::new("/data"), language, Assumed::default())
    };
    let queue = "[queue]\nlisten = ['192.0.2.10:4576']\n[listen]\nallow = ['192.0.2.0/24']\n";
    let spied = "[tap]\nkind = 'audiosocket'\nlisten = ['192.0.2.10:4576']\nfolder_as_guard_sees_it = '/data/tap'\n";
    let keeps = "[defaults]\nkeep_queue_audio = true\n[box.'sales@queue']\nkeep_queue_audio = false\n\
                 [box.'support@queue']\nqueue_mode = 'guide'\n";
    for (settings, said, unsaid) in [
        (String::new(), "nobody listens to them", "AudioSocket"),
        (
            queue.to_owned(),
            "(record, timeline); no sound | `/data/calls.sqlite` |",
            "ID.sln",
        ),
        (
            queue.to_owned() + keeps,
            "of these queues: support@queue, all without a table of their own.",
            "no sound |",
        ),
        (
            queue.to_owned() + spied,
            "(192.0.2.10:4576), from the networks of `[listen] allow` alone",
            "that Asterisk writes",
        ),
        (
            queue.to_owned() + spied,
            "AudioSocket does not encrypt",
            "within this machine",
        ),
        (
            queue.to_owned() + spied,
            "lies in `/data/tap`, a file ID.sln each",
            "/var/spool",
        ),
        (
            "[queue]\nlisten = ['127.0.0.1:4576']\n".to_owned(),
            "over connections within this machine (127.0.0.1:4576).",
            "tunnel",
        ),
    ] {
        let english = printed(&settings, PageLanguage::En);
        assert!(english.contains(said), "{said}: {english}");
        assert!(!english.contains(unsaid), "{unsaid}: {english}");
        let german = printed(&settings, PageLanguage::De);
        assert!(
            !english.contains("{{") && !german.contains("{{"),
            "{german}"
        );
        assert_eq!(
            english.matches('|').count(),
            german.matches('|').count(),
            "{german}"
        );
    }
}

#[test]
fn it_says_which_folder_and_settings_it_assumes() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |arguments: &[&str], state: &str| {
        let privacy = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
            .arg("privacy")
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("VOICEMAIL_GUARD_DATA")
            .env_remove("VOICEMAIL_GUARD_CONFIG")
            .env("STATE_DIRECTORY", state)
            .output()
            .unwrap();
        String::from_utf8(privacy.stdout).unwrap()
    };
    let out = printed(&[], "/assumed");
    for said in [
        "assumes `/assumed`,",
        "`--data FOLDER`",
        "assumes the defaults",
        "`--config FILE`",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(printed(&["--language", "de"], "/assumed").contains("Angenommen ist `/assumed`,"));
    fs::write(folder.path().join("guard.toml"), "").unwrap();
    let out = printed(&["--data", "own", "--config", "guard.toml"], "/assumed");
    assert!(!out.contains("assumes"), "{out}");
    let whole = folder
        .path()
        .canonicalize()
        .unwrap()
        .join("own/calls.sqlite");
    assert!(out.contains(&format!("`{}`", whole.display())), "{out}");
}

#[test]
fn check_shows_what_is_kept_and_warns_of_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guard.toml");
    fs::write(
        &file,
        "[keep]\naudio_days = \"forever\"\nrecord_days = \"forever\"\n",
    )
    .unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
        .args(["check", "--config"])
        .arg(&file)
        .arg("--data")
        .arg(folder.path())
        .output()
        .unwrap();
    let out = String::from_utf8(checked.stdout).unwrap();
    for line in [
        "warn  keeping   message, rambler, unsure: audio forever, timeline 90 days, number 180 days, record forever\n",
        "      -> set days for audio_days, record_days in [keep]",
        "ok    keeping   hangup, mutter, hold_music, aside, silent, no_audio, tone: audio 7 days, ",
    ] {
        let line = line.trim_start();
        assert!(out.contains(line), "{line}: {out}");
    }
}
