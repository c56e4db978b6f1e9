//! Float operations of both widths.
//!
//! Square root and rounding to integers are exact by IEEE 754, so the standard library's are used; what lies
//! beyond comes from `libm`. Minimum and maximum are written out because Rust's leave the order of zeros and
//! the treatment of NaN open.

use super::{canon32, canon64};

macro_rules! float_operations {
    (
        $float:ident, $bits:ident, $canon:ident,
        comparisons: $eq:ident $ne:ident $lt:ident $gt:ident $le:ident $ge:ident,
        signs: $abs:ident $neg:ident $copysign:ident,
        rounding: $ceil:ident $floor:ident $trunc:ident $nearest:ident,
        arithmetic: $sqrt:ident $add:ident $sub:ident $mul:ident $div:ident $min:ident $max:ident,
    ) => {
        /// True if `a == b`; false if either is NaN.
        #[inline(always)]
        pub fn $eq(a: $float, b: $float) -> bool {
            a == b
        }

        /// True if not `a == b`; true if either is NaN.
        #[inline(always)]
        pub fn $ne(a: $float, b: $float) -> bool {
            a != b
        }

        /// True if `a < b`; false if either is NaN.
        #[inline(always)]
        pub fn $lt(a: $float, b: $float) -> bool {
            a < b
        }

        /// True if `a > b`; false if either is NaN.
        #[inline(always)]
        pub fn $gt(a: $float, b: $float) -> bool {
            a > b
        }

        /// True if `a <= b`; false if either is NaN.
        #[inline(always)]
        pub fn $le(a: $float, b: $float) -> bool {
            a <= b
        }

        /// True if `a >= b`; false if either is NaN.
        #[inline(always)]
        pub fn $ge(a: $float, b: $float) -> bool {
            a >= b
        }

        /// `a` with the sign bit cleared; a NaN keeps its other bits.
        #[inline(always)]
        pub fn $abs(a: $float) -> $float {
            $float::from_bits(a.to_bits() & !(1 << ($bits::BITS - 1)))
        }

        /// `a` with the sign bit flipped; a NaN keeps its other bits.
        #[inline(always)]
        pub fn $neg(a: $float) -> $float {
            $float::from_bits(a.to_bits() ^ (1 << ($bits::BITS - 1)))
        }

        /// `a` with the sign bit of `b`; a NaN keeps its other bits.
        #[inline(always)]
        pub fn $copysign(a: $float, b: $float) -> $float {
            let sign: $bits = 1 << ($bits::BITS - 1);
            $float::from_bits(a.to_bits() & !sign | b.to_bits() & sign)
        }

        /// `a` rounded up.
        #[inline(always)]
        pub fn $ceil(a: $float) -> $float {
            $canon(a.ceil())
        }

        /// `a` rounded down.
        #[inline(always)]
        pub fn $floor(a: $float) -> $float {
            $canon(a.floor())
        }

        /// `a` rounded towards zero.
        #[inline(always)]
        pub fn $trunc(a: $float) -> $float {
            $canon(a.trunc())
        }

        /// `a` rounded to the nearest integer, ties to even.
        #[inline(always)]
        pub fn $nearest(a: $float) -> $float {
            $canon(a.round_ties_even())
        }

        /// Square root.
        #[inline(always)]
        pub fn $sqrt(a: $float) -> $float {
            $canon(a.sqrt())
        }

        /// `a + b`.
        #[inline(always)]
        pub fn $add(a: $float, b: $float) -> $float {
            $canon(a + b)
        }

        /// `a - b`.
        #[inline(always)]
        pub fn $sub(a: $float, b: $float) -> $float {
            $canon(a - b)
        }

        /// `a * b`.
        #[inline(always)]
        pub fn $mul(a: $float, b: $float) -> $float {
            $canon(a * b)
        }

        /// `a / b`.
        #[inline(always)]
        pub fn $div(a: $float, b: $float) -> $float {
            $canon(a / b)
        }

        /// The smaller; NaN if either is; -0 is below +0.
        #[inline(always)]
        pub fn $min(a: $float, b: $float) -> $float {
            if a < b {
                a
            } else if b < a {
                b
            } else if a == b {
                // Equal values differ at most in the sign of a zero: -0 if either is.
                $float::from_bits(a.to_bits() | b.to_bits())
            } else {
                $canon($float::NAN)
            }
        }

        /// The larger; NaN if either is; +0 is above -0.
        #[inline(always)]
        pub fn $max(a: $float, b: $float) -> $float {
            if a > b {
                a
            } else if b > a {
                b
            } else if a == b {
                // Equal values differ at most in the sign of a zero: -0 only if both are.
                $float::from_bits(a.to_bits() & b.to_bits())
            } else {
                $canon($float::NAN)
            }
        }
    };
}

float_operations! {
    f32, u32, canon32,
    comparisons: f32_eq f32_ne f32_lt f32_gt f32_le f32_ge,
    signs: f32_abs f32_neg f32_copysign,
    rounding: f32_ceil f32_floor f32_trunc f32_nearest,
    arithmetic: f32_sqrt f32_add f32_sub f32_mul f32_div f32_min f32_max,
}

float_operations! {
    f64, u64, canon64,
    comparisons: f64_eq f64_ne f64_lt f64_gt f64_le f64_ge,
    signs: f64_abs f64_neg f64_copysign,
    rounding: f64_ceil f64_floor f64_trunc f64_nearest,
    arithmetic: f64_sqrt f64_add f64_sub f64_mul f64_div f64_min f64_max,
}

/// Sine of `a` radians.
#[inline(always)]
pub fn f64_sin(a: f64) -> f64 {
    canon64(libm::sin(a))
}

/// Cosine of `a` radians.
#[inline(always)]
pub fn f64_cos(a: f64) -> f64 {
    canon64(libm::cos(a))
}

/// Tangent of `a` radians.
#[inline(always)]
pub fn f64_tan(a: f64) -> f64 {
    canon64(libm::tan(a))
}

/// e to the power `a`.
#[inline(always)]
pub fn f64_exp(a: f64) -> f64 {
    canon64(libm::exp(a))
}

/// Natural logarithm of `a`.
#[inline(always)]
pub fn f64_log(a: f64) -> f64 {
    canon64(libm::log(a))
}

/// Angle of the point (b, a) in radians.
#[inline(always)]
pub fn f64_atan2(a: f64, b: f64) -> f64 {
    canon64(libm::atan2(a, b))
}

/// `a` to the power `b`.
#[inline(always)]
pub fn f64_pow(a: f64, b: f64) -> f64 {
    canon64(libm::pow(a, b))
}
