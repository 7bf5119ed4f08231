//! Whether the files of prompts and greetings are where Asterisk looks for them, and how long they play.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Config, Prompts};
use crate::prompts::Prompt;

/// Whether the prompts of one language are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// All of them.
    Complete,
    /// These are missing: a caller of this language goes on to `VoiceMail()` when one is needed.
    Missing(Vec<Prompt>),
    /// The sounds folder cannot be seen from here, as in a container: nothing is known.
    NotVisible,
}

/// Looks which prompts of a language Asterisk would find.
///
/// Asterisk looks in `<sounds>/<language>/`, for `de_AT` then in `de`, and at last in `<sounds>` itself
/// (`fileexists_core` in `main/file.c`).
pub(super) fn installed(settings: &Prompts, language: &str) -> Installed {
    if fs::read_dir(&settings.sounds).is_err() {
        return Installed::NotVisible;
    }
    let missing: Vec<_> = Prompt::ALL
        .into_iter()
        .filter(|prompt| files(settings, language, &prompt.path()).next().is_none())
        .collect();
    if missing.is_empty() {
        Installed::Complete
    } else {
        Installed::Missing(missing)
    }
}

/// What is seen of a sound of the administrator's own, such as the greeting of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnSound {
    /// The languages that have no file of it: their callers hear it in English, or go on to `VoiceMail()`.
    pub(super) missing: Vec<String>,
    /// How long the longest of its files plays; `None` where there is none at all.
    pub(super) length: Option<Duration>,
}

/// Looks for a sound as Asterisk is told it; `None` where its folder cannot be seen from here.
pub(super) fn own_sound(settings: &Prompts, sound: &str) -> Option<OwnSound> {
    let whole = Path::new(sound);
    let folder = whole.parent().filter(|_| whole.is_absolute());
    fs::read_dir(folder.unwrap_or(&settings.sounds)).ok()?;
    let length = |language: &str| files(settings, language, sound).max();
    let languages = settings.languages.iter();
    let missing = languages.clone().filter(|one| length(one).is_none());
    // Asterisk plays English to whoever has nothing in his language.
    let heard = languages.map(String::as_str).chain(["en"]);
    Some(OwnSound {
        missing: missing.cloned().collect(),
        length: heard.filter_map(length).max(),
    })
}

/// Notes in the settings how long the greetings of the administrator's own play, where that can be seen.
pub(super) fn measure_greetings(config: &mut Config) {
    let prompts = config.prompts.clone();
    config.measure_greetings(|sound| own_sound(&prompts, sound)?.length);
}

/// The files that Asterisk may play for a sound, by how long they are.
fn files(settings: &Prompts, language: &str, sound: &str) -> impl Iterator<Item = Duration> {
    let general = language.split('_').next().unwrap_or(language);
    let folders = [
        settings.sounds.join(language),
        settings.sounds.join(general),
        settings.sounds.clone(),
    ];
    let endings = move |file: PathBuf| {
        FORMATS
            .into_iter()
            .filter_map(move |(ending, octets_a_second)| {
                let about = fs::metadata(format!("{}.{ending}", file.display())).ok()?;
                let micros = about.len().saturating_mul(1_000_000) / octets_a_second;
                about.is_file().then(|| Duration::from_micros(micros))
            })
    };
    let sound = sound.to_owned();
    // A whole path is the same below every folder.
    folders
        .into_iter()
        .flat_map(move |folder| endings(folder.join(&sound)))
}

/// Endings of the formats that every Asterisk plays, with their octets a second.
const FORMATS: [(&str, u64); 16] = [
    ("wav", 16_000),
    ("wav16", 32_000),
    ("WAV", 1_625),
    ("wav49", 1_625),
    ("sln", 16_000),
    ("sln16", 32_000),
    ("sln48", 96_000),
    ("slin", 16_000),
    ("raw", 16_000),
    ("ulaw", 8_000),
    ("ul", 8_000),
    ("alaw", 8_000),
    ("al", 8_000),
    ("gsm", 1_650),
    ("g722", 8_000),
    ("g729", 1_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_found_where_asterisk_finds_them() {
        let sounds = tempfile::tempdir().unwrap();
        let settings = Prompts {
            sounds: sounds.path().into(),
            languages: Vec::new(),
        };
        let put = |folder: &str, prompt: Prompt, ending: &str| {
            let folder = sounds.path().join(folder);
            fs::create_dir_all(folder.join("voicemail-guard")).unwrap();
            fs::write(folder.join(format!("{}.{ending}", prompt.path())), "").unwrap();
        };
        for prompt in Prompt::ALL {
            put("de", prompt, "sln16");
        }
        assert_eq!(installed(&settings, "de"), Installed::Complete);
        assert_eq!(installed(&settings, "de_AT"), Installed::Complete);
        assert_eq!(
            installed(&settings, "en"),
            Installed::Missing(Prompt::ALL.to_vec())
        );
        put("en", Prompt::Thanks, "gsm");
        put("", Prompt::Goodbye, "wav");
        put("en", Prompt::Greeting, "txt");
        let Installed::Missing(missing) = installed(&settings, "en") else {
            panic!("more than two are missing");
        };
        assert_eq!(missing.len(), 12);
        assert!(missing.contains(&Prompt::Greeting));
    }

    #[test]
    fn a_sound_of_ones_own_is_looked_for_and_measured() {
        let sounds = tempfile::tempdir().unwrap();
        let settings = Prompts {
            sounds: sounds.path().into(),
            languages: vec!["de".into(), "en".into()],
        };
        let put = |file: &str, octets: usize| {
            let file = sounds.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![0; octets]).unwrap();
        };
        let check = |sound: &str, missing: &[&str], seconds: Option<u64>| {
            let seen = own_sound(&settings, sound).unwrap();
            assert_eq!(seen.missing, missing, "{sound}");
            assert_eq!(seen.length, seconds.map(Duration::from_secs), "{sound}");
        };
        check("own/hello", &["de", "en"], None);
        put("de/own/hello.gsm", 1_650 * 20);
        check("own/hello", &["en"], Some(20));
        put("en/own/hello.wav", 16_000 * 70);
        put("en/own/hello.ulaw", 8_000 * 60);
        put("en/own/hello.txt", 8_000 * 600);
        check("own/hello", &[], Some(70));
        put("own/v1.2.alaw", 8_000 * 5);
        check("own/v1.2", &[], Some(5));
        let whole = sounds.path().join("own/v1.2");
        check(whole.to_str().unwrap(), &[], Some(5));
        assert_eq!(own_sound(&settings, "/nowhere/hello"), None);
    }

    #[test]
    fn a_sounds_folder_out_of_sight_is_no_missing_prompt() {
        let settings = Prompts {
            sounds: "/nowhere/sounds".into(),
            languages: Vec::new(),
        };
        assert_eq!(installed(&settings, "de"), Installed::NotVisible);
    }
}
