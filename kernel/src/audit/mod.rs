//! The audit log: every call and every event of a module's life, in a chain that nobody can change unnoticed.
//!
//! `spec/audit.md` describes the bytes and what they prove. Nothing here opens files: [`Auditor`] is an observer that
//! puts finished records into an [`Outbox`], [`Reader`] reads and verifies them again.
//!
//! ```text
//! called -> entry -> record of a frame -> link -> outbox -> file -> reader -> report
//! ```

mod chain;
mod entry;
mod form;
mod observer;
mod read;
mod verify;

pub use chain::Chain;
pub use entry::{Entry, EntryOutcome, MAX_CYCLES};
pub use form::{MAX_ENTRIES, PREAMBLE, VERSION};
pub use observer::{Auditor, Outbox};
pub use read::{Event, Head, Header, Problem, ProblemKind, Reader, Record};
pub use verify::{Report, Signature, verify};

pub use ed25519_dalek::{SigningKey, VerifyingKey};
