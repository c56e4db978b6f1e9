//! Any bytes as a trace: an error, or frames and keyframes that can be read or say what is wrong with them.

#![no_main]

use cartwheel_runtime::trace::{Trace, TraceError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut trace) = Trace::open(bytes.to_vec()) else { return };
    let from = trace.header().first_frame;
    assert!(trace.len() <= bytes.len() as u64);
    let mut read = 0;
    for frame in trace.frames(from) {
        read += 1;
        match frame {
            Ok(frame) => assert_eq!(frame.number, from + read - 1),
            Err(damage) => assert!(damage.offset <= bytes.len() as u64),
        }
    }
    assert!(read <= trace.len());
    let _ = trace.frames(from + trace.len() / 2).next();
    for at in trace.keyframes().iter().take(4) {
        assert!(!matches!(trace.state(at), Err(TraceError::NotATrace)));
    }
    let _ = trace.header().config();
    trace.header().cartridges.iter().for_each(|cartridge| drop(cartridge.embedded()));
    let _ = trace.check();
});
