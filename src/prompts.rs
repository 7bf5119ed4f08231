//! What the guard says: the prompts by name.

use std::fmt;

/// A prompt of the guard, one file per language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Prompt {
    /// The start of every call; asks for the callback number first.
    Greeting,
    /// The start for a caller who withholds their number.
    GreetingWithheld,
    /// The one question.
    StillThere,
    /// The rambler's prompt: please say or key in your number first.
    NumberFirst,
    /// The longest message is nearly reached.
    TimeWarning,
    /// Key in your number, then the hash key.
    EnterNumber,
    /// Comes before the digits that are read back.
    NumberIs,
    /// Comes after them: 1 confirms, 2 starts again.
    NumberConfirm,
    /// The number is noted; go on speaking.
    NumberSaved,
    /// That cannot be a telephone number.
    NumberImpossible,
    /// Comes before the digits of the caller ID that is offered.
    OfferCallerId,
    /// Comes after them: 1 if we may call back there.
    OfferConfirm,
    /// The message is recorded.
    Thanks,
    /// The call ends.
    Goodbye,
    /// The question, for callers who wait in a queue.
    StillWaiting,
}

impl Prompt {
    /// All prompts.
    pub const ALL: [Self; 15] = [
        Self::Greeting,
        Self::GreetingWithheld,
        Self::StillThere,
        Self::NumberFirst,
        Self::TimeWarning,
        Self::EnterNumber,
        Self::NumberIs,
        Self::NumberConfirm,
        Self::NumberSaved,
        Self::NumberImpossible,
        Self::OfferCallerId,
        Self::OfferConfirm,
        Self::Thanks,
        Self::Goodbye,
        Self::StillWaiting,
    ];

    /// Whether it wants an answer.
    pub fn wants_answer(self) -> bool {
        matches!(
            self,
            Self::GreetingWithheld
                | Self::StillThere
                | Self::NumberFirst
                | Self::EnterNumber
                | Self::NumberConfirm
                | Self::OfferCallerId
                | Self::StillWaiting
        )
    }

    /// The name in the call log, such as `still-there`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::GreetingWithheld => "greeting-withheld",
            Self::StillThere => "still-there",
            Self::NumberFirst => "number-first",
            Self::TimeWarning => "time-warning",
            Self::EnterNumber => "enter-number",
            Self::NumberIs => "number-is",
            Self::NumberConfirm => "number-confirm",
            Self::NumberSaved => "number-saved",
            Self::NumberImpossible => "number-impossible",
            Self::OfferCallerId => "offer-caller-id",
            Self::OfferConfirm => "offer-confirm",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
            Self::StillWaiting => "still-waiting",
        }
    }

    /// The sound as Asterisk gets its name; Asterisk finds language and ending by itself.
    pub fn path(self) -> String {
        format!("voicemail-guard/{self}")
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let mut names = Prompt::ALL.map(Prompt::name);
        names.sort_unstable();
        assert_eq!(names.len(), 15);
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert_eq!(Prompt::StillThere.to_string(), "still-there");
        assert_eq!(Prompt::StillThere.path(), "voicemail-guard/still-there");
    }
}
