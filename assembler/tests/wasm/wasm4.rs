//! WASM-4 games: what is recognised, excused and refused.

use cartwheel_assembler::wasm::{ErrorKind, Options, WASM4, translate};
use cartwheel_bytecode::cartridge::{EntryBody, MemoryDef};
use cartwheel_bytecode::{Cartridge, ValType};

use super::{cartridge, module};

const MEMORY: &str = r#"(import "env" "memory" (memory 1))"#;

fn message(text: &str) -> String {
    translate(&module(text), &Options::default()).expect_err(text).to_string()
}

fn is_game(cart: &Cartridge) -> bool {
    cart.manifest.capabilities.contains(&"wasm4".to_owned())
}

#[test]
fn a_game_is_recognised_by_its_imports() {
    let game = cartridge(&format!(r#"(module {MEMORY} (func (export "update")))"#));
    assert!(is_game(&game));
    assert_eq!(game.manifest.capabilities, ["wasm4"]);
    assert_eq!(game.manifest.video, None);
    assert_eq!(game.manifest.cycles_per_frame, 120_000_000);
    assert_eq!(game.memory, Some(MemoryDef { min: 1, max: Some(1) }));
    let without_memory = r#"(module (import "env" "diskr" (func (param i32 i32) (result i32))))"#;
    assert_eq!(cartridge(without_memory).manifest.capabilities, ["fs", "wasm4"]);
    for other in [
        "(module)",
        r#"(module (memory 1) (func (export "update")))"#,
        r#"(module (import "env" "memory" (memory 1)) (import "gfx" "clear" (func (param i32))))"#,
        r#"(module (import "gfx" "clear" (func (param i32))))"#,
        r#"(module (import "env" "memory" (memory 2)) (func (export "update")))"#,
    ] {
        assert!(!is_game(&cartridge(other)), "{other}");
    }
}

/// Every import of the profile, with all of its parameters and with as many missing as can be.
#[test]
fn every_import_resolves_with_trailing_parameters_missing() {
    for function in WASM4.functions {
        let row = cartwheel_hostabi::resolve(function.id).expect(function.id);
        let result = if row.result_slots.is_empty() { "" } else { "(result i32)" };
        for given in 0..=row.param_slots.len() {
            let params = "i32 ".repeat(given);
            let text = format!(
                r#"(module (import "env" "{}" (func $f (param {params}) {result}))
                (func (export "update") {} (call $f) {}))"#,
                function.field,
                "(i32.const 1)".repeat(given),
                if result.is_empty() { "" } else { "drop" },
            );
            let cart = cartridge(&text);
            assert_eq!(cart.imports[0].id, function.id);
            let sig = &cart.types[cart.imports[0].sig as usize];
            assert_eq!(sig.params, vec![ValType::I32; row.param_slots.len()], "{text}");
        }
        let params = "i32 ".repeat(row.param_slots.len() + 1);
        let text =
            format!(r#"(module (import "env" "{}" (func (param {params}) {result})))"#, function.field);
        assert!(message(&text).starts_with(&format!("import `env.{}` is (", function.field)));
    }
    let rows = cartwheel_hostabi::CATALOGUE.iter().filter(|row| row.foreign_profile() == Some("WASM-4"));
    let names: Vec<&str> = rows.map(|row| row.id).collect();
    assert_eq!(WASM4.functions.iter().map(|f| f.id).collect::<Vec<_>>(), names);
}

#[test]
fn other_names_and_types_are_refused_by_name() {
    for (import, expected) in [
        (r#""env" "blitt" (func)"#, "unknown import `env.blitt`; did you mean `env.blit`?"),
        (r#""env" "rect" (func (param f32))"#, "import `env.rect` is (i32, i32, i32, i32) and not (f32)"),
        (
            r#""env" "rect" (func (param i32) (result i32))"#,
            "import `env.rect` is (i32, i32, i32, i32) and not (i32) -> i32",
        ),
        (
            r#""env" "diskr" (func (param i32 i32))"#,
            "import `env.diskr` is (i32, i32) -> i32 and not (i32, i32)",
        ),
        (r#""env" "flags" (global i32)"#, "unknown import `env.flags`: no such global"),
        (r#""env" "table" (table 1 funcref)"#, "unknown import `env.table`: no such table"),
    ] {
        let text = format!(r#"(module {MEMORY} (import {import}) (import "env" "tone" (func)))"#);
        assert!(message(&text).starts_with(expected), "{}", message(&text));
    }
    let text = r#"(module (import "env" "blit" (func)) (import "wasi_snapshot_preview1" "fd_write" (func)))"#;
    assert!(
        message(text).starts_with("unknown import `wasi_snapshot_preview1.fd_write`"),
        "{}",
        message(text)
    );
    let text = r#"(module (import "env" "blit" (func)) (import "env" "mem" (memory 1)))"#;
    assert!(message(text).starts_with("unknown import `env.mem`: no such memory"), "{}", message(text));
}

#[test]
fn memories_of_odd_limits_are_the_one_page() {
    for limits in ["0", "1", "0 1", "1 1", "1 2", "0 65536", "1 65536"] {
        let cart = cartridge(&format!(r#"(module (import "env" "memory" (memory {limits})))"#));
        assert_eq!(cart.memory, Some(MemoryDef { min: 1, max: Some(1) }), "{limits}");
    }
    let text = r#"(module (import "env" "memory" (memory 2)) (import "env" "rect" (func)))"#;
    assert!(
        message(text).starts_with("import `env.memory` is a memory of another size"),
        "{}",
        message(text)
    );
    // A memory of its own, in the place of the import.
    let own = r#"(module (import "env" "vline" (func)) (memory 0 7))"#;
    assert_eq!(cartridge(own).memory, Some(MemoryDef { min: 1, max: Some(1) }));
    let text = r#"(module (import "env" "vline" (func)) (memory 2))"#;
    assert!(
        message(text).starts_with("the module has a memory of 2 pages; WASM-4 has 1"),
        "{}",
        message(text)
    );
    // An empty memory section behind the import: its number, a length of 1, no memories.
    let mut bytes = module(&format!("(module {MEMORY})"));
    bytes.extend([5, 1, 0]);
    let cart = translate(&bytes, &Options::default()).expect("an empty section is no memory");
    assert_eq!(cart.memory, Some(MemoryDef { min: 1, max: Some(1) }));
}

#[test]
fn entries_come_in_their_order_and_results_are_ignored() {
    let cart = cartridge(&format!(
        r#"(module {MEMORY} (func $before) (start $before)
        (func (export "start")) (func (export "_initialize"))
        (func (export "_start") (result i32) (i32.const 7))
        (func (export "main") (result i32) (i32.const 7)) (func (export "update")))"#
    ));
    assert_eq!(cart.manifest.entry.starts, [0, 3, 2, 1]);
    assert_eq!(cart.manifest.entry.body, EntryBody::Update(5));
    // Without an update nothing runs on, whatever else is exported.
    let cart = cartridge(&format!(r#"(module {MEMORY} (func (export "_start")) (func (export "main")))"#));
    assert_eq!((cart.manifest.entry.starts, cart.manifest.entry.body), (vec![0], EntryBody::Library));
}

#[test]
fn a_game_has_at_most_64_kib() {
    let with = |padding: usize| {
        let mut bytes = module(&format!("(module {MEMORY})"));
        let len = bytes.len();
        // A custom section: number, length in three bytes, a name of no length, content.
        let content = 65_536 + padding - len - 5;
        bytes.extend([
            0,
            (content + 1) as u8 & 0x7f | 0x80,
            ((content + 1) >> 7) as u8 & 0x7f | 0x80,
            ((content + 1) >> 14) as u8,
            0,
        ]);
        bytes.resize(65_536 + padding, 0);
        translate(&bytes, &Options::default())
    };
    assert!(with(0).is_ok());
    let error = with(1).expect_err("a byte too many");
    assert_eq!(error.kind, ErrorKind::Limit);
    assert!(error.message.starts_with("the module has 65537 bytes; WASM-4 allows 65536"), "{error}");
}
