//! How far a module is trusted.

use crate::named::named;

named! {
    /// How far a module is trusted for what it is; given by how it came in, changed by the host only.
    TrustLevel:
    /// Part of the host.
    Root "root",
    /// Somebody whom the host knows vouches for it.
    Signed "signed",
    /// Nobody does.
    Unverified "unverified",
    /// It must not do anything: every call is denied, whatever policy and mode say.
    Compromised "compromised",
}

named! {
    /// Whether a module may run.
    Custody:
    /// It may.
    Free "free",
    /// It is suspended with all its state until the host recovers or terminates it.
    Quarantined "quarantined",
    /// The host ended it.
    Terminated "terminated",
    /// It waits to be started.
    Ready "ready",
    /// It is suspended until it is resumed.
    Paused "paused",
    /// It may run for a last few frames.
    Stopping "stopping",
    /// It was stopped.
    Stopped "stopped",
}

/// The score that every module starts with, and the largest.
pub const MAX_SCORE: u16 = 1000;

/// What the host thinks of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// For what it is.
    pub level: TrustLevel,
    /// For what it did: 0 to [`MAX_SCORE`]. Violations lower it.
    pub score: u16,
    /// Calls that the policy denied, or that put the module into quarantine.
    pub violations: u64,
}

impl Trust {
    /// A module that has done nothing yet.
    pub fn new(level: TrustLevel) -> Trust {
        Trust { level, score: MAX_SCORE, violations: 0 }
    }
}
