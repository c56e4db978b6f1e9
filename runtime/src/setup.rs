//! How a module is set up, where it is not as its machine's configuration says.

use cartwheel_kernel::policy::TrustLevel;
use cartwheel_kernel::{Mount, StagedConfig, Storage};
use cartwheel_vm::Limits;
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// What a module is loaded with. What is `None` is as the machine's configuration or the cartridge says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleSetup {
    /// Name for people and policies; else the cartridge's title.
    pub name: Option<String>,
    /// Where it comes from; else the hash of the cartridge ([`crate::origin_of`]).
    pub origin: Option<String>,
    /// How far it is trusted to begin with; else it is unverified.
    pub level: Option<TrustLevel>,
    /// Where names lead that it resolves; else `/` to its assets and `/save` to its files.
    pub mounts: Option<Vec<Mount>>,
    /// Files that are there when it starts. Their quota is the module's.
    pub storage: Option<Storage>,
    /// True if it cannot change its files.
    pub read_only_storage: Option<bool>,
    /// Cycles per frame, at least 1.
    pub cycles_per_frame: Option<u64>,
    /// Limits, none of them above the machine's.
    pub limits: Option<Limits>,
    /// Requests that it can have open at a time.
    pub max_requests: Option<u32>,
    /// Modules that it can have loaded at a time, those that they loaded included.
    pub max_loaded: Option<u32>,
}

/// The part of a module's setup that cannot be seen in its state: what a machine has to know to make a module that a state
/// can be restored into. `None` as in [`ModuleSetup`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frozen {
    name: Option<String>,
    origin: Option<String>,
    level: Option<u8>,
    mounts: Option<Vec<(String, String)>>,
    storage_bytes: Option<u64>,
    read_only_storage: Option<bool>,
    limits: Option<[u64; 6]>,
    max_requests: Option<u32>,
    max_loaded: Option<u32>,
}

impl Frozen {
    /// What is as the configuration says is left out, so that it can be seen which setups are nothing special.
    pub fn of(setup: &ModuleSetup, config: &Config) -> Frozen {
        let quota = Storage::new(config.storage_bytes).quota_bytes();
        let Frozen { storage_bytes, read_only_storage, max_requests, max_loaded, .. } = Frozen::whole(setup);
        Frozen {
            storage_bytes: storage_bytes.filter(|&bytes| bytes != quota),
            read_only_storage: read_only_storage.filter(|&only| only != config.read_only_storage),
            limits: setup.limits.filter(|&limits| limits != config.limits).map(numbers_of),
            max_requests: max_requests.filter(|&requests| requests != config.max_requests),
            max_loaded: max_loaded.filter(|&loaded| loaded != config.max_loaded),
            ..Frozen::whole(setup)
        }
    }

    /// All that was set.
    pub fn whole(setup: &ModuleSetup) -> Frozen {
        let mount = |mount: &Mount| (mount.prefix.clone(), mount.target.clone());
        Frozen {
            name: setup.name.clone(),
            origin: setup.origin.clone(),
            level: setup.level.map(|level| level as u8),
            mounts: setup.mounts.as_ref().map(|mounts| mounts.iter().map(mount).collect()),
            storage_bytes: setup.storage.as_ref().map(Storage::quota_bytes),
            read_only_storage: setup.read_only_storage,
            limits: setup.limits.map(numbers_of),
            max_requests: setup.max_requests,
            max_loaded: setup.max_loaded,
        }
    }

    /// Name for people and policies, if it is not the title.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// A setup for a module that a state is restored into. `None` if there is none: no module was ever set up so.
    pub fn thaw(&self) -> Option<ModuleSetup> {
        let level = |&level: &u8| TrustLevel::ALL.get(usize::from(level)).copied();
        let mount =
            |(prefix, target): &(String, String)| Mount { prefix: prefix.clone(), target: target.clone() };
        Some(ModuleSetup {
            name: self.name.clone(),
            origin: self.origin.clone(),
            level: self.level.as_ref().map(|number| level(number).ok_or(())).transpose().ok()?,
            mounts: self.mounts.as_ref().map(|mounts| mounts.iter().map(mount).collect()),
            storage: self.storage_bytes.map(Storage::new),
            read_only_storage: self.read_only_storage,
            cycles_per_frame: None,
            limits: self.limits.map(limits_of).transpose().ok()?,
            max_requests: self.max_requests,
            max_loaded: self.max_loaded,
        })
    }
}

impl ModuleSetup {
    pub(crate) fn staged(&self, config: &Config) -> StagedConfig {
        StagedConfig {
            storage: self.storage.clone().unwrap_or_else(|| Storage::new(config.storage_bytes)),
            read_only: self.read_only_storage.unwrap_or(config.read_only_storage),
            max_requests: self.max_requests.unwrap_or(config.max_requests),
            latency_frames: config.latency,
            max_modules: self.max_loaded.unwrap_or(config.max_loaded),
            ..StagedConfig::default()
        }
    }
}

/// Limits as they are saved.
pub(crate) fn numbers_of(limits: Limits) -> [u64; 6] {
    [
        limits.max_frames.into(),
        limits.max_stack_cells.into(),
        limits.max_memory_pages.into(),
        limits.max_table_elements.into(),
        limits.max_heap_bytes,
        limits.max_heap_objects.into(),
    ]
}

fn limits_of(numbers: [u64; 6]) -> Result<Limits, std::num::TryFromIntError> {
    let [frames, cells, pages, elements, bytes, objects] = numbers;
    Ok(Limits {
        max_frames: frames.try_into()?,
        max_stack_cells: cells.try_into()?,
        max_memory_pages: pages.try_into()?,
        max_table_elements: elements.try_into()?,
        max_heap_bytes: bytes,
        max_heap_objects: objects.try_into()?,
    })
}

/// True if nothing in `inner` is above what `outer` allows.
pub(crate) fn within(inner: Limits, outer: Limits) -> bool {
    numbers_of(inner).iter().zip(numbers_of(outer)).all(|(inner, outer)| *inner <= outer)
}
