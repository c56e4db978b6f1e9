//! What the assembler knows of syscalls.

use cartwheel_bytecode::{Signature, ValType};
use cartwheel_hostabi::{CATALOGUE, Capability, SlotType, resolve, retired};

/// A syscall as the assembler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyscallInfo {
    /// Canonical id, `domain.name@version`.
    pub id: String,
    /// Types of parameters and results.
    pub signature: Signature,
    /// Capability that a program which imports it has to declare, if any.
    pub capability: Option<String>,
}

/// Syscalls and capabilities that exist.
pub trait Catalogue {
    /// The syscall that a canonical id or an alias (`gfx.rect`, `gfx.rect.v1`) names.
    fn syscall(&self, id: &str) -> Option<SyscallInfo>;
    /// Canonical ids, for suggestions.
    fn ids(&self) -> Vec<String>;
    /// Names of capabilities.
    fn capabilities(&self) -> Vec<String>;
    /// What to use instead of an id that was taken out.
    fn retired(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }
}

/// The catalogue of the host interface.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCatalogue;

impl Catalogue for HostCatalogue {
    fn syscall(&self, id: &str) -> Option<SyscallInfo> {
        let row = resolve(id)?;
        let types = |slots: &[SlotType]| slots.iter().map(|slot| value_type(*slot)).collect();
        Some(SyscallInfo {
            id: row.id.to_owned(),
            signature: Signature { params: types(row.param_slots), results: types(row.result_slots) },
            capability: Some(row.capability.name().to_owned()),
        })
    }

    fn ids(&self) -> Vec<String> {
        CATALOGUE.iter().map(|row| row.id.to_owned()).collect()
    }

    fn capabilities(&self) -> Vec<String> {
        Capability::ALL.iter().map(|capability| capability.name().to_owned()).collect()
    }

    fn retired(&self, id: &str) -> Option<String> {
        retired(id).map(|entry| entry.note.to_owned())
    }
}

fn value_type(slot: SlotType) -> ValType {
    match slot {
        SlotType::I32 => ValType::I32,
        SlotType::I64 => ValType::I64,
        SlotType::F32 => ValType::F32,
        SlotType::F64 => ValType::F64,
        SlotType::Handle => ValType::Handle,
    }
}
