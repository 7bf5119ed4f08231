//! The ear over the whole corpus of telephone sound. Without the folder that `VOICEMAIL_GUARD_CORPUS` names these tests
//! are ignored, and with `--ignored` they fail.

#![expect(clippy::print_stderr, reason = "how much was heard is reported")]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use self::corpus::{Clip, Pool};
use self::told_apart::ToldApart;

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/told_apart.rs"]
mod told_apart;

fn main() -> ExitCode {
    let trial = Trial::test(
        "hold_music_and_prompts_of_the_corpus_are_told_apart",
        || {
            hold_music_and_prompts_of_the_corpus_are_told_apart();
            Ok(())
        },
    );
    let trial = trial.with_ignored_flag(corpus::folder().is_none());
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

/// Issue 2, item 4; sox reads the FLAC.
fn hold_music_and_prompts_of_the_corpus_are_told_apart() {
    let pool = Pool::open();
    let mut apart = ToldApart::default();
    for clip in pool.clips() {
        let Clip { path, kind, source } = clip;
        if !matches!(kind.as_str(), "music" | "speech" | "prompt" | "word") {
            continue;
        }
        let sound = pool.sound(clip);
        match source.as_str() {
            "opsound" => apart.hold_music(path, &sound),
            "asterisk-core-sounds-en-wav" => apart.prompt(path, &sound),
            _ => drop(apart.no_signal(path, &sound)),
        }
    }
    apart.all_right();
    let ToldApart { heard, spoken, .. } = apart;
    eprintln!("{heard} clips and {spoken} stretches of prompts heard");
}
