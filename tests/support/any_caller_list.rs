//! What holds for any list of callers and any number, seen from Germany.

use voicemail_guard::number::{self, CallerIdentity, CallerList, Entry, NoNumber};

/// The first line is the number that calls, every other an entry of the list.
pub(crate) fn look(text: &str) {
    let (sent, entries) = text.split_once('\n').unwrap_or((text, ""));
    let entries: Vec<Entry> = entries.lines().filter_map(read).collect();
    let home = "DE".parse().ok();
    let e164 = number::normalise(sent, home).map(String::from);
    let list = CallerList::new(entries.clone(), home);
    let found = find(&list, sent, false);
    if let Some(found) = &found {
        assert!(entries.contains(found), "{found} is on no list");
    }
    for entry in &entries {
        let alone = CallerList::new(vec![entry.clone()], home);
        let meant = find(&alone, sent, false).is_some();
        assert!(
            !meant || found.is_some(),
            "{entry} means {sent}, the list does not"
        );
        let text = entry.to_string();
        if let (Some(pattern), Some(forms)) =
            (text.strip_prefix('_'), forms(sent, e164.as_deref(), &text))
        {
            let pattern: Vec<char> = pattern
                .chars()
                .filter(|c| !" -".contains(*c) || text.contains('['))
                .collect();
            let expected = forms
                .iter()
                .any(|form| means(&pattern, &form.chars().collect::<Vec<_>>()));
            assert_eq!(meant, expected, "{entry} and {forms:?}");
        }
        let word = find(&alone, sent, true).is_some();
        let is_word =
            !text.starts_with('_') && number::no_number(&text) == Some(NoNumber::Withheld);
        assert_eq!(word, is_word, "{entry} and a number that is withheld");
    }
    // However the network writes a number, it is the same number.
    if let Some(national) = e164
        .as_deref()
        .and_then(|number| number.strip_prefix("+49"))
    {
        for again in [
            format!("+49{national}"),
            format!("0049{national}"),
            format!("0{national}"),
        ] {
            if number::normalise(&again, home).map(String::from) == e164 {
                assert_eq!(find(&list, &again, false), found, "{again} and {sent}");
            }
        }
    }
}

fn read(text: &str) -> Option<Entry> {
    match text.parse::<Entry>() {
        Ok(entry) => {
            assert_eq!(entry.to_string().parse(), Ok(entry.clone()), "read again");
            Some(entry)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

fn find(list: &CallerList, number: &str, withheld: bool) -> Option<Entry> {
    let e164 = number::normalise(number, "DE".parse().ok());
    let identity = CallerIdentity {
        number,
        e164: e164.as_ref(),
        withheld,
    };
    list.find(identity).cloned()
}

/// The ways to write this number that a pattern is compared with; `None` where that takes more than this knows.
fn forms(sent: &str, e164: Option<&str>, pattern: &str) -> Option<Vec<String>> {
    let Some(e164) = e164 else {
        // The prefix for abroad with nothing behind it is nobody's number.
        let plain = sent != "00"
            && !sent.is_empty()
            && sent.len() <= 64
            && sent.bytes().all(|c| c.is_ascii_digit());
        return plain.then(|| vec![sent.to_owned()]);
    };
    let mut forms = vec![e164.to_owned()];
    match e164.strip_prefix("+49") {
        Some(national) => {
            forms.push(format!("0{national}"));
            let bare: String = pattern.chars().filter(|c| !" -".contains(*c)).collect();
            if bare.starts_with("_0049") {
                forms.push(format!("0049{national}"));
            }
        }
        None => forms.push(format!("00{}", &e164[1..])),
    }
    Some(forms)
}

/// A pattern read as slowly as it is explained: character by character, from the left.
fn means(pattern: &[char], number: &[char]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else {
        return number.is_empty();
    };
    let with = |fits: bool, rest: &[char]| fits && means(rest, &number[1..]);
    let key = number.first().copied().unwrap_or('\0');
    match first {
        ' ' | '-' => means(rest, number),
        '.' => !number.is_empty(),
        '!' => true,
        'X' | 'x' => with(key.is_ascii_digit(), rest),
        'Z' | 'z' => with(('1'..='9').contains(&key), rest),
        'N' | 'n' => with(('2'..='9').contains(&key), rest),
        '[' => {
            let end = rest
                .iter()
                .position(|&c| c == ']')
                .expect("an end of the set");
            let (set, rest) = (&rest[..end], &rest[end + 1..]);
            let ranges = set
                .windows(3)
                .any(|w| w[1] == '-' && (w[0]..=w[2]).contains(&key));
            with(ranges || (key != '-' && set.contains(&key)), rest)
        }
        exactly => with(key == exactly, rest),
    }
}
