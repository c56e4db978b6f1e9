//! Corners of the scalar operations.

use cartwheel_bytecode::TrapCode::{DivideByZero, IntegerOverflow, InvalidConversion};

use super::*;

const SIGNALLING_64: u64 = 0xfff0_0000_0000_0001;
const SIGNALLING_32: u32 = 0xff80_0001;

#[test]
fn integer_division() {
    assert_eq!(i32_div_s(i32::MIN, -1), Err(IntegerOverflow));
    assert_eq!(i64_div_s(i64::MIN, -1), Err(IntegerOverflow));
    assert_eq!(i32_rem_s(i32::MIN, -1), Ok(0));
    assert_eq!(i64_rem_s(-7, 2), Ok(-1));
    assert_eq!(i32_div_s(-7, 2), Ok(-3));
    assert_eq!(i32_div_u(-1, 2), Ok(i32::MAX));
    assert_eq!(i64_rem_u(-1, 10), Ok(5));
    for trap in [i32_div_s(1, 0), i32_div_u(1, 0), i32_rem_s(1, 0), i32_rem_u(1, 0)] {
        assert_eq!(trap, Err(DivideByZero));
    }
    for trap in [i64_div_s(1, 0), i64_div_u(1, 0), i64_rem_s(1, 0), i64_rem_u(1, 0)] {
        assert_eq!(trap, Err(DivideByZero));
    }
}

#[test]
fn shifts_take_their_count_modulo_the_width() {
    assert_eq!(i32_shl(1, 33), 2);
    assert_eq!(i32_shr_s(-8, 33), -4);
    assert_eq!(i32_shr_u(-8, 33), 0x7fff_fffc);
    assert_eq!(i32_rotl(i32::MIN, 33), 1);
    assert_eq!(i32_rotr(2, 33), 1);
    assert_eq!(i64_shl(1, 65), 2);
    assert_eq!(i64_shr_u(-1, 127), 1);
    assert_eq!(i64_rotr(1, 65), i64::MIN);
    assert_eq!(i64_shl(1, 1 << 32), 1);
}

#[test]
fn counting_bits() {
    assert_eq!((i32_clz(0), i32_ctz(0), i32_popcnt(-1)), (32, 32, 32));
    assert_eq!((i64_clz(0), i64_ctz(0), i64_popcnt(-1)), (64, 64, 64));
    assert_eq!((i64_clz(1), i64_ctz(i64::MIN)), (63, 63));
}

#[test]
fn arithmetic_yields_the_canonical_nan() {
    let nan = f64::from_bits(SIGNALLING_64);
    let results = [
        f64_add(nan, 1.0),
        f64_sub(1.0, nan),
        f64_mul(nan, nan),
        f64_div(0.0, 0.0),
        f64_min(nan, 1.0),
        f64_max(1.0, nan),
        f64_sqrt(-1.0),
        f64_ceil(nan),
        f64_floor(nan),
        f64_trunc(nan),
        f64_nearest(nan),
        f64_sin(f64::INFINITY),
        f64_cos(nan),
        f64_tan(nan),
        f64_exp(nan),
        f64_log(-1.0),
        f64_atan2(nan, 0.0),
        f64_pow(-1.0, 0.5),
        f64_promote_f32(f32::from_bits(SIGNALLING_32)),
    ];
    assert!(results.iter().all(|r| r.to_bits() == CANONICAL_NAN_64));
    let nan = f32::from_bits(SIGNALLING_32);
    let results = [
        f32_add(nan, 1.0),
        f32_sub(f32::INFINITY, f32::INFINITY),
        f32_mul(nan, nan),
        f32_div(0.0, 0.0),
        f32_min(nan, 1.0),
        f32_max(1.0, nan),
        f32_sqrt(-1.0),
        f32_ceil(nan),
        f32_floor(nan),
        f32_trunc(nan),
        f32_nearest(nan),
        f32_demote_f64(f64::from_bits(SIGNALLING_64)),
    ];
    assert!(results.iter().all(|r| r.to_bits() == CANONICAL_NAN_32));
}

#[test]
fn sign_operations_keep_the_bits_of_a_nan() {
    let nan = f64::from_bits(SIGNALLING_64);
    assert_eq!(f64_neg(nan).to_bits(), SIGNALLING_64 ^ 1 << 63);
    assert_eq!(f64_abs(nan).to_bits(), SIGNALLING_64 & !(1 << 63));
    assert_eq!(f64_copysign(nan, 1.0).to_bits(), SIGNALLING_64 & !(1 << 63));
    let nan = f32::from_bits(SIGNALLING_32);
    assert_eq!(f32_neg(nan).to_bits(), SIGNALLING_32 ^ 1 << 31);
    assert_eq!(f32_copysign(1.0, nan), -1.0);
}

#[test]
fn minimum_and_maximum_order_zeros() {
    for (a, b) in [(0.0, -0.0), (-0.0, 0.0)] {
        assert_eq!(f64_min(a, b).to_bits(), (-0.0f64).to_bits());
        assert_eq!(f64_max(a, b).to_bits(), 0.0f64.to_bits());
        assert_eq!(f32_min(a as f32, b as f32).to_bits(), (-0.0f32).to_bits());
        assert_eq!(f32_max(a as f32, b as f32).to_bits(), 0.0f32.to_bits());
    }
    assert_eq!(f64_min(-1.5, -1.5), -1.5);
    assert_eq!(f64_max(f64::NEG_INFINITY, -1.5), -1.5);
}

#[test]
fn nearest_goes_to_even() {
    let rounded: Vec<f64> = [0.5, 1.5, 2.5, -0.5, -1.5, 4.4].into_iter().map(f64_nearest).collect();
    assert_eq!(rounded, [0.0, 2.0, 2.0, -0.0, -2.0, 4.0]);
    assert_eq!(f64_nearest(-0.2).to_bits(), (-0.0f64).to_bits());
    assert_eq!(f32_nearest(8_388_609.0), 8_388_609.0);
}

#[test]
fn truncation_traps_exactly_outside_the_range() {
    assert_eq!(i32_trunc_f64_s(-2_147_483_648.9), Ok(i32::MIN));
    assert_eq!(i32_trunc_f64_s(-2_147_483_649.0), Err(IntegerOverflow));
    assert_eq!(i32_trunc_f64_s(2_147_483_647.9), Ok(i32::MAX));
    assert_eq!(i32_trunc_f64_s(2_147_483_648.0), Err(IntegerOverflow));
    assert_eq!(i32_trunc_f64_u(-0.9), Ok(0));
    assert_eq!(i32_trunc_f64_u(-1.0), Err(IntegerOverflow));
    assert_eq!(i32_trunc_f64_u(4_294_967_295.9), Ok(-1));
    assert_eq!(i32_trunc_f32_s(-2_147_483_648.0), Ok(i32::MIN));
    assert_eq!(i32_trunc_f32_s(2_147_483_648.0), Err(IntegerOverflow));
    assert_eq!(i32_trunc_f32_u(4_294_967_040.0), Ok(-256));
    assert_eq!(i64_trunc_f64_s(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
    assert_eq!(i64_trunc_f64_s(9_223_372_036_854_775_808.0), Err(IntegerOverflow));
    assert_eq!(i64_trunc_f32_s(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
    assert_eq!(i64_trunc_f64_u(18_446_744_073_709_549_568.0), Ok(-2048));
    assert_eq!(i64_trunc_f32_u(18_446_744_073_709_551_616.0), Err(IntegerOverflow));
    assert_eq!(i32_trunc_f32_s(f32::NAN), Err(InvalidConversion));
    assert_eq!(i64_trunc_f64_u(f64::NAN), Err(InvalidConversion));
    assert_eq!(i64_trunc_f64_u(f64::INFINITY), Err(IntegerOverflow));
}

#[test]
fn saturating_truncation() {
    assert_eq!(i32_trunc_sat_f64_s(1e10), i32::MAX);
    assert_eq!(i32_trunc_sat_f64_u(1e10), -1);
    assert_eq!(i32_trunc_sat_f32_u(-1.0), 0);
    assert_eq!(i64_trunc_sat_f32_s(f32::NAN), 0);
    assert_eq!(i64_trunc_sat_f64_u(f64::INFINITY), -1);
}

#[test]
fn conversions_to_floats_round_to_nearest_even() {
    assert_eq!(f32_convert_i32_s(16_777_217), 16_777_216.0);
    assert_eq!(f32_convert_i32_u(-1), 4_294_967_296.0);
    assert_eq!(f64_convert_i64_u(-1), 18_446_744_073_709_551_616.0);
    assert_eq!(f64_convert_i64_s(9_007_199_254_740_993), 9_007_199_254_740_992.0);
    // Rounding by way of f64 would round twice and give the even neighbour.
    assert_eq!(f32_convert_i64_u(0x7fff_ff40_0000_0001), 9_223_371_487_098_961_920.0);
}
