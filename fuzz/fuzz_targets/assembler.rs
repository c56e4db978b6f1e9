//! Any bytes as source text: an error or a cartridge that can be written and read.

#![no_main]

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_bytecode::Cartridge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &[u8]| match assemble("fuzz.asm", source, &NoFiles) {
    Ok(cart) => assert_eq!(Cartridge::from_bytes(&cart.to_bytes()).as_ref(), Ok(&cart)),
    Err(diagnostics) => assert!(!diagnostics.render().is_empty()),
});
