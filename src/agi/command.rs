//! Commands: 47 constructors, and the one line each becomes.

use std::fmt;
use std::time::Duration;

use super::encode::needs_quotes;
use super::key::Keys;
use super::verb::Verb;

/// One AGI command with its arguments, not yet checked for what a line can carry.
///
/// Arguments are bytes and may come from outside: whatever could leave its place on the line is
/// quoted, and what no quoting can carry is refused by [`Command::encode`]. Asterisk expands no
/// `${…}` in them but in [`Command::get_full_variable`], and in [`Command::exec`] where the
/// dialplan sets `AGIEXECFULL`.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    verb: Verb,
    arguments: Vec<Box<[u8]>>,
}

/// The arguments of RECORD FILE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFile {
    /// Path without extension; a relative one lies under Asterisk's sounds folder.
    pub file: String,
    /// Format, which is the extension, too.
    pub format: String,
    /// Keys that end it.
    pub ends: Keys,
    /// Longest time; `None` for no limit.
    pub limit: Option<Duration>,
    /// Samples to skip at the start of a file that exists.
    pub offset: Option<u64>,
    /// Whether a beep comes first.
    pub beep: bool,
    /// Silence that ends it, in whole seconds; rounded up.
    pub silence: Option<Duration>,
}

impl Command {
    /// ANSWER: takes the call.
    pub fn answer() -> Self {
        Self::new(Verb::Answer)
    }

    /// ASYNCAGI BREAK: ends an `AsyncAGI` session; without meaning over FastAGI.
    pub fn async_agi_break() -> Self {
        Self::new(Verb::AsyncAgiBreak)
    }

    /// CHANNEL STATUS of this channel.
    pub fn channel_status() -> Self {
        Self::new(Verb::ChannelStatus)
    }

    /// CHANNEL STATUS of another channel.
    pub fn channel_status_of(channel: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::ChannelStatus).arg(channel)
    }

    /// CONTROL STREAM FILE: plays a file that the caller can wind; `skip` is one winding step.
    pub fn control_stream_file(file: impl AsRef<[u8]>, ends: Keys, skip: Duration) -> Self {
        Self::new(Verb::ControlStreamFile)
            .arg(file)
            .keys(ends)
            .millis(skip)
    }

    /// DATABASE DEL: removes a key.
    pub fn database_del(family: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::DatabaseDel).arg(family).arg(key)
    }

    /// DATABASE DELTREE: removes a family, or what lies below one key of it.
    pub fn database_del_tree(family: impl AsRef<[u8]>, key: Option<&[u8]>) -> Self {
        Self::new(Verb::DatabaseDelTree).arg(family).maybe(key)
    }

    /// DATABASE GET: the value of a key.
    pub fn database_get(family: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::DatabaseGet).arg(family).arg(key)
    }

    /// DATABASE PUT: sets a key.
    pub fn database_put(
        family: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Self {
        Self::new(Verb::DatabasePut).arg(family).arg(key).arg(value)
    }

    /// EXEC: runs a dialplan application; empty `options` are left out.
    ///
    /// Commas in `options` part the application's own arguments: nothing from outside belongs here.
    pub fn exec(application: impl AsRef<[u8]>, options: impl AsRef<[u8]>) -> Self {
        let options = options.as_ref();
        Self::new(Verb::Exec)
            .arg(application)
            .maybe((!options.is_empty()).then_some(options))
    }

    /// GET DATA: plays a file and collects keys until `#`, `most` keys or `timeout` without one.
    pub fn get_data(file: impl AsRef<[u8]>, timeout: Duration, most: u16) -> Self {
        Self::new(Verb::GetData)
            .arg(file)
            .millis(timeout)
            .number(most)
    }

    /// GET FULL VARIABLE: expands a dialplan expression, functions and all.
    ///
    /// As strong as the dialplan itself: never hand it text from outside.
    pub fn get_full_variable(expression: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::GetFullVariable).arg(expression)
    }

    /// GET OPTION: plays a file and waits for one of the keys, up to `timeout` after its end.
    pub fn get_option(file: impl AsRef<[u8]>, keys: Keys, timeout: Duration) -> Self {
        Self::new(Verb::GetOption)
            .arg(file)
            .keys(keys)
            .millis(timeout)
    }

    /// GET VARIABLE: a variable's value, cut by Asterisk at 1,024 bytes.
    ///
    /// A value with a line end in it can forge replies: take outside text from the prelude instead.
    pub fn get_variable(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::GetVariable).arg(name)
    }

    /// GOSUB: runs a dialplan subroutine to its `Return()`.
    pub fn gosub(
        context: impl AsRef<[u8]>,
        extension: impl AsRef<[u8]>,
        priority: impl AsRef<[u8]>,
        argument: Option<&[u8]>,
    ) -> Self {
        Self::new(Verb::Gosub)
            .arg(context)
            .arg(extension)
            .arg(priority)
            .maybe(argument)
    }

    /// HANGUP: ends the call.
    pub fn hangup() -> Self {
        Self::new(Verb::Hangup)
    }

    /// HANGUP of another channel.
    pub fn hangup_other(channel: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::Hangup).arg(channel)
    }

    /// NOOP: asks for a reply, nothing else.
    pub fn noop() -> Self {
        Self::new(Verb::Noop)
    }

    /// RECEIVE CHAR: one character of text, on channels that carry text.
    pub fn receive_char(timeout: Duration) -> Self {
        Self::new(Verb::ReceiveChar).millis(timeout)
    }

    /// RECEIVE TEXT: a line of text, on channels that carry text.
    pub fn receive_text(timeout: Duration) -> Self {
        Self::new(Verb::ReceiveText).millis(timeout)
    }

    /// RECORD FILE: records the caller; cannot be interrupted.
    pub fn record_file(record: &RecordFile) -> Self {
        let limit = match record.limit {
            Some(limit) => limit.as_millis().to_string(),
            None => "-1".to_owned(),
        };
        let mut command = Self::new(Verb::RecordFile)
            .arg(&record.file)
            .arg(&record.format)
            .keys(record.ends)
            .arg(limit);
        if let Some(offset) = record.offset {
            command = command.number(offset);
        }
        if record.beep {
            command = command.arg("BEEP");
        }
        match record.silence {
            Some(silence) => command.arg(format!("s={}", silence.as_millis().div_ceil(1000))),
            None => command,
        }
    }

    /// SAY ALPHA: spells.
    pub fn say_alpha(text: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::SayAlpha).arg(text).keys(ends)
    }

    /// SAY DATE of a moment, in seconds since 1970.
    pub fn say_date(epoch: i64, ends: Keys) -> Self {
        Self::new(Verb::SayDate).number(epoch).keys(ends)
    }

    /// SAY DATETIME of a moment, in seconds since 1970, in a format of `voicemail.conf`, in a zone.
    pub fn say_date_time(
        epoch: i64,
        ends: Keys,
        format: Option<&[u8]>,
        zone: Option<&[u8]>,
    ) -> Self {
        let format = match (format, zone) {
            (None, Some(_)) => Some(&b"ABdY 'digits/at' IMp"[..]),
            (format, _) => format,
        };
        Self::new(Verb::SayDateTime)
            .number(epoch)
            .keys(ends)
            .maybe(format)
            .maybe(zone)
    }

    /// SAY DIGITS: one digit after the other; `*` and `#` are said, too.
    pub fn say_digits(digits: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::SayDigits).arg(digits).keys(ends)
    }

    /// SAY NUMBER: a number as one says it.
    pub fn say_number(number: i32, ends: Keys) -> Self {
        Self::new(Verb::SayNumber).number(number).keys(ends)
    }

    /// SAY PHONETIC: spells with the words for the letters.
    pub fn say_phonetic(text: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::SayPhonetic).arg(text).keys(ends)
    }

    /// SAY TIME of a moment, in seconds since 1970.
    pub fn say_time(epoch: i64, ends: Keys) -> Self {
        Self::new(Verb::SayTime).number(epoch).keys(ends)
    }

    /// SEND IMAGE, on channels that carry images.
    pub fn send_image(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SendImage).arg(name)
    }

    /// SEND TEXT, on channels that carry text.
    pub fn send_text(text: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SendText).arg(text)
    }

    /// SET AUTOHANGUP: Asterisk hangs up after this many whole seconds, rounded up; zero switches it off.
    pub fn set_auto_hangup(after: Duration) -> Self {
        Self::new(Verb::SetAutoHangup).number(after.as_millis().div_ceil(1000))
    }

    /// SET CALLERID of this channel.
    pub fn set_caller_id(number: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetCallerId).arg(number)
    }

    /// SET CONTEXT: where the dialplan goes on.
    pub fn set_context(context: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetContext).arg(context)
    }

    /// SET EXTENSION: where the dialplan goes on.
    pub fn set_extension(extension: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetExtension).arg(extension)
    }

    /// SET MUSIC on, with a class or the channel's own.
    pub fn set_music_on(class: Option<&[u8]>) -> Self {
        Self::new(Verb::SetMusic).arg("on").maybe(class)
    }

    /// SET MUSIC off.
    pub fn set_music_off() -> Self {
        Self::new(Verb::SetMusic).arg("off")
    }

    /// SET PRIORITY, a number or a label: where the dialplan goes on.
    pub fn set_priority(priority: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetPriority).arg(priority)
    }

    /// SET VARIABLE of the channel, or a writable dialplan function.
    pub fn set_variable(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetVariable).arg(name).arg(value)
    }

    /// SPEECH ACTIVATE GRAMMAR.
    pub fn speech_activate_grammar(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechActivateGrammar).arg(name)
    }

    /// SPEECH CREATE: a recogniser of this engine.
    pub fn speech_create(engine: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechCreate).arg(engine)
    }

    /// SPEECH DEACTIVATE GRAMMAR.
    pub fn speech_deactivate_grammar(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechDeactivateGrammar).arg(name)
    }

    /// SPEECH DESTROY.
    pub fn speech_destroy() -> Self {
        Self::new(Verb::SpeechDestroy)
    }

    /// SPEECH LOAD GRAMMAR.
    pub fn speech_load_grammar(name: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechLoadGrammar).arg(name).arg(path)
    }

    /// SPEECH RECOGNIZE: plays a prompt and listens.
    pub fn speech_recognize(prompt: impl AsRef<[u8]>, timeout: Duration) -> Self {
        Self::new(Verb::SpeechRecognize).arg(prompt).millis(timeout)
    }

    /// SPEECH SET: a setting of the engine.
    pub fn speech_set(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechSet).arg(name).arg(value)
    }

    /// SPEECH UNLOAD GRAMMAR.
    pub fn speech_unload_grammar(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SpeechUnloadGrammar).arg(name)
    }

    /// STREAM FILE: plays a file, named without extension, until its end or a key of `ends`.
    pub fn stream_file(file: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::StreamFile).arg(file).keys(ends)
    }

    /// STREAM FILE from a sample on.
    pub fn stream_file_from(file: impl AsRef<[u8]>, ends: Keys, offset: u64) -> Self {
        Self::stream_file(file, ends).number(offset)
    }

    /// TDD MODE: `on`, `off`, `mate` or `tdd`.
    pub fn tdd_mode(mode: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::TddMode).arg(mode)
    }

    /// VERBOSE: a line in Asterisk's own log, level 1 to 4.
    pub fn verbose(text: impl AsRef<[u8]>, level: u8) -> Self {
        Self::new(Verb::Verbose).arg(text).number(level)
    }

    /// WAIT FOR DIGIT: one key, or the time is up.
    pub fn wait_for_digit(timeout: Duration) -> Self {
        Self::new(Verb::WaitForDigit).millis(timeout)
    }

    /// WAIT FOR DIGIT without an end: only a key, the hang-up or an interruption ends it.
    pub fn wait_for_digit_forever() -> Self {
        Self::new(Verb::WaitForDigit).arg("-1")
    }

    /// Which of the 47 it is.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// Its arguments, as they were given.
    pub fn arguments(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.arguments.iter().map(AsRef::as_ref)
    }

    fn new(verb: Verb) -> Self {
        Self {
            verb,
            arguments: Vec::new(),
        }
    }

    fn arg(mut self, word: impl AsRef<[u8]>) -> Self {
        self.arguments.push(word.as_ref().into());
        self
    }

    fn maybe(self, word: Option<&[u8]>) -> Self {
        match word {
            Some(word) => self.arg(word),
            None => self,
        }
    }

    fn keys(self, keys: Keys) -> Self {
        self.arg(keys.to_string())
    }

    fn number(self, number: impl fmt::Display) -> Self {
        self.arg(number.to_string())
    }

    fn millis(self, duration: Duration) -> Self {
        self.number(duration.as_millis().min(i32::MAX as u128))
    }
}

impl fmt::Display for Command {
    /// For the log: one line whatever the arguments hold, every byte outside printable ASCII escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb.words())?;
        for argument in &self.arguments {
            if needs_quotes(argument) {
                write!(f, " \"{}\"", argument.escape_ascii())?;
            } else {
                write!(f, " {}", argument.escape_ascii())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}
