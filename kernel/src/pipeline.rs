//! The pipeline: what happens between a guest that wants a syscall and the service that does it.
//!
//! Ids, signatures and capabilities are checked once, when a module is loaded. What is left for a call is an
//! index into the module's bindings, validation of the arguments, the verdict, the handler, counting, and telling
//! the observers.

use std::sync::Arc;

use cartwheel_hostabi::{
    Capability, CapabilitySet, Completed, Fault, Guest, Ruling, Status, Syscall, SyscallTrap, Verdict,
    dispatch,
};

use crate::batch::Note;
use crate::builtin;
use crate::caller::Caller;
use crate::host::{DiskFault, Host};
use crate::lifecycle::Ending;
use crate::load::{LoadError, ModuleConfig, ModuleId, bind, mounts, wasm4_host};
use crate::modules::Modules;
use crate::net::Datagram;
use crate::observe::Observer;
use crate::policy::{Compiled, Custody, Policy, TrustLevel};
use crate::record::{Lifecycle, Outcome, Transport};
use crate::script::{Reading, Script};
use crate::services::gfx::Surface;
use crate::services::kernel::Memories;
use crate::services::log::LogLine;
use crate::services::telemetry::{Counter, FrameFigures, ZoneEvent};
use crate::services::wasm4::{HeldInput, Wasm4};
use crate::services::{Context, Services};
use crate::shared::Shared;
use crate::staged::Published;
use crate::storage::Storage;
use crate::usage::Usage;
use crate::watch::Watch;

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
    /// True if what the kernel as a whole has under the module's number is this module's, and not that of one which was taken
    /// out and could be put back.
    pub(crate) settled: bool,
}

impl Module {
    /// Brings what is cached of the policy up to date.
    pub(crate) fn compile(&mut self, policy: &Policy) {
        let who = self.caller.who();
        self.rules =
            self.bindings.iter().map(|binding| policy.compile(who, binding.syscall.info())).collect();
        for (binding, rule) in self.bindings.iter_mut().zip(&self.rules) {
            binding.free = rule.is_free() && !self.caller.is_scripted(binding.syscall);
        }
    }

    /// True if it can see what an origin remembers.
    pub(crate) fn sees_memory_of(&self, origin: &str) -> bool {
        self.services.host.is_some() && *self.caller.origin == *origin
    }
}

/// A module that was taken out of the kernel with all its state.
pub struct Detached(pub(crate) Box<Module>);

/// The host side of the boundary for all modules of a machine.
pub struct Kernel {
    pub(crate) modules: Modules,
    pub(crate) policy: Policy,
    pub(crate) memories: Memories,
    pub(crate) shared: Shared,
    pub(crate) watch: Watch,
    script: Option<Arc<Script>>,
    host: Host,
}

impl Default for Kernel {
    fn default() -> Kernel {
        Kernel {
            modules: Modules::default(),
            policy: Policy::built_in(),
            memories: Memories::new(),
            shared: Shared::default(),
            watch: Watch::default(),
            script: None,
            host: Host::default(),
        }
    }
}

impl Kernel {
    /// A kernel without modules.
    pub fn new() -> Self {
        Kernel::default()
    }

    /// Adds somebody who watches calls and modules.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) {
        self.watch.observe(observer);
        self.modules.iter_mut().for_each(|module| module.caller.watched = true);
    }

    /// Lets go of everybody who watches.
    pub fn stop_observing(&mut self) -> Vec<Box<dyn Observer + Send>> {
        self.modules.iter_mut().for_each(|module| module.caller.watched = false);
        self.watch.stop()
    }

    /// Sets the script of statuses for modules that are loaded from here on.
    pub fn set_script(&mut self, script: Option<Arc<Script>>) {
        self.script = script;
    }

    /// The script of statuses, if there is one.
    pub fn script(&self) -> Option<&Arc<Script>> {
        self.script.as_ref()
    }

    /// Tells the observers what happened to a module outside the kernel.
    pub fn tell(&mut self, module: ModuleId, what: Lifecycle) {
        match what {
            Lifecycle::Trapped => self.note_ending(module, Some(Ending::Trapped)),
            Lifecycle::Halted(code) => self.note_ending(module, Some(Ending::Halted(code))),
            _ => {}
        }
        self.watch.tell(Some(module), what);
    }

    /// Begins a frame of the machine, before those of its modules.
    pub fn open_frame(&mut self, frame: u64) {
        self.watch.open_frame(frame);
        self.shared.ports.deliver(frame);
        self.shared.completions.deliver(frame);
        self.shared.net.deliver();
        if self.script.is_some() {
            let readings = self.modules.iter_mut().filter_map(|module| module.caller.script.as_mut());
            readings.for_each(|reading| reading.frame = frame);
        }
    }

    /// Ends a frame of the machine, after those of its modules.
    pub fn close_frame(&mut self) {
        self.shared.ports.drain();
        self.watch.close_frame();
    }

    /// Takes a module in, with everything about it checked that can be checked before it runs.
    ///
    /// On failure nothing of it remains, and everything that is wrong is listed.
    pub fn load(&mut self, id: ModuleId, config: ModuleConfig<'_>) -> Result<(), Vec<LoadError>> {
        let mut errors = Vec::new();
        if self.module(id).is_some() {
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
        let wasm4 = declared.contains(Capability::Wasm4).then(|| wasm4_host(&config.assets)).transpose();
        let wasm4 = wasm4.unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let mounts = declared.contains(Capability::Kernel).then_some(mounts);
        let host = self.host.clone();
        let services =
            Services::new(declared, config.video, config.assets, mounts, &config.staged, host, wasm4);
        let level = config.level.unwrap_or(TrustLevel::Unverified);
        let mut caller = Caller::new(id, config.name, config.origin, level, declared, config.video.is_some());
        caller.watched = self.watch.is_watching();
        caller.max_modules = config.staged.max_modules;
        caller.quotas = config.quotas;
        self.shared.supervision.admit(id, caller.max_modules);
        caller.script = self.script.clone().map(Reading::new);
        let settled = !self.shared.has(id);
        let mut module = Module { bindings, rules: Vec::new(), services, caller, settled };
        module.compile(&self.policy);
        self.modules.insert(Box::new(module));
        if settled {
            self.shared.admit(id, config.quotas, declared.contains(Capability::Port));
        }
        let (name, origin) = (config.name.to_owned(), config.origin.to_owned());
        self.watch.tell(Some(id), Lifecycle::Loaded { name, origin });
        Ok(())
    }

    /// Lets go of a module and of everything that the kernel has of it. What its origin remembers (`kernel.memory`) goes with
    /// the last module that can see it: it is saved with such a module, and what no saved state has must not influence a later
    /// frame.
    pub fn unload(&mut self, id: ModuleId) {
        self.forget_child(id);
        self.shared.supervision.dismiss(id);
        if let Some(module) = self.modules.remove(id) {
            if module.settled {
                self.shared.forget(id);
            }
            self.forget_memory(&module.caller.origin);
            self.watch.tell(Some(id), Lifecycle::Unloaded);
        }
    }

    /// An origin that nobody is there of remembers nothing: what nobody can see is no state.
    pub(crate) fn forget_memory(&mut self, origin: &str) {
        if !self.modules.iter().any(|module| module.sees_memory_of(origin)) {
            self.memories.remove(origin);
        }
    }

    /// True if there is a module of this number.
    pub fn is_loaded(&self, id: ModuleId) -> bool {
        self.module(id).is_some()
    }

    /// Takes a module out with all its state, to be put back or dropped: nobody is told, and its origin remembers.
    pub fn detach(&mut self, id: ModuleId) -> Option<Detached> {
        self.shared.supervision.dismiss(id);
        self.modules.remove(id).map(Detached)
    }

    /// Puts a module back that was taken out. Its number must be free.
    pub fn attach(&mut self, module: Detached) {
        let caller = &module.0.caller;
        self.shared.supervision.admit(caller.id, caller.max_modules);
        self.modules.insert(module.0);
    }

    /// Drops a module that was taken out, in whose place there is another one. What its origin remembers stays as long as somebody
    /// is there who can see it.
    pub fn discard(&mut self, module: Detached) {
        self.forget_memory(&module.0.caller.origin);
    }

    /// Begins ports, completions and addresses anew for a module that has taken the place of another: those at the other ends
    /// find them closed.
    pub fn renew(&mut self, id: ModuleId) {
        self.shared.forget(id);
        let Some(module) = self.modules.get_mut(id) else { return };
        module.settled = true;
        let has_ports = module.caller.declared.contains(Capability::Port);
        self.shared.admit(id, module.caller.quotas, has_ports);
    }

    /// Drops a module that was taken out, for good.
    pub fn drop_detached(&mut self, module: Detached) {
        let id = module.0.caller.id;
        self.discard(module);
        self.watch.tell(Some(id), Lifecycle::Unloaded);
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
        self.call_by(Transport::Instruction, id, import, guest)
    }

    /// Makes a call that the host wants itself, in the name of a module and as one of its imports.
    pub(crate) fn call_from_host<G: Guest>(
        &mut self,
        id: ModuleId,
        import: u32,
        guest: &mut G,
    ) -> Result<Option<Status>, Fault> {
        let calling = |kernel: &mut Self, calls| {
            if let Some(module) = kernel.module_mut(id) {
                module.caller.host_calls = calls;
            }
        };
        calling(self, true);
        let result = self.call_by(Transport::Host, id, import, guest);
        calling(self, false);
        self.watch.flush();
        result
    }

    #[inline(always)] // so that the transport is a constant
    fn call_by<G: Guest>(
        &mut self,
        transport: Transport,
        id: ModuleId,
        import: u32,
        guest: &mut G,
    ) -> Result<Option<Status>, Fault> {
        let Some(module) = self.modules.get_mut(id) else {
            self.watch.flush();
            return Err(not_loaded(id));
        };
        let Some(binding) = module.bindings.get_mut(import as usize) else {
            return Err(SyscallTrap::InvalidIndex.into());
        };
        let Binding { syscall, free, .. } = *binding;
        let (mut done, mut verdict) = (Completed::default(), None);
        let scripted = if free { Ruling::Run } else { module.caller.scripted(syscall) };
        let mut context = Context {
            services: &mut module.services,
            caller: &mut module.caller,
            policy: &self.policy,
            memories: &mut self.memories,
            shared: &mut self.shared,
        };
        let result = if free {
            dispatch(syscall, &mut context, guest, &mut done, |_| Ruling::Run)
        } else {
            let rule = &module.rules[import as usize];
            dispatch_judged(syscall, &mut context, guest, &mut done, rule, scripted, &mut verdict)
        };
        // Of what the host calls, the transport is a constant.
        let hosted = matches!(transport, Transport::Host);
        let usage = if hosted { &mut module.caller.hosted } else { &mut binding.usage };
        usage.add(&done);
        let watched = module.caller.watched;
        if !free || module.caller.unsettled || (watched && result.is_err()) {
            let fault = result.as_ref().err().map(|fault| &**fault);
            if free && !matches!(fault, Some(Fault::Trap(_)) if syscall.info().invalid_param(guest).is_some())
            {
                verdict = Some(Verdict::Allow);
            }
            let call = Call { transport, syscall, verdict, done: &done, fault };
            module.settle(&call, guest, &self.policy, &mut self.watch);
        } else if watched {
            let note = Note::new(id, module.caller.origin_id, Some(syscall), transport);
            let note = note.done(Some(Verdict::Allow), Outcome::new(&done, None), &done);
            self.watch.called(note, guest);
        }
        match result {
            Ok(()) => Ok(done.status),
            Err(fault) => Err(*fault),
        }
    }

    /// Begins a frame of a module: staged work that is due is published, and what its calls come to is counted from
    /// zero.
    pub fn begin_frame(&mut self, id: ModuleId) {
        if let Some(module) = self.modules.get_mut(id) {
            module.bindings.iter_mut().for_each(|binding| binding.usage = Usage::default());
            module.services.begin_frame();
            let services = &mut module.services;
            self.shared.ports.settle(id.0, |request, kind| builtin::settled(services, request, kind));
            module.caller.late.clear();
            module.caller.hosted = Usage::default();
        }
    }

    /// Writes what a module's host has in its memory before anything else is there.
    pub fn prepare_memory(&self, id: ModuleId, memory: &mut [u8]) {
        if self.module(id).is_some_and(|module| module.services.wasm4.is_some()) {
            Wasm4::prepare(memory);
        }
    }

    /// Tells a module's host that the guest is about to begin an update, which is when it may change its memory.
    #[inline]
    pub fn begin_update<G: Guest>(&mut self, id: ModuleId, guest: &mut G, input: &HeldInput) {
        if let Some(wasm4) = self.module_mut(id).and_then(|module| module.services.wasm4.as_mut()) {
            wasm4.begin_update(guest.memory_mut(), input);
        }
    }

    /// Shows a module's host the memory of a guest that is between two updates at the end of a frame.
    #[inline]
    pub fn present(&mut self, id: ModuleId, memory: &[u8]) {
        if let Some(wasm4) = self.module_mut(id).and_then(|module| module.services.wasm4.as_mut()) {
            wasm4.present(memory);
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

    /// Takes the datagrams to other machines since they were last taken. They are no part of the state.
    pub fn take_datagrams(&mut self) -> Vec<Datagram> {
        self.shared.net.take_outgoing()
    }

    /// Takes in a datagram from another machine; it is there in the frame that begins. False if nobody gets it.
    pub fn arrive(&mut self, datagram: Datagram) -> bool {
        self.shared.net.arrive(datagram, &self.shared.quotas)
    }

    /// Turns the cache of the kernel's completers off or on; it is on at first, and nothing but time can tell. Gives how often
    /// it has answered since.
    pub fn set_completion_cache(&mut self, on: bool) -> u64 {
        self.shared.completions.set_cache(on)
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

    /// What a module was told of the disk behind its storage.
    pub fn disk(&self, id: ModuleId) -> Option<DiskFault> {
        self.module(id)?.services.root.as_ref().and_then(|root| root.disk())
    }

    /// The files of a module, if it can use files.
    pub fn storage(&self, id: ModuleId) -> Option<&Storage> {
        self.module(id)?.services.root.as_ref().map(|root| root.storage())
    }

    /// What calls of the host in the name of a module came to since its frame began. They are no part of its own usage.
    pub fn host_usage(&self, id: ModuleId) -> Usage {
        self.module(id).map_or_else(Usage::default, |module| module.caller.hosted)
    }

    /// What late-bound calls of a module came to in the frame, in the order of the first call of each syscall.
    pub fn late_usage(&self, id: ModuleId) -> &[(Syscall, Usage)] {
        self.module(id).map_or(&[], |module| &module.caller.late)
    }

    /// The picture of a module, if it has one.
    pub fn surface(&self, id: ModuleId) -> Option<Surface<'_>> {
        self.module(id)?.services.surface()
    }

    /// What a module sounds like in the last frame, if it can: left and right in turns, 44,100 of each a second, 735 in a
    /// frame. They are no part of its state; after [`Kernel::restore`] they are silence. A WASM-4 game sounds like one.
    pub fn audio(&self, id: ModuleId) -> Option<&[i16]> {
        let services = &self.module(id)?.services;
        let game = services.wasm4.as_ref().map(Wasm4::samples);
        game.or_else(|| services.sound.as_ref().map(|sound| sound.samples()))
    }

    /// Takes the lines that a module logged since they were last taken. They are no part of its state.
    pub fn take_log(&mut self, id: ModuleId) -> Vec<LogLine> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.log.take())
    }

    /// Takes the numbers that a module reported since they were last taken. They are no part of its state.
    pub fn take_counters(&mut self, id: ModuleId) -> Vec<Counter> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.telemetry.take())
    }

    /// Takes the beginnings and ends of zones of a module since they were last taken. They are no part of its state.
    pub fn take_zone_events(&mut self, id: ModuleId) -> Vec<ZoneEvent> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.telemetry.take_zone_events())
    }

    /// Staged work of a module whose results came with the frame that was begun last, in the order of issue.
    pub fn published(&self, id: ModuleId) -> &[Published] {
        self.module(id).map_or(&[], |module| module.services.requests.published())
    }

    /// Names of the zones that a module has open, outermost first.
    pub fn zones(&self, id: ModuleId) -> &[String] {
        self.module(id).map_or(&[], |module| module.services.telemetry.zones())
    }

    pub(crate) fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id)
    }

    pub(crate) fn module_mut(&mut self, id: ModuleId) -> Option<&mut Module> {
        self.modules.get_mut(id)
    }
}

#[cold]
fn not_loaded(id: ModuleId) -> Fault {
    Fault::Panic(format!("a call by module {}, which is not loaded", id.0))
}

/// A call that is not simply allowed. Apart, so that one that is does not pay for the question.
#[cold]
#[inline(never)]
fn dispatch_judged<G: Guest>(
    syscall: Syscall,
    context: &mut Context<'_>,
    guest: &mut G,
    done: &mut Completed,
    rule: &Compiled,
    scripted: Ruling,
    verdict: &mut Option<Verdict>,
) -> Result<(), Box<Fault>> {
    dispatch(syscall, context, guest, done, |guest| {
        let (decided, effective) = rule.judge(guest);
        *verdict = Some(decided);
        if effective == Verdict::Allow { scripted } else { effective.into() }
    })
}

/// A call that has ended.
struct Call<'c> {
    transport: Transport,
    syscall: Syscall,
    verdict: Option<Verdict>,
    done: &'c Completed,
    fault: Option<&'c Fault>,
}

impl Module {
    /// What there is to do behind a call that was watched, brought others, or is not simply allowed.
    #[cold]
    fn settle<G: Guest>(&mut self, call: &Call<'_>, guest: &G, policy: &Policy, watch: &mut Watch) {
        watch.take_over(&mut self.caller.records);
        if self.caller.watched {
            let note = Note::new(self.caller.id, self.caller.origin_id, Some(call.syscall), call.transport);
            let note = note.done(call.verdict, Outcome::new(call.done, call.fault), call.done);
            // Its arguments are still there when it has returned.
            watch.called(note.stopped_by(guest), guest);
        }
        if matches!(call.fault, Some(Fault::Panic(_))) {
            watch.flush();
        }
        self.caller.violate(call.verdict.unwrap_or(Verdict::Allow), policy);
        if call.done.status == Some(Status::Quarantined)
            && !self.caller.host_calls
            && matches!(self.caller.custody, Custody::Free | Custody::Stopping)
        {
            self.caller.custody = Custody::Quarantined;
            watch.tell(Some(self.caller.id), Lifecycle::Quarantined);
        }
        if self.caller.outdated {
            self.caller.outdated = false;
            self.compile(policy);
        }
        self.caller.unsettled = false;
    }
}
