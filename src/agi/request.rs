//! The prelude: who calls, where, and with which arguments.
//!
//! Cut by hand, at the first colon of a line and one blank behind it (`setup_env` in `res_agi.c` writes `agi_NAME: VALUE`): any
//! bytes may stand in a value, so there is no grammar beyond that.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// What Asterisk says when it connects: `agi_…` lines, owned, as bytes.
///
/// Asterisk sends the lines in a fixed order and escapes nothing, so a line end inside a value makes
/// a forged line. Three rules keep forgery small:
///
/// * Of a repeated name the first line wins. What stands before the caller's number and name
///   (`agi_network_script`, `agi_request`, `agi_channel`, `agi_language`, `agi_type`, `agi_uniqueid`,
///   `agi_version`) can therefore not be forged by a caller at all, nor by an argument.
/// * What follows the name (`agi_callingpres` up to `agi_arg_…`) *can* be forged by it, and then the
///   forged line is the first. A name of those that is repeated with another value is
///   [contradicted](Self::is_contradicted), and the accessors for it give `None`.
/// * [`Self::argument`] reads the query of `agi_network_script` before `agi_arg_…`: a dialplan that
///   hands over its arguments in the URL cannot be forged by a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// All lines, one behind the other.
    text: Vec<u8>,
    lines: Vec<Field>,
    stray: Vec<Box<[u8]>>,
}

/// Where a line stands in the text: `start..colon` is its name, `value..end` its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    start: u32,
    colon: u32,
    value: u32,
    end: u32,
}

impl Request {
    /// Stray lines that are kept; the rest is dropped.
    pub const MAX_STRAY: usize = 8;

    /// The first value of `name` (`agi_uniqueid`), as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The first value of `name` (`agi_uniqueid`), with U+FFFD where it is no UTF-8.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// Whether `name` is there twice with different values.
    pub fn is_contradicted(&self, name: &str) -> bool {
        let mut values = self.values(name);
        let first = values.next();
        values.any(|value| Some(value) != first)
    }

    /// The names that are there more than once with different values: a sign of forgery, for the log.
    pub fn contradicted(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.lines()
            .filter(|(name, value)| {
                let first = self.lines().find(|(earlier, _)| earlier == name);
                first.is_some_and(|(_, first)| first != *value)
            })
            .map(|(name, _)| String::from_utf8_lossy(name))
    }

    /// Lines without a colon, the first [`Self::MAX_STRAY`] of them: half of a broken value, for the log.
    pub fn stray_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.stray.iter().map(AsRef::as_ref)
    }

    /// All lines in their order, names and values.
    pub fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|line| {
            let name = &self.text[line.start as usize..line.colon as usize];
            let value = &self.text[line.value as usize..line.end as usize];
            (name, value)
        })
    }

    /// The channel's identifier on this Asterisk; `None` when missing or empty.
    pub fn uniqueid(&self) -> Option<Cow<'_, str>> {
        self.known("agi_uniqueid")
    }

    /// The channel's name, such as `PJSIP/trunk-00000000`.
    pub fn channel(&self) -> Option<Cow<'_, str>> {
        self.known("agi_channel")
    }

    /// The caller's number as the network sent it; `None` when there is none (`unknown`).
    pub fn caller_id(&self) -> Option<Cow<'_, str>> {
        self.known("agi_callerid")
    }

    /// The caller's name as the network sent it; `None` when there is none (`unknown`).
    pub fn caller_name(&self) -> Option<Cow<'_, str>> {
        self.known("agi_calleridname")
    }

    /// Presentation of the number: 0 to 3 shown, 32 to 35 withheld, 67 not available.
    pub fn calling_pres(&self) -> Option<u8> {
        self.uncontradicted("agi_callingpres")?.parse().ok()
    }

    /// The number that was dialled, where the network says it.
    pub fn dnid(&self) -> Option<Cow<'_, str>> {
        self.uncontradicted("agi_dnid")
    }

    /// The number that forwarded the call, where the network says it.
    pub fn rdnis(&self) -> Option<Cow<'_, str>> {
        self.uncontradicted("agi_rdnis")
    }

    /// The path of the URL, without `/` at its start and without the query; not decoded.
    pub fn path(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.script().0)
    }

    /// An argument by name, from the query (percent-decoded) or else from an `agi_arg_N` of the form
    /// `name=value` (as it stands); of several the first.
    pub fn argument(&self, name: &str) -> Option<String> {
        self.arguments()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All arguments, names and values, the query's first. What has no `=` is a name with an empty value.
    pub fn arguments(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.script().1.unwrap_or_default();
        let from_query = query
            .split(|&byte| byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = split_at(pair, b'=');
                (
                    percent_decoded(name),
                    percent_decoded(value.unwrap_or_default()),
                )
            });
        let from_lines = self
            .lines()
            .filter(|(name, value)| name.starts_with(b"agi_arg_") && !value.is_empty())
            .map(|(_, pair)| {
                let (name, value) = split_at(pair, b'=');
                (lossy(name), lossy(value.unwrap_or_default()))
            });
        from_query.chain(from_lines)
    }

    /// Takes one line of the prelude, without its end.
    pub(super) fn push_line(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            if self.stray.len() < Self::MAX_STRAY {
                self.stray.push(line.into());
            }
            return;
        };
        let start = self.text.len();
        let blank = usize::from(line.get(colon + 1) == Some(&b' '));
        self.text.extend_from_slice(line);
        self.lines.push(Field {
            start: start as u32,
            colon: (start + colon) as u32,
            value: (start + colon + 1 + blank) as u32,
            end: self.text.len() as u32,
        });
    }

    /// Gives back what was taken in advance.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.lines.shrink_to_fit();
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.lines()
            .filter(move |(key, _)| *key == name.as_bytes())
            .map(|(_, value)| value)
    }

    fn known(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name)
            .filter(|value| !value.is_empty() && value != "unknown")
    }

    fn uncontradicted(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.is_contradicted(name) {
            return None;
        }
        self.known(name)
    }

    fn script(&self) -> (&[u8], Option<&[u8]>) {
        let script = self.bytes("agi_network_script").unwrap_or_default();
        split_at(script, b'?')
    }
}

fn split_at(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == separator) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// RFC 3986, 2.1; what is no valid escape stays as it stands, `+` too.
fn percent_decoded(text: &[u8]) -> String {
    percent_decode(text).decode_utf8_lossy().into_owned()
}
