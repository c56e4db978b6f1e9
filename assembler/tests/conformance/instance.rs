//! An instance of a module in both interpreters, which have to agree about everything.

use std::sync::Arc;

use cartwheel_bytecode::cartridge::{Cartridge, ExportItem};
use cartwheel_bytecode::{TrapCode, ValType};
use cartwheel_vm::{
    Ended, FrameInput, Instance, Limits, ObjectState, Program, Reference, SlotState, State, Stop, TrapKind,
};

/// Cycles of a slice: small, so that most calls are interrupted somewhere.
const SLICE_CYCLES: u64 = 10_000;
/// Cycles after which a call is taken to run forever.
const MAX_CYCLES: u64 = 400_000_000;
/// Objects that stand for the host's references: `ref.extern n` is the handle n + 1.
pub const HOST_OBJECTS: u32 = 1_000;

const LIMITS: Limits = Limits {
    max_frames: 1_000,
    max_stack_cells: 1 << 20,
    max_memory_pages: 1_000,
    max_table_elements: 12_000_000,
    max_heap_bytes: 1 << 24,
    max_heap_objects: 1 << 12,
};

/// An instance.
pub struct Pair {
    fast: Instance,
    reference: Reference,
    program: Arc<Program>,
}

/// What a call came to.
pub type Outcome = Result<Vec<u64>, TrapKind>;

impl Pair {
    /// Instantiates a cartridge and runs its start functions.
    pub fn new(cart: Cartridge) -> Result<(Pair, Result<(), TrapKind>), String> {
        let program = Program::new(cart).map_err(|e| format!("the verifier refuses it: {e}"))?;
        let mut pair = Pair {
            fast: Instance::new(program.clone(), LIMITS, 0).map_err(|e| e.to_string())?,
            reference: Reference::new(program.clone(), LIMITS, 0),
            program: program.clone(),
        };
        let mut started = pair.trap().map_or(Ok(()), Err);
        if uses_handles(program.cartridge()) {
            pair.restore(|state| {
                let object = |i: u32| SlotState::Object {
                    mark: false,
                    body: ObjectState::Bytes(i.to_le_bytes().into()),
                };
                state.heap.slots = (0..HOST_OBJECTS).map(object).collect();
            });
        }
        for &start in &program.cartridge().manifest.entry.starts {
            started = started.and_then(|()| pair.call(start, &[]).map(|_| ()));
        }
        Ok((pair, started))
    }

    pub fn cart(&self) -> &Cartridge {
        self.program.cartridge()
    }

    /// The type of an exported global and its cell.
    pub fn global(&self, name: &str) -> Option<(ValType, bool, u64)> {
        let export = self.cart().exports.iter().find(|export| export.name == name)?;
        let ExportItem::Global(index) = export.item else { return None };
        let def = self.cart().globals[index as usize];
        Some((def.ty, def.mutable, self.reference.state().globals[index as usize]))
    }

    /// Calls a function to its end.
    pub fn call(&mut self, func: u32, args: &[u64]) -> Outcome {
        self.fast.call(func, args);
        self.reference.call(func, args);
        let mut cycles = 0;
        while self.fast.ended().is_none() {
            self.fast.grant(SLICE_CYCLES);
            self.reference.grant(SLICE_CYCLES);
            let stop = loop {
                let stop = self.fast.run(&FrameInput::default());
                assert_eq!(stop, self.reference.run(&FrameInput::default()), "stop reasons");
                // The functions of `spectest` do nothing.
                if !matches!(stop, Stop::Syscall(_)) {
                    break stop;
                }
            };
            assert_eq!(self.fast.used(), self.reference.used(), "cycles");
            cycles += self.fast.used();
            match stop {
                Stop::Returned => {
                    let results = self.fast.take_results();
                    assert_eq!(results, self.reference.take_results(), "results");
                    return Ok(results);
                }
                Stop::Trapped => break,
                Stop::BudgetSpent => assert!(cycles < MAX_CYCLES, "a call that does not end"),
                other => panic!("a WebAssembly module stops with {other:?}"),
            }
        }
        let trap = self.trap().expect("it has ended");
        // A trap ends a cartridge, but not an instance of WebAssembly: it is called again.
        self.restore(|state| {
            state.ended = None;
            state.frames.clear();
        });
        Err(trap)
    }

    fn trap(&self) -> Option<TrapKind> {
        match self.fast.ended()? {
            Ended::Trapped(record) => Some(record.kind),
            Ended::Halted(code) => panic!("a WebAssembly module halts with {code}"),
        }
    }

    /// Compares the states of the interpreters, and goes on from a changed one.
    fn restore(&mut self, change: impl FnOnce(&mut State)) {
        let mut state = self.compare();
        change(&mut state);
        self.fast = Instance::from_state(self.program.clone(), LIMITS, &state).expect("a good state");
        self.reference = Reference::from_state(self.program.clone(), LIMITS, state);
    }

    /// The state, which both have.
    pub fn compare(&self) -> State {
        let (fast, reference) = (self.fast.state(), self.reference.state());
        assert!(fast == reference, "the interpreters have different states");
        fast
    }
}

fn uses_handles(cart: &Cartridge) -> bool {
    let handle = |ty: &ValType| *ty == ValType::Handle;
    cart.types.iter().any(|ty| ty.params.iter().chain(&ty.results).any(handle))
        || cart.globals.iter().any(|global| handle(&global.ty))
        || cart.tables.iter().any(|table| table.handles)
}

/// True if a trap is the one that a test script names.
pub fn is_trap(kind: TrapKind, message: &str) -> bool {
    let TrapKind::Instruction(code) = kind else { return false };
    let expected = match message {
        "integer divide by zero" => TrapCode::DivideByZero,
        "integer overflow" => TrapCode::IntegerOverflow,
        "invalid conversion to integer" => TrapCode::InvalidConversion,
        "out of bounds memory access" => TrapCode::MemoryOutOfBounds,
        "out of bounds table access" | "undefined element" | "undefined" => TrapCode::TableOutOfBounds,
        "indirect call type mismatch" | "indirect call" => TrapCode::SignatureMismatch,
        "unreachable" => TrapCode::Unreachable,
        "call stack exhausted" => return matches!(code, TrapCode::CallDepth | TrapCode::StackOverflow),
        _ if message.starts_with("uninitialized") => TrapCode::NullFunction,
        _ => panic!("unknown trap `{message}`"),
    };
    code == expected
}
