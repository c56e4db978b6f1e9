//! Floats of three widths, as bits: what a NaN carries is kept, which conversions of a platform do not promise.

const EXPONENT: u64 = 0x7ff;

/// A binary16 as a binary64.
pub(super) fn from_half(bits: u16) -> u64 {
    let sign = u64::from(bits >> 15) << 63;
    let (exponent, mantissa) = (u64::from(bits >> 10) & 31, u64::from(bits) & 0x3ff);
    match (exponent, mantissa) {
        (31, _) => sign | EXPONENT << 52 | mantissa << 42,
        (0, 0) => sign,
        (0, _) => {
            // The highest bit that is set becomes the one that is not written.
            let shift = mantissa.leading_zeros() - 53;
            let exponent = 1023 - 14 - u64::from(shift);
            sign | exponent << 52 | ((mantissa << (42 + shift)) & ((1 << 52) - 1))
        }
        _ => sign | (exponent + 1023 - 15) << 52 | mantissa << 42,
    }
}

/// A binary32 as a binary64.
pub(super) fn from_single(bits: u32) -> u64 {
    let float = f32::from_bits(bits);
    if float.is_nan() {
        u64::from(bits >> 31) << 63 | EXPONENT << 52 | u64::from(bits & 0x7f_ffff) << 29
    } else {
        f64::from(float).to_bits()
    }
}

/// The binary16 that is this binary64, if there is one.
pub(super) fn to_half(bits: u64) -> Option<u16> {
    let sign = (bits >> 63 << 15) as u16;
    let (exponent, mantissa) = (bits >> 52 & EXPONENT, bits & ((1 << 52) - 1));
    let half = match exponent {
        0 => 0,
        EXPONENT => 0x7c00 | (mantissa >> 42) as u16,
        1009..=1038 => ((exponent - 1008) << 10 | mantissa >> 42) as u16,
        999..=1008 => ((mantissa | 1 << 52) >> (42 + 1009 - exponent)) as u16,
        _ => return None,
    };
    (from_half(sign | half) == bits).then_some(sign | half)
}

/// The binary32 that is this binary64, if there is one.
pub(super) fn to_single(bits: u64) -> Option<u32> {
    let float = f64::from_bits(bits);
    let single = if float.is_nan() {
        (bits >> 63 << 31) as u32 | 0x7f80_0000 | (bits >> 29) as u32 & 0x7f_ffff
    } else {
        (float as f32).to_bits()
    };
    (from_single(single) == bits).then_some(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_being_widened() {
        for half in 0..=u16::MAX {
            assert_eq!(to_half(from_half(half)), Some(half));
        }
        let known = [
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3c00, 1.0),
            (0x7bff, 65504.0),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (half, value) in known {
            assert_eq!(from_half(half), f64::to_bits(value));
        }
    }
}
