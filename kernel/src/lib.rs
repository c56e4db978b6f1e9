//! The host side of the boundary: one pipeline that every syscall goes through, and the services behind it.
//!
//! The kernel knows guests only as [`cartwheel_hostabi::Guest`]. It has no clock, no randomness and no I/O: what a
//! frame's calls do to it is a function of the calls, and everything that can influence a later call can be
//! saved, restored and hashed.
//!
//! A frame, as the kernel sees it: [`Kernel::open_frame`]; for each module [`Kernel::begin_frame`], any number of
//! [`Kernel::call`]s, [`Kernel::end_frame`]; [`Kernel::close_frame`]. Then pictures, log lines and figures can be read.

mod codec;
mod load;
mod observe;
mod pipeline;
mod record;
mod services;
mod usage;

pub use codec::RestoreError;
pub use load::{Import, LoadError, ModuleConfig, ModuleId};
pub use observe::Observer;
pub use pipeline::{Binding, Kernel};
pub use record::{CallRecord, Lifecycle, LifecycleEvent, OriginId, Outcome, Transport};
pub use services::asset::Asset;
pub use services::gfx::{MAX_HEIGHT, MAX_WIDTH, Surface, VideoMode, default_palette, glyph};
pub use services::log::{LOG_BYTES_PER_FRAME, LOG_BYTES_PER_LINE, LogLevel, LogLine};
pub use services::telemetry::{COUNTERS_PER_FRAME, Counter, FrameFigures, MAX_ZONES, ZoneEvent};
pub use usage::Usage;
