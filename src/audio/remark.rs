//! What is wrong with a file that can be heard all the same.

use std::fmt;

/// Something about a file that its owner might want to know; the sound was read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The header gives another length than there is, in bytes.
    HeaderLength {
        /// What it says.
        said: u64,
        /// What there is.
        found: u64,
    },
    /// These bytes at the end are a piece of a sample or frame.
    CutOff(usize),
    /// The header's size of one instant contradicts the bits of its samples, which were believed.
    Block {
        /// The size that it says, in bytes.
        block: u16,
        /// The bits of one sample.
        bits: u16,
        /// How many channels there are.
        channels: u16,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeaderLength { said, found } => {
                write!(
                    f,
                    "the header says {said} bytes of sound, {found} are there"
                )
            }
            Self::CutOff(bytes) => write!(f, "ends within a sample ({bytes} bytes left out)"),
            Self::Block {
                block,
                bits,
                channels,
            } => write!(
                f,
                "the header says blocks of {block} bytes for {channels} channels of {bits} bits; the bits were believed"
            ),
        }
    }
}
