//! Scripts: statuses that calls get instead of being done, so that a cartridge's author sees how it handles them.
//!
//! A script is part of a machine's configuration, and what it has counted is part of the machine's state: a run with a
//! script is as reproducible as any other. A call that a script answers went through validation and policy, costs the
//! base of its row, and is counted and observed like any other.

mod parse;

use std::ops::RangeInclusive;
use std::sync::Arc;

use cartwheel_hostabi::{Status, Syscall};
use xxhash_rust::xxh3::xxh3_128;

pub use parse::{MAX_RULES, MAX_SCRIPT_BYTES, ScriptError};

use crate::codec::{Reader, RestoreError};

/// Which calls of a syscall get which status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptRule {
    /// The syscall.
    pub syscall: Syscall,
    /// What its calls return. One that the row lists, or OK or DENIED.
    pub status: Status,
    /// The frames of the machine that the rule is about.
    pub frames: RangeInclusive<u64>,
    /// The calls that get the status, counted from 1 over the module's calls of the syscall in those frames.
    pub calls: RangeInclusive<u64>,
}

/// The rules of a script. Of several that a call falls under, the first decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    rules: Vec<ScriptRule>,
    text: String,
}

impl Script {
    /// The rules, in order.
    pub fn rules(&self) -> &[ScriptRule] {
        &self.rules
    }

    /// The text that the script was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// xxh3-128 of the text.
    pub fn digest(&self) -> u128 {
        xxh3_128(self.text.as_bytes())
    }

    /// True if there is a rule about a syscall.
    pub(crate) fn names(&self, syscall: Syscall) -> bool {
        self.rules.iter().any(|rule| rule.syscall == syscall)
    }
}

/// A module's way through a script.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) script: Arc<Script>,
    /// Frame that runs. Set when one begins, and so no state.
    pub(crate) frame: u64,
    /// Calls that each rule has counted.
    counted: Vec<u64>,
}

impl Reading {
    pub(crate) fn new(script: Arc<Script>) -> Reading {
        let counted = vec![0; script.rules.len()];
        Reading { script, frame: 0, counted }
    }

    /// Counts a call. Gives the status that it gets, if there is one for it.
    pub(crate) fn call(&mut self, syscall: Syscall) -> Option<Status> {
        let mut answer = None;
        for (rule, counted) in self.script.rules.iter().zip(&mut self.counted) {
            if rule.syscall == syscall && rule.frames.contains(&self.frame) {
                *counted = counted.saturating_add(1);
                if rule.calls.contains(counted) {
                    answer = answer.or(Some(rule.status));
                }
            }
        }
        answer
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.script.digest().to_le_bytes());
        self.counted.iter().for_each(|counted| out.extend(counted.to_le_bytes()));
    }

    /// What was counted when the state was saved.
    pub(crate) fn read(&self, input: &mut Reader<'_>) -> Result<Vec<u64>, RestoreError> {
        if input.bytes(16)? != self.script.digest().to_le_bytes() {
            return Err(RestoreError::Script);
        }
        self.counted.iter().map(|_| input.u64()).collect()
    }

    pub(crate) fn restore(&mut self, counted: Vec<u64>) {
        self.counted = counted;
    }

    pub(crate) fn hash(&self) -> u128 {
        let mut bytes = Vec::new();
        self.save(&mut bytes);
        xxh3_128(&bytes)
    }
}
