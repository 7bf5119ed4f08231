//! `check` of the call log: is it sound.

use std::path::Path;

use super::Item;
use crate::call_log::{DATABASE, LogError, Reader, quick_check};

pub(super) fn item(folder: &Path) -> Item {
    let file = &folder.join(DATABASE);
    let shown = file.display();
    match LogError::unless_there(file) {
        Ok(()) => {}
        Err(LogError::Missing { .. }) => {
            return Item::ok("call log", format!("{shown} is made at the first start"));
        }
        Err(error) => return Item::fail("call log", error.to_string(), MAY_NOT),
    }
    match quick_check(file) {
        Ok(answer) if answer == "ok" => match Reader::open(folder) {
            Err(LogError::Newer { found, known, .. }) => Item::fail(
                "call log",
                format!(
                    "{shown} was written by a newer voicemail-guard (schema {found}, known here up to {known}): serve refuses it"
                ),
                "install that version again, or name another folder with --data",
            ),
            _ => Item::ok("call log", format!("{shown} is sound")),
        },
        Ok(answer) => Item::fail(
            "call log",
            format!("{shown} is damaged: {answer}"),
            "stop the guard, keep a copy, and restore it: sqlite3 calls.sqlite .recover | sqlite3 new.sqlite",
        ),
        Err(error) => Item::fail(
            "call log",
            format!("{shown} cannot be opened: {error}"),
            MAY_NOT,
        ),
    }
}

const MAY_NOT: &str = "give the user that runs the guard the right to read and write it; if it is no database, move it away";
