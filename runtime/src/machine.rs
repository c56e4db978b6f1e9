//! The machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartwheel_hostabi::Loader;
use cartwheel_kernel::host::Host;
use cartwheel_kernel::policy::{Policy, Trust};
use cartwheel_kernel::{
    Binding, Kernel, ModuleId, Observer, PortCensus, Script, Storage, Surface, end_of_frame,
};
use cartwheel_vm::{FrameInput, Instance, Program};
use thiserror::Error;

use crate::action::{Action, ActionError, Applied};
use crate::config::Config;
use crate::hash::StateHash;
use crate::input::InputFrame;
use crate::load::{LoadError, admit};
use crate::module::{Module, Status, Watcher};
use crate::report::FrameReport;
use crate::setup::{ModuleSetup, within};
use crate::snapshot::{self, RestoreError};
use crate::store::Stored;
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
    /// In the order of their numbers, in which they run.
    pub(crate) modules: Vec<Module>,
    /// Programs that a restored state can have modules of, by content hash. No part of the state.
    pub(crate) programs: BTreeMap<[u8; 32], Arc<Program>>,
    /// Modules whose program is run in place of a recorded one, as long as it is theirs: its hash, and the hash of what it stands
    /// for. No part of the state.
    pub(crate) stand_ins: BTreeMap<ModuleId, ([u8; 32], [u8; 32])>,
    /// Programs that modules can be loaded of while the machine runs, by name. Configuration.
    pub(crate) store: BTreeMap<String, Stored>,
    /// Number of the next frame.
    pub(crate) frame: u64,
    /// Input of the frame before.
    pub(crate) previous: InputFrame,
    /// What the host does before the next frame. An input, and no part of the state.
    actions: Vec<Action>,
    panic: Option<Panic>,
    /// Clients that were asked for: what they call is in no trace.
    pub(crate) clients: u64,
    /// Modules made so far. No part of the state.
    made: u64,
    /// True if modules count what they do. No part of the state.
    pub(crate) profiled: bool,
    /// Modules that made the last frame and are gone, if they counted.
    pub(crate) parted: Vec<Module>,
}

impl Machine {
    /// A machine without modules.
    ///
    /// # Panics
    ///
    /// If the configured cycles per frame or the latency are 0.
    pub fn new(config: Config) -> Machine {
        assert_ne!(config.cycles_per_frame, Some(0), "a frame has at least one cycle");
        assert_ne!(config.latency, 0, "nothing staged is published before the next frame");
        assert_eq!(config.quotas.check(), Ok(()), "quotas are what they can be");
        let mut kernel = Kernel::new();
        kernel.set_machine_quotas(config.quotas);
        Machine {
            config,
            kernel,
            modules: Vec::new(),
            programs: BTreeMap::new(),
            stand_ins: BTreeMap::new(),
            store: BTreeMap::new(),
            frame: 0,
            previous: InputFrame::default(),
            actions: Vec::new(),
            panic: None,
            clients: 0,
            made: 0,
            profiled: false,
            parted: Vec::new(),
        }
    }

    /// Loads a program as a module that starts with the next frame, set up as the configuration says.
    ///
    /// # Errors
    ///
    /// If the host cannot serve it or it is beyond the limits. Nothing of it remains then.
    pub fn load(&mut self, program: Arc<Program>) -> Result<ModuleId, LoadError> {
        self.load_with(program, ModuleSetup::default())
    }

    /// As [`Machine::load`], with a setup of its own. A trace knows of modules that were loaded before it began; to load one
    /// while it is recorded, queue [`Action::Load`].
    ///
    /// # Errors
    ///
    /// As [`Machine::load`].
    pub fn load_with(&mut self, program: Arc<Program>, setup: ModuleSetup) -> Result<ModuleId, LoadError> {
        if self.modules.len() >= self.config.max_modules as usize {
            return Err(LoadError::Full(self.config.max_modules));
        }
        let id = ModuleId(self.kernel.next_number());
        if id.0 >= i32::MAX as u32 {
            return Err(LoadError::Numbers);
        }
        let module = self.make(id, program.clone(), setup)?;
        self.modules.push(module);
        self.sync_ending(id);
        self.add_program(program);
        Ok(id)
    }

    /// Makes a module with a number that is free.
    pub(crate) fn make(
        &mut self,
        id: ModuleId,
        program: Arc<Program>,
        setup: ModuleSetup,
    ) -> Result<Module, LoadError> {
        if setup.cycles_per_frame == Some(0) {
            return Err(LoadError::NoCycles);
        }
        if !setup.limits.is_none_or(|limits| within(limits, self.config.limits)) {
            return Err(LoadError::AboveLimits);
        }
        setup.quotas.map_or(Ok(()), |quotas| quotas.check())?;
        admit(&mut self.kernel, id, &program, &setup, setup.staged(&self.config))?;
        let mut module = Module::new(id, program, &setup, &self.config, &self.kernel);
        match &mut module {
            Ok(module) => {
                module.serial = self.made;
                self.made += 1;
                if self.profiled {
                    module.instance.set_profiled(true);
                }
            }
            Err(_) => self.kernel.unload(id),
        }
        module
    }

    /// A module is not there any more. What it has counted is kept until the next frame.
    pub(crate) fn part(&mut self, module: Module) {
        if self.profiled {
            self.parted.push(module);
        }
    }

    /// Lets go of a module and of everything that there is of it, with all that it loaded; their numbers are never used again.
    /// False if there is no such module.
    pub fn unload(&mut self, id: ModuleId) -> bool {
        let there = self.has(id);
        for id in if there { self.kernel.family(id) } else { Vec::new() } {
            Loader::unload(self, id.0);
        }
        there
    }

    /// Makes a program known: a state that is restored can have modules of it. What was loaded once is known.
    pub fn add_program(&mut self, program: Arc<Program>) {
        self.programs.entry(program.content_hash()).or_insert(program);
    }

    /// The programs that are known, in the order of their hashes.
    pub fn programs(&self) -> impl ExactSizeIterator<Item = &Arc<Program>> {
        self.programs.values()
    }

    /// Advances by a frame. Nothing else advances a machine.
    ///
    /// # Errors
    ///
    /// If the host broke one of its own invariants, now or in an earlier frame.
    pub fn step(&mut self, input: &InputFrame) -> Result<FrameReport, Panic> {
        self.advance(input, None)
    }

    /// Advances by a frame, seen by a watcher if there is one.
    pub(crate) fn advance(
        &mut self,
        input: &InputFrame,
        mut watcher: Option<&mut Watcher<'_>>,
    ) -> Result<FrameReport, Panic> {
        self.check()?;
        let seen = self.frame_input(input);
        self.kernel.open_frame(self.frame);
        // First, so that what the host does is part of the frame: what it asks for takes as long as what a guest asks for.
        for module in &self.modules {
            self.kernel.begin_frame(module.id);
        }
        let mut report =
            FrameReport { frame: self.frame, actions: self.apply_actions()?, ..Default::default() };
        report.ingests = self.ingest_due();
        report.modules.reserve(self.modules.len());
        for i in 0..self.modules.len() {
            match self.modules[i].frame(&mut self.kernel, &seen, watcher.as_deref_mut()) {
                Ok(done) => report.modules.push(done),
                Err(message) => return Err(self.panicked(message)),
            }
        }
        self.parted.clear();
        end_of_frame(self);
        self.kernel.close_frame();
        report.messages = self.kernel.take_outward();
        report.datagrams = self.kernel.take_datagrams();
        report.port_events = self.kernel.take_port_events();
        self.frame += 1;
        self.previous = *input;
        Ok(report)
    }

    /// Sets the host that does the staged work of modules that are loaded from here on. No host changes what they see.
    pub fn set_host(&mut self, host: Host) {
        self.kernel.set_host(host);
    }

    /// Sets whether every message that is sent is reported, with no effect on the run.
    pub fn watch_ports(&mut self, watch: bool) {
        self.kernel.watch_ports(watch);
    }

    /// True if a module has ports: it declared the capability.
    pub fn has_ports(&self, module: ModuleId) -> bool {
        self.kernel.has_ports(module)
    }

    /// Messages that a module's stdin has room for. What is queued with [`Action::Feed`] is not counted.
    pub fn stdin_room(&self, module: ModuleId) -> usize {
        self.kernel.stdin_room(module)
    }

    /// Counts what all modules have of ports, messages, tokens, requests, completions and the network.
    pub fn port_census(&self) -> PortCensus {
        self.kernel.port_census()
    }

    /// Queues something for the host to do at the beginning of the next frame, behind what is queued already. What is
    /// queued is an input of that frame and no part of the state.
    ///
    /// # Errors
    ///
    /// If it could not be applied.
    pub fn queue(&mut self, action: Action) -> Result<(), ActionError> {
        action.check(self)?;
        self.actions.push(action);
        Ok(())
    }

    fn apply_actions(&mut self) -> Result<Vec<Applied>, Panic> {
        let mut applied = Vec::new();
        for action in std::mem::take(&mut self.actions) {
            applied.push(action.apply(self).map_err(|message| self.panicked(message))?);
        }
        if !applied.is_empty() {
            self.kernel.publish_states();
        }
        Ok(applied)
    }

    fn panicked(&mut self, message: String) -> Panic {
        let panic = Panic { frame: self.frame, message };
        self.panic = Some(panic.clone());
        panic
    }

    /// Sets the policy before anything is loaded: what it could never let run is refused then. Once modules run, queue
    /// [`Action::SetPolicy`].
    ///
    /// # Panics
    ///
    /// If there is a module.
    pub fn set_policy(&mut self, policy: Policy) {
        assert!(self.modules.is_empty(), "the policy is set before modules are loaded");
        self.kernel.set_policy(policy);
    }

    /// Sets the script of statuses that calls get instead of being done, before anything is loaded.
    ///
    /// # Panics
    ///
    /// If there is a module.
    pub fn set_script(&mut self, script: Option<Arc<Script>>) {
        assert!(self.modules.is_empty(), "the script is set before modules are loaded");
        self.kernel.set_script(script);
    }

    /// The script of statuses, if there is one.
    pub fn script(&self) -> Option<&Arc<Script>> {
        self.kernel.script()
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        self.kernel.policy()
    }

    /// How far a module is trusted.
    ///
    /// # Panics
    ///
    /// If there is no such module.
    pub fn trust(&self, module: ModuleId) -> Trust {
        self.kernel.trust(module).expect("the machine has this module")
    }

    /// Adds somebody who watches calls and modules, with no effect on them.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) {
        self.kernel.observe(observer);
    }

    /// Lets go of everybody who watches.
    pub fn stop_observing(&mut self) -> Vec<Box<dyn Observer + Send>> {
        self.kernel.stop_observing()
    }

    pub(crate) fn frame_input(&self, input: &InputFrame) -> FrameInput {
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

    /// Replaces the state by a saved one of a machine with the same limits. The machine has the modules of that state then,
    /// whatever it has now; their programs must be known ([`Machine::add_program`]). A panic is over then.
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
        fork.set_script(self.script().cloned());
        fork.programs = self.programs.clone();
        fork.stand_ins = self.stand_ins.clone();
        fork.store = self.store.clone();
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
        self.module(module).status(&self.kernel)
    }

    /// True if a module runs in the next frame, unless somebody keeps it from that before. If no module does, none will until
    /// the host does something.
    pub fn will_run(&self, module: ModuleId) -> bool {
        self.module(module).will_run(&self.kernel)
    }

    /// The name that a module was set up with, if it was; people and policies call it by its cartridge's title otherwise.
    pub fn name(&self, module: ModuleId) -> Option<&str> {
        self.module(module).frozen.name()
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

    /// A module's files, if it can use files.
    pub fn storage(&self, module: ModuleId) -> Option<&Storage> {
        self.kernel.storage(module)
    }

    /// A module's picture, if it has one.
    pub fn surface(&self, module: ModuleId) -> Option<Surface<'_>> {
        self.kernel.surface(module)
    }

    /// What a module sounded like in the last frame, if it has sound: left and right in turns, 44,100 of each a second, 735
    /// in a frame. Silence after a frame in which it did not run, and after [`Machine::restore`].
    pub fn audio(&self, module: ModuleId) -> Option<&[i16]> {
        self.kernel.audio(module)
    }

    /// A module's imports in the order of their indices, with what their calls came to in the last frame.
    pub fn bindings(&self, module: ModuleId) -> &[Binding] {
        self.kernel.bindings(module)
    }

    fn module(&self, module: ModuleId) -> &Module {
        let place = self.place(module).unwrap_or_else(|_| panic!("there is no module {}", module.0));
        &self.modules[place]
    }

    pub(crate) fn module_mut(&mut self, module: ModuleId) -> Option<&mut Module> {
        self.place(module).ok().map(|place| &mut self.modules[place])
    }

    /// Place of a module among the others.
    pub(crate) fn place(&self, module: ModuleId) -> Result<usize, usize> {
        self.modules.binary_search_by_key(&module, |module| module.id)
    }

    /// True if there is a module of this number.
    pub fn has(&self, module: ModuleId) -> bool {
        self.place(module).is_ok()
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
    // covers POL-8
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
        machine.restore(&saved[1..]).expect_err("no saved state");
        assert_eq!((machine.step(&InputFrame::default()), machine.frame()), (Err(panic), 1));
    }

    #[test]
    fn a_machine_that_panicked_can_go_back() {
        let source = ".capability log\n.func update()\n syscall log.write(1, \"x\")\n return\n.end";
        let cart = cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles)
            .expect("good source");
        let program = Program::new(cart).expect("a good program");
        let mut machine = Machine::new(Config::default());
        let module = machine.load(program).expect("it can be loaded");
        let (saved, hash) = (machine.save().expect("no panic"), machine.hash());
        machine.kernel.unload(module);
        machine.step(&InputFrame::default()).expect_err("no such module");
        machine.restore(&saved).expect("its own state");
        assert_eq!(machine.hash(), hash);
        machine.step(&InputFrame::default()).expect("no panic");
    }
}
