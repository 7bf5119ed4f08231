//! Secrets: what no log and no error repeats.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::value::{ONE_LINE, is_one_line};

/// A secret, or the file whose first line it is; nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// As it stands in the configuration; empty where there is none.
    Inline(String),
    /// In a file, read whenever it is needed.
    File(PathBuf),
}

impl Default for Secret {
    fn default() -> Self {
        Self::Inline(String::new())
    }
}

impl Secret {
    /// Whether there is none.
    pub fn is_unset(&self) -> bool {
        matches!(self, Self::Inline(text) if text.is_empty())
    }

    /// What is in this file, where one is named.
    pub(super) fn or_in(self, file: Option<PathBuf>) -> Self {
        file.map_or(self, Self::File)
    }

    /// The text in the configuration, for the code that sends it; empty where it is in a file.
    pub fn inline(&self) -> &str {
        match self {
            Self::Inline(text) => text,
            Self::File(_) => "",
        }
    }

    /// The secret itself, for the code that uses it; reads its file.
    ///
    /// # Errors
    /// The file cannot be read, or holds nothing.
    pub fn reveal(&self) -> Result<String, NoSecret> {
        let file = match self {
            Self::Inline(text) => return Ok(text.clone()),
            Self::File(file) => file.clone(),
        };
        match std::fs::read_to_string(&file) {
            Err(source) => Err(NoSecret::Unreadable { file, source }),
            Ok(text) => match text.lines().next() {
                None | Some("") => Err(NoSecret::Empty(file)),
                Some(line) => Ok(line.to_owned()),
            },
        }
    }
}

/// Why there is no secret in a file.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// It cannot be read.
    #[error("the secret in {} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its first line is empty.
    #[error("{} has no secret in its first line", .0.display())]
    Empty(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(text) if text.is_empty() => f.write_str("(unset)"),
            Self::Inline(_) => f.write_str("(secret)"),
            Self::File(file) => write!(f, "(in {})", file.display()),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ONE_LINE)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                if is_one_line(text) {
                    Ok(Secret::Inline(text.to_owned()))
                } else {
                    Err(E::custom(format_args!("not {ONE_LINE}")))
                }
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
                Err(E::custom(QUOTES))
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
                Err(E::custom(QUOTES))
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
                Err(E::custom(QUOTES))
            }
        }
        from.deserialize_any(Text)
    }
}

const QUOTES: &str = "a secret stands in quotation marks";
