//! A-law and µ-law, the codings of the telephone network (ITU-T G.711).
//!
//! Both are a sign, three bits of exponent and four of mantissa. The tables are computed at compile time;
//! decoded values are scaled to 16 bits as usual (A-law has 13 significant bits, µ-law 14).

/// Decodes one A-law byte.
pub fn alaw(byte: u8) -> i16 {
    ALAW[byte as usize]
}

/// Decodes one µ-law byte.
pub fn ulaw(byte: u8) -> i16 {
    ULAW[byte as usize]
}

static ALAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = expand_alaw(byte as u8);
        byte += 1;
    }
    table
};

static ULAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = expand_ulaw(byte as u8);
        byte += 1;
    }
    table
};

/// Even bits arrive inverted; the exponent 0 is linear like 1, without the hidden bit.
const fn expand_alaw(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let exponent = bits >> 4 & 0x07;
    let mantissa = ((bits & 0x0f) as i16) << 4;
    let magnitude = match exponent {
        0 => mantissa + 8,
        e => (mantissa + 0x108) << (e - 1),
    };
    if bits & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// All bits arrive inverted; the bias of 33 (132 at 16 bits) makes every segment start at a power of two.
const fn expand_ulaw(byte: u8) -> i16 {
    const BIAS: i16 = 132;
    let bits = !byte;
    let mantissa = ((bits & 0x0f) as i16) << 3;
    let magnitude = ((mantissa + BIAS) << (bits >> 4 & 0x07)) - BIAS;
    if bits & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_standards_tables_hold() {
        // ITU-T G.711 tables 1 and 2, scaled to 16 bits.
        assert_eq!((alaw(0xd5), alaw(0x55)), (8, -8));
        assert_eq!((alaw(0xaa), alaw(0x2a)), (32_256, -32_256));
        assert_eq!((ulaw(0xff), ulaw(0x7f)), (0, 0));
        assert_eq!((ulaw(0x80), ulaw(0x00)), (32_124, -32_124));
    }

    #[test]
    fn every_byte_has_its_mirror_and_louder_codes_are_louder() {
        for code in 0..=0x7f_u8 {
            assert_eq!(alaw(code), -alaw(code | 0x80));
            assert_eq!(ulaw(code), -ulaw(code | 0x80));
            if code > 0 {
                assert!(ulaw(0x80 | (0x7f - code)) > ulaw(0x80 | (0x7f - (code - 1))));
                assert!(alaw(0xd5 ^ code) > alaw(0xd5 ^ (code - 1)));
            }
        }
    }
}
