//! Two tiers side by side: the same program, budgets, inputs and answers, and everything that they show compared.

use std::sync::Arc;

use cartwheel_bytecode::generate;
use cartwheel_hostabi::SyscallTrap;
use cartwheel_vm::{FrameInput, Limits, Program, Stop};

use super::diff::assert_same;
use super::host::Host;
use super::tier::Tier;

/// Cycles after which a program has shown enough.
pub const MAX_CYCLES: u64 = 20_000;

/// Small, so that programs reach them.
pub fn limits(tight: bool) -> Limits {
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

pub fn input(frame: u64) -> FrameInput {
    let buttons = |f: u64| [f as u32, (f / 2) as u32 & 7, (f * 3) as u32 & 5, 0];
    FrameInput {
        frame,
        held: buttons(frame),
        held_before: if frame == 0 { [0; 4] } else { buttons(frame - 1) },
        pointer: (frame as i32 * 3 - 5, -(frame as i32)),
        pointer_buttons: frame as u32 & 7,
    }
}

pub fn program(entropy: &[u8]) -> Arc<Program> {
    Program::new(generate(entropy)).unwrap_or_else(|error| panic!("generated programs verify: {error}"))
}

/// A generated program with some bytes of its code replaced, if the verifier still accepts it.
pub fn mutated(entropy: &[u8], mutations: &[(u8, u16, u8)]) -> Option<Arc<Program>> {
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
pub struct Machine<T> {
    pub tier: T,
    program: Arc<Program>,
    limits: Limits,
    pub host: Host,
}

impl<T: Tier> Machine<T> {
    pub fn new(program: &Arc<Program>, limits: Limits) -> Self {
        let tier = T::new(program.clone(), limits, 7);
        Machine { tier, program: program.clone(), limits, host: Host::default() }
    }

    /// Answers a syscall. False if the guest has trapped there.
    pub fn answer(&mut self, import: u32) -> Result<(), SyscallTrap> {
        let cart = self.program.cartridge();
        let sig = &cart.types[cart.imports[import as usize].sig as usize];
        let answer = self.host.answer(sig, &mut self.tier);
        if let Err(trap) = answer {
            self.tier.trap_syscall(trap);
        }
        answer
    }

    pub fn ended(&self) -> bool {
        self.tier.state().ended.is_some()
    }

    /// Goes on from the state of another machine, of whatever tier.
    pub fn restore<U: Tier>(&mut self, other: &Machine<U>) {
        self.tier = T::from_state(self.program.clone(), self.limits, other.tier.state());
    }
}

/// Calls a function with arguments that fit its signature; handles are null.
pub fn call(tier: &mut impl Tier, program: &Program, func: u32) {
    let sig = &program.cartridge().types[program.function(func).sig as usize];
    let arg = |(i, ty): (usize, &cartwheel_bytecode::ValType)| match ty.bank() {
        cartwheel_bytecode::Bank::Scalar => 0x0123_4567_89ab_cdef_u64.rotate_left(8 * i as u32),
        cartwheel_bytecode::Bank::Handle => 0,
    };
    let args: Vec<u64> = sig.params.iter().enumerate().map(arg).collect();
    tier.call(func, &args);
}

/// Runs two tiers side by side and compares everything they show.
pub fn compare<A: Tier, B: Tier>(program: &Arc<Program>, budgets: &[u16], tight: bool) {
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
