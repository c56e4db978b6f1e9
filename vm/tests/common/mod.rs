//! What the tests of this crate share.
#![allow(dead_code, reason = "every test binary uses its own part")]

pub mod asm;
pub mod diff;
pub mod host;
pub mod lockstep;
pub mod tier;

/// Bytes without a pattern, for generated programs outside of proptest.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}
