//! The machine.

use std::sync::Arc;

use cartwheel_kernel::{Binding, Kernel, ModuleId, Observer, Surface};
use cartwheel_vm::{FrameInput, Instance, Program};
use thiserror::Error;

use crate::config::Config;
use crate::hash::StateHash;
use crate::input::InputFrame;
use crate::load::{LoadError, admit};
use crate::module::{Module, Status};
use crate::report::FrameReport;
use crate::snapshot::{self, RestoreError};
use crate::trap::TrapReport;

/// A broken invariant of the host. The machine stays as it is and refuses to go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("panic in frame {frame}: {message}")]
pub struct Panic {
    /// The frame in which it happened.
    pub frame: u64,
    /// What was broken.
    pub message: String,
}

/// Modules that advance together, frame by frame.
pub struct Machine {
    pub(crate) config: Config,
    pub(crate) kernel: Kernel,
    /// A module's number is its place.
    pub(crate) modules: Vec<Module>,
    /// Number of the next frame.
    pub(crate) frame: u64,
    /// Input of the frame before.
    pub(crate) previous: InputFrame,
    panic: Option<Panic>,
}

impl Machine {
    /// A machine without modules.
    ///
    /// # Panics
    ///
    /// If the configured cycles per frame are 0.
    pub fn new(config: Config) -> Machine {
        assert_ne!(config.cycles_per_frame, Some(0), "a frame has at least one cycle");
        Machine {
            config,
            kernel: Kernel::new(),
            modules: Vec::new(),
            frame: 0,
            previous: InputFrame::default(),
            panic: None,
        }
    }

    /// Loads a program as a module that starts with the next frame.
    ///
    /// # Errors
    ///
    /// If the host cannot serve it or it is beyond the limits. Nothing of it remains then.
    pub fn load(&mut self, program: Arc<Program>) -> Result<ModuleId, LoadError> {
        if !self.modules.is_empty() {
            return Err(LoadError::Full);
        }
        let Config { seed, limits, cycles_per_frame } = self.config;
        let id = ModuleId(self.modules.len() as u32);
        let budget = cycles_per_frame.unwrap_or(program.cartridge().manifest.cycles_per_frame);
        let module = Module::new(id, program, limits, seed, budget)?;
        admit(&mut self.kernel, id, module.instance.program())?;
        self.modules.push(module);
        Ok(id)
    }

    /// Advances by a frame. Nothing else advances a machine.
    ///
    /// # Errors
    ///
    /// If the host broke one of its own invariants, now or in an earlier frame.
    pub fn step(&mut self, input: &InputFrame) -> Result<FrameReport, Panic> {
        self.check()?;
        let seen = self.frame_input(input);
        self.kernel.open_frame(self.frame);
        let mut report = FrameReport { frame: self.frame, modules: Default::default() };
        for module in &mut self.modules {
            match module.frame(&mut self.kernel, &seen) {
                Ok(done) => report.modules.push(done),
                Err(message) => {
                    let panic = Panic { frame: self.frame, message };
                    self.panic = Some(panic.clone());
                    return Err(panic);
                }
            }
        }
        self.kernel.close_frame();
        self.frame += 1;
        self.previous = *input;
        Ok(report)
    }

    /// Adds somebody who watches calls and modules, with no effect on them.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) {
        self.kernel.observe(observer);
    }

    fn frame_input(&self, input: &InputFrame) -> FrameInput {
        FrameInput {
            frame: self.frame,
            held: input.pads.map(|pad| pad.bits()),
            held_before: self.previous.pads.map(|pad| pad.bits()),
            pointer: (input.pointer.x, input.pointer.y),
            pointer_buttons: input.pointer.buttons.bits(),
        }
    }

    fn check(&self) -> Result<(), Panic> {
        self.panic.clone().map_or(Ok(()), Err)
    }

    /// The whole state as portable bytes; `spec/snapshot.md` describes them.
    ///
    /// # Errors
    ///
    /// If the machine has panicked: then it stands in the middle of a frame.
    pub fn save(&self) -> Result<Vec<u8>, Panic> {
        self.check()?;
        Ok(snapshot::save(self))
    }

    /// Replaces the state by a saved one of a machine with the same cartridges and limits. A panic is over then.
    ///
    /// # Errors
    ///
    /// If the bytes are no such state; the machine is unchanged then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        snapshot::restore(self, bytes)?;
        self.panic = None;
        Ok(())
    }

    /// Another machine with the same state, which goes its own way from here.
    ///
    /// # Errors
    ///
    /// If the machine has panicked.
    pub fn fork(&self) -> Result<Machine, Panic> {
        let bytes = self.save()?;
        let mut fork = Machine::new(self.config);
        for module in &self.modules {
            fork.load(module.instance.program().clone()).expect("it was loaded before");
        }
        fork.restore(&bytes).expect("a machine can restore what it saved");
        Ok(fork)
    }

    /// Hash of the whole state, by component.
    ///
    /// # Errors
    ///
    /// If the machine has panicked: then it stands in the middle of a frame.
    pub fn hash(&self) -> Result<StateHash, Panic> {
        self.check()?;
        Ok(StateHash::of(self))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Number of the next frame.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// The modules, in order.
    pub fn modules(&self) -> impl ExactSizeIterator<Item = ModuleId> {
        self.modules.iter().map(|module| module.id)
    }

    /// What becomes of a module from here on.
    ///
    /// # Panics
    ///
    /// Like all that follow: if there is no such module.
    pub fn status(&self, module: ModuleId) -> Status {
        self.module(module).status()
    }

    /// How a module trapped, if it did.
    pub fn trap(&self, module: ModuleId) -> Option<TrapReport> {
        self.module(module).trap()
    }

    /// A module's guest: its memory and heap.
    pub fn instance(&self, module: ModuleId) -> &Instance {
        &self.module(module).instance
    }

    /// Cycles that a module has in each frame.
    pub fn cycles_per_frame(&self, module: ModuleId) -> u64 {
        self.module(module).schedule.budget
    }

    /// A module's picture, if it has one.
    pub fn surface(&self, module: ModuleId) -> Option<Surface<'_>> {
        self.kernel.surface(module)
    }

    /// A module's imports in the order of their indices, with what their calls came to in the last frame.
    pub fn bindings(&self, module: ModuleId) -> &[Binding] {
        self.kernel.bindings(module)
    }

    fn module(&self, module: ModuleId) -> &Module {
        &self.modules[module.0 as usize]
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("frame", &self.frame)
            .field("modules", &self.modules.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel loses the module: its next syscall breaks an invariant of the host.
    #[test]
    fn a_panic_stops_the_machine_for_good() {
        let source = ".capability log\n.func update()\n syscall log.write(1, \"x\")\n return\n.end";
        let cart = cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles)
            .expect("good source");
        let mut machine = Machine::new(Config::default());
        let module = machine.load(Program::new(cart).expect("a good program")).expect("it can be loaded");
        let saved = machine.save().expect("no panic");
        machine.step(&InputFrame::default()).expect("no panic");
        machine.kernel.unload(module);
        let panic = machine.step(&InputFrame::default()).expect_err("no such module");
        assert_eq!(panic.frame, 1);
        assert!(panic.message.contains("module 0"), "{panic}");
        assert_eq!(machine.step(&InputFrame::default()), Err(panic.clone()));
        assert_eq!(machine.save(), Err(panic.clone()));
        assert_eq!(machine.hash(), Err(panic.clone()));
        assert_eq!(machine.fork().err(), Some(panic.clone()));
        machine.restore(&saved).expect_err("the kernel has no such module");
        assert_eq!((machine.step(&InputFrame::default()), machine.frame()), (Err(panic), 1));
    }

    #[test]
    fn a_machine_that_panicked_can_go_back() {
        let source = ".capability log\n.func update()\n syscall log.write(1, \"x\")\n return\n.end";
        let cart = cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles)
            .expect("good source");
        let program = Program::new(cart).expect("a good program");
        let mut machine = Machine::new(Config::default());
        let module = machine.load(program.clone()).expect("it can be loaded");
        let (saved, hash) = (machine.save().expect("no panic"), machine.hash());
        machine.kernel.unload(module);
        machine.step(&InputFrame::default()).expect_err("no such module");
        admit(&mut machine.kernel, module, &program).expect("it can be loaded");
        machine.restore(&saved).expect("its own state");
        assert_eq!(machine.hash(), hash);
        machine.step(&InputFrame::default()).expect("no panic");
    }
}
