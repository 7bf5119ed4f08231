//! The parameters of a frame, and the two ways in which their bits are packed.

use super::tables::LAR_BITS;
use super::{ORDER, PAIR_OCTETS, PLAIN_OCTETS, PULSES, SUB_FRAMES};

/// The first four bits of a frame in 33 octets.
const SIGNATURE: usize = 0xd;
const SIGNATURE_BITS: u32 = 4;

/// The parameters of a frame as transmitted.
pub(super) struct Frame {
    pub(super) coded_ratios: [i16; ORDER],
    pub(super) subs: [SubFrame; SUB_FRAMES],
}

/// The parameters of a quarter of a frame.
pub(super) struct SubFrame {
    pub(super) lag: usize,
    pub(super) gain: usize,
    pub(super) grid: usize,
    pub(super) largest: i16,
    pub(super) pulses: [i16; PULSES],
}

impl Frame {
    /// Reads a frame of a `.gsm` file. The signature is not looked at.
    pub(super) fn read_plain(octets: &[u8; PLAIN_OCTETS]) -> Self {
        let mut bits = BitReader::of(octets, BitOrder::MostFirst);
        bits.take(SIGNATURE_BITS);
        Self::read(&mut bits)
    }

    /// Reads the two frames of a wav49 block.
    pub(super) fn read_pair(octets: &[u8; PAIR_OCTETS]) -> [Self; 2] {
        let mut bits = BitReader::of(octets, BitOrder::LeastFirst);
        [(); 2].map(|()| Self::read(&mut bits))
    }

    /// Packs a frame for a `.gsm` file.
    pub(super) fn write_plain(&self) -> [u8; PLAIN_OCTETS] {
        let mut octets = [0; PLAIN_OCTETS];
        let mut bits = BitWriter::into(&mut octets, BitOrder::MostFirst);
        bits.put(SIGNATURE_BITS, SIGNATURE);
        self.write(&mut bits);
        octets
    }

    /// Packs two frames into a wav49 block.
    pub(super) fn write_pair(frames: &[Self; 2]) -> [u8; PAIR_OCTETS] {
        let mut octets = [0; PAIR_OCTETS];
        let mut bits = BitWriter::into(&mut octets, BitOrder::LeastFirst);
        for frame in frames {
            frame.write(&mut bits);
        }
        octets
    }

    fn read(bits: &mut BitReader) -> Self {
        Self {
            coded_ratios: LAR_BITS.map(|width| bits.take(width) as i16),
            subs: [(); SUB_FRAMES].map(|()| SubFrame {
                lag: bits.take(7),
                gain: bits.take(2),
                grid: bits.take(2),
                largest: bits.take(6) as i16,
                pulses: [(); PULSES].map(|()| bits.take(3) as i16),
            }),
        }
    }

    fn write(&self, bits: &mut BitWriter) {
        for (width, &ratio) in LAR_BITS.into_iter().zip(&self.coded_ratios) {
            bits.put(width, ratio as usize);
        }
        for sub in &self.subs {
            bits.put(7, sub.lag);
            bits.put(2, sub.gain);
            bits.put(2, sub.grid);
            bits.put(6, sub.largest as usize);
            for &pulse in &sub.pulses {
                bits.put(3, pulse as usize);
            }
        }
    }
}

/// Which bit of a field, and of an octet, comes first.
#[derive(Clone, Copy)]
enum BitOrder {
    MostFirst,
    LeastFirst,
}

impl BitOrder {
    /// How far up the bit that comes `nth` of `width` bits is.
    fn place(self, nth: usize, width: usize) -> usize {
        match self {
            Self::MostFirst => width - 1 - nth,
            Self::LeastFirst => nth,
        }
    }
}

/// Reads fields of a few bits.
struct BitReader<'a> {
    octets: &'a [u8],
    at: usize,
    order: BitOrder,
}

impl<'a> BitReader<'a> {
    fn of(octets: &'a [u8], order: BitOrder) -> Self {
        Self {
            octets,
            at: 0,
            order,
        }
    }

    fn take(&mut self, width: u32) -> usize {
        let width = width as usize;
        (0..width).fold(0, |field, nth| {
            let octet = self.octets[self.at / 8];
            let bit = octet >> self.order.place(self.at % 8, 8) & 1;
            self.at += 1;
            field | usize::from(bit) << self.order.place(nth, width)
        })
    }
}

/// Writes fields of a few bits into octets that are zero.
struct BitWriter<'a> {
    octets: &'a mut [u8],
    at: usize,
    order: BitOrder,
}

impl<'a> BitWriter<'a> {
    fn into(octets: &'a mut [u8], order: BitOrder) -> Self {
        Self {
            octets,
            at: 0,
            order,
        }
    }

    fn put(&mut self, width: u32, field: usize) {
        let width = width as usize;
        debug_assert!(field >> width == 0, "{field} in {width} bits");
        for nth in 0..width {
            let bit = (field >> self.order.place(nth, width) & 1) as u8;
            self.octets[self.at / 8] |= bit << self.order.place(self.at % 8, 8);
            self.at += 1;
        }
    }
}
