//! Laws of the conversation, for any order of events; of old calls, for any bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{any_call, any_cdr};

/// Events that are as likely as they are in calls, so that calls get far; and any bytes.
fn events() -> impl Strategy<Value = Vec<u8>> {
    let reply = (0..8_u8, 0..60_u8);
    let key = (Just(8_u8), any::<u8>());
    let sound = (14..21_u8, any::<u8>());
    let other = (any::<u8>(), any::<u8>());
    let tones = (Just(29_u8), any::<u8>());
    let event = prop_oneof![12 => reply, 3 => key, 6 => sound, 3 => tones, 2 => other];
    let start = prop_oneof![any::<u8>(), 128..255_u8];
    (start, 0..20_usize, vec(event, 0..120)).prop_map(|(start, set_up, events)| {
        let mut bytes = vec![start];
        bytes.extend([0, 0].repeat(set_up));
        bytes.extend(
            events
                .into_iter()
                .flat_map(|(event, operand)| [event, operand]),
        );
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// One closed record, one end, every wait bounded, nobody cut off unasked, nothing illegal sent.
    #[test]
    fn any_order_of_events_ends_in_one_closed_record(bytes in events()) {
        any_call::live(&bytes);
    }

    #[test]
    fn so_does_anything_at_all(bytes in vec(any::<u8>(), 0..200)) {
        any_call::live(&bytes);
    }

    /// Any lines of cells, quoted or not, cut anywhere, and any bytes at all.
    #[test]
    fn call_detail_records_are_read_the_same_in_any_pieces(text in "\\PC{1}([\",;\r\n\t]|[a-z0-9 :@-]{1,4}|2026-11-23 10:22:19|ANSWERED){0,80}") {
        any_cdr::read(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_as_call_detail_records(bytes in vec(any::<u8>(), 0..400)) {
        any_cdr::read(&bytes);
    }
}
