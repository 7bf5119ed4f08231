//! Which telephones are connected with which, pure: out of the events of Asterisk's manager interface.
//!
//! `DialEnd` with `DialStatus: ANSWER` is sent by everything that rings a telephone for a caller: `Dial()`,
//! `Queue()`, `FollowMe()`. It names the channel that called and the one that answered, each with its number.
//! Two kinds of it mean nothing and are left out: one without a calling channel (an originated call, whose
//! far end is not there yet), and one whose answer is that of a `Local` channel (what answers behind it may be
//! an announcement or a mailbox; a telephone behind it has a `DialEnd` of its own).
//!
//! Which number a caller dialled stands in the `Newchannel` of the first channel of their call, and is kept until
//! that channel hangs up.

use std::collections::BTreeMap;

use crate::ami::Block;
use crate::case::Connected;

/// Calls whose dialled number is known at the same time; of more, those with the first names are forgotten.
const MOST_CALLS: usize = 20_000;
/// Characters of an identifier or number that are kept.
const LONGEST_VALUE: usize = 256;

/// What is known of the calls that are up.
#[derive(Debug, Default)]
pub(crate) struct CallsUp {
    /// Of calls by their linkedid: the number that was dialled.
    dialled: BTreeMap<String, String>,
}

impl CallsUp {
    /// Takes an event; returns a connection, if it is one.
    pub(crate) fn hear(&mut self, event: &Block) -> Option<Connected> {
        let get = |name| {
            event
                .get(name)
                .chars()
                .take(LONGEST_VALUE)
                .collect::<String>()
        };
        let linkedid = get("Linkedid");
        let is_first_channel = !linkedid.is_empty() && get("Uniqueid") == linkedid;
        match event.get("Event") {
            "Newchannel" if is_first_channel => {
                // What an analogue line dials.
                let dialled = Some(get("Exten")).filter(|exten| !exten.is_empty() && exten != "s");
                if let Some(dialled) = dialled {
                    self.dialled.insert(linkedid, dialled);
                }
                if self.dialled.len() > MOST_CALLS {
                    self.dialled.pop_first();
                }
                None
            }
            "Hangup" if is_first_channel => {
                self.dialled.remove(&linkedid);
                None
            }
            "DialEnd" => {
                let answered = event.get("DialStatus") == "ANSWER";
                let telephone = !event.get("DestChannel").starts_with("Local/");
                let called_by_a_channel = !event.get("Channel").is_empty();
                (answered && telephone && called_by_a_channel).then(|| Connected {
                    caller: get("CallerIDNum"),
                    dialled: self.dialled.get(&linkedid).cloned(),
                    answered: get("DestCallerIDNum"),
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
