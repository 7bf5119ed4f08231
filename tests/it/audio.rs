//! Recordings of every form, whole and damaged, against files that other programs made.

use proptest::prelude::*;
use voicemail_guard::audio::file::{Decoder, Format, Remark, Sound, SoundError, decode};
use voicemail_guard::audio::wav::{self, WavError};
use voicemail_guard::audio::{Encoding, g711};

use crate::support::wav_file::wav_file;

const VOICE: &[u8] = include_bytes!("../audio/voice.wav");
const VOICE_ALAW: &[u8] = include_bytes!("../audio/voice-alaw.wav");
const VOICE_ULAW: &[u8] = include_bytes!("../audio/voice.ulaw");
const VOICE_GSM: &[u8] = include_bytes!("../audio/voice.gsm");
const VOICE_WAV49: &[u8] = include_bytes!("../audio/voice-gsm.WAV");
const STEREO: &[u8] = include_bytes!("../audio/stereo-24bit-16k.wav");
const FLOAT: &[u8] = include_bytes!("../audio/float-11k.wav");

fn heard(extension: &str, bytes: &[u8]) -> Result<Sound, SoundError> {
    decode(bytes, Format::of(Some(extension), bytes)?)
}

fn samples(extension: &str, bytes: &[u8]) -> Vec<i16> {
    heard(extension, bytes).unwrap().samples
}

/// Signal to difference, in dB.
fn agreement_db(a: &[i16], b: &[i16]) -> f64 {
    let signal: f64 = a.iter().map(|&s| f64::from(s).powi(2)).sum();
    let difference: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum();
    10.0 * (signal / difference.max(1.0)).log10()
}

fn with_data_size(size: u32) -> Vec<u8> {
    let mut bytes = VOICE.to_vec();
    bytes[40..44].copy_from_slice(&size.to_le_bytes());
    bytes
}

#[test]
fn gsm_is_decoded_bit_for_bit_as_other_decoders_do() {
    for (coded, decoded) in [
        (
            VOICE_GSM,
            include_bytes!("../audio/voice-gsm.sln").as_slice(),
        ),
        (
            include_bytes!("../audio/random.gsm").as_slice(),
            include_bytes!("../audio/random-gsm.sln").as_slice(),
        ),
    ] {
        assert_eq!(samples("gsm", coded), samples("sln", decoded));
    }
    let pairs = heard("WAV", VOICE_WAV49).unwrap();
    assert_eq!(pairs.origin.layout.encoding, Encoding::GsmPairs);
    assert_eq!(pairs.samples[..4_800], samples("gsm", VOICE_GSM));
}

#[test]
fn companded_forms_come_within_their_own_noise() {
    let voice = samples("wav", VOICE);
    assert_eq!(voice.len(), 4_800);
    for coded in [samples("wav", VOICE_ALAW), samples("ul", VOICE_ULAW)] {
        assert_eq!(coded.len(), 4_800);
        let db = agreement_db(&voice, &coded);
        assert!((36.0..45.0).contains(&db), "{db:.1} dB");
    }
    let raw: Vec<i16> = VOICE_ULAW.iter().map(|&o| g711::ulaw(o)).collect();
    assert_eq!(samples("ulaw", VOICE_ULAW), raw);
}

#[test]
fn other_rates_and_widths_agree_with_the_original() {
    let voice = samples("wav", VOICE);
    for (name, bytes) in [
        ("24 bits, stereo, 16 kHz", STEREO),
        ("float, 11.025 kHz", FLOAT),
    ] {
        let sound = samples("wav", bytes);
        assert!(sound.len().abs_diff(800) <= 1, "{name}: {}", sound.len());
        let db = agreement_db(&voice[40..700], &sound[40..700]);
        // The pulses reach up to 4 kHz, of which the filter leaves 3.5.
        assert!(db > 20.0, "{name}: {db:.1} dB");
    }
}

#[test]
fn bits_are_believed_where_the_block_contradicts_them() {
    for (tag, channels, bits, block, bytes) in [
        (1, 1, 16, 1_u16, vec![0x00, 0xe0]),
        (1, 1, 16, 4, vec![0x00, 0xe0]),
        (1, 1, 16, 3, vec![0x00, 0xe0]),
        (1, 1, 16, 65_535, vec![0x00, 0xe0]),
        (1, 2, 16, 2, vec![0x00, 0xe0, 0x00, 0xe0]),
        (1, 2, 16, 1, vec![0x00, 0xe0, 0x00, 0xe0]),
        (1, 1, 8, 2, vec![0x60]),
        (1, 2, 8, 1, vec![0x60, 0x60]),
        (1, 1, 24, 2, vec![0x00, 0x00, 0xe0]),
        (1, 1, 32, 2, vec![0x00, 0x00, 0x00, 0xe0]),
        (3, 1, 32, 2, (-0.25_f32).to_le_bytes().to_vec()),
        (3, 1, 64, 4, (-0.25_f64).to_le_bytes().to_vec()),
    ] {
        let mut file = wav_file(tag, channels, 8_000, bits, &bytes.repeat(50));
        file[32..34].copy_from_slice(&block.to_le_bytes());
        let sound = heard("wav", &file).unwrap();
        let name = format!("{bits} bits, {channels} channels, blocks of {block}");
        assert_eq!(sound.samples, [-8_192; 50], "{name}");
        let reported: Vec<_> = sound
            .origin
            .remarks
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(reported.len(), 1, "{name}: {reported:?}");
        assert!(
            reported[0].ends_with("the bits were believed"),
            "{reported:?}"
        );
    }
    let mut four = wav_file(1, 1, 8_000, 24, &[0, 0, 0, 0xe0].repeat(50));
    four[32..34].copy_from_slice(&4_u16.to_le_bytes());
    assert_eq!(samples("wav", &four), [-8_192; 50], "24 bits in four bytes");
}

#[test]
fn every_width_gives_the_same_sample() {
    for (tag, bits, bytes) in [
        (1, 8, vec![0x60]),
        (1, 16, vec![0x00, 0xe0]),
        (1, 24, vec![0x00, 0x00, 0xe0]),
        (1, 32, vec![0x00, 0x00, 0x00, 0xe0]),
        (3, 32, (-0.25_f32).to_le_bytes().to_vec()),
        (3, 64, (-0.25_f64).to_le_bytes().to_vec()),
    ] {
        let mono = bytes.repeat(50);
        let both = [
            bytes.clone(),
            vec![if bits == 8 { 0x80 } else { 0 }; bytes.len()],
        ]
        .concat();
        assert_eq!(
            samples("wav", &wav_file(tag, 1, 8_000, bits, &mono)),
            [-8_192; 50],
            "{bits} bits"
        );
        assert_eq!(
            samples("wav", &wav_file(tag, 2, 8_000, bits, &both.repeat(50))),
            [-4_096; 50],
            "{bits} bits, two channels"
        );
    }
    let wild: Vec<u8> = [2.0, -2.0, f32::NAN, f32::INFINITY]
        .iter()
        .flat_map(|f: &f32| f.to_le_bytes())
        .collect();
    assert_eq!(
        samples("wav", &wav_file(3, 1, 8_000, 32, &wild)),
        [i16::MAX, i16::MIN, 0, i16::MAX]
    );
}

#[test]
fn the_most_significant_byte_may_come_first() {
    let mut bytes = wav_file(1, 1, 8_000, 16, &[]);
    bytes.truncate(0);
    bytes.extend(b"RIFX\0\0\0\x2aWAVEfmt \0\0\0\x10\0\x01\0\x01\0\0\x1f\x40\0\0\x3e\x80\0\x02\0\x10data\0\0\0\x06");
    bytes.extend([0x00, 0x01, 0x7f, 0xff, 0x80, 0x00]);
    assert_eq!(samples("wav", &bytes), [1, i16::MAX, i16::MIN]);
}

#[test]
fn the_header_is_not_believed_about_the_length() {
    let voice = samples("wav", VOICE);
    for size in [0, 1, 4_000, 4_001, 9_601, 0x7fff_ffff, u32::MAX] {
        let sound = heard("wav", &with_data_size(size)).unwrap();
        assert_eq!(sound.samples, voice, "header says {size}");
        let remark = Remark::HeaderLength {
            said: size.into(),
            found: 9_600,
        };
        assert_eq!(sound.origin.remarks, [remark], "header says {size}");
    }
    assert_eq!(heard("wav", VOICE).unwrap().origin.remarks, []);
}

#[test]
fn what_stands_behind_the_sound_is_not_heard() {
    let chunk = b"LIST\x04\0\0\0INFO";
    for (sound, padding) in [
        (&[0xd5; 50][..], &[][..]),
        (&[0xd5; 51], &[0]),
        (&[0xd5; 51], &[]),
    ] {
        let bytes = [&wav_file(6, 1, 8_000, 8, sound), padding, chunk].concat();
        assert_eq!(samples("wav", &bytes).len(), sound.len());
    }
    let before = [
        &VOICE[..12],
        b"LIST\x03\0\0\0abc\0",
        b"JUNK\x02\0\0\0..",
        &VOICE[12..],
    ]
    .concat();
    assert_eq!(samples("wav", &before), samples("wav", VOICE));
    assert_eq!(
        samples("wav", &[VOICE, chunk].concat()),
        samples("wav", VOICE)
    );
}

#[test]
fn a_header_alone_is_a_call_without_sound() {
    assert!(samples("wav", &wav::header(0)).is_empty());
    assert!(samples("wav", &wav::header(5_000)).is_empty());
    assert!(samples("sln", &[]).is_empty());
    assert!(samples("gsm", &[]).is_empty());
}

#[test]
fn a_file_may_end_anywhere() {
    let voice = samples("wav", VOICE);
    for end in 0..VOICE.len().min(400) {
        match heard("wav", &VOICE[..end]) {
            Ok(sound) => {
                assert!(end >= wav::HEADER_BYTES);
                assert_eq!(sound.samples, voice[..(end - 44) / 2]);
            }
            Err(SoundError::Wav(WavError::Empty)) => assert_eq!(end, 0),
            Err(SoundError::Wav(WavError::NotRiff(_))) => assert!((1..12).contains(&end)),
            Err(SoundError::Wav(WavError::EndsInHeader(at))) => {
                assert_eq!(at, end as u64);
                assert!((12..44).contains(&end));
            }
            Err(other) => panic!("{end}: {other}"),
        }
    }
    let cut = heard("wav", &VOICE[..VOICE.len() - 1]).unwrap();
    assert!(cut.origin.remarks.contains(&Remark::CutOff(1)));
}

#[test]
fn what_cannot_be_heard_says_what_is_expected() {
    let check = |extension: &str, bytes: &[u8], expected: &str| {
        let error = heard(extension, bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "wav",
        b"<html>not found</html>",
        r#"begins with "<html>not fo"; a WAV file begins with "RIFF""#,
    );
    check(
        "wav",
        b"fLaC\0\0\0\x22",
        "holds FLAC sound; expected is WAV",
    );
    check(
        "dat",
        &[0; 20],
        "the extension \"dat\" names no coding; expected .wav",
    );
    check("gsm", &[0; 33], "byte 0: no GSM frame");
    check(
        "wav",
        &wav_file(0x11, 1, 8_000, 8, &[0; 8]),
        "coding 0x0011 (IMA ADPCM); PCM, float",
    );
    check(
        "wav",
        &wav_file(1, 0, 8_000, 16, &[0; 8]),
        "0 channels in blocks of 0 bytes",
    );
    check(
        "wav",
        &wav_file(1, 1, 8_000, 40, &[0; 8]),
        "1 channels in blocks of 5 bytes",
    );
    check(
        "wav",
        &wav_file(1, 1, 7_000, 16, &[0; 8]),
        "7000 samples a second; a usual rate is expected",
    );
    check(
        "wav",
        b"RIFF\0\0\0\0WAVEdata\x08\0\0\0\0\0\0\0",
        "byte 12: the sound begins before",
    );
    check(
        "wav",
        b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff",
        "byte 12: a `fmt ` chunk of 4294967295 bytes",
    );
}

#[test]
fn forms_are_known_by_their_header_first() {
    assert_eq!(Format::of(Some("dat"), VOICE), Ok(Format::Wav));
    assert_eq!(Format::of(Some("sln"), VOICE), Ok(Format::Wav));
    assert_eq!(Format::of(None, b"RIFF"), Ok(Format::Wav));
    for (name, format) in [
        ("SLN48", Format::Raw(Encoding::Pcm16, 48_000)),
        ("raw", Format::Raw(Encoding::Pcm16, 8_000)),
        ("sln16", Format::Raw(Encoding::Pcm16, 16_000)),
        ("al", Format::Raw(Encoding::Alaw, 8_000)),
        ("WAV", Format::Wav),
    ] {
        assert_eq!(Format::of(Some(name), &[0; 16]), Ok(format), "{name}");
        assert_eq!(Format::named(name), Some(format));
    }
}

#[test]
fn what_is_written_is_read_back() {
    let voice = samples("wav", VOICE);
    assert_eq!(wav::encode(&voice), VOICE);
}

fn in_pieces(format: Format, bytes: &[u8], cuts: &[usize]) -> Result<Vec<i16>, SoundError> {
    let mut decoder = Decoder::new(format)?;
    let mut out = Vec::new();
    let mut rest = bytes;
    for &cut in cuts.iter().cycle().take(bytes.len()) {
        let (piece, left) = rest.split_at(cut.min(rest.len()));
        decoder.push(piece, &mut out)?;
        rest = left;
    }
    decoder.push(rest, &mut out)?;
    decoder.finish(&mut out)?;
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_chunking_gives_the_same_sound(
        which in 0_usize..8,
        cuts in prop::collection::vec(1_usize..600, 1..6),
        flip in prop::option::of((0_usize..60, any::<u8>())),
    ) {
        let (extension, bytes) = [
            ("wav", VOICE), ("wav", VOICE_ALAW), ("ulaw", VOICE_ULAW), ("gsm", VOICE_GSM),
            ("WAV", VOICE_WAV49), ("wav", STEREO), ("wav", FLOAT), ("sln44", VOICE),
        ][which];
        let format = Format::named(extension).unwrap();
        let mut bytes = bytes.to_vec();
        if let Some((at, value)) = flip {
            bytes[at] = value;
        }
        let whole = decode(&bytes, format).map(|sound| sound.samples);
        prop_assert_eq!(in_pieces(format, &bytes, &cuts), whole);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        head in prop::sample::select(vec![&VOICE[..12], &VOICE[..36], &VOICE[..44], &STEREO[..60]]),
        tail in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [head, &tail].concat();
        let sound = decode(&bytes, Format::Wav);
        if let Ok(sound) = sound {
            prop_assert!(sound.samples.len() <= bytes.len() * 4);
        }
    }
}

#[test]
fn a_quiet_moment_in_ulaw_is_no_mp3() {
    let bytes = [&[0xff, 0xfb][..], VOICE_ULAW].concat();
    assert_eq!(heard("ulaw", &bytes).unwrap().samples.len(), 4_802);
    for extension in ["mp3", "wav", ""] {
        let format = Format::of(Some(extension), &bytes);
        assert_eq!(format, Err(SoundError::Foreign("MP3")), "{extension}");
    }
    let reported = Format::named("alaw");
    assert_eq!(
        Format::given(reported, Some("mp3"), &bytes),
        Ok(reported.unwrap()),
        "a given form is believed"
    );
    assert_eq!(Format::given(reported, None, VOICE), Ok(Format::Wav));
}

#[test]
fn the_padding_of_an_odd_number_of_gsm_pairs_is_not_missed() {
    let at = VOICE_WAV49.windows(4).position(|w| w == b"data").unwrap();
    for count in [0, 1] {
        let mut bytes = VOICE_WAV49[..at + 8 + 65].to_vec();
        bytes[at + 4..at + 8].copy_from_slice(&(65_u32 + count).to_le_bytes());
        bytes.push(0);
        let sound = heard("WAV", &bytes).unwrap();
        assert_eq!(sound.samples.len(), 320);
        assert_eq!(sound.origin.remarks, []);
    }
}

#[test]
fn rf64_says_its_length_elsewhere() {
    let mut bytes = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
    bytes.extend([0; 28]);
    bytes.extend(&wav_file(1, 1, 8_000, 16, &[1; 320])[12..]);
    let at = bytes.len() - 324;
    bytes[at..at + 4].copy_from_slice(&[0xff; 4]);
    let sound = heard("wav", &bytes).unwrap();
    assert_eq!((sound.samples.len(), sound.origin.remarks), (160, vec![]));
}
