//! The verbs of the command, a file each.

pub mod asm;
pub mod audit;
pub mod call;
pub mod certify;
pub mod completions;
pub mod disasm;
pub mod exec;
pub mod info;
pub mod ingest;
pub mod keygen;
pub mod new;
pub mod policy;
pub mod profile;
pub mod replay;
pub mod run;
pub mod sign;
pub mod syscalls;
pub mod trace;
pub mod verify;
