//! Cartwheel's bytecode: the instruction table, its encoding, and the cartridge file format.
//!
//! This crate is where the shape of programs is defined. It runs nothing and knows no other crate of the
//! workspace.

pub mod cartridge;
pub mod codec;
mod docs;
mod generate;
mod instr;
pub mod operand;
mod table;
mod trap;
mod types;

pub use cartridge::Cartridge;
pub use codec::{DecodeError, DecodeErrorKind};
pub use docs::instructions_chapter;
pub use generate::generate;
pub use instr::{Flow, Instr, Op, OpInfo, OperandInfo, SizeCost, TABLE, families};
pub use trap::TrapCode;
pub use types::{Bank, Signature, ValType};
