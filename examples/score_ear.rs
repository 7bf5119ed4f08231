//! Hears the calls of a renderer's folders and prints predictions for its scorer.
//!
//! `cargo run --release --example score_ear -- FOLDER… > pred.jsonl` reads `FOLDER/manifest.jsonl` and
//! `FOLDER/wav/`; `src/hearing/train/score.sh` does that and scores it.

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use voicemail_guard::call::verdict::{Facts, judge};
use voicemail_guard::hearing::hear;
use voicemail_guard::present::{self, Language};

#[path = "support/wav8k.rs"]
mod wav8k;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for folder in std::env::args().skip(1) {
        let folder = Path::new(&folder);
        for line in fs::read_to_string(folder.join("manifest.jsonl"))?.lines() {
            let truth: serde_json::Value = serde_json::from_str(line)?;
            let file = truth["file"].as_str().ok_or("a line without a file")?;
            let timeline = hear(&wav8k::read(&folder.join("wav").join(file))?);
            let judgement = judge(&Facts::of_recording(&timeline));
            let reasons = present::reasons(&judgement.reasons, Language::En);
            let said = serde_json::json!({
                "file": file,
                "duration": timeline.heard(),
                "segments": timeline.segments(),
                "verdict": judgement.verdict,
                "confidence": judgement.confidence,
                "reasons": reasons,
            });
            writeln!(out, "{said}")?;
        }
    }
    out.flush()?;
    Ok(())
}
