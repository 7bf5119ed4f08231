//! What the guard says: the prompts by name, and whether their files are there.

use std::fmt;
use std::path::Path;

use crate::config::Prompts;

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
    let whole = settings.sounds.join(language);
    let general = settings
        .sounds
        .join(language.split('_').next().unwrap_or(language));
    let folders = [whole.as_path(), general.as_path(), &settings.sounds];
    let missing: Vec<_> = Prompt::ALL
        .into_iter()
        .filter(|prompt| !folders.iter().any(|folder| has(folder, *prompt)))
        .collect();
    if missing.is_empty() {
        Installed::Complete
    } else {
        Installed::Missing(missing)
    }
}

fn has(folder: &Path, prompt: Prompt) -> bool {
    ENDINGS
        .iter()
        .any(|ending| folder.join(prompt.path()).with_extension(ending).is_file())
}

/// Endings of the formats that every Asterisk plays.
const ENDINGS: [&str; 16] = [
    "wav", "wav16", "WAV", "wav49", "sln", "sln16", "sln48", "slin", "raw", "ulaw", "ul", "alaw",
    "al", "gsm", "g722", "g729",
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
    fn a_sounds_folder_out_of_sight_is_no_missing_prompt() {
        let settings = Prompts {
            sounds: "/nowhere/sounds".into(),
            languages: Vec::new(),
        };
        assert_eq!(installed(&settings, "de"), Installed::NotVisible);
    }
}
