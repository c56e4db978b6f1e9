//! Any bytes as a signature, any text as a key ring: errors that say something, or values that are written the same again.

#![no_main]

use cartwheel_runtime::ingest::{KeyRing, Signature, SigningKey, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], &str)| {
    let (bytes, text) = data;
    let signature = Signature::from_bytes(bytes);
    match &signature {
        Ok(signature) => {
            assert_eq!(signature.to_bytes(), bytes);
            let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
            // Nobody guesses a signature.
            assert!(!signature.is_by(&key));
        }
        Err(wrong) => assert!(!wrong.to_string().is_empty()),
    }
    let content = signature.as_ref().map_or([0; 32], |signature| signature.release.content);
    match KeyRing::parse(text) {
        Ok(ring) => {
            assert_eq!(KeyRing::parse(ring.text()).as_ref(), Ok(&ring));
            let refused =
                validate(&content, Some(bytes), Some(&ring), []).expect_err("nobody guesses a signature");
            assert!(!refused.to_string().is_empty());
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            errors.iter().for_each(|error| assert!(!error.render("error", "fuzz").is_empty()));
        }
    }
});
