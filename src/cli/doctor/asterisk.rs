//! What Asterisk says of itself before anybody is called.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::chain::Chain;
use super::leg::Leg;
use super::manager;
use crate::ami::Connection;
use crate::delivery::blocking;
use crate::doctor::{self, Link, Placed, Probe};

/// Asterisk leads a channel here within this time.
const COMES_WITHIN: Duration = Duration::from_secs(5);
/// Asterisk has made a recording's file by then.
const RECORDS_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(50);

impl Chain<'_, '_> {
    /// What Asterisk says of itself: rights, dialplan, extension, mailbox, tap folder.
    pub(super) async fn asterisk(
        &mut self,
        connection: &mut Connection,
        listener: &TcpListener,
        here: SocketAddr,
    ) -> io::Result<()> {
        let config = &self.test.config;
        let ami = &config.delivery.ami;
        let mailbox = &self.test.wired.mailbox;
        let placed = manager::places_probe(connection, self.test, here).await;
        let mut lacking = Vec::from_iter((placed == Placed::Denied).then_some("originate"));
        if self.telling.wants(Link::Message) {
            lacking.extend(manager::lacking_for_mailbox(connection, mailbox).await);
        }
        let finding = doctor::rights(&ami.user, &lacking);
        self.telling.tell(Link::Rights, finding)?;
        if !self.telling.tries(Link::Dialplan) {
            return Ok(());
        }
        let laid_down = self.test.lay_down().await;
        let probe = match placed {
            Placed::Done => {
                let (uniqueid, clock) = (self.test.uniqueid(4), self.test.clock);
                let leg = Leg::comes_within(listener, &uniqueid, COMES_WITHIN, clock).await;
                match leg {
                    Some(leg) => Some(self.probe(leg).await),
                    None => None,
                }
            }
            _ => None,
        };
        let finding = doctor::dialplan(&placed, probe.as_ref(), here);
        self.telling.tell(Link::Dialplan, finding)?;
        let probe = probe.unwrap_or_default();
        let tap = &config.tap;
        let folders = (
            &*tap.folder_as_asterisk_sees_it,
            &*tap.folder_as_guard_sees_it,
        );
        for (link, finding) in [
            (Link::Extension, doctor::extension(&probe, &self.test.wired)),
            (Link::Mailbox, doctor::mailbox(&probe, &self.test.wired)),
            (
                Link::Tap,
                doctor::tap(&probe, laid_down.as_deref(), folders),
            ),
        ] {
            if self.telling.tries(link) {
                self.telling.tell(link, finding)?;
            }
        }
        Ok(())
    }

    /// Asks Asterisk what it knows, and has it record.
    async fn probe(&self, mut leg: Leg) -> Probe {
        let wired = &self.test.wired;
        let (place, mailbox) = (&wired.place, wired.mailbox.as_str());
        let exists = |context: &str, extension: &str| {
            format!("${{DIALPLAN_EXISTS({context},{extension},1)}}")
        };
        let subroutine = exists("voicemail-guard", "s");
        let has_subroutine = leg.says_whether(&subroutine).await;
        let extension = exists(&place.context, &place.extension);
        let has_extension = leg.says_whether(&extension).await;
        let has_mailbox = leg
            .says_whether(&format!("${{VM_INFO({mailbox},exists)}}"))
            .await;
        let silence = self.test.of_asterisk("silence");
        let sees_file = leg
            .says_whether(&format!("${{STAT(e,{silence}.sln)}}"))
            .await;
        // A recording into another folder could not be removed from here.
        let records = sees_file != Some(false);
        let recording = format!("{}.sln48", self.test.of_asterisk("probe"));
        let has_recorder = !records || leg.records(&recording).await;
        let file = self.test.file("probe.sln48");
        let until = self.test.clock.now() + RECORDS_WITHIN;
        let mut is_recorded = false;
        while records && has_recorder && !is_recorded && self.test.clock.now() < until {
            let file = file.clone();
            is_recorded = blocking(move || file.exists()).await.unwrap_or_default();
            self.test.clock.sleep(BETWEEN).await;
        }
        Probe {
            has_subroutine,
            has_extension,
            has_mailbox,
            sees_file,
            has_recorder,
            is_recorded,
        }
    }
}
