//! The text file of a message, `msgNNNN.txt`, as `app_voicemail` writes it.

use jiff::Timestamp;

use super::has_number;

/// The context in which a call's message is recorded that came through the guard.
const OF_THE_GUARD: &str = "voicemail-guard";

/// What is read of the text of a message. Whatever it holds, something is read: of what is not
/// there nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageText {
    /// The mailbox's number, such as `100`.
    pub mailbox: String,
    /// Asterisk's name of the caller's channel.
    pub channel: String,
    /// Whether the network showed a number.
    pub has_number: bool,
    /// When the recording began.
    pub began: Option<Timestamp>,
    /// Whether the recording has ended: its length is written last of all.
    pub is_whole: bool,
    /// Whether the call came through the guard.
    pub is_by_guard: bool,
}

impl MessageText {
    /// Reads a text; of a name that stands there twice the first counts.
    pub fn parse(text: &str) -> Self {
        let value = |wanted: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let found = lines.find(|(name, _)| name.trim() == wanted);
            found.map_or("", |(_, value)| value.trim())
        };
        let seconds = value("origtime").parse::<i64>().ok();
        let began = seconds.filter(|seconds| *seconds > 0);
        Self {
            mailbox: value("origmailbox").to_owned(),
            channel: value("callerchan").to_owned(),
            has_number: has_number(value("callerid")),
            began: began.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            is_whole: value("duration").parse::<u64>().is_ok(),
            is_by_guard: value("context") == OF_THE_GUARD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ASTERISK: &str = "\
;
; Message Information file
;
[message]
origmailbox=101
context=vm
exten=101
rdnis=unknown
priority=2
callerchan=Local/101@vm-00000020;2
callerid=\"Lab Caller\" <15550001111>
origdate=Mon Nov 23 10:22:25 AM UTC 2026
origtime=1795429345
category=
msg_id=1795429345-00000002
flag=
duration=7
";

    #[test]
    fn a_text_of_asterisk_is_read() {
        let read = MessageText::parse(OF_ASTERISK);
        let expected = MessageText {
            mailbox: "101".into(),
            channel: "Local/101@vm-00000020;2".into(),
            has_number: true,
            began: Timestamp::from_second(1_795_429_345).ok(),
            is_whole: true,
            is_by_guard: false,
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_missing_or_senseless_is_not_known() {
        let (half, _) = OF_ASTERISK.split_once("flag=").unwrap();
        assert!(!MessageText::parse(half).is_whole);
        for time in [
            "",
            "0",
            "-1",
            "x",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            let read = MessageText::parse(&format!("origtime={time}\nduration={time}"));
            assert_eq!(read.began, None, "{time}");
        }
        assert_eq!(MessageText::parse(""), MessageText::default());
        assert_eq!(MessageText::parse("\0=;\n==\n"), MessageText::default());
    }

    #[test]
    fn a_message_of_the_guards_own_is_known() {
        assert!(MessageText::parse("context=voicemail-guard\n").is_by_guard);
    }
}
