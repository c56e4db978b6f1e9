//! wasmi as a peer.

use cartwheel_bytecode::{TrapCode, ValType};
use wasmi::{Engine, Instance, Linker, Module, Store, Val};

use super::{MAX_FUEL, Peer, PeerTrap, trap_by_message};

/// An instance in wasmi.
pub struct Wasmi {
    store: Store<()>,
    instance: Instance,
}

impl Peer for Wasmi {
    fn start(wasm: &[u8]) -> Result<Self, PeerTrap> {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).expect("a valid module");
        let mut store = Store::new(&engine, ());
        store.set_fuel(MAX_FUEL).expect("fuel is on");
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).map_err(trap)?;
        Ok(Wasmi { store, instance })
    }

    fn call(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        args: &[u64],
    ) -> Result<Vec<u64>, PeerTrap> {
        let func = self.instance.get_func(&self.store, name).expect("the same exports");
        let args: Vec<Val> = params.iter().zip(args).map(|(ty, cell)| value_of(*ty, *cell)).collect();
        let mut values: Vec<Val> = results.iter().map(|ty| value_of(*ty, 0)).collect();
        self.store.set_fuel(MAX_FUEL).expect("fuel is on");
        func.call(&mut self.store, &args, &mut values).map_err(trap)?;
        Ok(values.iter().map(cell_of).collect())
    }

    fn memory(&mut self, name: &str) -> &[u8] {
        self.instance.get_memory(&self.store, name).expect("the same exports").data(&self.store)
    }

    fn global(&mut self, name: &str) -> u64 {
        cell_of(&self.instance.get_global(&self.store, name).expect("the same exports").get(&self.store))
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
        _ => return trap_by_message(&error.to_string()),
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
