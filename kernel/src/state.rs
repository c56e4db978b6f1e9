//! What can influence a later call of a module: saved, restored, hashed.
//!
//! Policy and trust are part of it, but only where they are not what every module begins with.

use xxhash_rust::xxh3::xxh3_128;

use crate::caller::Caller;
use crate::codec::{Reader, RestoreError};
use crate::load::ModuleId;
use crate::pipeline::{Kernel, Module};
use crate::policy::Policy;
use crate::services::kernel::Memory;

impl Kernel {
    /// Appends everything that can influence a later call of a module, as portable bytes.
    pub fn save(&self, id: ModuleId, out: &mut Vec<u8>) {
        let Some(module) = self.module(id) else { return };
        let plain = self.is_plain(module);
        out.push((!plain).into());
        if !plain {
            module.caller.save(out);
            let text = self.policy.text().as_bytes();
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text);
        }
        if let Some(memory) = self.memory_of(module) {
            memory.save(out);
        }
        module.services.save(out);
    }

    /// Puts a module back into a saved state, and the machine under the policy of that time. On failure everything stays
    /// as it was.
    pub fn restore(&mut self, id: ModuleId, bytes: &[u8]) -> Result<(), RestoreError> {
        let mut input = Reader(bytes);
        let module = self.module(id).ok_or(RestoreError::NoSuchModule)?;
        let (mut trust, mut policy) = (module.caller.fresh(), None);
        if input.flag()? {
            trust = Caller::read(&mut input)?;
            let len = input.u32()? as usize;
            let text = str::from_utf8(input.bytes(len)?).map_err(|_| RestoreError::Policy)?;
            if !text.is_empty() {
                policy = Some(Policy::parse(text).map_err(|_| RestoreError::Policy)?);
            } else if trust == module.caller.fresh() {
                // There would have been nothing to save.
                return Err(RestoreError::Value);
            }
        }
        let memory = if self.holds_memory(module) { Some(Memory::read(&mut input)?) } else { None };
        let Some(Some(module)) = self.modules.get_mut(id.0 as usize) else {
            return Err(RestoreError::NoSuchModule);
        };
        module.services.restore(input)?;
        (module.caller.trust, module.caller.custody) = trust;
        if let Some(memory) = memory {
            self.memories.insert(module.caller.origin.clone(), memory);
        }
        let policy = policy.unwrap_or_else(Policy::built_in);
        if policy != self.policy {
            self.policy = policy;
            self.compile_all();
        } else {
            module.compile(&self.policy);
        }
        Ok(())
    }

    /// Hashes of what [`Kernel::save`] saves, by component in a fixed order.
    pub fn hashes(&self, id: ModuleId) -> impl Iterator<Item = (&'static str, u128)> {
        self.module(id).into_iter().flat_map(|module| {
            let memory = self.memory_of(module).map(|memory| ("memory of the origin", memory.hash()));
            let policy = (!self.is_plain(module)).then(|| ("policy", self.policy_hash(module)));
            module.services.hashes().chain(memory).chain(policy)
        })
    }

    /// True if neither policy nor trust is other than at the start of a machine that was told nothing about them.
    fn is_plain(&self, module: &Module) -> bool {
        self.policy.is_built_in() && module.caller.is_untouched()
    }

    fn policy_hash(&self, module: &Module) -> u128 {
        let mut saved = Vec::new();
        module.caller.save(&mut saved);
        saved.extend(self.policy.digest().to_le_bytes());
        xxh3_128(&saved)
    }

    /// What the origin of a module remembers, if it is the module to save it.
    fn memory_of(&self, module: &Module) -> Option<&Memory> {
        static NOTHING: Memory = Memory::new();
        let memory = || self.memories.get(&module.caller.origin).unwrap_or(&NOTHING);
        self.holds_memory(module).then(memory)
    }

    /// The first module of an origin that can see its memory is saved with it.
    fn holds_memory(&self, module: &Module) -> bool {
        let mut sharing = self
            .modules
            .iter()
            .flatten()
            .filter(|other| other.services.host.is_some() && other.caller.origin == module.caller.origin);
        sharing.next().is_some_and(|first| first.caller.id == module.caller.id)
    }
}
