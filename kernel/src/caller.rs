//! What the pipeline knows of a module, besides its bindings and its services.

use std::sync::Arc;

use cartwheel_hostabi::{Capability, CapabilitySet, Ruling, Syscall, SyscallInfo, Verdict};
use xxhash_rust::xxh3::xxh3_64;

use crate::batch::CallBatch;
use crate::codec::{Reader, RestoreError};
use crate::lifecycle::{Ending, ModuleState, state_of};
use crate::load::ModuleId;
use crate::policy::{Custody, MAX_SCORE, Policy, Trust, TrustLevel, Who};
use crate::quotas::Quotas;
use crate::record::OriginId;
use crate::script::Reading;
use crate::usage::Usage;

/// The module that calls, as the pipeline sees it.
pub(crate) struct Caller {
    pub(crate) id: ModuleId,
    pub(crate) name: String,
    pub(crate) origin: Arc<str>,
    pub(crate) origin_id: OriginId,
    pub(crate) declared: CapabilitySet,
    pub(crate) video: bool,
    pub(crate) trust: Trust,
    /// The level that it was loaded with.
    first_level: TrustLevel,
    pub(crate) custody: Custody,
    /// Frames that it has left while it is being stopped.
    pub(crate) grace: u16,
    /// How it ended by itself: what its guest's state says, which has it saved.
    pub(crate) ending: Option<Ending>,
    /// How many modules it may have below it.
    pub(crate) max_modules: u32,
    /// Quotas that it was loaded with, if they are not the machine's.
    pub(crate) quotas: Option<Quotas>,
    /// True if calls have to be recorded.
    pub(crate) watched: bool,
    /// True if something has to be done behind a call even if it is simply allowed, because it brought others.
    pub(crate) unsettled: bool,
    /// True while the host makes a call in the module's name.
    pub(crate) host_calls: bool,
    /// True if what is cached of the policy is out of date.
    pub(crate) outdated: bool,
    /// Late-bound calls, which end before the call that brought them.
    pub(crate) records: CallBatch,
    /// What late-bound calls came to in the frame.
    pub(crate) late: Vec<(Syscall, Usage)>,
    /// What calls of the host in the module's name came to in the frame.
    pub(crate) hosted: Usage,
    /// Its way through the script of statuses, if there is one.
    pub(crate) script: Option<Reading>,
}

impl Caller {
    pub(crate) fn new(
        id: ModuleId,
        name: &str,
        origin: &str,
        level: TrustLevel,
        declared: CapabilitySet,
        video: bool,
    ) -> Caller {
        Caller {
            id,
            name: name.to_owned(),
            origin: Arc::from(origin),
            origin_id: OriginId(xxh3_64(origin.as_bytes())),
            declared,
            video,
            trust: Trust::new(level),
            first_level: level,
            custody: Custody::Free,
            grace: 0,
            ending: None,
            max_modules: 0,
            quotas: None,
            watched: false,
            unsettled: false,
            host_calls: false,
            outdated: false,
            records: CallBatch::default(),
            late: Vec::new(),
            hosted: Usage::default(),
            script: None,
        }
    }

    pub(crate) fn who(&self) -> Who<'_> {
        Who { name: &self.name, origin: &self.origin, trust: &self.trust }
    }

    /// True if a syscall can be called: its capability is declared, and what it works on is there.
    pub(crate) fn can_call(&self, row: &SyscallInfo) -> bool {
        let video = row.capability != Capability::Gfx || self.video;
        // The disk's rows of WASM-4 have another capability, and yet nobody but its host behind them.
        let host = row.foreign_profile().is_none() || self.declared.contains(Capability::Wasm4);
        self.declared.contains(row.capability) && video && host
    }

    /// True if a script has something to say about a syscall.
    pub(crate) fn is_scripted(&self, syscall: Syscall) -> bool {
        self.script.as_ref().is_some_and(|reading| reading.script.names(syscall))
    }

    /// Counts a call for the script. Gives what the script makes of it, if the policy lets it run.
    pub(crate) fn scripted(&mut self, syscall: Syscall) -> Ruling {
        self.script.as_mut().and_then(|reading| reading.call(syscall)).map_or(Ruling::Run, Ruling::Answer)
    }

    /// Counts a violation and lowers the score.
    pub(crate) fn violate(&mut self, verdict: Verdict, policy: &Policy) {
        // What the host calls, and what that calls in turn, is not the module's doing.
        if self.host_calls {
            return;
        }
        let penalty = match verdict {
            Verdict::Allow => return,
            Verdict::Deny => policy.deny_penalty(),
            Verdict::Quarantine => policy.quarantine_penalty(),
        };
        let before = self.trust;
        self.trust.violations = before.violations.saturating_add(1);
        self.trust.score = before.score.saturating_sub(penalty);
        self.outdated |= policy.tells_apart(&before, &self.trust);
    }

    /// True if nothing happened to its trust since it was loaded.
    pub(crate) fn is_untouched(&self) -> bool {
        self.trust == Trust::new(self.first_level) && self.custody == Custody::Free
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.push(self.trust.level as u8);
        out.extend(self.trust.score.to_le_bytes());
        out.extend(self.trust.violations.to_le_bytes());
        out.push(self.custody as u8);
        if self.custody == Custody::Stopping {
            out.extend(self.grace.to_le_bytes());
        }
    }

    /// The part that is saved.
    pub(crate) fn read(input: &mut Reader<'_>) -> Result<(Trust, Custody, u16), RestoreError> {
        let level = pick(TrustLevel::ALL, input)?;
        let score = input.u16()?;
        let violations = input.u64()?;
        let custody = pick(Custody::ALL, input)?;
        let grace = if custody == Custody::Stopping { input.u16()? } else { 0 };
        if score > MAX_SCORE || (custody == Custody::Stopping && grace == 0) {
            return Err(RestoreError::Value);
        }
        Ok((Trust { level, score, violations }, custody, grace))
    }

    /// As it was when the module was loaded.
    pub(crate) fn fresh(&self) -> (Trust, Custody, u16) {
        (Trust::new(self.first_level), Custody::Free, 0)
    }

    /// Where it is in its life.
    pub(crate) fn state(&self) -> ModuleState {
        state_of(self.ending, self.custody)
    }

    /// The code that it halted with, else 0.
    pub(crate) fn exit_code(&self) -> i32 {
        match self.ending {
            Some(Ending::Halted(code)) => code,
            _ => 0,
        }
    }
}

fn pick<T: Copy>(all: &[T], input: &mut Reader<'_>) -> Result<T, RestoreError> {
    all.get(usize::from(input.u8()?)).copied().ok_or(RestoreError::Value)
}
