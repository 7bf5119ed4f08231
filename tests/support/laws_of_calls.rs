//! What holds of the record of any call, whatever happened in it.

use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_record::{CallRecord, CallbackSource, EndedBy, Mode, Verdict};
use voicemail_guard::hearing::Class;

use super::any_call::{LAST_WORDS, LONGEST_WAIT, Life};

impl Life {
    /// The laws of the record.
    pub(super) fn check(&self, record: &CallRecord) {
        let verdict = record.verdict.expect("a verdict");
        let ended_by = record.ended_by.expect("how it ended");
        assert!((0.0..=1.0).contains(&record.confidence), "{record:?}");
        assert!(!record.reasons.is_empty(), "{record:?}");
        if self.is_number_keyed {
            assert!(verdict.is_delivered(), "{verdict} of who keyed a number");
            assert!(record.callback.source <= CallbackSource::Keyed);
        }
        if self.is_number_sounded {
            assert!(verdict.is_delivered(), "{verdict} of whose keys were heard");
        }
        if let Some(from) = self.listened_from.filter(|_| !self.question_was_played) {
            let mut spoken = self.timeline.seconds_within(from, self.heard).speech;
            if verdict == Verdict::HoldMusic {
                // Between two stretches of music the other PBX asks to hold the line.
                let music = self.timeline.segments().iter();
                let mut music = music.filter(|s| {
                    s.class == Class::Music
                        && s.end - s.start.max(from) >= MediaTime::from_millis(2_500)
                });
                if let Some(first) = music.next() {
                    let last = music.next_back().unwrap_or(first);
                    let between = (first.start.max(from), last.end);
                    spoken = spoken - self.timeline.seconds_within(between.0, between.1).speech;
                }
            }
            let kept = verdict.is_delivered() || verdict == Verdict::Tone;
            let short = spoken < MediaTime::from_millis(1_500);
            assert!(kept || short, "{verdict} of who spoke for {spoken}");
        }
        let gaps = record
            .timeline
            .windows(2)
            .find(|pair| pair[0].end != pair[1].start);
        assert_eq!(gaps, None, "a timeline without gaps");
        if let Some(would_have) = record.would_have {
            assert_eq!(record.mode, Mode::Observe, "{would_have:?}");
            assert_eq!(would_have.at + would_have.saved_s, self.heard);
        }
        let lived = self.now - self.began;
        match ended_by {
            EndedBy::Guard => {
                assert_eq!(record.mode, Mode::Enforce, "cut off in {:?}", record.mode);
                assert!(
                    self.tone_was_heard || self.question_was_played,
                    "cut off without the question"
                );
                assert!(
                    self.tone_was_heard || !self.may_speak,
                    "cut off while they may be speaking"
                );
            }
            EndedBy::Limit => match record.mode {
                Mode::Enforce => assert!(lived >= self.policy.longest_message),
                mode => panic!("ended by a limit in {mode:?}"),
            },
            EndedBy::Exit => {
                assert!(
                    self.policy.operator_exit.is_some(),
                    "a way out that is not there"
                );
                assert!(record.mode != Mode::Observe);
            }
            EndedBy::HandedOn => assert!(verdict.is_delivered(), "{verdict} unheard"),
            EndedBy::Caller | EndedBy::Asterisk => {}
            EndedBy::Bypassed | EndedBy::Rejected => {
                let lists = &self.policy.lists;
                let straight = !lists.straight.is_empty();
                assert_eq!(ended_by == EndedBy::Bypassed, straight, "{record:?}");
                let rejected = !lists.refuse.is_empty() && lists.watch.is_empty();
                assert!(straight || rejected, "{record:?}");
                assert!(straight || record.mode != Mode::Observe, "{record:?}");
                assert!(
                    !self.is_tapped && record.asked.is_empty(),
                    "they were heard"
                );
            }
            EndedBy::Overloaded | EndedBy::Recovered => panic!("{ended_by:?} during a call"),
        }
        let most = if record.mode == Mode::Observe {
            LONGEST_WAIT
        } else {
            self.policy.longest_call
        };
        assert!(lived <= most + LAST_WORDS, "still there after {lived:?}");
    }
}
