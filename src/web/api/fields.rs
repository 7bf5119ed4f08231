//! What stands in the body of a request.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::admission::Ticket;
use super::fault::Fault;
use crate::text::quoted;
use crate::web::LARGEST_FORM;
use crate::web::visitor::{self, fit};

/// The fields of a JSON object that was sent, each taken once.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) async fn of(request: Request) -> Result<Self, Fault> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "the body has to be JSON; send the header Content-Type: application/json";
            return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let Ok(body) = to_bytes(request.into_body(), LARGEST_FORM).await else {
            let detail = "the body is too large, or did not come whole; it has at most 32 KiB";
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        };
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => match twice(&body) {
                None => Ok(Self(fields)),
                Some(name) => {
                    let detail = format!("{} stands there twice; send it once", quoted(&name));
                    Err(Fault::of_field(&name, detail))
                }
            },
            Ok(_) => {
                let detail = "the body has to be an object such as {\"note\": \"engaged\"}";
                Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
            }
            Err(error) => {
                let detail = format!("the body is no JSON: {error}");
                Err(Fault::new(StatusCode::BAD_REQUEST, detail))
            }
        }
    }

    /// A field, unless it is missing or null.
    fn take<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = || Fault::of_field(name, format!("{name} has to be {expected}"));
                read(&value).map(Some).ok_or_else(wrong)
            }
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        self.take(name, "a text", |value| {
            value.as_str().map(ToOwned::to_owned)
        })
    }

    pub(super) fn whole(&mut self, name: &str) -> Result<Option<u32>, Fault> {
        let whole = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
        self.take(name, "a whole number", whole)
    }

    pub(super) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let time = |value: &Value| Timestamp::from_str(value.as_str()?).ok();
        self.take(name, "a time such as 2026-11-24T14:00:00+01:00", time)
    }

    /// Whoever does it: the token's name, or what stands in `as` where there is no token.
    pub(super) fn name(
        &mut self,
        visitor: &mut visitor::Visitor,
        ticket: &Ticket,
    ) -> Result<(), Fault> {
        match self.text("as")? {
            Some(_) if ticket.is_there() => {
                let detail = "the token's name is kept as who did it; leave \"as\" out";
                return Err(Fault::of_field("as", detail));
            }
            Some(name) => visitor.name = fit(&name),
            None => {}
        }
        Ok(())
    }

    /// That no field was sent but these.
    pub(super) fn none_left(&self, known: &[&str]) -> Result<(), Fault> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let detail = format!(
                    "there is no field {}; there are {}",
                    quoted(name),
                    known.join(", ")
                );
                Err(Fault::of_field(name, detail).with("allowed", json!(known)))
            }
        }
    }
}

/// A name that an object has twice: of what is sent under it only the last would be taken.
fn twice(body: &[u8]) -> Option<String> {
    let Names(twice) = serde_json::from_slice(body).ok()?;
    twice
}

struct Names(Option<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let (mut seen, mut twice) = (HashSet::new(), None);
                while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
                    if !seen.insert(name.clone()) {
                        twice.get_or_insert(name);
                    }
                }
                Ok(Names(twice))
            }
        }
        from.deserialize_map(Each)
    }
}
