//! One interface for all tiers, so that a test is written once.

use std::sync::Arc;

use cartwheel_hostabi::{Guest, SyscallTrap};
use cartwheel_vm::{FrameInput, Instance, Limits, Program, Reference, State, Stop};

/// An execution tier.
pub trait Tier: Guest + Sized {
    fn new(program: Arc<Program>, limits: Limits, seed: u64) -> Self;
    fn from_state(program: Arc<Program>, limits: Limits, state: State) -> Self;
    fn state(&self) -> State;
    fn call(&mut self, func: u32, args: &[u64]);
    fn grant(&mut self, budget: u64);
    fn run(&mut self, input: &FrameInput) -> Stop;
    fn used(&self) -> u64;
    fn take_results(&mut self) -> Vec<u64>;
    fn trap_syscall(&mut self, trap: SyscallTrap);
}

macro_rules! tier {
    ($tier:ident, new: $new:expr, from_state: $from_state:expr) => {
        impl Tier for $tier {
            fn new(program: Arc<Program>, limits: Limits, seed: u64) -> Self {
                ($new)(program, limits, seed)
            }
            fn from_state(program: Arc<Program>, limits: Limits, state: State) -> Self {
                ($from_state)(program, limits, state)
            }
            fn state(&self) -> State {
                self.state()
            }
            fn call(&mut self, func: u32, args: &[u64]) {
                self.call(func, args);
            }
            fn grant(&mut self, budget: u64) {
                self.grant(budget);
            }
            fn run(&mut self, input: &FrameInput) -> Stop {
                self.run(input)
            }
            fn used(&self) -> u64 {
                self.used()
            }
            fn take_results(&mut self) -> Vec<u64> {
                self.take_results()
            }
            fn trap_syscall(&mut self, trap: SyscallTrap) {
                self.trap_syscall(trap);
            }
        }
    };
}

tier!(Reference, new: Reference::new, from_state: Reference::from_state);
tier!(
    Instance,
    new: |program, limits, seed| Instance::new(program, limits, seed).expect("start sizes are within limits"),
    from_state: |program, limits, state| Instance::from_state(program, limits, &state).expect("a saved state is in order")
);

/// Tests that have to hold in every tier: `fn name<T>() { .. }` becomes a test per tier.
#[macro_export]
macro_rules! in_every_tier {
    ($($(#[$doc:meta])* fn $name:ident<$tier:ident>() $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            fn check<$tier: $crate::common::tier::Tier>() $body

            #[test]
            fn reference() {
                check::<cartwheel_vm::Reference>();
            }

            #[test]
            fn fast() {
                check::<cartwheel_vm::Instance>();
            }
        }
    )*};
}
