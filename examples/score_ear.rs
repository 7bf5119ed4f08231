//! Hears the calls of a renderer's folders and prints predictions for its scorer.
//!
//! `cargo run --release --example score_ear -- FOLDER… > pred.jsonl` reads `FOLDER/manifest.jsonl` and
//! `FOLDER/wav/`; `src/hearing/train/score.sh` does that and scores it. `EAR_WEIGHTS` names a folder
//! with `weights.bin`, `second.bin` and `third.bin` to hear with in place of those built in.

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use voicemail_guard::audio::MediaTime;
use voicemail_guard::call::verdict::{Facts, by_rules, evidence, evidence_of_third, judge};
use voicemail_guard::hearing::{Ear, Recogniser, ThirdListener, Weights};

#[path = "support/wav8k.rs"]
mod wav8k;

fn main() -> Result<(), Box<dyn Error>> {
    let weights: &Weights = match std::env::var_os("EAR_WEIGHTS") {
        Some(folder) => {
            let read = |name| fs::read(Path::new(&folder).join(name));
            let [first, second, third] = ["weights.bin", "second.bin", "third.bin"].map(read);
            Box::leak(Box::new(Weights::read([&first?, &second?, &third?])))
        }
        None => Weights::shared(),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    for folder in std::env::args().skip(1) {
        let folder = Path::new(&folder);
        for line in fs::read_to_string(folder.join("manifest.jsonl"))?.lines() {
            let truth: serde_json::Value = serde_json::from_str(line)?;
            let file = truth["file"].as_str().ok_or("a line without a file")?;
            let mut recogniser = Recogniser::with(Ear::with(weights));
            let mut third = ThirdListener::with(weights);
            let samples = wav8k::read(&folder.join("wav").join(file))?;
            recogniser.push(&samples);
            third.push(&samples);
            let (timeline, opinion) = (recogniser.finish(), third.finish());
            let two = Facts::of_recording(&timeline);
            let three = Facts {
                third: Some(&opinion),
                ..two
            };
            let [rules, by_two, judgement] = [by_rules(&two), judge(&two), judge(&three)];
            let said = serde_json::json!({
                "file": file,
                "duration": timeline.heard(),
                "segments": timeline.segments(),
                "verdict": judgement.verdict,
                "confidence": judgement.confidence,
                "reasons": judgement.reasons,
                "two": by_two.verdict,
                "two_confidence": by_two.confidence,
                "rules": rules.verdict,
                "rules_confidence": rules.confidence,
                "evidence": evidence(&timeline, MediaTime::ZERO),
                "third": evidence_of_third(&timeline, MediaTime::ZERO, &opinion),
            });
            writeln!(out, "{said}")?;
        }
    }
    out.flush()?;
    Ok(())
}
