//! Who waits now in the queues that are watched.

use axum::Extension;
use axum::extract::State;
use axum::response::{Response, Result};
use serde::Serialize;

use super::parameters::Parameters;
use super::{Desk, answer};
use crate::call_log::export;
use crate::call_record::{Answer, Caller};
use crate::queue_watch::watch::Sound;
use crate::web::visitor::Visitor;
use crate::web::waiting::queue_of;

#[derive(Serialize)]
struct Waiting<'a> {
    at: String,
    waiting: Vec<Waiter<'a>>,
}

#[derive(Serialize)]
struct Waiter<'a> {
    call: String,
    #[serde(rename = "box")]
    mailbox: &'a str,
    queue: &'a str,
    position: Option<u32>,
    caller: &'a Caller,
    since: String,
    waited_s: i64,
    heard: Option<&'static str>,
    asked: u32,
    answer: Option<&'static str>,
    nobody: bool,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let (now, zone) = (desk.0.clock.date(), &desk.0.zone);
    let mailboxes = parameters.mailboxes(&visitor)?;
    let mut all = desk.0.waiting.all();
    all.retain(|waiter| {
        let name = waiter.mailbox.as_str();
        mailboxes
            .as_ref()
            .is_none_or(|listed| listed.iter().any(|of| of == name))
    });
    let waiting = all.iter().map(|waiter| Waiter {
        call: waiter.id.to_string(),
        mailbox: waiter.mailbox.as_str(),
        queue: queue_of(waiter),
        position: waiter.glance.place,
        caller: &waiter.caller,
        since: export::rfc3339(waiter.since, zone),
        waited_s: now.duration_since(waiter.since).as_secs().max(0),
        heard: match waiter.glance.sound {
            Sound::NotYet | Sound::Unheard => None,
            Sound::SignOfLife => Some("sign_of_life"),
            Sound::Instead(instead) => Some(instead.as_str()),
        },
        asked: waiter.glance.asked,
        answer: waiter.glance.answer.map(Answer::as_str),
        nobody: waiter.glance.is_deserted(),
    });
    Ok(answer(&Waiting {
        at: export::rfc3339(now, zone),
        waiting: waiting.collect(),
    }))
}
