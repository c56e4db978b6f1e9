//! What an observer is told: plain data about a call, and about the life of modules.

use cartwheel_hostabi::{Completed, Fault, Status, Syscall, SyscallTrap, Verdict};
use smallvec::SmallVec;

use crate::load::ModuleId;

/// How a call came into the pipeline. Nothing else about a call depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// The `syscall` instruction.
    Instruction,
    /// `kernel.exec`.
    Exec,
    /// A message to a port.
    Port,
    /// The host itself.
    Host,
}

impl Transport {
    /// All transports, in the order of their numbers in logs.
    pub const ALL: &[Transport] =
        &[Transport::Instruction, Transport::Exec, Transport::Port, Transport::Host];

    /// Name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Instruction => "instruction",
            Transport::Exec => "exec",
            Transport::Port => "port",
            Transport::Host => "host",
        }
    }
}

/// Short form of a module's origin: xxh3-64 of its text, which [`Lifecycle::Loaded`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginId(pub u64);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It came back, and its row has no status.
    Done,
    /// It came back with this status; QUARANTINED also if its row has none.
    Status(Status),
    /// It trapped.
    Trap(SyscallTrap),
    /// It broke an invariant of the host.
    Panic,
}

impl Outcome {
    pub(crate) fn new(done: &Completed, fault: Option<&Fault>) -> Outcome {
        match (fault, done.status) {
            (Some(Fault::Trap(trap)), _) => Outcome::Trap(*trap),
            (Some(Fault::Panic(_)), _) => Outcome::Panic,
            (None, Some(status)) => Outcome::Status(status),
            (None, None) => Outcome::Done,
        }
    }
}

/// A call that the pipeline has finished with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Number of the call among all that this kernel told its observers, from 0 and without gaps. It is not part of
    /// the machine's state: going back to a saved state does not turn it back.
    pub sequence: u64,
    /// Frame in which it was made.
    pub frame: u64,
    /// Module that made it.
    pub module: ModuleId,
    /// Origin of the module.
    pub origin: OriginId,
    /// What was called; `None` if the id that a late-bound transport brought names nothing.
    pub syscall: Option<Syscall>,
    /// How it came in.
    pub transport: Transport,
    /// What the policy says of it, also where the mode let it run all the same; `None` if the call did not get as far
    /// as that.
    pub verdict: Option<Verdict>,
    /// How it ended.
    pub outcome: Outcome,
    /// Name of the parameter whose argument was not valid, if that is why it trapped.
    pub argument: Option<&'static str>,
    /// Cycles that it was charged.
    pub cycles: u64,
    /// Bytes allocated on the guest's heap.
    pub bytes: u64,
    /// Objects allocated on the guest's heap.
    pub objects: u64,
    /// Argument slots in the order of the signature, handles as their numbers.
    pub slots: SmallVec<[u64; 12]>,
}

/// Something that happened to a module, or to all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// Frame in which it happened, or that is the next one.
    pub frame: u64,
    /// The module; `None` for what happens to all.
    pub module: Option<ModuleId>,
    /// What happened.
    pub what: Lifecycle,
}

/// What can happen to a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// It was taken in.
    Loaded {
        /// Its name.
        name: String,
        /// Its origin.
        origin: String,
    },
    /// It was let go.
    Unloaded,
    /// It was started.
    Started,
    /// It was paused.
    Paused,
    /// It was resumed.
    Resumed,
    /// It is being stopped and has so many frames left.
    Stopping(u16),
    /// It was stopped.
    Stopped,
    /// It got another program.
    Replaced,
    /// It halted with an exit code.
    Halted(i32),
    /// It trapped.
    Trapped,
    /// A call put it into quarantine.
    Quarantined,
    /// The host took it out of quarantine.
    Recovered,
    /// The host ended it.
    Terminated,
    /// The host set its trust level or its score.
    TrustSet,
    /// The host set the policy.
    PolicySet {
        /// Digest of its text: xxh3-128; 0 for the built-in one.
        digest: u128,
    },
}
