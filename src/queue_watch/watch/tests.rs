use proptest::prelude::*;

use super::*;
use crate::call_record::example::caller;
use crate::hearing::{Class, Update};

const IDLE: u64 = 30;
const SILENCE: u64 = 180;

/// A watch that has been told of a caller, and what it has wanted so far.
pub(super) struct Life {
    pub(super) watch: QueueWatch,
    began: Instant,
    /// Milliseconds since then.
    now: u64,
    /// Of the caller's sound.
    heard: u64,
    class: Option<Class>,
    done: Vec<Action>,
}

impl Life {
    fn new(settings: QueueSettings) -> Self {
        let began = super::super::any_moment();
        let record = caller("0911555001", "shown");
        Self {
            watch: QueueWatch::new(record, "support".into(), settings, began),
            began,
            now: 0,
            heard: 0,
            class: None,
            done: Vec::new(),
        }
    }

    pub(super) fn of(mode: Mode) -> Self {
        let mut life = Self::new(QueueSettings {
            mode,
            ..QueueSettings::default()
        });
        life.begins();
        life
    }

    fn begins(&mut self) {
        self.happens(joined());
        self.happens(Event::HoldMusic(true));
        self.happens(Event::Tapped);
    }

    fn at(&self) -> Instant {
        self.began + Duration::from_millis(self.now)
    }

    pub(super) fn happens(&mut self, event: Event) {
        let at = self.at();
        self.watch.handle_event(event, at);
        self.act();
    }

    fn act(&mut self) {
        while let Some(action) = self.watch.poll_action() {
            self.done.push(action);
        }
    }

    /// This is heard for so many milliseconds; a question that is asked meanwhile takes five seconds.
    pub(super) fn hears(&mut self, class: Class, millis: u64) {
        if self.class.replace(class) != Some(class) {
            self.change(class);
        }
        let mut said_at = None;
        for _ in 0..millis / 100 {
            self.now += 100;
            self.heard += 100;
            let before = self.count(&Action::Ask);
            self.happens(Event::HeardUpTo(MediaTime::from_millis(self.heard)));
            if self.count(&Action::Ask) > before {
                said_at = Some(self.now + 5_000);
            }
            if said_at.take_if(|at| *at <= self.now).is_some() {
                self.happens(Event::Said);
            }
        }
    }

    fn change(&mut self, class: Class) {
        let start = MediaTime::from_millis(self.heard);
        self.happens(Event::Heard(Update::ClassChange {
            class,
            start,
            known_at: start,
            signal: None,
        }));
    }

    fn count(&self, action: &Action) -> usize {
        self.done.iter().filter(|done| *done == action).count()
    }

    fn questions(&self) -> usize {
        self.count(&Action::Ask)
    }

    fn filed(&self) -> Vec<&CallRecord> {
        let filed = self.done.iter().filter_map(|action| match action {
            Action::File(record) => Some(&**record),
            _ => None,
        });
        filed.collect()
    }

    fn wait(&self) -> &QueueWait {
        self.watch.record.queue.as_ref().unwrap()
    }

    fn reported(&self) -> Vec<Option<Instead>> {
        let reported = self.done.iter().filter_map(|action| match action {
            Action::Report { nobody } => Some(*nobody),
            _ => None,
        });
        reported.collect()
    }
}

fn joined() -> Event {
    Event::Joined {
        position: Some(3),
        channel: "PJSIP/trunk-1".into(),
    }
}

#[test]
fn what_is_heard_brings_the_question_in_its_time() {
    for (class, seconds) in [
        (Class::Music, IDLE),
        (Class::Noise, IDLE),
        (Class::Tone, IDLE),
        (Class::Silence, SILENCE),
    ] {
        let mut life = Life::of(Mode::Guide);
        life.hears(class, seconds * 1_000 - 100);
        assert_eq!(life.questions(), 0, "{class}");
        life.hears(class, 100);
        assert_eq!(life.questions(), 1, "{class}");
    }
    let mut life = Life::of(Mode::Guide);
    life.hears(Class::Speech, 600_000);
    assert_eq!(life.questions(), 0, "somebody talks all the time");
}

#[test]
fn sound_that_never_comes_is_no_silence() {
    let mut life = Life::of(Mode::Guide);
    life.change(Class::Silence);
    for second in 1..=IDLE {
        life.happens(Event::Gap(MediaTime::from_secs(1)));
        life.happens(Event::HeardUpTo(MediaTime::from_secs(second)));
    }
    assert_eq!(life.questions(), 1);
}

#[test]
fn who_was_never_heard_is_not_taken_out() {
    for heard_before in [false, true] {
        let mut life = Life::of(Mode::Enforce);
        life.change(Class::Silence);
        let before = if heard_before { 5 } else { 0 };
        life.happens(Event::HeardUpTo(MediaTime::from_secs(before)));
        for second in before..=before + 80 {
            life.happens(Event::Gap(MediaTime::from_secs(1)));
            life.happens(Event::HeardUpTo(MediaTime::from_secs(second + 1)));
            life.happens(Event::Said);
        }
        assert_eq!(life.wait().nobody.unwrap().heard, Instead::NoAudio);
        assert_eq!(life.count(&Action::TakeOut) == 1, heard_before);
    }
}

#[test]
fn a_voice_that_their_music_has_does_not_put_the_question_off_for_ever() {
    let mut life = Life::of(Mode::Guide);
    for _ in 0..6 {
        life.hears(Class::Music, 18_000);
        life.hears(Class::Speech, 2_000);
    }
    assert!(life.questions() > 0);
    let mut talks = Life::of(Mode::Guide);
    for _ in 0..20 {
        talks.hears(Class::Silence, 18_000);
        talks.hears(Class::Speech, 2_000);
    }
    assert_eq!(talks.questions(), 0);
}

#[test]
fn nobody_is_asked_while_asterisk_announces_something() {
    let mut life = Life::of(Mode::Guide);
    life.hears(Class::Music, 25_000);
    life.happens(Event::HoldMusic(false));
    life.hears(Class::Music, 10_000);
    assert_eq!(life.questions(), 0);
    life.happens(Event::HoldMusic(true));
    life.hears(Class::Music, 100);
    assert_eq!(life.questions(), 1);
    // The end of an announcement may not have been reported.
    let mut life = Life::of(Mode::Guide);
    life.happens(Event::HoldMusic(false));
    life.hears(Class::Music, 30_000);
    assert_eq!(life.questions(), 1);
}

#[test]
fn a_voice_or_a_key_answers_the_question() {
    for (how, answer) in [(Answer::Voice, 2_000), (Answer::Key, 0)] {
        let mut life = Life::of(Mode::Enforce);
        life.hears(Class::Music, 36_000);
        if answer == 0 {
            life.happens(Event::Key);
        } else {
            life.hears(Class::Speech, answer);
        }
        life.hears(Class::Silence, 60_000);
        assert_eq!(life.questions(), 1, "{how:?}");
        assert_eq!(life.watch.record.asked[0].answer, Some(how));
        assert_eq!(life.wait().nobody, None);
    }
}

#[test]
fn two_questions_without_an_answer_mean_what_the_mode_says() {
    for (mode, questions, reported, is_out) in [
        (Mode::Observe, 0, vec![], false),
        (Mode::Guide, 2, vec![Some(Instead::Music)], false),
        (Mode::Enforce, 2, vec![Some(Instead::Music)], true),
    ] {
        let mut life = Life::of(mode);
        life.hears(Class::Music, 70_000);
        assert_eq!(life.questions(), questions, "{mode:?}");
        assert_eq!(life.watch.record.asked.len(), questions, "{mode:?}");
        assert_eq!(life.reported(), reported, "{mode:?}");
        assert_eq!(life.count(&Action::TakeOut) == 1, is_out, "{mode:?}");
        let nobody = life.wait().nobody.unwrap();
        assert_eq!(nobody.heard, Instead::Music);
        assert!((46..=66).contains(&nobody.after_s), "{nobody:?}");
        life.happens(Event::Gone(Departure::HungUp));
        let ended = if is_out {
            WaitEnd::Ended
        } else {
            WaitEnd::HungUp
        };
        assert_eq!(life.filed()[0].queue.as_ref().unwrap().ended, Some(ended));
    }
}

#[test]
fn silence_alone_takes_nobody_out_unless_that_is_set() {
    for silence_ends in [false, true] {
        let mut life = Life::new(QueueSettings {
            mode: Mode::Enforce,
            silence_ends,
            ..QueueSettings::default()
        });
        life.begins();
        life.hears(Class::Silence, 600_000);
        assert_eq!(life.wait().nobody.unwrap().heard, Instead::Silence);
        assert_eq!(life.count(&Action::TakeOut) == 1, silence_ends);
    }
}

#[test]
fn an_echo_of_our_own_music_is_never_called_theirs() {
    let mut life = Life::of(Mode::Enforce);
    life.hears(Class::Music, 36_000);
    assert_eq!(life.questions(), 1);
    life.happens(Event::Echo(true));
    life.hears(Class::Music, 600_000);
    assert_eq!(life.wait().nobody.unwrap().heard, Instead::Echo);
    assert_eq!(life.count(&Action::TakeOut), 0);
}

#[test]
fn who_gives_a_sign_of_life_after_all_is_there_again() {
    let mut life = Life::of(Mode::Guide);
    life.hears(Class::Noise, 70_000);
    assert_eq!(life.reported(), [Some(Instead::Noise)]);
    life.hears(Class::Speech, 1_000);
    assert_eq!(life.reported(), [Some(Instead::Noise), None]);
    assert!(!life.wait().is_deserted());
    life.hears(Class::Noise, 70_000);
    assert_eq!(life.reported().len(), 3);
    life.happens(Event::Answered);
    assert!(life.wait().was_answered_in_vain());
}

#[test]
fn nobody_is_taken_out_whom_no_question_can_have_reached() {
    let mut life = Life::new(QueueSettings {
        mode: Mode::Enforce,
        ..QueueSettings::default()
    });
    life.happens(joined());
    life.happens(Event::Tapped);
    life.hears(Class::Music, 70_000);
    assert_eq!(life.reported(), [Some(Instead::Music)]);
    assert_eq!(life.count(&Action::TakeOut), 0);
}

#[test]
fn a_question_that_cannot_be_said_is_none() {
    let mut life = Life::of(Mode::Enforce);
    life.hears(Class::Music, 30_000);
    life.happens(Event::Unsayable);
    life.hears(Class::Music, 90_000);
    assert_eq!(life.count(&Action::TakeOut), 0);
    assert!(life.watch.record.asked.is_empty() && life.wait().nobody.is_none());
    life.happens(Event::Answered);
    let filed = life.filed();
    assert_eq!(
        filed[0].queue.as_ref().unwrap().ended,
        Some(WaitEnd::Answered)
    );
    assert_eq!(
        filed[0].reasons,
        [Reason::Trouble(Trouble::Prompt("still-waiting".into()))]
    );
}

#[test]
fn one_who_is_not_let_out_waits_on() {
    for refusal in [Some(Event::Refused("Redirect".into())), None] {
        let mut life = Life::of(Mode::Enforce);
        life.hears(Class::Music, 70_000);
        if let Some(refused) = refusal {
            life.happens(refused);
        } else {
            life.now += 20_000;
            let at = life.at();
            life.watch.handle_timeout(at);
            life.act();
        }
        assert!(life.filed().is_empty());
        // They are there after all, and whoever answers is told so.
        life.happens(Event::Key);
        assert!(life.done.contains(&Action::Report { nobody: None }));
        life.happens(Event::Answered);
        let [record] = &life.filed()[..] else {
            panic!("filed once")
        };
        assert!(!record.queue.as_ref().unwrap().is_deserted());
    }
}

#[test]
fn whether_who_left_the_queue_has_hung_up_is_known_a_moment_later() {
    for (hangs_up, ended) in [(true, WaitEnd::HungUp), (false, WaitEnd::Left)] {
        let mut life = Life::of(Mode::Observe);
        life.now += 8_000;
        life.happens(Event::Gone(Departure::Left));
        assert_eq!(life.done.last(), Some(&Action::EndTap));
        life.happens(Event::Gone(Departure::Left));
        if hangs_up {
            life.happens(Event::Gone(Departure::HungUp));
        }
        life.now += 1_000;
        let at = life.at();
        life.watch.handle_timeout(at);
        life.act();
        let filed = life.filed();
        let wait = filed[0].queue.as_ref().unwrap();
        assert_eq!((filed.len(), wait.ended), (1, Some(ended)));
        assert_eq!(wait.waited_s, Some(8));
    }
}

#[test]
fn who_never_joins_is_never_listened_to() {
    let mut life = Life::new(QueueSettings::default());
    life.now += 10_000;
    let at = life.at();
    life.watch.handle_timeout(at);
    life.act();
    assert_eq!(life.count(&Action::BeginTap), 0);
    let filed = life.filed();
    let wait = filed[0].queue.as_ref().unwrap();
    assert_eq!((wait.ended, wait.waited_s), (Some(WaitEnd::Left), None));
}

fn any_event() -> impl Strategy<Value = Event> {
    let class = prop::sample::select(Class::ALL.to_vec());
    prop_oneof![
        2 => Just(joined()),
        2 => Just(Event::Tapped),
        1 => Just(Event::Answered),
        1 => Just(Event::Gone(Departure::HungUp)),
        1 => Just(Event::Gone(Departure::Left)),
        2 => Just(Event::Key),
        1 => any::<bool>().prop_map(Event::HoldMusic),
        1 => Just(Event::ManagerLost),
        1 => Just(Event::TapFailed("x".into())),
        4 => Just(Event::Said),
        1 => Just(Event::Unsayable),
        1 => any::<bool>().prop_map(Event::Echo),
        1 => Just(Event::Refused("x".into())),
        1 => Just(Event::Stop),
        8 => class.prop_map(|class| Event::Heard(Update::ClassChange {
            class, start: MediaTime::ZERO, known_at: MediaTime::ZERO, signal: None,
        })),
        16 => (1..60_u64).prop_map(|s| Event::HeardUpTo(MediaTime::from_secs(s))),
        2 => (1..20_u64).prop_map(|s| Event::Gap(MediaTime::from_secs(s))),
    ]
}

/// An event, and whether so many seconds pass before it.
fn any_events() -> impl Strategy<Value = Vec<(Event, u64)>> {
    prop::collection::vec((any_event(), 0..15_u64), 0..120)
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Observe, Mode::Guide, Mode::Enforce])
}

proptest! {
    #[test]
    fn laws_hold_whatever_happens(events in any_events(), mode in any_mode(), silence_ends: bool, likely: bool) {
        let mut life = Life::new(QueueSettings { mode, silence_ends, ..QueueSettings::default() });
        if likely {
            life.begins();
        }
        let mut music = likely;
        let (mut is_ended, mut has_left) = (false, false);
        let mut said = 0;
        for (event, pause) in events.into_iter().chain([(Event::Stop, 0)]) {
            life.now += pause * 1_000;
            let at = life.at();
            life.watch.handle_timeout(at);
            life.act();
            is_ended |= !life.filed().is_empty();
            let before = life.done.len();
            // Sound goes on where it has come to.
            let event = match event {
                Event::HeardUpTo(more) => {
                    life.heard += more.samples() / 8;
                    Event::HeardUpTo(MediaTime::from_millis(life.heard))
                }
                Event::Heard(Update::ClassChange { class, .. }) => {
                    let start = MediaTime::from_millis(life.heard);
                    Event::Heard(Update::ClassChange { class, start, known_at: start, signal: None })
                }
                event => event,
            };
            let signs_of_an_end = matches!(
                event,
                Event::Answered | Event::Gone(_) | Event::ManagerLost | Event::Stop
            );
            let is_sound = matches!(event, Event::Heard(_) | Event::Gap(_) | Event::HeardUpTo(_));
            let was_said = matches!(event, Event::Said) && matches!(life.watch.stage, Stage::Asking { .. });
            said += u32::from(was_said);
            music |= event == Event::HoldMusic(true);
            let (known, was_tapped) = (life.watch.heard.now(), life.watch.is_tapped);
            life.happens(event.clone());
            let new = &life.done[before..];
            if is_ended {
                prop_assert!(new.is_empty(), "{event:?} after the end: {new:?}");
            } else if signs_of_an_end && !has_left {
                prop_assert_eq!(&new[0], &Action::EndTap);
                has_left = true;
            }
            let heard_more = life.watch.heard.now() > known;
            prop_assert!(!heard_more || is_sound && was_tapped);
            if new.contains(&Action::TakeOut) {
                prop_assert_eq!(mode, Mode::Enforce);
                prop_assert!(music && said >= 2, "{said} questions were said");
                let asked = &life.watch.record.asked;
                let last_two = &asked[asked.len() - 2..];
                prop_assert!(last_two.iter().all(|asked| asked.answer.is_none()));
                let heard = life.wait().nobody.unwrap().heard;
                prop_assert!(silence_ends || !matches!(heard, Instead::Silence | Instead::Echo));
                prop_assert!(!life.watch.is_tapped);
            }
            prop_assert!(mode != Mode::Observe || !new.contains(&Action::Ask));
            is_ended |= !life.filed().is_empty();
        }
        prop_assert_eq!(life.filed().len(), 1);
        prop_assert!(matches!(life.done.last(), Some(Action::File(_))));
        prop_assert!(life.filed()[0].verdict.is_none());
    }
}
