//! The host side of the boundary: one pipeline that every syscall goes through, and the services behind it.
//!
//! The kernel knows guests only as [`cartwheel_hostabi::Guest`]. It has no clock, no randomness and no I/O: what a
//! frame's calls do to it is a function of the calls, and everything that can influence a later call can be
//! saved, restored and hashed.
//!
//! A frame, as the kernel sees it: [`Kernel::open_frame`]; for each module [`Kernel::begin_frame`], any number of
//! [`Kernel::call`]s, [`Kernel::end_frame`]; [`Kernel::close_frame`]. Then pictures, log lines and figures can be read.

mod adoption;
pub mod audit;
mod batch;
mod builtin;
mod caller;
mod codec;
mod completion;
mod custody;
mod engine;
pub mod host;
pub mod ingest;
mod late;
mod lifecycle;
mod load;
mod modules;
mod named;
mod net;
mod observe;
mod pipeline;
pub mod policy;
mod ports;
mod quotas;
mod record;
mod script;
mod services;
mod shared;
mod staged;
mod state;
mod storage;
mod supervision;
mod usage;
mod value;
mod watch;

pub use adoption::Due;
pub use batch::CallBatch;
pub use builtin::message_types;
pub use codec::RestoreError;
pub use engine::Engine;
pub use late::{Answer, Answered};
pub use lifecycle::{Ending, ModuleState, TRANSITIONS, Transition};
pub use load::{
    DEFAULT_MAX_MODULES, DEFAULT_MAX_REQUESTS, DEFAULT_STORAGE_BYTES, Import, LoadError, ModuleConfig,
    ModuleId, StagedConfig,
};
pub use net::{Datagram, MAX_DATAGRAM_BYTES};
pub use observe::Observer;
pub use pipeline::{Binding, Detached, Kernel};
pub use ports::{
    OWN_PORTS, OutwardMessage, PortCensus, PortEvent, RIGHT_MANAGE, RIGHT_RECEIVE, RIGHT_SEND, STDERR, STDIN,
    STDOUT,
};
pub use quotas::{QUOTAS, QuotaError, QuotaInfo, Quotas, quota_rows};
pub use record::{CallRecord, Lifecycle, LifecycleEvent, OriginId, Outcome, Transport};
pub use script::{MAX_RULES as MAX_SCRIPT_RULES, MAX_SCRIPT_BYTES, Script, ScriptError, ScriptRule};
pub use services::asset::Asset;
pub use services::audio::{INSTRUMENTS, SAMPLE_RATE, SAMPLES_PER_FRAME, VOICES};
pub use services::gfx::{MAX_HEIGHT, MAX_WIDTH, Surface, VideoMode, default_palette, glyph};
pub use services::kernel::{MAX_ARGS_BYTES, MAX_PROMISES, MEMORY_BYTES, MEMORY_KEYS, Mount};
pub use services::log::{LOG_BYTES_PER_FRAME, LOG_BYTES_PER_LINE, LogLevel, LogLine};
pub use services::mem::CARD_SLOTS;
pub use services::telemetry::{COUNTERS_PER_FRAME, Counter, FrameFigures, MAX_ZONES, ZoneEvent};
pub use services::wasm4::{HeldInput, WASM4_FONT_ASSET, WASM4_FONT_BYTES};
pub use staged::Published;
pub use storage::{
    Blob, Entry, FILE_OVERHEAD_BYTES, MAX_PATH_LEN, MAX_QUOTA_BYTES, Storage, StoragePath, WriteError,
};
pub use supervision::{MAX_COMMANDS, MAX_PROGRAM_NAME_BYTES, MAX_STOP_FRAMES, ModuleHost, end_of_frame};
pub use usage::Usage;
pub use value::{NotValues, Value};
