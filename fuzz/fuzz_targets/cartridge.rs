//! Any bytes as a cartridge: reading is exact, verifying does not panic, and what verifies survives a trip through text.

#![no_main]

use cartwheel_assembler::{NoFiles, assemble, disassemble};
use cartwheel_bytecode::Cartridge;
use cartwheel_vm::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The hash in the header would keep random bytes out: try them with a right one too.
    let mut hashed = bytes.to_vec();
    if hashed.len() > 40 {
        let hash = blake3::hash(&hashed[40..]);
        hashed[8..40].copy_from_slice(hash.as_bytes());
    }
    for bytes in [bytes, &hashed] {
        let Ok(cart) = Cartridge::from_bytes(bytes) else { continue };
        assert_eq!(cart.to_bytes(), bytes, "the format is canonical");
        if verify(&cart).is_ok() {
            let text = disassemble(&cart);
            let again =
                assemble("fuzz.asm", &text, &NoFiles).unwrap_or_else(|e| panic!("{}\n{text}", e.render()));
            assert_eq!(again.to_bytes(), bytes, "{text}");
        }
    }
});
