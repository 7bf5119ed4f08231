//! Any words in a command: Asterisk's splitter gets exactly them, or the command is refused.
//!
//! The first byte picks the command, the rest are its words, parted by 0xff.

#![no_main]

#[path = "../../support/argument_splitter.rs"]
mod argument_splitter;

use libfuzzer_sys::fuzz_target;
use voicemail_guard::agi::{Command, Keys};

fuzz_target!(|bytes: &[u8]| {
    let Some((which, words)) = bytes.split_first() else {
        return;
    };
    let mut words = words.split(|&byte| byte == 0xff);
    let mut word = || words.next().unwrap_or_default();
    let command = match which % 7 {
        0 => Command::set_variable(word(), word()),
        1 => Command::exec(word(), word()),
        2 => Command::get_full_variable(word()),
        3 => Command::stream_file(word(), Keys::ALL),
        4 => Command::say_digits(word(), Keys::NONE),
        5 => Command::verbose(word(), 1),
        _ => Command::get_variable(word()),
    };
    let name = command
        .verb()
        .words()
        .split(' ')
        .map(|word| word.as_bytes().to_vec());
    let given: Vec<Vec<u8>> = name
        .chain(command.arguments().map(<[u8]>::to_vec))
        .collect();
    assert!(!command.to_string().contains(char::is_control));
    match command.encode() {
        Ok(line) => {
            let (end, line) = line.split_last().expect("a line has an end");
            assert_eq!(*end, b'\n');
            assert!(line.len() < Command::MAX_BYTES && !line.contains(&b'\n'));
            assert_eq!(argument_splitter::split(line), Some(given));
        }
        Err(_) => {
            let bytes: usize = given.iter().map(|word| 2 * word.len() + 3).sum();
            let forbidden = given.iter().flatten().any(|byte| b"\n\r\0".contains(byte));
            assert!(forbidden || bytes > Command::MAX_BYTES);
        }
    }
});
