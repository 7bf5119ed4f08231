//! What a caller was, by explicit rules over the timeline.
//!
//! [`judge`] takes [`Facts`] and asks these questions in this order, but for two between 1 and 2: a
//! textphone is `unsure`, and a special information tone without speech worth keeping before it is
//! `tone`. The first that is answered decides. Only what lies behind [`Facts::began`] counts.
//! *Speech* is near speech; *lasting music* is a stretch of at least 2.5 s. Every number stands in
//! `Bounds`, its choice in `src/hearing/README.md`.
//!
//! 1. No packet ever came, in a call longer than a hang-up: `no_audio`.
//! 2. Someone was given the rambler's prompt and said enough to keep, or talked up to the longest message with speech in most of
//!    it: `rambler`.
//! 3. A machine signal and no speech worth keeping: `tone`. What follows a special information tone is its announcement; the
//!    tones of keys are no signal.
//! 4. Music makes up a good share. Enough speech before the first lasting music, or more speech than music: `message`
//!    (a radio, or a message and then the hold key). Music that outweighs the speech: `hold_music`, or `unsure` where a few
//!    sentences came before it.
//! 5. Speech worth keeping: `message`; but a few words in long office noise: `aside`, or `unsure` where enough speech came
//!    before the noise: they may have left a short message and laid the handset aside.
//! 6. A few seconds in which someone or something was near, but no message: `mutter`. Nobody lays a handset aside for
//!    a few seconds; what sounds like noise or music there is a word under a click, behind a hand or hummed.
//! 7. More lasting music than speech: `hold_music`.
//! 8. Noise, but not long enough for a handset laid aside: `unsure`. A whisper or a voice under a bad line may be in it.
//! 9. Noise: `aside`. A few words: `mutter`. Short: `hangup`. Else `silent`.
//!
//! A number keyed in, or anything answered with a key, turns every junk verdict into `unsure`: who
//! took that trouble is delivered. So does a question answered with speech worth keeping that
//! outweighs the music behind it, but for `tone`: a machine has no fingers, but it may be heard as
//! a voice.
//!
//! So does near speech of [`Facts::mutter`] and more of a caller who hung up or was lost
//! ([`Parting`]): a short request and a grumble sound alike, and only the request must not be lost.
//! Who said a few words and then did not answer the question has left none. Of a recording nobody
//! knows who ended it: there only `mutter` becomes `unsure`. Of a machine only what came before its
//! tone counts. Who types on a textphone is always `unsure`: the team has to read what it says.
//!
//! Last of all come the probabilities of the listeners, where they speak against what the rules
//! say: `doubt`. The third of them is asked once the call is over ([`asks_third_listener`]).

mod doubt;
mod limits;
#[cfg(test)]
mod tests;

use self::doubt::{Doubt, is_doubted};
pub use self::doubt::{LONGEST_HEARD_AGAIN, evidence, evidence_of_third};
use self::limits::Bounds;
use crate::audio::MediaTime;
use crate::call_record::{Answer, Asked, Reason, Verdict};
use crate::hearing::{Class, Segment, Signal, ThirdOpinion, Timeline};
use crate::number;
use crate::prompts::Prompt;

/// All that a verdict is made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was heard.
    pub timeline: &'a Timeline,
    /// What the third listener made of it, where it was asked. It has no say about what is longer
    /// than [`LONGEST_HEARD_AGAIN`].
    pub third: Option<&'a ThirdOpinion>,
    /// Where the recording proper began, behind greeting and beep; zero for a file.
    pub began: MediaTime,
    /// Whether any packet ever came.
    pub packets: bool,
    /// The longest message.
    pub longest_message: MediaTime,
    /// Whether the caller keyed in a number.
    pub keyed: bool,
    /// What was played to the caller and what came of it.
    pub asked: &'a [Asked],
    /// How the caller went.
    pub parting: Parting,
    /// Less near speech than this is a mutter.
    pub mutter: MediaTime,
}

/// How a caller went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// They hung up or were lost, or a limit ended the call.
    Gone,
    /// They were asked whether they are still there, and did not answer.
    Unanswering,
    /// Nobody knows, as of a recording.
    Unknown,
}

impl<'a> Facts<'a> {
    /// The facts of a recording of which nothing else is known.
    pub fn of_recording(timeline: &'a Timeline) -> Self {
        Self {
            timeline,
            third: None,
            began: MediaTime::ZERO,
            packets: true,
            longest_message: MediaTime::from_secs(120),
            keyed: false,
            asked: &[],
            parting: Parting::Unknown,
            mutter: MUTTER,
        }
    }
}

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What the caller was.
    pub verdict: Verdict,
    /// How sure that is, 0 to 1: how far the facts lie from where the verdict would change.
    pub confidence: f32,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Judgement {
    /// The same of a caller who was not heard to the end, and may have left a message after all.
    #[must_use]
    pub fn not_heard_to_the_end(mut self) -> Self {
        if !self.verdict.is_delivered() {
            self.verdict = Verdict::Unsure;
            self.confidence = self.confidence.min(NO_BLUFF);
        }
        self
    }
}

/// The confidence at most in a verdict about a caller who was not heard to the end.
const NO_BLUFF: f32 = 0.5;

/// Less near speech than this is a mutter, where a mailbox does not say otherwise.
pub const MUTTER: MediaTime = MediaTime::from_millis(1_500);

/// What the caller was, by the rules above, and in doubt where the listeners leave it.
pub fn judge(facts: &Facts<'_>) -> Judgement {
    let mut judgement = by_rules(facts);
    if let Some(doubt) = Doubt::of(judgement.verdict, facts.timeline, facts.began, facts.third) {
        if doubt.is_doubtful {
            judgement.verdict = Verdict::Unsure;
            judgement.confidence = judgement.confidence.min(0.4);
            judgement.reasons.insert(0, Reason::Borderline);
        } else if judgement.verdict.is_delivered() {
            judgement.confidence = doubt.message as f32;
        } else {
            judgement.confidence = (1.0 - doubt.message) as f32;
        }
    }
    judgement
}

/// Whether the third listener has a say in the verdict of a call that is over.
pub fn asks_third_listener(facts: &Facts<'_>) -> bool {
    let (timeline, began) = (facts.timeline, facts.began);
    timeline.heard() <= LONGEST_HEARD_AGAIN
        && is_doubted(by_rules(facts).verdict)
        && evidence(timeline, began).is_some()
}

/// Whether a call of which nothing but the sound is known, and which looks like junk so far, may
/// hold a message all the same. Nobody is ended while that is so.
pub fn is_doubtful(timeline: &Timeline, began: MediaTime) -> bool {
    let facts = Facts {
        began,
        parting: Parting::Unanswering,
        ..Facts::of_recording(timeline)
    };
    let verdict = by_rules(&facts).verdict;
    let doubt = Doubt::of(verdict, timeline, began, None);
    !verdict.is_delivered() && doubt.is_some_and(|doubt| doubt.is_doubtful)
}

/// What the caller was, by the rules above alone.
pub fn by_rules(facts: &Facts<'_>) -> Judgement {
    // Without a packet in so short a time nothing is known of the line.
    let no_audio = !facts.packets && facts.timeline.heard().as_secs_f64() > Bounds::HANGUP;
    let amounts = Amounts::of(facts);
    let mut judgement = if no_audio {
        Judgement {
            verdict: Verdict::NoAudio,
            confidence: 1.0,
            reasons: vec![Reason::NoPackets],
        }
    } else {
        amounts.judge(facts)
    };
    let machine = judgement.verdict == Verdict::Tone;
    let answer = facts
        .asked
        .iter()
        .filter(|asked| is_answer(asked, facts))
        .find(|asked| !machine || by_key(asked));
    let junk = !judgement.verdict.is_delivered();
    let keyed = facts.keyed || number::among_keys(facts.timeline.keys()).is_some();
    if junk && (keyed || answer.is_some()) {
        judgement.verdict = Verdict::Unsure;
        judgement.confidence = judgement.confidence.min(0.5);
        let why = if keyed {
            Reason::NumberKeyed
        } else if answer.is_some_and(|asked| asked.prompt == Prompt::OfferCallerId) {
            Reason::NumberConfirmed
        } else {
            Reason::Answered
        };
        judgement.reasons.insert(0, why);
    } else if junk && amounts.may_be_a_request(judgement.verdict, facts) {
        judgement.verdict = Verdict::Unsure;
        judgement.confidence = judgement.confidence.min(0.4);
        judgement.reasons.insert(0, Reason::Borderline);
    }
    judgement
}

fn by_key(asked: &Asked) -> bool {
    asked.answer == Some(Answer::Key)
}

/// Whether a person has answered. A key is one; a voice may be the announcement in hold music,
/// unless it goes on for longer than the music.
fn is_answer(asked: &Asked, facts: &Facts<'_>) -> bool {
    let behind = facts
        .timeline
        .seconds_within(asked.at, facts.timeline.heard());
    let spoken = behind.speech.as_secs_f64() >= Bounds::KEEP && behind.speech > behind.music;
    by_key(asked) || asked.answer.is_some() && spoken
}

/// Seconds of everything the rules ask for.
struct Amounts {
    length: f64,
    speech: f64,
    music: f64,
    tone: f64,
    noise: f64,
    silence: f64,
    /// Speech before lasting music.
    before_music: f64,
    /// Speech behind the last of it.
    after_music: f64,
    /// Speech before lasting noise.
    before_noise: f64,
    /// Speech before the first tone.
    before_tone: f64,
    /// The first machine signal.
    signal: Option<Signal>,
    /// Speech before the first special information tone, if there is one.
    before_sit: Option<f64>,
    /// Whether somebody types.
    textphone: bool,
    /// Whether there are keys in the sound: their tones are no machine's.
    keys: bool,
}

impl Amounts {
    fn of(facts: &Facts<'_>) -> Self {
        let began = facts.began;
        let heard = facts.timeline.heard();
        let amounts = facts.timeline.seconds_within(began, heard);
        let behind = |s: &&Segment| s.end > began;
        let segments = || facts.timeline.segments().iter().filter(behind);
        let first = |class, lasting| {
            segments()
                .filter(|s| s.class == class)
                .map(|s| (s.start.max(began), s.end))
                .find(|&(start, end)| (end - start).as_secs_f64() >= lasting)
                .map(|(start, _)| start)
        };
        let spoken_before = |until: Option<MediaTime>| {
            let before = facts.timeline.seconds_within(began, until.unwrap_or(heard));
            before.speech.as_secs_f64()
        };
        let music_from = first(Class::Music, Bounds::LASTING);
        let lasts = |s: &Segment| (s.end - s.start.max(began)).as_secs_f64() >= Bounds::LASTING;
        let music_until = segments()
            .rfind(|s| s.class == Class::Music && lasts(s))
            .map(|s| s.end);
        Self {
            length: (heard - began).as_secs_f64(),
            speech: amounts.speech.as_secs_f64(),
            music: amounts.music.as_secs_f64(),
            tone: amounts.tone.as_secs_f64(),
            noise: amounts.noise.as_secs_f64(),
            silence: amounts.silence.as_secs_f64(),
            before_music: spoken_before(music_from),
            after_music: music_until.map_or(0.0, |end| {
                facts
                    .timeline
                    .seconds_within(end, heard)
                    .speech
                    .as_secs_f64()
            }),
            before_noise: spoken_before(first(Class::Noise, Bounds::LASTING_NOISE)),
            before_tone: spoken_before(first(Class::Tone, Bounds::LASTING_TONE)),
            signal: segments().find_map(|s| s.signal.filter(|signal| signal.is_machine())),
            before_sit: segments()
                .find(|s| s.signal == Some(Signal::Sit))
                .map(|s| spoken_before(Some(s.start.max(began)))),
            textphone: segments().any(|s| s.signal == Some(Signal::Textphone)),
            keys: !facts.timeline.keys().is_empty(),
        }
    }

    /// Whether what was said may be a short request: it sounds as a mutter does.
    fn may_be_a_request(&self, junk: Verdict, facts: &Facts<'_>) -> bool {
        let spoken = match junk {
            Verdict::Tone => self.before_tone,
            // Between two stretches of music the other PBX asks to hold the line.
            Verdict::HoldMusic => self.before_music + self.after_music,
            _ => self.speech,
        };
        let went = match facts.parting {
            Parting::Gone => true,
            Parting::Unanswering => false,
            Parting::Unknown => junk == Verdict::Mutter,
        };
        went && spoken >= facts.mutter.as_secs_f64()
    }

    fn judge(&self, facts: &Facts<'_>) -> Judgement {
        if self.textphone {
            return decide(Verdict::Unsure, 0.5, &[Reason::Textphone]);
        }
        if let Some(before) = self.before_sit.filter(|before| *before < Bounds::KEEP) {
            let signal = Reason::Tone(time(self.tone), Some(Signal::Sit));
            let behind = time(self.speech - before);
            let reasons = [signal, Reason::Announcement(behind)];
            let announced = behind >= MediaTime::from_secs(1);
            let sure = below(before, Bounds::KEEP);
            return decide(Verdict::Tone, sure, &reasons[..=usize::from(announced)]);
        }
        let prompted = facts.asked.iter().any(|a| a.prompt == Prompt::NumberFirst);
        let limit = facts.longest_message.as_secs_f64() - Bounds::LIMIT_SLACK;
        let talks = self.speech >= Bounds::RAMBLER_SHARE * self.length;
        if prompted && self.speech >= Bounds::KEEP {
            return decide(Verdict::Rambler, 0.9, &[Reason::WasPrompted, self.spoken()]);
        }
        if self.length >= limit && talks {
            let share = above(self.speech, Bounds::RAMBLER_SHARE * self.length);
            return decide(
                Verdict::Rambler,
                share,
                &[Reason::ReachedLimit(time(self.length)), self.spoken()],
            );
        }
        let unnamed = !self.keys && self.tone >= Bounds::TONE && self.music < self.tone;
        if (self.signal.is_some() || unnamed) && self.speech < Bounds::KEEP {
            let lasts = self
                .signal
                .map_or_else(|| above(self.tone, Bounds::TONE), |_| 1.0);
            let sure = lasts.min(below(self.speech, Bounds::KEEP));
            let signal = Reason::Tone(time(self.tone), self.signal);
            return decide(Verdict::Tone, sure, &[signal, self.spoken()]);
        }
        if self.music >= Bounds::HOLD && self.music >= 0.25 * (self.music + self.speech) {
            return self.judge_music();
        }
        if self.speech >= Bounds::KEEP {
            if self.lies_aside() {
                if self.before_noise >= Bounds::BEFORE_NOISE {
                    let before = Reason::SpeechBeforeNoise(time(self.before_noise));
                    let reasons = [Reason::Borderline, before, Reason::Noise(time(self.noise))];
                    return decide(Verdict::Unsure, 0.4, &reasons);
                }
                let sure = above(self.noise, Bounds::DROWNED * self.speech);
                return decide(
                    Verdict::Aside,
                    sure,
                    &[Reason::Noise(time(self.noise)), self.spoken()],
                );
            }
            let mut reasons = vec![self.spoken()];
            if self.music >= 1.0 {
                reasons.push(Reason::MusicBehindSpeech(time(self.music)));
            }
            return decide(Verdict::Message, above(self.speech, Bounds::KEEP), &reasons);
        }
        self.judge_rest()
    }

    /// Few words in long noise: office life, with a far voice now and then taken for a near one.
    fn lies_aside(&self) -> bool {
        self.noise >= Bounds::LONG_NOISE
            && self.noise >= Bounds::DROWNED * self.speech
            && self.speech < Bounds::FEW_WORDS
    }

    fn judge_music(&self) -> Judgement {
        let music = Reason::Music(time(self.music), time(self.speech));
        if self.before_music >= Bounds::BEFORE_MUSIC {
            let sure = above(self.before_music, Bounds::BEFORE_MUSIC);
            return decide(
                Verdict::Message,
                sure,
                &[Reason::SpeechBeforeMusic(time(self.before_music)), music],
            );
        }
        if self.music >= Bounds::OUTWEIGHS * self.speech {
            if self.before_music >= Bounds::MAYBE_BEFORE_MUSIC {
                let before = Reason::SpeechBeforeMusic(time(self.before_music));
                return decide(Verdict::Unsure, 0.4, &[Reason::Borderline, before, music]);
            }
            let sure = above(self.music, Bounds::OUTWEIGHS * self.speech)
                .min(above(self.music, Bounds::HOLD));
            return decide(Verdict::HoldMusic, sure, &[music]);
        }
        let sure = above(Bounds::OUTWEIGHS * self.speech, self.music);
        decide(
            Verdict::Message,
            sure,
            &[self.spoken(), Reason::MusicBehindSpeech(time(self.music))],
        )
    }

    fn judge_rest(&self) -> Judgement {
        let noise = Reason::Noise(time(self.noise));
        let heard = self.speech >= Bounds::ANY_SPEECH
            || self.noise + self.music >= Bounds::NOISY * self.length;
        if heard && (Bounds::HANGUP..Bounds::SHORT).contains(&self.length) {
            let sure = below(self.speech, Bounds::KEEP).min(below(self.length, Bounds::SHORT));
            let reasons = [self.spoken(), noise];
            let noisy = self.noise >= 0.5;
            return decide(Verdict::Mutter, sure, &reasons[..=usize::from(noisy)]);
        }
        if self.music >= Bounds::LASTING && self.music > self.speech {
            let music = Reason::Music(time(self.music), time(self.speech));
            return decide(
                Verdict::HoldMusic,
                above(self.music, Bounds::LASTING),
                &[music],
            );
        }
        if self.noise >= Bounds::ASIDE && self.noise > self.speech {
            if self.length < Bounds::DOUBTFUL {
                let reasons = [Reason::Borderline, noise, self.spoken()];
                return decide(Verdict::Unsure, 0.4, &reasons);
            }
            return decide(
                Verdict::Aside,
                above(self.noise, Bounds::ASIDE),
                &[noise, self.spoken()],
            );
        }
        if self.speech >= Bounds::ANY_SPEECH {
            let sure = above(self.speech, Bounds::ANY_SPEECH).min(below(self.speech, Bounds::KEEP));
            let aside = self.length >= 15.0 && self.noise > 2.0;
            let verdict = if aside {
                Verdict::Aside
            } else {
                Verdict::Mutter
            };
            let reasons = [self.spoken(), noise];
            return decide(verdict, sure, &reasons[..=usize::from(aside)]);
        }
        if self.length <= Bounds::HANGUP {
            let sure = below(self.length, Bounds::HANGUP);
            return decide(
                Verdict::Hangup,
                sure,
                &[Reason::Short(time(self.length)), Reason::NoSpeech],
            );
        }
        let sure = above(self.length, Bounds::HANGUP);
        decide(
            Verdict::Silent,
            sure,
            &[Reason::Silence(time(self.silence)), Reason::NoSpeech],
        )
    }

    fn spoken(&self) -> Reason {
        if self.speech < 0.05 {
            Reason::NoSpeech
        } else if self.speech < Bounds::KEEP {
            Reason::LittleSpeech(time(self.speech))
        } else {
            Reason::Speech(time(self.speech))
        }
    }
}

fn time(secs: f64) -> MediaTime {
    MediaTime::from_millis((secs * 1_000.0).round() as u64)
}

/// How surely an amount lies above a border: a half at the border, 0.95 at three times as much.
fn above(amount: f64, border: f64) -> f64 {
    let ratio = (amount + 0.1) / (border + 0.1);
    1.0 / (1.0 + ratio.max(1e-3).powf(-2.7))
}

fn below(amount: f64, border: f64) -> f64 {
    1.0 - above(amount, border)
}

fn decide(verdict: Verdict, confidence: f64, reasons: &[Reason]) -> Judgement {
    Judgement {
        verdict,
        confidence: confidence as f32,
        reasons: reasons.to_vec(),
    }
}
