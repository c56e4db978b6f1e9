//! Cartwheel's assembler: source text to cartridge, and back.
//!
//! Source flows one way: `token` splits it, `expand` resolves includes, macros, repetition and
//! conditions, `declare` reads the directives, `layout` places the data, `function` encodes code and
//! `build` puts the cartridge together. The grammar is in `spec/assembly.md`.
//!
//! Instructions are read and printed by operand kind ([`cartwheel_bytecode::operand`]), never by opcode, so
//! a new row of the instruction table needs nothing here.

mod build;
mod calls;
mod catalogue;
mod consts;
mod cursor;
mod declare;
mod diagnostic;
mod disasm;
mod expand;
mod expr;
mod float;
mod function;
mod items;
mod layout;
mod manifest;
mod message;
mod names;
mod operands;
mod program;
mod signature;
mod source;
mod sprite;
mod suggest;
mod token;
pub mod wasm;

pub use build::{assemble, assemble_with};
pub use catalogue::{Catalogue, HostCatalogue, SyscallInfo};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use disasm::disassemble;
pub use source::{FileLoader, LoadedFile, Loader, NoFiles};
