//! From what a module is to what the kernel serves: everything that can be checked before it runs.

use std::fmt;

use cartwheel_hostabi::{
    Capability, CapabilitySet, RetiredId, SignatureError, SlotType, SyscallInfo, resolve, retired,
};

use crate::services::asset::Asset;
use crate::services::gfx::{MAX_HEIGHT, MAX_WIDTH, VideoMode};

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
    if !declared.contains(row.capability) {
        return Err(LoadError::NotDeclared { id: row.id, capability: row.capability });
    }
    row.check_signature(import.params, import.results).map_err(LoadError::Signature)?;
    if row.capability == Capability::Gfx && !video {
        return Err(LoadError::NoVideoMode(row.id));
    }
    Ok(row)
}
