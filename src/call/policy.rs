//! What the guard may do, and when: the decisions made from the settings of one mailbox.

use std::time::Duration;

use super::clip::LONGEST_CLIP;
pub use super::settings::{Offer, Policy};
use crate::call_record::Mode;
use crate::prompts::Prompt;

/// What is known when the conversation asks what to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Since the beep; what a number by keys took does not count.
    pub recording_for: Duration,
    /// Since the call began.
    pub call_for: Duration,
    /// What the sound has been since the last near voice, answer or key.
    pub idle: Idle,
    /// Near speech since the beep.
    pub speech: Duration,
    /// How long there has been no near voice just now; zero while one speaks.
    pub voice_paused_for: Duration,
    /// How long the recognised machine signal has lasted.
    pub tone_for: Duration,
    /// How often the question was asked.
    pub questions_asked: u32,
    /// Whether what looks like junk may hold a message all the same.
    pub doubtful: bool,
    /// Whether the rambler's prompt was given, or the number is already known from the keys.
    pub number_settled: bool,
    /// Whether hold music played on this line before the call, and nobody has given a sign of life in it yet.
    pub music_known: bool,
    /// Since the warning; `None` where none was given.
    pub warned_for: Option<Duration>,
}

/// A stretch without a near voice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Idle {
    /// How long it is.
    pub total: Duration,
    /// Quiet, or no packets.
    pub silence: Duration,
    /// Noise.
    pub noise: Duration,
    /// Music in the last stretch that the music limit looks at.
    pub recent_music: Duration,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Go on listening.
    GoOn,
    /// Ask the question.
    Ask,
    /// Ask the rambler for the number.
    AskNumber,
    /// Warn that the end is near.
    Warn,
    /// End: the question has been asked before, and it is the same again.
    EndIdle,
    /// End: a machine.
    EndTone,
    /// End: the longest message, or the longest call.
    EndLimit,
    /// Hand on to `VoiceMail()`: the longest call, where nobody is ended.
    HandOn,
}

impl Policy {
    /// The longest that a call may lawfully take. In observe `VoiceMail()` has the caller, by its own limits.
    pub fn longest_stay(&self) -> Duration {
        match self.mode {
            Mode::Observe => self.longest_call.max(LONGEST_VOICEMAIL),
            Mode::Guide | Mode::Enforce => self.longest_call,
        }
    }

    /// How far back the music limit looks: music may be broken by a gap of a quarter of its length.
    pub fn music_window(&self) -> Duration {
        self.hold_music.mul_f64(1.25)
    }

    /// How long the greeting may play.
    pub fn longest_greeting(&self) -> Duration {
        let unseen = if self.is_own_greeting() {
            UNSEEN_GREETING
        } else {
            LONGEST_CLIP
        };
        let length = self.greeting_length.unwrap_or(unseen);
        length.min(self.longest_call).max(LONGEST_CLIP)
    }

    /// Whether the greeting is an administrator's own.
    pub fn is_own_greeting(&self) -> bool {
        self.greeting != Prompt::Greeting.path()
    }

    /// What to do next. Nobody is cut off without the question or on a doubtful sound, tones and the hard limits aside.
    pub fn advise(&self, at: &Situation) -> Advice {
        let ends = self.mode == Mode::Enforce;
        if at.call_for >= self.longest_call {
            return if ends {
                Advice::EndLimit
            } else {
                Advice::HandOn
            };
        }
        if ends {
            if at.tone_for >= self.tone {
                return Advice::EndTone;
            }
            // A caller who was warned late has their time all the same.
            let warned = at
                .warned_for
                .is_some_and(|time| time >= self.warning_before_end);
            if warned && at.recording_for >= self.longest_message {
                return Advice::EndLimit;
            }
        }
        if self.is_idle(at) {
            if at.questions_asked < self.questions {
                return Advice::Ask;
            }
            if !ends || at.questions_asked == 0 {
                return Advice::GoOn;
            }
            // Who may be speaking all the same has their time, and no more than others.
            if !at.doubtful {
                return Advice::EndIdle;
            }
        }
        let of_message = self.longest_message.saturating_sub(at.recording_for);
        let of_call = self.longest_call.saturating_sub(at.call_for);
        if ends && at.warned_for.is_none() && of_message.min(of_call) <= self.warning_before_end {
            return Advice::Warn;
        }
        if self.is_rambling(at) {
            Advice::AskNumber
        } else {
            Advice::GoOn
        }
    }

    fn is_idle(&self, at: &Situation) -> bool {
        let Idle {
            total,
            silence,
            noise,
            recent_music,
        } = at.idle;
        let limit = match (silence >= noise, at.speech < WORTH_A_PAUSE) {
            (true, true) => self.never_started,
            (true, false) => self.pause,
            (false, _) => self.no_near_voice,
        };
        let music = if at.music_known {
            self.hold_music.min(KNOWN_MUSIC)
        } else {
            self.hold_music
        };
        recent_music >= music || total >= limit
    }

    fn is_rambling(&self, at: &Situation) -> bool {
        let over = at.speech.saturating_sub(self.rambler_prompt_after);
        self.seeks_a_pause(at)
            && (at.voice_paused_for >= PAUSE_BETWEEN_WORDS || over >= self.rambler_prompt_grace)
    }

    /// Whether the rambler's prompt is due as soon as they pause.
    pub fn seeks_a_pause(&self, at: &Situation) -> bool {
        !at.number_settled && at.speech >= self.rambler_prompt_after
    }
}

/// An administrator's greeting whose file cannot be seen is no longer than this.
const UNSEEN_GREETING: Duration = Duration::from_mins(3);

/// Less speech than this does not count as having started.
const WORTH_A_PAUSE: Duration = Duration::from_millis(300);

/// So much music brings the question where it is known to be hold music.
const KNOWN_MUSIC: Duration = Duration::from_secs(2);

/// A pause that is not inside a word: the closure of a stop consonant is half as long at most.
const PAUSE_BETWEEN_WORDS: Duration = Duration::from_millis(250);

/// `VoiceMail()` of Asterisk's own has its limits in voicemail.conf; this one is for a stuck channel.
pub(super) const LONGEST_VOICEMAIL: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    fn speaking(recording: f64) -> Situation {
        Situation {
            recording_for: secs(recording),
            call_for: secs(recording + 8.0),
            idle: Idle::default(),
            speech: secs(recording * 0.8),
            voice_paused_for: Duration::ZERO,
            tone_for: Duration::ZERO,
            questions_asked: 0,
            doubtful: false,
            number_settled: false,
            music_known: false,
            warned_for: None,
        }
    }

    fn idle(total: f64, silence: f64, noise: f64, music: f64) -> Idle {
        Idle {
            total: secs(total),
            silence: secs(silence),
            noise: secs(noise),
            recent_music: secs(music),
        }
    }

    fn check(situation: Situation, expected: Advice) {
        assert_eq!(
            Policy::default().advise(&situation),
            expected,
            "{situation:?}"
        );
    }

    #[test]
    fn a_speaker_is_left_alone() {
        check(speaking(5.0), Advice::GoOn);
        check(speaking(44.9), Advice::GoOn);
    }

    #[test]
    fn a_caller_who_thinks_for_eight_seconds_is_not_cut() {
        let thinking = Situation {
            idle: idle(8.5, 8.5, 0.0, 0.0),
            ..speaking(20.0)
        };
        check(thinking, Advice::GoOn);
        check(
            Situation {
                idle: idle(10.0, 10.0, 0.0, 0.0),
                ..thinking
            },
            Advice::Ask,
        );
    }

    #[test]
    fn each_kind_of_idleness_has_its_limit() {
        let check_idle = |idle: Idle, expected| {
            let nothing = Situation {
                idle,
                speech: Duration::ZERO,
                ..speaking(9.0)
            };
            check(nothing, expected);
        };
        check_idle(idle(7.9, 7.9, 0.0, 0.0), Advice::GoOn);
        check_idle(idle(8.0, 8.0, 0.0, 0.0), Advice::Ask);
        check_idle(idle(11.0, 2.0, 9.0, 0.0), Advice::GoOn);
        check_idle(idle(12.0, 2.0, 10.0, 0.0), Advice::Ask);
        check_idle(idle(6.0, 0.0, 0.0, 6.0), Advice::Ask);
    }

    #[test]
    fn hold_music_that_is_known_brings_the_question_earlier_and_nothing_else() {
        let at = |music: f64| Situation {
            idle: idle(music + 0.5, 0.5, 0.0, music),
            speech: Duration::ZERO,
            music_known: true,
            ..speaking(music + 0.5)
        };
        check(at(1.9), Advice::GoOn);
        check(at(2.0), Advice::Ask);
        let speaks = Situation {
            idle: Idle::default(),
            ..at(2.0)
        };
        check(speaks, Advice::GoOn);
        let thinks = Situation {
            idle: idle(7.9, 7.9, 0.0, 0.0),
            ..at(0.0)
        };
        check(thinks, Advice::GoOn);
        let doubtful = Situation {
            questions_asked: 1,
            doubtful: true,
            ..at(9.0)
        };
        check(doubtful, Advice::GoOn);
        let sooner = Policy {
            hold_music: secs(1.0),
            ..Policy::default()
        };
        assert_eq!(sooner.advise(&at(1.0)), Advice::Ask);
    }

    #[test]
    fn only_who_was_asked_is_cut_and_only_in_enforce() {
        let music = Situation {
            idle: idle(9.0, 0.0, 0.0, 6.5),
            questions_asked: 1,
            ..speaking(30.0)
        };
        check(music, Advice::EndIdle);
        let doubtful = Situation {
            doubtful: true,
            ..music
        };
        check(doubtful, Advice::GoOn);
        let guide = Policy {
            mode: Mode::Guide,
            ..Policy::default()
        };
        assert_eq!(guide.advise(&music), Advice::GoOn);
        let never_asks = Policy {
            questions: 0,
            ..Policy::default()
        };
        assert_eq!(
            never_asks.advise(&Situation {
                questions_asked: 0,
                ..music
            }),
            Advice::GoOn
        );
    }

    #[test]
    fn the_rambler_is_interrupted_at_a_pause_or_five_seconds_late() {
        let talking = |speech: f64, pause: f64| Situation {
            speech: secs(speech),
            voice_paused_for: secs(pause),
            ..speaking(speech * 1.8)
        };
        check(talking(46.0, 0.0), Advice::GoOn);
        check(talking(46.0, 0.15), Advice::GoOn);
        check(talking(46.0, 0.3), Advice::AskNumber);
        check(talking(50.0, 0.0), Advice::AskNumber);
        check(talking(44.9, 3.0), Advice::GoOn);
        check(
            Situation {
                number_settled: true,
                ..talking(46.0, 0.3)
            },
            Advice::GoOn,
        );
    }

    #[test]
    fn the_end_is_announced_and_kept() {
        let settled = |recording| Situation {
            number_settled: true,
            ..speaking(recording)
        };
        let warned = |recording, warned_for| Situation {
            warned_for: Some(secs(warned_for)),
            ..settled(recording)
        };
        check(settled(104.9), Advice::GoOn);
        check(settled(105.0), Advice::Warn);
        check(warned(105.0, 0.0), Advice::GoOn);
        check(warned(120.0, 15.0), Advice::EndLimit);
    }

    #[test]
    fn nobody_is_ended_at_the_limit_unwarned_or_right_behind_the_warning() {
        let late = |warned_for| Situation {
            number_settled: true,
            warned_for,
            ..speaking(125.0)
        };
        check(late(None), Advice::Warn);
        check(late(Some(secs(14.9))), Advice::GoOn);
        check(late(Some(secs(15.0))), Advice::EndLimit);
    }

    #[test]
    fn the_end_of_the_whole_call_is_announced_too() {
        let long = |call| Situation {
            number_settled: true,
            call_for: secs(call),
            ..speaking(60.0)
        };
        check(long(584.9), Advice::GoOn);
        check(long(585.0), Advice::Warn);
        check(long(600.0), Advice::EndLimit);
    }

    #[test]
    fn a_greeting_may_play_as_long_as_its_file_says() {
        let check = |greeting: &str, length: Option<u64>, expected: u64| {
            let policy = Policy {
                greeting: greeting.into(),
                greeting_length: length.map(Duration::from_secs),
                ..Policy::default()
            };
            assert_eq!(policy.longest_greeting(), Duration::from_secs(expected));
        };
        check("voicemail-guard/greeting", None, 40);
        check("own/hello", None, 180);
        check("own/hello", Some(12), 40);
        check("own/hello", Some(75), 75);
        check("own/hello", Some(7_200), 600);
    }

    #[test]
    fn guide_ends_nobody_and_warns_of_no_end() {
        let guide = Policy {
            mode: Mode::Guide,
            ..Policy::default()
        };
        let long = |recording, call| Situation {
            number_settled: true,
            call_for: secs(call),
            ..speaking(recording)
        };
        assert_eq!(guide.advise(&long(119.0, 130.0)), Advice::GoOn);
        assert_eq!(guide.advise(&long(580.0, 590.0)), Advice::GoOn);
        assert_eq!(guide.advise(&long(590.0, 600.0)), Advice::HandOn);
    }

    #[test]
    fn a_machine_is_ended_at_once() {
        check(
            Situation {
                tone_for: secs(3.0),
                ..speaking(6.0)
            },
            Advice::EndTone,
        );
    }
}
