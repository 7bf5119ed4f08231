//! Writes what the ear measures of recordings, for training: one row of numbers per 40 ms, and for the third
//! listener's network one per 96 ms.
//!
//! `cargo run --release --example ear_features -- FOLDER…` reads `FOLDER/manifest.jsonl` and `FOLDER/wav/`, writes
//! `FOLDER/rows.f32` (little-endian) and `FOLDER/rows.txt` (file name and number of rows, in the same order), and
//! likewise `third.f32` and `third.txt`.

use std::error::Error;
use std::path::Path;

#[path = "support/ear_rows.rs"]
mod ear_rows;

fn main() -> Result<(), Box<dyn Error>> {
    for folder in std::env::args().skip(1) {
        ear_rows::write(Path::new(&folder))?;
    }
    Ok(())
}
