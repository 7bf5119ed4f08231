//! What the guard says: the prompts by name, and whether their files are there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Config, Prompts};

/// A prompt of the guard, one file per language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Prompt {
    /// The start of every call; asks for the callback number first.
    Greeting,
    /// The start for a caller who withholds his number.
    GreetingWithheld,
    /// The one question.
    StillThere,
    /// The rambler's prompt: please say or key in your number first.
    NumberFirst,
    /// The longest message is nearly reached.
    TimeWarning,
    /// Key in your number, then the hash key.
    EnterNumber,
    /// Comes before the digits that are read back.
    NumberIs,
    /// Comes after them: 1 confirms, 2 starts again.
    NumberConfirm,
    /// The number is noted; go on speaking.
    NumberSaved,
    /// That cannot be a telephone number.
    NumberImpossible,
    /// Comes before the digits of the caller ID that is offered.
    OfferCallerId,
    /// Comes after them: 1 if we may call back there.
    OfferConfirm,
    /// The message is recorded.
    Thanks,
    /// The call ends.
    Goodbye,
}

impl Prompt {
    /// All prompts.
    pub const ALL: [Self; 14] = [
        Self::Greeting,
        Self::GreetingWithheld,
        Self::StillThere,
        Self::NumberFirst,
        Self::TimeWarning,
        Self::EnterNumber,
        Self::NumberIs,
        Self::NumberConfirm,
        Self::NumberSaved,
        Self::NumberImpossible,
        Self::OfferCallerId,
        Self::OfferConfirm,
        Self::Thanks,
        Self::Goodbye,
    ];

    /// The name in the call log, such as `still-there`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::GreetingWithheld => "greeting-withheld",
            Self::StillThere => "still-there",
            Self::NumberFirst => "number-first",
            Self::TimeWarning => "time-warning",
            Self::EnterNumber => "enter-number",
            Self::NumberIs => "number-is",
            Self::NumberConfirm => "number-confirm",
            Self::NumberSaved => "number-saved",
            Self::NumberImpossible => "number-impossible",
            Self::OfferCallerId => "offer-caller-id",
            Self::OfferConfirm => "offer-confirm",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
        }
    }

    /// The sound as Asterisk is told it; Asterisk finds language and ending by itself.
    pub fn path(self) -> String {
        format!("voicemail-guard/{self}")
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether the prompts of one language are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
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
pub fn installed(settings: &Prompts, language: &str) -> Installed {
    if std::fs::read_dir(&settings.sounds).is_err() {
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
pub struct OwnSound {
    /// The languages that have no file of it: their callers hear it in English, or go on to `VoiceMail()`.
    pub missing: Vec<String>,
    /// How long the longest of its files plays; `None` where there is none at all.
    pub length: Option<Duration>,
}

/// Looks for a sound as Asterisk is told it; `None` where its folder cannot be seen from here.
pub fn own_sound(settings: &Prompts, sound: &str) -> Option<OwnSound> {
    let whole = Path::new(sound);
    let folder = whole.parent().filter(|_| whole.is_absolute());
    std::fs::read_dir(folder.unwrap_or(&settings.sounds)).ok()?;
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
pub fn measure_greetings(config: &mut Config) {
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
                let about = std::fs::metadata(format!("{}.{ending}", file.display())).ok()?;
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
    use std::fs;

    #[test]
    fn names_are_told_apart() {
        let mut names = Prompt::ALL.map(Prompt::name);
        names.sort_unstable();
        assert_eq!(names.len(), 14);
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert_eq!(Prompt::StillThere.to_string(), "still-there");
        assert_eq!(Prompt::StillThere.path(), "voicemail-guard/still-there");
    }

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
