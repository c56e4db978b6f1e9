//! Hashes of the whole state, as a small tree whose leaves are components.

use std::fmt;

use cartwheel_kernel::ModuleId;
use smallvec::SmallVec;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::machine::Machine;
use crate::roster::Roster;
use crate::settings::Settings;
use crate::snapshot;

/// Hash of a machine's state. Two states that differ have different components, which tells where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateHash {
    /// Hash of the hashes of all components, in order.
    pub root: u128,
    /// What belongs to no module: the number of the frame, the input before, the modules' schedules.
    pub machine: u128,
    /// The modules, in order.
    pub modules: SmallVec<[ModuleHash; 1]>,
    /// What belongs to no module and not every machine has: which modules there are, if it is not one that was simply
    /// loaded, and the kernel's parts for all modules together.
    pub shared: SmallVec<[(&'static str, u128); 2]>,
}

/// Hashes of a module's components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleHash {
    /// The module.
    pub module: ModuleId,
    /// Frames with their live registers, and how the module ended.
    pub registers: u128,
    /// Linear memory.
    pub memory: u128,
    /// Globals, tables, dropped segments.
    pub globals: u128,
    /// Objects, host roots, collector.
    pub heap: u128,
    /// Random generator.
    pub rng: u128,
    /// What the kernel has of the module, by component in a fixed order.
    pub kernel: SmallVec<[(&'static str, u128); 4]>,
}

impl ModuleHash {
    /// Its components in order: name, hash.
    pub fn components(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let guest = [
            ("registers", self.registers),
            ("memory", self.memory),
            ("globals", self.globals),
            ("heap", self.heap),
            ("rng", self.rng),
        ];
        guest.into_iter().chain(self.kernel.iter().copied())
    }

    /// Hash of the hashes of all its components, in order.
    pub fn root(&self) -> u128 {
        root(self.components().map(|(_, hash)| hash))
    }
}

fn root(leaves: impl Iterator<Item = u128>) -> u128 {
    let mut root = Xxh3Default::new();
    leaves.for_each(|leaf| root.update(&leaf.to_le_bytes()));
    root.digest128()
}

impl StateHash {
    pub(crate) fn of(machine: &Machine) -> StateHash {
        let mut bytes = Vec::with_capacity(64);
        snapshot::encode_machine(machine, &mut bytes);
        let roster = Roster::hash(machine).map(|hash| ("modules", hash));
        let settings = Settings::hash(machine.config()).map(|hash| ("settings", hash));
        let mut hash = StateHash {
            root: 0,
            machine: xxh3_128(&bytes),
            modules: SmallVec::with_capacity(machine.modules.len()),
            shared: roster.into_iter().chain(machine.kernel.shared_hashes()).chain(settings).collect(),
        };
        for module in &machine.modules {
            let parts = module.instance.component_hashes();
            hash.modules.push(ModuleHash {
                module: module.id,
                registers: parts.registers,
                memory: parts.memory,
                globals: parts.globals,
                heap: parts.heap,
                rng: parts.rng,
                kernel: machine.kernel.hashes(module.id).collect(),
            });
        }
        hash.root = root(hash.components().map(|(_, _, leaf)| leaf));
        hash
    }

    /// All components in order: module (`None` for the machine), name, hash.
    pub fn components(&self) -> impl Iterator<Item = (Option<ModuleId>, &'static str, u128)> {
        let machine = [(None, "machine", self.machine)].into_iter();
        let shared = self.shared.iter().map(|&(name, hash)| (None, name, hash));
        let modules = self.modules.iter().flat_map(|module| {
            let id = Some(module.module);
            module.components().map(move |(name, hash)| (id, name, hash))
        });
        machine.chain(modules).chain(shared)
    }
}

/// Writes the root in 32 hexadecimal digits.
impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.root)
    }
}
