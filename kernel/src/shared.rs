//! What belongs to the kernel as a whole, not to one of its modules.
//!
//! It is saved, restored and hashed once for the machine. A part with nothing in it is absent from the hash, so that a
//! machine that does not use it has the hash that it had before the part existed.

use crate::codec::{Reader, RestoreError};
use crate::pipeline::Kernel;
use crate::policy::Policy;
use crate::supervision::Supervision;

/// State of the kernel as a whole. Handlers reach it through their context.
#[derive(Default)]
pub(crate) struct Shared {
    /// What modules have to do with each other.
    pub(crate) supervision: Supervision,
}

impl Kernel {
    /// Appends everything that can influence a later call and belongs to no single module, as portable bytes.
    pub fn save_shared(&self, out: &mut Vec<u8>) {
        let text = self.policy.text().as_bytes();
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text);
        self.shared.supervision.save(out);
    }

    /// Puts the kernel as a whole back into a saved state. The modules of that state must be there, and the number of the next
    /// one set; the modules' own states are restored after it. On failure everything stays as it was.
    pub fn restore_shared(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let mut input = Reader(bytes);
        let len = input.u32()? as usize;
        let text = str::from_utf8(input.bytes(len)?).map_err(|_| RestoreError::Policy)?;
        // Rollbacks come many times a second, and almost always to the same policy.
        let policy = if text == self.policy.text() { None } else { Some(text) };
        let policy = policy.map(|text| match text {
            "" => Ok(Policy::built_in()),
            text => Policy::parse(text).map_err(|_| RestoreError::Policy),
        });
        let policy = policy.transpose()?;
        let supervision = self.shared.supervision.read(&mut input)?;
        input.end()?;
        if supervision.named().any(|id| self.module(id).is_none()) {
            return Err(RestoreError::NoSuchModule);
        }
        self.shared.supervision = supervision;
        if let Some(policy) = policy {
            self.policy = policy;
            self.compile_all();
        }
        Ok(())
    }

    /// Hashes of what [`Kernel::save_shared`] saves, by component in a fixed order; none for what is empty. The policy
    /// is in the modules' hashes.
    pub fn shared_hashes(&self) -> impl Iterator<Item = (&'static str, u128)> {
        self.shared.supervision.hash().into_iter()
    }
}
