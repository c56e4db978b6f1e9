//! Test programs made from bytes.
//!
//! [`generate`] turns any bytes into a cartridge that the verifier accepts. Instructions come from the table
//! and operands go by kind, so that a new row is generated as soon as it exists. What goes beyond kinds is
//! there to make programs that get far: indices are mostly small, handles mostly refer to objects of the kind
//! that an instruction wants, divisors are mostly not 0, and most loops count down.

mod body;
mod entropy;
mod operands;

use crate::cartridge::{
    Cartridge, DataSegment, ElemMode, ElemSegment, Entry, EntryBody, Export, ExportItem, Function, GlobalDef,
    Import, Manifest, MemoryDef, ShapeDef, TableDef,
};
use crate::types::{Signature, ValType};
use entropy::Entropy;

/// Elements that tables have at the start.
const TABLE_ELEMENTS: u32 = 24;
/// Smallest length of passive segments and of objects that an instruction is to find.
const ENOUGH: u32 = 16;

/// Makes a cartridge that the verifier accepts from any bytes; equal bytes give equal cartridges.
///
/// Its entry is function 0, called once. Its memory has 1 page, its imports are called `test.NAME@1` and have
/// parameters and results of all types. Time and size are bounded by a constant plus the number of bytes.
pub fn generate(entropy: &[u8]) -> Cartridge {
    let mut entropy = Entropy::new(entropy);
    let e = &mut entropy;
    let mut cart = Cartridge {
        manifest: Manifest {
            title: "generated".into(),
            entry: Entry { starts: Vec::new(), body: EntryBody::Main(0) },
            ..Manifest::default()
        },
        memory: Some(MemoryDef { min: 1, max: e.chance(128).then_some(3) }),
        tables: tables(e),
        globals: globals(e),
        shapes: shapes(e),
        ..Cartridge::default()
    };
    declare_functions(&mut cart, e);
    declare_imports(&mut cart, e);
    declare_segments(&mut cart, e);
    for func in 0..cart.functions.len() {
        body::generate(&mut cart, e, func);
    }
    cart.exports = vec![
        Export { name: "entry".into(), item: ExportItem::Func(0) },
        Export { name: "memory".into(), item: ExportItem::Memory },
    ];
    cart
}

fn tables(e: &mut Entropy<'_>) -> Vec<TableDef> {
    let mut table =
        |handles| TableDef { handles, min: TABLE_ELEMENTS, max: e.chance(128).then_some(TABLE_ELEMENTS + 8) };
    vec![table(false), table(true), table(false), table(true)]
}

fn globals(e: &mut Entropy<'_>) -> Vec<GlobalDef> {
    let mut globals = Vec::new();
    for ty in ValType::ALL {
        let bits = e.bits();
        let init = match ty {
            ValType::Handle | ValType::Func => 0,
            ty if ty.is_32_bit() => u64::from(bits as u32),
            _ => bits,
        };
        globals.push(GlobalDef { ty, mutable: true, init });
        globals.push(GlobalDef { ty, mutable: e.chance(128), init });
    }
    globals
}

/// The first shape has fields of both kinds.
fn shapes(e: &mut Entropy<'_>) -> Vec<ShapeDef> {
    let mut shapes = vec![ShapeDef { scalars: 2, handles: 2 }];
    for _ in 0..e.below(4) {
        shapes.push(ShapeDef { scalars: e.below(4) as u16, handles: e.below(4) as u16 });
    }
    shapes
}

fn signature(e: &mut Entropy<'_>) -> Signature {
    let mut list = |most: u32| (0..e.below(most + 1)).map(|_| *e.pick(&ValType::ALL)).collect();
    Signature { params: list(4), results: list(3) }
}

/// Signatures and functions without their bodies. Function 0 has no parameters and no results.
fn declare_functions(cart: &mut Cartridge, e: &mut Entropy<'_>) {
    cart.types.push(Signature::default());
    for _ in 0..1 + e.below(4) {
        cart.types.push(signature(e));
    }
    // The same content under another index: signatures compare by content.
    cart.types.push(cart.types[1].clone());
    cart.functions.push(Function::default());
    for _ in 0..1 + e.below(5) {
        let sig = e.below(cart.types.len() as u32);
        cart.functions.push(Function { sig, ..Function::default() });
    }
}

fn declare_imports(cart: &mut Cartridge, e: &mut Entropy<'_>) {
    use ValType::{F32, F64, Func, Handle, I32, I64};
    let mut declare = |name: &str, sig| {
        cart.imports.push(Import { id: format!("test.{name}@1"), sig: cart.types.len() as u32 });
        cart.types.push(sig);
    };
    declare("none", Signature::default());
    declare(
        "scalars",
        Signature { params: vec![I32, I64, F32, F64, Func], results: vec![I32, I64, F32, F64] },
    );
    declare("make", Signature { params: vec![I32], results: vec![I32, Handle] });
    declare("keep", Signature { params: vec![Handle], results: vec![I64] });
    declare("span", Signature { params: vec![I32, I32], results: vec![I32] });
    declare("handles", Signature { params: vec![Handle, Handle], results: vec![Handle, Handle] });
    declare("any", signature(e));
}

fn declare_segments(cart: &mut Cartridge, e: &mut Entropy<'_>) {
    let mut bytes = |len: u32| (0..len).map(|_| e.below(256) as u8).collect();
    cart.data = vec![
        DataSegment { address: Some(8), bytes: bytes(ENOUGH) },
        DataSegment { address: None, bytes: bytes(2 * ENOUGH) },
        DataSegment { address: None, bytes: bytes(ENOUGH) },
    ];
    let functions = cart.functions.len() as u32;
    let all = (1..=functions).collect();
    let mut some = |len: u32| (0..len).map(|_| e.below(functions + 1)).collect();
    let segment = |handles, mode, items| ElemSegment { handles, mode, items };
    cart.elems = vec![
        // Element i of table 0 refers to function i, for indirect calls that are to succeed.
        segment(false, ElemMode::Active { table: 0, index: 0 }, all),
        segment(false, ElemMode::Passive, some(ENOUGH)),
        segment(true, ElemMode::Passive, vec![0; ENOUGH as usize]),
        segment(false, ElemMode::Declared, some(2)),
        segment(false, ElemMode::Passive, some(ENOUGH)),
        segment(true, ElemMode::Active { table: 1, index: 2 }, vec![0; 3]),
        segment(true, ElemMode::Passive, vec![0; ENOUGH as usize]),
    ];
}

#[cfg(test)]
mod tests;
