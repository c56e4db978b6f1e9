//! A policy as data.

use std::fmt;
use std::sync::Arc;

use cartwheel_hostabi::{Capability, Syscall, SyscallInfo, Verdict};

use super::trust::{MAX_SCORE, Trust, TrustLevel};
use crate::named::named;

/// Most rules that a policy can have.
pub const MAX_RULES: usize = 256;

named! {
    /// What is made of the verdicts.
    Mode:
    /// They hold; what no rule mentions is denied.
    Enforce "enforce",
    /// They are recorded, and every call is let through.
    Audit "audit",
    /// They hold; what no rule mentions is allowed.
    Permissive "permissive",
}

/// A rule's end at the side of those who call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// Everybody.
    Any,
    /// Modules of this name, or whose name begins like this if there is a `*` at the end.
    Module(String),
    /// Modules of this origin, likewise.
    Origin(String),
}

/// A rule's end at the side of what is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything.
    Any,
    /// The syscalls of a capability.
    Capability(Capability),
    /// These syscalls.
    Syscalls(Vec<Syscall>),
}

/// Values from `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// Smallest value.
    pub min: T,
    /// Largest value.
    pub max: T,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// True if the value is in the range.
    pub fn contains(&self, value: T) -> bool {
        self.min <= value && value <= self.max
    }

    /// True if every value of another range is in this one.
    pub fn covers(&self, other: &Range<T>) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    /// True if there is no value in the range.
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }
}

/// A bound on an argument: the value of an integer, the length in bytes of a span or byte string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Name of the parameter, the same in all syscalls of the rule.
    pub name: String,
    /// Values that it may have.
    pub range: Range<i64>,
}

/// When a rule holds: if all of these do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Trust levels.
    pub levels: Vec<TrustLevel>,
    /// Trust scores.
    pub score: Range<u64>,
    /// Violation counts.
    pub violations: Range<u64>,
    /// Arguments.
    pub arguments: Vec<Argument>,
}

impl Conditions {
    /// Always.
    pub fn none() -> Conditions {
        Conditions {
            levels: TrustLevel::ALL.to_vec(),
            score: Range { min: 0, max: MAX_SCORE.into() },
            violations: Range { min: 0, max: u64::MAX },
            arguments: Vec::new(),
        }
    }

    /// True if those on the caller's state hold.
    pub(super) fn hold(&self, trust: &Trust) -> bool {
        self.levels.contains(&trust.level)
            && self.score.contains(trust.score.into())
            && self.violations.contains(trust.violations)
    }

    /// True if there is nothing but levels, score and violations, and those are all that there can be.
    pub(super) fn always(&self) -> bool {
        let Conditions { score, violations, .. } = Conditions::none();
        self.arguments.is_empty()
            && self.trusted_levels().count() == TrustLevel::ALL.len() - 1
            && self.score.covers(&score)
            && self.violations.covers(&violations)
    }

    /// The levels on which a rule is asked at all.
    pub(super) fn trusted_levels(&self) -> impl Iterator<Item = TrustLevel> {
        self.levels.iter().copied().filter(|level| *level != TrustLevel::Compromised)
    }
}

/// An edge of the graph: who may, or may not, call what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Name for people, if it has one.
    pub name: Option<String>,
    /// Line of the policy's text at which it begins, counted from 1; 0 if there is no text.
    pub line: u32,
    /// Who calls.
    pub party: Party,
    /// What is called.
    pub target: Target,
    /// When.
    pub conditions: Conditions,
    /// What then.
    pub verdict: Verdict,
}

impl Rule {
    /// True if a module can be the caller.
    pub(super) fn is_about(&self, name: &str, origin: &str) -> bool {
        match &self.party {
            Party::Any => true,
            Party::Module(pattern) => matches(pattern, name),
            Party::Origin(pattern) => matches(pattern, origin),
        }
    }

    /// True if a syscall is among what is called.
    pub(super) fn reaches(&self, row: &SyscallInfo) -> bool {
        match &self.target {
            Target::Any => true,
            Target::Capability(capability) => row.capability == *capability,
            Target::Syscalls(syscalls) => syscalls.contains(&row.syscall),
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Who may call what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    // Private: what it says, its text and its digest are one.
    pub(super) mode: Mode,
    pub(super) deny_penalty: u16,
    pub(super) quarantine_penalty: u16,
    pub(super) rules: Vec<Rule>,
    /// The text that it was read from; empty for the built-in one.
    pub(super) text: Arc<str>,
}

/// Default of [`Policy::deny_penalty`].
pub(super) const DENY_PENALTY: u16 = 10;
/// Default of [`Policy::quarantine_penalty`].
pub(super) const QUARANTINE_PENALTY: u16 = 100;

/// Why a verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A rule's number, from 0.
    Rule(u32),
    /// No rule holds.
    Default,
    /// The module is compromised.
    Compromised,
}

impl Policy {
    /// What is made of the verdicts.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// By how much a denied call lowers the score of its module.
    pub fn deny_penalty(&self) -> u16 {
        self.deny_penalty
    }

    /// By how much a call that is answered with quarantine lowers the score of its module.
    pub fn quarantine_penalty(&self) -> u16 {
        self.quarantine_penalty
    }

    /// The rules; the first that holds decides.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The built-in policy: a module may call what it declared.
    pub fn built_in() -> Policy {
        // What was not declared cannot be called anyway.
        let rule = Rule {
            name: Some("what was declared".to_owned()),
            line: 0,
            party: Party::Any,
            target: Target::Any,
            conditions: Conditions::none(),
            verdict: Verdict::Allow,
        };
        Policy {
            mode: Mode::Enforce,
            deny_penalty: DENY_PENALTY,
            quarantine_penalty: QUARANTINE_PENALTY,
            rules: vec![rule],
            text: Arc::from(""),
        }
    }

    /// The text that it was read from; empty for the built-in one.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for the built-in one.
    pub fn is_built_in(&self) -> bool {
        self.text.is_empty()
    }

    /// Digest of the text (xxh3-128); 0 for the built-in one.
    pub fn digest(&self) -> u128 {
        if self.is_built_in() { 0 } else { xxhash_rust::xxh3::xxh3_128(self.text.as_bytes()) }
    }

    /// The verdict on what no rule mentions.
    pub(super) fn default_verdict(&self) -> Verdict {
        match self.mode {
            Mode::Enforce | Mode::Audit => Verdict::Deny,
            Mode::Permissive => Verdict::Allow,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Any => f.write_str("any module"),
            Party::Module(name) => write!(f, "module `{name}`"),
            Party::Origin(name) => write!(f, "origin `{name}`"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Any => f.write_str("any syscall"),
            Target::Capability(capability) => write!(f, "capability `{capability}`"),
            Target::Syscalls(syscalls) => {
                let ids: Vec<String> = syscalls.iter().map(|syscall| format!("`{syscall}`")).collect();
                f.write_str(&ids.join(", "))
            }
        }
    }
}

/// Writes what the condition says in words; nothing if there is none.
impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = Conditions::none();
        let mut parts = Vec::new();
        if self.levels.len() < TrustLevel::ALL.len() {
            let names: Vec<&str> = self.levels.iter().map(|level| level.name()).collect();
            parts.push(format!("level {}", names.join(" or ")));
        }
        if self.score != free.score {
            parts.push(format!("score {}..{}", self.score.min, self.score.max));
        }
        if self.violations != free.violations {
            parts.push(bounds("violations", self.violations.min, self.violations.max, 0, u64::MAX));
        }
        for Argument { name, range } in &self.arguments {
            parts.push(bounds(name, range.min, range.max, i64::MIN, i64::MAX));
        }
        f.write_str(&parts.join(", "))
    }
}

fn bounds<T: PartialEq + fmt::Display>(name: &str, min: T, max: T, least: T, most: T) -> String {
    match (min == least, max == most) {
        (true, _) => format!("{name} at most {max}"),
        (_, true) => format!("{name} at least {min}"),
        _ => format!("{name} {min}..{max}"),
    }
}
