//! Bytes as a WebAssembly module, which may do no harm, and as the seed of a valid one, which runs everywhere.

#![no_main]

#[path = "../smith/mod.rs"]
mod smith;

use cartwheel_assembler::wasm::{Options, translate};
use cartwheel_bytecode::Cartridge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(cart) = translate(bytes, &Options::default()) {
        assert_eq!(Cartridge::from_bytes(&cart.to_bytes()).as_ref(), Ok(&cart), "it fits the file format");
        // Functions can be too complex, and nothing else can be wrong.
        if let Err(error) = cartwheel_vm::verify(&cart) {
            assert!(error.to_string().contains("too complex"), "{error}");
        }
    }
    if let Some(module) = smith::module(bytes) {
        smith::compare(&module);
    }
});
