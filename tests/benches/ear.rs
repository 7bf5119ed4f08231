//! What hearing costs: ours beside two voice activity detectors, on the same minute of sound, in one run.
//!
//! `cargo bench --bench ear`. An item is a second of sound, so "item/s" is how many times faster than real time one
//! core hears. The table at the top is one call: its memory as resident growth over ten thousand detectors kept alive, and
//! how often it allocates in that minute after the detector was made.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::hint::black_box;

use allocation_counter::measure;
use divan::Bencher;
use divan::counter::ItemsCount;
use voicemail_guard::hearing::{Ear, ThirdListener};
use webrtc_vad::{Vad, VadMode};

const SECONDS: usize = 60;
const RATE: usize = 8_000;

fn main() {
    let (sound, wide) = (minute(), wide(&minute()));
    // Tables and weights are made once for all calls: not an allocation of any frame.
    Ear::new().push(&[0; 8_000]);
    println!("per call:           bytes  allocations");
    // The smallest first: what one of them gives back would hide what the next one takes.
    report("webrtc-vad", vad, |vad| detect(vad, &sound));
    report("earshot", earshot::Detector::default_boxed, |detector| {
        predict(detector, &wide);
    });
    report("voicemail-guard", Ear::new, |ear| hear(ear, &sound));
    divan::main();
}

fn report<T>(name: &str, make: impl Fn() -> T, run: impl Fn(&mut T)) {
    let each = bytes_each(&make);
    let mut detector = make();
    let made = measure(|| run(&mut detector)).count_total;
    println!("  {name:<16} {each:>6}  {made:>11}");
}

fn vad() -> Vad {
    Vad::new_with_rate_and_mode(webrtc_vad::SampleRate::Rate8kHz, VadMode::Quality)
}

/// Resident bytes of one of many, all kept alive; linear in the page size over ten thousand.
fn bytes_each<T>(make: impl Fn() -> T) -> usize {
    const COUNT: usize = 10_000;
    black_box(make());
    let mut kept = Vec::with_capacity(COUNT);
    let before = resident();
    for _ in 0..COUNT {
        kept.push(black_box(make()));
    }
    let each = resident().saturating_sub(before) / COUNT;
    drop(black_box(kept));
    each
}

/// Resident bytes of this process (proc(5), statm; pages of 4 KiB).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// A minute of speech, quiet, a tone and noise, at 8 kHz.
fn minute() -> Vec<i16> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/");
    let voice = std::fs::read(format!("{folder}voice.wav")).unwrap();
    let voice: Vec<i16> = voice[44..]
        .as_chunks()
        .0
        .iter()
        .map(|&b| i16::from_le_bytes(b))
        .collect();
    let mut state = 0x2545_f491_u32;
    (0..SECONDS * RATE)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = (state >> 24) as i16 - 128;
            match n / RATE % 20 {
                0..=11 => voice[n % voice.len()],
                12..=15 => (6_000.0 * (n as f32 * 0.334).sin()) as i16 + noise,
                _ => noise,
            }
        })
        .collect()
}

/// Each sample twice, which costs next to nothing.
fn wide(sound: &[i16]) -> Vec<i16> {
    sound.iter().flat_map(|&s| [s, s]).collect()
}

fn hear(ear: &mut Ear, sound: &[i16]) {
    for frame in sound.chunks(RATE / 50) {
        ear.push(frame);
        while let Some(update) = ear.poll_update() {
            black_box(update);
        }
    }
}

/// Takes 16 kHz alone.
fn predict(detector: &mut earshot::Detector, sound: &[i16]) {
    for frame in sound.chunks_exact(256) {
        black_box(detector.predict_i16(frame));
    }
}

fn detect(vad: &mut Vad, sound: &[i16]) {
    for frame in sound.chunks_exact(RATE / 50) {
        black_box(vad.is_voice_segment(frame).unwrap());
    }
}

#[divan::bench]
fn voicemail_guard(bencher: Bencher<'_, '_>) {
    let sound = minute();
    let bencher = bencher.counter(ItemsCount::new(SECONDS));
    let bencher = bencher.with_inputs(Ear::new);
    bencher.bench_local_refs(|ear| hear(ear, &sound));
}

/// What hears a call again once it is over.
#[divan::bench]
fn third_listener(bencher: Bencher<'_, '_>) {
    let sound = minute();
    let bencher = bencher.counter(ItemsCount::new(SECONDS));
    let bencher = bencher.with_inputs(ThirdListener::default);
    bencher.bench_local_values(|mut detector| {
        detector.push(&sound);
        black_box(detector.finish())
    });
}

#[divan::bench]
fn earshot(bencher: Bencher<'_, '_>) {
    let sound = wide(&minute());
    let bencher = bencher.counter(ItemsCount::new(SECONDS));
    let bencher = bencher.with_inputs(earshot::Detector::default_boxed);
    bencher.bench_local_refs(|detector| predict(detector, &sound));
}

#[divan::bench]
fn webrtc_vad(bencher: Bencher<'_, '_>) {
    let sound = minute();
    let bencher = bencher.counter(ItemsCount::new(SECONDS));
    let bencher = bencher.with_inputs(vad);
    bencher.bench_local_refs(|vad| detect(vad, &sound));
}
