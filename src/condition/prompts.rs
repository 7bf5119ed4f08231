//! What is played: the guard's prompts, and greetings of the administrator's own.

use std::fs;
use std::path::Path;

use super::Item;
use super::prompt_files::{Installed, OwnSound, installed, own_sound};
use crate::config::{Config, Prompts};

pub(crate) fn items(config: &Config) -> Vec<Item> {
    let languages = config.prompts.languages.iter();
    let prompts = languages.flat_map(|language| prompts_of(&config.prompts, language));
    let greetings = config.own_greetings().into_iter();
    prompts
        .chain(greetings.flat_map(|sound| greeting(&config.prompts, sound)))
        .collect()
}

/// Languages whose prompts are shipped.
const SHIPPED: [&str; 2] = ["de", "en"];

fn prompts_of(settings: &Prompts, language: &str) -> Vec<Item> {
    let folder = settings.sounds.join(language).join("voicemail-guard");
    let general = language.split('_').next().unwrap_or(language);
    let copy = if SHIPPED.contains(&general) {
        format!(
            "copy asterisk-conf/sounds/{general}/voicemail-guard/ to {}",
            folder.display()
        )
    } else {
        format!(
            "none are shipped in this language: record them into {} (asterisk-conf/PROMPTS.md has the texts), or take it out of [prompts] languages",
            folder.display()
        )
    };
    let (missing, useless) = match installed(settings, language) {
        Installed::Complete => {
            return vec![Item::ok("prompts", format!("{language}: all are there"))];
        }
        Installed::NotVisible => {
            return vec![Item::warn(
                "prompts",
                format!(
                    "{language}: {} cannot be seen from here, as in a container: nothing is known of the prompts",
                    settings.sounds.display()
                ),
                format!("on the machine of Asterisk, {copy}; or set [prompts] sounds"),
            )];
        }
        Installed::Wanting { missing, useless } => (missing, useless),
    };
    let mut items = Vec::new();
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|prompt| prompt.name()).collect();
        let what = format!("{language}: missing: {}", names.join(", "));
        items.push(Item::fail("prompts", what, copy));
    }
    let useless = useless
        .iter()
        .map(|file| self::useless("prompts", language, file));
    items.extend(useless);
    items
}

/// A sound that is there and cannot be played.
fn useless(subject: &'static str, whose: &str, file: &Path) -> Item {
    let shown = file.display();
    if fs::metadata(file).is_ok_and(|about| about.len() == 0) {
        let what = format!("{whose}: {shown} is empty");
        return Item::fail(
            subject,
            what,
            format!("copy it anew, or remove it: rm {shown}"),
        );
    }
    Item::fail(
        subject,
        format!("{whose}: {shown} cannot be read"),
        format!("chmod a+r {shown}, and its folders a+rx, so that Asterisk's user may read it"),
    )
}

/// A greeting that is set for a box, or for all.
fn greeting(settings: &Prompts, sound: &str) -> Vec<Item> {
    let sounds = settings.sounds.display();
    let Some(own) = own_sound(settings, sound) else {
        return vec![Item::warn(
            "greeting",
            format!(
                "{sound}: its folder cannot be seen from here, as in a container: nothing is known of it"
            ),
            "see on the machine of Asterisk that it is there and plays no longer than three minutes; or set [prompts] sounds",
        )];
    };
    let OwnSound {
        missing,
        length,
        useless,
    } = own;
    let put = format!("put it below {sounds}/LANGUAGE/, or mend greeting in the configuration");
    let mut items: Vec<_> = useless
        .iter()
        .map(|file| self::useless("greeting", sound, file))
        .collect();
    items.push(match length {
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
    });
    items
}
