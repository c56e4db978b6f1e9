//! Host profiles: what imports of a module mean where they are not Cartwheel's own.

use cartwheel_bytecode::ValType;
use cartwheel_bytecode::cartridge::{MemoryDef, TableDef, VideoMode};
use wasmparser::Import;

use super::wasm4;

/// What a family of modules expects of its host.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// Name, for messages.
    pub name: &'a str,
    /// Longest module in bytes, if that is limited.
    pub max_bytes: Option<usize>,
    /// A capability that every module needs, whatever it imports.
    pub capability: Option<&'a str>,
    /// Functions under names of the profile's own. What is not among them is looked up in the catalogue as
    /// `module.field`.
    pub functions: &'a [HostFunction<'a>],
    /// True if functions can be imported with fewer parameters than they have; those that are missing are 0.
    pub fewer_params: bool,
    /// Globals that can be imported.
    pub globals: &'a [HostGlobal<'a>],
    /// Tables that can be imported.
    pub tables: &'a [HostTable<'a>],
    /// The memory that can be imported; without it a module gets the memory that it asks for, under whatever name.
    pub memory: Option<HostMemory<'a>>,
    /// The memory whatever the module says, be it imported or its own. `memory.grow` always gives -1 then.
    pub fixed_memory: Option<MemoryDef>,
    /// What lies in memory before the module's own data.
    pub data: &'a [(u32, &'a [u8])],
    /// Exported functions that are called once before the entry, if they are there, in this order.
    pub starts: &'a [&'a str],
    /// Exported functions of which the first that is there runs on, if nothing is called in every frame.
    pub mains: &'a [&'a str],
    /// Screen of a module without a manifest, if it draws.
    pub video: Option<VideoMode>,
    /// Cycles per frame of a module without a manifest.
    pub cycles_per_frame: u64,
}

/// A function of a host profile.
#[derive(Clone, Copy, Debug)]
pub struct HostFunction<'a> {
    /// Module of the import.
    pub module: &'a str,
    /// Name of the import.
    pub field: &'a str,
    /// Canonical id of the syscall.
    pub id: &'a str,
}

/// A global of a host profile.
#[derive(Clone, Copy, Debug)]
pub struct HostGlobal<'a> {
    /// Module of the import.
    pub module: &'a str,
    /// Name of the import.
    pub field: &'a str,
    /// Type.
    pub ty: ValType,
    /// True if the module can change it.
    pub mutable: bool,
    /// Start value: the bits of its cell.
    pub cell: u64,
}

/// A table of a host profile.
#[derive(Clone, Copy, Debug)]
pub struct HostTable<'a> {
    /// Module of the import.
    pub module: &'a str,
    /// Name of the import.
    pub field: &'a str,
    /// The table.
    pub def: TableDef,
}

/// The memory of a host profile.
#[derive(Clone, Copy, Debug)]
pub struct HostMemory<'a> {
    /// Module of the import.
    pub module: &'a str,
    /// Name of the import.
    pub field: &'a str,
    /// The memory.
    pub def: MemoryDef,
}

/// Cartwheel's own profile: functions are those of the catalogue, and a memory can be imported.
pub static CARTWHEEL: Profile<'static> = Profile {
    name: "cartwheel",
    max_bytes: None,
    capability: None,
    functions: &[],
    fewer_params: false,
    globals: &[],
    tables: &[],
    memory: None,
    fixed_memory: None,
    data: &[],
    starts: &["_initialize", "_start", "start"],
    mains: &["main", "_start"],
    video: Some(VideoMode { width: 320, height: 180 }),
    cycles_per_frame: cartwheel_bytecode::cartridge::DEFAULT_CYCLES_PER_FRAME,
};

/// The profile of a module, by its imports.
pub(super) fn detect(imports: &[Import<'_>]) -> &'static Profile<'static> {
    if wasm4::is_game(imports) { &wasm4::WASM4 } else { &CARTWHEEL }
}
