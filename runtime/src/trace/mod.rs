//! Traces: a run in a file, from which it can be made again exactly; `spec/trace.md` describes the bytes.
//!
//! ```
//! use cartwheel_runtime::trace::{self, RecordOptions, Recorder, Trace};
//! use cartwheel_runtime::{Config, InputFrame, Machine, Program};
//!
//! let source = ".data n: i32 0\n.func update()\n  rng.i32 r0\n  i32.store [n], r0\n  return\n.end";
//! let cartridge = cartwheel_assembler::assemble("dice.asm", source, &cartwheel_assembler::NoFiles)?;
//! let program = Program::new(cartridge)?;
//! let mut machine = Machine::new(Config::default());
//! machine.load(program.clone())?;
//! let mut recorder = Recorder::new(Vec::new(), &machine, RecordOptions::default())?;
//! for _ in 0..10 {
//!     let input = InputFrame::default();
//!     machine.step(&input)?;
//!     recorder.frame(&machine, &input, Vec::new())?;
//! }
//!
//! let trace = Trace::open(recorder.finish()?)?;
//! let mut again = trace.machine(&[program])?;
//! for frame in trace.frames(0) {
//!     let frame = frame?;
//!     trace::step(&mut again, &frame)?;
//!     assert_eq!(trace::compare(&frame, &again)?, None);
//! }
//! assert_eq!(again.hash()?, machine.hash()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod diverge;
mod edit;
mod file;
mod frame;
mod header;
mod index;
mod keyframe;
mod record;
mod recorder;
mod replay;
mod source;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

pub use calls::OtherCall;
pub use diverge::{Basis, Difference, Divergence, Part, differences, name, part_ways};
pub use edit::CopyError;
pub use file::{Frames, KeyframeAt, Sizes, TRACE_VERSION, Trace, TraceError};
pub use frame::{Component, Event, TracedFrame};
pub use header::{Header, TracedCartridge, Unfit, semantics};
pub use keyframe::MAX_KEYFRAME_BYTES;
pub use record::{Damage, RecordKind};
pub use recorder::{RecordOptions, Recorder};
pub use replay::{Mismatch, ReplayError, compare, step};
pub use watch::{Place, Write, last_write};

/// True if bytes begin like a trace.
pub fn is_trace(bytes: &[u8]) -> bool {
    bytes.starts_with(file::MAGIC)
}
