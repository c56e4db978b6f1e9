//! Cartwheel's machine: modules that advance together, frame by frame.
//!
//! ```text
//! let mut machine = Machine::new(Config::default());
//! machine.load(program)?;
//! let report = machine.step(&InputFrame::default())?;
//! ```
//!
//! [`Machine::step`] is the only way in which a machine advances. What it does depends on the machine's state and the
//! frame's input and on nothing else; the state can be saved, restored and hashed between any two frames.

mod codec;
mod config;
mod hash;
mod input;
mod inputs;
mod load;
mod machine;
mod module;
mod report;
mod snapshot;
mod trap;

pub use cartwheel_kernel::{Binding, Counter, LogLevel, LogLine, ModuleId, Surface, Usage};
pub use cartwheel_vm::{Limits, Program, TrapKind, VerifyError};
pub use config::{Config, SEMANTICS_VERSION};
pub use hash::{ModuleHash, StateHash};
pub use input::{Button, Buttons, InputFrame, PADS, Pointer, PointerButton, PointerButtons};
pub use inputs::{InputError, Inputs};
pub use load::LoadError;
pub use machine::{Machine, Panic};
pub use module::Status;
pub use report::{FrameReport, ModuleReport, SliceEnd};
pub use snapshot::{RestoreError, SNAPSHOT_VERSION};
pub use trap::{TracePoint, TrapReport};
