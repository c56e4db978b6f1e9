//! What a machine is set to before its first frame.

use cartwheel_vm::Limits;

/// Number of everything that decides what a program does and costs: instructions, cycle costs, syscalls, random
/// generator, collector, frame loop. Runs are comparable only with equal numbers.
pub const SEMANTICS_VERSION: u16 = 1;

/// Configuration of a machine. Together with cartridges and inputs it determines every frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Seed of the modules' random generators.
    pub seed: u64,
    /// Limits of each module.
    pub limits: Limits,
    /// Cycles per frame instead of those that a cartridge asks for; at least 1.
    pub cycles_per_frame: Option<u64>,
}
