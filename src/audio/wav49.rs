//! RIFF/WAVE around GSM, which Asterisk calls "wav49" after its format tag and keeps as `.WAV`.

use super::RATE_HZ;
use super::gsm::{Encoder, FRAME_SAMPLES, PAIR_OCTETS};
use super::wav::{TAG_GSM, laid_out};

/// Bytes before the sound.
const HEADER_BYTES: usize = 60;
const BLOCK_SAMPLES: usize = 2 * FRAME_SAMPLES;

/// A whole file, laid out as Asterisk's; silence fills its last block.
pub fn encode(samples: &[i16]) -> Vec<u8> {
    let blocks = samples.len().div_ceil(BLOCK_SAMPLES);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + blocks * PAIR_OCTETS + 1);
    bytes.extend(header(blocks));
    let mut encoder = Encoder::default();
    for piece in samples.chunks(BLOCK_SAMPLES) {
        let mut block = [[0; FRAME_SAMPLES]; 2];
        block.as_flattened_mut()[..piece.len()].copy_from_slice(piece);
        bytes.extend(encoder.encode_pair(&block));
    }
    // RIFF chunks have an even length.
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

/// Tag, channels, rates, the size of a block, and how many samples there are in a block and in all.
///
/// Asterisk counts the byte of padding as sound, and only whole blocks as samples.
fn header(blocks: usize) -> [u8; HEADER_BYTES] {
    let size = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let data = (blocks * PAIR_OCTETS).next_multiple_of(2);
    let bytes_a_second = RATE_HZ as usize * PAIR_OCTETS / BLOCK_SAMPLES;
    laid_out([
        b"RIFF",
        &size(HEADER_BYTES - 8 + data),
        b"WAVEfmt ",
        &20_u32.to_le_bytes(),
        &TAG_GSM.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &RATE_HZ.to_le_bytes(),
        &size(bytes_a_second),
        &(PAIR_OCTETS as u16).to_le_bytes(),
        &0_u16.to_le_bytes(),
        &2_u16.to_le_bytes(),
        &(BLOCK_SAMPLES as u16).to_le_bytes(),
        b"fact",
        &4_u32.to_le_bytes(),
        &size(blocks * BLOCK_SAMPLES),
        b"data",
        &size(data),
    ])
}
