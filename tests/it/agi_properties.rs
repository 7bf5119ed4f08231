//! Laws of the AGI core, for any words, any bytes in any pieces, and any order of events.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{
    Codec, CodecLimits, Command, Exchange, Handled, Incoming, Key, Keys, Reply, ResultLine,
};

use crate::support::argument_splitter;

/// Words made of what the splitter knows, and of anything.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let special = select(b" \t\"\\\n\r\0,|&${}()-=;'".to_vec());
    let any_byte = prop_oneof![4 => special, 4 => select(b"abs01".to_vec()), 1 => any::<u8>()];
    prop_oneof![
        9 => vec(any_byte, 0..12),
        1 => (any::<u8>(), 900..2100usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let words = vec(word(), 2);
    (0..8u8, words, any::<u16>(), any::<u64>()).prop_map(|(which, w, keys, number)| {
        let keys: Keys = b"0123456789*#ABCD"
            .iter()
            .enumerate()
            .filter(|(bit, _)| keys >> bit & 1 == 1)
            .filter_map(|(_, &code)| Key::from_ascii(code))
            .collect();
        let time = Duration::from_millis(number);
        match which {
            0 => Command::set_variable(&w[0], &w[1]),
            1 => Command::exec(&w[0], &w[1]),
            2 => Command::stream_file(&w[0], keys),
            3 => Command::say_digits(&w[0], keys),
            4 => Command::verbose(&w[0], number as u8),
            5 => Command::get_full_variable(&w[0]),
            6 => Command::wait_for_digit(time),
            _ => Command::get_variable(&w[0]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Asterisk makes of a line exactly the words that were given, or the line is refused.
    #[test]
    fn asterisk_sees_the_words_given_or_nothing(command in command()) {
        let name = command.verb().words().split(' ').map(|word| word.as_bytes().to_vec());
        let given: Vec<Vec<u8>> = name.chain(command.arguments().map(<[u8]>::to_vec)).collect();
        let forbidden = given.iter().flatten().any(|byte| b"\n\r\0".contains(byte));
        if let Ok(line) = command.encode() {
            prop_assert!(!forbidden && line.len() <= Command::MAX_BYTES);
            let (end, line) = line.split_last().unwrap();
            prop_assert_eq!(*end, b'\n');
            prop_assert_eq!(argument_splitter::split(line), Some(given));
        } else {
            let bytes: usize = given.iter().map(|word| 2 * word.len() + 3).sum();
            prop_assert!(forbidden || bytes > Command::MAX_BYTES);
        }
    }
}

/// Pieces of what Asterisk sends, and of what nobody should.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"200 result=0\n",
        b"200 result=1 (value)\r\n",
        b"200 result=1 (a\n",
        b"b) c\n",
        b")\n",
        b"200 result=0 (timeout) endpos=7\n",
        b"HANGUP\n",
        b"100 Trying\n",
        b"520-Usage\n",
        b"520 End\n",
        b"511 dead\n",
        b"\n",
        b"(\n",
        b"agi_calleridname: M\xfcller\n",
        b"\xef\xbb\xbf",
    ];
    prop_oneof![5 => select(known).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..20)]
}

/// Everything the codec says of these pieces, its error and the rest at the end included.
fn transcript(mut codec: Codec, pieces: &[&[u8]]) -> Vec<String> {
    let mut buffer = BytesMut::new();
    let mut said = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(item)) => said.push(format!("{item:?}")),
                Ok(None) => break,
                Err(error) => {
                    said.push(kind(&error));
                    return said;
                }
            }
        }
    }
    let end = codec.decode_eof(&mut buffer);
    said.push(end.map_or_else(|error| kind(&error), |item| format!("{item:?}")));
    said
}

/// The kind of an error: how much it had seen when it gave up depends on the pieces.
fn kind(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// However the bytes are cut into packets, the codec says the same.
    #[test]
    fn pieces_never_matter(
        has_prelude: bool,
        pieces in vec(piece(), 0..20),
        cuts in vec(any::<Index>(), 0..8),
        is_bytewise: bool,
    ) {
        let mut bytes = pieces.concat();
        if has_prelude {
            bytes.splice(0..0, b"agi_network: yes\n".iter().copied());
        }
        let limits = CodecLimits { line_bytes: 64, prelude_bytes: 400, prelude_lines: 12, reply_bytes: 100 };
        let codec = || if has_prelude { Codec::new(limits) } else { Codec::after_prelude(limits) };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        if is_bytewise {
            cuts = (0..bytes.len()).collect();
        }
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let cut: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        prop_assert_eq!(transcript(codec(), &cut), transcript(codec(), &[&bytes]));
    }
}

/// Something that happens to an exchange.
#[derive(Clone, Debug)]
enum Happens {
    Start(Command),
    StartBehind(Command),
    Comes(Incoming),
    Closed,
}

fn happens() -> impl Strategy<Value = Happens> {
    let line = |value: &'static [u8], tail: &'static [u8]| {
        Incoming::Reply(Reply::Result(ResultLine {
            value: Bytes::from_static(value),
            tail: Bytes::from_static(tail),
        }))
    };
    let incoming = select(vec![
        line(b"0", b"endpos=0"),
        line(b"-1", b"endpos=0"),
        line(b"1", b"(value)"),
        line(b"6", b""),
        line(b"55", b""),
        Incoming::Hangup,
        Incoming::Reply(Reply::Trying),
        Incoming::Reply(Reply::DeadChannel),
        Incoming::Reply(Reply::UnknownCommand),
        Incoming::Reply(Reply::Garbage(Bytes::from_static(b"?"))),
    ]);
    let command = select(vec![
        Command::answer(),
        Command::wait_for_digit(Duration::ZERO),
        Command::stream_file("f", Keys::ALL),
        Command::set_variable("X", "y"),
        Command::get_variable("X"),
        Command::set_variable("X", "\n"),
        Command::exec("VoiceMail", "1"),
    ]);
    prop_oneof![
        4 => command.clone().prop_map(Happens::Start),
        2 => command.prop_map(Happens::StartBehind),
        6 => incoming.prop_map(Happens::Comes),
        1 => Just(Happens::Closed),
    ]
}

fn lost(exchange: &mut Exchange) -> Vec<Command> {
    let lost = std::iter::from_fn(|| exchange.closed());
    lost.map(|finished| finished.command).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Every command that was started ends exactly once, and nothing illegal goes out.
    #[test]
    fn every_command_ends_exactly_once(events in vec(happens(), 0..40)) {
        let mut exchange = Exchange::new();
        let mut under_way: Option<Command> = None;
        let mut behind: Option<Command> = None;
        for event in events {
            let finished = match event {
                Happens::Start(command) => {
                    let was_idle = exchange.is_idle();
                    if exchange.start(command.clone()).is_ok() {
                        prop_assert!(was_idle && under_way.is_none());
                        under_way = Some(command);
                    }
                    None
                }
                Happens::StartBehind(command) => {
                    if exchange.start_behind(command.clone()).is_ok() {
                        prop_assert!(under_way.is_some() && behind.is_none());
                        behind = Some(command);
                    }
                    None
                }
                Happens::Comes(incoming) => match exchange.handle(incoming) {
                    Handled::Finished(finished) => Some(finished),
                    _ => None,
                },
                Happens::Closed => {
                    let reported = under_way.take().into_iter().chain(behind.take());
                    prop_assert_eq!(lost(&mut exchange), reported.collect::<Vec<_>>());
                    None
                }
            };
            // What was sent behind another may be answered first: the other's -1 is still being told apart. Where both
            // are the same command it makes no difference which of them it was.
            match finished {
                Some(finished)
                    if behind.as_ref() == Some(&finished.command) && behind != under_way =>
                {
                    behind = None;
                }
                Some(finished) => {
                    prop_assert_eq!(under_way.take(), Some(finished.command));
                    under_way = behind.take();
                }
                None => {}
            }
            prop_assert_eq!(exchange.under_way(), under_way.as_ref());
            while let Some(command) = exchange.poll_send() {
                prop_assert!(command.encode().is_ok());
                prop_assert!(under_way.is_some());
            }
        }
        prop_assert_eq!(lost(&mut exchange), under_way.into_iter().chain(behind).collect::<Vec<_>>());
        prop_assert!(exchange.is_dead() && !exchange.is_idle());
    }
}
