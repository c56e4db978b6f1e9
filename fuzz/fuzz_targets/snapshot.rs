//! Any bytes as the saved state of a module: refused, or a state from which both interpreters go on alike.

#![no_main]

use cartwheel_bytecode::generate;
use cartwheel_vm::{FrameInput, Instance, Limits, Program, Reference, Stop};
use libfuzzer_sys::fuzz_target;

/// The program is made of the first bytes, the state of the rest.
const PROGRAM_BYTES: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let (entropy, saved) = bytes.split_at(bytes.len().min(PROGRAM_BYTES));
    let program = Program::new(generate(entropy)).expect("generated programs verify");
    let limits = Limits { max_memory_pages: 4, max_heap_bytes: 1 << 20, ..Limits::default() };
    let Ok(mut guest) = Instance::new(program.clone(), limits, 0) else { return };
    // Memory stands first in a saved state: the fuzzer need not guess how long it is.
    let mut state = Vec::new();
    guest.save(&mut state);
    let memory = 8 + guest.memory().len();
    state.truncate(memory);
    state.extend_from_slice(saved);
    if guest.restore(&state).is_err() {
        return;
    }
    let mut reference = Reference::from_state(program, limits, guest.state());
    if guest.is_idle() {
        return;
    }
    for budget in [1, 7, 100, 1_000] {
        guest.grant(budget);
        reference.grant(budget);
        let stop = guest.run(&FrameInput::default());
        assert_eq!(stop, reference.run(&FrameInput::default()));
        assert_eq!(guest.used(), reference.used());
        if matches!(stop, Stop::Syscall(_)) {
            return;
        }
        assert_eq!(guest.state(), reference.state());
        if guest.is_idle() {
            return;
        }
    }
});
