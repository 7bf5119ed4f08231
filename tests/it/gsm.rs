//! GSM as the guard writes it, against what libgsm makes of the same sound.

use std::f32::consts::TAU;

use proptest::prelude::*;
use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::audio::gsm::{self, Decoder, Encoder, FRAME_SAMPLES, PLAIN_OCTETS};
use voicemail_guard::audio::{Encoding, g711, wav49};

const VOICE: &[u8] = include_bytes!("../audio/voice.wav");
const VOICE_GSM: &[u8] = include_bytes!("../audio/voice.gsm");
const VOICE_WAV49: &[u8] = include_bytes!("../audio/voice-gsm.WAV");
const SPEECH: &[u8] = include_bytes!("../audio/speech.ulaw");
const SPEECH_GSM: &[u8] = include_bytes!("../audio/speech.gsm");
const HARD_GSM: &[u8] = include_bytes!("../audio/hard.gsm");

fn voice() -> Vec<i16> {
    decode(VOICE, Format::Wav).unwrap().samples
}

fn speech() -> Vec<i16> {
    SPEECH.iter().map(|&byte| g711::ulaw(byte)).collect()
}

fn tone(hertz: f32, level: f32) -> Vec<i16> {
    let wave = |n| (TAU * hertz * n as f32 / 8_000.0).sin();
    (0..8_000).map(|n| (wave(n) * level) as i16).collect()
}

/// What strains fixed-point arithmetic: full scale, square waves, noise, constants, single pulses, silence.
fn hard() -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 16) as i16
    };
    let mut samples = Vec::new();
    samples.extend((0..1_600).map(|_| noise()));
    for half_period in [1, 4, 20, 57, 400] {
        let high = |n: i32| n / half_period % 2 == 0;
        samples.extend((0..1_600).map(|n| if high(n) { i16::MAX } else { i16::MIN }));
    }
    samples.extend([i16::MIN; 800]);
    samples.extend([i16::MAX; 800]);
    samples.extend([0; 800]);
    samples.extend((0..800).map(|n| if n % 100 == 7 { i16::MIN } else { 0 }));
    samples.extend((0..1_600).map(|_| noise() >> 12));
    samples.extend((0..1_600).map(|n| if n < 800 { noise() } else { noise() >> 6 }));
    samples
}

fn decoded(form: &str, bytes: &[u8]) -> Vec<i16> {
    let form = Format::named(form).unwrap();
    decode(bytes, form).unwrap().samples
}

/// The mean over pieces of 20 ms that are louder than -50 dBFS, in dB.
fn segmental_snr(original: &[i16], coded: &[i16]) -> f64 {
    let energy = |samples: &mut dyn Iterator<Item = f64>| samples.map(|s| s * s).sum::<f64>();
    let pieces = original
        .chunks_exact(FRAME_SAMPLES)
        .zip(coded.chunks_exact(FRAME_SAMPLES));
    let ratios: Vec<f64> = pieces
        .filter_map(|(original, coded)| {
            let signal = energy(&mut original.iter().map(|&s| s.into()));
            let both = original.iter().zip(coded);
            let error = energy(&mut both.map(|(&a, &b)| f64::from(a) - f64::from(b)));
            let loud = signal > 160.0 * 104.0 * 104.0;
            loud.then(|| 10.0 * (signal / error.max(1.0)).log10())
        })
        .collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

#[test]
fn frames_are_byte_for_byte_those_of_libgsm() {
    for (name, samples, of_libgsm) in [
        ("voice", voice(), VOICE_GSM),
        ("speech", speech(), SPEECH_GSM),
        ("hard", hard(), HARD_GSM),
    ] {
        let ours = gsm::encode(&samples);
        assert_eq!(ours.len(), of_libgsm.len(), "{name}");
        let frames = ours
            .chunks(PLAIN_OCTETS)
            .zip(of_libgsm.chunks(PLAIN_OCTETS));
        let differ = frames.map(|(a, b)| a != b).collect::<Vec<_>>();
        assert!(
            !differ.contains(&true),
            "{name}: {:?}",
            differ.iter().position(|&d| d)
        );
    }
}

#[test]
fn a_wav49_file_is_byte_for_byte_that_of_sox() {
    let ours = wav49::encode(&voice());
    assert_eq!(ours, VOICE_WAV49);
    let sound = decode(&ours, Format::Wav).unwrap();
    assert_eq!(sound.origin.layout.encoding, Encoding::GsmPairs);
    assert_eq!(sound.origin.remarks, []);
}

#[test]
fn both_files_hold_the_same_sound_and_all_of_it() {
    for length in [0, 1, 159, 160, 161, 319, 320, 321, 4_321] {
        let samples = &speech()[..length];
        let plain = decoded("gsm", &gsm::encode(samples));
        let pairs = decoded("wav", &wav49::encode(samples));
        assert_eq!(plain.len(), length.next_multiple_of(160));
        assert_eq!(pairs.len(), length.next_multiple_of(320));
        assert_eq!(pairs[..plain.len()], plain);
    }
}

/// Measured: 7.0, 9.9, 31.3 and 34.9 dB; libgsm's are the same, its frames being the same.
#[test]
fn what_is_coded_sounds_like_the_original() {
    for (name, samples, least) in [
        ("voice", voice(), 6.8),
        ("speech", speech(), 9.7),
        ("425 Hz", tone(425.0, 8_000.0), 31.0),
        ("1400 Hz", tone(1_400.0, 8_000.0), 34.5),
    ] {
        let db = segmental_snr(&samples, &decoded("gsm", &gsm::encode(&samples)));
        assert!(db > least, "{name}: {db:.2} dB");
    }
}

#[test]
fn silence_stays_silent() {
    let heard = decoded("gsm", &gsm::encode(&[0; 8_000]));
    let loudest = heard.iter().map(|sample| sample.saturating_abs()).max();
    assert!(loudest < Some(32), "{loudest:?}");
}

/// The parameters of a frame that any decoder may rely on: the signature, and lags within 40 to 120.
fn is_valid(frame: &[u8; PLAIN_OCTETS]) -> bool {
    let bit = |at: usize| usize::from(frame[at / 8] >> (7 - at % 8) & 1);
    let field = |at: usize, width| (at..at + width).fold(0, |field, at| field << 1 | bit(at));
    let lags = (0..4).map(|sub| field(40 + sub * 56, 7));
    field(0, 4) == 0xd && lags.into_iter().all(|lag| (40..=120).contains(&lag))
}

fn any_frame() -> impl Strategy<Value = [i16; FRAME_SAMPLES]> {
    let samples = |one: BoxedStrategy<i16>| {
        proptest::collection::vec(one, FRAME_SAMPLES)
            .prop_map(|samples| samples.try_into().unwrap())
    };
    prop_oneof![
        samples(any::<i16>().boxed()),
        samples((-20..20_i16).boxed()),
        samples(prop_oneof![Just(i16::MIN), Just(i16::MAX)].boxed()),
        samples(prop_oneof![9 => Just(0), 1 => any::<i16>()].boxed()),
        any::<i16>().prop_map(|constant| [constant; FRAME_SAMPLES]),
    ]
}

proptest! {
    #[test]
    fn any_sound_becomes_valid_frames(frames in proptest::collection::vec(any_frame(), 1..12)) {
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        for frame in &frames {
            let coded = encoder.encode_plain(frame);
            prop_assert!(is_valid(&coded), "{coded:02x?}");
            decoder.decode_plain(&coded);
        }
        let samples = frames.as_flattened();
        let plain = decoded("gsm", &gsm::encode(samples));
        let pairs = decoded("wav", &wav49::encode(samples));
        prop_assert_eq!(&pairs[..plain.len()], &plain[..]);
    }
}
