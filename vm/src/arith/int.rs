//! Integer operations of both widths.

use cartwheel_bytecode::TrapCode;

/// Defines the operations of one width. `$signed` and `$unsigned` are the same bits read in two ways.
macro_rules! integer_operations {
    (
        $signed:ident, $unsigned:ident,
        comparisons: $eqz:ident $eq:ident $ne:ident $lt_s:ident $lt_u:ident $gt_s:ident $gt_u:ident
            $le_s:ident $le_u:ident $ge_s:ident $ge_u:ident,
        counts: $clz:ident $ctz:ident $popcnt:ident,
        arithmetic: $add:ident $sub:ident $mul:ident $div_s:ident $div_u:ident $rem_s:ident $rem_u:ident,
        bits: $and:ident $or:ident $xor:ident $shl:ident $shr_s:ident $shr_u:ident $rotl:ident $rotr:ident,
    ) => {
        /// True if `a` is 0.
        #[inline(always)]
        pub fn $eqz(a: $signed) -> bool {
            a == 0
        }

        /// True if `a == b`.
        #[inline(always)]
        pub fn $eq(a: $signed, b: $signed) -> bool {
            a == b
        }

        /// True if `a != b`.
        #[inline(always)]
        pub fn $ne(a: $signed, b: $signed) -> bool {
            a != b
        }

        /// True if `a < b`, signed.
        #[inline(always)]
        pub fn $lt_s(a: $signed, b: $signed) -> bool {
            a < b
        }

        /// True if `a < b`, unsigned.
        #[inline(always)]
        pub fn $lt_u(a: $signed, b: $signed) -> bool {
            (a as $unsigned) < b as $unsigned
        }

        /// True if `a > b`, signed.
        #[inline(always)]
        pub fn $gt_s(a: $signed, b: $signed) -> bool {
            a > b
        }

        /// True if `a > b`, unsigned.
        #[inline(always)]
        pub fn $gt_u(a: $signed, b: $signed) -> bool {
            a as $unsigned > b as $unsigned
        }

        /// True if `a <= b`, signed.
        #[inline(always)]
        pub fn $le_s(a: $signed, b: $signed) -> bool {
            a <= b
        }

        /// True if `a <= b`, unsigned.
        #[inline(always)]
        pub fn $le_u(a: $signed, b: $signed) -> bool {
            a as $unsigned <= b as $unsigned
        }

        /// True if `a >= b`, signed.
        #[inline(always)]
        pub fn $ge_s(a: $signed, b: $signed) -> bool {
            a >= b
        }

        /// True if `a >= b`, unsigned.
        #[inline(always)]
        pub fn $ge_u(a: $signed, b: $signed) -> bool {
            a as $unsigned >= b as $unsigned
        }

        /// Number of leading zero bits.
        #[inline(always)]
        pub fn $clz(a: $signed) -> $signed {
            a.leading_zeros() as $signed
        }

        /// Number of trailing zero bits.
        #[inline(always)]
        pub fn $ctz(a: $signed) -> $signed {
            a.trailing_zeros() as $signed
        }

        /// Number of one bits.
        #[inline(always)]
        pub fn $popcnt(a: $signed) -> $signed {
            a.count_ones() as $signed
        }

        /// `a + b`, wrapping.
        #[inline(always)]
        pub fn $add(a: $signed, b: $signed) -> $signed {
            a.wrapping_add(b)
        }

        /// `a - b`, wrapping.
        #[inline(always)]
        pub fn $sub(a: $signed, b: $signed) -> $signed {
            a.wrapping_sub(b)
        }

        /// `a * b`, wrapping.
        #[inline(always)]
        pub fn $mul(a: $signed, b: $signed) -> $signed {
            a.wrapping_mul(b)
        }

        /// `a / b`, signed, towards zero.
        ///
        /// # Errors
        ///
        /// Division by zero, and the one quotient that does not fit.
        #[inline(always)]
        pub fn $div_s(a: $signed, b: $signed) -> Result<$signed, TrapCode> {
            if b == 0 {
                return Err(TrapCode::DivideByZero);
            }
            a.checked_div(b).ok_or(TrapCode::IntegerOverflow)
        }

        /// `a / b`, unsigned.
        ///
        /// # Errors
        ///
        /// Division by zero.
        #[inline(always)]
        pub fn $div_u(a: $signed, b: $signed) -> Result<$signed, TrapCode> {
            match (a as $unsigned).checked_div(b as $unsigned) {
                Some(quotient) => Ok(quotient as $signed),
                None => Err(TrapCode::DivideByZero),
            }
        }

        /// Remainder of `a / b` with the sign of `a`; 0 for the quotient that does not fit.
        ///
        /// # Errors
        ///
        /// Division by zero.
        #[inline(always)]
        pub fn $rem_s(a: $signed, b: $signed) -> Result<$signed, TrapCode> {
            if b == 0 { Err(TrapCode::DivideByZero) } else { Ok(a.wrapping_rem(b)) }
        }

        /// Remainder of `a / b`, unsigned.
        ///
        /// # Errors
        ///
        /// Division by zero.
        #[inline(always)]
        pub fn $rem_u(a: $signed, b: $signed) -> Result<$signed, TrapCode> {
            match (a as $unsigned).checked_rem(b as $unsigned) {
                Some(remainder) => Ok(remainder as $signed),
                None => Err(TrapCode::DivideByZero),
            }
        }

        /// Bitwise and.
        #[inline(always)]
        pub fn $and(a: $signed, b: $signed) -> $signed {
            a & b
        }

        /// Bitwise or.
        #[inline(always)]
        pub fn $or(a: $signed, b: $signed) -> $signed {
            a | b
        }

        /// Bitwise exclusive or.
        #[inline(always)]
        pub fn $xor(a: $signed, b: $signed) -> $signed {
            a ^ b
        }

        /// `a` shifted left by `b` modulo the width.
        #[inline(always)]
        pub fn $shl(a: $signed, b: $signed) -> $signed {
            a.wrapping_shl(b as u32)
        }

        /// `a` shifted right by `b` modulo the width, keeping the sign.
        #[inline(always)]
        pub fn $shr_s(a: $signed, b: $signed) -> $signed {
            a.wrapping_shr(b as u32)
        }

        /// `a` shifted right by `b` modulo the width, filling with 0.
        #[inline(always)]
        pub fn $shr_u(a: $signed, b: $signed) -> $signed {
            (a as $unsigned).wrapping_shr(b as u32) as $signed
        }

        /// `a` rotated left by `b` modulo the width.
        #[inline(always)]
        pub fn $rotl(a: $signed, b: $signed) -> $signed {
            a.rotate_left(b as u32 % $signed::BITS)
        }

        /// `a` rotated right by `b` modulo the width.
        #[inline(always)]
        pub fn $rotr(a: $signed, b: $signed) -> $signed {
            a.rotate_right(b as u32 % $signed::BITS)
        }
    };
}

integer_operations! {
    i32, u32,
    comparisons: i32_eqz i32_eq i32_ne i32_lt_s i32_lt_u i32_gt_s i32_gt_u i32_le_s i32_le_u i32_ge_s i32_ge_u,
    counts: i32_clz i32_ctz i32_popcnt,
    arithmetic: i32_add i32_sub i32_mul i32_div_s i32_div_u i32_rem_s i32_rem_u,
    bits: i32_and i32_or i32_xor i32_shl i32_shr_s i32_shr_u i32_rotl i32_rotr,
}

integer_operations! {
    i64, u64,
    comparisons: i64_eqz i64_eq i64_ne i64_lt_s i64_lt_u i64_gt_s i64_gt_u i64_le_s i64_le_u i64_ge_s i64_ge_u,
    counts: i64_clz i64_ctz i64_popcnt,
    arithmetic: i64_add i64_sub i64_mul i64_div_s i64_div_u i64_rem_s i64_rem_u,
    bits: i64_and i64_or i64_xor i64_shl i64_shr_s i64_shr_u i64_rotl i64_rotr,
}

/// The lower 8 bits, sign-extended.
#[inline(always)]
pub fn i32_extend8_s(a: i32) -> i32 {
    i32::from(a as i8)
}

/// The lower 16 bits, sign-extended.
#[inline(always)]
pub fn i32_extend16_s(a: i32) -> i32 {
    i32::from(a as i16)
}

/// The lower 8 bits, sign-extended.
#[inline(always)]
pub fn i64_extend8_s(a: i64) -> i64 {
    i64::from(a as i8)
}

/// The lower 16 bits, sign-extended.
#[inline(always)]
pub fn i64_extend16_s(a: i64) -> i64 {
    i64::from(a as i16)
}

/// The lower 32 bits, sign-extended.
#[inline(always)]
pub fn i64_extend32_s(a: i64) -> i64 {
    i64::from(a as i32)
}
