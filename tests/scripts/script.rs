//! From a script's text to what it asks for.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, iter};

use voicemail_guard::config::Config;
use voicemail_guard::hearing::{Class, Signal};
use voicemail_guard::tap::audiosocket::Id;
use voicemail_guard::tap::plan::TapPlan;
use voicemail_guard::tap::{Tapped, monitor, spy};

/// One call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// What it is about.
    pub(crate) title: String,
    /// Lines of the table `[defaults]`.
    pub(crate) settings: String,
    /// Lines of the prelude that are not as usual, by name.
    pub(crate) prelude: Vec<(String, String)>,
    /// Callers are spied on; else MixMonitor records.
    pub(super) spies: bool,
    pub(super) answers: Vec<Answer>,
    pub(super) acts: Vec<Act>,
}

/// What Asterisk answers to one command, in place of the usual.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// To how manieth such command, from 1.
    pub(super) nth: usize,
    /// How the command begins, without quotes.
    pub(super) command: String,
    pub(super) says: Vec<Say>,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Say {
    Line(String),
    Wait(Duration),
    Close,
}

/// What happens on the caller's side, or to the guard.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// The caller's sound from here on, and how long it keeps them.
    Sound(Sound, Duration),
    /// Until a prompt of this name begins or ends.
    When(String, Edge),
    /// One key, and how long it keeps them.
    Key(char, Duration),
    HangUp(HangUp),
    /// The connection breaks.
    Close,
    TapFails,
    TapHangs,
    Shutdown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Edge {
    Begins,
    Ends,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sound {
    Of(Class, Option<Signal>),
    /// A key whose tones come in the sound.
    Key(char),
    /// Noise in which somebody may be speaking.
    Indistinct,
    /// What MixMonitor pads with where no packets come under a prompt.
    Zeros,
    /// No packets.
    Nothing,
    /// As before.
    Same,
}

/// The ways in which Asterisk says that the caller has gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HangUp {
    /// `AGIEXITONHANGUP=yes`, as our dialplan has it: `-1`, `HANGUP` twice, end of the connection.
    /// TIMEOUT(absolute) looks the same.
    Closing,
    /// `-1`, `HANGUP`; the channel is kept until the guard closes.
    Staying,
    /// `HANGUP` in front of the `-1`.
    Before,
    /// `HANGUP` in front of the `-1`, and behind it.
    Twice,
    /// `AGISIGHUP=no`: `-1`, then `511` to everything; no `HANGUP` line ever.
    Unsaid,
}

/// All scripts, by name.
pub(crate) fn all() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "call"))
        .collect();
    files.sort();
    files.iter().map(|file| Script::read(file)).collect()
}

impl Script {
    fn read(file: &Path) -> Self {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        Self::parse(name, &fs::read_to_string(file).unwrap())
    }

    pub(crate) fn parse(name: String, text: &str) -> Self {
        let mut script = Self {
            name,
            ..Self::default()
        };
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}.call:{}: {line:?}", script.name, number + 1);
            script
                .take(line.trim())
                .unwrap_or_else(|| panic!("{place} cannot be understood"));
        }
        assert!(!script.title.is_empty(), "{} has no title", script.name);
        script
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let Some((mark, rest)) = line.split_once(' ') else {
            return line.is_empty().then_some(());
        };
        match mark {
            "#" if self.title.is_empty() => rest.clone_into(&mut self.title),
            "#" => {}
            "=" => self.settings.extend([rest, "\n"]),
            "tap:" if rest == "audiosocket" => self.spies = true,
            "<" => self.answers.push(answer(rest)?),
            "~" => self.acts.extend(acts(rest)?),
            name if name.starts_with("agi_") => {
                let name = name.strip_suffix(':')?;
                self.prelude.push((name.to_owned(), rest.to_owned()));
            }
            _ => return None,
        }
        Some(())
    }

    /// The settings, read by the guard's own reader.
    pub(crate) fn config(&self, folder: &Path) -> Config {
        let tap = "[tap]\nfolder_as_asterisk_sees_it = \"/tap\"\n";
        let text = format!("[defaults]\n{}\n{tap}", self.settings);
        let mut config = Config::parse(text.as_bytes()).unwrap();
        folder.clone_into(&mut config.tap.folder_as_guard_sees_it);
        folder.clone_into(&mut config.delivery.voicemail.spool);
        config
    }

    /// What the tap asks of Asterisk.
    pub(crate) fn plan(&self, call: &Tapped<'_>) -> TapPlan {
        if self.spies {
            let id = Id::from([0x11; 16]);
            return spy::plan("guard:4576", call.uniqueid, id).unwrap();
        }
        monitor::plan("/tap".as_ref(), call.id, call.agi_version)
    }

    /// The prelude as Asterisk 22 sends it.
    pub(crate) fn prelude(&self) -> String {
        let usual = "agi_network: yes\nagi_network_script: guard?box=100\nagi_request: agi://127.0.0.1/guard?box=100\n\
            agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1700000000.1\n\
            agi_version: 22\nagi_callerid: 091123456\nagi_calleridname: Example\nagi_callingpres: 0\n\
            agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 100\nagi_rdnis: unknown\n\
            agi_context: voicemail-guard\nagi_extension: s\nagi_priority: 1\nagi_enhanced: 0.0\n\
            agi_accountcode: \nagi_threadid: 1\n";
        let own = |name: &str| self.prelude.iter().find(|own| own.0 == name);
        let lines = usual.lines().map(|line| {
            let name = line.split(':').next().unwrap();
            own(name).map_or_else(
                || line.to_owned(),
                |(name, value)| format!("{name}: {value}"),
            )
        });
        lines
            .chain(iter::once(String::new()))
            .map(|line| line + "\n")
            .collect()
    }
}

fn answer(text: &str) -> Option<Answer> {
    let (command, says) = text.split_once(" | ")?;
    let (nth, command) = match command.split_once(' ') {
        Some((nth, rest)) if nth.parse::<usize>().is_ok() => (nth.parse().ok()?, rest),
        _ => (1, command),
    };
    let says = says.split(" / ").map(|part| match part.trim() {
        "never" => Some(None),
        "close" => Some(Some(Say::Close)),
        part => match part.strip_prefix("wait ") {
            Some(time) => Some(Some(Say::Wait(duration(time)?))),
            None => Some(Some(Say::Line(part.to_owned()))),
        },
    });
    Some(Answer {
        nth,
        command: command.trim().to_owned(),
        says: says
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect(),
    })
}

fn acts(text: &str) -> Option<Vec<Act>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let act = match words.as_slice() {
        ["when", prompt, "begins"] => Act::When((*prompt).into(), Edge::Begins),
        ["when", prompt, "ends"] => Act::When((*prompt).into(), Edge::Ends),
        ["wait", time] => Act::Sound(Sound::Same, duration(time)?),
        ["keys", keys] => return Some(keys.chars().map(|key| Act::Key(key, KEY)).collect()),
        ["keys-in-sound", keys] => {
            let tones = |key| [Sound::Key(key), Sound::Of(Class::Silence, None)];
            let sounds = keys.chars().flat_map(tones);
            return Some(sounds.map(|sound| Act::Sound(sound, TONE)).collect());
        }
        ["hangup"] => Act::HangUp(HangUp::Closing),
        ["hangup", "staying"] => Act::HangUp(HangUp::Staying),
        ["hangup", "before"] => Act::HangUp(HangUp::Before),
        ["hangup", "twice"] => Act::HangUp(HangUp::Twice),
        ["hangup", "unsaid"] => Act::HangUp(HangUp::Unsaid),
        ["close"] => Act::Close,
        ["tap", "fails"] => Act::TapFails,
        ["tap", "hangs"] => Act::TapHangs,
        ["shutdown"] => Act::Shutdown,
        [sound @ .., time] if duration(time).is_some() => {
            Act::Sound(self::sound(sound)?, duration(time)?)
        }
        sound => Act::Sound(self::sound(sound)?, Duration::ZERO),
    };
    Some(vec![act])
}

fn sound(words: &[&str]) -> Option<Sound> {
    let class = |word: &str| Class::ALL.into_iter().find(|c| c.to_string() == word);
    match words {
        ["zeros"] => Some(Sound::Zeros),
        ["nothing"] => Some(Sound::Nothing),
        ["indistinct"] => Some(Sound::Indistinct),
        ["tone", signal] => {
            let signal = SIGNALS.into_iter().find(|known| known.0 == *signal)?.1;
            Some(Sound::Of(Class::Tone, Some(signal)))
        }
        ["textphone"] => Some(Sound::Of(Class::Speech, Some(Signal::Textphone))),
        [class_name] => Some(Sound::Of(class(class_name)?, None)),
        _ => None,
    }
}

/// `12s`, `0.5s`, `250ms`; ten milliseconds are the finest.
fn duration(text: &str) -> Option<Duration> {
    let millis = match text.strip_suffix("ms") {
        Some(ms) => ms.parse::<f64>().ok()?,
        None => text.strip_suffix('s')?.parse::<f64>().ok()? * 1_000.0,
    };
    let millis = millis.round() as u64;
    millis
        .is_multiple_of(10)
        .then_some(Duration::from_millis(millis))
}

const SIGNALS: [(&str, Signal); 5] = [
    ("busy", Signal::Busy),
    ("dial", Signal::Dial),
    ("ringback", Signal::Ringback),
    ("sit", Signal::Sit),
    ("fax", Signal::FaxCng),
];

/// How fast people press keys.
const TONE: Duration = Duration::from_millis(100);
const KEY: Duration = Duration::from_millis(300);
