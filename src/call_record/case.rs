//! The place of a call in its case.

use jiff::Timestamp;

use super::CallId;

/// Which call of its case a call is: what is sent of it when it is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceInCase {
    /// The case.
    pub case: CallId,
    /// Its place among the calls of the case by their begin, from 1.
    pub place: u32,
    /// When the first call of the case began.
    pub first: Timestamp,
}
