//! Any order of events against the conversation, as bytes say it, and the laws that hold whatever happens.
//!
//! Each byte of the input is an event, some with a second byte behind it; see [`Life::happen`]. A law that is
//! broken panics, so that proptest and the fuzzer find the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use voicemail_guard::agi::{Command, Incoming, Reply, Verb};
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call::admission::CallerLists;
use voicemail_guard::call::policy::{Offer, Policy};
use voicemail_guard::call::verdict::is_doubtful;
use voicemail_guard::call::{Action, Call, Event};
use voicemail_guard::call_record::{CallRecord, CallbackSource, CameFrom, EndedBy, Instead, Mode};
use voicemail_guard::clock::Clock;
use voicemail_guard::hearing::{Class, Glimpse, Signal, ThirdOpinion, Timeline, Update};
use voicemail_guard::number::CallerList;
use voicemail_guard::tap::{monitor, plan::TapPlan};

use super::records;

/// Lives through a call of these events, and checks every law.
pub(crate) fn live(bytes: &[u8]) {
    let (&kind, mut events) = bytes.split_first().unwrap_or((&0, &[]));
    let mut life = Life::new(policy(kind), tap(kind), came_from(kind));
    life.act();
    while let Some((&event, rest)) = events.split_first() {
        let (&operand, behind) = rest.split_first().unwrap_or((&0, &[]));
        events = if life.happen(event, operand) {
            behind
        } else {
            rest
        };
        life.act();
    }
    life.end();
}

/// Modes, and limits that a short input can reach.
fn policy(kind: u8) -> Policy {
    let mut policy = Policy {
        mode: [Mode::Enforce, Mode::Guide, Mode::Observe][usize::from(kind % 3)],
        questions: 1 + u32::from(kind / 3 % 3),
        ..Policy::default()
    };
    if kind & 64 != 0 {
        policy.operator_exit = Some("operators,o,1".into());
        policy.star_exit = Some("operators,a,1".into());
        policy.offer_caller_id =
            [Offer::Never, Offer::Greeting, Offer::Rambler][usize::from(kind % 3)];
    }
    if kind & 32 != 0 {
        let list = |on: bool, entry: &str| {
            let entries = Vec::from_iter(on.then(|| entry.parse().expect("an entry")));
            CallerList::new(entries, Some(policy.home_country))
        };
        policy.lists = Arc::new(CallerLists {
            watch: list(kind & 16 != 0, "0911 2000 0001"),
            straight: list(kind & 0b1100 == 0b1100, "_+49911X."),
            refuse: list(true, "_0911[12]X."),
        });
    }
    if kind >= 128 {
        policy.rambler_prompt_after = Duration::from_secs(8);
        policy.longest_message = Duration::from_secs(20);
        policy.warning_before_end = Duration::from_secs(6);
        policy.longest_call = Duration::from_secs(40);
    }
    policy
}

/// MixMonitor, or a spy that Asterisk ends by itself, and that does not fill up under a prompt.
fn tap(kind: u8) -> TapPlan {
    let spy = TapPlan {
        begin: vec![Command::exec("Originate", "Local/1@listen")],
        ended_by: None,
        fills_under_prompt: false,
    };
    let monitor = monitor::plan("/tap".as_ref(), records::opened(1).id, None);
    [monitor, spy][usize::from(kind / 2 % 2)].clone()
}

/// Hold music played in the queue that the caller comes from, or they come from none.
fn came_from(kind: u8) -> Option<CameFrom> {
    (kind & 4 != 0).then(|| CameFrom {
        id: records::opened(2).id,
        queue: "support".into(),
        nobody: Some(Instead::Music),
    })
}

#[expect(clippy::struct_excessive_bools, reason = "seen from outside")]
pub(super) struct Life {
    call: Call,
    pub(super) policy: Policy,
    pub(super) began: Instant,
    pub(super) now: Instant,
    pub(super) heard: MediaTime,
    /// The events that the conversation got, so far.
    pub(super) timeline: Timeline,
    pub(super) tone_was_heard: bool,
    /// What Asterisk has not answered yet.
    under_way: VecDeque<Command>,
    is_closed: bool,
    is_dead: bool,
    pub(super) question_was_played: bool,
    /// Whether they may have been speaking when the last words were played.
    pub(super) may_speak: bool,
    /// Whether they may have been when the command before that was sent.
    was_in_doubt: bool,
    /// Where the last command was sent before the recording had begun.
    last_sent: MediaTime,
    /// The set-up is over: the tap runs.
    pub(super) is_tapped: bool,
    /// Asterisk is waited for no longer.
    is_left: bool,
    status: Option<Vec<u8>>,
    /// So many digits one after the other, and whether they were a number once.
    digits: usize,
    pub(super) is_number_keyed: bool,
    /// The same of keys that came as sound alone.
    sounded: usize,
    has_pressed: bool,
    pub(super) is_number_sounded: bool,
    saved: Option<Box<CallRecord>>,
    /// Where the recording had begun at the latest.
    pub(super) listened_from: Option<MediaTime>,
    record: Option<CallRecord>,
    is_over: bool,
}

impl Life {
    fn new(policy: Policy, tap: TapPlan, came_from: Option<CameFrom>) -> Self {
        let began = Clock::default().now();
        let record = CallRecord {
            mode: policy.mode,
            came_from,
            ..records::opened(1)
        };
        Self {
            call: Call::new(record, policy.clone(), tap, began),
            policy,
            began,
            now: began,
            heard: MediaTime::ZERO,
            timeline: Timeline::default(),
            tone_was_heard: false,
            under_way: VecDeque::new(),
            is_closed: false,
            is_dead: false,
            question_was_played: false,
            is_tapped: false,
            is_left: false,
            status: None,
            digits: 0,
            is_number_keyed: false,
            may_speak: false,
            was_in_doubt: false,
            last_sent: MediaTime::ZERO,
            sounded: 0,
            has_pressed: false,
            is_number_sounded: false,
            saved: None,
            listened_from: None,
            record: None,
            is_over: false,
        }
    }

    /// One event; whether it took the operand, too.
    fn happen(&mut self, event: u8, operand: u8) -> bool {
        match event % 32 {
            0..=7 => {
                self.pass(u64::from(operand) * 50);
                self.reply_as_usual();
            }
            8 => {
                let key = b"0123456789*#"[usize::from(operand) % 12];
                self.press(key);
                self.reply(&format!("200 result={key}"));
            }
            9 => {
                let odd = ODD_REPLIES[usize::from(operand) % ODD_REPLIES.len()];
                self.reply(odd);
            }
            10 => self.reply("200 result=-1 endpos=0"),
            11..=13 => self.pass(u64::from(operand) * 100),
            14..=20 => self.sound(event % 32 - 14, operand),
            21 => self.feed(Event::FirstPacket),
            other => {
                match other {
                    22 => self.hang_up(),
                    23 => self.close(),
                    24 => self.feed(Event::TapFailed("as the fuzzer wants".into())),
                    25 => self.feed(Event::TapFinished),
                    26 => self.feed(Event::Shutdown),
                    27 => self.feed(Event::HeardAgain(Some(ThirdOpinion::default()))),
                    28 => self.feed(Event::HeardAgain(None)),
                    29 => {
                        let key = b"0123456789*#"[usize::from(operand) % 12];
                        self.press_in_sound(key.into());
                        return true;
                    }
                    _ => self.reply_as_usual(),
                }
                return false;
            }
        }
        true
    }

    /// A number is keyed in with the long waits; a digit anywhere else can only be its first.
    fn press(&mut self, key: u8) {
        self.has_pressed = true;
        let pause = self.policy.key_pause.as_millis().to_string();
        let hears = !self.is_closed && !self.is_over && !self.is_left;
        let Some(command) = self.under_way.front().filter(|_| hears) else {
            return;
        };
        let waits = command.verb() == Verb::WaitForDigit
            && command.arguments().next() == Some(pause.as_bytes());
        self.digits = match (key.is_ascii_digit(), waits) {
            (true, true) => self.digits + 1,
            (digit, _) => usize::from(digit),
        };
        self.is_number_keyed |= self.digits >= 3;
    }

    /// Digits in the sound are a number where Asterisk has heard no key of its own.
    fn press_in_sound(&mut self, key: char) {
        let update = Update::Key(key);
        self.timeline.apply(update);
        self.sounded = match key {
            '0'..='9' => self.sounded + 1,
            _ => 0,
        };
        let is_number = self.sounded >= 3 && !self.has_pressed;
        self.is_number_sounded |= is_number && self.is_tapped && !self.is_over;
        self.feed(Event::Heard(update));
    }

    /// What Asterisk says when all is well.
    fn reply_as_usual(&mut self) {
        let verb = self.under_way.front().map(Command::verb);
        self.reply(match verb {
            Some(Verb::GetVariable | Verb::GetFullVariable) => "200 result=1 (17.1)",
            Some(Verb::SetVariable) => "200 result=1",
            Some(Verb::ChannelStatus) => "200 result=6",
            _ => "200 result=0",
        });
    }

    fn reply(&mut self, line: &str) {
        if self.is_closed {
            return;
        }
        let reply = Reply::parse(line.as_bytes());
        if !matches!(reply, Reply::Trying | Reply::Garbage(_)) {
            self.under_way.pop_front();
            self.is_dead |= reply == Reply::DeadChannel;
        }
        self.feed(Event::Agi(Incoming::Reply(reply)));
    }

    fn hang_up(&mut self) {
        if !self.is_closed {
            self.is_dead = true;
            self.feed(Event::Agi(Incoming::Hangup));
        }
    }

    fn close(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            self.under_way.clear();
            self.feed(Event::AgiClosed);
        }
    }

    fn sound(&mut self, class: u8, operand: u8) {
        let length = MediaTime::from_millis(u64::from(operand) * 100);
        if let Some(&class) = Class::ALL.get(usize::from(class)) {
            let update = Update::ClassChange {
                class,
                // The ear may date a change back.
                start: self.heard - MediaTime::from_millis(u64::from(operand % 7) * 100),
                known_at: self.heard,
                signal: (class == Class::Tone && operand.is_multiple_of(2)).then_some(Signal::Busy),
            };
            self.timeline.apply(update);
            self.feed(Event::Heard(update));
            let mut shades = [0.02; 5];
            shades[usize::from(operand) % 5] += 0.45;
            shades[class as usize] += 0.45;
            let glimpse = Update::Glimpsed(Glimpse {
                end: self.heard + length,
                first: shades,
                second: shades,
                pitch: None,
            });
            self.timeline.apply(glimpse);
            self.feed(Event::Heard(glimpse));
        }
        self.heard += length;
        self.timeline.advance(self.heard);
        // Bursts count together, with the pauses between them.
        let signal = self.timeline.machine_signal();
        let tone_for = signal.map_or(MediaTime::ZERO, |(_, start)| self.heard - start);
        self.tone_was_heard |= Duration::from(tone_for) >= self.policy.tone;
        self.feed(Event::HeardUpTo(self.heard));
    }

    /// Time passes, timers that are due go off.
    fn pass(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some((at, _)) = self.call.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.call.handle_timeout(self.now);
            self.act();
        }
        self.now = until;
    }

    fn feed(&mut self, event: Event) {
        self.call.handle_event(event, self.now);
        self.act();
    }

    fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            assert!(!self.is_over, "{action:?} after the end");
            match action {
                Action::Send(command) => self.sent(command),
                Action::FollowTap => {
                    assert!(self.record.is_none());
                    self.is_tapped = true;
                }
                Action::FinishTap => self.is_left = true,
                Action::HearAgain => {}
                Action::Save(record) => {
                    assert!(record.ended_by.is_none() && self.record.is_none());
                    self.saved = Some(record);
                }
                Action::File(record) => {
                    self.check(&record);
                    assert!(self.record.replace(*record).is_none(), "filed twice");
                }
                Action::Close => self.is_over = true,
            }
        }
        if self.is_number_keyed {
            let saved = self.saved.as_ref().map(|record| record.callback.source);
            let is_kept = saved.is_some_and(|source| source <= CallbackSource::Keyed);
            assert!(is_kept, "the number does not outlive the guard: {saved:?}");
        }
        assert_eq!(self.call.is_ended(), self.is_over, "ended, but not closed");
        let woken = self.call.poll_timeout();
        assert_eq!(
            woken.is_none(),
            self.is_over,
            "who waits has a timer, who has ended has none"
        );
        if let Some((at, timer)) = woken {
            let ahead = at.saturating_duration_since(self.now);
            assert!(ahead <= LONGEST_WAIT, "{timer:?} only after {ahead:?}");
        }
    }

    fn sent(&mut self, command: Command) {
        assert!(command.encode().is_ok(), "{command} cannot be sent");
        assert!(!self.is_closed, "{command} into a closed connection");
        assert!(
            self.may_be_followed_by(&command),
            "{command} before the reply to {:?}",
            self.under_way
        );
        let legal =
            command.verb().is_legal_on_dead_channel() || command == Command::channel_status();
        assert!(!self.is_dead || legal, "{command} on a dead channel");
        let is_probe = command == Command::channel_status();
        assert!(
            is_probe || self.status.is_none(),
            "{command} behind GUARD_STATUS"
        );
        let mut arguments = command.arguments().map(<[u8]>::to_vec);
        let first = arguments.next().unwrap_or_default();
        if first == b"GUARD_STATUS" {
            assert!(
                self.record.is_some(),
                "the variables are set before the record is filed"
            );
            self.status = arguments.next();
        }
        if self.policy.mode == Mode::Observe {
            assert!(command.verb() != Verb::StreamFile, "{command} in observe");
        }
        drop(arguments);
        let pause = self.policy.key_pause.as_millis().to_string();
        if command.verb() == Verb::WaitForDigit && first != pause.as_bytes() {
            self.listened_from.get_or_insert(self.heard);
        }
        if matches!(command.verb(), Verb::StreamFile | Verb::SayDigits) {
            self.digits = 0;
        }
        self.question_was_played |= first.ends_with(b"still-there");
        // The safety timeout may be renewed between the decision and the words.
        let from = self.listened_from.unwrap_or_default();
        let in_doubt =
            is_doubtful(&self.timeline, from) && is_doubtful(&self.timeline, self.last_sent);
        if first.ends_with(b"goodbye") || first.ends_with(b"thanks") {
            self.may_speak = in_doubt && self.was_in_doubt;
        }
        self.was_in_doubt = in_doubt;
        if self.listened_from.is_none() {
            self.last_sent = self.heard;
        }
        self.under_way.push_back(command);
    }

    /// Nothing is sent before the reply, but the safety timeout behind `VoiceMail()`.
    fn may_be_followed_by(&self, command: &Command) -> bool {
        let mut under_way = self.under_way.iter();
        match (under_way.next(), under_way.next()) {
            (None, _) => true,
            (Some(first), None) => {
                *command == Command::set_variable("TIMEOUT(absolute)", "60")
                    && first.verb() == Verb::Exec
                    && first.arguments().next() == Some(b"VoiceMail")
            }
            (Some(_), Some(_)) => false,
        }
    }

    /// Nothing more comes from outside: the timers alone bring the call to its end.
    fn end(&mut self) {
        for _ in 0..8 {
            if let Some((at, _)) = self.call.poll_timeout() {
                self.now = self.now.max(at);
                self.call.handle_timeout(self.now);
                // The shell closes the connection that was given up.
                self.act();
            }
        }
        assert!(self.is_over, "the timers do not end it");
        let record = self.record.take().expect("one closed record");
        if let Some(status) = &self.status {
            // Who hangs up before the set-up is over may have forged that line.
            let doubtful = record.ended_by == Some(EndedBy::Caller) && !self.is_tapped;
            let expected: &[u8] = match record.ended_by {
                Some(EndedBy::Bypassed) => b"straight",
                Some(EndedBy::Rejected) => b"refused",
                Some(EndedBy::HandedOn) => b"failed",
                _ if doubtful => b"failed",
                _ => b"done",
            };
            assert_eq!(status, expected, "{record:?}");
        }
        for event in 0..32 {
            self.is_closed = false;
            self.happen(event, 100);
        }
        assert!(self.record.is_none() && self.call.poll_action().is_none());
    }
}

/// Replies that a well-behaved Asterisk may give, and some that none does.
const ODD_REPLIES: [&str; 14] = [
    "200 result=1",
    "200 result=0 endpos=16000",
    "200 result=-1",
    "200 result=-2",
    "200 result=1 ()",
    "200 result=",
    "200 result=nonsense (timeout)",
    "100 Trying",
    "503 result=-2 Gosub failed",
    "510 Invalid or unknown command",
    "511 Command Not Permitted on a dead channel or intercept routine",
    "520 End of proper usage.",
    "999 what?",
    "no reply at all",
];

/// `VoiceMail()` may take an hour and some; nothing else does.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3_700);

/// What may come behind the longest call: the prompts under way, the goodbye, the way out.
pub(super) const LAST_WORDS: Duration = Duration::from_mins(7);
