//! The WebAssembly translator beyond the test suite: imports, manifests, names, and modules that mean harm.

mod hostile;
mod imports;
mod wasm4;

use cartwheel_assembler::wasm::{Error, Options, translate};
use cartwheel_bytecode::Cartridge;

/// The bytes of a module in text form.
pub fn module(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("good tokens");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).unwrap_or_else(|e| panic!("{e}: {text}"));
    module.encode().expect("a good module")
}

/// Translates a module in text form, and verifies the cartridge.
pub fn cartridge(text: &str) -> Cartridge {
    let cart = translate(&module(text), &Options::default()).unwrap_or_else(|e| panic!("{e}: {text}"));
    cartwheel_vm::verify(&cart).unwrap_or_else(|e| panic!("{e}: {text}"));
    let bytes = cart.to_bytes();
    assert_eq!(Cartridge::from_bytes(&bytes).as_ref(), Ok(&cart), "it fits the file format");
    cart
}

/// Why a module in text form is refused.
pub fn refused(text: &str) -> Error {
    translate(&module(text), &Options::default()).expect_err(text)
}

/// The instructions of a function, a line each.
pub fn listing(text: &str, func: &str) -> String {
    let assembly = cartwheel_assembler::disassemble(&cartridge(text));
    let (_, body) = assembly.split_once(&format!(".func {func}(")).expect("the function is there");
    let (body, _) = body.split_once(".end").expect("it ends");
    let lines = body.lines().skip(2).map(|line| format!("{}\n", line.trim()));
    lines.collect()
}

#[test]
fn locals_and_constants_are_not_copied() {
    let text = r#"(module (memory 1) (func (export "f") (param $a i32) (param $b i32) (result i32)
        (local.set $a (i32.add (local.get $a) (i32.const 5)))
        (i32.store offset=8 (i32.const 16) (i32.mul (local.get $a) (local.get $b)))
        (local.get $b)
        (local.set $b (i32.const 1))
        (i32.sub (local.get $b))))"#;
    let expected = "i32.add r0, r0, 5\n\
        i32.mul r3, r0, r1\n\
        i32.store [16, 8], r3\n\
        move r2, r1\n\
        i32.const r1, 1\n\
        i32.sub r2, r2, r1\n\
        return r2\n";
    assert_eq!(listing(text, "f"), expected);
}

#[test]
fn comparisons_and_branches_are_one_instruction() {
    let text = r#"(module (func (export "f") (param $a i32) (param $b i64) (param $c f64)
        (block $out
            (loop $again
                (br_if $out (i32.eqz (i32.lt_u (local.get $a) (i32.const 7))))
                (br_if $out (i64.eqz (local.get $b)))
                (br_if $out (i32.eqz (f64.lt (local.get $c) (f64.const 1))))
                (if (i32.eqz (local.get $a)) (then (return)))
                (br $again)))))"#;
    let expected = "L0:\n\
        loop\n\
        br.i32.ge_u r0, 7, L2\n\
        br.i64.eq r1, 0, L2\n\
        f64.lt r3, r2, 1.0\n\
        br_unless r3, L2\n\
        br_if r0, L1\n\
        return\n\
        L1:\n\
        br L0\n\
        L2:\n\
        return\n";
    assert_eq!(listing(text, "f"), expected);
}

#[test]
fn values_survive_blocks_in_which_locals_change() {
    let text = r#"(module (func (export "f") (param $a i32) (result i32)
        (local.get $a)
        (if (local.get $a) (then (local.set $a (i32.const 9))))
        (i32.add (local.get $a))))"#;
    let found = listing(text, "f");
    assert!(found.starts_with("move r1, r0\nbr_unless r0"), "{found}");
}

#[test]
fn code_that_is_never_reached_is_left_out() {
    let text = r#"(module (func (export "f") (result i32)
        (loop $unused (nop))
        (return (i32.const 1))
        (block (result i32) (loop (br 0)) (i32.const 3))
        (drop) (i32.const 2)))"#;
    assert_eq!(listing(text, "f"), "return 1\n");
}

#[test]
fn names_become_symbols() {
    let cart = cartridge(
        r#"(module (global $speed (mut i32) (i32.const 3)) (func $helper) (func $other (call $helper)))"#,
    );
    let debug = cart.debug.expect("names");
    assert_eq!(debug.functions, [(0, "helper".to_owned()), (1, "other".to_owned())]);
    assert_eq!(debug.globals, [(0, "speed".to_owned())]);
}
