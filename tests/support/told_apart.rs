//! Real hold music and real prompts must be told apart.

use voicemail_guard::call::verdict::{Facts, judge};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::hearing::{Timeline, hear};
use voicemail_guard::number::among_keys;

/// What was heard so far, and what of it went wrong.
#[derive(Default)]
pub(crate) struct ToldApart {
    /// How many sounds.
    pub(crate) heard: usize,
    /// How many stretches of prompts.
    pub(crate) spoken: usize,
    samples: usize,
    keys: usize,
    prompts: Vec<i16>,
    wrong: Vec<String>,
}

impl ToldApart {
    /// Speech or music of any kind: no machine's signal, and no number that a caller keyed in.
    pub(crate) fn no_signal(&mut self, name: &str, sound: &[i16]) -> Timeline {
        self.heard += 1;
        let timeline = hear(sound);
        if let Some(segment) = timeline.segments().iter().find(|s| s.signal.is_some()) {
            self.wrong.push(format!("{name}: {segment:?}"));
        }
        let keys = timeline.keys();
        if among_keys(keys).is_some() {
            self.wrong.push(format!("{name}: keys {keys}"));
        }
        self.samples += sound.len();
        self.keys += keys.len();
        timeline
    }

    /// A track that is played to those on hold.
    pub(crate) fn hold_music(&mut self, name: &str, sound: &[i16]) {
        let timeline = self.no_signal(name, sound);
        self.expect(name, &timeline, Verdict::HoldMusic);
    }

    /// A prompt: one behind the other, 20 s at a time, they are a caller who speaks.
    pub(crate) fn prompt(&mut self, name: &str, sound: &[i16]) {
        let timeline = self.no_signal(name, sound);
        if !timeline.keys().is_empty() {
            self.wrong.push(format!("{name}: keys {}", timeline.keys()));
        }
        self.prompts.extend_from_slice(sound);
    }

    /// Nothing was taken for something else.
    #[track_caller]
    pub(crate) fn all_right(&mut self) {
        let prompts = std::mem::take(&mut self.prompts);
        for call in prompts
            .chunks(20 * 8_000)
            .filter(|call| call.len() > 40_000)
        {
            self.spoken += 1;
            self.expect(
                &format!("prompts {}", self.spoken),
                &hear(call),
                Verdict::Message,
            );
        }
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        // Two strings of a harp are a key for a moment, once in an hour at most.
        let hours = self.samples / (3_600 * 8_000);
        assert!(self.keys <= hours, "{} keys in {hours} hours", self.keys);
    }

    fn expect(&mut self, name: &str, timeline: &Timeline, expected: Verdict) {
        let verdict = judge(&Facts::of_recording(timeline)).verdict;
        if verdict != expected {
            let seconds = timeline.seconds();
            self.wrong.push(format!("{name}: {verdict}, {seconds:?}"));
        }
    }
}
