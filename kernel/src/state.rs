//! What can influence a later call of a module: saved, restored, hashed.
//!
//! Trust is part of it, but only where it is not what the module began with. The policy is the kernel's as a whole.

use xxhash_rust::xxh3::xxh3_128;

use crate::caller::Caller;
use crate::codec::{Reader, RestoreError};
use crate::load::ModuleId;
use crate::pipeline::{Kernel, Module};
use crate::services::kernel::Memory;

/// Begins a state in which a script has counted calls. Any other begins with 0 or 1.
const SCRIPTED: u8 = 2;

impl Kernel {
    /// Appends everything that can influence a later call of a module, as portable bytes.
    pub fn save(&self, id: ModuleId, out: &mut Vec<u8>) {
        let Some(module) = self.module(id) else { return };
        if let Some(script) = &module.caller.script {
            out.push(SCRIPTED);
            script.save(out);
        }
        let untouched = module.caller.is_untouched();
        out.push((!untouched).into());
        if !untouched {
            module.caller.save(out);
        }
        if let Some(memory) = self.memory_of(module) {
            memory.save(out);
        }
        module.services.save(out);
    }

    /// Puts a module back into a saved state. On failure everything stays as it was.
    pub fn restore(&mut self, id: ModuleId, bytes: &[u8]) -> Result<(), RestoreError> {
        let mut input = Reader(bytes);
        let module = self.module(id).ok_or(RestoreError::NoSuchModule)?;
        let scripted = bytes.first() == Some(&SCRIPTED);
        let counted = match &module.caller.script {
            Some(script) if scripted => {
                input.u8()?;
                Some(script.read(&mut input)?)
            }
            None if !scripted => None,
            _ => return Err(RestoreError::Script),
        };
        let mut trust = module.caller.fresh();
        if input.flag()? {
            let fresh = std::mem::replace(&mut trust, Caller::read(&mut input)?);
            if trust == fresh {
                // There would have been nothing to save.
                return Err(RestoreError::Value);
            }
        }
        let memory = if self.holds_memory(module) { Some(Memory::read(&mut input)?) } else { None };
        let Some(module) = self.modules.get_mut(id) else {
            return Err(RestoreError::NoSuchModule);
        };
        module.services.restore(input)?;
        (module.caller.trust, module.caller.custody, module.caller.grace) = trust;
        if let (Some(script), Some(counted)) = (&mut module.caller.script, counted) {
            script.restore(counted);
        }
        if let Some(memory) = memory {
            self.memories.insert(module.caller.origin.clone(), memory);
        }
        module.compile(&self.policy);
        Ok(())
    }

    /// Hashes of what [`Kernel::save`] saves, by component in a fixed order.
    pub fn hashes(&self, id: ModuleId) -> impl Iterator<Item = (&'static str, u128)> {
        self.module(id).into_iter().flat_map(|module| {
            let memory = self.memory_of(module).map(|memory| ("memory of the origin", memory.hash()));
            let policy = (!self.is_plain(module)).then(|| ("policy", self.policy_hash(module)));
            let script = module.caller.script.as_ref().map(|script| ("script", script.hash()));
            module.services.hashes().chain(memory).chain(policy).chain(script)
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
        module.services.host.is_some() && {
            let origin = &module.caller.origin;
            let first = self.modules.iter().find(|other| other.sees_memory_of(origin));
            first.is_some_and(|first| first.caller.id == module.caller.id)
        }
    }
}
