//! Cartwheel's virtual machine for one module: verifier, state, heap, interpreters.
//!
//! The machine is a function from state and budget to a stop reason ([`Stop`]): a syscall is one of them,
//! so nothing here knows a host beyond the traits of `cartwheel-hostabi`.

mod analysis;
mod arith;
mod buffer;
mod cell;
mod check;
mod heap;
mod instance;
mod interp;
mod limits;
mod prepare;
mod profile;
mod program;
mod reference;
mod rng;
mod roots;
mod snapshot;
mod state;
mod stop;
mod verify;
mod walk;

pub use analysis::{Analysis, Block, RegisterSet};
pub use cell::Cell;
pub use check::RestoreError;
pub use instance::{Instance, LoadError};
pub use limits::Limits;
pub use profile::{CallNode, Callee, Counts, FunctionCounts, MAX_COUNTERS, MAX_DEPTH, MAX_NODES, SiteCounts};
pub use program::{FRAME_OVERHEAD_CELLS, Program};
pub use reference::Reference;
pub use snapshot::ComponentHashes;
pub use state::{FrameState, HeapState, ObjectState, Phase, RootState, SlotState, State};
pub use stop::{Ended, FrameInput, Position, Stop, TrapKind, TrapRecord};
pub use verify::{MAX_FUNCTION_COMPLEXITY, MAX_FUNCTION_REGISTERS, VerifyError, line_text, verify};
