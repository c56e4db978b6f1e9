//! The pipeline: what happens between a guest that wants a syscall and the service that does it.
//!
//! Ids, signatures and capabilities are checked once, when a module is loaded. What is left for a call is an
//! index into the module's bindings, validation of the arguments, the verdict, the handler, counting, and telling
//! the observers.

use cartwheel_hostabi::{
    Capability, CapabilitySet, Completed, Fault, Guest, SlotType, Status, Syscall, SyscallTrap, Verdict,
    dispatch,
};

use xxhash_rust::xxh3::xxh3_64;

use crate::codec::RestoreError;
use crate::load::{LoadError, ModuleConfig, ModuleId, bind};
use crate::observe::Observer;
use crate::record::{CallRecord, Lifecycle, LifecycleEvent, OriginId, Outcome, Transport};
use crate::services::gfx::Surface;
use crate::services::log::LogLine;
use crate::services::telemetry::{Counter, FrameFigures, ZoneEvent};
use crate::services::{Context, Services};
use crate::usage::Usage;

/// An import of a loaded module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it is bound to.
    pub syscall: Syscall,
    /// What its calls came to in this frame, or after the end of a frame in that one.
    pub usage: Usage,
}

/// A module as the kernel knows it.
struct Module {
    bindings: Vec<Binding>,
    services: Services,
    origin: OriginId,
}

/// The host side of the boundary for all modules of a machine.
#[derive(Default)]
pub struct Kernel {
    modules: Vec<Option<Module>>,
    watch: Watch,
}

/// Who watches, and what they are told besides the call itself.
#[derive(Default)]
struct Watch {
    observers: Vec<Box<dyn Observer + Send>>,
    /// Number of the next call that is told.
    sequence: u64,
    /// Number of the frame that runs, or is the next one.
    frame: u64,
}

impl Watch {
    fn called(&mut self, mut record: CallRecord) {
        record.sequence = self.sequence;
        record.frame = self.frame;
        self.sequence += 1;
        self.observers.iter_mut().for_each(|observer| observer.called(&record));
    }

    fn tell(&mut self, module: Option<ModuleId>, what: Lifecycle) {
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
    }

    /// Lets go of everybody who watches.
    pub fn stop_observing(&mut self) -> Vec<Box<dyn Observer + Send>> {
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
                Ok(row) => bindings.push(Binding { syscall: row.syscall, usage: Usage::default() }),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let services = Services::new(config.video, config.assets);
        if self.modules.len() <= index {
            self.modules.resize_with(index + 1, || None);
        }
        let origin = OriginId(xxh3_64(config.origin.as_bytes()));
        self.modules[index] = Some(Module { bindings, services, origin });
        let (name, origin) = (config.name.to_owned(), config.origin.to_owned());
        self.watch.tell(Some(id), Lifecycle::Loaded { name, origin });
        Ok(())
    }

    /// Lets go of a module and of everything that the kernel has of it.
    pub fn unload(&mut self, id: ModuleId) {
        if self.modules.get_mut(id.0 as usize).and_then(Option::take).is_some() {
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
        let mut done = Completed::default();
        let mut verdict = None;
        let mut context = Context { services: &mut module.services };
        let result = dispatch(binding.syscall, &mut context, guest, &mut done, |_| {
            verdict = Some(Verdict::Allow);
            Verdict::Allow
        });
        binding.usage.add(&done);
        if !self.watch.observers.is_empty() {
            let (syscall, origin) = (binding.syscall, module.origin);
            let outcome = Outcome::new(&done, result.as_ref().err());
            let record = CallRecord { verdict, outcome, ..record(id, origin, syscall, &done, guest) };
            self.watch.called(record);
        }
        result.map(|()| done.status)
    }

    /// Begins a frame of a module: what its calls come to is counted from zero.
    pub fn begin_frame(&mut self, id: ModuleId) {
        if let Some(module) = self.module_mut(id) {
            module.bindings.iter_mut().for_each(|binding| binding.usage = Usage::default());
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
        total
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

    /// Takes the beginnings and ends of zones of a module since they were last taken. They are no part of its state.
    pub fn take_zone_events(&mut self, id: ModuleId) -> Vec<ZoneEvent> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.telemetry.take_zone_events())
    }

    /// Names of the zones that a module has open, outermost first.
    pub fn zones(&self, id: ModuleId) -> &[String] {
        self.module(id).map_or(&[], |module| module.services.telemetry.zones())
    }

    /// Appends everything that can influence a later call of a module, as portable bytes.
    pub fn save(&self, id: ModuleId, out: &mut Vec<u8>) {
        if let Some(module) = self.module(id) {
            module.services.save(out);
        }
    }

    /// Puts a module back into a saved state. On failure it stays as it was.
    pub fn restore(&mut self, id: ModuleId, bytes: &[u8]) -> Result<(), RestoreError> {
        self.module_mut(id).ok_or(RestoreError::NoSuchModule)?.services.restore(bytes)
    }

    /// Hashes of what [`Kernel::save`] saves, by component in a fixed order.
    pub fn hashes(&self, id: ModuleId) -> impl Iterator<Item = (&'static str, u128)> {
        self.module(id).into_iter().flat_map(|module| module.services.hashes())
    }

    fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)?.as_ref()
    }

    fn module_mut(&mut self, id: ModuleId) -> Option<&mut Module> {
        self.modules.get_mut(id.0 as usize)?.as_mut()
    }
}

#[cold]
fn not_loaded(id: ModuleId) -> Fault {
    Fault::Panic(format!("a call by module {}, which is not loaded", id.0))
}

/// What can be told of a call without knowing how it went. Arguments are still there when it has returned.
fn record(
    module: ModuleId,
    origin: OriginId,
    syscall: Syscall,
    done: &Completed,
    guest: &dyn Guest,
) -> CallRecord {
    let cell = |(slot, ty): (usize, &SlotType)| match ty {
        SlotType::Handle => guest.arg_object(slot).0.into(),
        SlotType::I32 | SlotType::F32 => guest.arg(slot) & 0xffff_ffff,
        SlotType::I64 | SlotType::F64 => guest.arg(slot),
    };
    CallRecord {
        sequence: 0,
        frame: 0,
        module,
        origin,
        syscall: Some(syscall),
        transport: Transport::Instruction,
        verdict: None,
        outcome: Outcome::Done,
        cycles: done.cycles,
        bytes: done.bytes,
        objects: done.objects,
        slots: syscall.info().param_slots.iter().enumerate().map(cell).collect(),
    }
}
