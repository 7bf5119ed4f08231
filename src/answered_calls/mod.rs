//! Who was connected with whom, by the events of Asterisk's manager interface
//! ([`ami`](crate::ami)): for the cases in the call log.
//!
//! ```text
//! ami::Connection ── events ──► CallsUp ── Connected ──► call log: cases closed
//! ```
//!
//! One connection that is kept open, made again when it breaks. It only listens: no call waits for
//! it, none is changed by it. What happens while there is no connection is not reported later; a case
//! that would have been closed then stays open.

pub(crate) mod calls_up;
mod watch;

pub(crate) use watch::Watch;
