//! One message: recognised if it was heard before, else heard and judged.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use tokio_util::sync::CancellationToken;

use super::spool::{Message, why};
use crate::call::verdict::judge;
use crate::cli::recording::{Known, Onlooker, Warning, hear_opened, open_itself};
use crate::hearing::Frame;
use crate::imported::{Key, LeftOut, OldMessage};

/// Bytes of the sound by which a message is recognised: two minutes have two million.
const RECOGNISED_BY: u64 = 16 << 20;

/// A message that can be heard.
pub(super) enum Heard {
    /// It was, in a run before.
    Before,
    /// It is now.
    Now(Key, OldMessage),
}

/// Hears a message, by its best sound that can be heard.
pub(super) fn hear(
    message: &Message,
    known: &HashSet<Key>,
    stop: &CancellationToken,
) -> Result<Heard, LeftOut> {
    let (mut key, mut first_trouble) = (None, LeftOut::NoSound);
    for (at, path) in message.sounds.iter().enumerate() {
        match hear_sound(message, path, &mut key, known, stop) {
            Err(trouble) if at == 0 => first_trouble = trouble,
            Err(_) => {}
            heard => return heard,
        }
    }
    Err(first_trouble)
}

/// Hears one sound of a message. Its key is that of the first that can be opened.
fn hear_sound(
    message: &Message,
    path: &Path,
    key: &mut Option<Key>,
    known: &HashSet<Key>,
    stop: &CancellationToken,
) -> Result<Heard, LeftOut> {
    let (mut file, bytes) = open_itself(path).map_err(|error| why(&error))?;
    let key = match key {
        Some(key) => *key,
        none => {
            *none.insert(key_of(message, &mut file, bytes).map_err(|error| why(&error.into()))?)
        }
    };
    if known.contains(&key) {
        return Ok(Heard::Before);
    }
    let heard = hear_opened((file, bytes), path, Known::default(), &mut Nobody, stop)
        .map_err(|error| why(&error))?;
    if heard
        .warnings
        .iter()
        .any(|it| matches!(it, Warning::Growing(_)))
    {
        return Err(LeftOut::InProgress);
    }
    let judgement = judge(&heard.facts());
    let message = OldMessage {
        day: message.day,
        mailbox: message.mailbox.clone(),
        length: heard.timeline.heard().into(),
        verdict: judgement.verdict,
        confidence: f64::from(judgement.confidence),
        has_number: message.text.has_number,
        keys: u32::try_from(heard.timeline.keys().len()).unwrap_or(u32::MAX),
    };
    Ok(Heard::Now(key, message))
}

/// By what a message is recognised wherever it lies: a message that is moved to another folder, or
/// restored from a copy, is the same.
fn key_of(message: &Message, file: &mut File, bytes: u64) -> io::Result<Key> {
    let mut context = Context::new(&SHA256);
    let began = message.text.began.map_or(0, Timestamp::as_second);
    for part in [&message.mailbox, &message.text.channel, &began.to_string()] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    context.update(&bytes.to_le_bytes());
    let mut sound = file.by_ref().take(RECOGNISED_BY);
    let mut piece = vec![0; 64 << 10];
    loop {
        match sound.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => context.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    let mut key = Key::default();
    key.copy_from_slice(context.finish().as_ref());
    Ok(key)
}

/// Nobody else wants to see the samples.
struct Nobody;

impl Onlooker for Nobody {
    fn samples(&mut self, _: &[i16]) {}
    fn frame(&mut self, _: &Frame) {}
}
