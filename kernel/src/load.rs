//! From what a module is to what the kernel serves: everything that can be checked before it runs.

use std::fmt;

use cartwheel_hostabi::{
    Capability, CapabilitySet, RetiredId, SignatureError, SlotType, SyscallInfo, resolve, retired,
};

use crate::policy::TrustLevel;
use crate::quotas::Quotas;
use crate::services::asset::Asset;
use crate::services::gfx::{MAX_HEIGHT, MAX_WIDTH, VideoMode};
use crate::services::kernel::Mount;
use crate::services::wasm4::{WASM4_FONT_ASSET, WASM4_FONT_BYTES, Wasm4};
use crate::storage::Storage;

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
    /// Name for people and policies.
    pub name: &'a str,
    /// Where it comes from: what policies know it by, and whose `kernel.memory` it shares.
    pub origin: &'a str,
    /// How far it is trusted to begin with.
    pub level: Option<TrustLevel>,
    /// Where names lead that it resolves, with one for `/`; the default ones if there are none.
    pub mounts: Vec<Mount>,
    /// Names of the declared capabilities.
    pub capabilities: Vec<&'a str>,
    /// Imports in the order of their indices.
    pub imports: Vec<Import<'a>>,
    /// Size of the surface, if the module has one.
    pub video: Option<VideoMode>,
    /// Assets, sorted by name.
    pub assets: Vec<Asset>,
    /// Storage and staged work.
    pub staged: StagedConfig,
    /// Quotas, if they are not those of the kernel.
    pub quotas: Option<Quotas>,
}

/// What a module has of storage and staged work.
#[derive(Clone, Debug)]
pub struct StagedConfig {
    /// Files that it starts with; their quota is the module's.
    pub storage: Storage,
    /// True if it cannot change its files.
    pub read_only: bool,
    /// Requests that can be open at a time.
    pub max_requests: u32,
    /// Frames from a request to its result; at least 1.
    pub latency_frames: u32,
    /// Modules that it can have loaded at a time, those that they loaded included.
    pub max_modules: u32,
    /// True if the module loads its assets itself: then none is there before it was requested.
    pub assets_on_request: bool,
}

/// Bytes of storage of a module, unless its machine is configured otherwise.
pub const DEFAULT_STORAGE_BYTES: u64 = 1 << 20;
/// Requests that a module can have open, unless its machine is configured otherwise.
pub const DEFAULT_MAX_REQUESTS: u32 = 16;
/// Modules that a module can have loaded, unless its machine is configured otherwise.
pub const DEFAULT_MAX_MODULES: u32 = 64;

impl Default for StagedConfig {
    fn default() -> StagedConfig {
        StagedConfig {
            storage: Storage::new(DEFAULT_STORAGE_BYTES),
            read_only: false,
            max_requests: DEFAULT_MAX_REQUESTS,
            latency_frames: 1,
            max_modules: DEFAULT_MAX_MODULES,
            assets_on_request: false,
        }
    }
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
    /// A mount's prefix is no path in its shortest form, or there are two for one prefix.
    Mount(String),
    /// There are mounts, and none for `/`.
    NoRootMount,
    /// The policy could never let an import run.
    Policy {
        /// Canonical id.
        id: &'static str,
        /// Why, in words.
        reason: String,
    },
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
            LoadError::Mount(prefix) => write!(f, "a name cannot be mounted at `{prefix}`"),
            LoadError::NoRootMount => f.write_str("there are mounts, and none of them for `/`"),
            LoadError::Policy { id, reason } => write!(f, "the policy never lets `{id}` run: {reason}"),
            LoadError::Wasm4Font(len) => {
                write!(f, "asset `{WASM4_FONT_ASSET}` has {len} bytes; a font has {WASM4_FONT_BYTES}")
            }
            LoadError::NoVideoMode(id) => write!(f, "`{id}` needs a video mode, which is not declared"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Finds the row of an import and checks that the program may and can call it.
pub(crate) fn bind(
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
    // The disk's rows of WASM-4 have another capability, and yet nobody but its host behind them.
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

/// The mounts of a module, or what is wrong with them.
pub(crate) fn mounts(named: Vec<Mount>, errors: &mut Vec<LoadError>) -> Vec<Mount> {
    if named.is_empty() {
        return Mount::defaults();
    }
    for (i, mount) in named.iter().enumerate() {
        if !mount.is_valid() || named[..i].iter().any(|other| other.prefix == mount.prefix) {
            errors.push(LoadError::Mount(mount.prefix.clone()));
        }
    }
    if !named.iter().any(|mount| mount.prefix == "/") {
        errors.push(LoadError::NoRootMount);
    }
    named
}

/// The host of a WASM-4 game, with the font that the cartridge may bring.
pub(crate) fn wasm4_host(assets: &[Asset]) -> Result<Wasm4, LoadError> {
    let font = assets.iter().find(|asset| asset.name == WASM4_FONT_ASSET);
    let Some(bytes) = font.and_then(|asset| asset.bytes.as_deref()) else { return Ok(Wasm4::new(None)) };
    let font = bytes.try_into().map_err(|_| LoadError::Wasm4Font(bytes.len()))?;
    Ok(Wasm4::new(Some(font)))
}
