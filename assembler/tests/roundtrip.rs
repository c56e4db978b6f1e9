//! Assembling what the disassembler writes gives the same bytes.

mod common;

use std::collections::BTreeSet;

use cartwheel_assembler::{NoFiles, assemble, disassemble};
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::{Cartridge, Instr, Op, TABLE};
use common::Gen;
use proptest::prelude::*;

fn check_round_trip(cart: &Cartridge) {
    let bytes = cart.to_bytes();
    assert_eq!(
        Cartridge::from_bytes(&bytes).as_ref(),
        Ok(cart),
        "the generator makes cartridges of the format"
    );
    let text = disassemble(cart);
    let again = assemble("again.asm", &text, &NoFiles).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert!(again.to_bytes() == bytes, "{text}\n-----\n{}", disassemble(&again));
}

// covers VM-6
proptest! {
    #[test]
    fn disassembled_cartridges_assemble_to_the_same_bytes(seed: u64, size in 1usize..9) {
        check_round_trip(&common::cartridge(&mut Gen::new(seed, size)));
    }
}

proptest! {
    #[test]
    fn generated_programs_assemble_to_the_same_bytes(entropy: Vec<u8>) {
        check_round_trip(&cartwheel_bytecode::generate(&entropy));
    }
}

/// The property above speaks of every instruction.
#[test]
fn the_generator_reaches_every_instruction() {
    let mut missing: BTreeSet<Op> = TABLE.iter().map(|row| row.op).collect();
    for seed in 0..400 {
        let cart = common::cartridge(&mut Gen::new(seed, 8));
        for function in &cart.functions {
            let mut input = Reader::new(&function.code);
            while !input.is_empty() {
                missing.remove(&Instr::decode(&mut input).expect("made by encoding").op());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_empty_cartridge_survives() {
    check_round_trip(&Cartridge::default());
}

proptest! {
    #[test]
    fn damaged_code_is_shown_and_refused(seed: u64, noise: Vec<u8>) {
        let mut cart = common::cartridge(&mut Gen::new(seed, 4));
        let function = &mut cart.functions[0];
        function.code.splice(..function.code.len().min(noise.len() / 2), noise);
        function.labels.push(function.labels.last().map_or(7, |last| last + 7));
        let text = disassemble(&cart);
        if let Ok(again) = assemble("again.asm", &text, &NoFiles) {
            prop_assert!(again.to_bytes() == cart.to_bytes());
        }
    }

    #[test]
    fn indices_that_lead_nowhere_are_shown(seed: u64, cut in 0usize..8) {
        let mut cart = common::cartridge(&mut Gen::new(seed, 6));
        match cut {
            0 => cart.types.truncate(1),
            1 => cart.imports.clear(),
            2 => cart.tables.clear(),
            3 => cart.globals.clear(),
            4 => cart.data.clear(),
            5 => cart.elems.clear(),
            6 => cart.shapes.clear(),
            _ => cart.functions.clear(),
        }
        let _ = assemble("again.asm", disassemble(&cart), &NoFiles);
    }
}
