//! wasmtime as a peer: a compiler, of another house than the interpreters.

use cartwheel_bytecode::{TrapCode, ValType};
use wasmtime::{Engine, Instance, Linker, Module, Ref, Store, Trap, Val};

use super::{MAX_FUEL, Peer, PeerTrap, trap_by_message};

/// An instance in wasmtime.
pub struct Wasmtime {
    store: Store<()>,
    instance: Instance,
}

impl Peer for Wasmtime {
    fn start(wasm: &[u8]) -> Result<Self, PeerTrap> {
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true).cranelift_opt_level(wasmtime::OptLevel::None);
        let engine = Engine::new(&config).expect("a good configuration");
        let module = Module::new(&engine, wasm).expect("a valid module");
        let mut store = Store::new(&engine, ());
        store.set_fuel(MAX_FUEL).expect("fuel is on");
        let instance = Linker::new(&engine).instantiate(&mut store, &module).map_err(trap)?;
        Ok(Wasmtime { store, instance })
    }

    fn call(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        args: &[u64],
    ) -> Result<Vec<u64>, PeerTrap> {
        let func = self.instance.get_func(&mut self.store, name).expect("the same exports");
        let args: Vec<Val> = params.iter().zip(args).map(|(ty, cell)| value_of(*ty, *cell)).collect();
        let mut values: Vec<Val> = results.iter().map(|ty| value_of(*ty, 0)).collect();
        self.store.set_fuel(MAX_FUEL).expect("fuel is on");
        func.call(&mut self.store, &args, &mut values).map_err(trap)?;
        Ok(values.iter().map(cell_of).collect())
    }

    fn memory(&mut self, name: &str) -> &[u8] {
        self.instance.get_memory(&mut self.store, name).expect("the same exports").data(&self.store)
    }

    fn global(&mut self, name: &str) -> u64 {
        let global = self.instance.get_global(&mut self.store, name).expect("the same exports");
        cell_of(&global.get(&mut self.store))
    }
}

fn trap(error: wasmtime::Error) -> PeerTrap {
    PeerTrap::Code(match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => TrapCode::Unreachable,
        Some(Trap::MemoryOutOfBounds) => TrapCode::MemoryOutOfBounds,
        Some(Trap::TableOutOfBounds) => TrapCode::TableOutOfBounds,
        Some(Trap::IndirectCallToNull) => TrapCode::NullFunction,
        Some(Trap::IntegerDivisionByZero) => TrapCode::DivideByZero,
        Some(Trap::IntegerOverflow) => TrapCode::IntegerOverflow,
        Some(Trap::BadConversionToInteger) => TrapCode::InvalidConversion,
        Some(Trap::BadSignature) => TrapCode::SignatureMismatch,
        Some(Trap::StackOverflow | Trap::OutOfFuel) => return PeerTrap::Limit,
        _ => return trap_by_message(&error.to_string()),
    })
}

fn value_of(ty: ValType, cell: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(cell as i32),
        ValType::I64 => Val::I64(cell as i64),
        ValType::F32 => Val::F32(cell as u32),
        ValType::F64 => Val::F64(cell),
        ValType::Func => Val::FuncRef(None),
        ValType::Handle => Val::ExternRef(None),
    }
}

fn cell_of(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        Val::F32(bits) => (*bits).into(),
        Val::F64(bits) => *bits,
        other => other.ref_().map_or(0, |reference: Ref| u64::from(!reference.is_null())),
    }
}
