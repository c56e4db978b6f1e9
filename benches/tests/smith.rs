//! A bounded run of what the fuzz target `wasm` does without end. It is here because this package has the peers.

#[path = "../../fuzz/smith/mod.rs"]
mod smith;

#[test]
fn generated_modules_do_what_they_do_in_wasmi_and_wasmtime() {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let mut calls = 0;
    for case in 0..400 {
        let entropy: Vec<u8> = (0..500 + case * 20).map(|_| next()).collect();
        let Some(module) = smith::module(&entropy) else { continue };
        calls += smith::compare(&module);
    }
    println!("{calls} calls");
    assert!(calls > 1_000, "only {calls} calls were compared");
}
