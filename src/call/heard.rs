//! What the conversation remembers of the sound.

use std::time::Duration;

use super::policy::{Idle, Policy};
use crate::audio::MediaTime;
use crate::hearing::{Class, Signal, Timeline, Update};

/// The timeline so far, and where the caller last gave a sign of life.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) timeline: Timeline,
    /// Whether any packet ever came.
    pub(super) packets: bool,
    /// How much sound never came.
    pub(super) lost: MediaTime,
    /// The tap has failed: what is known of the sound is not all of it.
    pub(super) deaf: bool,
    resumed: MediaTime,
}

impl Heard {
    pub(super) fn update(&mut self, update: Update) {
        self.timeline.apply(update);
    }

    pub(super) fn advance(&mut self, heard: MediaTime) {
        self.timeline.advance(heard);
    }

    /// The caller gave a sign of life, or we spoke: idleness counts from here.
    pub(super) fn resume(&mut self) {
        self.resumed = self.heard();
    }

    pub(super) fn heard(&self) -> MediaTime {
        self.timeline.heard()
    }

    /// Near speech from `from` on.
    pub(super) fn speech_since(&self, from: MediaTime) -> Duration {
        self.timeline
            .seconds_within(from, self.heard())
            .speech
            .into()
    }

    /// What the sound has been since the last near voice or sign of life.
    pub(super) fn idle(&self, policy: &Policy) -> Idle {
        let segments = self.timeline.segments().iter();
        let voice = segments.rev().find(|s| s.is_voice());
        let from = voice.map_or(self.resumed, |s| s.end.max(self.resumed));
        let heard = self.heard();
        let all = self.timeline.seconds_within(from, heard);
        let window = from.max(heard - MediaTime::from(policy.music_window()));
        Idle {
            total: (heard - from).into(),
            silence: all.silence.into(),
            noise: (all.noise + all.music + all.tone).into(),
            recent_music: self.timeline.seconds_within(window, heard).music.into(),
        }
    }

    /// Whether somebody has spoken near by since the call began.
    pub(super) fn has_spoken(&self) -> bool {
        self.speech_since(MediaTime::ZERO) >= ANSWER_BY_VOICE
    }

    /// How long there has been no near voice; zero while one speaks.
    pub(super) fn voice_paused_for(&self) -> Duration {
        match self.timeline.current() {
            Some(now) if now.class != Class::Speech => now.len().into(),
            _ => Duration::ZERO,
        }
    }

    /// Where a machine's signal began before `place`, if no voice came between them.
    pub(super) fn signal_before(&self, place: MediaTime) -> Option<MediaTime> {
        let before = self.timeline.segments().iter().rev();
        let from = before
            .skip_while(|s| s.start >= place)
            .take_while(|s| !s.is_voice())
            .filter(|s| s.signal.is_some_and(Signal::is_machine))
            .last()?
            .start;
        let tone = self.timeline.seconds_within(from, self.heard()).tone;
        (tone >= A_SIGNAL).then_some(from)
    }

    /// How long a recognised machine signal has lasted.
    pub(super) fn tone_for(&self) -> Duration {
        let signal = self.timeline.machine_signal();
        signal.map_or(Duration::ZERO, |(_, start)| (self.heard() - start).into())
    }
}

/// Less of a machine's signal says nothing of the time before the recording.
const A_SIGNAL: MediaTime = MediaTime::from_secs(1);

/// This much near speech after the question is an answer.
pub(super) const ANSWER_BY_VOICE: Duration = Duration::from_millis(500);
