//! The verbs of the command, a file each.

pub mod asm;
pub mod certify;
pub mod completions;
pub mod disasm;
pub mod info;
pub mod new;
pub mod profile;
pub mod run;
