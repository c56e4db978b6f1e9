//! A module outside the frame loop: one function after another is called and runs to its end.

use std::sync::Arc;

use cartwheel_hostabi::Fault;
use cartwheel_kernel::{FrameFigures, Kernel, ModuleId, StagedConfig};
use cartwheel_vm::{Ended, FrameInput, Instance, Program, Stop};

use crate::config::Config;
use crate::load::{LoadError, admit};
use crate::machine::Panic;
use crate::setup::ModuleSetup;
use crate::trap::TrapReport;

/// Number of the only module.
const MODULE: ModuleId = ModuleId(0);

/// Calls functions of one module. Every slice is a frame of its own, without input.
pub struct Caller {
    kernel: Kernel,
    instance: Instance,
    /// Number of the next frame.
    frame: u64,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// How it ended.
    pub end: CallEnd,
    /// Cycles that it used, as the machine counts them.
    pub cycles: u64,
    /// Slices that it took, those included that it lost to an overdraft.
    pub slices: u64,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// The function returned: a cell per result.
    Returned(Vec<u64>),
    /// The module halted with an exit code. It cannot be called any more.
    Halted(i32),
    /// The module trapped. It cannot be called any more.
    Trapped(Box<TrapReport>),
}

impl Caller {
    /// Loads a program. None of its functions has run then, its start functions included.
    ///
    /// # Errors
    ///
    /// As [`crate::Machine::load`].
    pub fn new(program: Arc<Program>, config: &Config) -> Result<Caller, LoadError> {
        let mut kernel = Kernel::new();
        admit(&mut kernel, MODULE, &program, &ModuleSetup::default(), StagedConfig::default())?;
        let prepare = |memory: &mut [u8]| kernel.prepare_memory(MODULE, memory);
        let mut instance = Instance::prepared(program, config.limits, config.seed, prepare)?;
        instance.set_module(MODULE.0);
        Ok(Caller { kernel, instance, frame: 0 })
    }

    /// Calls a function and runs it to its end, in slices of so many cycles. Arguments are cells, one per parameter.
    ///
    /// # Errors
    ///
    /// If the host broke one of its own invariants.
    ///
    /// # Panics
    ///
    /// If a slice has no cycles, the function does not exist, or the number of arguments is not that of its parameters.
    pub fn call(&mut self, func: u32, args: &[u64], slice_cycles: u64) -> Result<CallReport, Panic> {
        assert_ne!(slice_cycles, 0, "a slice has at least one cycle");
        let mut report = CallReport { end: CallEnd::Halted(0), cycles: 0, slices: 0 };
        if self.instance.ended().is_none() {
            self.instance.call(func, args);
        }
        let mut debt = 0;
        loop {
            if let Some(ended) = self.instance.ended() {
                report.end = match ended {
                    Ended::Halted(code) => CallEnd::Halted(*code),
                    Ended::Trapped(record) => {
                        CallEnd::Trapped(Box::new(TrapReport::new(self.instance.program(), record)))
                    }
                };
                return Ok(report);
            }
            report.slices += 1;
            if debt >= slice_cycles {
                debt -= slice_cycles;
                continue;
            }
            let granted = slice_cycles - debt;
            let returned = self.slice(granted)?;
            report.cycles += self.instance.used();
            debt = self.instance.used().saturating_sub(granted);
            if returned {
                report.end = CallEnd::Returned(self.instance.take_results());
                return Ok(report);
            }
        }
    }

    /// Runs a slice. True if the function has returned.
    fn slice(&mut self, granted: u64) -> Result<bool, Panic> {
        let input = FrameInput { frame: self.frame, ..FrameInput::default() };
        self.kernel.begin_frame(MODULE);
        self.instance.grant(granted);
        let stop = loop {
            let Stop::Syscall(import) = self.instance.run(&input) else { break self.instance.is_idle() };
            match self.kernel.call(MODULE, import, &mut self.instance) {
                Ok(_) => {}
                Err(Fault::Trap(trap)) => {
                    self.instance.trap_syscall(trap);
                    break false;
                }
                Err(Fault::Panic(message)) => return Err(Panic { frame: self.frame, message }),
            }
        };
        let figures = FrameFigures {
            frame: self.frame,
            cycles: self.instance.used(),
            budget: granted,
            ..FrameFigures::default()
        };
        self.kernel.end_frame(MODULE, figures);
        self.frame += 1;
        Ok(stop && self.instance.ended().is_none())
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("frame", &self.frame).finish_non_exhaustive()
    }
}
