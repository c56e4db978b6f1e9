//! The contract between guests and their host: the syscall catalogue, statuses, faults, and the traits
//! that both sides meet in.
//!
//! Nothing here runs anything. The machine implements [`Guest`], the kernel implements [`Handlers`], and
//! [`dispatch`] is the only way from the one to the other. This crate knows no other crate of the workspace.

mod capability;
mod catalogue;
pub mod client;
mod cost;
mod dispatch;
mod docs;
mod fault;
mod guest;
mod headers;
mod id;
mod kind;
mod loader;
pub mod mock;
mod status;
mod table;

pub use capability::{Capability, CapabilitySet};
pub use catalogue::{
    CATALOGUE, DOMAINS, DomainInfo, ParamInfo, RETIRED, ResultInfo, RetiredId, SignatureError, Syscall,
    SyscallInfo, reused_ids,
};
pub use cost::{Cost, Mode, Unit};
pub use dispatch::{Call, Completed, Handlers, Ruling, Verdict, dispatch};
pub use docs::syscalls_chapter;
pub use fault::{Fault, SyscallTrap};
pub use guest::{Guest, NoRoom, Object, ObjectKind, RootId};
pub use headers::{INTRINSICS, Intrinsic, c_header, c_signature, rust_header};
pub use id::{IdError, SyscallId, resolve, retired};
pub use kind::{Bytes, ParamKind, ResultKind, Results, SlotType, Span, SpanMut};
pub use loader::{Loader, Refusal};
pub use status::Status;

pub use dispatch::handlers;
