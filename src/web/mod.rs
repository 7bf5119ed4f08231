//! The support team's page: whom to ring back, on which number, what about, who is on it; and what a caller
//! really did.
//!
//! ```text
//! machine ──► frame ──► machines (figures, health)
//!
//! browser ──► frame (what every answer carries) ──► gate (who asks, and what they may)
//!                                                     │
//!                                                     ▼
//!                                      list · case · call · sound · figures · live · waiting
//!                                       │ reads              │ steps, listenings
//!                            Readers (beside the writer)   CallLog
//! ```
//!
//! Other programs ask for the same as JSON: `api`.
//!
//! It only reads the log beside the guard and asks the writer for steps in a case, on threads of its own (`apart`): a
//! call in the guard never waits for it. Everything that a caller sent is escaped by the templates; nothing of it
//! stands in a header, a file name or an address.

mod again;
mod apart;
mod api;
mod asset;
mod call;
mod case;
mod columns;
mod connections;
mod figures;
mod frame;
mod gate;
mod judge;
mod judge_buttons;
mod list;
mod live;
mod login;
mod machines;
mod peer;
mod problem;
mod readers;
mod sound;
mod step;
mod view;
mod visitor;
mod waiting;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

pub use self::apart::Apart;
use self::gate::Gate;
use self::readers::Readers;
use crate::call_log::CallLog;
use crate::clock::Clock;
use crate::config::SharedConfig;
use crate::queue_watch::waiting::Waiting;
use crate::server::descriptors;

/// The largest form that is taken; a note has at most 2,000 characters.
const LARGEST_FORM: usize = 32 * 1024;

/// What the page works with.
#[derive(Clone)]
pub struct Desk(Arc<Parts>);

struct Parts {
    data: PathBuf,
    settings: SharedConfig,
    log: CallLog,
    waiting: Waiting,
    clock: Clock,
    zone: TimeZone,
    readers: Readers,
    gate: Gate,
    tokens: api::Tokens,
    looks: Arc<Semaphore>,
}

impl Desk {
    /// A page on the log in this data folder, and on who waits in queues.
    pub fn new(
        data: PathBuf,
        settings: SharedConfig,
        log: CallLog,
        waiting: Waiting,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Parts {
            readers: Readers::new(data.clone()),
            data,
            settings,
            log,
            waiting,
            clock,
            zone: TimeZone::system(),
            gate: Gate::new(),
            tokens: api::Tokens::new(),
            looks: Arc::new(Semaphore::new(1)),
        }))
    }

    /// Serves the page on these listeners; never returns.
    pub async fn serve(self, listeners: Vec<TcpListener>) {
        let router = router(self);
        let most = descriptors::of_page(descriptors::allowed());
        let free = Arc::new(Semaphore::new(most));
        let served = listeners
            .into_iter()
            .map(|listener| connections::serve(listener, Arc::clone(&free), router.clone()));
        futures_util::future::join_all(served).await;
    }
}

/// All addresses of the page, those of the interface for other programs, and those that machines ask.
fn router(desk: Desk) -> Router {
    let page = Router::new()
        .route("/", get(list::show))
        .route("/cases/{id}", get(case::show).post(case::step))
        .route("/calls/{id}", get(call::show).post(judge::say))
        .route("/calls/{id}/sound.wav", get(sound::wav))
        .route("/calls/{id}/waveform.svg", get(sound::waveform))
        .route("/figures", get(figures::show))
        .route("/figures.json", get(figures::json))
        .route("/figures.csv", get(figures::csv))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/me", post(visitor::remember))
        .route("/live", get(live::events))
        .route("/waiting", get(waiting::show))
        .route("/waiting/live", get(waiting::events))
        .route("/assets/{name}", get(asset::send))
        .fallback(problem::nothing_here)
        .with_state(desk.clone())
        .layer(from_fn_with_state(desk.clone(), gate::admit))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(problem::as_page))
        .layer(from_fn_with_state(desk.clone(), gate::identify));
    page.merge(api::router(&desk))
        .merge(machines::router(&desk))
        .layer(from_fn_with_state(desk, frame::guard))
}
