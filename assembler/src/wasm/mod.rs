//! From WebAssembly modules to cartridges, ahead of time.
//!
//! `module` reads the sections and makes of each the part of a cartridge that it is; `imports` says what imported
//! things are, with the help of a `profile`; `function` translates a body in one pass with the operand stack of `stack`
//! and the code buffer of `code`; `manifest` adds what a module does not say. What is supported and what is not stands in
//! `spec/webassembly.md`.
//!
//! A function of the module is the function of the cartridge with the same index; in the place of an imported one is a
//! function that does nothing but the syscall. The same holds for types, tables, globals and element segments.

mod code;
mod constant;
mod convert;
mod error;
mod function;
mod imports;
mod manifest;
mod module;
mod names;
mod profile;
mod simple;
mod stack;
mod test;
mod wasm4;

pub use error::{Error, ErrorKind};
pub use profile::{CARTWHEEL, HostFunction, HostGlobal, HostMemory, HostTable, Profile};
pub use wasm4::WASM4;

use cartwheel_bytecode::Cartridge;

use crate::catalogue::{Catalogue, HostCatalogue};

/// What a module is translated with.
pub struct Options<'a> {
    /// Title of a module whose manifest has none.
    pub title: &'a str,
    /// Manifest for a module that does not carry its own: TOML.
    pub manifest: Option<&'a str>,
    /// The only capabilities that the imports may need, if that is limited.
    pub declare: Option<&'a [String]>,
    /// The host profile, if it is not to be found by the names of the imports.
    pub profile: Option<&'a Profile<'a>>,
    /// Syscalls that exist.
    pub catalogue: &'a dyn Catalogue,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { title: "", manifest: None, declare: None, profile: None, catalogue: &HostCatalogue }
    }
}

/// True if bytes begin like a WebAssembly module.
pub fn is_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}

/// Translates a module. Time and memory are linear in its length.
///
/// # Errors
///
/// The first thing that is wrong or not supported, with its place.
pub fn translate(bytes: &[u8], options: &Options<'_>) -> Result<Cartridge, Error> {
    module::translate(bytes, options)
}
