//! Commands: a constructor each, and the one line it becomes.

use std::fmt;
use std::time::Duration;

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

impl Command {
    /// ANSWER: takes the call.
    pub fn answer() -> Self {
        Self::new(Verb::Answer)
    }

    /// CHANNEL STATUS: the state of this channel.
    pub fn channel_status() -> Self {
        Self::new(Verb::ChannelStatus)
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

    /// GET FULL VARIABLE: expands a dialplan expression, functions and all.
    ///
    /// As strong as the dialplan itself: never hand it text from outside.
    pub fn get_full_variable(expression: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::GetFullVariable).arg(expression)
    }

    /// The same in what another channel has set.
    pub fn get_full_variable_of(expression: impl AsRef<[u8]>, channel: impl AsRef<[u8]>) -> Self {
        Self::get_full_variable(expression).arg(channel)
    }

    /// GET VARIABLE: a variable's value, cut by Asterisk at 1,024 bytes.
    ///
    /// A value with a line end in it can forge replies: take outside text from the prelude instead.
    pub fn get_variable(name: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::GetVariable).arg(name)
    }

    /// SAY DIGITS: one digit after the other; `*` and `#` are said, too.
    pub fn say_digits(digits: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::SayDigits).arg(digits).keys(ends)
    }

    /// SET VARIABLE of the channel, or a writable dialplan function.
    pub fn set_variable(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        Self::new(Verb::SetVariable).arg(name).arg(value)
    }

    /// STREAM FILE: plays a file, named without extension, until its end or a key of `ends`.
    pub fn stream_file(file: impl AsRef<[u8]>, ends: Keys) -> Self {
        Self::new(Verb::StreamFile).arg(file).keys(ends)
    }

    /// VERBOSE: a line in Asterisk's own log, level 1 to 4.
    pub fn verbose(text: impl AsRef<[u8]>, level: u8) -> Self {
        Self::new(Verb::Verbose).arg(text).number(level)
    }

    /// WAIT FOR DIGIT: one key, or the time is up.
    pub fn wait_for_digit(timeout: Duration) -> Self {
        Self::new(Verb::WaitForDigit).millis(timeout)
    }

    /// Which one it is.
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

/// Whether a word would not survive bare.
pub(super) fn needs_quotes(word: &[u8]) -> bool {
    word.is_empty() || word.iter().any(|byte| b" \t\"\\".contains(byte))
}
