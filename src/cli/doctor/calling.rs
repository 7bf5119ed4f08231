//! The test call while it is up: placed, answered, listened to, spoken into.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use super::chain::Chain;
use super::files::words;
use super::hearing::{Following, silence_before};
use super::leg::Leg;
use super::log;
use super::manager::{self, Watching};
use crate::ami::Connection;
use crate::audio::RATE_HZ;
use crate::call_record::CallRecord;
use crate::doctor::{self, Asked, Finding, Link, Placed, Seen};
use crate::tap::monitor;

/// The extension has asked the guard, or answered, by then.
const CALLS: Duration = Duration::from_mins(1);
/// A call that was answered is in the guard's log by then.
const FILED_WITHIN: Duration = Duration::from_secs(2);
/// A call that the guard has taken is answered by then.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
/// A prompt is waited for so long.
const PROMPT_WITHIN: Duration = Duration::from_secs(12);
/// So much of it is listened to before it is skipped.
const ENOUGH: Duration = Duration::from_millis(1_500);
/// So long a quiet behind a prompt is its end.
const QUIET: Duration = Duration::from_millis(800);
/// The end of a prompt that is not skipped by a key is waited for so long.
const LONGEST_PROMPT: Duration = Duration::from_secs(40);
/// Behind the end of the words they still come in.
const STRAGGLES: Duration = Duration::from_secs(3);
/// The guard ends a message behind the key within this time.
const KEY_ENDS_WITHIN: Duration = Duration::from_secs(12);
/// A record is closed behind the end of the call within this time.
const CLOSES_WITHIN: Duration = Duration::from_secs(15);
/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(50);

/// A call that is up.
pub(super) struct Up {
    leg: Leg,
    record: CallRecord,
    answered: Instant,
}

/// What was said, once the guard has judged it.
pub(super) struct Said {
    /// The closed record.
    pub(super) record: CallRecord,
    /// When the key was pressed that ended it; nothing is delivered before.
    pub(super) since: Instant,
    /// When it was seen to be closed.
    pub(super) closed: Instant,
}

impl Chain<'_, '_> {
    /// Calls the extension: whether it asks the guard, and whether it is answered.
    pub(super) async fn call(
        &mut self,
        connection: &mut Connection,
        listener: &TcpListener,
        here: SocketAddr,
        watching: Option<&Watching>,
    ) -> io::Result<Option<Up>> {
        let (test, clock) = (self.test, self.test.clock);
        {
            let mut traces = test.traces.lock().unwrap_or_else(PoisonError::into_inner);
            traces.is_placed = true;
        }
        let placed_at = clock.now();
        if let Placed::Failed(why) = manager::places_call(connection, test, here).await {
            let what = format!("Asterisk did not place the call: {why}");
            let remedy = "look at Asterisk's log at this moment";
            self.telling
                .tell(Link::Request, Finding::broken(what, remedy))?;
            return Ok(None);
        }
        let uniqueid = test.uniqueid(1);
        let mut comes = pin!(Leg::comes(listener, &uniqueid));
        let mut leg: Option<(Leg, Instant)> = None;
        let found = loop {
            if let Some(record) = log::find(&test.data, &test.uniqueid(2)).await {
                break Some((record, clock.now() - placed_at));
            }
            let answered = leg.as_ref().map(|(_, at)| *at);
            let is_late = answered.is_some_and(|at| clock.now() - at > FILED_WITHIN);
            let is_over = watching.is_some_and(Watching::is_over);
            if is_late || is_over || clock.now() - placed_at > CALLS {
                break None;
            }
            tokio::select! {
                it = &mut comes, if leg.is_none() => leg = Some((it, clock.now())),
                () = clock.sleep(BETWEEN) => {}
            }
        };
        let asked = match (&found, &mut leg) {
            (None, Some((leg, _))) => Some(Asked {
                step: leg.other_half_has("VG_STEP").await,
                server: leg.other_half_has("VG_SERVER").await,
                status: leg.other_half_has("AGISTATUS").await,
            }),
            _ => None,
        };
        let seen = match (&found, &asked) {
            (Some((record, took)), _) => Seen::Record(record, *took),
            (None, Some(asked)) => Seen::Other(asked),
            (None, None) => Seen::Nothing(clock.now() - placed_at),
        };
        let finding = doctor::asked(&test.wired, &seen, &test.config.listen);
        self.telling.tell(Link::Request, finding)?;
        let Some((record, _)) = found.filter(|_| self.telling.tries(Link::Answer)) else {
            return Ok(None);
        };
        self.telling.call = Some(record.id.to_string());
        if leg.is_none() {
            tokio::select! {
                it = &mut comes => leg = Some((it, clock.now())),
                () = clock.sleep(ANSWERED_WITHIN) => {}
            }
        }
        let took = leg.as_ref().map(|(_, at)| *at - placed_at);
        self.telling
            .tell(Link::Answer, doctor::answered(took, &record))?;
        Ok(leg.map(|(leg, answered)| Up {
            leg,
            record,
            answered,
        }))
    }

    /// Listens, skips the prompt, speaks, presses the pound key: the record when it is closed, unless that is late.
    pub(super) async fn conversation(&mut self, up: Up) -> io::Result<Option<Said>> {
        let (test, clock) = (self.test, self.test.clock);
        let Up {
            mut leg,
            record,
            answered,
        } = up;
        let call = record.id;
        let silence = self.test.of_asterisk("silence");
        leg.records(&format!("{}.sln48", self.test.of_asterisk("heard")))
            .await;
        let mut ear = Following::new(self.test.file("heard.sln48"), answered);
        let mut now = record;
        while ear.sound() < ENOUGH
            && clock.now() - answered < PROMPT_WITHIN
            && now.ended.is_none()
            && leg.plays(&silence).await
        {
            ear.look(clock.now()).await.ok();
            let record = log::read(&test.data, move |log| log.call(call)).await;
            now = record.flatten().unwrap_or(now);
        }
        let finding = doctor::prompt(&ear.heard(clock.now()), &now);
        self.telling.tell(Link::Prompt, finding)?;
        if !self.telling.tries(Link::Sound) {
            return Ok(None);
        }
        leg.presses_pound().await;
        let until = clock.now() + LONGEST_PROMPT;
        while (ear.look(clock.now()).await.is_err() || ear.quiet() < QUIET)
            && clock.now() < until
            && leg.plays(&silence).await
        {}
        let arrived = self.speaks(&mut leg, &now).await;
        let arrived = arrived.as_ref().map(|delay| *delay).map_err(String::as_str);
        self.telling.tell(Link::Sound, doctor::sound(arrived))?;
        if !self.telling.tries(Link::Keys) {
            return Ok(None);
        }
        let pressed = clock.now();
        leg.presses_pound().await;
        let mut ended_after = None;
        while ended_after.is_none() && clock.now() - pressed < KEY_ENDS_WITHIN {
            let is_up = leg.plays(&silence).await;
            let record = log::ended(&test.data, call, Duration::ZERO, clock).await;
            let is_closed = record.is_some_and(|record| record.ended.is_some());
            ended_after = is_closed.then(|| clock.now() - pressed);
            if !is_up {
                clock.sleep(BETWEEN).await;
            }
        }
        self.telling.tell(Link::Keys, doctor::keys(ended_after))?;
        drop(leg);
        let record = log::ended(&test.data, call, CLOSES_WITHIN, clock).await;
        let closed = record.filter(|record| record.ended.is_some());
        self.telling
            .tell(Link::Verdict, doctor::verdict(closed.as_ref()))?;
        Ok(closed.map(|record| Said {
            record,
            since: pressed,
            closed: ended_after.map_or_else(|| clock.now(), |took| pressed + took),
        }))
    }

    /// Says the words; how much later the first sound of them was in the guard's recording, or why it was not.
    async fn speaks(&self, leg: &mut Leg, record: &CallRecord) -> Result<Duration, String> {
        let clock = self.test.clock;
        let folder = &self.test.config.tap.folder_as_guard_sees_it;
        let file = folder.join(monitor::file_name(record.id));
        let mut tap = Following::from_its_end(file, clock.now());
        let words = words();
        let first = silence_before(&words);
        let length = Duration::from_secs(words.len() as u64 / u64::from(RATE_HZ));
        let began = clock.now();
        let hears = async {
            let mut seen = Ok(());
            while tap.first().is_none() && clock.now() - began < length + STRAGGLES {
                seen = tap.look(clock.now()).await;
                clock.sleep(BETWEEN).await;
            }
            match (tap.first(), seen) {
                (Some(at), _) => Ok((at - began).saturating_sub(first)),
                (None, Err(why)) => Err(why),
                (None, Ok(())) => Err("there is only silence in its recording".to_owned()),
            }
        };
        let words = self.test.of_asterisk("words");
        let (_, heard) = tokio::join!(leg.plays(&words), hears);
        heard
    }
}
