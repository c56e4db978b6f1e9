//! The pipeline: what happens between a guest that wants a syscall and the service that does it.
//!
//! Ids, signatures and capabilities are checked once, when a module is loaded. What is left for a call is an
//! index into the module's bindings, validation of the arguments, the verdict, the handler, counting, and telling
//! the observers.

use cartwheel_hostabi::{
    Capability, CapabilitySet, Completed, Fault, Guest, SlotType, Status, Syscall, SyscallTrap, Verdict,
    dispatch,
};

use crate::caller::Caller;
use crate::host::{DiskFault, Host};
use crate::load::{LoadError, ModuleConfig, ModuleId, bind, mounts};
use crate::observe::Observer;
use crate::policy::{Compiled, Custody, Policy, TrustLevel};
use crate::record::{CallRecord, Lifecycle, LifecycleEvent, Outcome, Transport};
use crate::services::gfx::Surface;
use crate::services::kernel::Memories;
use crate::services::log::LogLine;
use crate::services::telemetry::{Counter, FrameFigures};
use crate::services::{Context, Services};
use crate::storage::Storage;
use crate::usage::Usage;

/// An import of a loaded module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it is bound to.
    pub syscall: Syscall,
    /// What its calls came to in this frame, or after the end of a frame in that one.
    pub usage: Usage,
    /// True if every call may run as things stand, which is then all that there is to know.
    free: bool,
}

/// A module as the kernel knows it.
pub(crate) struct Module {
    bindings: Vec<Binding>,
    /// Per binding, what is asked if it is not free.
    rules: Vec<Compiled>,
    pub(crate) services: Services,
    pub(crate) caller: Caller,
}

impl Module {
    /// Brings what is cached of the policy up to date.
    pub(crate) fn compile(&mut self, policy: &Policy) {
        let who = self.caller.who();
        self.rules =
            self.bindings.iter().map(|binding| policy.compile(who, binding.syscall.info())).collect();
        for (binding, rule) in self.bindings.iter_mut().zip(&self.rules) {
            binding.free = rule.is_free();
        }
    }
}

/// The host side of the boundary for all modules of a machine.
pub struct Kernel {
    pub(crate) modules: Vec<Option<Module>>,
    pub(crate) policy: Policy,
    pub(crate) memories: Memories,
    pub(crate) watch: Watch,
    host: Host,
}

impl Default for Kernel {
    fn default() -> Kernel {
        Kernel {
            modules: Vec::new(),
            policy: Policy::built_in(),
            memories: Memories::new(),
            watch: Watch::default(),
            host: Host::default(),
        }
    }
}

/// Who watches, and what they are told besides the call itself.
#[derive(Default)]
pub(crate) struct Watch {
    observers: Vec<Box<dyn Observer + Send>>,
    /// Number of the next call that is told.
    sequence: u64,
    /// Number of the frame that runs, or is the next one.
    frame: u64,
}

impl Watch {
    pub(crate) fn called(&mut self, mut record: CallRecord) {
        record.sequence = self.sequence;
        record.frame = self.frame;
        self.sequence += 1;
        self.observers.iter_mut().for_each(|observer| observer.called(&record));
    }

    pub(crate) fn tell(&mut self, module: Option<ModuleId>, what: Lifecycle) {
        let event = LifecycleEvent { frame: self.frame, module, what };
        self.observers.iter_mut().for_each(|observer| observer.lifecycle(&event));
    }
}

impl Kernel {
    /// A kernel without modules.
    pub fn new() -> Self {
        Kernel::default()
    }

    /// Adds somebody who watches calls and modules.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) {
        self.watch.observers.push(observer);
        self.modules.iter_mut().flatten().for_each(|module| module.caller.watched = true);
    }

    /// Lets go of everybody who watches.
    pub fn stop_observing(&mut self) -> Vec<Box<dyn Observer + Send>> {
        self.modules.iter_mut().flatten().for_each(|module| module.caller.watched = false);
        std::mem::take(&mut self.watch.observers)
    }

    /// Tells the observers what happened to a module outside the kernel.
    pub fn tell(&mut self, module: ModuleId, what: Lifecycle) {
        self.watch.tell(Some(module), what);
    }

    /// Begins a frame of the machine, before those of its modules.
    pub fn open_frame(&mut self, frame: u64) {
        self.watch.frame = frame;
    }

    /// Ends a frame of the machine, after those of its modules.
    pub fn close_frame(&mut self) {
        let frame = self.watch.frame;
        self.watch.observers.iter_mut().for_each(|observer| observer.frame_ended(frame));
        self.watch.frame += 1;
    }

    /// Takes a module in, with everything about it checked that can be checked before it runs.
    ///
    /// On failure nothing of it remains, and everything that is wrong is listed.
    pub fn load(&mut self, id: ModuleId, config: ModuleConfig<'_>) -> Result<(), Vec<LoadError>> {
        let mut errors = Vec::new();
        let index = id.0 as usize;
        if matches!(self.modules.get(index), Some(Some(_))) {
            errors.push(LoadError::NumberInUse(id));
        }
        if let Some(mode) = config.video.filter(|mode| !mode.is_valid()) {
            errors.push(LoadError::VideoMode(mode));
        }
        for pair in config.assets.windows(2).filter(|pair| pair[0].name >= pair[1].name) {
            errors.push(LoadError::AssetOrder(pair[1].name.clone()));
        }
        let mut declared = CapabilitySet::EMPTY;
        for name in &config.capabilities {
            match Capability::from_name(name) {
                Some(capability) => declared.insert(capability),
                None => errors.push(LoadError::UnknownCapability((*name).to_owned())),
            }
        }
        let mut bindings = Vec::with_capacity(config.imports.len());
        for import in &config.imports {
            match bind(import, declared, config.video.is_some()) {
                Ok(row) => {
                    if let Some(reason) = self.policy.never_allows(config.name, config.origin, row) {
                        let reason = self.policy.describe(reason);
                        errors.push(LoadError::Policy { id: row.id, reason });
                    }
                    bindings.push(Binding { syscall: row.syscall, usage: Usage::default(), free: false });
                }
                Err(error) => errors.push(error),
            }
        }
        let mounts = mounts(config.mounts, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mounts = declared.contains(Capability::Kernel).then_some(mounts);
        let host = self.host.clone();
        let services = Services::new(declared, config.video, config.assets, mounts, &config.staged, host);
        if self.modules.len() <= index {
            self.modules.resize_with(index + 1, || None);
        }
        let level = config.level.unwrap_or(TrustLevel::Unverified);
        let mut caller = Caller::new(id, config.name, config.origin, level, declared, config.video.is_some());
        caller.watched = !self.watch.observers.is_empty();
        let mut module = Module { bindings, rules: Vec::new(), services, caller };
        module.compile(&self.policy);
        self.modules[index] = Some(module);
        let (name, origin) = (config.name.to_owned(), config.origin.to_owned());
        self.watch.tell(Some(id), Lifecycle::Loaded { name, origin });
        Ok(())
    }

    /// Lets go of a module and of everything that the kernel has of it.
    pub fn unload(&mut self, id: ModuleId) {
        if self.modules.get_mut(id.0 as usize).is_some_and(|module| module.take().is_some()) {
            self.watch.tell(Some(id), Lifecycle::Unloaded);
        }
    }

    /// Makes a call: the import with an index, by the guest that waits in it.
    ///
    /// All of it happens here: the index and the arguments are checked, the handler runs, its cycles are charged
    /// to the guest, and its results are written. Gives the status that the guest sees, if the row has one.
    #[inline]
    pub fn call<G: Guest>(
        &mut self,
        id: ModuleId,
        import: u32,
        guest: &mut G,
    ) -> Result<Option<Status>, Fault> {
        let Some(Some(module)) = self.modules.get_mut(id.0 as usize) else {
            return Err(not_loaded(id));
        };
        let Some(binding) = module.bindings.get_mut(import as usize) else {
            return Err(SyscallTrap::InvalidIndex.into());
        };
        let Binding { syscall, free, .. } = *binding;
        let (mut done, mut verdict) = (Completed::default(), None);
        let mut context = Context {
            services: &mut module.services,
            caller: &mut module.caller,
            policy: &self.policy,
            memories: &mut self.memories,
        };
        let rule = &module.rules[import as usize];
        let result = dispatch(syscall, &mut context, guest, &mut done, |guest| {
            let (decided, effective) =
                if free { (Verdict::Allow, Verdict::Allow) } else { rule.judge(guest) };
            verdict = Some(decided);
            effective
        });
        binding.usage.add(&done);
        let caller = &module.caller;
        if caller.watched || caller.unsettled || verdict.is_some_and(|verdict| verdict != Verdict::Allow) {
            let call = Call { syscall, verdict, done: &done, fault: result.as_ref().err() };
            module.settle(&call, guest, &self.policy, &mut self.watch);
        }
        result.map(|()| done.status)
    }

    /// Begins a frame of a module: staged work that is due is published, and what its calls come to is counted from
    /// zero.
    pub fn begin_frame(&mut self, id: ModuleId) {
        if let Some(module) = self.module_mut(id) {
            module.bindings.iter_mut().for_each(|binding| binding.usage = Usage::default());
            module.services.begin_frame();
            module.caller.late.clear();
        }
    }

    /// Ends a frame of a module, with the figures that it can ask for in its next one.
    pub fn end_frame(&mut self, id: ModuleId, figures: FrameFigures) {
        if let Some(module) = self.module_mut(id) {
            module.services.end_frame(figures);
        }
    }

    /// The imports of a module in the order of their indices, with their usage.
    pub fn bindings(&self, id: ModuleId) -> &[Binding] {
        self.module(id).map_or(&[], |module| &module.bindings)
    }

    /// What all calls of a module came to in the frame.
    pub fn usage(&self, id: ModuleId) -> Usage {
        let mut total = Usage::default();
        self.bindings(id).iter().for_each(|binding| total += binding.usage);
        self.late_usage(id).iter().for_each(|(_, usage)| total += *usage);
        total
    }

    /// Sets the host that does the staged work of modules that are loaded from here on.
    pub fn set_host(&mut self, host: Host) {
        self.host = host;
    }

    /// Tells a module what is known of the disk behind its storage, between frames; it is an input of the run. False if it
    /// knew, or has no storage.
    pub fn set_disk(&mut self, id: ModuleId, fault: Option<DiskFault>) -> bool {
        self.module_mut(id).is_some_and(|module| module.services.set_disk(fault))
    }

    /// The files of a module, if it can use files.
    pub fn storage(&self, id: ModuleId) -> Option<&Storage> {
        self.module(id)?.services.root.as_ref().map(|root| root.storage())
    }

    /// What late-bound calls of a module came to in the frame, in the order of the first call of each syscall.
    pub fn late_usage(&self, id: ModuleId) -> &[(Syscall, Usage)] {
        self.module(id).map_or(&[], |module| &module.caller.late)
    }

    /// The picture of a module, if it has one.
    pub fn surface(&self, id: ModuleId) -> Option<Surface<'_>> {
        self.module(id)?.services.gfx.as_ref().map(|gfx| gfx.surface())
    }

    /// Takes the lines that a module logged since they were last taken. They are no part of its state.
    pub fn take_log(&mut self, id: ModuleId) -> Vec<LogLine> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.log.take())
    }

    /// Takes the numbers that a module reported since they were last taken. They are no part of its state.
    pub fn take_counters(&mut self, id: ModuleId) -> Vec<Counter> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.telemetry.take())
    }

    pub(crate) fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)?.as_ref()
    }

    pub(crate) fn module_mut(&mut self, id: ModuleId) -> Option<&mut Module> {
        self.modules.get_mut(id.0 as usize)?.as_mut()
    }
}

#[cold]
fn not_loaded(id: ModuleId) -> Fault {
    Fault::Panic(format!("a call by module {}, which is not loaded", id.0))
}

/// A call that has ended.
struct Call<'c> {
    syscall: Syscall,
    verdict: Option<Verdict>,
    done: &'c Completed,
    fault: Option<&'c Fault>,
}

impl Module {
    /// What there is to do behind a call that was watched, brought others, or was not simply allowed.
    #[cold]
    fn settle(&mut self, call: &Call<'_>, guest: &dyn Guest, policy: &Policy, watch: &mut Watch) {
        self.caller.records.drain(..).for_each(|record| watch.called(record));
        if self.caller.watched {
            watch.called(self.record(call, guest));
        }
        self.caller.violate(call.verdict.unwrap_or(Verdict::Allow), policy);
        if call.done.status == Some(Status::Quarantined) {
            self.caller.custody = Custody::Quarantined;
            watch.tell(Some(self.caller.id), Lifecycle::Quarantined);
        }
        if self.caller.unsettled {
            self.caller.unsettled = false;
            self.compile(policy);
        }
    }

    /// What is told of a call. Its arguments are still there when it has returned.
    fn record(&self, call: &Call<'_>, guest: &dyn Guest) -> CallRecord {
        let cell = |(slot, ty): (usize, &SlotType)| match ty {
            SlotType::Handle => guest.arg_object(slot).0.into(),
            SlotType::I32 | SlotType::F32 => guest.arg(slot) & 0xffff_ffff,
            SlotType::I64 | SlotType::F64 => guest.arg(slot),
        };
        CallRecord {
            sequence: 0,
            frame: 0,
            module: self.caller.id,
            origin: self.caller.origin_id,
            syscall: Some(call.syscall),
            transport: Transport::Instruction,
            verdict: call.verdict,
            outcome: Outcome::new(call.done, call.fault),
            cycles: call.done.cycles,
            bytes: call.done.bytes,
            objects: call.done.objects,
            slots: call.syscall.info().param_slots.iter().enumerate().map(cell).collect(),
        }
    }
}
