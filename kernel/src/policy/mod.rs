//! Who may call what: the policy, its text form, and what it comes to for a module.
//!
//! `spec/policy.md` says what it means. A policy is a graph: modules and origins on one side, capabilities and
//! syscalls on the other, and rules as edges, in the order in which they are asked. [`Policy::parse`] reads one,
//! `compile` turns it into a short list of questions per import, [`Policy::explain`] says what it makes of a syscall
//! and why.

mod compile;
mod explain;
mod model;
mod parse;
mod reach;
mod trust;

pub(crate) use compile::{Compiled, Who};
pub use explain::Explained;
pub use model::{Argument, Conditions, MAX_RULES, Mode, Party, Policy, Range, Reason, Rule, Target};
pub use parse::{MAX_POLICY_BYTES, PolicyError};
pub use trust::{Custody, MAX_SCORE, Trust, TrustLevel};
