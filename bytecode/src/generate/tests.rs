//! What can be said of generated programs without the verifier; that it accepts them is tested with it.

use std::collections::BTreeSet;

use super::generate;
use crate::codec::Reader;
use crate::{Cartridge, Instr, Op, TABLE};

/// Bytes without a pattern.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn every_instruction_is_generated() {
    let mut missing: BTreeSet<Op> = TABLE.iter().map(|row| row.op).collect();
    for seed in 0..100 {
        for function in generate(&noise(seed, 20_000)).functions {
            let mut input = Reader::new(&function.code);
            while !input.is_empty() {
                missing.remove(&Instr::decode(&mut input).expect("generated code decodes").op());
            }
        }
    }
    assert!(missing.is_empty(), "never generated: {missing:?}");
}

#[test]
fn any_bytes_give_a_cartridge_that_survives_the_file_format() {
    for bytes in [vec![], vec![0; 10_000], vec![255; 10_000], noise(1, 5_000)] {
        let cart = generate(&bytes);
        assert_eq!(cart, generate(&bytes));
        let read = Cartridge::from_bytes(&cart.to_bytes()).expect("generated cartridges are in order");
        assert_eq!(read, cart);
    }
}
