//! Who has got a mail, noted in memory.

use std::collections::BTreeSet;
use std::sync::Mutex;

use lettre::Address;
use voicemail_guard::delivery::mail::Recipients;

#[derive(Default)]
pub(crate) struct Notes(Mutex<BTreeSet<String>>);

impl Recipients for Notes {
    fn has(&self, to: &Address) -> bool {
        self.0.lock().unwrap().contains(&to.to_string())
    }

    async fn note(&self, to: &Address) {
        self.0.lock().unwrap().insert(to.to_string());
    }
}
