//! Generated WebAssembly modules in both interpreters and in wasmi: results, traps, memory and globals have to be equal.
//! A fuzz target and a test of the benches include this file.

use arbitrary::Unstructured;
use cartwheel_assembler::wasm::{Options, translate};
use cartwheel_bytecode::cartridge::{Cartridge, ExportItem};
use cartwheel_bytecode::{TrapCode, ValType};
use cartwheel_vm::{Ended, FrameInput, Instance, Limits, Program, Reference, Stop, TrapKind};
use wasmi::{Engine, Linker, Module, Store, Val};

/// Cycles after which a call has shown enough.
const MAX_CYCLES: u64 = 200_000;
/// Small and odd, so that calls are interrupted everywhere.
const SLICE_CYCLES: u64 = 997;
/// Enough for what takes our interpreters [`MAX_CYCLES`].
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
        acquire_release_atomics_enabled: false,
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
        min_funcs: 1,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..wasm_smith::Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(entropy)).ok()?;
    Some(module.to_bytes())
}

/// How a call ends: with the results' cells, by a trap, or not soon enough.
#[derive(Debug, PartialEq)]
enum Outcome {
    Results(Vec<u64>),
    Trap(TrapCode),
    Endless,
}

/// Runs every exported function of a module everywhere, until something ends it. The number of calls that were compared.
pub fn compare(wasm: &[u8]) -> usize {
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

    let mut peer = Peer::new(wasm);
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
    let instance = match (peer.start(), started) {
        (Err(PeerTrap::Limit), _) | (_, Outcome::Trap(TrapCode::CallDepth | TrapCode::StackOverflow)) => {
            return calls;
        }
        (Err(PeerTrap::Code(code)), started) => {
            assert_eq!(started, Outcome::Trap(code), "start");
            return calls;
        }
        (Ok(instance), started) => {
            assert_eq!(started, Outcome::Results(Vec::new()), "start");
            instance
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
        match peer.call(&instance, &export.name, &signature.params, &signature.results, &args) {
            Err(PeerTrap::Limit) => return calls,
            Err(PeerTrap::Code(code)) => assert_eq!(outcome, Outcome::Trap(code), "`{}`", export.name),
            Ok(results) => {
                let Outcome::Results(mut found) = outcome else { panic!("`{}`: {outcome:?}", export.name) };
                hide_references(&mut found, &signature.results);
                assert_eq!(found, results, "`{}`", export.name);
            }
        }
        compare_state(cart, &ours, &peer, &instance);
        calls += 1;
        if ours.fast.ended().is_some() {
            break;
        }
    }
    calls
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

fn compare_state(cart: &Cartridge, ours: &Ours, peer: &Peer, instance: &wasmi::Instance) {
    let state = ours.reference.state();
    assert!(state == ours.fast.state(), "the interpreters have different states");
    for export in &cart.exports {
        match export.item {
            ExportItem::Memory => {
                let memory = instance.get_memory(&peer.store, &export.name).expect("the same exports");
                assert!(memory.data(&peer.store) == state.memory, "memory");
            }
            ExportItem::Global(index) => {
                let ty = cart.globals[index as usize].ty;
                let value = instance
                    .get_global(&peer.store, &export.name)
                    .expect("the same exports")
                    .get(&peer.store);
                let mut cell = [state.globals[index as usize]];
                hide_references(&mut cell, &[ty]);
                assert_eq!(cell[0], cell_of(&value), "global {index}");
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

/// wasmi.
struct Peer {
    store: Store<()>,
    module: Module,
}

/// Why wasmi stops.
enum PeerTrap {
    Code(TrapCode),
    /// A limit of its own, which is not ours.
    Limit,
}

impl Peer {
    fn new(wasm: &[u8]) -> Peer {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).expect("a valid module");
        let mut store = Store::new(&engine, ());
        store.set_fuel(MAX_FUEL).expect("fuel is on");
        Peer { store, module }
    }

    fn start(&mut self) -> Result<wasmi::Instance, PeerTrap> {
        let linker = Linker::new(self.store.engine());
        linker.instantiate_and_start(&mut self.store, &self.module).map_err(trap)
    }

    fn call(
        &mut self,
        instance: &wasmi::Instance,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        args: &[u64],
    ) -> Result<Vec<u64>, PeerTrap> {
        let func = instance.get_func(&self.store, name).expect("the same exports");
        let args: Vec<Val> = params.iter().zip(args).map(|(ty, cell)| value_of(*ty, *cell)).collect();
        let mut values: Vec<Val> = results.iter().map(|ty| value_of(*ty, 0)).collect();
        self.store.set_fuel(MAX_FUEL).expect("fuel is on");
        func.call(&mut self.store, &args, &mut values).map_err(trap)?;
        Ok(values.iter().map(cell_of).collect())
    }
}

fn trap(error: wasmi::Error) -> PeerTrap {
    use wasmi::TrapCode as Theirs;
    let code = match error.as_trap_code() {
        Some(Theirs::UnreachableCodeReached) => TrapCode::Unreachable,
        Some(Theirs::MemoryOutOfBounds) => TrapCode::MemoryOutOfBounds,
        Some(Theirs::TableOutOfBounds) => TrapCode::TableOutOfBounds,
        Some(Theirs::IndirectCallToNull) => TrapCode::NullFunction,
        Some(Theirs::IntegerDivisionByZero) => TrapCode::DivideByZero,
        Some(Theirs::IntegerOverflow) => TrapCode::IntegerOverflow,
        Some(Theirs::BadConversionToInteger) => TrapCode::InvalidConversion,
        Some(Theirs::BadSignature) => TrapCode::SignatureMismatch,
        Some(Theirs::StackOverflow | Theirs::OutOfFuel | Theirs::GrowthOperationLimited) => {
            return PeerTrap::Limit;
        }
        // Segments that do not fit are errors of another kind there.
        _ => match error.to_string() {
            text if text.contains("table") || text.contains("element") => TrapCode::TableOutOfBounds,
            text if text.contains("memory") || text.contains("data segment") => TrapCode::MemoryOutOfBounds,
            text => panic!("an error of wasmi that means nothing here: {text}"),
        },
    };
    PeerTrap::Code(code)
}

fn value_of(ty: ValType, cell: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(cell as i32),
        ValType::I64 => Val::I64(cell as i64),
        ValType::F32 => Val::F32(wasmi::F32::from_bits(cell as u32)),
        ValType::F64 => Val::F64(wasmi::F64::from_bits(cell)),
        ValType::Func => Val::FuncRef(wasmi::Nullable::Null),
        ValType::Handle => Val::ExternRef(wasmi::Nullable::Null),
    }
}

fn cell_of(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        Val::F32(value) => value.to_bits().into(),
        Val::F64(value) => value.to_bits(),
        Val::FuncRef(func) => u64::from(!func.is_null()),
        Val::ExternRef(object) => u64::from(!object.is_null()),
        Val::V128(_) => panic!("SIMD is off"),
    }
}
