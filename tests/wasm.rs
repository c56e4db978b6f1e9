//! WebAssembly modules through the real command.

mod common;

use std::path::PathBuf;

use common::Place;
use serde_json::{Value, json};

/// `fib`, `half`, `nothing` and `trap`, without imports; the start function sets a global that `started` gives.
const LIBRARY: &str = r#"(module
    (global $g (mut i32) (i32.const 0))
    (func $s (global.set $g (i32.const 7))) (start $s)
    (func (export "started") (result i32) (global.get $g))
    (func $fib (export "fib") (param $n i32) (result i32)
        (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
            (then (local.get $n))
            (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                           (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
    (func (export "half") (param f32 i64) (result f32 i64 f64)
        (f32.div (local.get 0) (f32.const 2)) (local.get 1) (f64.const nan))
    (func (export "nothing"))
    (func (export "trap") (unreachable)))"#;

fn place() -> Place {
    let place = Place::new();
    let buffer = wast::parser::ParseBuffer::new(LIBRARY).expect("good tokens");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("a good module");
    place.write("lib.wasm", module.encode().expect("a good module"));
    place
}

fn call(place: &Place, args: &[&str]) -> Value {
    serde_json::from_str(&place.good(&[&["call"], args, &["--json"]].concat())).expect("JSON")
}

fn fire() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cartridges/fire/fire.wasm")
}

#[test]
fn a_call_takes_as_many_slices_as_it_needs() {
    let place = place();
    let whole = call(&place, &["lib.wasm", "fib", "15", "--slice", "100000000"]);
    let sliced = call(&place, &["lib.wasm", "fib", "15", "--slice", "100"]);
    assert_eq!((&whole["results"], &sliced["results"]), (&json!([610]), &json!([610])));
    assert_eq!((&whole["slices"], &whole["cycles"]), (&json!(1), &sliced["cycles"]));
    let longest = call(&place, &["lib.wasm", "fib", "15", "--slice", "18446744073709551615"]);
    assert_eq!((&longest["slices"], &longest["cycles"]), (&json!(1), &sliced["cycles"]));
    let (cycles, slices) =
        (sliced["cycles"].as_u64().expect("cycles"), sliced["slices"].as_u64().expect("slices"));
    assert!(slices >= cycles / 100 && slices <= cycles / 100 + 1, "{sliced}");
    assert!(sliced["nanoseconds"].as_u64() > Some(0));
}

#[test]
fn arguments_and_results_have_types() {
    let place = place();
    let found = call(&place, &["lib.wasm", "half", "-0.2", "-16"]);
    assert_eq!(found["results"], json!([-0.1, -16, "NaN"]));
    assert_eq!(call(&place, &["lib.wasm", "started"])["results"], json!([7]));
    assert_eq!(call(&place, &["lib.wasm", "nothing"])["results"], json!([]));
    let text = place.good(&["call", "lib.wasm", "fib", "10"]);
    assert!(text.starts_with("results      55\n") && text.contains("slices       1\n"), "{text}");
}

#[test]
fn calls_that_cannot_be_say_why() {
    let place = place();
    let cases: [(&[&str], &str); 5] = [
        (&["fob"], "there is no exported function `fob`; there are: started, fib"),
        (&["fib"], "1 arguments are needed, 0 are given"),
        (&["fib", "x"], "`x` is no argument of type i32"),
        (&["fib", "4294967296"], "no argument of type i32"),
        (&["fib", "1", "--slice", "0"], "--slice"),
    ];
    for (args, message) in cases {
        let error = place.bad(&[&["call", "lib.wasm"], args].concat());
        assert!(error.contains(message), "{args:?}: {error}");
    }
    let done = place.run(&["call", "lib.wasm", "trap"]);
    assert!(
        done.status == 2 && done.stderr.contains("`trap`: trap: unreachable code was reached"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_module_and_the_cartridge_made_of_it_are_one_program() {
    let place = Place::new();
    let fire = fire();
    let fire = fire.to_str().expect("UTF-8");
    place.good(&["asm", fire, "-o", "fire.cart"]);
    assert_eq!(
        place.state_hash(&[fire, "--frames", "30"]),
        place.state_hash(&["fire.cart", "--frames", "30"])
    );
    assert_eq!(place.good(&["disasm", fire]), place.good(&["disasm", "fire.cart"]));
    place.good(&["call", fire, "update"]);
    place.good(&["call", "fire.cart", "update"]);
}

#[test]
fn capabilities_are_shown_and_can_be_limited() {
    let place = Place::new();
    let fire = fire();
    let fire = fire.to_str().expect("UTF-8");
    let info: Value = serde_json::from_str(&place.good(&["info", fire, "--json"])).expect("JSON");
    assert_eq!((&info["capabilities"], &info["title"]), (&json!(["gfx"]), &json!("Fire")));
    place.good(&["run", fire, "--declare", "gfx,log", "--frames", "1", "-q"]);
    let error = place.bad(&["run", fire, "--declare", "log"]);
    assert!(error.contains("needs the capability `gfx`"), "{error}");
    assert!(place.bad(&["run", fire, "--declare", "gfy"]).contains("unknown capability `gfy`"));
    place.good(&["asm", fire, "-o", "fire.cart"]);
    assert!(
        place.bad(&["run", "fire.cart", "--declare", "gfx"]).contains("declares its capabilities itself")
    );
}

#[test]
fn a_bad_manifest_is_an_error() {
    let place = place();
    place.write("lib.toml", "titel = 'x'\n");
    assert!(place.bad(&["info", "lib.wasm"]).contains("unknown field `titel`"));
    place.write("lib.toml", b"\xff");
    assert!(place.bad(&["info", "lib.wasm"]).contains("lib.toml: the manifest is not UTF-8"));
    place.write("lib.toml", "title = 'Named'\nmain = 'nothing'\n");
    place.good(&["run", "lib.wasm", "-q"]);
}

/// What the generated header for C makes of a call with several results.
#[test]
fn results_are_stored_where_c_wants_them() {
    let place = place();
    let text = r#"(module (import "gfx" "size" (func $size (param i32))) (memory (export "memory") 1)
        (func (export "update") (call $size (i32.const 16))))"#;
    let buffer = wast::parser::ParseBuffer::new(text).expect("good tokens");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("a good module");
    place.write("size.wasm", module.encode().expect("a good module"));
    place.good(&["run", "size.wasm", "--frames", "1", "--dump-memory", "memory"]);
    let memory = place.read("memory");
    assert_eq!(memory[16..24], [64, 1, 0, 0, 180, 0, 0, 0]); // 320 and 180, the size of the default screen
}
