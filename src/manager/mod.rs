//! Asterisk's manager interface as a stream of events: who was connected with whom, for the cases in the call log.
//!
//! ```text
//! Asterisk ── octets ──► Blocks ── events ──► CallsUp ── Connected ──► call log: cases closed
//! ```
//!
//! One connection that is kept open, made again when it breaks. It only listens: no call waits for it, none is
//! changed by it. What happens while there is no connection is not told later; a case that would have been
//! closed then stays open.

pub mod calls_up;
mod watch;

pub use watch::Watch;
