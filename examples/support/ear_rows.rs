//! What the ear measures of the recordings in a folder, as the training takes it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use voicemail_guard::hearing::{Ear, STEP};

#[path = "wav8k.rs"]
mod wav8k;

/// Reads `manifest.jsonl` and `wav/`, writes `rows.f32` and `rows.txt`.
pub(crate) fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut rows = BufWriter::new(File::create(folder.join("rows.f32"))?);
    let mut index = String::new();
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
    }
    rows.flush()?;
    fs::write(folder.join("rows.txt"), index)?;
    Ok(())
}
