//! The module's random numbers: xoshiro256** by Blackman and Vigna, seeded through SplitMix64.
//!
//! The state is four words that belong to [`crate::State`]; these functions only step it.

/// State of the generator.
pub type Rng = [u64; 4];

/// The state after seeding: four outputs of SplitMix64 started at `seed`.
pub fn seeded(seed: u64) -> Rng {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// The next 64 random bits.
#[inline]
pub fn next(s: &mut Rng) -> u64 {
    let output = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    output
}

/// `rng.i32`: the upper half of the next output.
#[inline]
pub fn next_i32(s: &mut Rng) -> i32 {
    (next(s) >> 32) as i32
}

/// `rng.f64`: uniform in 0.0 .. 1.0.
#[inline]
pub fn next_f64(s: &mut Rng) -> f64 {
    // 53 bits and a power of two: both steps are exact.
    (next(s) >> 11) as f64 * f64::from_bits(0x3ca0_0000_0000_0000)
}

/// `rng.below`: uniform in `0 .. bound`, by Lemire's method; `None` for a bound of 0.
#[inline]
pub fn next_below(s: &mut Rng, bound: u32) -> Option<u32> {
    if bound == 0 {
        return None;
    }
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = (next(s) >> 32) * u64::from(bound);
        if product as u32 >= threshold {
            return Some((product >> 32) as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeding_is_splitmix64() {
        // The outputs for seed 0 and 1234567 are widely published test vectors.
        assert_eq!(seeded(0)[0], 0xe220_a839_7b1d_cdaf);
        assert_eq!(
            seeded(1_234_567),
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431
            ]
        );
    }

    #[test]
    fn sequence_is_xoshiro256_starstar() {
        // From the state 1, 2, 3, 4, as in the reference implementation's test vectors.
        let mut s = [1, 2, 3, 4];
        let outputs: Vec<u64> = (0..4).map(|_| next(&mut s)).collect();
        assert_eq!(outputs, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn bounds_hold_and_zero_is_refused() {
        let mut s = seeded(7);
        assert_eq!(next_below(&mut s, 0), None);
        for bound in [1, 2, 3, 10, 0x8000_0001, u32::MAX] {
            for _ in 0..100 {
                assert!(next_below(&mut s, bound).expect("bound is not 0") < bound);
            }
        }
        assert!((0..100).map(|_| next_f64(&mut s)).all(|x| (0.0..1.0).contains(&x)));
    }
}
