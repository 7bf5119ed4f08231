//! The commands the guard uses, by name, and what each is by its nature.
//!
//! Asterisk has 47; `handle_*` of `res_agi.c` says of each what it takes and replies.

use std::fmt;

macro_rules! verbs {
    ($($name:ident $words:literal $nature:ident $form:ident,)*) => {
        /// Which of Asterisk's AGI commands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {
            $(#[doc = concat!("`", $words, "`.")] $name,)*
        }

        impl Verb {
            /// Every command that is used.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The words that name it on the wire.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            fn nature(self) -> Nature {
                match self { $(Self::$name => Nature::$nature,)* }
            }

            /// How its reply is read.
            pub(super) fn form(self) -> Form {
                match self { $(Self::$name => Form::$form,)* }
            }
        }
    };
}

verbs! {
    Answer "ANSWER" Live Done,
    ChannelStatus "CHANNEL STATUS" Live State,
    Exec "EXEC" Dead Exec,
    GetFullVariable "GET FULL VARIABLE" Dead Value,
    GetVariable "GET VARIABLE" Dead Value,
    SayDigits "SAY DIGITS" Interruptible Key,
    SetVariable "SET VARIABLE" Dead Done,
    StreamFile "STREAM FILE" Interruptible Key,
    Verbose "VERBOSE" Dead Done,
    WaitForDigit "WAIT FOR DIGIT" Interruptible Key,
}

impl Verb {
    /// Whether Asterisk still takes it after the hang-up; the others get `511`.
    pub fn is_legal_on_dead_channel(self) -> bool {
        self.nature() == Nature::Dead
    }

    /// Whether Asterisk answers it without waiting for the caller, an application or the end of a sound.
    pub fn is_answered_at_once(self) -> bool {
        !self.is_interruptible() && self != Self::Exec
    }

    /// Whether a further command ends it at once, and its own reply is then never sent.
    pub fn is_interruptible(self) -> bool {
        self.nature() == Nature::Interruptible
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What may be done with a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Needs a living channel.
    Live,
    /// Needs a living channel, and watches the connection while it runs.
    Interruptible,
    /// Taken on a dead channel, too.
    Dead,
}

/// The form of a command's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Any number: done. `-1`: failed.
    Done,
    /// The ASCII code of a key, or `0`; perhaps `endpos=`.
    Key,
    /// `1 (value)` or `0`.
    Value,
    /// The state of a channel.
    State,
    /// The application's own number, `-2` when there is none.
    Exec,
}
