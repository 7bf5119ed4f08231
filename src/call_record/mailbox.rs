//! The name of a mailbox.

/// A mailbox by the two parts of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// `default` of `100@default`.
    pub context: String,
    /// `100` of `100@default`.
    pub box_name: String,
}

impl Mailbox {
    /// Reads `100@default` or `100`; `None` where that could name anything but a folder of the
    /// spool.
    pub fn parse(name: &str) -> Option<Self> {
        let (box_name, context) = name.split_once('@').unwrap_or((name, "default"));
        let sound = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
            (1..=80).contains(&word.len()) && !word.starts_with('.') && word.chars().all(plain)
        };
        (sound(box_name) && sound(context)).then(|| Self {
            context: context.into(),
            box_name: box_name.into(),
        })
    }
}

/// A mailbox's name with its context: `100` is `100@default`.
pub fn full_box_name(name: &str) -> String {
    if name.contains('@') {
        name.to_owned()
    } else {
        format!("{name}@default")
    }
}
