//! Scalar operations as pure functions, one per row of the instruction table.
//!
//! A function is named as the mnemonic with `.` replaced by `_`. Both interpreters call these, so what an
//! operation means is written once, and tests can call it without a machine around it. Comparisons give
//! `bool`; operations that can trap give a [`Result`].

mod convert;
mod float;
mod int;

pub use convert::*;
pub use float::*;
pub use int::*;

/// The bits of the only NaN that binary32 arithmetic yields.
pub const CANONICAL_NAN_32: u32 = 0x7fc0_0000;
/// The bits of the only NaN that binary64 arithmetic yields.
pub const CANONICAL_NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// `a`, or the canonical NaN if it is any NaN.
///
/// The constant is made opaque so that this stays a branch that is never taken. As a select it would lengthen
/// the chain of dependent float operations, which costs loops up to 1.6 times.
#[inline(always)]
#[allow(clippy::eq_op)]
pub fn canon32(a: f32) -> f32 {
    if a != a {
        return f32::from_bits(opaque(CANONICAL_NAN_32.into()) as u32);
    }
    a
}

/// See [`canon32`].
#[inline(always)]
#[allow(clippy::eq_op)]
pub fn canon64(a: f64) -> f64 {
    if a != a {
        return f64::from_bits(opaque(CANONICAL_NAN_64));
    }
    a
}

/// `bits`, in a way that the compiler cannot look through or carry out early. Unlike `std::hint::black_box` it needs
/// no stack slot, which would keep interpreter handlers from jumping to each other.
#[inline(always)]
fn opaque(bits: u64) -> u64 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        let mut bits = bits;
        // SAFETY: the assembly is a comment; it has no effect but to name the register that holds `bits`.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) bits, options(nomem, nostack, preserves_flags));
        }
        bits
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    bits
}

#[cfg(test)]
mod tests;
