//! Ingest as the machine drives it: what has to be fetched, what is due, who vouches for it, and what the module that comes
//! takes over from the one that goes.

use std::sync::Arc;

use crate::host::MAX_FETCH_BYTES;
use crate::ingest::{Ingested, KeyRing, Known, Phase, Refused, Vouched, Wanted};
use crate::load::ModuleId;
use crate::pipeline::{Detached, Kernel, Module};
use crate::policy::Trust;
use crate::record::Lifecycle;
use crate::services::ingest::{Fetched, Pending};
use crate::storage::{Storage, StoragePath};

/// An ingest that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The module that asked.
    pub module: ModuleId,
    /// The promise that it got.
    pub promise: i32,
    /// Where the cartridge was said to be.
    pub address: String,
    /// Content hash that it has to have.
    pub pinned: Option<[u8; 32]>,
    /// What was fetched, or why nothing was.
    pub fetched: Result<Arc<[u8]>, String>,
}

impl Kernel {
    /// Sets whose signatures count.
    pub fn set_key_ring(&mut self, ring: Option<KeyRing>) {
        self.shared.vouching.ring = ring;
    }

    /// Whose signatures count, if anybody said so.
    pub fn key_ring(&self) -> Option<&KeyRing> {
        self.shared.vouching.ring.as_ref()
    }

    /// Decides on a cartridge by its content hash and its signature.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn vouch(&self, content: &[u8; 32], signature: Option<&[u8]>) -> Result<Vouched, Refused> {
        self.shared.vouching.validate(content, signature)
    }

    /// Remembers that a version of a release came in: no older one does from here on.
    pub fn know_release(&mut self, release: Known) {
        self.shared.vouching.know(release);
    }

    /// What the host has to fetch before the next frame, in the order of the modules. What modules have themselves is not
    /// among it.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted> {
        self.modules.iter().filter_map(|module| {
            let ingest = module.services.host.as_ref()?.ingest.as_ref()?;
            let wanted = ingest.fetched.is_none() && !is_own(&ingest.address);
            wanted.then(|| Wanted {
                module: module.caller.id,
                promise: ingest.promise,
                address: ingest.address.clone(),
            })
        })
    }

    /// Takes what the host fetched. False if nobody waits for it.
    pub fn deliver(&mut self, id: ModuleId, promise: i32, fetched: Result<&[u8], &str>) -> bool {
        let host = self.module_mut(id).and_then(|module| module.services.host.as_mut());
        let ingest = host.and_then(|host| host.ingest.as_mut());
        let Some(ingest) = ingest.filter(|ingest| ingest.promise == promise) else { return false };
        if ingest.fetched.is_some() || is_own(&ingest.address) {
            return false;
        }
        ingest.fetched = Some(match fetched {
            Ok(bytes) if bytes.len() as u64 > MAX_FETCH_BYTES => {
                Err(format!("longer than {MAX_FETCH_BYTES} bytes"))
            }
            Ok(bytes) => Ok(Arc::from(bytes)),
            Err(reason) => Err(reason.to_owned()),
        });
        true
    }

    /// A frame boundary: the ingest of a module that is due, if there is one.
    pub fn due_ingest(&mut self, id: ModuleId) -> Option<Due> {
        let module = self.module_mut(id)?;
        let Pending { promise, address, pinned, fetched, .. } =
            module.services.host.as_mut()?.due_ingest()?;
        let fetched = fetched.unwrap_or_else(|| module.fetch_own(&address));
        Some(Due { module: id, promise, address, pinned, fetched })
    }

    /// Tells how an ingest ended: the module if it failed, and the observers.
    pub fn end_ingest(&mut self, due: &Due, ingested: Ingested) {
        if let Ingested::Failed { phase, reason } = &ingested {
            let host = self.module_mut(due.module).and_then(|module| module.services.host.as_mut());
            host.into_iter().for_each(|host| host.ingest_failed(due.promise, *phase, reason));
        }
        let what = Lifecycle::Ingested { address: due.address.clone(), ingested };
        self.watch.tell(Some(due.module), what);
    }

    /// The files that a module has when all is done that it asked for, for the one that takes its place. `None` if it cannot
    /// have any.
    pub fn files_to_hand_over(&self, id: ModuleId) -> Option<Storage> {
        let services = &self.module(id)?.services;
        let mut storage = services.root.as_ref()?.storage().clone();
        services.requests.settle(&mut storage);
        Some(storage)
    }

    /// Lets a module take over what is not its cartridge's: score and violations, what is known of the disk, and the place in the
    /// script of statuses. The one that it comes after is gone for good.
    pub fn succeed(&mut self, id: ModuleId, before: Detached) {
        let Detached(mut before) = before;
        let Some(module) = self.modules.get_mut(id) else { return };
        let Trust { score, violations, .. } = before.caller.trust;
        module.caller.trust = Trust { level: module.caller.trust.level, score, violations };
        let disk = before.services.root.as_ref().and_then(|root| root.disk());
        module.services.set_disk(disk);
        if let Some(host) = &before.services.host {
            module.services.set_latency(host.latency());
        }
        module.caller.script = before.caller.script.take();
        module.compile(&self.policy);
        self.forget_memory(&before.caller.origin);
    }
}

impl Module {
    /// A cartridge among the module's own assets or files.
    fn fetch_own(&self, address: &str) -> Fetched {
        let (place, name) = address.split_once(':').unwrap_or_default();
        let missing = || format!("{place}: there is no `{}`", name.escape_debug());
        match place {
            "asset" => self.services.assets.source_named(name).cloned().ok_or_else(missing),
            "fs" => {
                let name = StoragePath::parse(name.trim_start_matches('/').as_bytes()).ok_or_else(missing)?;
                let root = self.services.root.as_ref().ok_or_else(missing)?;
                root.storage().read(&name).map(|blob| blob.bytes().clone()).ok_or_else(missing)
            }
            _ => Err("nobody fetched it in time".to_owned()),
        }
    }
}

/// True if an address leads to what a module has itself.
fn is_own(address: &str) -> bool {
    ["asset:", "fs:"].iter().any(|own| address.starts_with(own))
}

impl Ingested {
    /// An ingest that failed.
    pub fn failed(phase: Phase, reason: impl Into<String>) -> Ingested {
        Ingested::Failed { phase, reason: reason.into() }
    }
}
