//! Cartwheel's machine: modules that advance together, frame by frame.
//!
//! ```
//! use cartwheel_runtime::{Config, InputFrame, Machine, Program, SliceEnd};
//!
//! let source = ".func update()\n  return\n.end";
//! let cartridge = cartwheel_assembler::assemble("empty.asm", source, &cartwheel_assembler::NoFiles)?;
//! let mut machine = Machine::new(Config::default());
//! let module = machine.load(Program::new(cartridge)?)?;
//! let before = machine.save()?;
//! let report = machine.step(&InputFrame::default())?;
//! assert_eq!(report.modules[0].end, SliceEnd::UpdateDone);
//! let after = machine.hash()?;
//! machine.restore(&before)?;
//! machine.step(&InputFrame::default())?;
//! assert_eq!(machine.hash()?, after);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Machine::step`] is the only way in which a machine advances. What it does depends on the machine's state and the
//! frame's input and on nothing else; the state can be saved, restored and hashed between any two frames.

mod action;
mod adopt;
mod call;
mod client;
mod codec;
mod config;
mod hash;
mod host_call;
mod input;
mod inputs;
mod load;
mod machine;
mod module;
mod network;
pub mod profile;
mod report;
mod rewind;
mod roster;
mod settings;
mod setup;
mod snapshot;
mod store;
pub mod trace;
mod trap;

pub use action::{Action, ActionError, ActionOutcome, Applied};
pub use adopt::IngestReport;
pub use call::{CallEnd, CallReport, Caller};
pub use cartwheel_kernel::{
    Answer, Answered, Binding, CallRecord, Counter, Datagram, Lifecycle, LifecycleEvent, LogLevel, LogLine,
    ModuleId, ModuleState, Mount, Observer, OriginId, Outcome, OutwardMessage, PortCensus, PortEvent, QUOTAS,
    QuotaError, QuotaInfo, Quotas, SAMPLE_RATE, SAMPLES_PER_FRAME, STDERR, STDIN, STDOUT, Script,
    ScriptError, ScriptRule, Storage, Surface, TRANSITIONS, Transition, Transport, Usage, Value,
    WASM4_FONT_ASSET, WASM4_FONT_BYTES, ZoneEvent, host,
};
pub use cartwheel_kernel::{audit, ingest, policy};
pub use cartwheel_vm::{Cell, Limits, Program, TrapKind, VerifyError};
pub use client::HostClient;
pub use config::{Config, SEMANTICS_VERSION};
pub use hash::{ModuleHash, StateHash};
pub use host_call::{HOST_CALLER_NAME, HostCaller, NotSent};
pub use input::{Button, Buttons, InputFrame, PADS, Pointer, PointerButton, PointerButtons};
pub use inputs::{InputError, Inputs};
pub use load::{LoadError, origin_of};
pub use machine::{Machine, Panic};
pub use module::Status;
pub use network::{Journal, JournalError, Network};
pub use report::{FrameReport, ModuleReport, SliceEnd};
pub use rewind::{Rewind, SharedState, SyncMismatch, SyncTest};
pub use setup::ModuleSetup;
pub use snapshot::{RestoreError, SNAPSHOT_VERSION};
pub use trap::{TracePoint, TrapReport};
