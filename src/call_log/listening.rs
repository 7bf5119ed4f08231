//! Who listened to which recording.

use jiff::Timestamp;

use crate::call_record::CallId;

/// That somebody had the recording of a call sent to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The call.
    pub call: CallId,
    /// The user.
    pub who: String,
    /// The address from which they asked.
    pub address: String,
    /// When, the first time within the hour.
    pub at: Timestamp,
}

impl Listening {
    /// The hour it was in, counted from 1970: more within the hour is the same listening.
    pub fn hour(&self) -> i64 {
        self.at.as_second().div_euclid(3_600)
    }
}
