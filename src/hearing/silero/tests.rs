use super::*;
use crate::audio::file::{Format, decode};

/// A voice of 0.6 s.
fn voice() -> Vec<i16> {
    let file = include_bytes!("../../../tests/audio/voice.wav");
    decode(file, Format::Wav).unwrap().samples
}

#[test]
fn the_probabilities_are_those_of_the_original() {
    // By onnxruntime: `train/silero.py` prints them.
    let expected = [
        0.788_322, 0.944_894, 0.766_604, 0.577_767, 0.526_982, 0.640_501, 0.687_975, 0.742_887,
        0.866_292, 0.873_099, 0.424_127, 0.794_401, 0.015_468, 0.001_308, 0.845_906, 0.784_720,
        0.721_822, 0.405_016, 0.272_849,
    ];
    let mut samples = voice();
    samples.resize(samples.len().next_multiple_of(HOP), 0);
    let mut probabilities = Vec::new();
    Silero::new().push(&samples, |hop| probabilities.push(hop.probability));
    assert_eq!(probabilities.len(), expected.len());
    for (p, expected) in probabilities.iter().zip(expected) {
        assert!((p - expected).abs() < 1e-4, "{p} is not {expected}");
    }
}

#[test]
fn the_weights_are_those_that_were_measured() {
    let digest = ring::digest::digest(&ring::digest::SHA256, FILE);
    let measured = [
        0xfa, 0x3b, 0x75, 0x4f, 0xd2, 0xc1, 0x4a, 0x52, 0xe5, 0xc6, 0x5a, 0xa9, 0x67, 0x9c, 0xdd,
        0x9b, 0x3f, 0x51, 0x4d, 0x7f, 0x87, 0x59, 0xde, 0x44, 0x61, 0x69, 0x9d, 0x4d, 0xb1, 0x7c,
        0x5c, 0x19,
    ];
    assert_eq!(digest.as_ref(), measured);
}
