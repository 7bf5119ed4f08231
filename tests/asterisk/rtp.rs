//! RTP as a caller sends it: packets, and keys as events (RFC 4733).

/// The next RTP packet's place.
pub(super) struct Packet {
    pub(super) source: u32,
    pub(super) sequence: u16,
    pub(super) time: u32,
}

impl Packet {
    /// Its bytes; the next one follows it.
    pub(super) fn with(&mut self, kind: u8, payload: &[u8]) -> Vec<u8> {
        self.sequence += 1;
        let mut packet = vec![0x80, kind];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.time.to_be_bytes());
        packet.extend(self.source.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

/// A key that is being pressed.
pub(super) struct Key {
    pub(super) event: u8,
    pub(super) ticks: u16,
}

impl Key {
    pub(super) fn new(key: Option<char>) -> Self {
        let place = "0123456789*#".chars().position(|c| Some(c) == key);
        Self {
            event: place.expect("a key of a telephone") as u8,
            ticks: 0,
        }
    }

    pub(super) fn over(&self) -> bool {
        self.ticks >= 2 * KEY_DOWN
    }
}

/// A key is down for so many packets.
pub(super) const KEY_DOWN: u16 = 5;
