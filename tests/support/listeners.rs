//! How surely a kept recording is judged, by two listeners and by all three.

use std::fs;
use std::path::Path;

use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::call::verdict::{Facts, judge};
use voicemail_guard::hearing::{Recogniser, VoiceDetector};

/// Whether all three were asked about a call whose record has this confidence.
pub(crate) fn all_three_were_asked(confidence: f32, kept: &Path) -> bool {
    let sound = decode(&fs::read(kept).unwrap(), Format::Wav).unwrap();
    let (mut recogniser, mut detector) = (Recogniser::default(), VoiceDetector::default());
    recogniser.push(&sound.samples);
    detector.push(&sound.samples);
    let (timeline, voice) = (recogniser.finish(), detector.finish());
    let two = Facts::of_recording(&timeline);
    let three = Facts {
        voice: Some(&voice),
        ..two
    };
    let [by_two, by_three] = [two, three].map(|facts| judge(&facts).confidence);
    assert!(
        (by_two - by_three).abs() > 1e-4,
        "they cannot be told apart"
    );
    (confidence - by_three).abs() < 1e-5
}
