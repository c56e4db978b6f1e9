//! What a frame came to.

use std::fmt;

use cartwheel_kernel::{Counter, LogLine, ModuleId, ZoneEvent};
use smallvec::SmallVec;

use crate::action::Applied;
use crate::trap::TrapReport;

/// Why a module's slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceEnd {
    /// `update` returned.
    UpdateDone,
    /// The guest asked for it with `frame.sync`.
    FrameSync,
    /// The budget was spent; the guest goes on where it is in the next frame.
    BudgetSpent,
    /// An allocation waits for the collector; the guest goes on with it in the next frame.
    Stalled,
    /// The frame's whole budget went into what earlier frames had overdrawn.
    Skipped,
    /// There is nothing to run: a library whose start functions are done.
    Idle,
    /// The module has halted with an exit code, now or before.
    Halted(i32),
    /// The module has trapped, now or before.
    Trapped,
    /// The module is in quarantine, since this frame or an earlier one.
    Quarantined,
    /// The host has ended the module.
    Terminated,
    /// The module waits to be started.
    Ready,
    /// The module is paused.
    Paused,
    /// The module was stopped.
    Stopped,
}

impl SliceEnd {
    /// True if the module will never run again, whatever the host does.
    pub fn is_final(self) -> bool {
        matches!(self, SliceEnd::Halted(_) | SliceEnd::Trapped | SliceEnd::Terminated | SliceEnd::Stopped)
    }
}

impl fmt::Display for SliceEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SliceEnd::UpdateDone => f.write_str("update done"),
            SliceEnd::FrameSync => f.write_str("frame.sync"),
            SliceEnd::BudgetSpent => f.write_str("budget spent"),
            SliceEnd::Stalled => f.write_str("waiting for the collector"),
            SliceEnd::Skipped => f.write_str("skipped to pay for earlier frames"),
            SliceEnd::Idle => f.write_str("nothing to run"),
            SliceEnd::Halted(code) => write!(f, "halted with code {code}"),
            SliceEnd::Trapped => f.write_str("trapped"),
            SliceEnd::Quarantined => f.write_str("in quarantine"),
            SliceEnd::Terminated => f.write_str("terminated"),
            SliceEnd::Ready => f.write_str("not started"),
            SliceEnd::Paused => f.write_str("paused"),
            SliceEnd::Stopped => f.write_str("stopped"),
        }
    }
}

/// What a frame came to, by module in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameReport {
    /// Number of the frame, from 0.
    pub frame: u64,
    /// What the host did before the modules ran.
    pub actions: Vec<Applied>,
    /// The modules.
    pub modules: SmallVec<[ModuleReport; 1]>,
}

/// What a frame of a module came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleReport {
    /// The module.
    pub module: ModuleId,
    /// Why its slice ended.
    pub end: SliceEnd,
    /// Cycles granted: the budget less what earlier frames overdrew.
    pub granted: u64,
    /// Cycles used; what is above those granted is taken from the next frames.
    pub cycles: u64,
    /// Syscalls made.
    pub syscalls: u64,
    /// Bytes allocated on the heap.
    pub bytes: u64,
    /// Objects allocated on the heap.
    pub objects: u64,
    /// Cycles of the collector, which are part of those used.
    pub collector_cycles: u64,
    /// Updates so far that did not finish in their frame.
    pub overruns: u64,
    /// Lines that the module logged.
    pub log: Vec<LogLine>,
    /// Numbers that the module reported.
    pub counters: Vec<Counter>,
    /// Zones that it began and ended.
    pub zones: Vec<ZoneEvent>,
    /// How it trapped, in the frame in which it did.
    pub trap: Option<Box<TrapReport>>,
}
