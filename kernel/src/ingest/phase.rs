//! The phases of an ingest, and what is said about them.

use std::fmt;

use super::hex;
use super::validate::Known;
use crate::load::ModuleId;
use crate::policy::TrustLevel;

/// A phase of an ingest. They follow each other in this order; a failure ends them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The bytes are got from where they are.
    Fetch,
    /// They are a cartridge, the one that was asked for, and somebody vouches for it as far as the key ring wants.
    Validate,
    /// It can run here, and the host can serve it.
    Load,
    /// It takes the place of the module.
    Adopt,
}

impl Phase {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Fetch => "fetch",
            Phase::Validate => "validate",
            Phase::Load => "load",
            Phase::Adopt => "adopt",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A cartridge that a module wants and the host has to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The module.
    pub module: ModuleId,
    /// The promise that it got.
    pub promise: i32,
    /// Where the cartridge is.
    pub address: String,
}

/// How an ingest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// The module has become the cartridge.
    Adopted {
        /// Content hash of the cartridge.
        content: [u8; 32],
        /// How far it is trusted.
        level: TrustLevel,
        /// Name and version, if it is signed.
        release: Option<Known>,
    },
    /// The module is what it was.
    Failed {
        /// In which phase.
        phase: Phase,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Ingested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ingested::Failed { phase, reason } => write!(f, "failed to {phase}: {reason}"),
            Ingested::Adopted { release: Some(Known { name, version, .. }), level, .. } => {
                write!(f, "became `{name}` version {version}, {level}")
            }
            Ingested::Adopted { content, level, .. } => {
                write!(f, "became {}..., {level}", hex(&content[..8]))
            }
        }
    }
}
