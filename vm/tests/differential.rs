//! The fast tier against the reference: generated programs, run in lockstep with the whole state compared at every
//! stop; and every tier against itself under other slices and across saved states.

mod common;

use std::sync::Arc;

use cartwheel_bytecode::generate;
use cartwheel_hostabi::SyscallTrap;
use cartwheel_vm::{FrameInput, Instance, Limits, Program, Reference, Stop};
use common::diff::assert_same;
use common::host::Host;
use common::noise;
use common::tier::Tier;
use proptest::prelude::*;

/// Cycles after which a program has shown enough.
const MAX_CYCLES: u64 = 20_000;

/// Small, so that programs reach them.
fn limits(tight: bool) -> Limits {
    let generous = Limits {
        max_frames: 60,
        max_stack_cells: 2_000,
        max_memory_pages: 2,
        max_table_elements: 110,
        max_heap_bytes: 400_000,
        max_heap_objects: 2_000,
    };
    if tight { Limits { max_heap_bytes: 70_000, max_heap_objects: 60, ..generous } } else { generous }
}

fn input(frame: u64) -> FrameInput {
    let buttons = |f: u64| [f as u32, (f / 2) as u32 & 7, (f * 3) as u32 & 5, 0];
    FrameInput {
        frame,
        held: buttons(frame),
        held_before: if frame == 0 { [0; 4] } else { buttons(frame - 1) },
        pointer: (frame as i32 * 3 - 5, -(frame as i32)),
        pointer_buttons: frame as u32 & 7,
    }
}

fn program(entropy: &[u8]) -> Arc<Program> {
    Program::new(generate(entropy)).unwrap_or_else(|error| panic!("generated programs verify: {error}"))
}

/// A generated program with some bytes of its code replaced, if the verifier still accepts it.
fn mutated(entropy: &[u8], mutations: &[(u8, u16, u8)]) -> Option<Arc<Program>> {
    let mut cart = generate(entropy);
    for &(func, at, byte) in mutations {
        let functions = cart.functions.len();
        let code = &mut cart.functions[usize::from(func) % functions].code;
        let at = usize::from(at) % code.len();
        code[at] = byte;
    }
    Program::new(cart).ok()
}

/// A tier with its own host.
struct Machine<T> {
    tier: T,
    program: Arc<Program>,
    limits: Limits,
    host: Host,
}

impl<T: Tier> Machine<T> {
    fn new(program: &Arc<Program>, limits: Limits) -> Self {
        let tier = T::new(program.clone(), limits, 7);
        Machine { tier, program: program.clone(), limits, host: Host::default() }
    }

    /// Answers a syscall. False if the guest has trapped there.
    fn answer(&mut self, import: u32) -> Result<(), SyscallTrap> {
        let cart = self.program.cartridge();
        let sig = &cart.types[cart.imports[import as usize].sig as usize];
        let answer = self.host.answer(sig, &mut self.tier);
        if let Err(trap) = answer {
            self.tier.trap_syscall(trap);
        }
        answer
    }

    fn ended(&self) -> bool {
        self.tier.state().ended.is_some()
    }

    /// Goes on from the state of another machine, of whatever tier.
    fn restore<U: Tier>(&mut self, other: &Machine<U>) {
        self.tier = T::from_state(self.program.clone(), self.limits, other.tier.state());
    }
}

/// Calls a function with arguments that fit its signature; handles are null.
fn call(tier: &mut impl Tier, program: &Program, func: u32) {
    let sig = &program.cartridge().types[program.function(func).sig as usize];
    let arg = |(i, ty): (usize, &cartwheel_bytecode::ValType)| match ty.bank() {
        cartwheel_bytecode::Bank::Scalar => 0x0123_4567_89ab_cdef_u64.rotate_left(8 * i as u32),
        cartwheel_bytecode::Bank::Handle => 0,
    };
    let args: Vec<u64> = sig.params.iter().enumerate().map(arg).collect();
    tier.call(func, &args);
}

/// Runs two tiers side by side and compares everything they show.
fn compare<A: Tier, B: Tier>(program: &Arc<Program>, budgets: &[u16], tight: bool) {
    let mut a = Machine::<A>::new(program, limits(tight));
    let mut b = Machine::<B>::new(program, limits(tight));
    assert_same(&a.tier.state(), &b.tier.state(), || "new states".into());
    let functions = program.cartridge().functions.len() as u32;
    let mut budgets = budgets.iter().cycle();
    let (mut total, mut frame, mut func) = (0, 0, 0);
    if a.ended() {
        return;
    }
    call(&mut a.tier, program, func);
    call(&mut b.tier, program, func);
    while total < MAX_CYCLES && !a.ended() {
        let budget = u64::from(*budgets.next().unwrap_or(&1_000)) + 1;
        a.tier.grant(budget);
        b.tier.grant(budget);
        loop {
            let (stop, other) = (a.tier.run(&input(frame)), b.tier.run(&input(frame)));
            assert_eq!(stop, other, "stop reasons in frame {frame}");
            assert_eq!(a.tier.used(), b.tier.used(), "cycles at {stop:?} in frame {frame}");
            // While a syscall is pending there is no state.
            if !matches!(stop, Stop::Syscall(_)) {
                assert_same(&a.tier.state(), &b.tier.state(), || {
                    format!("states at {stop:?} in frame {frame}")
                });
            }
            match stop {
                Stop::Syscall(import) => {
                    let (answer, other) = (a.answer(import), b.answer(import));
                    assert_eq!(answer, other, "answers to import {import} in frame {frame}");
                    assert_eq!(a.host, b.host, "hosts after import {import} in frame {frame}");
                    assert_eq!(a.tier.used(), b.tier.used(), "cycles after import {import}");
                    if answer.is_err() {
                        assert_same(&a.tier.state(), &b.tier.state(), || {
                            "states after a trapped syscall".into()
                        });
                        break;
                    }
                }
                Stop::Returned => {
                    assert_eq!(a.tier.take_results(), b.tier.take_results());
                    func = (func + 1) % functions;
                    call(&mut a.tier, program, func);
                    call(&mut b.tier, program, func);
                    assert_same(&a.tier.state(), &b.tier.state(), || "states after a call".into());
                    if a.ended() || a.tier.used() >= MAX_CYCLES {
                        break;
                    }
                }
                Stop::BudgetSpent | Stop::FrameSync | Stop::Stalled | Stop::Halted(_) | Stop::Trapped => {
                    break;
                }
            }
        }
        total += a.tier.used();
        frame += 1;
        // Each tier goes on from what the other has saved, in turns.
        match frame % 6 {
            2 => b.restore(&a),
            5 => a.restore(&b),
            _ => {}
        }
    }
}

/// What a run shows that must not depend on how it was cut into slices.
fn outcome<T: Tier>(
    program: &Arc<Program>,
    tight: bool,
    mut budget: impl FnMut(u64) -> u64,
    restore: bool,
) -> (cartwheel_vm::State, Host, u64) {
    let mut machine = Machine::<T>::new(program, limits(tight));
    let mut total = 0;
    if !machine.ended() {
        call(&mut machine.tier, program, 0);
    }
    'slices: while total < MAX_CYCLES && !machine.ended() {
        machine.tier.grant(budget(total).min(MAX_CYCLES - total));
        loop {
            match machine.tier.run(&input(3)) {
                Stop::Syscall(import) => {
                    if machine.answer(import).is_err() {
                        break;
                    }
                }
                // These end slices, but at places of their own, whatever the budget.
                Stop::FrameSync | Stop::Stalled if total + machine.tier.used() < MAX_CYCLES => {}
                Stop::FrameSync | Stop::Stalled | Stop::BudgetSpent | Stop::Halted(_) | Stop::Trapped => {
                    break;
                }
                Stop::Returned => {
                    total += machine.tier.used();
                    break 'slices;
                }
            }
        }
        total += machine.tier.used();
        if restore {
            let state = machine.tier.state();
            machine.tier = T::from_state(program.clone(), limits(tight), state);
        }
    }
    (machine.tier.state(), machine.host, total)
}

/// Slices and saved states change nothing.
fn slices_do_not_matter<T: Tier>(entropy: &[u8], budgets: &[u16], tight: bool) {
    let program = program(entropy);
    let whole = outcome::<T>(&program, tight, |_| u64::MAX, false);
    let mut next = budgets.iter().cycle();
    let sliced = outcome::<T>(&program, tight, |_| u64::from(*next.next().unwrap_or(&0)) + 1, false);
    assert_same(&whole.0, &sliced.0, || format!("sliced, after {} and {} cycles", whole.2, sliced.2));
    assert_eq!((&whole.1, whole.2), (&sliced.1, sliced.2), "sliced");
    // At every checkpoint to begin with, and then now and then, because restoring is slow.
    let restored = outcome::<T>(&program, tight, |total| 1 + total / 8, true);
    assert_same(&whole.0, &restored.0, || format!("restored, after {} and {} cycles", whole.2, restored.2));
    assert_eq!((&whole.1, whole.2), (&restored.1, restored.2), "restored");
}

fn entropy() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..6_000)
}

fn budgets() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(prop_oneof![0..4_u16, 0..300_u16, any::<u16>()], 1..8)
}

/// A number of cases that a plain run of the tests has time for, unless `PROPTEST_CASES` says otherwise.
fn cases(plain: u32) -> ProptestConfig {
    const DEFAULT: u32 = 256;
    let config = ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() };
    let cases = if config.cases == DEFAULT { plain } else { config.cases };
    ProptestConfig { cases, ..config }
}

proptest! {
    #![proptest_config(cases(64))]

    // covers VM-4
    #[test]
    fn fast_tier_equals_reference(entropy in entropy(), budgets in budgets(), tight: bool) {
        compare::<Reference, Instance>(&program(&entropy), &budgets, tight);
    }

    /// Programs that the generator does not make: what the verifier accepts means the same everywhere.
    // covers VM-5
    #[test]
    fn tiers_agree_on_whatever_the_verifier_accepts(
        entropy in entropy(),
        mutations in proptest::collection::vec((any::<u8>(), any::<u16>(), prop_oneof![0..16_u8, any::<u8>()]), 1..4),
        budgets in budgets(),
        tight: bool,
    ) {
        if let Some(program) = mutated(&entropy, &mutations) {
            compare::<Reference, Instance>(&program, &budgets, tight);
        }
    }

    // covers VM-2
    // covers VM-3
    #[test]
    fn slices_do_not_matter_to_the_fast_tier(entropy in entropy(), budgets in budgets(), tight: bool) {
        slices_do_not_matter::<Instance>(&entropy, &budgets, tight);
    }

}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn slices_do_not_matter_to_the_reference(entropy in entropy(), budgets in budgets(), tight: bool) {
        slices_do_not_matter::<Reference>(&entropy, &budgets, tight);
    }
}

/// The same over fixed programs, so that a plain run of the tests covers the whole table.
// covers VM-4
#[test]
fn tiers_agree_on_fixed_programs() {
    for seed in 0..150 {
        let budgets = noise(seed, 6).into_iter().map(|b| u16::from(b) * 9).collect::<Vec<_>>();
        compare::<Reference, Instance>(&program(&noise(seed, 12_000)), &budgets, seed % 3 == 0);
    }
}

/// Any bytes give a program that the verifier accepts.
#[test]
fn generated_programs_verify() {
    for seed in 0..300 {
        program(&noise(seed, seed as usize * 40));
    }
    program(&[0; 5_000]);
    program(&[255; 5_000]);
}
