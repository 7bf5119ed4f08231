//! What holds for any sound that somebody takes for a recording.

use voicemail_guard::audio::file::{Decoder, Format, SoundError, decode};

/// The first byte chooses the form and the size of the pieces.
pub fn hear(bytes: &[u8]) {
    let Some((&kind, sound)) = bytes.split_first() else {
        return;
    };
    let form = Format::named(FORMS[usize::from(kind) % FORMS.len()]).expect("a known name");
    let whole = decode(sound, form).map(|sound| sound.samples);
    let size = 1 + usize::from(kind / 16);
    let pieces = in_pieces(sound, form, size);
    assert!(whole == pieces, "pieces of {size} bytes give another sound");
    if let Ok(samples) = &whole {
        // A GSM frame of 32.5 bytes holds 160 samples; the lowest rate that is read doubles them.
        assert!(
            samples.len() <= 16 * sound.len() + 16_000,
            "sound out of nothing"
        );
    }
}

fn in_pieces(sound: &[u8], form: Format, size: usize) -> Result<Vec<i16>, SoundError> {
    let mut decoder = Decoder::new(form)?;
    let mut samples = Vec::new();
    for piece in sound.chunks(size) {
        decoder.push(piece, &mut samples)?;
    }
    decoder.finish(&mut samples)?;
    Ok(samples)
}

const FORMS: [&str; 8] = ["wav", "wav", "sln", "sln48", "ulaw", "alaw", "gsm", "sln16"];
