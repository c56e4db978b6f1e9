//! WebAssembly's types in Cartwheel's terms.

use cartwheel_bytecode::{Signature, ValType};
use wasmparser::{FuncType, RefType, ValType as WasmType};

use super::error::Error;

/// A value type; `offset` is for the error.
pub fn value_type(ty: WasmType, offset: u64) -> Result<ValType, Error> {
    match ty {
        WasmType::I32 => Ok(ValType::I32),
        WasmType::I64 => Ok(ValType::I64),
        WasmType::F32 => Ok(ValType::F32),
        WasmType::F64 => Ok(ValType::F64),
        WasmType::Ref(RefType::FUNCREF) => Ok(ValType::Func),
        WasmType::Ref(RefType::EXTERNREF) => Ok(ValType::Handle),
        other => Err(Error::module(offset, format!("values of type {other} are not supported"))),
    }
}

/// A function's type.
pub fn signature(ty: &FuncType, offset: u64) -> Result<Signature, Error> {
    let types = |list: &[WasmType]| {
        list.iter().map(|&ty| value_type(ty, offset)).collect::<Result<Vec<ValType>, Error>>()
    };
    Ok(Signature { params: types(ty.params())?, results: types(ty.results())? })
}
