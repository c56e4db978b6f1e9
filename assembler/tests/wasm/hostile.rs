//! Modules that mean harm: whatever the bytes are, an answer comes soon and takes little memory.

use std::sync::Arc;

use cartwheel_assembler::wasm::{Error, ErrorKind, Options, translate};
use cartwheel_bytecode::Cartridge;
use cartwheel_vm::{Instance, Limits, LoadError, Program};
use proptest::prelude::*;

use super::{cartridge, module, refused};

fn bytes(bytes: &[u8]) -> Result<Cartridge, Error> {
    let cart = translate(bytes, &Options::default())?;
    // What is accepted fits the file, and the verifier has the last word.
    assert_eq!(Cartridge::from_bytes(&cart.to_bytes()).as_ref(), Ok(&cart));
    _ = cartwheel_vm::verify(&cart);
    Ok(cart)
}

/// A module with one function of type `() -> ()`, given the bytes of its body behind the locals.
fn with_body(locals: &[u8], code: &[u8]) -> Vec<u8> {
    let mut body = locals.to_vec();
    body.extend(code);
    body.push(0x0b);
    let mut section = vec![1];
    leb(&mut section, body.len() as u64);
    section.extend(&body);
    let mut out = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec();
    leb(&mut out, section.len() as u64);
    out.extend(&section);
    out
}

fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn instantiate(cart: Cartridge) -> Result<Instance, LoadError> {
    Instance::new(Program::new(cart).expect("it verifies"), Limits::default(), 0)
}

#[test]
fn unsupported_features_are_refused_by_name() {
    let cases = [
        ("(func (drop (v128.const i64x2 0 0)))", "SIMD"),
        ("(memory 1 1 shared)", "threads"),
        ("(memory i64 1)", "memory64"),
        ("(tag)", "exceptions"),
        ("(func $f (return_call $f))", "tail calls"),
        ("(memory 1) (memory 1)", "memories"),
        ("(type (struct))", "gc"),
    ];
    for (text, name) in cases {
        let error = refused(&format!("(module {text})"));
        assert!(error.kind == ErrorKind::Module && error.message.contains(name), "{text}: {error}");
        assert!(error.offset.is_some() && error.to_string().contains("(at byte 0x"), "{text}: {error}");
    }
}

#[test]
fn a_component_is_no_module() {
    let error = bytes(b"\0asm\x0d\0\x01\0").expect_err("a component");
    assert_eq!(error.kind, ErrorKind::Module);
}

#[test]
fn a_huge_memory_is_refused_when_it_is_loaded() {
    let cart = cartridge("(module (memory 65536))");
    assert_eq!(instantiate(cart).map(|_| ()), Err(LoadError::Memory(65_536, 4_096)));
    assert_eq!(refused("(module (memory 65537))").kind, ErrorKind::Module);
    // A huge maximum takes nothing.
    instantiate(cartridge("(module (memory 1 65536))")).expect("one page");
}

#[test]
fn a_huge_table_is_refused_when_it_is_loaded() {
    let cart = cartridge("(module (table 9000000 funcref))");
    assert_eq!(instantiate(cart).map(|_| ()), Err(LoadError::Tables(9_000_000, 1 << 20)));
    let error = translate(&module("(module (table 4294967295 funcref))"), &Options::default());
    if let Ok(cart) = error {
        assert!(matches!(instantiate(cart), Err(LoadError::Tables(..))));
    }
}

#[test]
fn deep_nesting_takes_no_host_stack() {
    const DEPTH: usize = 500_000;
    let mut code = [0x02, 0x40].repeat(DEPTH);
    code.extend([0x0b].repeat(DEPTH));
    let cart = bytes(&with_body(&[0], &code)).expect("half a million blocks");
    assert_eq!(cart.functions[0].labels, [0_u32; 0]);
    // Loops and arms as well, and branches out of all of them.
    let mut code = [0x03, 0x40, 0x41, 0x01, 0x04, 0x40].repeat(10_000);
    code.extend([0x0c, 0xa0, 0x9c, 0x01]);
    code.extend([0x0b].repeat(20_000));
    bytes(&with_body(&[0], &code)).expect("ten thousand loops");
}

#[test]
fn millions_of_locals_are_refused() {
    let millions = |count: u64| {
        let mut locals = vec![1];
        leb(&mut locals, count);
        locals.push(0x7f);
        with_body(&locals, &[])
    };
    bytes(&millions(32_000)).expect("many, but not too many");
    for count in [33_000, 49_000, 3_000_000, u64::from(u32::MAX)] {
        let error = bytes(&millions(count)).expect_err("too many");
        assert!(error.message.contains("local"), "{count}: {error}");
    }
}

#[test]
fn a_deep_operand_stack_is_refused_or_costs_nothing() {
    // Constants have no registers, until they have to.
    let mut code = [0x41, 0x00].repeat(100_000);
    code.extend([0x1a].repeat(100_000));
    assert_eq!(bytes(&with_body(&[0], &code)).expect("constants").functions[0].scalars, 0);
    let mut code = [0x3f, 0x00].repeat(100_000);
    code.extend([0x1a].repeat(100_000));
    let with_memory = |code: &[u8]| {
        let mut out = with_body(&[0], code);
        let at = 8 + 6 + 4;
        out.splice(at..at, [0x05, 0x03, 0x01, 0x00, 0x01]);
        out
    };
    let error = bytes(&with_memory(&code)).expect_err("too many registers");
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
}

#[test]
fn a_giant_br_table_is_translated_in_its_size() {
    let mut code = vec![0x02, 0x40, 0x41, 0x00, 0x0e];
    let targets = 700_000;
    leb(&mut code, targets);
    code.extend((0..=targets).map(|i| (i % 2) as u8));
    code.push(0x0b);
    let cart = bytes(&with_body(&[0], &code)).expect("a large table");
    assert!(cart.functions[0].code.len() < 800_000);
    // A table that claims to be larger than the module is not believed.
    let mut code = vec![0x41, 0x00, 0x0e];
    leb(&mut code, 4_000_000_000);
    assert_eq!(bytes(&with_body(&[0], &code)).expect_err("no such table").kind, ErrorKind::Module);
}

#[test]
fn short_code_cannot_become_long() {
    // Every call has a thousand arguments and a thousand results.
    let many = "i32 ".repeat(1_000);
    let text = format!(
        "(module (type $t (func (param {many}) (result {many}))) (func $f (type $t) unreachable)
        (func (param {many}) (result {many}) {} {}))",
        (0..1_000).map(|i| format!("local.get {i} ")).collect::<String>(),
        "call $f ".repeat(100_000)
    );
    let error = translate(&module(&text), &Options::default()).expect_err("far too long");
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
}

#[test]
fn a_long_import_name_is_refused() {
    let name = "x".repeat(90_000);
    let error = refused(&format!(r#"(module (import "gfx" "{name}" (func)))"#));
    assert_eq!(error.kind, ErrorKind::Import);
    let error = refused(&format!(r#"(module (func (export "{name}")))"#));
    assert_eq!(error.kind, ErrorKind::Limit);
}

/// A module with a little of everything.
fn rich() -> Vec<u8> {
    module(
        r#"(module (import "gfx" "clear" (func $clear (param i32))) (memory 1) (table 4 funcref) (global $g (mut i32) (i32.const 1))
        (elem (i32.const 0) $f $clear) (data (i32.const 8) "hello") (data $p "passive") (start $s) (func $s)
        (func $f (export "f") (param i32 i64) (result i32) (local f64 externref)
            (block $b (result i32) (loop $l (br_if $l (i32.lt_s (local.get 0) (global.get $g))))
                (if (result i32) (local.get 0) (then (i32.const 1)) (else (br_table $b $b (i32.const 2) (local.get 0)))))
            (memory.init $p (i32.const 1) (i32.const 2) (i32.const 3))
            (i32.add (call_indirect (param i32 i64) (result i32) (i32.const 1) (i64.const 2) (i32.const 3)))))"#,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn garbage_is_refused(garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
        _ = bytes(&garbage);
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(garbage);
        _ = bytes(&module);
    }

    #[test]
    fn damaged_modules_do_no_harm(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..4), cut in any::<u16>()) {
        let mut module = rich();
        for (at, byte) in changes {
            let at = usize::from(at) % module.len();
            module[at] = byte;
        }
        if cut % 4 == 0 {
            module.truncate(usize::from(cut) % module.len());
        }
        if let Ok(cart) = bytes(&module) {
            // The translator's code is always good.
            let program: Arc<Program> = Program::new(cart).expect("it verifies");
            _ = Instance::new(program, Limits::default(), 0);
        }
    }
}
