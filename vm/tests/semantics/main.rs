//! The corners of `spec/machine.md`, each in every tier.

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod collector;
mod cycles;
mod heap;
mod input;
mod liveness;
mod memory;
mod syscalls;
mod tables;
mod values;

use cartwheel_vm::{Ended, FrameInput, Limits, Stop, TrapKind, TrapRecord};
use common::asm::Asm;
use common::tier::Tier;

/// More cycles than any of these programs needs.
const PLENTY: u64 = 1 << 40;

/// A new module of a program.
fn new<T: Tier>(asm: Asm) -> T {
    T::new(asm.program(), Limits::default(), 0)
}

/// Runs what was called, with all the cycles that it needs.
fn run<T: Tier>(tier: &mut T) -> Stop {
    tier.grant(PLENTY);
    tier.run(&FrameInput::default())
}

/// Results of a function of a new module.
fn results<T: Tier>(asm: Asm, func: u32, args: &[u64]) -> Vec<u64> {
    let mut tier: T = new(asm);
    tier.call(func, args);
    assert_eq!(run(&mut tier), Stop::Returned, "{:?}", tier.state().ended);
    tier.take_results()
}

/// Results of a single function.
fn eval<T: Tier>(sig: &str, text: &str, args: &[u64]) -> Vec<u64> {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.func(sig, text);
    results::<T>(asm, 0, args)
}

/// The trap that a function of a new module ends in.
fn trap<T: Tier>(asm: Asm, func: u32, args: &[u64]) -> TrapRecord {
    let mut tier: T = new(asm);
    tier.call(func, args);
    assert_eq!(run(&mut tier), Stop::Trapped);
    trap_record(&tier)
}

/// The trap that a module has ended in. An ended module has no frames.
fn trap_record(tier: &impl Tier) -> TrapRecord {
    let state = tier.state();
    assert!(state.frames.is_empty());
    match state.ended {
        Some(Ended::Trapped(record)) => record,
        other => panic!("ended as {other:?}"),
    }
}

/// The trap of a single function.
fn trap_kind<T: Tier>(sig: &str, text: &str, args: &[u64]) -> TrapKind {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.func(sig, text);
    trap::<T>(asm, 0, args).kind
}
