//! What modules that are loaded later find set: the part of a configuration that comes with a saved state.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::codec;
use crate::config::Config;
use crate::snapshot::RestoreError;

/// The configuration without seed and limits, which are the machine's own part of a saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    cycles_per_frame: Option<u64>,
    latency: u32,
    max_requests: u32,
    storage_bytes: u64,
    read_only_storage: bool,
    max_modules: u32,
    max_loaded: u32,
}

impl Settings {
    pub fn of(config: &Config) -> Settings {
        let Config {
            seed: _,
            limits: _,
            cycles_per_frame,
            latency,
            max_requests,
            storage_bytes,
            read_only_storage,
            max_modules,
            max_loaded,
            // The kernel has them in its state.
            quotas: _,
        } = *config;
        Settings {
            cycles_per_frame,
            latency,
            max_requests,
            storage_bytes,
            read_only_storage,
            max_modules,
            max_loaded,
        }
    }

    /// Hash of them; `None` if they are the usual ones.
    pub fn hash(config: &Config) -> Option<u128> {
        let settings = Settings::of(config);
        if settings == Settings::of(&Config::default()) {
            return None;
        }
        let mut bytes = Vec::new();
        codec::encode(&settings, &mut bytes);
        Some(xxh3_128(&bytes))
    }

    /// The configuration of a machine that goes on with these; quotas come with the kernel's part of the state. How many modules
    /// there can be is for its host to say, not for a state that comes from elsewhere.
    pub fn adopted(&self, config: &Config, seed: u64) -> Result<Config, RestoreError> {
        if self.latency == 0 || self.cycles_per_frame == Some(0) {
            return Err(RestoreError::Damaged("its settings make no sense".to_owned()));
        }
        if self.max_modules != config.max_modules {
            return Err(RestoreError::OtherMaxModules(self.max_modules, config.max_modules));
        }
        Ok(Config {
            seed,
            limits: config.limits,
            cycles_per_frame: self.cycles_per_frame,
            latency: self.latency,
            max_requests: self.max_requests,
            storage_bytes: self.storage_bytes,
            read_only_storage: self.read_only_storage,
            max_modules: config.max_modules,
            max_loaded: self.max_loaded,
            quotas: config.quotas,
        })
    }
}
