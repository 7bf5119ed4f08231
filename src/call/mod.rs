//! The conversation, pure: events in, actions out, time as an argument.

pub mod policy;
pub mod record;
pub mod verdict;
