//! The 47 commands by name, and what each is by its nature.

use std::fmt;

macro_rules! verbs {
    ($($name:ident $words:literal $nature:ident $form:ident,)*) => {
        /// Which of Asterisk's 47 AGI commands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {
            $(#[doc = concat!("`", $words, "`.")] $name,)*
        }

        impl Verb {
            /// Every command there is.
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
    Answer "ANSWER" Live Zero,
    AsyncAgiBreak "ASYNCAGI BREAK" Dead Zero,
    ChannelStatus "CHANNEL STATUS" Live State,
    ControlStreamFile "CONTROL STREAM FILE" Live Key,
    DatabaseDel "DATABASE DEL" Dead One,
    DatabaseDelTree "DATABASE DELTREE" Dead Either,
    DatabaseGet "DATABASE GET" Dead Value,
    DatabasePut "DATABASE PUT" Dead One,
    Exec "EXEC" Dead Exec,
    GetData "GET DATA" Interruptible Digits,
    GetFullVariable "GET FULL VARIABLE" Dead Value,
    GetOption "GET OPTION" Interruptible Key,
    GetVariable "GET VARIABLE" Dead Value,
    Gosub "GOSUB" Live Gosub,
    Hangup "HANGUP" Live Hangup,
    Noop "NOOP" Dead Zero,
    ReceiveChar "RECEIVE CHAR" Live Char,
    ReceiveText "RECEIVE TEXT" Live Value,
    RecordFile "RECORD FILE" Live Record,
    SayAlpha "SAY ALPHA" Interruptible Key,
    SayDate "SAY DATE" Live Key,
    SayDateTime "SAY DATETIME" Live Key,
    SayDigits "SAY DIGITS" Interruptible Key,
    SayNumber "SAY NUMBER" Interruptible Key,
    SayPhonetic "SAY PHONETIC" Interruptible Key,
    SayTime "SAY TIME" Live Key,
    SendImage "SEND IMAGE" Live Zero,
    SendText "SEND TEXT" Live Zero,
    SetAutoHangup "SET AUTOHANGUP" Live Zero,
    SetCallerId "SET CALLERID" Live One,
    SetContext "SET CONTEXT" Live Zero,
    SetExtension "SET EXTENSION" Live Zero,
    SetMusic "SET MUSIC" Live Zero,
    SetPriority "SET PRIORITY" Live Zero,
    SetVariable "SET VARIABLE" Dead One,
    SpeechActivateGrammar "SPEECH ACTIVATE GRAMMAR" Live One,
    SpeechCreate "SPEECH CREATE" Live One,
    SpeechDeactivateGrammar "SPEECH DEACTIVATE GRAMMAR" Live One,
    SpeechDestroy "SPEECH DESTROY" Dead One,
    SpeechLoadGrammar "SPEECH LOAD GRAMMAR" Live One,
    SpeechRecognize "SPEECH RECOGNIZE" Live Speech,
    SpeechSet "SPEECH SET" Live One,
    SpeechUnloadGrammar "SPEECH UNLOAD GRAMMAR" Dead One,
    StreamFile "STREAM FILE" Interruptible Key,
    TddMode "TDD MODE" Live One,
    Verbose "VERBOSE" Dead One,
    WaitForDigit "WAIT FOR DIGIT" Interruptible Key,
}

impl Verb {
    /// Whether Asterisk still takes it after the hang-up (13 of the 47); the others get `511`.
    pub fn is_legal_on_dead_channel(self) -> bool {
        self.nature() == Nature::Dead
    }

    /// Whether a further command ends it at once; its own reply is then swallowed.
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
    /// `0` done, `-1` failed.
    Zero,
    /// `1` done, `0` not done.
    One,
    /// `0` and `1` both mean done: manual and source contradict each other.
    Either,
    /// The ASCII code of a key, or `0`; perhaps `endpos=`.
    Key,
    /// The keys themselves, perhaps none, perhaps `(timeout)`.
    Digits,
    /// `1 (value)` or `0`.
    Value,
    /// The state of a channel.
    State,
    /// The application's own number, `-2` when there is none.
    Exec,
    /// `0 Gosub complete` and its kin.
    Gosub,
    /// `1` hung up, `-1` no such channel.
    Hangup,
    /// A character's code.
    Char,
    /// RECORD FILE's own.
    Record,
    /// SPEECH RECOGNIZE's own.
    Speech,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_seven_and_thirteen_outlive_the_channel() {
        assert_eq!(Verb::ALL.len(), 47);
        let legal = Verb::ALL
            .iter()
            .filter(|verb| verb.is_legal_on_dead_channel());
        assert_eq!(legal.count(), 13);
    }
}
