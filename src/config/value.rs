//! Values that cannot hold what is not allowed: their ranges are part of their types.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::number::{self, CallerNumbers, Entry};
use crate::telemetry;

/// A number of seconds, also a broken one, from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seconds<const MIN: u32, const MAX: u32>(pub(super) Duration);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Seconds<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRange<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> Visitor<'_> for InRange<MIN, MAX> {
            type Value = Duration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number of seconds from {MIN} to {MAX}")
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
                broken_seconds::<MIN, MAX>(seconds).ok_or_else(|| not_allowed(&seconds, &self))
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
                whole_seconds::<MIN, MAX>(seconds).ok_or_else(|| not_allowed(&seconds, &self))
            }
        }
        deserializer.deserialize_any(InRange::<MIN, MAX>).map(Self)
    }
}

/// [`Seconds`], or the word `"off"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OrOff<const MIN: u32, const MAX: u32>(pub(super) Option<Duration>);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for OrOff<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRangeOrOff<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> Visitor<'_> for InRangeOrOff<MIN, MAX> {
            type Value = Option<Duration>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number of seconds from {MIN} to {MAX}, or \"off\"")
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
                let allowed = broken_seconds::<MIN, MAX>(seconds).map(Some);
                allowed.ok_or_else(|| not_allowed(&seconds, &self))
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
                let allowed = whole_seconds::<MIN, MAX>(seconds).map(Some);
                allowed.ok_or_else(|| not_allowed(&seconds, &self))
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
                if word == "off" {
                    Ok(None)
                } else {
                    Err(not_allowed(&format_args!("{word:?}"), &self))
                }
            }
        }
        deserializer
            .deserialize_any(InRangeOrOff::<MIN, MAX>)
            .map(Self)
    }
}

fn broken_seconds<const MIN: u32, const MAX: u32>(seconds: f64) -> Option<Duration> {
    let allowed = f64::from(MIN)..=f64::from(MAX);
    allowed
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

fn whole_seconds<const MIN: u32, const MAX: u32>(seconds: i64) -> Option<Duration> {
    let allowed = i64::from(MIN)..=i64::from(MAX);
    allowed
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds as u64))
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Count<const MIN: u32, const MAX: u32>(pub(super) u32);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRange<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> Visitor<'_> for InRange<MIN, MAX> {
            type Value = u32;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<u32, E> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| (MIN..=MAX).contains(number))
                    .ok_or_else(|| not_allowed(&number, &self))
            }
        }
        deserializer.deserialize_any(InRange::<MIN, MAX>).map(Self)
    }
}

fn not_allowed<E: de::Error>(found: &impl fmt::Display, allowed: &dyn de::Expected) -> E {
    E::custom(format_args!("{found} is not {allowed}"))
}

/// Declares a value that is written as a string and read by one rule.
macro_rules! text_value {
    ($(#[doc = $doc:literal])+ $name:ident($inner:ty), $rule:expr, $allowed:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let rule: fn(&str) -> Option<$inner> = $rule;
                rule(&text)
                    .map(Self)
                    .ok_or_else(|| de::Error::custom(format_args!("{text:?} is not {}", $allowed)))
            }
        }
    };
}

text_value!(
    /// A network: `10.0.0.0/8`, or one address.
    Network(IpNet),
    |text| {
        let address = || IpAddr::from_str(text).map(IpNet::from);
        IpNet::from_str(text).or_else(|_| address()).ok()
    },
    "a network such as \"192.0.2.0/24\" or \"2001:db8::/32\""
);

text_value!(
    /// A folder by its whole path.
    Folder(PathBuf),
    |text| Some(PathBuf::from(text)).filter(|path| path.is_absolute()),
    "the whole path of a folder, beginning with /"
);

text_value!(
    /// A folder that is named in a command to Asterisk, where commas, blanks and quotes mean something.
    AsteriskFolder(PathBuf),
    |text| (text.starts_with('/') && is_plain_path(text)).then(|| text.trim_end_matches('/').into()),
    "the whole path of a folder, beginning with /, of letters, digits, and . _ - /"
);

text_value!(
    /// A host's name or address with a port.
    HostAndPort(String),
    |text| {
        let (host, port) = text.rsplit_once(':')?;
        let host_is_plain = host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-[]:".contains(c));
        (!host.is_empty() && host_is_plain && port.parse::<u16>().is_ok()).then(|| text.to_owned())
    },
    "a host and a port such as \"127.0.0.1:5038\""
);

text_value!(
    /// A text without line ends and other control characters.
    OneLine(String),
    one_line,
    ONE_LINE
);

const ONE_LINE: &str = "a text of at most 256 octets without line ends";

fn one_line(text: &str) -> Option<String> {
    (text.len() <= 256 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// A text that no message repeats, whatever was written in its place.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Unrepeated(pub(super) String);

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = String;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ONE_LINE)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
                one_line(text).ok_or_else(|| E::custom(format_args!("not {ONE_LINE}")))
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<String, E> {
                Err(E::custom(Unrepeated::QUOTES))
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<String, E> {
                Err(E::custom(Unrepeated::QUOTES))
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<String, E> {
                Err(E::custom(Unrepeated::QUOTES))
            }
        }
        deserializer.deserialize_any(Text).map(Self)
    }
}

impl Unrepeated {
    const QUOTES: &str = "a secret stands in quotation marks";
}

text_value!(
    /// A sound as Asterisk is told it: below the sounds folder or a whole path, no ending.
    Sound(String),
    |text| {
        let audio = ["wav", "WAV", "wav16", "sln", "sln16", "ulaw", "alaw", "gsm", "g722"];
        let ending = text.rsplit_once('.').map(|(_, ending)| ending);
        let good = is_plain_path(text)
            && !text.starts_with('-')
            && !ending.is_some_and(|ending| audio.contains(&ending));
        good.then(|| text.to_owned())
    },
    "the name of a sound without its ending, of letters, digits, and . _ - /"
);

text_value!(
    /// Options of `VoiceMail()`; they go into the dialplan.
    VoicemailOptions(String),
    |text| are_voicemail_options(text).then(|| text.to_owned()),
    "options of VoiceMail() such as \"u\", \"b\", \"su\" or \"ug(3)\""
);

text_value!(
    /// Where a key leads out of the box: nowhere, a context, or a place in the dialplan.
    Exit(String),
    |text| {
        let word = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-+*#".contains(c);
            !word.is_empty() && word.len() <= 80 && word.chars().all(plain)
        };
        let number = |word: &str| word.parse::<u16>().is_ok_and(|priority| priority > 0);
        let parts: Vec<&str> = text.split(',').collect();
        let good = match parts.as_slice() {
            [""] => true,
            [context] => word(context),
            [context, extension, priority] => word(context) && word(extension) && number(priority),
            _ => false,
        };
        good.then(|| text.to_owned())
    },
    "a place in the dialplan such as \"support,o,1\", a context such as \"support\" for its own extension, or \"\" for none"
);

impl Exit {
    /// The whole place; a context alone means this extension of it, as `VoiceMail()` goes to `o` and `a`.
    pub(super) fn place(self, extension: &str) -> Option<String> {
        match self.0.as_str() {
            "" => None,
            place if place.contains(',') => Some(self.0),
            context => Some(format!("{context},{extension},1")),
        }
    }
}

text_value!(
    /// A country that the phone-number library knows.
    Country(number::Country),
    |text| {
        let capitals = text.len() == 2 && text.bytes().all(|c| c.is_ascii_uppercase());
        capitals.then(|| text.parse().ok()).flatten()
    },
    "a country of two capital letters such as \"DE\", \"AT\", \"CH\" or \"US\""
);

text_value!(
    /// What the numbers of callers begin with where they have no plus.
    SentNumbers(CallerNumbers),
    CallerNumbers::named,
    "one of \"auto\", \"national\", \"international\""
);

text_value!(
    /// What a PBX puts before every number from outside.
    OutsideLine(String),
    |text| {
        let digits = text.len() <= 4 && text.bytes().all(|c| c.is_ascii_digit());
        digits.then(|| text.to_owned())
    },
    "at most four digits, such as \"0\" or \"9\""
);

text_value!(
    /// A language as in `CHANNEL(language)`; it is a folder's name too.
    Language(String),
    |text| {
        let good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        (!text.is_empty() && text.len() <= 20 && text.chars().all(good)).then(|| text.to_owned())
    },
    "a language such as \"en\" or \"de\""
);

text_value!(
    /// What the log shows.
    LogLevel(String),
    |text| telemetry::filter(text).map(|_| text.to_owned()),
    "one of \"error\", \"warn\", \"info\", \"debug\", \"trace\" (or directives such as \"info,voicemail_guard::agi=debug\")"
);

text_value!(
    /// A machine by its name or address.
    Host(String),
    |text| url::Host::parse(text).ok().map(|_| text.to_owned()).or_else(|| {
        text.parse::<std::net::Ipv6Addr>().ok().map(|_| text.to_owned())
    }),
    "the name or address of a machine, without a port"
);

text_value!(
    /// What a mail server is greeted with, or nothing: a name, or an address, which is sent in brackets.
    MaybeHello(Option<String>),
    |text| match text.trim_matches(['[', ']']).trim_start_matches("IPv6:").parse() {
        Ok(IpAddr::V4(address)) => Some(Some(format!("[{address}]"))),
        Ok(IpAddr::V6(address)) => Some(Some(format!("[IPv6:{address}]"))),
        Err(_) => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
            let is_name = text.len() <= 253 && text.bytes().all(plain);
            is_name.then(|| Some(text.to_owned()).filter(|name| !name.is_empty()))
        }
    },
    "a full name such as \"pbx.example.com\", or an address"
);

text_value!(
    /// A file by its whole path, or none.
    MaybeFile(Option<PathBuf>),
    |text| match text {
        "" => Some(None),
        text => text.starts_with('/').then(|| Some(text.into())),
    },
    "the whole path of a file, beginning with /, or \"\" for none"
);

text_value!(
    /// An e-mail address.
    MailAddress(lettre::Address),
    |text| text.parse().ok(),
    "an e-mail address such as \"hotline@example.com\""
);

text_value!(
    /// An e-mail address, or none.
    MaybeAddress(Option<lettre::Address>),
    |text| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    },
    "an e-mail address such as \"hotline@example.com\", or \"\" for none"
);

/// The address of a page or a receiver, or none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MaybeUrl(pub(super) Option<url::Url>);

impl<'de> Deserialize<'de> for MaybeUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const ALLOWED: &str = "an address that begins with https:// or http://, without a user in it, or \"\" for none";
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        let bare = |url: &url::Url| {
            let nobody = url.username().is_empty() && url.password().is_none();
            ["http", "https"].contains(&url.scheme()) && url.has_host() && nobody
        };
        match url::Url::parse(&text).ok().filter(bare) {
            Some(url) => Ok(Self(Some(url))),
            // A password in it is not repeated.
            None if text.contains('@') => Err(de::Error::custom(format_args!("not {ALLOWED}"))),
            None => Err(de::Error::custom(format_args!("{text:?} is not {ALLOWED}"))),
        }
    }
}

/// An entry of a list of callers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed(pub(super) Entry);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

/// Whether this is safe to hand to `VoiceMail()` as its options.
pub(crate) fn are_voicemail_options(text: &str) -> bool {
    let option = |c: char| c.is_ascii_alphanumeric() || "()#-".contains(c);
    text.len() <= 40 && text.chars().all(option)
}

fn is_plain_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    !text.is_empty() && text.len() <= 200 && text.chars().all(plain)
}
