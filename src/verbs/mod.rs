//! The verbs of the command, a file each.

pub mod asm;
pub mod completions;
pub mod disasm;
pub mod info;
pub mod new;
pub mod replay;
pub mod run;
pub mod trace;
pub mod verify;
