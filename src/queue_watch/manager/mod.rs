//! The connection to the manager interface: what happens to the callers who are watched, and what is done for them.
//!
//! It is made for the first of them and kept. When it breaks, or anything was skipped in what came over it, nobody
//! knows any more who has been answered: every watch is told so, and ends.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::watch::{Event, manager_event};
use crate::ami::{AmiError, Connection, Events};
use crate::clock::timeout;
use crate::config::SharedConfig;

/// After this long without a word Asterisk is asked whether it is still there, as long as anybody is watched.
const QUIET: Duration = Duration::from_secs(2);
/// And otherwise.
const QUIET_UNWATCHED: Duration = Duration::from_secs(30);

/// A handle to the connection; clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Manager(UnboundedSender<Order>);

/// A caller whose events are wanted, until the receiver of them is dropped.
#[derive(Debug)]
struct Watched {
    uniqueid: String,
    queue: String,
    events: UnboundedSender<Event>,
    /// [Signs](is_sign) that somebody is there, or that it is over, so far.
    signs: u32,
}

#[derive(Debug)]
enum Order {
    Watch(Watched),
    Act(Act),
}

#[derive(Debug)]
struct Act {
    action: &'static str,
    fields: Vec<(&'static str, String)>,
    done: oneshot::Sender<Result<(), NotDone>>,
    /// It is not done to a caller of whom there have been more signs than this many.
    unless_more: Option<(String, u32)>,
}

/// An action was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDone {
    /// Why.
    #[error(transparent)]
    Ami(#[from] AmiError),
    /// The connection is gone.
    #[error("the connection to the manager interface is gone")]
    Gone,
    /// Something has happened to the caller in the meantime.
    #[error("something else has happened to the caller")]
    Overtaken,
}

/// Whether it says that somebody is there, has answered or has gone.
pub(super) fn is_sign(event: &Event) -> bool {
    matches!(event, Event::Answered | Event::Gone(_) | Event::Key)
}

impl Manager {
    /// A connection that is made when it is needed, and ends with its last handle.
    pub(super) fn start(settings: SharedConfig) -> Self {
        let (orders, received) = unbounded_channel();
        tokio::spawn(run(settings, received));
        Self(orders)
    }

    /// What happens to the caller on this channel from now on; [`Event::ManagerLost`] when that is not known any more.
    pub(super) fn watch(&self, uniqueid: String, queue: String) -> UnboundedReceiver<Event> {
        let (events, received) = unbounded_channel();
        let watched = Watched {
            uniqueid,
            queue,
            events,
            signs: 0,
        };
        // Where nobody takes it, the channel of events ends at once.
        let _ = self.0.send(Order::Watch(watched));
        received
    }

    /// Has one action done.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) async fn act(
        &self,
        action: &'static str,
        fields: Vec<(&'static str, String)>,
    ) -> Result<(), NotDone> {
        self.order(action, fields, None).await
    }

    /// Has one action done to this caller, unless there have been more signs of them by now than this many: what Asterisk
    /// has said before it is asked counts.
    ///
    /// # Errors
    /// Why it was not.
    pub(super) async fn act_unless_more(
        &self,
        action: &'static str,
        fields: Vec<(&'static str, String)>,
        signs: (String, u32),
    ) -> Result<(), NotDone> {
        self.order(action, fields, Some(signs)).await
    }

    async fn order(
        &self,
        action: &'static str,
        fields: Vec<(&'static str, String)>,
        unless_more: Option<(String, u32)>,
    ) -> Result<(), NotDone> {
        let (done, answer) = oneshot::channel();
        let order = Order::Act(Act {
            action,
            fields,
            done,
            unless_more,
        });
        self.0.send(order).map_err(|_| NotDone::Gone)?;
        answer.await.map_err(|_| NotDone::Gone)?
    }
}

/// Makes the connection whenever somebody is to be watched; ends with the last handle.
async fn run(settings: SharedConfig, mut orders: UnboundedReceiver<Order>) {
    let mut warned_of = String::new();
    while let Some(first) = orders.recv().await {
        // An action without a connection is one of a watch that has ended.
        let Order::Watch(first) = first else { continue };
        let mut watched = HashMap::from([(first.uniqueid.clone(), first)]);
        let ami = settings.now().delivery.ami.clone();
        let ended = match Connection::open(&ami, Events::Queue).await {
            Ok(connection) => {
                warned_of.clear();
                info!(event = "queue_manager_connected", address = %ami.address, "the manager interface reports what happens in queues");
                serve(connection, &mut watched, &mut orders).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            let why = error.to_string();
            if why != warned_of {
                warn!(event = "queue_manager_lost", address = %ami.address, %why, "the manager interface does not report what happens in queues: nobody is listened to there");
                warned_of = why;
            }
        }
        for (_, watched) in watched {
            let _ = watched.events.send(Event::ManagerLost);
        }
    }
}

/// One connection, until it breaks or the last handle is gone.
async fn serve(
    mut connection: Connection,
    watched: &mut HashMap<String, Watched>,
    orders: &mut UnboundedReceiver<Order>,
) -> Result<(), AmiError> {
    let mut acts = VecDeque::new();
    take_orders(orders, watched, &mut acts);
    // Who has joined before this connection was there.
    let queues: BTreeSet<_> = watched.values().map(|it| it.queue.clone()).collect();
    for queue in queues {
        let events = ("QueueEntry", "QueueStatusComplete");
        let fields = [("Queue", &*queue)];
        for entry in connection.list("QueueStatus", &fields, events).await? {
            hand_out(&entry, watched);
        }
    }
    loop {
        hand_out_waiting(&mut connection, watched, orders, &mut acts);
        while let Some(order) = acts.pop_front() {
            act(&mut connection, watched, order, orders, &mut acts).await?;
            hand_out_waiting(&mut connection, watched, orders, &mut acts);
        }
        if connection.skipped() > 0 {
            let skipped = connection.skipped();
            warn!(
                event = "ami_skipped",
                skipped, "the manager interface sent something too large, it was skipped"
            );
            return Ok(());
        }
        watched.retain(|_, watched| !watched.events.is_closed());
        let quiet = if watched.is_empty() {
            QUIET_UNWATCHED
        } else {
            QUIET
        };
        tokio::select! {
            // Who is to be watched is known before anything that happens to them afterwards.
            biased;
            order = orders.recv() => match order {
                None => return connection.log_off().await,
                Some(Order::Watch(new)) => {
                    watched.insert(new.uniqueid.clone(), new);
                }
                Some(Order::Act(order)) => acts.push_back(order),
            },
            event = timeout(quiet, connection.event()) => match event {
                Ok(event) => hand_out(&event?, watched),
                Err(_) => connection.act("Ping", &[]).await?,
            },
        }
    }
}

/// Takes what has been ordered meanwhile; actions have to wait for their turn.
fn take_orders(
    orders: &mut UnboundedReceiver<Order>,
    watched: &mut HashMap<String, Watched>,
    acts: &mut VecDeque<Act>,
) {
    while let Ok(order) = orders.try_recv() {
        match order {
            Order::Watch(new) => {
                watched.insert(new.uniqueid.clone(), new);
            }
            Order::Act(order) => acts.push_back(order),
        }
    }
}

async fn act(
    connection: &mut Connection,
    watched: &mut HashMap<String, Watched>,
    order: Act,
    orders: &mut UnboundedReceiver<Order>,
    acts: &mut VecDeque<Act>,
) -> Result<(), AmiError> {
    if let Some((uniqueid, known)) = &order.unless_more {
        // Asterisk answers behind all that it has said.
        connection.act("Ping", &[]).await?;
        hand_out_waiting(connection, watched, orders, acts);
        if watched.get(uniqueid).is_none_or(|it| it.signs > *known) {
            let _ = order.done.send(Err(NotDone::Overtaken));
            return Ok(());
        }
    }
    let fields: Vec<_> = order
        .fields
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    match connection.act(order.action, &fields).await {
        answer @ (Ok(()) | Err(AmiError::Rejected { .. })) => {
            let _ = order.done.send(answer.map_err(NotDone::Ami));
            Ok(())
        }
        Err(broken) => Err(broken),
    }
}

/// What came while something was being done counts before the next thing that is done. Who was to be watched before
/// that came is so first: they may have joined the queue in it.
fn hand_out_waiting(
    connection: &mut Connection,
    watched: &mut HashMap<String, Watched>,
    orders: &mut UnboundedReceiver<Order>,
    acts: &mut VecDeque<Act>,
) {
    take_orders(orders, watched, acts);
    while let Some(event) = connection.waiting_event() {
        hand_out(&event, watched);
    }
}

fn hand_out(event: &crate::ami::Block, watched: &mut HashMap<String, Watched>) {
    if !manager_event::is_of_use(event) {
        return;
    }
    for (uniqueid, watched) in watched {
        let own = manager_event::read(event, uniqueid);
        if let Some(event) = own.or_else(|| manager_event::of_others(event, &watched.queue)) {
            watched.signs += u32::from(is_sign(&event));
            // Who does not listen any more is forgotten in a moment.
            let _ = watched.events.send(event);
        }
    }
}

#[cfg(test)]
mod tests;
