//! What the reply of a mail server means that does not take a mail.

use std::fmt;

use crate::text::shortened;

/// The command that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SmtpStep {
    Greeting,
    Hello,
    Tls,
    Login,
    Sender,
    Recipient,
    Data,
    /// The end of the mail itself.
    Mail,
}

impl fmt::Display for SmtpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "its greeting",
            Self::Hello => "its answer to EHLO",
            Self::Tls => "its answer to STARTTLS",
            Self::Login => "its answer to the login",
            Self::Sender => "its answer to MAIL FROM",
            Self::Recipient => "its answer to RCPT TO",
            Self::Data => "its answer to DATA",
            Self::Mail => "its answer to the mail",
        })
    }
}

/// A reply: three digits and lines of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SmtpReply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} {}", self.code, self.lines.join(" "));
        shortened(text.trim(), MOST_SHOWN).fmt(f)
    }
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It passes by itself.
    Transient,
    /// It is about sender, login, name or rights: somebody has to change a setting, here or there.
    Settings,
    /// The same mail may be taken without its audio.
    TooLarge,
    /// This recipient or this mail is not wanted, however often.
    Permanent,
}

impl SmtpReply {
    /// What this reply to that command means. In doubt it is the settings' fault: these can be mended, a message
    /// that was given up cannot.
    pub(super) fn meaning(&self, at: SmtpStep) -> Meaning {
        use Meaning::{Permanent, Settings, TooLarge, Transient};
        if self.code / 100 != 5 {
            return Transient;
        }
        if at < SmtpStep::Sender {
            return Settings;
        }
        match (self.detail(), self.code) {
            (Some((2, 2) | (3, 1)), _) => Transient,
            (None, 552) if at == SmtpStep::Recipient || self.speaks_of(&OF_QUOTA) => Transient,
            (Some((2, 3) | (3, 4)), _) | (None, 552) => TooLarge,
            _ if at == SmtpStep::Sender => Settings,
            (Some((1, 7 | 8)), _) => Settings,
            (Some((1, _) | (2, 0 | 1)), _) if self.speaks_of(&["sender"]) => Settings,
            (None, 554) if at == SmtpStep::Recipient => Settings,
            (None, 550 | 551 | 554 | 556) if self.speaks_of(&OF_SETTINGS) => Settings,
            (Some((1 | 6, _) | (2, 0 | 1)), _) | (None, 550 | 551 | 554 | 556) => Permanent,
            _ => Settings,
        }
    }

    /// Subject and detail of the enhanced code (RFC 3463), where it says more than the reply's own: at the
    /// beginning, or as qmail writes it, `(#5.7.1)`.
    fn detail(&self) -> Option<(u16, u16)> {
        let words = self.lines.iter().enumerate().flat_map(|(line, text)| {
            let words = text.split_whitespace().enumerate();
            words.map(move |(word, text)| (line + word == 0, text))
        });
        words
            .filter_map(|(is_first, word)| {
                let word = word.trim_matches(['(', ')', '.', ',', ';', ':']);
                let code = match word.strip_prefix('#') {
                    Some(code) => code,
                    None => Some(word).filter(|_| is_first)?,
                };
                let mut parts = code.split('.').map(|part| part.parse::<u16>().ok());
                let class = parts.next()??;
                let detail = (parts.next()??, parts.next()??);
                (u32::from(class) == u32::from(self.code / 100) && parts.next().is_none())
                    .then_some(detail)
            })
            .find(|&detail| detail != (0, 0))
    }

    /// Whether the text has one of these, addresses aside.
    fn speaks_of(&self, words: &[&str]) -> bool {
        let mut text = self.lines.join(" ").to_lowercase();
        while let Some((from, to)) = text.find('<').and_then(|from| {
            let length = text[from..].find('>')?;
            Some((from, from + length))
        }) {
            text.replace_range(from..=to, "");
        }
        words.iter().any(|word| text.contains(word))
    }
}

/// What servers without enhanced codes write of sender, login, name and rights.
const OF_SETTINGS: [&str; 22] = [
    "relay",
    "auth",
    "log in",
    "login",
    "helo",
    "ehlo",
    "sender",
    "permi",
    "allowed",
    "denied",
    "polic",
    "spf",
    "dkim",
    "dmarc",
    "block",
    "black",
    "listed",
    "reputation",
    "client",
    "reverse",
    "prohibit",
    "rcpthosts",
];
/// What they write of a mailbox that is full.
const OF_QUOTA: [&str; 3] = ["quota", "full", "mailbox"];
/// Characters of a reply that are shown.
const MOST_SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use super::Meaning::{Permanent, Settings, TooLarge, Transient};
    use super::SmtpStep::{Data, Hello, Login, Mail, Recipient, Sender};
    use super::*;

    #[test]
    fn only_the_recipient_and_the_mail_itself_are_given_up() {
        for (at, reply, meaning) in [
            (Hello, "550 5.7.1 not you", Settings),
            (Login, "535 5.7.8 wrong", Settings),
            (Login, "454 4.7.0 later", Transient),
            (Sender, "530 5.7.0 Authentication required", Settings),
            (
                Sender,
                "553 5.7.1 Sender address rejected: not owned by user",
                Settings,
            ),
            (Sender, "550 5.1.8 no such domain", Settings),
            (Sender, "501 bad address", Settings),
            (Sender, "550 no", Settings),
            (Sender, "552 5.3.4 too big", TooLarge),
            (Sender, "552 message size exceeds the maximum", TooLarge),
            (Sender, "452 4.3.1 no room", Transient),
            (Recipient, "550 5.7.1 Relaying denied", Settings),
            (Recipient, "550 5.7.23 SPF", Settings),
            (Recipient, "554 5.7.1 <a@b>: Relay access denied", Settings),
            (Recipient, "550 relay not permitted", Settings),
            (Recipient, "550 #5.7.1 no", Settings),
            (
                Recipient,
                "553 sorry, that domain isn't in my list (#5.7.1)",
                Settings,
            ),
            (
                Recipient,
                "504 5.5.2 Helo command rejected: need fully-qualified hostname",
                Settings,
            ),
            (
                Recipient,
                "550 5.1.0 <x@y>: Sender address rejected",
                Settings,
            ),
            (Recipient, "530 log in", Settings),
            (Recipient, "503 5.5.1 MAIL first", Settings),
            (Recipient, "553 no", Settings),
            (Recipient, "554 go away", Settings),
            (Recipient, "550 5.1.1 No such user", Permanent),
            (
                Recipient,
                "550 5.1.1 <sender@x.example> is unknown",
                Permanent,
            ),
            (Recipient, "550 No such user", Permanent),
            (Recipient, "550 <auth@relay.example> unknown", Permanent),
            (Recipient, "551 not here", Permanent),
            (Recipient, "550 5.2.1 disabled", Permanent),
            (Recipient, "556 5.1.10 no mail", Permanent),
            (Recipient, "552 5.2.2 Mailbox over quota", Transient),
            (Recipient, "552 over quota", Transient),
            (Recipient, "552 5.2.3 too large for it", TooLarge),
            (Recipient, "450 4.7.1 greylisted", Transient),
            (Data, "550 5.1.1 nobody", Permanent),
            (Data, "554 5.5.1 no valid recipients", Settings),
            (Mail, "552 5.3.4 Message size exceeds fixed limit", TooLarge),
            (Mail, "552", TooLarge),
            (Mail, "554 5.3.4 too big", TooLarge),
            (Mail, "552 5.2.2 over quota", Transient),
            (Mail, "552 quota exceeded", Transient),
            (Mail, "550 5.7.1 Relaying denied", Settings),
            (Mail, "550 5.7.26 unauthenticated", Settings),
            (Mail, "554 5.6.0 no such content", Permanent),
            (Mail, "554", Permanent),
            (Mail, "421 4.3.2 shutting down", Transient),
            (Mail, "354 go on", Transient),
        ] {
            let (code, text) = reply.split_once(' ').unwrap_or((reply, ""));
            let reply = SmtpReply {
                code: code.parse().unwrap(),
                lines: vec![text.into()],
            };
            assert_eq!(reply.meaning(at), meaning, "{at:?} {reply}");
        }
    }
}
