//! Capabilities: what a cartridge declares that it will use.

use std::fmt;

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// A group of syscalls that a cartridge declares as a whole. Every syscall belongs to exactly one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Capability {
            $($(#[$doc])* $variant,)*
        }

        impl Capability {
            /// All capabilities.
            pub const ALL: &[Capability] = &[$(Capability::$variant),*];

            /// Name in manifests and messages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Capability::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    /// Drawing.
    Gfx "gfx",
    /// Sound.
    Audio "audio",
    /// Named blobs of the cartridge.
    Asset "asset",
    /// Files and memory cards of the module.
    Fs "fs",
    /// Lines of text for people.
    Log "log",
    /// The module's own figures.
    Telemetry "telemetry",
    /// The host itself: calls by id, names, a small memory.
    Kernel "kernel",
    /// The host of WASM-4 games: picture, sound and input in the module's own memory.
    Wasm4 "wasm4",
    /// Other modules: loading, watching and controlling them.
    Module "module",
    /// The module itself, as one among others.
    Proc "proc",
}

impl Capability {
    /// The capability with a name.
    pub fn from_name(name: &str) -> Option<Capability> {
        Capability::ALL.iter().copied().find(|capability| capability.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CapabilitySet(u32);

impl CapabilitySet {
    /// The empty set.
    pub const EMPTY: CapabilitySet = CapabilitySet(0);

    /// Adds a capability.
    pub fn insert(&mut self, capability: Capability) {
        self.0 |= 1 << capability as u32;
    }

    /// True if the capability is in the set.
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u32) != 0
    }

    /// The capabilities of the set, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |&capability| self.contains(capability))
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        let mut set = CapabilitySet::EMPTY;
        capabilities.into_iter().for_each(|capability| set.insert(capability));
        set
    }
}
