//! Profiles: what each frame of a run cost, exactly.
//!
//! A [`Profiler`] watches a machine from outside: guests run code that counts (see `cartwheel_vm`), and after each frame
//! what was counted becomes rows of a [`Profile`]. Every cycle of a frame is in exactly one row of each view: functions,
//! lines, stacks of calls, and functions together with syscalls. Nothing that a guest can see depends on whether it is watched.
//!
//! ```
//! use cartwheel_runtime::{Config, InputFrame, Machine, Program, profile::Profiler};
//!
//! let source = ".func update()\n  return\n.end";
//! let cartridge = cartwheel_assembler::assemble("empty.asm", source, &cartwheel_assembler::NoFiles)?;
//! let mut machine = Machine::new(Config::default());
//! machine.load(Program::new(cartridge)?)?;
//! let mut profiler = Profiler::attach(&mut machine);
//! let report = machine.step(&InputFrame::default())?;
//! profiler.frame(&mut machine, &report);
//! let profile = profiler.finish(&mut machine);
//! let frame = &profile.modules[0].frames[0];
//! assert_eq!(frame.cycles, frame.functions[0].cycles);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod collect;
mod compare;
mod model;
mod places;
mod totals;
mod zones;

pub use collect::Profiler;
pub use compare::{Change, Comparison, compare};
pub use model::{
    FORMAT, FrameProfile, FunctionRow, LatencyRow, LineName, LineRow, ModuleProfile, Profile, StackKind,
    StackName, StackRow, StatusName, SyscallName, SyscallRow, VERSION, ZoneRow,
};
pub use totals::{
    Distribution, FunctionTotal, LatencyTotal, LineTotal, StatusTotal, SyscallTotal, Totals, ZoneTotal,
};
