//! Who calls, and what is no prelude; the limits of both.

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, CodecError, CodecLimits, Part};

use super::{decode_all, request};

const PRELUDE: &[u8] = b"agi_network: yes\n\
agi_network_script: guard?box=100%40default&mode=a%20b&box=2&odd=%zz&flag\n\
agi_request: agi://127.0.0.1:4574/guard?box=100%40default\n\
agi_channel: Local/penv@probe-00000000;2\n\
agi_language: en\n\
agi_type: Local\n\
agi_uniqueid: 1795430835.1\n\
agi_version: 22.10.1\n\
agi_callerid: +4991112345\n\
agi_calleridname: Lab: Caller\n\
agi_callingpres: 32\n\
agi_callingani2: 0\n\
agi_callington: 0\n\
agi_callingtns: 0\n\
agi_dnid: 100\n\
agi_rdnis: unknown\n\
agi_context: probe\n\
agi_extension: penv\n\
agi_priority: 3\n\
agi_enhanced: 0.0\n\
agi_accountcode: \n\
agi_threadid: 139770969274048\n\
agi_arg_1: box=200\n\
agi_arg_2: two,2\n\
agi_arg_3: late=x=y\n\
\n";

#[test]
fn a_real_prelude_is_read_whole() {
    let request = request(PRELUDE);
    assert_eq!(request.lines().count(), 25);
    assert_eq!(request.uniqueid().as_deref(), Some("1795430835.1"));
    assert_eq!(
        request.channel().as_deref(),
        Some("Local/penv@probe-00000000;2")
    );
    assert_eq!(request.get("agi_language").as_deref(), Some("en"));
    assert_eq!(request.caller_id().as_deref(), Some("+4991112345"));
    assert_eq!(request.caller_name().as_deref(), Some("Lab: Caller"));
    assert_eq!(request.calling_pres(), Some(32));
    assert_eq!(request.dnid().as_deref(), Some("100"));
    assert_eq!(request.rdnis(), None);
    assert_eq!(request.get("agi_rdnis").as_deref(), Some("unknown"));
    assert_eq!(request.get("agi_accountcode").as_deref(), Some(""));
    assert_eq!(request.get("agi_context").as_deref(), Some("probe"));
    assert_eq!(request.get("agi_extension").as_deref(), Some("penv"));
    assert_eq!(request.path(), "guard");
    assert_eq!(request.argument("box").as_deref(), Some("100@default"));
    assert_eq!(request.argument("mode").as_deref(), Some("a b"));
    assert_eq!(request.argument("odd").as_deref(), Some("%zz"));
    assert_eq!(request.argument("flag").as_deref(), Some(""));
    assert_eq!(request.argument("late").as_deref(), Some("x=y"));
    assert_eq!(request.argument("none"), None);
    let names: Vec<String> = request.arguments().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["box", "mode", "box", "odd", "flag", "box", "two,2", "late"]
    );
    assert_eq!(request.contradicted().count(), 0);
}

#[test]
fn line_ends_marks_and_bytes_of_any_kind_are_taken() {
    let check = |text: &[u8], name: &str, expected: &[u8]| {
        assert_eq!(
            request(text).bytes(name),
            Some(expected),
            "{}",
            text.escape_ascii()
        );
    };
    check(
        b"agi_network: yes\r\nagi_callerid: 1\r\n\r\n",
        "agi_callerid",
        b"1",
    );
    check(b"\xef\xbb\xbfagi_network: yes\n\n", "agi_network", b"yes");
    check(
        b"agi_calleridname: M\xfcller\n\n",
        "agi_calleridname",
        b"M\xfcller",
    );
    check(b"agi_calleridname:x\n\n", "agi_calleridname", b"x");
    check(b"agi_calleridname:  x\n\n", "agi_calleridname", b" x");
    check(
        b"agi_calleridname: a\0\x1b\x7f\r\n\n",
        "agi_calleridname",
        b"a\0\x1b\x7f",
    );
    check(b"agi_arg_1000000: x\n\n", "agi_arg_1000000", b"x");
    let latin = request(b"agi_calleridname: M\xfcller\n\n");
    assert_eq!(latin.caller_name().as_deref(), Some("M\u{fffd}ller"));
}

#[test]
fn a_forged_line_overrides_nothing_that_stands_before_the_name() {
    let text = String::from_utf8(PRELUDE.to_vec()).unwrap().replace(
        "Lab: Caller",
        "X\nagi_uniqueid: 9\nagi_network_script: guard?box=666\nagi_callingpres: 0\nhalf a line",
    );
    let request = request(text.as_bytes());
    assert_eq!(request.uniqueid().as_deref(), Some("1795430835.1"));
    assert_eq!(request.argument("box").as_deref(), Some("100@default"));
    assert_eq!(request.calling_pres(), None);
    let forged: Vec<_> = request.contradicted().collect();
    assert_eq!(
        forged,
        ["agi_uniqueid", "agi_network_script", "agi_callingpres"]
    );
    let stray: Vec<_> = request.stray_lines().collect();
    assert_eq!(stray, [b"half a line"]);
}

#[test]
fn another_protocol_is_called_by_its_name() {
    let refused = |bytes: &[u8]| {
        let refused = decode_all(Codec::default(), bytes);
        refused.unwrap_err().to_string()
    };
    for (bytes, protocol) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00"[..], "TLS"),
        (b"GET / HTTP/1.1\r\n", "HTTP"),
        (b"POST /x HTTP/1.1\r\n", "HTTP"),
        (b"PRI * HTTP/2.0\r\n", "HTTP"),
    ] {
        let hint = format!("; this looks like {protocol}, and this port speaks FastAGI");
        assert!(refused(bytes).contains(&hint), "{}", refused(bytes));
    }
    for bytes in [&b"SSH-2.0-x\r\n"[..], b"\x16", b"GE\r\n"] {
        assert!(!refused(bytes).contains("looks like"));
    }
}

#[test]
fn what_is_no_prelude_is_refused_at_its_first_bytes() {
    let check = |bytes: &[u8]| {
        let refused = decode_all(Codec::default(), bytes);
        assert!(
            matches!(refused, Err(CodecError::NotAgi { .. })),
            "{refused:?}"
        );
    };
    check(b"GET / HTTP/1.1\r\n");
    check(b"\x16\x03\x01\x02\x00\x01\x00");
    check(b"OPTIONS sip:a@b SIP/2.0\r\n");
    check(b"G");
    check(b"\n");
    check(b"\0");
}

#[test]
fn limits_hold_before_anything_grows() {
    let limits = CodecLimits {
        line_bytes: 64,
        prelude_bytes: 256,
        prelude_lines: 8,
        reply_bytes: 128,
    };
    let prelude = |bytes: &[u8]| decode_all(Codec::new(limits), bytes).unwrap_err();
    let replies = |bytes: &[u8]| decode_all(Codec::after_prelude(limits), bytes).unwrap_err();

    let endless = [b"agi_network: yes\nagi_x: ".as_slice(), &[b'x'; 64]].concat();
    assert!(matches!(
        prelude(&endless),
        CodecError::LineTooLong {
            part: Part::Prelude,
            line: 2,
            limit: 64
        }
    ));
    assert!(matches!(
        prelude(&b"agi_x: y\n".repeat(9)),
        CodecError::PreludeTooLong { lines: 9, .. }
    ));
    let long = [b"agi_x: ".as_slice(), &[b'y'; 50], b"\n"].concat();
    assert!(matches!(
        prelude(&long.repeat(5)),
        CodecError::PreludeTooLong {
            lines: 5,
            bytes: 290
        }
    ));
    assert!(matches!(
        replies(&[b'2'; 65]),
        CodecError::LineTooLong {
            part: Part::Replies,
            line: 1,
            ..
        }
    ));
    let usage = [b"520-Usage\n".as_slice(), &b"text\n".repeat(30)].concat();
    assert!(matches!(
        replies(&usage),
        CodecError::ReplyTooLong { line: 1, .. }
    ));
    let value = [b"200 result=1 (a\n".as_slice(), &b"text\n".repeat(30)].concat();
    assert!(matches!(
        replies(&value),
        CodecError::ReplyTooLong { line: 1, .. }
    ));
}

#[test]
fn half_a_line_is_nothing_and_its_loss_is_told() {
    let eof = |mut codec: Codec, bytes: &[u8]| {
        let mut buffer = BytesMut::from(bytes);
        codec.decode_eof(&mut buffer)
    };
    let replies = || Codec::after_prelude(CodecLimits::default());
    assert!(matches!(eof(replies(), b""), Ok(None)));
    assert!(matches!(eof(Codec::default(), b""), Ok(None)));
    assert!(matches!(
        eof(replies(), b"200 result=4"),
        Err(CodecError::CutOff {
            part: Part::Replies,
            bytes: 12
        })
    ));
    assert!(matches!(
        eof(Codec::default(), b"agi_network: yes\n"),
        Err(CodecError::CutOff {
            part: Part::Prelude,
            bytes: 0
        })
    ));
}
