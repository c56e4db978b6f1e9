//! Generated WebAssembly modules in both interpreters and in other machines: results, traps, memory and globals have to
//! be equal. A fuzz target and a test of the benches include this folder.

mod wasmi;
mod wasmtime;

use arbitrary::Unstructured;
use cartwheel_assembler::wasm::{Options, translate};
use cartwheel_bytecode::cartridge::{Cartridge, ExportItem};
use cartwheel_bytecode::{TrapCode, ValType};
use cartwheel_vm::{Ended, FrameInput, Instance, Limits, Program, Reference, Stop, TrapKind};

/// Cycles after which a call has shown enough.
const MAX_CYCLES: u64 = 200_000;
/// Loops and calls after which a module traps by itself.
const MAX_LOOPS: u32 = 1_000;
/// Small and odd, so that calls are interrupted everywhere.
const SLICE_CYCLES: u64 = 997;
/// Enough for what takes our interpreters [`MAX_CYCLES`]: what a peer counts is near to it.
const MAX_FUEL: u64 = 100_000_000;

const LIMITS: Limits = Limits {
    max_frames: 200,
    max_stack_cells: 1 << 16,
    max_memory_pages: 64,
    max_table_elements: 1 << 16,
    max_heap_bytes: 1 << 20,
    max_heap_objects: 1 << 10,
};

/// A module that is made of bytes without a pattern; `None` if there are too few of them.
pub fn module(entropy: &[u8]) -> Option<Vec<u8>> {
    let config = wasm_smith::Config {
        allow_floats: entropy.last()? % 2 == 0,
        acquire_release_atomics_enabled: false,
        // Half of the modules get far, the other half finds the traps.
        disallow_traps: entropy.first()? % 2 == 0,
        canonicalize_nans: true,
        compact_imports_enabled: false,
        exceptions_enabled: false,
        export_everything: true,
        gc_enabled: false,
        max_imports: 0,
        max_memories: 1,
        max_memory32_bytes: 16 << 16,
        max_table_elements: 1_000,
        max_tables: 4,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 6,
        min_types: 6,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..wasm_smith::Config::default()
    };
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(entropy)).ok()?;
    module.ensure_termination(MAX_LOOPS).ok()?;
    Some(module.to_bytes())
}

/// How a call ends: with the results' cells, by a trap, or not soon enough.
#[derive(Debug, PartialEq)]
enum Outcome {
    Results(Vec<u64>),
    Trap(TrapCode),
    Endless,
}

/// Another machine with an instance of the module.
trait Peer: Sized {
    /// Makes the instance and runs its start function.
    fn start(wasm: &[u8]) -> Result<Self, PeerTrap>;

    /// Calls an exported function with cells; its results as cells, references as 0 for null and 1.
    fn call(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        args: &[u64],
    ) -> Result<Vec<u64>, PeerTrap>;

    /// The bytes of an exported memory.
    fn memory(&mut self, name: &str) -> &[u8];

    /// The value of an exported global as a cell, a reference as 0 for null and 1.
    fn global(&mut self, name: &str) -> u64;
}

/// Why a peer stops.
enum PeerTrap {
    Code(TrapCode),
    /// A limit of its own, which is not ours.
    Limit,
}

/// The trap that a peer's message means, where it has no code for it: segments that do not fit are errors of another
/// kind there.
fn trap_by_message(message: &str) -> PeerTrap {
    PeerTrap::Code(if message.contains("table") || message.contains("element") {
        TrapCode::TableOutOfBounds
    } else if message.contains("memory") || message.contains("data segment") {
        TrapCode::MemoryOutOfBounds
    } else {
        panic!("an error of a peer that means nothing here: {message}")
    })
}

/// Runs every exported function of a module everywhere, until something ends it. The number of calls that were compared
/// with each peer.
pub fn compare(wasm: &[u8]) -> usize {
    compare_with::<wasmi::Wasmi>(wasm) + compare_with::<wasmtime::Wasmtime>(wasm)
}

fn compare_with<P: Peer>(wasm: &[u8]) -> usize {
    let cart = translate(wasm, &Options::default()).expect("a valid module without imports");
    let program = match Program::new(cart) {
        Ok(program) => program,
        // The generator does not know how complex a function can be.
        Err(error) if error.to_string().contains("too complex") => return 0,
        Err(error) => panic!("the verifier refuses what the translator made: {error}"),
    };
    let Ok(fast) = Instance::new(program.clone(), LIMITS, 0) else { return 0 };
    let mut ours = Ours { fast, reference: Reference::new(program.clone(), LIMITS, 0) };
    let cart = program.cartridge();
    let mut calls = 0;
    if has_open_nans(wasm) {
        ours.call_all(cart);
        return 0;
    }

    let started = match ours.trap() {
        Some(code) => Outcome::Trap(code),
        None => match cart.manifest.entry.starts.first().filter(|_| has_start(wasm)) {
            Some(&start) => ours.call(start, &[]),
            None => Outcome::Results(Vec::new()),
        },
    };
    if started == Outcome::Endless {
        return calls;
    }
    let mut peer = match (P::start(wasm), started) {
        (Err(PeerTrap::Limit), _) | (_, Outcome::Trap(TrapCode::CallDepth | TrapCode::StackOverflow)) => {
            return calls;
        }
        (Err(PeerTrap::Code(code)), started) => {
            assert_eq!(started, Outcome::Trap(code), "start");
            return calls;
        }
        (Ok(peer), started) => {
            assert_eq!(started, Outcome::Results(Vec::new()), "start");
            peer
        }
    };
    for export in &cart.exports {
        let ExportItem::Func(func) = export.item else { continue };
        let signature = &cart.types[cart.functions[func as usize].sig as usize];
        let args: Vec<u64> = signature.params.iter().enumerate().map(|(i, ty)| argument(i, *ty)).collect();
        let outcome = ours.call(func, &args);
        if matches!(outcome, Outcome::Endless | Outcome::Trap(TrapCode::CallDepth | TrapCode::StackOverflow))
        {
            return calls;
        }
        match peer.call(&export.name, &signature.params, &signature.results, &args) {
            Err(PeerTrap::Limit) => return calls,
            Err(PeerTrap::Code(code)) => assert_eq!(outcome, Outcome::Trap(code), "`{}`", export.name),
            Ok(results) => {
                let Outcome::Results(mut found) = outcome else { panic!("`{}`: {outcome:?}", export.name) };
                hide_references(&mut found, &signature.results);
                assert_eq!(found, results, "`{}`", export.name);
            }
        }
        compare_state(cart, &ours, &mut peer);
        calls += 1;
        ours.revive();
    }
    calls
}

/// True if a module converts between the floats: the specification leaves the bits of a NaN open there, and the
/// generator, which makes those of other instructions canonical, does not do it for these.
fn has_open_nans(wasm: &[u8]) -> bool {
    wasmparser::Parser::new(0).parse_all(wasm).flatten().any(|payload| {
        let wasmparser::Payload::CodeSectionEntry(body) = payload else { return false };
        let operators = body.get_operators_reader().into_iter().flatten().flatten();
        operators.into_iter().any(|operator| {
            matches!(operator, wasmparser::Operator::F32DemoteF64 | wasmparser::Operator::F64PromoteF32)
        })
    })
}

fn has_start(wasm: &[u8]) -> bool {
    wasmparser::Parser::new(0)
        .parse_all(wasm)
        .any(|payload| matches!(payload, Ok(wasmparser::Payload::StartSection { .. })))
}

fn argument(index: usize, ty: ValType) -> u64 {
    let bits = 0x0123_4567_89ab_cdef_u64.rotate_left(12 * index as u32);
    match ty {
        ValType::I32 => u64::from(bits as u32),
        ValType::I64 => bits,
        ValType::F32 => (index as f32 * 1.5 - 2.0).to_bits().into(),
        ValType::F64 => (index as f64 * 2.5 - 3.0).to_bits(),
        ValType::Func | ValType::Handle => 0,
    }
}

/// References have other numbers in other machines; what counts is whether they are null.
fn hide_references(cells: &mut [u64], types: &[ValType]) {
    for (cell, ty) in cells.iter_mut().zip(types) {
        if matches!(ty, ValType::Func | ValType::Handle) {
            *cell = u64::from(*cell != 0);
        }
    }
}

fn compare_state(cart: &Cartridge, ours: &Ours, peer: &mut impl Peer) {
    let state = ours.reference.state();
    assert!(state == ours.fast.state(), "the interpreters have different states");
    for export in &cart.exports {
        match export.item {
            ExportItem::Memory => assert!(peer.memory(&export.name) == state.memory, "memory"),
            ExportItem::Global(index) => {
                let mut cell = [state.globals[index as usize]];
                hide_references(&mut cell, &[cart.globals[index as usize].ty]);
                assert_eq!(cell[0], peer.global(&export.name), "global {index}");
            }
            ExportItem::Func(_) | ExportItem::Table(_) => {}
        }
    }
}

/// Both interpreters.
struct Ours {
    fast: Instance,
    reference: Reference,
}

impl Ours {
    fn call(&mut self, func: u32, args: &[u64]) -> Outcome {
        self.fast.call(func, args);
        self.reference.call(func, args);
        let mut cycles = 0;
        while self.fast.ended().is_none() {
            self.fast.grant(SLICE_CYCLES);
            self.reference.grant(SLICE_CYCLES);
            let stop = self.fast.run(&FrameInput::default());
            assert_eq!(stop, self.reference.run(&FrameInput::default()), "stop reasons");
            assert_eq!(self.fast.used(), self.reference.used(), "cycles");
            cycles += self.fast.used();
            if stop == Stop::Returned {
                let results = self.fast.take_results();
                assert_eq!(results, self.reference.take_results(), "results");
                return Outcome::Results(results);
            }
            if cycles > MAX_CYCLES {
                return Outcome::Endless;
            }
        }
        Outcome::Trap(self.trap().expect("it has ended"))
    }

    /// Calls all functions that are exported, without a peer.
    fn call_all(&mut self, cart: &Cartridge) {
        for export in &cart.exports {
            let ExportItem::Func(func) = export.item else { continue };
            self.revive();
            let signature = &cart.types[cart.functions[func as usize].sig as usize];
            let args: Vec<u64> =
                signature.params.iter().enumerate().map(|(i, ty)| argument(i, *ty)).collect();
            if self.call(func, &args) == Outcome::Endless {
                return;
            }
            assert!(self.reference.state() == self.fast.state(), "the interpreters have different states");
        }
    }

    /// A trap ends a cartridge, but not an instance of WebAssembly: it is called again.
    fn revive(&mut self) {
        if self.fast.ended().is_some() {
            let mut state = self.fast.state();
            state.ended = None;
            state.frames.clear();
            let program = self.fast.program().clone();
            self.fast = Instance::from_state(program.clone(), LIMITS, &state).expect("a good state");
            self.reference = Reference::from_state(program, LIMITS, state);
        }
    }

    fn trap(&self) -> Option<TrapCode> {
        match self.fast.ended()? {
            Ended::Trapped(record) => match record.kind {
                TrapKind::Instruction(code) => Some(code),
                other => panic!("a WebAssembly module traps with {other:?}"),
            },
            Ended::Halted(code) => panic!("a WebAssembly module halts with {code}"),
        }
    }
}
