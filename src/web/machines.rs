//! What machines ask: figures for Prometheus, whether the guard lives, whether it could serve a call now.
//!
//! Answered without a login to who asks on this machine itself; who asks from elsewhere needs a token that is for
//! every mailbox. A request that a reverse proxy has passed on is from elsewhere, whether the proxy is one of the
//! settings' or not.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rustix::fs::statvfs;
use tokio::task::spawn_blocking;
use tower_http::catch_panic::CatchPanicLayer;
use url::{Host, Url};

use super::peer::Peer;
use super::{Desk, problem};
use crate::call_log::{Durability, JOURNAL, Reader, Stage};
use crate::clock::timeout;
use crate::condition::{self, Item, data, prompts, tap};
use crate::config::{Config, Web};
use crate::metrics::{self, METRICS, Metrics};

/// How long disks are waited for.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

pub(super) fn router(desk: &Desk) -> Router {
    Router::new()
        .route("/metrics", get(figures))
        .route("/health", get(async || "ok\n"))
        .route("/ready", get(ready))
        .with_state(desk.clone())
        .layer(from_fn_with_state(desk.clone(), admit))
        .layer(CatchPanicLayer::custom(problem::panicked))
}

async fn admit(
    State(desk): State<Desk>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let is_from_here = is_from_here(remote.ip(), request.headers(), &desk.0.settings.now().web);
    if is_from_here {
        return next.run(request).await;
    }
    match desk.program(remote.ip(), request.headers()).await {
        Ok((program, _)) if program.is_known && program.mailboxes().is_none() => {
            next.run(request).await
        }
        Ok(_) => {
            let why = "from elsewhere this is answered to a token only, one for every mailbox\n";
            (StatusCode::FORBIDDEN, why).into_response()
        }
        Err(refused) => refused,
    }
}

/// Beginnings of the headers with which reverse proxies say that they have passed something on.
const PASSED_ON: [&str; 10] = [
    "forwarded",
    "via",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-",
    "true-client-ip",
    "cdn-loop",
    "cf-",
];

/// Whether somebody on this machine asks for themselves, by this machine's own name.
///
/// A reverse proxy that adds no header and asks by the name of this machine cannot be told from them. But the settings
/// tell that there is one: as `proxies`, or since the page has a name that leads to where it is not served.
fn is_from_here(remote: IpAddr, headers: &HeaderMap, web: &Web) -> bool {
    let peer = Peer::of(remote, headers, &web.proxies);
    let mut names = headers.keys().map(HeaderName::as_str);
    let passed_on = names.any(|name| PASSED_ON.iter().any(|of| name.starts_with(of)));
    let is_hidden = web.address.iter().all(|own| own.ip().is_loopback());
    let has_proxy = is_hidden && web.host.iter().any(|name| !is_of_this_machine(name));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let names_this_machine = host.is_some_and(is_of_this_machine);
    let is_direct = peer.address.is_loopback() && !peer.is_proxied && !has_proxy && !passed_on;
    is_direct && names_this_machine
}

/// Whether a host, perhaps with a port, is this machine on every machine.
fn is_of_this_machine(host: &str) -> bool {
    let url = Url::parse(&format!("http://{host}/")).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn figures(State(desk): State<Desk>) -> Response {
    let config = desk.0.settings.now();
    let state = state(&desk, &config).await;
    let text = METRICS.text(&state);
    ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], text).into_response()
}

async fn state(desk: &Desk, config: &Config) -> metrics::State {
    let now = desk.0.clock.date();
    let undelivered = desk.0.readers.ask(Reader::undelivered).await;
    let waiting = |stage| matches!(stage, Stage::Waiting | Stage::Prepared);
    let mut state = metrics::State {
        most_calls: config.limits.calls,
        has_ami: config.delivery.ami.is_set() && config.has_cases(),
        ..metrics::State::default()
    };
    if let Ok(deliveries) = undelivered {
        let given_up = deliveries.iter().filter(|of| of.stage == Stage::GivenUp);
        let given_up = given_up.count() as u64;
        let waiting = deliveries.iter().filter(|of| waiting(of.stage));
        let oldest = waiting.clone().map(|of| now.duration_since(of.since)).max();
        state.outbox = Some([waiting.count() as u64, given_up]);
        state.oldest_s = Some(oldest.map_or(0.0, |age| age.as_secs_f64().max(0.0)));
    }
    let (data, tap) = (
        desk.0.data.clone(),
        config.tap.folder_as_guard_sees_it.clone(),
    );
    let looked = look(desk, move || {
        let journal = std::fs::metadata(data.join(JOURNAL)).map(|file| file.len());
        let free = [data, tap].map(|folder| {
            let disk = statvfs(&folder).ok()?;
            Some(disk.f_bavail.saturating_mul(disk.f_frsize))
        });
        (journal.ok(), free)
    });
    if let Some((journal, free)) = looked.await {
        (state.journal, state.free) = (journal, free);
    }
    state
}

async fn ready(State(desk): State<Desk>) -> Response {
    let config = desk.0.settings.now();
    let mut items = vec![calls(&config), log(&desk).await];
    let folder = desk.0.data.clone();
    let looked = look(&desk, move || {
        let mut items = data::items(&folder);
        items.extend(tap::items(&config));
        items.extend(prompts::items(&config));
        items
    });
    items.extend(looked.await.unwrap_or_else(|| {
        vec![Item::fail(
            "disk",
            "the data folder, the tap folder or the prompts did not answer in 2 s",
            "see whether the disk or share that they lie on hangs",
        )]
    }));
    let fails = items.iter().any(|of| of.state == condition::State::Fail);
    let status = if fails {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    let lines: Vec<_> = items.iter().map(Item::to_string).collect();
    let text = lines.join("\n") + "\n";
    (status, text).into_response()
}

fn calls(config: &Config) -> Item {
    let (up, most) = (METRICS.calls_up(), config.limits.calls);
    if up >= most as u64 {
        return Item::fail(
            "calls",
            format!("{up} calls are up, and no more calls are taken now"),
            "raise [limits] max_calls if that lasts, or run this again when it is quieter",
        );
    }
    Item::ok("calls", format!("{up} of {most} calls are up"))
}

async fn log(desk: &Desk) -> Item {
    match timeout(LONGEST_LOOK, desk.0.log.flush()).await {
        Ok(Ok(Durability::Database)) => {
            Item::ok("call log", "every call that is over is in the database")
        }
        Ok(Ok(Durability::Journal)) => Item::warn(
            "call log",
            "the database cannot be written, entries wait in the journal",
            "see what the log says of it, and what voicemail-guard check says",
        ),
        Ok(Ok(Durability::Memory)) => Item::fail(
            "call log",
            "neither the database nor the journal can be written, entries wait in memory",
            "make room on the disk of the data folder, and let the user that runs the guard write there",
        ),
        Ok(Err(_)) | Err(_) => Item::fail(
            "call log",
            "it did not answer in 2 s",
            "see whether the disk of the data folder hangs; what the log says of it",
        ),
    }
}

/// Looks at files, one look at a time; nothing where they do not answer in time.
async fn look<T: Send + 'static>(
    desk: &Desk,
    at: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let looking = async {
        // What hangs keeps its permit, so that no more threads hang with it.
        let permit = Arc::clone(&desk.0.looks).acquire_owned().await.ok()?;
        let looking = spawn_blocking(move || {
            let _permit = permit;
            at()
        });
        looking.await.ok()
    };
    timeout(LONGEST_LOOK, looking).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_from_here_who_comes_through_a_proxy() {
        type Sent<'a> = &'a [(&'static str, &'a str)];
        let here: Sent<'_> = &[("host", "127.0.0.1:4575")];
        let with = |name, value| vec![here[0], (name, value)];
        let web = |proxies: &[&str]| Web {
            proxies: proxies.iter().map(|of| of.parse().unwrap()).collect(),
            ..Web::default()
        };
        for (remote, sent, proxies, expected) in [
            ("127.0.0.1", here.to_vec(), &[][..], true),
            ("::1", vec![("host", "[::1]:4575")], &[], true),
            ("::ffff:127.0.0.1", vec![("host", "localhost")], &[], true),
            ("192.0.2.7", here.to_vec(), &[], false),
            ("127.0.0.1", here.to_vec(), &["127.0.0.1/32"], false),
            ("127.0.0.1", vec![], &[], false),
            ("127.0.0.1", vec![("host", "pbx.example.com")], &[], false),
            (
                "127.0.0.1",
                with("x-forwarded-for", "127.0.0.1"),
                &[],
                false,
            ),
            ("127.0.0.1", with("forwarded", "for=127.0.0.1"), &[], false),
            ("127.0.0.1", with("x-real-ip", "127.0.0.1"), &[], false),
            ("127.0.0.1", with("via", "1.1 proxy"), &[], false),
            ("127.0.0.1", with("x-forwarded-port", "443"), &[], false),
            (
                "127.0.0.1",
                with("cf-connecting-ip", "192.0.2.7"),
                &[],
                false,
            ),
            ("127.0.0.1", with("user-agent", "Prometheus/3.0"), &[], true),
            (
                "192.0.2.7",
                with("x-forwarded-for", "127.0.0.1"),
                &["192.0.2.7/32"],
                false,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &sent {
                headers.append(*name, value.parse().unwrap());
            }
            let is_so = is_from_here(remote.parse().unwrap(), &headers, &web(proxies));
            assert_eq!(is_so, expected, "{remote} {sent:?} {proxies:?}");
        }
    }

    /// One that adds no header and asks for 127.0.0.1, as nginx does where nothing else is set.
    #[test]
    fn a_proxy_that_says_nothing_is_known_by_the_pages_name() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, "127.0.0.1:4575".parse().unwrap());
        for (address, host, expected) in [
            (&["127.0.0.1:4575"][..], &[][..], true),
            (&["127.0.0.1:4575"], &["localhost", "127.0.0.1"], true),
            (&["127.0.0.1:4575"], &["pbx.example.com"], false),
            (&["127.0.0.1:4575", "[::1]:4575"], &["pbx"], false),
            // The name leads to where it is served itself.
            (&["127.0.0.1:4575", "192.0.2.1:4575"], &["pbx"], true),
        ] {
            let web = Web {
                address: address.iter().map(|of| of.parse().unwrap()).collect(),
                host: host.iter().map(ToString::to_string).collect(),
                ..Web::default()
            };
            let is_so = is_from_here("127.0.0.1".parse().unwrap(), &headers, &web);
            assert_eq!(is_so, expected, "{address:?} {host:?}");
        }
    }
}
