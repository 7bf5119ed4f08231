//! The hold music and the English prompts that come with Asterisk, all of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::Lab;
use crate::sound::Sound;

use self::bar::ToldApart;

#[path = "../support/told_apart.rs"]
mod bar;

#[test]
fn hold_music_and_prompts_of_asterisk_are_told_apart() {
    let lab = Lab::enter();
    let mut apart = ToldApart::default();
    let tracks = files_below(&lab.inside("/usr/share/asterisk/moh"));
    for track in &tracks {
        apart.hold_music(&track.display().to_string(), Sound::read(track).samples());
    }
    let voice = lab.inside("/usr/share/asterisk/sounds/en");
    for prompt in files_below(&voice) {
        let name = prompt.strip_prefix(&voice).unwrap();
        if is_spoken(name) {
            apart.prompt(&name.display().to_string(), Sound::read(&prompt).samples());
        }
    }
    apart.all_right();
    assert!(tracks.len() >= 5, "{tracks:?}");
    assert!(apart.heard > 500 && apart.spoken > 60, "{}", apart.heard);
}

/// Not silence, nor the monkeys that scream; nor what a test of this run has put there.
fn is_spoken(name: &Path) -> bool {
    let none = ["silence", "tt-monkeys.wav", "voicemail-guard"];
    !none.iter().any(|none| name.starts_with(none))
}

/// The WAV files below a folder, in order.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|ending| ending == "wav") {
            files.push(path);
        }
    }
    files.sort();
    files
}
