//! The recording of a call: the WAV file, whole or in part, and its picture.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
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
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = known(&desk, &visitor, &id).await?.record;
    let path = file(&desk, &record)?;
    desk.note_listening(&visitor, record.id).await?;
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let range = range.map(ToOwned::to_owned);
    let read = spawn_blocking(move || -> std::io::Result<_> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let part = match range.as_deref().map(|range| part_of(range, length)) {
            Some(None) => return Ok((length, None, Vec::new())),
            Some(Some(part)) => Some(part),
            None => None,
        };
        let (first, last) = part.unwrap_or((0, length.saturating_sub(1)));
        file.seek(SeekFrom::Start(first))?;
        let mut bytes = Vec::new();
        file.take(last + 1 - first).read_to_end(&mut bytes)?;
        Ok((length, Some((part, first, last)), bytes))
    });
    let read = match read.await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Problem::NotFound);
        }
        Ok(Err(error)) => return Err(Problem::Sound(error)),
        Err(error) => return Err(Problem::Sound(error.into())),
    };
    let (length, part, bytes) = read;
    let Some((part, first, last)) = part else {
        let range = [(CONTENT_RANGE, format!("bytes */{length}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
    };
    let headers = [
        (CONTENT_TYPE, "audio/wav".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, KEPT.to_owned()),
        (CONTENT_LENGTH, bytes.len().to_string()),
    ];
    let range = part.map(|_| [(CONTENT_RANGE, format!("bytes {first}-{last}/{length}"))]);
    let status = if part.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    Ok((status, headers, range, Body::from(bytes)).into_response())
}

/// The first and last byte that a `Range` asks for, of one range; the whole where it asks for several.
///
/// `None` where nothing of it is there (RFC 9110, 14.1.2).
fn part_of(range: &str, length: u64) -> Option<(u64, u64)> {
    let whole = (0, length.checked_sub(1)?);
    let Some(spec) = range
        .strip_prefix("bytes=")
        .filter(|spec| !spec.contains(','))
    else {
        return Some(whole);
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Some(whole);
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= length => None,
        (Ok(first), Ok(last)) if last < first => Some(whole),
        (Ok(first), Ok(last)) => Some((first, last.min(whole.1))),
        (Ok(first), Err(_)) if last.is_empty() => Some((first, whole.1)),
        (Err(_), Ok(0)) if first.is_empty() => None,
        (Err(_), Ok(most)) if first.is_empty() => Some((length.saturating_sub(most), whole.1)),
        _ => Some(whole),
    }
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
    let drawn = spawn_blocking(move || {
        let mut envelope = Envelope::default();
        let each = &mut |samples: &[i16]| envelope.push(samples);
        recordings::read(&tap, &data, record.id, record.started, each)?;
        Ok(Waveform {
            envelope: &envelope,
            segments: &record.timeline,
            asked: &record.asked,
        }
        .to_svg())
    });
    let drawn: Result<String, crate::tap::TapError> = match drawn.await {
        Ok(drawn) => drawn,
        Err(error) => return Err(Problem::Sound(error.into())),
    };
    let svg = drawn.map_err(|error| Problem::Sound(std::io::Error::other(error)))?;
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, KEPT)];
    Ok((headers, svg).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_bytes_a_range_means() {
        for (range, length, part) in [
            ("bytes=0-9", 100, Some((0, 9))),
            ("bytes=90-", 100, Some((90, 99))),
            ("bytes=-10", 100, Some((90, 99))),
            ("bytes=-200", 100, Some((0, 99))),
            ("bytes=0-999", 100, Some((0, 99))),
            ("bytes=100-", 100, None),
            ("bytes=-0", 100, None),
            ("bytes=0-", 0, None),
            // What is no range is as if there were none.
            ("bytes=9-0", 100, Some((0, 99))),
            ("bytes=0-1,5-6", 100, Some((0, 99))),
            ("chapters=1-2", 100, Some((0, 99))),
            ("bytes=a-b", 100, Some((0, 99))),
            ("bytes=18446744073709551616-", 100, Some((0, 99))),
        ] {
            assert_eq!(part_of(range, length), part, "{range} of {length}");
        }
    }
}
