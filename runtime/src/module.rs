//! One module's place in the frame loop.

use std::sync::Arc;

use cartwheel_bytecode::cartridge::EntryBody;
use cartwheel_hostabi::Fault;
use cartwheel_kernel::policy::Custody;
use cartwheel_kernel::{FrameFigures, HeldInput, Kernel, Lifecycle, ModuleId};
use cartwheel_vm::{Ended, FrameInput, Instance, Program, Stop};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::load::LoadError;
use crate::report::{ModuleReport, SliceEnd};
use crate::setup::{Frozen, ModuleSetup};
use crate::trap::TrapReport;

/// Who looks on while a frame is made.
pub(crate) type Watcher<'a> = dyn FnMut(ModuleId, &Instance, &Kernel) + 'a;

/// What becomes of a module from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It runs in the next frame.
    Running,
    /// It has halted with an exit code.
    Halted(i32),
    /// It has trapped.
    Trapped,
    /// It is suspended until the host recovers or terminates it.
    Quarantined,
    /// The host has ended it.
    Terminated,
    /// It waits to be started.
    Ready,
    /// It is suspended until it is resumed.
    Paused,
    /// It runs, for a last few frames.
    Stopping,
    /// It was stopped.
    Stopped,
}

/// Which of its entry functions a module has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// So many start functions have been called.
    Starts(u32),
    /// `main` or `update` has been called.
    Body,
    /// Nothing is left to call.
    Done,
}

/// What the frame loop knows of a module, besides the state of its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    pub stage: Stage,
    /// Cycles per frame.
    pub budget: u64,
    /// Cycles overdrawn and not yet paid for.
    pub debt: u64,
    /// Updates that did not finish in their frame.
    pub overruns: u64,
    /// True if the update that is being executed is one of them.
    pub late: bool,
}

/// A loaded module.
pub(crate) struct Module {
    pub id: ModuleId,
    /// Tells modules apart that had a number one after the other. No part of the state.
    pub serial: u64,
    pub instance: Instance,
    pub schedule: Schedule,
    /// Parameter of the syscall that trapped. For reports only, and no part of the state.
    pub argument: Option<&'static str>,
    /// What of its setup its state does not show.
    pub frozen: Frozen,
    /// The cycles per frame that its setup asks for; those that it has are in its schedule.
    pub cycles_per_frame: Option<u64>,
}

impl Module {
    /// The kernel has the module already.
    pub fn new(
        id: ModuleId,
        program: Arc<Program>,
        setup: &ModuleSetup,
        config: &Config,
        kernel: &Kernel,
    ) -> Result<Module, LoadError> {
        let asked = program.cartridge().manifest.cycles_per_frame;
        let budget = setup.cycles_per_frame.or(config.cycles_per_frame).unwrap_or(asked);
        let limits = setup.limits.unwrap_or(config.limits);
        let prepare = |memory: &mut [u8]| kernel.prepare_memory(id, memory);
        let mut instance = Instance::prepared(program, limits, seed(config.seed, id), prepare)?;
        instance.set_module(id.0);
        let schedule = Schedule { stage: Stage::Starts(0), budget, debt: 0, overruns: 0, late: false };
        let (frozen, cycles_per_frame) = (Frozen::of(setup, config), setup.cycles_per_frame);
        Ok(Module { id, serial: 0, instance, schedule, argument: None, frozen, cycles_per_frame })
    }

    pub fn status(&self, kernel: &Kernel) -> Status {
        match self.instance.ended() {
            Some(Ended::Halted(code)) => Status::Halted(*code),
            Some(Ended::Trapped(_)) => Status::Trapped,
            None if self.main_returned() => Status::Halted(0),
            None => match kernel.custody(self.id) {
                Custody::Free => Status::Running,
                Custody::Quarantined => Status::Quarantined,
                Custody::Terminated => Status::Terminated,
                Custody::Ready => Status::Ready,
                Custody::Paused => Status::Paused,
                Custody::Stopping => Status::Stopping,
                Custody::Stopped => Status::Stopped,
            },
        }
    }

    /// A library has nothing to run once its start functions are done.
    pub fn will_run(&self, kernel: &Kernel) -> bool {
        matches!(self.status(kernel), Status::Running | Status::Stopping)
            && self.schedule.stage != Stage::Done
    }

    pub fn main_returned(&self) -> bool {
        let body = self.instance.program().cartridge().manifest.entry.body;
        self.schedule.stage == Stage::Done && matches!(body, EntryBody::Main(_))
    }

    /// A frame of the module, seen by a watcher if there is one. `Err` is a panic of the kernel.
    pub fn frame(
        &mut self,
        kernel: &mut Kernel,
        input: &FrameInput,
        watcher: Option<&mut Watcher<'_>>,
    ) -> Result<ModuleReport, String> {
        let running = matches!(self.status(kernel), Status::Running | Status::Stopping);
        let Schedule { budget, debt, .. } = self.schedule;
        let granted = if running { budget.saturating_sub(debt) } else { 0 };
        let (bytes_before, objects_before) = self.instance.heap_allocated();
        let collector_before = self.instance.collector_cycles();
        let mut cycles = 0;
        let end = if !running {
            self.final_end(kernel)
        } else if granted == 0 {
            self.schedule.debt -= budget;
            SliceEnd::Skipped
        } else {
            let end;
            (end, cycles) = match watcher {
                None => {
                    self.instance.grant(granted);
                    (self.slice(kernel, input, granted)?, self.instance.used())
                }
                Some(watcher) => self.slice_in_steps(kernel, input, granted, watcher)?,
            };
            self.schedule.debt = cycles.saturating_sub(granted);
            end
        };
        let (bytes, objects) = self.instance.heap_allocated();
        let mut report = ModuleReport {
            module: self.id,
            end,
            granted,
            cycles,
            syscalls: kernel.usage(self.id).calls,
            host: kernel.host_usage(self.id),
            bytes: bytes - bytes_before,
            objects: objects - objects_before,
            collector_cycles: self.instance.collector_cycles() - collector_before,
            overruns: self.schedule.overruns,
            log: Vec::new(),
            counters: Vec::new(),
            zones: Vec::new(),
            trap: None,
        };
        if running {
            match end {
                SliceEnd::Trapped => kernel.tell(self.id, Lifecycle::Trapped),
                SliceEnd::Halted(code) => kernel.tell(self.id, Lifecycle::Halted(code)),
                _ => {}
            }
            if self.instance.is_idle() && self.instance.ended().is_none() {
                kernel.present(self.id, self.instance.memory());
            }
            if end == SliceEnd::Trapped {
                report.trap = self.trap().map(Box::new);
            }
            kernel.end_frame(self.id, self.figures(&report, input.frame));
            report.log = kernel.take_log(self.id);
            report.counters = kernel.take_counters(self.id);
            report.zones = kernel.take_zone_events(self.id);
        }
        Ok(report)
    }

    fn figures(&self, report: &ModuleReport, frame: u64) -> FrameFigures {
        FrameFigures {
            frame,
            cycles: report.cycles,
            budget: report.granted,
            syscalls: report.syscalls,
            bytes: report.bytes,
            objects: report.objects,
            collector_cycles: report.collector_cycles,
            overruns: report.overruns,
        }
    }

    /// Runs until the slice ends.
    fn slice(&mut self, kernel: &mut Kernel, input: &FrameInput, granted: u64) -> Result<SliceEnd, String> {
        if self.instance.is_idle()
            && let Some(end) = self.enter_next(kernel, input)
        {
            return Ok(end);
        }
        let mut stop = self.instance.run(input);
        loop {
            // First, and apart: nothing else stops a guest as often.
            if let Stop::Syscall(import) = stop {
                match kernel.call(self.id, import, &mut self.instance) {
                    Ok(status) => {
                        if status == Some(cartwheel_hostabi::Status::Quarantined) {
                            self.instance.stop_at_checkpoint();
                        }
                        stop = self.instance.go_on();
                        continue;
                    }
                    Err(Fault::Trap(trap)) => {
                        let binding = kernel.bindings(self.id).get(import as usize);
                        let row = binding.map(|binding| binding.syscall.info());
                        self.argument =
                            row.and_then(|row| row.invalid_param(&self.instance)).map(|param| param.name);
                        self.instance.trap_syscall(trap);
                        return Ok(SliceEnd::Trapped);
                    }
                    Err(Fault::Panic(message)) => return Err(message),
                }
            }
            if let Some(end) = self.stopped(kernel, input, granted, stop) {
                return Ok(end);
            }
            stop = self.instance.run(input);
        }
    }

    /// Something else than a syscall has stopped the guest: the end of the slice, or it goes on.
    fn stopped(
        &mut self,
        kernel: &mut Kernel,
        input: &FrameInput,
        granted: u64,
        stop: Stop,
    ) -> Option<SliceEnd> {
        Some(match stop {
            Stop::Syscall(_) => unreachable!("calls are made where they come"),
            Stop::Returned => return self.returned(kernel, input, granted),
            Stop::FrameSync => SliceEnd::FrameSync,
            Stop::BudgetSpent if kernel.custody(self.id) == Custody::Quarantined => SliceEnd::Quarantined,
            Stop::BudgetSpent => self.outlived(SliceEnd::BudgetSpent),
            Stop::Stalled => self.outlived(SliceEnd::Stalled),
            Stop::Halted(code) => SliceEnd::Halted(code),
            Stop::Trapped => SliceEnd::Trapped,
        })
    }

    /// Runs from checkpoint to checkpoint until the slice ends, with the same result as in one go, and shows the guest to
    /// `watcher` before each step and at the end. Gives the end and the cycles used.
    fn slice_in_steps(
        &mut self,
        kernel: &mut Kernel,
        input: &FrameInput,
        granted: u64,
        watcher: &mut Watcher<'_>,
    ) -> Result<(SliceEnd, u64), String> {
        let mut used = 0;
        let end = loop {
            if self.instance.is_idle()
                && let Some(end) = self.enter_next(kernel, input)
            {
                break end;
            }
            watcher(self.id, &self.instance, kernel);
            let Schedule { late, overruns, .. } = self.schedule;
            self.instance.grant(1);
            let end = self.slice(kernel, input, 1)?;
            used += self.instance.used();
            if end != SliceEnd::BudgetSpent || used >= granted {
                break end;
            }
            // It did not outlive its slice yet.
            (self.schedule.late, self.schedule.overruns) = (late, overruns);
        };
        watcher(self.id, &self.instance, kernel);
        Ok((end, used))
    }

    /// A function that the frame loop called has returned: the end of the slice, or the next one is entered.
    fn returned(&mut self, kernel: &mut Kernel, input: &FrameInput, granted: u64) -> Option<SliceEnd> {
        // Results of entry functions go nowhere.
        self.instance.take_results();
        let entry = &self.instance.program().cartridge().manifest.entry;
        match (self.schedule.stage, entry.body) {
            (Stage::Body, EntryBody::Update(_)) => {
                self.schedule.late = false;
                Some(SliceEnd::UpdateDone)
            }
            (Stage::Body, _) => {
                self.schedule.stage = Stage::Done;
                Some(self.final_end(kernel))
            }
            // A function that cannot do anything any more is left for the next frame, where it is on time.
            (Stage::Starts(_) | Stage::Done, _) if self.instance.used() >= granted => {
                Some(SliceEnd::BudgetSpent)
            }
            (Stage::Starts(_) | Stage::Done, _) => self.enter_next(kernel, input),
        }
    }

    /// Enters the function whose turn it is, or says why the slice ends instead.
    fn enter_next(&mut self, kernel: &mut Kernel, input: &FrameInput) -> Option<SliceEnd> {
        let entry = &self.instance.program().cartridge().manifest.entry;
        let starts = match self.schedule.stage {
            Stage::Starts(called) => {
                entry.starts.get(called as usize).map(|&func| (func, Stage::Starts(called + 1)))
            }
            Stage::Body | Stage::Done => None,
        };
        let body = match entry.body {
            EntryBody::Main(func) | EntryBody::Update(func) => Some((func, Stage::Body)),
            EntryBody::Library => None,
        };
        let Some((func, stage)) = starts.or(body) else {
            self.schedule.stage = Stage::Done;
            return Some(SliceEnd::Idle);
        };
        self.schedule.stage = stage;
        if (stage, entry.body) == (Stage::Body, EntryBody::Update(func)) {
            kernel.begin_update(self.id, &mut self.instance, &held(input));
        }
        self.instance.call(func, &[]);
        // The limits of the stack can be below what the function needs.
        self.instance.ended().is_some().then_some(SliceEnd::Trapped)
    }

    /// The slice ends in the middle of a function.
    fn outlived(&mut self, end: SliceEnd) -> SliceEnd {
        let body = self.instance.program().cartridge().manifest.entry.body;
        let update = self.schedule.stage == Stage::Body && matches!(body, EntryBody::Update(_));
        if update && !self.schedule.late {
            self.schedule.late = true;
            self.schedule.overruns += 1;
        }
        end
    }

    fn final_end(&self, kernel: &Kernel) -> SliceEnd {
        match self.status(kernel) {
            Status::Halted(code) => SliceEnd::Halted(code),
            Status::Trapped => SliceEnd::Trapped,
            Status::Quarantined => SliceEnd::Quarantined,
            Status::Terminated => SliceEnd::Terminated,
            Status::Ready => SliceEnd::Ready,
            Status::Paused => SliceEnd::Paused,
            Status::Stopped => SliceEnd::Stopped,
            Status::Running | Status::Stopping => SliceEnd::Idle,
        }
    }

    /// How the module trapped, if it did.
    pub fn trap(&self) -> Option<TrapReport> {
        match self.instance.ended()? {
            Ended::Trapped(record) => {
                let report = TrapReport::new(self.instance.program(), record);
                Some(TrapReport { argument: self.argument, ..report })
            }
            Ended::Halted(_) => None,
        }
    }
}

/// Seed of a module's random generator: other numbers for every module, and for the first one the machine's own seed.
fn seed(machine: u64, id: ModuleId) -> u64 {
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    machine.wrapping_add(GOLDEN_RATIO.wrapping_mul(id.0.into()))
}

fn held(input: &FrameInput) -> HeldInput {
    HeldInput { pads: input.held, pointer: input.pointer, pointer_buttons: input.pointer_buttons }
}
