//! What hearing costs: ours beside two voice activity detectors, on the same minute of sound, in one run.
//!
//! `cargo bench --bench ear`. An item is a second of sound, so "item/s" is how many times faster than real time one
//! core hears. The lines for allocations count what one minute allocates after the detector was made. The table at
//! the top is the memory of one call: resident growth over ten thousand detectors kept alive.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::hint::black_box;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use voicemail_guard::hearing::Ear;
use webrtc_vad::{Vad, VadMode};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const SECONDS: usize = 60;
const RATE: usize = 8_000;

fn main() {
    // The smallest first: what one of them gives back would hide what the next one takes.
    println!("bytes per call, as the resident set grows:");
    println!("  webrtc-vad       {:>6}", bytes_each(vad));
    println!(
        "  earshot          {:>6}",
        bytes_each(earshot::Detector::default_boxed)
    );
    println!("  voicemail-guard  {:>6}", bytes_each(Ear::new));
    // Tables and weights are made once for all calls: not an allocation of any frame.
    Ear::new().push(&[0; 8_000]);
    divan::main();
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

#[divan::bench]
fn voicemail_guard(bencher: Bencher<'_, '_>) {
    let sound = minute();
    bencher
        .counter(ItemsCount::new(SECONDS))
        .with_inputs(Ear::new)
        .bench_local_refs(|ear| {
            for frame in sound.chunks(RATE / 50) {
                ear.push(frame);
                while let Some(update) = ear.poll_update() {
                    black_box(update);
                }
            }
        });
}

/// Takes 16 kHz alone: each sample is given twice, which costs next to nothing.
#[divan::bench]
fn earshot(bencher: Bencher<'_, '_>) {
    let sound: Vec<i16> = minute().iter().flat_map(|&s| [s, s]).collect();
    bencher
        .counter(ItemsCount::new(SECONDS))
        .with_inputs(earshot::Detector::default_boxed)
        .bench_local_refs(|detector| {
            for frame in sound.chunks_exact(256) {
                black_box(detector.predict_i16(frame));
            }
        });
}

#[divan::bench]
fn webrtc_vad(bencher: Bencher<'_, '_>) {
    let sound = minute();
    bencher
        .counter(ItemsCount::new(SECONDS))
        .with_inputs(vad)
        .bench_local_refs(|vad| {
            for frame in sound.chunks_exact(RATE / 50) {
                black_box(vad.is_voice_segment(frame).unwrap());
            }
        });
}
