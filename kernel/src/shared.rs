//! What belongs to the kernel as a whole, not to one of its modules.
//!
//! It is saved, restored and hashed once for the machine. A part with nothing in it is absent from the hash, so that a
//! machine that does not use it has the hash that it had before the part existed.

use cartwheel_hostabi::Capability;

use crate::codec::{Reader, RestoreError};
use crate::completion::Completions;
use crate::ingest::Vouching;
use crate::load::ModuleId;
use crate::net::Net;
use crate::pipeline::Kernel;
use crate::policy::Policy;
use crate::ports::Ports;
use crate::quotas::{QuotaTable, Quotas};
use crate::supervision::Supervision;

/// State of the kernel as a whole. Handlers reach it through their context.
#[derive(Default)]
pub(crate) struct Shared {
    /// What modules have to do with each other.
    pub(crate) supervision: Supervision,
    /// Whose signatures count, and which versions came in.
    pub(crate) vouching: Vouching,
    pub(crate) ports: Ports,
    pub(crate) completions: Completions,
    pub(crate) net: Net,
    pub(crate) quotas: QuotaTable,
}

impl Shared {
    /// True if there is anything under a module's number.
    pub(crate) fn has(&self, id: ModuleId) -> bool {
        self.ports.has(id.0) || self.completions.has(id.0) || self.net.has(id.0) || self.quotas.has(id.0)
    }

    /// Lets go of everything under a module's number.
    pub(crate) fn forget(&mut self, id: ModuleId) {
        self.ports.unload(id.0);
        self.completions.unload(id.0);
        self.net.unload(id.0);
        self.quotas.set(id.0, None);
    }

    /// Takes note of a module with quotas of its own or the machine's, and gives it ports if it asks for them.
    pub(crate) fn admit(&mut self, id: ModuleId, quotas: Option<Quotas>, ports: bool) {
        self.quotas.set(id.0, quotas);
        if ports {
            self.ports.load(id.0, *self.quotas.of(id.0));
        }
    }
}

impl Kernel {
    /// Appends everything that can influence a later call and belongs to no single module, as portable bytes.
    pub fn save_shared(&self, out: &mut Vec<u8>) {
        let text = self.policy.text().as_bytes();
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text);
        self.shared.supervision.save(out);
        self.shared.ports.save(out);
        self.shared.completions.save(out);
        self.shared.net.save(out);
        self.shared.quotas.save(out);
        self.shared.vouching.save(out);
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
        let mut ports = Ports::read(&mut input)?;
        let completions = Completions::read_saved(&mut input)?;
        let net = Net::read(&mut input)?;
        let quotas = QuotaTable::read(&mut input)?;
        let vouching = self.shared.vouching.read(&mut input)?;
        input.end()?;
        if !ports.set_quotas(&quotas) || !net.is_within(&quotas) {
            return Err(RestoreError::Limits);
        }
        if supervision.named().chain(quotas.named()).any(|id| self.module(id).is_none()) {
            return Err(RestoreError::NoSuchModule);
        }
        let with_ports =
            self.modules.iter().filter(|module| module.caller.declared.contains(Capability::Port));
        if !ports.modules().eq(with_ports.map(|module| module.caller.id.0)) {
            return Err(RestoreError::Value);
        }
        self.shared.supervision = supervision;
        self.shared.vouching = vouching;
        self.shared.ports.restore(ports);
        self.shared.completions.restore(completions);
        self.shared.net = net;
        self.shared.quotas = quotas;
        self.modules.iter_mut().for_each(|module| module.settled = true);
        if let Some(policy) = policy {
            self.policy = policy;
            self.compile_all();
        }
        Ok(())
    }

    /// Hashes of what [`Kernel::save_shared`] saves, by component in a fixed order; none for what is empty. The policy
    /// is in the modules' hashes.
    pub fn shared_hashes(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let ports = self.shared.ports.hash().map(|hash| ("ports", hash));
        let completions = self.shared.completions.hash().map(|hash| ("completions", hash));
        let net = self.shared.net.hash().map(|hash| ("network", hash));
        let vouching = self.shared.vouching.hash().map(|hash| ("vouching", hash));
        let supervision = self.shared.supervision.hash();
        let quotas = self.shared.quotas.hash().map(|hash| ("quotas", hash));
        supervision.into_iter().chain(ports).chain(completions).chain(net).chain(vouching).chain(quotas)
    }
}
