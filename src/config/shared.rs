//! The settings that hold now: one place for all who go by them, exchanged whole by a reload.

use std::sync::Arc;

use tokio::sync::watch;

use super::Config;

/// The settings that hold now; clones are the same.
///
/// Who needs them for a while, such as a call, takes them once with [`Self::now`] and keeps those.
#[derive(Clone, Debug)]
pub struct SharedConfig(watch::Sender<Arc<Config>>);

impl SharedConfig {
    /// These hold from the start.
    pub fn new(config: Config) -> Self {
        Self(watch::Sender::new(Arc::new(config)))
    }

    /// The settings that hold now.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.0.borrow())
    }

    /// From now on these hold, but for what only a restart can change; gives the names of such
    /// settings that were to change.
    pub fn replace(&self, new: Config) -> Vec<&'static str> {
        let mut kept = Vec::new();
        self.0.send_modify(|settings| {
            let (config, fixed) = new.after(settings);
            kept = fixed;
            *settings = Arc::new(config);
        });
        kept
    }

    /// A receiver of change notifications.
    pub fn changes(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

/// Change notifications of the settings.
#[derive(Clone, Debug)]
pub struct Changes(watch::Receiver<Arc<Config>>);

impl Changes {
    /// Returns once the settings have been changed since the last time; never when they cannot be
    /// any more.
    ///
    /// Cancelling it loses nothing.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Config {
    /// These settings in a guard that was started with the old ones: what cannot be changed in a
    /// running guard stays as it was. Gives the names of the settings that would have changed.
    fn after(mut self, old: &Self) -> (Self, Vec<&'static str>) {
        let mut kept = Vec::new();
        let own = (&mut self.delivery.voicemail, &old.delivery.voicemail);
        keep(&mut self.listen, &old.listen, "[listen] address", &mut kept);
        keep(
            &mut self.web.address,
            &old.web.address,
            "[web] address",
            &mut kept,
        );
        keep(
            &mut self.log.format,
            &old.log.format,
            "[log] format",
            &mut kept,
        );
        keep(&mut self.tap, &old.tap, "[tap]", &mut kept);
        keep(&mut self.queue, &old.queue, "[queue]", &mut kept);
        keep(
            &mut own.0.spool,
            &own.1.spool,
            "[delivery.voicemail] spool",
            &mut kept,
        );
        keep(
            &mut own.0.formats,
            &own.1.formats,
            "[delivery.voicemail] formats",
            &mut kept,
        );
        (self, kept)
    }
}

fn keep<T: PartialEq + Clone>(
    new: &mut T,
    old: &T,
    name: &'static str,
    kept: &mut Vec<&'static str>,
) {
    if new != old {
        new.clone_from(old);
        kept.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_record::Mode;

    fn config(text: &str) -> Config {
        Config::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_a_running_guard_cannot_change_stays_and_is_named() {
        let old = config("[defaults]\nmode = \"guide\"\n");
        let settings = SharedConfig::new(old.clone());
        let new = config(
            "[listen]\naddress = [\"127.0.0.1:1\"]\n[web]\naddress = []\n[limits]\nmax_calls = 7\n[log]\nformat = \"json\"\n\
             [tap]\nfolder_as_asterisk_sees_it = \"/elsewhere\"\n\
             [queue]\nlisten = [\"127.0.0.1:2\"]\n\
             [delivery.voicemail]\nspool = \"/elsewhere\"\nformats = [\"sln\"]\nmost_messages = 7\n\
             [defaults]\nmode = \"observe\"\n",
        );
        let begun = settings.now();
        let kept = settings.replace(new);
        assert_eq!(
            kept,
            [
                "[listen] address",
                "[web] address",
                "[log] format",
                "[tap]",
                "[queue]",
                "[delivery.voicemail] spool",
                "[delivery.voicemail] formats"
            ]
        );
        let now = settings.now();
        assert_eq!(*begun, old, "who has them keeps them");
        assert_eq!(now.listen, old.listen);
        assert_eq!((&now.log, &now.tap), (&old.log, &old.tap));
        assert_eq!(now.delivery.voicemail.spool, old.delivery.voicemail.spool);
        assert_eq!(now.delivery.voicemail.most_messages, 7);
        assert_eq!(now.limits.calls, 7);
        assert_eq!(now.policy(&"100".into()).mode, Mode::Observe);
    }

    #[tokio::test]
    async fn change_notifications_come_once_for_each_time_and_only_for_what_came_since() {
        let settings = SharedConfig::new(Config::default());
        settings.replace(config("[limits]\nmax_calls = 7\n"));
        let mut changes = settings.changes();
        let none = crate::clock::timeout(std::time::Duration::ZERO, changes.changed()).await;
        assert!(none.is_err());
        assert!(settings.replace(Config::default()).is_empty());
        changes.changed().await;
        let none = crate::clock::timeout(std::time::Duration::ZERO, changes.changed()).await;
        assert!(none.is_err());
    }
}
