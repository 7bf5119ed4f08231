//! What the ear measures of the recordings in a folder, as the training takes it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use voicemail_guard::hearing::{Ear, STEP, ThirdListener};

#[path = "wav8k.rs"]
mod wav8k;

/// Reads `manifest.jsonl` and `wav/`, writes `rows.f32` and `rows.txt`, and for the third listener's
/// network `third.f32` and `third.txt`.
pub(crate) fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut rows = BufWriter::new(File::create(folder.join("rows.f32"))?);
    let mut third_rows = BufWriter::new(File::create(folder.join("third.f32"))?);
    let (mut index, mut third_index) = (String::new(), String::new());
    for line in fs::read_to_string(folder.join("manifest.jsonl"))?.lines() {
        let truth: serde_json::Value = serde_json::from_str(line)?;
        let file = truth["file"].as_str().ok_or("a line without a file")?;
        let samples = wav8k::read(&folder.join("wav").join(file))?;
        let mut ear = Ear::new();
        let mut count = 0;
        for step in samples.chunks_exact(STEP) {
            ear.push(step);
            while ear.poll_update().is_some() {}
            let frame = ear.frame().ok_or("a step without a frame")?;
            for v in frame.row {
                rows.write_all(&v.to_le_bytes())?;
            }
            count += 1;
        }
        writeln!(index, "{file} {count}")?;
        let (mut third, mut heard) = (Vec::new(), 0);
        ThirdListener::default().push_seen(&samples, |row| {
            third.extend(row.iter().flat_map(|v| v.to_le_bytes()));
            heard += 1;
        });
        third_rows.write_all(&third)?;
        writeln!(third_index, "{file} {heard}")?;
    }
    rows.flush()?;
    third_rows.flush()?;
    fs::write(folder.join("rows.txt"), index)?;
    fs::write(folder.join("third.txt"), third_index)?;
    Ok(())
}
