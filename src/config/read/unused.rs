//! Settings that are right and do nothing where they stand.

use super::Reader;
use crate::call_record::MailboxName;
use crate::config::Tap;
use crate::config::fields::fields;
use crate::queue_watch::watch::QueueSettings;

impl Reader<'_> {
    /// Notes what a table `[tap]` with the kind `monitor` sets for the other kind.
    pub(super) fn note_unused_of_tap(&mut self, tap: &Tap) {
        let default = Tap::default();
        let address = |tap: &Tap| tap.address_as_asterisk_sees_it.clone();
        let set = [
            ("listen", tap.listen != default.listen),
            (
                "address_as_asterisk_sees_it",
                address(tap) != address(&default),
            ),
        ];
        for (key, _) in set.into_iter().filter(|(_, is_set)| *is_set) {
            self.unused.push(format!(
                "[tap] {key} does nothing with kind = \"monitor\": write kind = \"audiosocket\", or leave it out"
            ));
        }
    }

    /// Notes what the table of a mailbox has for queues, and that of a queue for the question whether the guard may act
    /// on its callers: `mode` is for mailboxes, `queue_mode` for queues.
    pub(super) fn note_unused_of_mailbox<'k>(
        &mut self,
        title: &str,
        name: &MailboxName,
        own: impl Iterator<Item = &'k str>,
    ) {
        let of_queues = fields::<QueueSettings>();
        for key in own {
            let is_of_queues = of_queues.contains(&key);
            if !name.is_queue() && is_of_queues {
                let queue = name.as_str().split('@').next().unwrap_or_default();
                self.unused.push(format!(
                    "{title} {key} does nothing for a mailbox: the table of a queue is [box.\"{queue}@queue\"]"
                ));
            } else if name.is_queue() && key == "mode" {
                self.unused.push(format!(
                    "{title} mode does nothing for a queue: write queue_mode"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn remarks(text: &str) -> Vec<String> {
        Config::parse(text.as_bytes()).unwrap().remarks()
    }

    #[test]
    fn what_does_nothing_where_it_stands_is_remarked() {
        for (text, remark) in [
            (
                "[tap]\nlisten = ['127.0.0.1:4577']",
                "[tap] listen does nothing with kind = \"monitor\": write kind = \"audiosocket\", or leave it out",
            ),
            (
                "[box.support]\nqueue_mode = 'guide'",
                "[box.\"support\"] queue_mode does nothing for a mailbox: the table of a queue is [box.\"support@queue\"]",
            ),
            (
                "[box.'support@queue']\nmode = 'enforce'",
                "[box.\"support@queue\"] mode does nothing for a queue: write queue_mode",
            ),
        ] {
            assert_eq!(remarks(text), [remark]);
        }
    }

    #[test]
    fn what_does_something_is_not() {
        for text in [
            "[tap]\nkind = 'audiosocket'\nlisten = ['127.0.0.1:4577']",
            "[tap]\nfolder_as_asterisk_sees_it = '/srv/tap'",
            "[tap]\nlisten = ['127.0.0.1:4576']\naddress_as_asterisk_sees_it = ''",
            "[defaults]\nmode = 'guide'\nqueue_mode = 'guide'",
            "[box.'support@queue']\nqueue_mode = 'guide'\nhome_country = 'AT'",
            "[box.100]\nmode = 'guide'",
        ] {
            assert!(remarks(text).is_empty(), "{text}");
        }
    }
}
