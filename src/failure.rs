//! Exit statuses, and failures with their message for people.

use std::path::Path;
use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done; a guest that ran is running still or halted with code 0.
    Fine,
    /// Wrong usage or a bad file.
    Usage,
    /// The guest trapped.
    Trapped,
    /// The host broke one of its own invariants.
    Panicked,
    /// The guest is in quarantine.
    Quarantined,
    /// A replay came to other states than those that were recorded.
    Diverged,
    /// A run broke its budget.
    OverBudget,
    /// The guest halted with this code, which is not 0.
    Halted(i32),
    /// A signal asked the command to end.
    Killed(i32),
}

/// Exit statuses of halted guests are these plus the guest's code.
const HALTED_BASE: u8 = 16;
/// Largest exit status of a halted guest.
const HALTED_MAX: u8 = 63;
/// Exit statuses after signals are these plus the signal's number, as shells have them.
const KILLED_BASE: u8 = 128;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine | Exit::Halted(0) => 0,
            Exit::Usage => 1,
            Exit::Trapped => 2,
            Exit::Panicked => 3,
            Exit::Quarantined => 5,
            Exit::Diverged => 4,
            Exit::OverBudget => 6,
            Exit::Killed(signal) => KILLED_BASE.saturating_add(u8::try_from(signal).unwrap_or(0)),
            // Negative codes are none that a shell could tell from large ones.
            Exit::Halted(code) => {
                u8::try_from(code).map_or(HALTED_MAX, |code| code.saturating_add(HALTED_BASE).min(HALTED_MAX))
            }
        })
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// For people: what is wrong, where, and what to do about it.
    pub message: String,
    /// How the command ends.
    pub exit: Exit,
}

impl Failure {
    /// Wrong usage or a bad file.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), exit: Exit::Usage }
    }

    /// Something is wrong with a file.
    pub fn file(path: &Path, message: impl std::fmt::Display) -> Failure {
        Failure::new(format!("{}: {message}", path.display()))
    }
}

impl From<cartwheel_runtime::Panic> for Failure {
    fn from(panic: cartwheel_runtime::Panic) -> Failure {
        Failure { message: format!("{panic}; this is a bug in cartwheel"), exit: Exit::Panicked }
    }
}
