//! By webhook: one signed HTTP request a message, to a receiver that cannot be bent to another
//! address.
//!
//! The name is resolved once; every address it has must be allowed ([`address`]), and the
//! connection goes to one of exactly these. Nothing is redirected, no proxy is asked, and an answer
//! is read only as far as it is shown. The signature is HMAC-SHA256 of the timestamp, a full stop
//! and the body.
//!
//! Every attempt at one delivery has the same key and the same body; only timestamp and signature
//! differ. Where the receiver finds it too large (413) it is sent once more at once, without the
//! audio. What an answer means:
//!
//! | answer | |
//! |---|---|
//! | 2xx | it has the message |
//! | 413 to a request with audio | the same without it, at once |
//! | 400, 410, 411, 413, 414, 415, 422, 431 | it does not want this very request, however often: given up at once |
//! | 3xx, 401, 403, 404, 405 and every other 4xx | secret, address or rights are wrong, which people mend: later |
//! | 408, 409, 425, 429, 5xx, no answer | later, no earlier than Retry-After asks for |

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ring::hmac;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::mail::{TOO_LARGE_DE, TOO_LARGE_EN};
use super::tls::Stream;
use super::trim::Stretch;
use super::{Cause, DeliveryError, Outgoing, about, address, page_of, tls};
use crate::audio::{MediaTime, wav};
use crate::call_log::export;
use crate::call_record::{CallRecord, Verdict};
use crate::clock::timeout;
use crate::config::webhook::{SHORTEST_SECRET, Webhook};
use crate::text::{plain_json, shortened};

/// The header with the time of signing, in seconds since 1970.
pub const TIMESTAMP: &str = "x-voicemail-guard-timestamp";
/// The header with the signature: `v1=` and 64 hexadecimal digits.
pub const SIGNATURE: &str = "x-voicemail-guard-signature";
/// The header with the key that repeated attempts have in common.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Reports one call to the receiver.
///
/// `page` is the address of a call's page with `{id}` in it. Gives where it went.
///
/// # Errors
/// [`DeliveryError::Permanent`] where the receiver says that it will not have this very request;
/// everything else is tried again.
pub async fn deliver(
    settings: &Webhook,
    page: Option<&str>,
    outgoing: &Outgoing,
    now: Timestamp,
) -> Result<String, DeliveryError> {
    let secret = secret(settings)?;
    let url = receiver(settings)?;
    let mut audio = match &outgoing.sound {
        Some(_) if settings.audio => Audio::With,
        _ => Audio::Without,
    };
    loop {
        let body = body(audio, page, outgoing, &TimeZone::system());
        let request = request(url, &secret, &outgoing.key, now, body)?;
        let exchange = async {
            let stream = connect(settings, url).await?;
            send(stream, request, now).await
        };
        let sent = timeout(settings.timeout, exchange).await;
        let late = || {
            let seconds = settings.timeout.as_secs_f64();
            DeliveryError::transient(format!("{} did not answer within {seconds} s", shown(url)))
        };
        match sent.map_err(|_| late())?? {
            Receipt::Taken => return Ok(shown(url)),
            Receipt::TooLarge(_) if audio == Audio::With => audio = Audio::TooLarge,
            Receipt::TooLarge(why) => return Err(DeliveryError::permanent(why)),
        }
    }
}

/// Whether the receiver can be reached and trusted; sends nothing.
///
/// # Errors
/// What is in the way.
pub async fn probe(settings: &Webhook) -> Result<String, DeliveryError> {
    let url = receiver(settings)?;
    timeout(settings.timeout, connect(settings, url))
        .await
        .map_err(|_| {
            DeliveryError::transient(format!("{} cannot be reached in time", shown(url)))
        })??;
    Ok(shown(url))
}

/// What requests are signed with.
///
/// # Errors
/// Its file cannot be read, or it is too short.
pub fn secret(settings: &Webhook) -> Result<String, DeliveryError> {
    let secret = settings.secret.reveal().map_err(DeliveryError::transient)?;
    if secret.len() < SHORTEST_SECRET {
        return Err(DeliveryError::transient(format!(
            "the webhook's secret has fewer than {SHORTEST_SECRET} characters"
        )));
    }
    Ok(secret)
}

/// `body` of a first attempt.
///
/// # Panics
/// Never: everything in it has a JSON form.
pub fn payload_in(audio: bool, page: Option<&str>, outgoing: &Outgoing, zone: &TimeZone) -> String {
    let audio = if audio { Audio::With } else { Audio::Without };
    body(audio, page, outgoing, zone)
}

/// Whether the audio goes with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audio {
    With,
    Without,
    /// Not any more: the receiver found it too large.
    TooLarge,
}

/// What is sent.
fn body(audio: Audio, page: Option<&str>, outgoing: &Outgoing, zone: &TimeZone) -> String {
    let delivered = outgoing.record.verdict.is_some_and(Verdict::is_delivered);
    // What other deliveries have come to meanwhile is left out.
    let record = CallRecord {
        delivered: Vec::new(),
        ..outgoing.record.clone()
    };
    let payload = Payload {
        event: if delivered { "message" } else { "call" },
        key: &outgoing.key,
        page: page_of(page, record.id),
        call: export::json_line_in_case(&record, outgoing.case, zone),
        sound: outgoing.sound.as_ref().map(|sound| SoundJson {
            seconds: sound.len(),
            number: sound.number,
            wav: (audio == Audio::With)
                .then(|| BASE64_STANDARD.encode(wav::encode(&sound.samples))),
            note: (audio == Audio::TooLarge).then_some(Note {
                en: TOO_LARGE_EN,
                de: TOO_LARGE_DE,
            }),
        }),
    };
    let json = serde_json::to_string(&payload).expect("text, numbers and lists have a JSON form");
    plain_json(&json)
}

/// The signature of a body: `v1=` and HMAC-SHA256 of `timestamp.body` in hexadecimal digits.
pub fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut context =
        hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(timestamp.as_bytes());
    context.update(b".");
    context.update(body);
    let tag = context.sign();
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("v1={}", digits.collect::<String>())
}

#[derive(Serialize)]
struct Payload<'a, C: Serialize> {
    event: &'static str,
    key: &'a str,
    page: Option<String>,
    call: C,
    sound: Option<SoundJson>,
}

/// What is delivered of the recording.
#[derive(Serialize)]
struct SoundJson {
    seconds: MediaTime,
    number: Option<Stretch>,
    wav: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

/// Why there is no audio, for people.
#[derive(Serialize)]
struct Note {
    en: &'static str,
    de: &'static str,
}

fn receiver(settings: &Webhook) -> Result<&Url, DeliveryError> {
    let url = settings.url.as_ref();
    url.ok_or_else(|| DeliveryError::transient("[delivery.webhook] has no url"))
}

/// The receiver without what a log should not hold: tokens often stand in path and query.
fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn request(
    url: &Url,
    secret: &str,
    key: &str,
    now: Timestamp,
    body: String,
) -> Result<Request<Full<Bytes>>, DeliveryError> {
    let timestamp = now.as_second().to_string();
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    Request::post(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            header::USER_AGENT,
            concat!("voicemail-guard/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close")
        .header(IDEMPOTENCY_KEY, key)
        .header(SIGNATURE, signature(secret, &timestamp, body.as_bytes()))
        .header(TIMESTAMP, timestamp)
        .body(Full::from(body))
        .map_err(|error| {
            let why = format!("no request can be made for {}: {error}", shown(url));
            DeliveryError::Permanent(about(why, error))
        })
}

/// The addresses of the receiver, all of them allowed.
async fn resolve(settings: &Webhook, url: &Url) -> Result<Vec<SocketAddr>, DeliveryError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            let found = found.map_err(|error| {
                DeliveryError::Transient(about(format!("{name} has no address: {error}"), error))
            })?;
            found.collect()
        }
        None => Vec::new(),
    };
    for found in &addresses {
        address::check(found.ip(), &settings.allow_private).map_err(DeliveryError::transient)?;
    }
    Ok(addresses)
}

async fn connect(settings: &Webhook, url: &Url) -> Result<Box<dyn Stream>, DeliveryError> {
    let mut why: Cause = "it has no address".into();
    for found in resolve(settings, url).await? {
        match TcpStream::connect(found).await {
            Ok(stream) if url.scheme() == "https" => return secure(settings, url, stream).await,
            Ok(stream) => return Ok(Box::new(stream)),
            Err(error) => why = error.into(),
        }
    }
    let text = format!("{} cannot be reached: {why}", shown(url));
    Err(DeliveryError::Transient(about(text, why)))
}

async fn secure(
    settings: &Webhook,
    url: &Url,
    stream: TcpStream,
) -> Result<Box<dyn Stream>, DeliveryError> {
    let file = settings.ca_file.clone();
    let client = tokio::task::spawn_blocking(move || tls::client(file.as_deref()));
    let client = client
        .await
        .map_err(DeliveryError::transient)?
        .map_err(DeliveryError::transient)?;
    let name = match url.host() {
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(DeliveryError::permanent)?
        }
        Some(Host::Ipv4(ip)) => ServerName::IpAddress(std::net::IpAddr::from(ip).into()),
        Some(Host::Ipv6(ip)) => ServerName::IpAddress(std::net::IpAddr::from(ip).into()),
        None => return Err(DeliveryError::permanent("the webhook's url has no host")),
    };
    let connector = TlsConnector::from(Arc::new(client));
    let stream = connector.connect(name, stream).await;
    let stream = stream.map_err(|error| {
        let why = format!(
            "{}: TLS: {error}; a certificate of an authority of your own is trusted by ca_file",
            shown(url)
        );
        DeliveryError::Transient(about(why, error))
    })?;
    Ok(Box::new(stream))
}

async fn send(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    now: Timestamp,
) -> Result<Receipt, DeliveryError> {
    let broken = |error: hyper::Error| {
        DeliveryError::Transient(about(
            format!("no answer from the receiver: {error}"),
            error,
        ))
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_OF_THE_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // The connection ends with this set.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    if status.is_success() {
        return Ok(Receipt::Taken);
    }
    let after = retry_after(&response, now);
    let why = format!(
        "the receiver answered {status}: {}",
        beginning(response).await
    );
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Ok(Receipt::TooLarge(why));
    }
    Err(sort(status, why, after))
}

/// An answer that is no failure yet.
enum Receipt {
    Taken,
    TooLarge(String),
}

fn sort(status: StatusCode, why: String, after: Option<Duration>) -> DeliveryError {
    if status.is_redirection() {
        return DeliveryError::transient(format!(
            "{why}; redirects are not followed: set url to where it leads"
        ));
    }
    if FINAL.contains(&status.as_u16()) {
        return DeliveryError::permanent(why);
    }
    let mend = match status.as_u16() {
        401 | 403 => "; compare [delivery.webhook] secret with the receiver's",
        404 | 405 => "; look at [delivery.webhook] url",
        _ => "",
    };
    let why = why + mend;
    match after {
        Some(after) => DeliveryError::Busy { why, after },
        None => DeliveryError::transient(why),
    }
}

/// What the receiver asks to be waited, in seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(response: &Response<Incoming>, now: Timestamp) -> Option<Duration> {
    let asked = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    wait_of(asked.trim(), now)
}

fn wait_of(asked: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = asked.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let by_http = || Timestamp::try_from(httpdate::parse_http_date(asked).ok()?).ok();
    let date = by_http().or_else(|| {
        let date = jiff::fmt::rfc2822::parse(asked).ok()?;
        Some(date.timestamp())
    })?;
    // A date that is over asks for nothing.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// The beginning of an answer, for the log.
async fn beginning(response: Response<Incoming>) -> String {
    let mut body = response.into_body();
    let mut found = Vec::new();
    while found.len() < MOST_SHOWN && !body.is_end_stream() {
        match timeout(PATIENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => found.extend_from_slice(frame.data_ref().map_or(&[][..], |d| d)),
            _ => break,
        }
    }
    found.truncate(4 * MOST_SHOWN);
    let text = String::from_utf8_lossy(&found);
    shortened(&text, MOST_SHOWN).to_string()
}

/// Answers that no later attempt can change: they are about this request itself.
const FINAL: [u16; 8] = [400, 410, 411, 413, 414, 415, 422, 431];
/// Bytes of status line and headers that are read.
const MOST_OF_THE_HEAD: usize = 65_536;
/// Characters of an answer that are shown.
const MOST_SHOWN: usize = 200;
/// A refusal's text is waited for this long; the whole attempt has its own limit.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_as_a_date() {
        let now = "2026-11-24T09:12:44Z".parse().unwrap();
        for (asked, seconds) in [
            ("0", Some(0)),
            ("15", Some(15)),
            ("Tue, 24 Nov 2026 09:12:59 GMT", Some(15)),
            ("Tuesday, 24-Nov-26 09:12:59 GMT", Some(15)),
            ("Tue Nov 24 09:12:59 2026", Some(15)),
            ("Tue, 24 Nov 2026 10:12:59 +0100", Some(15)),
            ("Tue, 24 Nov 2026 09:12:40 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let seconds = seconds.map(Duration::from_secs);
            let wait = wait_of(asked, now).map(|wait| Duration::from_secs(wait.as_secs()));
            if asked.contains("9999") {
                assert!(
                    wait.is_none_or(|wait| wait > Duration::from_hours(24)),
                    "{wait:?}"
                );
            } else {
                assert_eq!(wait, seconds, "{asked}");
            }
        }
    }
}
