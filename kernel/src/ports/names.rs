//! The directory: tokens under names, so that modules that know nothing of each other can meet.

use std::collections::BTreeMap;

use cartwheel_hostabi::Status;

use super::arena::ArenaKey;
use super::{Holder, Ports, Token};
use crate::codec::{Reader, RestoreError};

const MAX_NAME_BYTES: usize = 64;

/// What is published.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Publisher and token by name.
    entries: BTreeMap<Vec<u8>, (u32, ArenaKey)>,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Names that a module has published.
    pub(super) fn of(&self, module: u32) -> Vec<Vec<u8>> {
        let own = self.entries.iter().filter(|(_, (publisher, _))| *publisher == module);
        own.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> Option<ArenaKey> {
        self.entries.remove(name).map(|(_, token)| token)
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = ArenaKey> {
        self.entries.values().map(|(_, token)| *token)
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.entries.len() as u32).to_le_bytes());
        for (name, (publisher, token)) in &self.entries {
            out.push(name.len() as u8);
            out.extend(name);
            out.extend(publisher.to_le_bytes());
            token.save(out);
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Names, RestoreError> {
        let mut names = Names::default();
        for _ in 0..input.u32()? {
            let len = usize::from(input.u8()?);
            let name = input.bytes(len)?;
            let ascending = names.entries.last_key_value().is_none_or(|(last, _)| last.as_slice() < name);
            if !is_name(name) || !ascending {
                return Err(RestoreError::Value);
            }
            let entry = (input.u32()?, ArenaKey::read(input)?);
            names.entries.insert(name.to_vec(), entry);
        }
        Ok(names)
    }
}

fn is_name(name: &[u8]) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic)
}

impl Ports {
    /// Puts a token under a name. It is the directory's then.
    pub(crate) fn publish(&mut self, module: u32, name: &[u8], token: i32) -> Result<(), Status> {
        let key = self.token_key(module, token)?;
        if !is_name(name) {
            return Err(Status::PortBadName);
        }
        if self.names.entries.contains_key(name) {
            return Err(Status::PortTaken);
        }
        // The right to ports of one's own is nobody else's.
        if self.tokens.get(key).is_none_or(|token| token.channel.is_none()) {
            return Err(Status::PortNoRight);
        }
        let most = self.table(module)?.quotas.names as usize;
        if self.names.entries.values().filter(|(publisher, _)| *publisher == module).count() >= most {
            return Err(Status::Quota);
        }
        self.close_ports_of(key);
        self.hold(key, Holder::Names);
        self.table(module)?.tokens[token as usize - 1] = None;
        self.names.entries.insert(name.to_vec(), (module, key));
        Ok(())
    }

    /// A token with the rights of the one under a name, derived from it.
    pub(crate) fn find(&mut self, module: u32, name: &[u8]) -> Result<i32, Status> {
        let (_, parent) = *self.names.entries.get(name).ok_or(Status::PortNotFound)?;
        let Some(Token { channel, rights, .. }) = self.tokens.get(parent) else {
            return Err(Status::PortNotFound);
        };
        let (channel, rights, holder) = (*channel, *rights, Holder::Module(module));
        self.new_token(module, Token { channel, rights, parent: Some(parent), children: Vec::new(), holder })
    }

    /// Takes a name of the module's own out of the directory, and its token with it; what others found stays theirs.
    pub(crate) fn withdraw(&mut self, module: u32, name: &[u8]) -> Result<(), Status> {
        let own = self.names.entries.get(name).is_some_and(|(publisher, _)| *publisher == module);
        let token = if own { self.names.remove(name) } else { None };
        self.remove_token(token.ok_or(Status::PortNotFound)?);
        Ok(())
    }
}
