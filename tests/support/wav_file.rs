//! WAV files of any coding, right or wrong.

/// A WAV file of this format chunk around this sound.
pub(crate) fn wav_file(tag: u16, channels: u16, rate: u32, bits: u16, sound: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + sound.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((sound.len() as u32).to_le_bytes());
    bytes.extend(sound);
    bytes
}
