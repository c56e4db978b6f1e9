//! Conversions between scalar types.
//!
//! Rust defines `as` between integers and floats completely (to nearest even one way, towards zero and
//! saturating with NaN as 0 the other way), so only the trapping conversions need words of their own.

use cartwheel_bytecode::TrapCode;

use super::{canon32, canon64};

/// The lower 32 bits.
#[inline(always)]
pub fn i32_wrap_i64(a: i64) -> i32 {
    a as i32
}

/// `a`, sign-extended.
#[inline(always)]
pub fn i64_extend_i32_s(a: i32) -> i64 {
    i64::from(a)
}

/// `a`, zero-extended.
#[inline(always)]
pub fn i64_extend_i32_u(a: i32) -> i64 {
    i64::from(a as u32)
}

/// Defines trapping truncations. `$below` is the condition that a value is not too small: where the float type
/// has a value between the smallest result and that less 1, it must be let through.
macro_rules! truncations {
    ($($name:ident: $float:ident => $read:ident as $result:ident, if $a:ident $low:tt $lowest:literal, below $limit:literal;)*) => {$(
        /// `a` towards zero.
        ///
        /// # Errors
        ///
        /// NaN, and values outside the range of the result.
        #[inline(always)]
        #[allow(clippy::manual_range_contains, reason = "the lower bound is open for some")]
        pub fn $name($a: $float) -> Result<$result, TrapCode> {
            if $a $low $lowest && $a < $limit {
                Ok($a as $read as $result)
            } else if $a.is_nan() {
                Err(TrapCode::InvalidConversion)
            } else {
                Err(TrapCode::IntegerOverflow)
            }
        }
    )*};
}

truncations! {
    i32_trunc_f32_s: f32 => i32 as i32, if a >= -2_147_483_648.0, below 2_147_483_648.0;
    i32_trunc_f32_u: f32 => u32 as i32, if a > -1.0, below 4_294_967_296.0;
    i32_trunc_f64_s: f64 => i32 as i32, if a > -2_147_483_649.0, below 2_147_483_648.0;
    i32_trunc_f64_u: f64 => u32 as i32, if a > -1.0, below 4_294_967_296.0;
    i64_trunc_f32_s: f32 => i64 as i64, if a >= -9_223_372_036_854_775_808.0, below 9_223_372_036_854_775_808.0;
    i64_trunc_f32_u: f32 => u64 as i64, if a > -1.0, below 18_446_744_073_709_551_616.0;
    i64_trunc_f64_s: f64 => i64 as i64, if a >= -9_223_372_036_854_775_808.0, below 9_223_372_036_854_775_808.0;
    i64_trunc_f64_u: f64 => u64 as i64, if a > -1.0, below 18_446_744_073_709_551_616.0;
}

/// Defines conversions that Rust's `as` means exactly, by way of `$read`.
macro_rules! casts {
    ($($(#[$doc:meta])* $name:ident: $from:ident => $read:ident as $to:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[allow(clippy::unnecessary_cast)]
        pub fn $name(a: $from) -> $to {
            a as $read as $to
        }
    )*};
}

casts! {
    /// `a` towards zero as signed integer; saturates, NaN gives 0.
    i32_trunc_sat_f32_s: f32 => i32 as i32;
    /// `a` towards zero as unsigned integer; saturates, NaN gives 0.
    i32_trunc_sat_f32_u: f32 => u32 as i32;
    /// `a` towards zero as signed integer; saturates, NaN gives 0.
    i32_trunc_sat_f64_s: f64 => i32 as i32;
    /// `a` towards zero as unsigned integer; saturates, NaN gives 0.
    i32_trunc_sat_f64_u: f64 => u32 as i32;
    /// `a` towards zero as signed integer; saturates, NaN gives 0.
    i64_trunc_sat_f32_s: f32 => i64 as i64;
    /// `a` towards zero as unsigned integer; saturates, NaN gives 0.
    i64_trunc_sat_f32_u: f32 => u64 as i64;
    /// `a` towards zero as signed integer; saturates, NaN gives 0.
    i64_trunc_sat_f64_s: f64 => i64 as i64;
    /// `a` towards zero as unsigned integer; saturates, NaN gives 0.
    i64_trunc_sat_f64_u: f64 => u64 as i64;
    /// The signed integer `a`, to nearest.
    f32_convert_i32_s: i32 => i32 as f32;
    /// The unsigned integer `a`, to nearest.
    f32_convert_i32_u: i32 => u32 as f32;
    /// The signed integer `a`, to nearest.
    f32_convert_i64_s: i64 => i64 as f32;
    /// The unsigned integer `a`, to nearest.
    f32_convert_i64_u: i64 => u64 as f32;
    /// The signed integer `a`, to nearest.
    f64_convert_i32_s: i32 => i32 as f64;
    /// The unsigned integer `a`, to nearest.
    f64_convert_i32_u: i32 => u32 as f64;
    /// The signed integer `a`, to nearest.
    f64_convert_i64_s: i64 => i64 as f64;
    /// The unsigned integer `a`, to nearest.
    f64_convert_i64_u: i64 => u64 as f64;
}

/// `a` rounded to 32 bits.
#[inline(always)]
pub fn f32_demote_f64(a: f64) -> f32 {
    canon32(a as f32)
}

/// `a` as 64 bits.
#[inline(always)]
pub fn f64_promote_f32(a: f32) -> f64 {
    canon64(f64::from(a))
}
