//! `generate`: manual pages and completions, of every command that there is.

use std::fs;

use clap::{Command, CommandFactory};
use voicemail_guard::cli::Cli;

use super::guard;

#[test]
fn each_command_has_a_manual_page_with_its_options_and_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    let output = guard().arg("generate").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let read = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let completions = [
        "voicemail-guard.bash",
        "_voicemail-guard",
        "voicemail-guard.fish",
    ]
    .map(read);
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut left = vec![&root];
    let mut pages = 0;
    while let Some(command) = left.pop() {
        let shown = |it: &&Command| !it.is_hide_set();
        left.extend(command.get_subcommands().filter(shown));
        let name = command.get_display_name().unwrap_or(command.get_name());
        let page = read(&format!("{name}.1")).replace('\\', "");
        pages += 1;
        let options = command.get_arguments().filter(|it| !it.is_hide_set());
        for option in options.filter_map(|it| it.get_long()) {
            assert!(page.contains(&format!("--{option}")), "{name} --{option}");
        }
        for completion in &completions {
            assert!(completion.contains(command.get_name()), "{name}");
        }
    }
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, pages + completions.len(), "and nothing beside");
}
