//! Float constants as text, so that every bit pattern can be written and is printed in one way.

/// A float constant: the value rounded to both widths from the digits that were written, so that no value is
/// rounded twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float {
    pub wide: f64,
    pub narrow: f32,
}

impl Float {
    /// A computed value.
    pub fn from_f64(wide: f64) -> Self {
        Float { wide, narrow: wide as f32 }
    }

    /// A value as written.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Float { wide: text.parse().ok()?, narrow: text.parse().ok()? })
    }
}

/// Bits of the payload of a NaN of each width.
pub(crate) const PAYLOAD_32: u64 = (1 << 23) - 1;
pub(crate) const PAYLOAD_64: u64 = (1 << 52) - 1;
/// The payload of the canonical NaN.
pub(crate) const CANONICAL_32: u64 = 1 << 22;
pub(crate) const CANONICAL_64: u64 = 1 << 51;

/// A binary32 value as text.
pub(crate) fn print_f32(bits: u32) -> String {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 31 != 0, u64::from(bits) & PAYLOAD_32, CANONICAL_32);
    }
    if value.is_infinite() { infinite(value < 0.0) } else { format!("{value:?}") }
}

/// A binary64 value as text.
pub(crate) fn print_f64(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 63 != 0, bits & PAYLOAD_64, CANONICAL_64);
    }
    if value.is_infinite() { infinite(value < 0.0) } else { format!("{value:?}") }
}

fn infinite(negative: bool) -> String {
    if negative { "-inf".to_owned() } else { "inf".to_owned() }
}

fn nan(negative: bool, payload: u64, canonical: u64) -> String {
    let sign = if negative { "-" } else { "" };
    if payload == canonical { format!("{sign}nan") } else { format!("{sign}nan:{payload:#x}") }
}
