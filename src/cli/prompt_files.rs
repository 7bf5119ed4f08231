//! Whether the files of the prompts are where Asterisk looks for them.

use std::fs;
use std::path::Path;

use crate::config::Prompts;
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
