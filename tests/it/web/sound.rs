//! The recording over HTTP.

use voicemail_guard::audio::{MediaTime, wav};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::recordings;

use super::{Served, call};

#[tokio::test]
async fn a_recording_comes_whole_and_in_parts_and_as_a_picture() {
    let mut record = call(1, "030 1234567", "Schmidt", Verdict::Message);
    let place = recordings::place(record.id, record.started);
    record.audio = Some(place.clone());
    let served = Served::with(std::slice::from_ref(&record)).await;
    let url = format!("/calls/{}/sound.wav", record.id);
    // The record says so, but the file is gone: its time of keeping is over.
    assert_eq!(served.get(&url).await.status, 404);
    let path = served.folder.path().join(place);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let samples: Vec<i16> = (0..16_000).map(|i| (i % 300 * 100) as i16).collect();
    let file = wav::encode(&samples);
    std::fs::write(&path, &file).unwrap();

    let whole = served.get(&url).await;
    assert_eq!((whole.status, whole.body.len()), (200, file.len()));
    assert_eq!(whole.body, file);
    assert_eq!(whole.header("content-type"), Some("audio/wav"));
    let part = served.get_with(&url, "range: bytes=100-199\r\n").await;
    assert_eq!((part.status, &part.body[..]), (206, &file[100..200]));
    let range = format!("bytes 100-199/{}", file.len());
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    let none = served.get_with(&url, "range: bytes=99999999-\r\n").await;
    assert_eq!(none.status, 416);
    let end = served.get_with(&url, "range: bytes=-2\r\n").await;
    assert_eq!(end.body, file[file.len() - 2..]);
    // What is no range of bytes is as if it were not there.
    for unusable in [
        "range: bytes=9-0\r\n",
        "range: bytes=0-1,5-6\r\n",
        "range: seconds=0-1\r\n",
        "range: bytes=0-9\r\nif-range: \"x\"\r\n",
    ] {
        let whole = served.get_with(&url, unusable).await;
        assert_eq!(
            (whole.status, whole.body.len()),
            (200, file.len()),
            "{unusable}"
        );
        assert_eq!(whole.header("content-range"), None, "{unusable}");
    }
    let head = format!(
        "HEAD {url} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nrange: bytes=0-9\r\n\r\n",
        served.address
    );
    let head = served.raw(head.as_bytes()).await;
    let length = file.len().to_string();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some(&*length))
    );

    let picture = served
        .get(&format!("/calls/{}/waveform.svg", record.id))
        .await;
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    let svg = picture.text();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
    assert!(svg.contains("class=\"speech\""), "{svg}");
    assert_eq!(
        record.timeline.first().map(|s| s.start),
        Some(MediaTime::ZERO)
    );
}
