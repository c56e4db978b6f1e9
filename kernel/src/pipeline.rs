//! The pipeline: what happens between a guest that wants a syscall and the service that does it.
//!
//! Ids, signatures and capabilities are checked once, when a module is loaded. What is left for a call is an
//! index into the module's bindings, validation of the arguments, the handler, and counting.

use std::fmt;

use cartwheel_hostabi::{
    Capability, CapabilitySet, Completed, Fault, Guest, RetiredId, SignatureError, SlotType, Status, Syscall,
    SyscallInfo, SyscallTrap, dispatch, resolve, retired,
};

use crate::codec::RestoreError;
use crate::observe::{CallEvent, Observer};
use crate::services::asset::Asset;
use crate::services::gfx::{MAX_HEIGHT, MAX_WIDTH, Surface, VideoMode};
use crate::services::log::LogLine;
use crate::services::telemetry::{Counter, FrameFigures};
use crate::services::wasm4::{HeldInput, WASM4_FONT_ASSET, WASM4_FONT_BYTES, Wasm4};
use crate::services::{Context, Services};
use crate::usage::Usage;

/// Number of a module, given by whoever loads it; the same as in [`cartwheel_hostabi::RootId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A syscall that a program wants, as it wants to call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import<'a> {
    /// Id in any of its forms.
    pub id: &'a str,
    /// Types of the parameters' slots.
    pub params: &'a [SlotType],
    /// Types of the results' slots.
    pub results: &'a [SlotType],
}

/// What the kernel has to know of a module to serve it.
#[derive(Clone, Debug, Default)]
pub struct ModuleConfig<'a> {
    /// Names of the declared capabilities.
    pub capabilities: Vec<&'a str>,
    /// Imports in the order of their indices.
    pub imports: Vec<Import<'a>>,
    /// Size of the surface, if the module has one.
    pub video: Option<VideoMode>,
    /// Assets, sorted by name.
    pub assets: Vec<Asset>,
}

/// Why a module cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// Another module has the number.
    NumberInUse(ModuleId),
    /// A declared capability does not exist here.
    UnknownCapability(String),
    /// The surface is too small or too large.
    VideoMode(VideoMode),
    /// Assets are not in ascending order of their names.
    AssetOrder(String),
    /// An imported id names nothing.
    UnknownSyscall(String),
    /// An imported id names nothing any more.
    Retired(RetiredId),
    /// The capability of an import was not declared.
    NotDeclared {
        /// Canonical id.
        id: &'static str,
        /// The capability that is missing.
        capability: Capability,
    },
    /// An import has other slots than its syscall.
    Signature(SignatureError),
    /// An import draws, and there is no surface.
    NoVideoMode(&'static str),
    /// The font that the cartridge brings for WASM-4 has so many bytes, which are not those of a font.
    Wasm4Font(usize),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NumberInUse(module) => write!(f, "there is a module {} already", module.0),
            LoadError::UnknownCapability(name) => write!(f, "no capability is called `{name}`"),
            LoadError::VideoMode(VideoMode { width, height }) => {
                write!(f, "video mode {width}x{height} is not within 1x1 and {MAX_WIDTH}x{MAX_HEIGHT}")
            }
            LoadError::AssetOrder(name) => write!(f, "asset `{name}` is out of order"),
            LoadError::UnknownSyscall(id) => write!(f, "no syscall is called `{id}`"),
            LoadError::Retired(RetiredId { id, note }) => write!(f, "`{id}` is retired: {note}"),
            LoadError::NotDeclared { id, capability } => {
                write!(f, "`{id}` needs the capability `{capability}`, which is not declared")
            }
            LoadError::Signature(error) => error.fmt(f),
            LoadError::Wasm4Font(len) => {
                write!(f, "asset `{WASM4_FONT_ASSET}` has {len} bytes; a font has {WASM4_FONT_BYTES}")
            }
            LoadError::NoVideoMode(id) => write!(f, "`{id}` needs a video mode, which is not declared"),
        }
    }
}

impl std::error::Error for LoadError {}

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
}

/// The host side of the boundary for all modules of a machine.
#[derive(Default)]
pub struct Kernel {
    modules: Vec<Option<Module>>,
    observer: Option<Box<dyn Observer + Send>>,
}

impl Kernel {
    /// A kernel without modules.
    pub fn new() -> Self {
        Kernel::default()
    }

    /// Sets who watches the calls.
    pub fn observe(&mut self, observer: Option<Box<dyn Observer + Send>>) {
        self.observer = observer;
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
        let wasm4 = declared.contains(Capability::Wasm4).then(|| wasm4(&config.assets)).transpose();
        let wasm4 = wasm4.unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let services = Services::new(config.video, config.assets, wasm4);
        if self.modules.len() <= index {
            self.modules.resize_with(index + 1, || None);
        }
        self.modules[index] = Some(Module { bindings, services });
        Ok(())
    }

    /// Lets go of a module and of everything that the kernel has of it.
    pub fn unload(&mut self, id: ModuleId) {
        if let Some(module) = self.modules.get_mut(id.0 as usize) {
            *module = None;
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
        let result =
            dispatch(binding.syscall, &mut Context { services: &mut module.services }, guest, &mut done);
        binding.usage.add(&done);
        if let Some(observer) = &mut self.observer {
            let fault = result.as_ref().err();
            observer.called(&CallEvent { module: id, syscall: binding.syscall, done, fault });
        }
        result.map(|()| done.status)
    }

    /// Begins a frame of a module: what its calls come to is counted from zero.
    pub fn begin_frame(&mut self, id: ModuleId) {
        if let Some(module) = self.module_mut(id) {
            module.bindings.iter_mut().for_each(|binding| binding.usage = Usage::default());
            if let Some(wasm4) = &mut module.services.wasm4 {
                wasm4.begin_frame();
            }
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
        total
    }

    /// The picture of a module, if it has one.
    pub fn surface(&self, id: ModuleId) -> Option<Surface<'_>> {
        self.module(id)?.services.surface()
    }

    /// What a module sounded like in the last frame: left and right samples in turns, at 44,100 Hz; `None` if it has no
    /// sound.
    pub fn audio(&self, id: ModuleId) -> Option<&[i16]> {
        self.module(id)?.services.wasm4.as_ref().map(Wasm4::samples)
    }

    /// Takes the lines that a module logged since they were last taken. They are no part of its state.
    pub fn take_log(&mut self, id: ModuleId) -> Vec<LogLine> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.log.take())
    }

    /// Takes the numbers that a module reported since they were last taken. They are no part of its state.
    pub fn take_counters(&mut self, id: ModuleId) -> Vec<Counter> {
        self.module_mut(id).map_or_else(Vec::new, |module| module.services.telemetry.take())
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

/// Finds the row of an import and checks that the program may and can call it.
fn bind(
    import: &Import<'_>,
    declared: CapabilitySet,
    video: bool,
) -> Result<&'static SyscallInfo, LoadError> {
    let Some(row) = resolve(import.id) else {
        return Err(match retired(import.id) {
            Some(&entry) => LoadError::Retired(entry),
            None => LoadError::UnknownSyscall(import.id.to_owned()),
        });
    };
    // The disk's rows have another capability, and yet nobody but WASM-4's host behind them.
    let host = row.foreign_profile().map(|_| Capability::Wasm4);
    for capability in [Some(row.capability), host].into_iter().flatten() {
        if !declared.contains(capability) {
            return Err(LoadError::NotDeclared { id: row.id, capability });
        }
    }
    row.check_signature(import.params, import.results).map_err(LoadError::Signature)?;
    if row.capability == Capability::Gfx && !video {
        return Err(LoadError::NoVideoMode(row.id));
    }
    Ok(row)
}

/// The host of a WASM-4 game, with the font that the cartridge may bring.
fn wasm4(assets: &[Asset]) -> Result<Wasm4, LoadError> {
    let font = assets.iter().find(|asset| asset.name == WASM4_FONT_ASSET);
    let Some(bytes) = font.and_then(|asset| asset.bytes.as_deref()) else { return Ok(Wasm4::new(None)) };
    let font = bytes.try_into().map_err(|_| LoadError::Wasm4Font(bytes.len()))?;
    Ok(Wasm4::new(Some(font)))
}
