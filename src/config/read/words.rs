//! What is wrong with a setting in an administrator's words: serde and the TOML parser have their own.

/// Settings and tables farther from a name than a third of its letters are not meant by it.
const NEAR: usize = 3;

/// A name among `known` that this one may be a slip of the pen for.
pub(super) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / NEAR).max(1);
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, known)| known)
}

/// That there is no such setting, and which there are.
pub(super) fn unknown(name: &str, known: &[&str]) -> String {
    if let Some(meant) = near(name, known.iter().copied()) {
        return format!("unknown setting `{name}`; did you mean `{meant}`?");
    }
    let known = match known {
        [] => "this table takes no settings yet".to_owned(),
        [one] => format!("expected `{one}`"),
        [one, other] => format!("expected `{one}` or `{other}`"),
        all => format!("expected one of `{}`", all.join("`, `")),
    };
    format!("unknown setting `{name}`, {known}")
}

/// What a value is wrong by; `written` is how it stands in the file.
pub(super) fn wrong_value(message: &str, written: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((found, expected)) = rest.split_once("`, expected ")
    {
        return choice(&format!("{found:?}"), expected);
    }
    if message == NO_TEXT {
        return format!("{written} is not {TEXT}");
    }
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "))
    else {
        return message.to_owned();
    };
    let found = match found {
        "map" => "a table",
        "sequence" => "a list",
        found if found.starts_with("integer") || found.starts_with("floating") => written,
        found => found
            .trim_start_matches(|c: char| c.is_alphabetic() || c == ' ')
            .trim_matches('`'),
    };
    match expected {
        "a sequence" if found.starts_with('"') => {
            format!("{found} is not {LIST}: write [{found}]")
        }
        "a sequence" => format!("{found} is not {LIST}"),
        "a string" => format!("{found} is not {TEXT}"),
        "a boolean" => format!("{found} is not true or false, without quotation marks"),
        expected => format!("{found} is not {expected}"),
    }
}

/// The values that there are, by what serde says of one that there is not.
pub(super) fn wrong_choice(written: &str, message: &str) -> Option<String> {
    let (_, expected) = message
        .strip_prefix("unknown variant")?
        .split_once("expected ")?;
    Some(choice(written, expected))
}

fn choice(found: &str, expected: &str) -> String {
    let names: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    let allowed = names.join("\", \"");
    let one_of = if names.len() > 1 { "one of " } else { "" };
    let meant = near(found.trim_matches('"'), names);
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean \"{meant}\"?"));
    format!("{found} is not {one_of}\"{allowed}\"{meant}")
}

/// What is wrong with a line as TOML.
pub(super) fn no_toml(message: &str) -> &str {
    match message {
        "invalid unquoted key, expected letters, numbers, `-`, `_`" => {
            "a name with other characters than letters, digits, - and _ stands in quotation marks, \
             such as [box.\"100@default\"]"
        }
        "string values must be quoted, expected literal string" => VALUE,
        _ if NO_VALUE.iter().any(|start| message.starts_with(start)) => VALUE,
        _ if OF_NUMBERS.iter().any(|word| message.contains(word)) => NUMBER,
        "key with no value, expected `=`" => "a setting is written as name = value",
        "invalid basic string, expected `\"`" => {
            "a text that does not end: its closing \" is missing"
        }
        "invalid literal string, expected `'`" => {
            "a text that does not end: its closing ' is missing"
        }
        "unexpected leading zero, expected nothing" => "a number does not begin with 0",
        "unexpected key or value, expected newline, `#`" => {
            "something stands behind the value: each setting has a line of its own"
        }
        "unclosed table, expected `]`" => "the ] behind the name of the table is missing",
        other => other,
    }
}

/// What the parser says of a value that is none of those to choose from, nor any text.
pub(super) const NO_TEXT: &str = "wanted string or table";
const VALUE: &str = "a value is a number, true or false, or a text in quotation marks";
/// What the parser says of words that are no value.
const NO_VALUE: [&str; 4] = [
    "invalid float",
    "invalid boolean",
    "invalid date",
    "invalid time",
];
const NUMBER: &str = "a number is written in digits, such as 5 or 2.5";
/// Words of the parser about digits that make no number.
const OF_NUMBERS: [&str; 8] = [
    "integer",
    "hexadecimal",
    "octal",
    "binary",
    "radix",
    "sign",
    "between digits",
    "expected digits",
];
const TEXT: &str = "a text in quotation marks";
const LIST: &str = "a list in square brackets";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant_and_nothing_else() {
        let known = ["pause_s", "questions", "tone_s"];
        for (name, meant) in [
            ("puase_s", Some("pause_s")),
            ("question", Some("questions")),
            ("tones", Some("tone_s")),
            ("x", None),
            ("answer_s", None),
        ] {
            assert_eq!(near(name, known), meant, "{name}");
        }
    }
}
