//! What a machine is set to before its first frame.

use cartwheel_kernel::{DEFAULT_MAX_REQUESTS, DEFAULT_STORAGE_BYTES, Quotas};
use cartwheel_vm::Limits;

/// Number of everything that decides what a program does and costs: instructions, cycle costs, syscalls, random
/// generator, collector, frame loop. Runs are comparable only with equal numbers.
pub const SEMANTICS_VERSION: u16 = 1;

/// Configuration of a machine. Together with cartridges and inputs it determines every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Seed of the modules' random generators.
    pub seed: u64,
    /// Limits of each module.
    pub limits: Limits,
    /// Cycles per frame instead of those that a cartridge asks for; at least 1.
    pub cycles_per_frame: Option<u64>,
    /// Frames from a staged call to its result; at least 1.
    pub latency: u32,
    /// Requests that a module can have open at a time.
    pub max_requests: u32,
    /// Bytes of storage of a module.
    pub storage_bytes: u64,
    /// True if modules cannot change their storage.
    pub read_only_storage: bool,
    /// Modules that there can be at a time.
    pub max_modules: u32,
    /// Modules that a module can have loaded at a time, those that they loaded included.
    pub max_loaded: u32,
    /// What each module can have of what it shares with others.
    pub quotas: Quotas,
}

/// Modules that a machine can have, unless it is configured otherwise.
pub const DEFAULT_MAX_MODULES: u32 = 4_096;

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 0,
            limits: Limits::default(),
            cycles_per_frame: None,
            latency: 1,
            max_requests: DEFAULT_MAX_REQUESTS,
            storage_bytes: DEFAULT_STORAGE_BYTES,
            read_only_storage: false,
            max_modules: DEFAULT_MAX_MODULES,
            max_loaded: cartwheel_kernel::DEFAULT_MAX_MODULES,
            quotas: Quotas::default(),
        }
    }
}
