//! How surely a kept recording is judged, by two listeners and by all three.

use std::fs;
use std::path::Path;

use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::call::verdict::{Facts, judge};
use voicemail_guard::hearing::{Recogniser, ThirdListener};

/// Whether all three were asked about a call whose record has this confidence.
pub(crate) fn all_three_were_asked(confidence: f32, kept: &Path) -> bool {
    let sound = decode(&fs::read(kept).unwrap(), Format::Wav).unwrap();
    let (mut recogniser, mut third) = (Recogniser::default(), ThirdListener::default());
    recogniser.push(&sound.samples);
    third.push(&sound.samples);
    let (timeline, opinion) = (recogniser.finish(), third.finish());
    let two = Facts::of_recording(&timeline);
    let three = Facts {
        third: Some(&opinion),
        ..two
    };
    let [by_two, by_three] = [two, three].map(|facts| judge(&facts).confidence);
    assert!(
        (by_two - by_three).abs() > 1e-4,
        "they cannot be told apart"
    );
    (confidence - by_three).abs() < 1e-5
}
