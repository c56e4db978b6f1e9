//! Faults: what ends a module or stops the machine. There are two classes and no third.

use std::fmt;

/// Why a syscall did not come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The guest broke the rules of the boundary; its module ends.
    Trap(SyscallTrap),
    /// The host broke one of its own invariants; the machine stops.
    Panic(String),
}

macro_rules! traps {
    ($($(#[$doc:meta])* $variant:ident $message:literal,)*) => {
        /// A structural violation by the guest.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SyscallTrap {
            $($(#[$doc])* $variant,)*
        }

        impl SyscallTrap {
            /// All traps, in the order of their numbers in saved states: new ones go to the end.
            pub const ALL: &[SyscallTrap] = &[$(SyscallTrap::$variant),*];

            /// What happened, for people.
            pub const fn message(self) -> &'static str {
                match self {
                    $(SyscallTrap::$variant => $message,)*
                }
            }
        }
    };
}

traps! {
    /// The index names no import of the module.
    InvalidIndex "no syscall with this index",
    /// Null where an object is needed.
    NullHandle "null where an object is needed",
    /// An object of another kind than the parameter's.
    WrongKind "heap object of the wrong kind",
    /// A root that was released.
    DeadHandle "the host's reference to the object was released",
    /// A root of another module.
    ForeignHandle "reference to an object of another module",
    /// A span that is not wholly inside linear memory.
    OutOfBoundsSpan "span outside linear memory",
    /// A span with fewer bytes than the other arguments ask for.
    ShortSpan "span shorter than the other arguments ask for",
    /// An argument outside the values that its row allows.
    BadArgument "argument outside its allowed values",
    /// The policy refuses a call that has no status to say so.
    Denied "call denied by policy",
    /// A late-bound call with an id that names nothing.
    UnknownSyscall "no syscall with this id",
    /// A late-bound call whose capability was not declared.
    NotDeclared "syscall of a capability that was not declared",
    /// A late-bound call with other argument slots than its syscall has.
    WrongSlots "arguments of other number or types than the syscall's",
}

impl From<SyscallTrap> for Fault {
    fn from(trap: SyscallTrap) -> Self {
        Fault::Trap(trap)
    }
}

impl fmt::Display for SyscallTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Trap(trap) => write!(f, "trap: {trap}"),
            Fault::Panic(message) => write!(f, "panic: {message}"),
        }
    }
}

impl std::error::Error for SyscallTrap {}
impl std::error::Error for Fault {}
