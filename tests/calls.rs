//! Every script of `tests/calls` against the conversation alone, in virtual time; what came of it is a snapshot.
//!
//! `INSTA_UPDATE=always cargo test --test calls` writes the snapshots anew; their diff is then reviewed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

#[path = "support/argument_splitter.rs"]
mod argument_splitter;
#[path = "support/scripts/mod.rs"]
mod scripts;

fn main() -> ExitCode {
    let scripts = scripts::script::all();
    let names: BTreeSet<String> = scripts.iter().map(|script| script.name.clone()).collect();
    let mut trials: Vec<Trial> = scripts
        .into_iter()
        .map(|script| {
            Trial::test(script.name.clone(), move || {
                let text = scripts::virtual_time::run(&script).text();
                settings().bind(|| insta::assert_snapshot!(script.name.clone(), text));
                Ok(())
            })
        })
        .collect();
    trials.push(Trial::test("every_snapshot_has_its_script", move || {
        let left: Vec<String> = snapshots()
            .into_iter()
            .filter(|name| !names.contains(name))
            .collect();
        assert!(left.is_empty(), "nobody writes these any more: {left:?}");
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/calls");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn snapshots() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/calls");
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| Some(name.strip_suffix(".snap")?.to_owned()))
        .collect()
}
