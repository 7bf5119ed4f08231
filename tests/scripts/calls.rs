//! Every script of `tests/calls` against the conversation alone, in virtual time; what came of it is a snapshot.
//!
//! `INSTA_UPDATE=always cargo test --test scripts calls::` writes the snapshots anew; their diff is then reviewed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libtest_mimic::Trial;

use crate::dialogue::Usual;
use crate::{script, virtual_time};

/// How a call is set up and left stands in this one's snapshot alone.
const SHOWN_WHOLE: &str = "tone-busy";

static USUAL: LazyLock<Usual> = LazyLock::new(|| {
    let scripts = script::all();
    let shown = scripts.iter().find(|script| script.name == SHOWN_WHOLE);
    Usual::of(&virtual_time::run(shown.unwrap()))
});

pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    script::all()
        .into_iter()
        .map(|script| {
            Trial::test(format!("calls::{}", script.name), move || {
                let outcome = virtual_time::run(&script);
                let text = if script.name == SHOWN_WHOLE {
                    outcome.text()
                } else {
                    outcome.text_beside(&USUAL)
                };
                settings().bind(|| insta::assert_snapshot!(script.name.clone(), text));
                Ok(())
            })
        })
        .chain([Trial::test("calls::every_snapshot_has_its_script", || {
            let scripts = script::all();
            let names: BTreeSet<&str> = scripts.iter().map(|script| &*script.name).collect();
            let left: Vec<String> = snapshots()
                .into_iter()
                .filter(|name| !names.contains(&**name))
                .collect();
            assert!(left.is_empty(), "nobody writes these any more: {left:?}");
            Ok(())
        })])
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/calls");
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
