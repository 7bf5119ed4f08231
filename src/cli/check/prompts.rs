//! `check` of what is played: the guard's prompts, and greetings of the administrator's own.

use super::super::prompt_files::{Installed, OwnSound, installed, own_sound};
use super::Item;
use crate::config::{Config, Prompts};

pub(super) fn items(config: &Config) -> Vec<Item> {
    let languages = config.prompts.languages.iter();
    let prompts = languages.map(|language| prompts_of(&config.prompts, language));
    let greetings = config.own_greetings().into_iter();
    prompts
        .chain(greetings.map(|sound| greeting(&config.prompts, sound)))
        .collect()
}

fn prompts_of(settings: &Prompts, language: &str) -> Item {
    let folder = settings.sounds.join(language).join("voicemail-guard");
    let copy = format!(
        "copy asterisk-conf/sounds/{language}/voicemail-guard/ to {}",
        folder.display()
    );
    match installed(settings, language) {
        Installed::Complete => Item::ok("prompts", format!("{language}: all are there")),
        Installed::Missing(missing) => {
            let names: Vec<_> = missing.iter().map(|prompt| prompt.name()).collect();
            Item::fail(
                "prompts",
                format!("{language}: missing: {}", names.join(", ")),
                copy,
            )
        }
        Installed::NotVisible => Item::warn(
            "prompts",
            format!(
                "{language}: {} cannot be seen from here, as in a container: nothing is known of the prompts",
                settings.sounds.display()
            ),
            format!("on the machine of Asterisk, {copy}; or set [prompts] sounds"),
        ),
    }
}

/// A greeting that is set for a box, or for all.
fn greeting(settings: &Prompts, sound: &str) -> Item {
    let sounds = settings.sounds.display();
    let Some(OwnSound { missing, length }) = own_sound(settings, sound) else {
        return Item::warn(
            "greeting",
            format!(
                "{sound}: its folder cannot be seen from here, as in a container: nothing is known of it"
            ),
            "see on the machine of Asterisk that it is there and plays no longer than three minutes; or set [prompts] sounds",
        );
    };
    let put = format!("put it below {sounds}/LANGUAGE/, or mend greeting in the configuration");
    match length {
        None => Item::fail(
            "greeting",
            format!("{sound}: is not there: every caller goes on to VoiceMail()"),
            put,
        ),
        Some(_) if !missing.is_empty() => Item::warn(
            "greeting",
            format!(
                "{sound}: not there in {}: these callers hear it in English, or go on to VoiceMail()",
                missing.join(", ")
            ),
            put,
        ),
        Some(length) => Item::ok(
            "greeting",
            format!("{sound}: is there, and plays {} s", length.as_secs()),
        ),
    }
}
