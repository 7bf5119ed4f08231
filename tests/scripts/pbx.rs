//! Asterisk as the guard sees it: a machine that takes command lines and gives what is sent back, in time.
//!
//! It knows the forms of `res_agi.c` and nothing of the guard. Time is given to it, in milliseconds since the
//! prelude. Everything of AGI happens at full hundredths of a second, the tap's events 5 ms after one and a
//! shutdown 3 ms after one, so that nothing depends on the order of things that happen at once.

use std::collections::{BTreeMap, VecDeque};

use voicemail_guard::tap::TapEvent;

use super::caller::Recording;
use super::dialogue::Entry;
use super::script::{Act, Answer, Edge, HangUp, Say, Script, Sound};
use crate::argument_splitter;

/// What comes out of Asterisk, or happens beside it.
#[derive(Debug)]
pub(crate) enum Output {
    /// Bytes of AGI.
    Line(String),
    /// The connection ends.
    Close,
    /// The tap's events.
    Tap(TapEvent),
    /// The guard is asked to stop at once.
    Shutdown,
}

pub(crate) struct Pbx {
    pub(super) dialogue: Vec<Entry>,
    pub(super) variables: BTreeMap<String, String>,
    answers: Vec<Answer>,
    acts: VecDeque<Act>,
    /// When the next act is due; `None` while a prompt is awaited.
    acts_at: Option<u64>,
    awaited: Option<(String, Edge)>,
    under_way: Option<UnderWay>,
    /// What came while an application ran that does not look at the connection.
    waiting: Vec<Vec<String>>,
    /// What was read together with the line before it: Asterisk takes it when the next line comes.
    forgotten: Vec<Vec<String>>,
    /// Until when the script has one run.
    busy_until: u64,
    coming: Vec<(u64, Coming)>,
    keys: VecDeque<char>,
    recording: Recording,
    /// TIMEOUT(absolute).
    safety_timeout: Option<u64>,
    is_dead: bool,
    is_closed: bool,
}

/// A command that takes its time.
struct UnderWay {
    /// The prompt's name, where it is one.
    prompt: Option<String>,
    began: u64,
    until: Option<u64>,
    /// Keys that end it.
    ends: String,
}

enum Coming {
    Line(String),
    /// One that waited until Asterisk reads again.
    Command(Vec<String>),
    Close,
    Shutdown,
}

impl Pbx {
    pub(crate) fn new(script: &Script) -> Self {
        Self {
            dialogue: Vec::new(),
            variables: BTreeMap::new(),
            answers: script.answers.clone(),
            acts: script.acts.clone().into(),
            acts_at: Some(0),
            awaited: None,
            under_way: None,
            waiting: Vec::new(),
            forgotten: Vec::new(),
            busy_until: 0,
            coming: Vec::new(),
            keys: VecDeque::new(),
            recording: Recording::new(),
            // As our dialplan sets it.
            safety_timeout: Some(5_000),
            is_dead: false,
            is_closed: false,
        }
    }

    /// A command line has come.
    pub(crate) fn take(&mut self, line: &[u8], now: u64) {
        let line = line.strip_suffix(b"\n").expect("whole lines");
        let words = argument_splitter::split(line).expect("no more words than Asterisk reads");
        let words: Vec<String> = words
            .into_iter()
            .map(|word| String::from_utf8(word).unwrap())
            .collect();
        let command = words.join(" ");
        if self.is_closed {
            return self.say(now, '>', format!("{command}     (to nobody)"));
        }
        self.say(now, '>', command.clone());
        let runs = self.under_way.as_ref().and_then(|c| c.prompt.as_deref());
        if runs == Some("voicemail") {
            self.waiting.push(words);
        } else if now < self.busy_until {
            self.coming.push((self.busy_until, Coming::Command(words)));
        } else if let Some(unread) = self.unread() {
            self.coming.push((unread, Coming::Command(words)));
        } else if self.forgotten.is_empty() {
            self.carry_out(&words, now);
        } else {
            for forgotten in std::mem::take(&mut self.forgotten) {
                self.carry_out(&forgotten, now);
            }
            self.coming.push((now + LATENCY, Coming::Command(words)));
        }
    }

    /// When Asterisk reads the first line that lies in its socket.
    fn unread(&self) -> Option<u64> {
        let is_command = |coming: &&(u64, Coming)| matches!(coming.1, Coming::Command(_));
        self.coming.iter().find(is_command).map(|coming| coming.0)
    }

    /// Reads a line, and with it all that lies behind it: `run_agi` of `res_agi.c` takes one line from its buffer
    /// and then waits for the socket, which is empty by then.
    fn read(&mut self, words: &[String], now: u64) {
        if self.is_closed {
            return;
        }
        self.carry_out(words, now);
        let with_it =
            |coming: &mut (u64, Coming)| coming.0 <= now && matches!(coming.1, Coming::Command(_));
        for (_, coming) in self.coming.extract_if(.., with_it) {
            if let Coming::Command(words) = coming {
                self.forgotten.push(words);
            }
        }
    }

    fn carry_out(&mut self, words: &[String], now: u64) {
        let command = words.join(" ");
        if let Some(swallowed) = self.under_way.take() {
            self.edge(swallowed.prompt.as_deref(), Edge::Ends, now);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match self.scripted(&command) {
            Some(says) => self.answer(&says, &words, now),
            None if self.is_dead && !is_legal_on_dead_channel(&words) => self.reply(
                now,
                "511 Command Not Permitted on a dead channel or intercept routine",
            ),
            None => {
                self.take_effect(&words, now);
                self.perform(&words, now);
            }
        }
    }

    /// The guard follows the tap's file.
    pub(crate) fn follow_tap(&mut self, now: u64) {
        self.recording.follow(now);
    }

    /// The guard wants the rest of it.
    pub(crate) fn finish_tap(&mut self, now: u64) {
        self.recording.finish(now);
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn next_at(&self) -> Option<u64> {
        let acts = self.acts_at.filter(|_| !self.acts.is_empty());
        let coming = self.coming.iter().map(|coming| coming.0).min();
        let under_way = self.under_way.as_ref().and_then(|command| command.until);
        let all = [
            acts,
            coming,
            under_way,
            self.safety_timeout,
            self.recording.next_at(),
        ];
        all.into_iter().flatten().min()
    }

    /// What happens now.
    pub(crate) fn poll(&mut self, now: u64) -> Vec<Output> {
        let mut outputs = Vec::new();
        if self
            .under_way
            .as_ref()
            .is_some_and(|c| c.until.is_some_and(|until| until <= now))
        {
            self.end_command("0", now, now);
        }
        while self.acts_at.is_some_and(|at| at <= now) {
            let Some(act) = self.acts.pop_front() else {
                break;
            };
            self.act(act, now);
        }
        if self
            .safety_timeout
            .is_some_and(|safety_timeout| safety_timeout <= now)
        {
            self.say(now, '~', "TIMEOUT(absolute) strikes");
            self.hang_up(HangUp::Closing, now);
        }
        while let Some(first) = self.coming.iter().position(|coming| coming.0 <= now) {
            // The guard has its answer, and acts on it, before Asterisk reads on.
            if matches!(self.coming[first].1, Coming::Command(_)) && !outputs.is_empty() {
                break;
            }
            outputs.extend(match self.coming.remove(first).1 {
                Coming::Line(_) if self.is_closed => None,
                Coming::Line(line) => {
                    self.say(now, '<', line.clone());
                    Some(Output::Line(line + "\n"))
                }
                Coming::Command(words) => {
                    self.read(&words, now);
                    None
                }
                Coming::Close => self.close(now),
                Coming::Shutdown => Some(Output::Shutdown),
            });
        }
        outputs.extend(self.recording.poll(now).into_iter().map(Output::Tap));
        outputs
    }

    /// The guard has closed.
    pub(crate) fn closed(&mut self, now: u64) {
        self.say(now, '>', "(closes)");
    }

    fn close(&mut self, now: u64) -> Option<Output> {
        (!std::mem::replace(&mut self.is_closed, true)).then(|| {
            self.say(now, '<', "(closes)");
            self.safety_timeout = None;
            self.under_way = None;
            Output::Close
        })
    }

    fn act(&mut self, act: Act, now: u64) {
        self.acts_at = Some(now);
        match act {
            Act::Sound(sound, length) => {
                if sound != Sound::Same {
                    self.say(now, '~', sound.to_string());
                    self.recording.change(sound, now);
                }
                self.acts_at = Some(now + length.as_millis() as u64);
            }
            Act::When(prompt, edge) => {
                self.awaited = Some((prompt, edge));
                self.acts_at = None;
            }
            Act::Key(key, length) => {
                self.say(now, '~', format!("key {key}"));
                self.keys.push_back(key);
                self.press(now);
                self.acts_at = Some(now + length.as_millis() as u64);
            }
            Act::HangUp(how) => {
                self.say(now, '~', "hangs up");
                self.hang_up(how, now);
            }
            Act::Close => self.coming.push((now, Coming::Close)),
            Act::TapFails => {
                let what = self.recording.fail(now);
                self.say(now, '~', what);
            }
            Act::TapHangs => {
                self.say(now, '~', "the tap's folder hangs");
                self.recording.hang(now);
            }
            Act::Shutdown => {
                self.say(now, '~', "the guard is asked to stop");
                self.coming.push((now + 3, Coming::Shutdown));
            }
        }
    }

    fn hang_up(&mut self, how: HangUp, now: u64) {
        self.safety_timeout = None;
        if std::mem::replace(&mut self.is_dead, true) {
            return;
        }
        self.recording.end(now);
        let at = now + LATENCY;
        if how == HangUp::Closing {
            self.waiting.clear();
        }
        if matches!(how, HangUp::Before | HangUp::Twice) {
            self.send(at, "HANGUP");
        }
        self.end_command("-1", now, at);
        let behind = match how {
            HangUp::Closing => 2,
            HangUp::Staying | HangUp::Twice => 1,
            HangUp::Before | HangUp::Unsaid => 0,
        };
        (0..behind).for_each(|_| self.send(at, "HANGUP"));
        if how == HangUp::Closing {
            self.coming.push((at, Coming::Close));
        }
    }

    /// The script's own answer, if it has one.
    fn scripted(&mut self, command: &str) -> Option<Vec<Say>> {
        for at in 0..self.answers.len() {
            let answer = &mut self.answers[at];
            if command.starts_with(&answer.command) {
                answer.nth -= 1;
                if answer.nth == 0 {
                    return Some(self.answers.remove(at).says);
                }
            }
        }
        None
    }

    fn answer(&mut self, says: &[Say], words: &[&str], now: u64) {
        let done = |say: &Say| matches!(say, Say::Line(line) if line.starts_with("200") && !line.contains("=-"));
        if says.iter().any(done) {
            self.take_effect(words, now);
        }
        if let ["STREAM", "FILE", file, ..] = words {
            self.edge(Some(prompt(file)), Edge::Begins, now);
        }
        let mut at = now + LATENCY;
        for say in says {
            match say {
                Say::Line(line) => self.send(at, line),
                Say::Wait(time) => at += time.as_millis() as u64,
                Say::Close => self.coming.push((at, Coming::Close)),
            }
        }
        if let ["EXEC", "VoiceMail", ..] = words {
            self.busy_until = at;
        }
    }

    /// What a command changes, whatever its answer looks like.
    fn take_effect(&mut self, words: &[&str], now: u64) {
        match words {
            ["SET", "VARIABLE", "TIMEOUT(absolute)", seconds] => {
                let seconds: u64 = seconds.parse().unwrap();
                self.safety_timeout =
                    (seconds > 0 && !self.is_dead).then_some(now + seconds * 1_000);
            }
            ["SET", "VARIABLE", name, value] => {
                self.variables.insert((*name).into(), (*value).into());
            }
            ["EXEC", "MixMonitor", ..] => self.recording.begin(now),
            ["EXEC", "Originate", ..] => self.recording.spy(now),
            ["EXEC", "StopMixMonitor", ..] => self.recording.end(now),
            _ => {}
        }
    }

    fn perform(&mut self, words: &[&str], now: u64) {
        match words {
            ["STREAM", "FILE", file, keys] => {
                let prompt = prompt(file);
                let length = LENGTHS.iter().find(|known| known.0 == prompt);
                self.begin(
                    Some(prompt),
                    length.map_or(2_000, |known| known.1),
                    keys,
                    now,
                );
            }
            ["SAY", "DIGITS", digits, keys] => {
                self.begin(Some("digits"), 400 * digits.len() as u64, keys, now);
            }
            ["WAIT", "FOR", "DIGIT", millis] => {
                self.begin(None, millis.parse().unwrap(), "0123456789*#", now);
            }
            ["EXEC", "VoiceMail", ..] => {
                self.begin(Some("voicemail"), 0, "#", now);
                self.under_way.as_mut().unwrap().until = None;
            }
            ["GET", "VARIABLE", "GUARD_TAP_ID"] => self.reply(now, "200 result=1 (0x7f00aa)"),
            ["GET", "FULL", "VARIABLE", ..] => self.reply(now, "200 result=1 (1700000000.1)"),
            ["CHANNEL", "STATUS"] => self.reply(now, "200 result=6"),
            ["ANSWER" | "EXEC", ..] => self.reply(now, "200 result=0"),
            ["SET", "VARIABLE", ..] => self.reply(now, "200 result=1"),
            _ => self.reply(now, "510 Invalid or unknown command"),
        }
    }

    fn begin(&mut self, prompt: Option<&str>, length: u64, ends: &str, now: u64) {
        self.under_way = Some(UnderWay {
            prompt: prompt.map(Into::into),
            began: now,
            until: Some(now + length),
            ends: ends.into(),
        });
        self.edge(prompt, Edge::Begins, now);
        self.press(now);
    }

    /// Keys go to the command that is under way; what does not end it is lost, without one they wait.
    fn press(&mut self, now: u64) {
        while let Some(command) = &self.under_way {
            let Some(key) = self.keys.pop_front() else {
                return;
            };
            if command.ends.contains(key) {
                let result = if command.prompt.as_deref() == Some("voicemail") {
                    0
                } else {
                    key as u32
                };
                self.end_command(&result.to_string(), now, now + LATENCY);
            }
        }
    }

    fn end_command(&mut self, result: &str, now: u64, at: u64) {
        let Some(command) = self.under_way.take() else {
            return;
        };
        let played = (now - command.began) * 8;
        let line = match command.prompt.as_deref() {
            None | Some("digits" | "voicemail") => format!("200 result={result}"),
            Some(_) => format!("200 result={result} endpos={played}"),
        };
        self.send(at, &line);
        for words in self.waiting.drain(..) {
            self.coming.push((at, Coming::Command(words)));
        }
        self.edge(command.prompt.as_deref(), Edge::Ends, now);
    }

    fn edge(&mut self, prompt: Option<&str>, edge: Edge, now: u64) {
        let awaited = self.awaited.as_ref();
        if awaited.is_some_and(|awaited| Some(&*awaited.0) == prompt && awaited.1 == edge) {
            self.awaited = None;
            self.acts_at = Some(now);
        }
    }

    fn reply(&mut self, now: u64, line: &str) {
        self.send(now + LATENCY, line);
    }

    fn send(&mut self, at: u64, line: &str) {
        self.coming.push((at, Coming::Line(line.into())));
        self.coming.sort_by_key(|coming| coming.0);
    }

    fn say(&mut self, at: u64, mark: char, text: impl Into<String>) {
        let text = text.into();
        self.dialogue.push(Entry { at, mark, text });
    }
}

fn prompt(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// `AST_AGI` entries of `res_agi.c` with the dead flag, as far as they are used.
fn is_legal_on_dead_channel(words: &[&str]) -> bool {
    matches!(
        words,
        ["EXEC" | "GET" | "NOOP" | "VERBOSE" | "DATABASE", ..] | ["SET", "VARIABLE", ..]
    )
}

/// How long the prompts are, in ms; others take two seconds.
const LENGTHS: [(&str, u64); 3] = [
    ("greeting", 6_000),
    ("greeting-withheld", 7_000),
    ("beep", 300),
];

/// What Asterisk needs for an answer that needs no time, in ms.
const LATENCY: u64 = 10;
