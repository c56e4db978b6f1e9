//! Generated programs in both interpreters, in lockstep, with the whole state compared at every stop; and what mutations of
//! their code make of them, if the verifier accepts it.

#![no_main]

#[path = "../../vm/tests/common/mod.rs"]
mod common;

use cartwheel_vm::{Instance, Reference};
use common::lockstep::{compare, mutated, program};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, entropy)) = bytes.split_first_chunk::<8>() else { return };
    let [tight, mutate, function, at_low, at_high, value, budget_low, budget_high] = *head;
    let budgets = [u16::from_le_bytes([budget_low, budget_high]), u16::from(budget_low) % 60, 700];
    if mutate % 2 == 0 {
        compare::<Reference, Instance>(&program(entropy), &budgets, tight % 2 == 0);
        return;
    }
    let mutation = (function, u16::from_le_bytes([at_low, at_high]), value);
    if let Some(program) = mutated(entropy, &[mutation]) {
        compare::<Reference, Instance>(&program, &budgets, tight % 2 == 0);
    }
});
