//! Any bytes as a file of inputs: an error with a place, or inputs that survive being written and read.

#![no_main]

use cartwheel_runtime::Inputs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| match Inputs::parse(text) {
    Ok(inputs) => assert_eq!(Inputs::parse(inputs.to_string().as_bytes()).as_ref(), Ok(&inputs)),
    Err(error) => assert!(!error.render("fuzz").is_empty()),
});
