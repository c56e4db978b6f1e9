//! What imports and the manifest make of a module.

use cartwheel_assembler::wasm::{ErrorKind, Options, translate};
use cartwheel_bytecode::cartridge::{EntryBody, VideoMode};

use super::{cartridge, listing, module, refused};

const DRAWS: &str = r#"(module
    (import "gfx" "clear" (func $clear (param i32)))
    (import "gfx" "pixel@1" (func $pixel (param i32 i32 i32)))
    (import "log" "write" (func $write (param i32 i32 i32) (result i32)))
    (memory 1)
    (func (export "update") (call $clear (i32.const 3)) (call $pixel (i32.const 1) (i32.const 2) (i32.const 3))))"#;

#[test]
fn functions_of_the_catalogue_are_syscalls() {
    let cart = cartridge(DRAWS);
    let ids: Vec<&str> = cart.imports.iter().map(|import| import.id.as_str()).collect();
    assert_eq!(ids, ["gfx.clear@1", "gfx.pixel@1", "log.write@1"]);
    assert_eq!(cart.manifest.capabilities, ["gfx", "log"]);
    assert_eq!(cart.manifest.entry.body, EntryBody::Update(3));
    assert_eq!(cart.manifest.video, Some(VideoMode { width: 320, height: 180 }));
    assert_eq!(listing(DRAWS, "update"), "syscall gfx.clear(3)\nsyscall gfx.pixel(1, 2, 3)\nreturn\n");
}

#[test]
fn frame_input_and_rng_are_instructions() {
    let text = r#"(module
        (import "frame" "index" (func $index (result i64)))
        (import "frame" "sync" (func $sync))
        (import "input" "held" (func $held (param i32) (result i32)))
        (import "rng" "f64" (func $random (result f64)))
        (func (export "main") (result f64)
            (drop (call $index)) (drop (call $held (i32.const 2))) (call $sync) (call $random)))"#;
    assert_eq!(
        listing(text, "main"),
        "frame.index r0\ninput.held r0, 2\nframe.sync\nrng.f64 r0\nreturn r0\n"
    );
    assert!(cartridge(text).manifest.capabilities.is_empty());
}

/// Results of one call that C has as a structure: each field at a multiple of its size.
#[test]
fn several_results_can_be_stored_as_a_structure() {
    let text = r#"(module
        (import "gfx" "size" (func $size (param i32)))
        (import "asset" "find" (func $find (param i32 i32 i32)))
        (memory 1)
        (export "size" (func $size)) (export "find" (func $find))
        (func (export "update") (call $size (i32.const 16)) (call $find (i32.const 32) (i32.const 1) (i32.const 2))))"#;
    assert_eq!(
        listing(text, "size"),
        "syscall gfx.size() -> r1, r2\ni32.store [r0], r1\ni32.store [r0 + 4], r2\nreturn\n"
    );
    assert_eq!(
        listing(text, "find"),
        "syscall asset.find(r1, r2) -> r3, r4\ni32.store [r0], r3\ni32.store [r0 + 4], r4\nreturn\n"
    );
    assert_eq!(listing(text, "update"), "call size(16)\ncall find(32, 1, 2)\nreturn\n");
    refused(r#"(module (import "gfx" "size" (func (param i64))))"#);
    refused(r#"(module (import "gfx" "clear" (func (param i32 i32))))"#);
}

#[test]
fn imported_functions_can_be_referred_to() {
    let cart = cartridge(
        r#"(module (import "gfx" "clear" (func $clear (param i32))) (table 1 funcref) (elem (i32.const 0) $clear)
        (export "clear" (func $clear))
        (func (export "update") (call_indirect (param i32) (i32.const 1) (i32.const 0))))"#,
    );
    assert_eq!(cart.elems[0].items, [1]);
    assert_eq!(cart.exported_function("clear"), Some(0));
}

#[test]
fn what_the_host_does_not_have_is_refused_by_name() {
    let cases = [
        (r#"(import "gfx" "rectt" (func))"#, "`gfx.rectt`; did you mean `gfx.rect`?"),
        (r#"(import "gfx" "clear@7" (func (param i32)))"#, "`gfx.clear@7`"),
        (r#"(import "env" "puts" (func (param i32)))"#, "`env.puts`"),
        (r#"(import "gfx" "clear" (func (param i64)))"#, "`gfx.clear` is (i32) and not (i64)"),
        (r#"(import "input" "helt" (func (param i32) (result i32)))"#, "did you mean `input.held`?"),
        (r#"(import "rng" "i64" (func (result i32)))"#, "`rng.i64` is () -> i64 and not () -> i32"),
        (r#"(import "env" "stack" (global i32))"#, "`env.stack`: no such global"),
        (r#"(import "env" "table" (table 1 funcref))"#, "`env.table`: no such table"),
    ];
    for (import, message) in cases {
        let error = refused(&format!("(module {import})"));
        assert!(error.kind == ErrorKind::Import && error.message.contains(message), "{import}: {error}");
    }
}

#[test]
fn a_memory_can_be_imported() {
    let cart = cartridge(r#"(module (import "env" "memory" (memory 3 5)))"#);
    assert_eq!(cart.memory.map(|memory| (memory.min, memory.max)), Some((3, Some(5))));
}

#[test]
fn declared_capabilities_are_the_limit() {
    let declare = ["gfx".to_owned()];
    let options = Options { declare: Some(&declare), ..Options::default() };
    let error = translate(&module(DRAWS), &options).expect_err("it writes to the log");
    assert!(error.message.contains("`log.write@1` needs the capability `log`"), "{error}");
}

fn with_manifest(text: &str, manifest: &str) -> Result<cartwheel_bytecode::Cartridge, String> {
    let options = Options { title: "file", manifest: Some(manifest), ..Options::default() };
    translate(&module(text), &options).map_err(|e| e.to_string())
}

const ENTRIES: &str = r#"(module (func $s) (start $s) (func (export "tick")) (func (export "init"))
    (func (export "with") (param i32)) (func (export "_start")) (func (export "update")))"#;

#[test]
fn the_manifest_stands_beside_the_module() {
    let cart = with_manifest(
        ENTRIES,
        "title = 'Game'\nauthor = 'A'\nversion = '2'\nvideo = [64, 48]\ncycles = 5\nstart = ['init']\nupdate = 'tick'\n",
    )
    .expect("a good manifest");
    let manifest = cart.manifest;
    assert_eq!(
        (manifest.title.as_str(), manifest.author.as_str(), manifest.version.as_str()),
        ("Game", "A", "2")
    );
    assert_eq!(manifest.video, Some(VideoMode { width: 64, height: 48 }));
    assert_eq!((manifest.cycles_per_frame, manifest.entry.body), (5, EntryBody::Update(1)));
    assert_eq!(manifest.entry.starts, [0, 2]);
}

#[test]
fn the_module_can_carry_its_manifest() {
    let text = r#"(module (@custom "cartwheel" "title = 'Inside'\nmain = 'go'\n") (func (export "go")))"#;
    let cart = with_manifest(text, "title = 'Outside'").expect("a good manifest");
    assert_eq!((cart.manifest.title.as_str(), cart.manifest.entry.body), ("Inside", EntryBody::Main(0)));
}

#[test]
fn without_a_manifest_exports_decide() {
    let entry = |text: &str| cartridge(text).manifest.entry;
    assert_eq!((entry(ENTRIES).starts, entry(ENTRIES).body), (vec![0, 4], EntryBody::Update(5)));
    let main =
        entry(r#"(module (func (export "_initialize")) (func (export "main") (result i32) (i32.const 0)))"#);
    assert_eq!((main.starts, main.body), (vec![0], EntryBody::Main(1)));
    let start = entry(r#"(module (func (export "_start")) (func (export "main") (param i32 i32)))"#);
    assert_eq!((start.starts, start.body), (vec![], EntryBody::Main(0)));
    assert_eq!(entry(r#"(module (func (export "f")))"#).body, EntryBody::Library);
}

#[test]
fn manifests_that_make_no_sense_are_refused() {
    let cases = [
        ("titel = 'x'", "unknown field `titel`"),
        ("title = ", "the manifest is not in order"),
        ("video = [0, 5]", "`video` is 0 by 5"),
        ("video = [641, 5]", "at most 640 by 360"),
        ("cycles = 0", "at least one cycle"),
        ("update = 'tock'", "exports no function `tock`; did you mean `tick`?"),
        ("start = ['with']", "it has parameters"),
        ("update = 'tick'\nmain = 'init'", "exclude each other"),
    ];
    for (manifest, message) in cases {
        let error = with_manifest(ENTRIES, manifest).expect_err(manifest);
        assert!(error.contains(message), "{manifest}: {error}");
    }
}
