//! The recording of a call: the WAV file, whole or in part, and its picture.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, IF_RANGE, RANGE,
    VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use super::Desk;
use super::call::known;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::call_record::CallRecord;
use crate::plot::{Envelope, Waveform};
use crate::recordings;

/// A recording does not change, and is nobody else's.
const KEPT: &str = "private, max-age=600";

/// The file of a call's recording. Its path is made of the call's own identifier, never of what a caller sent.
fn file(desk: &Desk, record: &CallRecord) -> Result<PathBuf, Problem> {
    recordings::path(&desk.0.data, record).ok_or(Problem::NotFound)
}

pub(super) async fn wav(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = known(&desk, &visitor, &id).await?.record;
    let path = file(&desk, &record)?;
    desk.note_listening(&visitor, record.id).await?;
    let range = range_in(&method, &headers).map(ToOwned::to_owned);
    let read = spawn_blocking(move || -> std::io::Result<_> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let wanted = range.map_or(Wanted::Whole, |range| Wanted::of(&range, length));
        let mut bytes = Vec::new();
        match wanted {
            Wanted::Whole => {
                file.read_to_end(&mut bytes)?;
            }
            Wanted::Part { first, last } => {
                file.seek(SeekFrom::Start(first))?;
                file.take(last + 1 - first).read_to_end(&mut bytes)?;
            }
            Wanted::Nothing => {}
        }
        Ok((length, wanted, bytes))
    });
    let read = match read.await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Problem::NotFound);
        }
        Ok(Err(error)) => return Err(Problem::Sound(error)),
        Err(error) => return Err(Problem::Sound(error.into())),
    };
    let (length, wanted, bytes) = read;
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, None),
        Wanted::Part { first, last } => {
            let range = format!("bytes {first}-{last}/{length}");
            (StatusCode::PARTIAL_CONTENT, Some([(CONTENT_RANGE, range)]))
        }
        Wanted::Nothing => {
            let range = [(CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let headers = [
        (CONTENT_TYPE, "audio/wav".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, KEPT.to_owned()),
        (CONTENT_LENGTH, bytes.len().to_string()),
    ];
    Ok((status, headers, range, Body::from(bytes)).into_response())
}

/// The `Range` that counts: only of GET, and only where nothing is to be the same as before, since no answer says which
/// one it is (RFC 9110, 14.2 and 13.1.5).
fn range_in<'a>(method: &Method, headers: &'a HeaderMap) -> Option<&'a str> {
    let counts = *method == Method::GET && !headers.contains_key(IF_RANGE);
    headers.get(RANGE).filter(|_| counts)?.to_str().ok()
}

/// What is wanted of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// From one byte to another, both of which are there.
    Part {
        first: u64,
        last: u64,
    },
    /// What is not there.
    Nothing,
}

impl Wanted {
    /// Of a file of this length, by a `Range` (RFC 9110, 14.1): one range of bytes. What is none, or several, is as
    /// if there were no such header.
    fn of(range: &str, length: u64) -> Self {
        let Some((first, last)) = one_range(range) else {
            return Self::Whole;
        };
        let end = length.saturating_sub(1);
        match (number(first), number(last)) {
            (Some(first), None) if last.is_empty() && first < length => {
                Self::Part { first, last: end }
            }
            (Some(first), Some(last)) if first <= last && first < length => Self::Part {
                first,
                last: last.min(end),
            },
            (None, Some(most)) if first.is_empty() && most > 0 && length > 0 => Self::Part {
                first: length.saturating_sub(most),
                last: end,
            },
            (Some(first), Some(last)) if first > last => Self::Whole,
            (Some(_), Some(_)) => Self::Nothing,
            (Some(_), None) if last.is_empty() => Self::Nothing,
            (None, Some(_)) if first.is_empty() => Self::Nothing,
            _ => Self::Whole,
        }
    }
}

/// What stands before and behind the hyphen of a single range of bytes.
fn one_range(range: &str) -> Option<(&str, &str)> {
    let (unit, ranges) = range.split_once('=')?;
    let range = ranges.trim().split_once('-')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(range)
}

/// A number of digits alone; one that no file reaches is the largest.
fn number(digits: &str) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|of| of.is_ascii_digit());
    is_plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

pub(super) async fn waveform(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let record = known(&desk, &visitor, &id).await?.record;
    file(&desk, &record)?;
    let (data, tap) = (
        desk.0.data.clone(),
        desk.0.settings.now().tap.folder_as_guard_sees_it.clone(),
    );
    let language = visitor.language;
    let drawn = spawn_blocking(move || {
        let mut envelope = Envelope::default();
        let each = &mut |samples: &[i16]| envelope.push(samples);
        recordings::read(&tap, &data, record.id, record.started, &[], each)?;
        Ok(Waveform {
            envelope: &envelope,
            segments: &record.timeline,
            asked: &record.asked,
            keys: &record.key_runs(),
            language,
        }
        .to_svg())
    });
    let drawn: Result<String, crate::tap::TapError> = match drawn.await {
        Ok(drawn) => drawn,
        Err(error) => return Err(Problem::Sound(error.into())),
    };
    let svg = drawn.map_err(|error| Problem::Sound(std::io::Error::other(error)))?;
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, KEPT),
        // Its words are in the visitor's language.
        (VARY, "accept-language, cookie"),
    ];
    Ok((headers, svg).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_bytes_a_range_means() {
        let part = |first, last| Wanted::Part { first, last };
        for (range, length, wanted) in [
            ("bytes=0-9", 100, part(0, 9)),
            ("Bytes=0-9", 100, part(0, 9)),
            ("bytes=90-", 100, part(90, 99)),
            ("bytes=-10", 100, part(90, 99)),
            ("bytes=-200", 100, part(0, 99)),
            ("bytes=0-999", 100, part(0, 99)),
            ("bytes=9-18446744073709551616", 100, part(9, 99)),
            ("bytes=100-", 100, Wanted::Nothing),
            ("bytes=100-200", 100, Wanted::Nothing),
            ("bytes=18446744073709551616-", 100, Wanted::Nothing),
            ("bytes=-0", 100, Wanted::Nothing),
            ("bytes=0-", 0, Wanted::Nothing),
            ("bytes=-5", 0, Wanted::Nothing),
            // What is no range is as if there were none.
            ("bytes=9-0", 100, Wanted::Whole),
            ("bytes=0-1,5-6", 100, Wanted::Whole),
            ("chapters=1-2", 100, Wanted::Whole),
            ("bytes=a-b", 100, Wanted::Whole),
            ("bytes=+1-2", 100, Wanted::Whole),
            ("bytes=-", 100, Wanted::Whole),
            ("bytes=", 100, Wanted::Whole),
            ("bytes", 100, Wanted::Whole),
            ("", 0, Wanted::Whole),
        ] {
            assert_eq!(Wanted::of(range, length), wanted, "{range} of {length}");
        }
    }
}
