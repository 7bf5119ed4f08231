//! Whether the files of prompts and greetings are where Asterisk looks for them, and how long they
//! play.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};

use crate::config::{Config, Prompts};
use crate::prompts::Prompt;

/// Whether the prompts of one language are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Installed {
    /// All of them.
    Complete,
    /// These cannot be played: a caller of this language goes on to `VoiceMail()` when one is
    /// needed.
    Wanting {
        /// There is no file of them.
        missing: Vec<Prompt>,
        /// Files that are empty, or that this user may not read.
        useless: Vec<PathBuf>,
    },
    /// The sounds folder cannot be seen from here, as in a container: nothing is known.
    NotVisible,
}

/// Looks which prompts of a language Asterisk would find.
///
/// Asterisk looks in `<sounds>/<language>/`, for `de_AT` then in `de`, and at last in `<sounds>`
/// itself
/// (`fileexists_core` in `main/file.c`).
pub(crate) fn installed(settings: &Prompts, language: &str) -> Installed {
    if fs::read_dir(&settings.sounds).is_err() {
        return Installed::NotVisible;
    }
    let (mut missing, mut useless) = (Vec::new(), Vec::new());
    for prompt in Prompt::ALL {
        let files: Vec<_> = files(settings, language, &prompt.path()).collect();
        if files.is_empty() {
            missing.push(prompt);
        }
        let files = files.into_iter().filter(|file| !file.is_of_use());
        useless.extend(files.map(|file| file.path));
    }
    if missing.is_empty() && useless.is_empty() {
        Installed::Complete
    } else {
        Installed::Wanting { missing, useless }
    }
}

/// What is seen of a sound of the administrator's own, such as the greeting of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnSound {
    /// The languages that have no file of it: their callers hear it in English, or go on to
    /// `VoiceMail()`.
    pub(crate) missing: Vec<String>,
    /// How long the longest of its files plays; `None` where there is none at all.
    pub(crate) length: Option<Duration>,
    /// Files of it that are empty, or that this user may not read.
    pub(crate) useless: Vec<PathBuf>,
}

/// The file that Asterisk would play of a prompt in a language, if it can be used.
pub(crate) fn prompt_file(settings: &Prompts, language: &str, prompt: Prompt) -> Option<PathBuf> {
    let mut files = files(settings, language, &prompt.path());
    files.find(SoundFile::is_of_use).map(|file| file.path)
}

/// Looks for a sound by the name that Asterisk gets; `None` where its folder cannot be seen from
/// here.
pub(crate) fn own_sound(settings: &Prompts, sound: &str) -> Option<OwnSound> {
    let whole = Path::new(sound);
    let folder = whole.parent().filter(|_| whole.is_absolute());
    fs::read_dir(folder.unwrap_or(&settings.sounds)).ok()?;
    let length = |language: &str| {
        let files = files(settings, language, sound);
        files.map(|file| file.length()).max()
    };
    let languages = settings.languages.iter();
    let missing = languages.clone().filter(|one| length(one).is_none());
    // Asterisk plays English to callers without sounds in their language.
    let heard = languages.map(String::as_str).chain(["en"]);
    let all = heard.clone().flat_map(|one| files(settings, one, sound));
    let useless = all.filter(|file| !file.is_of_use()).map(|file| file.path);
    Some(OwnSound {
        missing: missing.cloned().collect(),
        length: heard.filter_map(length).max(),
        useless: useless.collect::<BTreeSet<_>>().into_iter().collect(),
    })
}

/// Notes in the settings how long the greetings of the administrator's own play, where that can be
/// seen.
pub(crate) fn measure_greetings(config: &mut Config) {
    let prompts = config.prompts.clone();
    config.measure_greetings(|sound| own_sound(&prompts, sound)?.length);
}

/// A file that Asterisk may play.
struct SoundFile {
    path: PathBuf,
    bytes: u64,
    bytes_a_second: u64,
}

impl SoundFile {
    fn length(&self) -> Duration {
        Duration::from_micros(self.bytes.saturating_mul(1_000_000) / self.bytes_a_second)
    }

    fn is_of_use(&self) -> bool {
        self.bytes > 0 && access(&self.path, Access::READ_OK).is_ok()
    }
}

/// The files that Asterisk may play for a sound.
fn files(
    settings: &Prompts,
    language: &str,
    sound: &str,
) -> impl Iterator<Item = SoundFile> + use<> {
    let general = language.split('_').next().unwrap_or(language);
    let folders = [
        settings.sounds.join(language),
        settings.sounds.join(general),
        settings.sounds.clone(),
    ];
    let endings = |file: PathBuf| {
        FORMATS
            .into_iter()
            .filter_map(move |(ending, bytes_a_second)| {
                let path = PathBuf::from(format!("{}.{ending}", file.display()));
                let about = fs::metadata(&path).ok()?;
                about.is_file().then_some(SoundFile {
                    path,
                    bytes: about.len(),
                    bytes_a_second,
                })
            })
    };
    // A whole path is the same below every folder, and `de` is its own general form.
    let mut paths = folders.map(|folder| folder.join(sound)).to_vec();
    paths.dedup();
    paths.into_iter().flat_map(endings)
}

/// Endings of the formats that every Asterisk plays, with their bytes a second.
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
            fs::write(folder.join(format!("{}.{ending}", prompt.path())), "sound").unwrap();
        };
        for prompt in Prompt::ALL {
            put("de", prompt, "sln16");
        }
        assert_eq!(installed(&settings, "de"), Installed::Complete);
        assert_eq!(installed(&settings, "de_AT"), Installed::Complete);
        assert_eq!(
            installed(&settings, "en"),
            Installed::Wanting {
                missing: Prompt::ALL.to_vec(),
                useless: Vec::new(),
            }
        );
        put("en", Prompt::Thanks, "gsm");
        put("", Prompt::Goodbye, "wav");
        put("en", Prompt::Greeting, "txt");
        let Installed::Wanting { missing, .. } = installed(&settings, "en") else {
            panic!("more than two are missing");
        };
        assert_eq!(missing.len(), Prompt::ALL.len() - 2);
        assert!(missing.contains(&Prompt::Greeting));
        let empty = sounds.path().join("de/voicemail-guard/thanks.sln16");
        fs::write(&empty, "").unwrap();
        assert_eq!(
            installed(&settings, "de"),
            Installed::Wanting {
                missing: Vec::new(),
                useless: vec![empty],
            }
        );
    }

    #[test]
    fn a_sound_of_ones_own_is_looked_for_and_measured() {
        let sounds = tempfile::tempdir().unwrap();
        let settings = Prompts {
            sounds: sounds.path().into(),
            languages: vec!["de".into(), "en".into()],
        };
        let put = |file: &str, bytes: usize| {
            let file = sounds.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![0; bytes]).unwrap();
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
