//! Whose signatures count in a machine, and which versions came in: state of the kernel as a whole.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_128;

use super::date::Date;
use super::ring::KeyRing;
use super::signature::is_release_name;
use super::validate::{Known, Refused, Vouched, validate};
use crate::codec::{Reader, RestoreError};

/// Whose signatures count, and which versions came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vouching {
    pub(crate) ring: Option<KeyRing>,
    /// Latest versions that came in, by name.
    known: BTreeMap<String, Known>,
}

impl Vouching {
    /// What the ring makes of a cartridge.
    pub(crate) fn validate(&self, content: &[u8; 32], signature: Option<&[u8]>) -> Result<Vouched, Refused> {
        validate(content, signature, self.ring.as_ref(), self.known.values())
    }

    /// A version came in.
    pub(crate) fn know(&mut self, release: Known) {
        let latest = self.known.get(&release.name);
        if latest.is_none_or(|latest| latest.version <= release.version) {
            self.known.insert(release.name.clone(), release);
        }
    }

    fn is_empty(&self) -> bool {
        *self == Vouching::default()
    }

    /// Appends it; nothing if there is nothing to it.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        out.push(self.ring.is_some().into());
        if let Some(ring) = &self.ring {
            out.extend((ring.text().len() as u32).to_le_bytes());
            out.extend(ring.text().as_bytes());
            out.extend(ring.day().map_or(0, Date::number).to_le_bytes());
        }
        out.extend((self.known.len() as u32).to_le_bytes());
        for Known { name, version, content } in self.known.values() {
            out.push(name.len() as u8);
            out.extend(name.as_bytes());
            out.extend(version.to_le_bytes());
            out.extend(content);
        }
    }

    /// Reads what is there in place of this one.
    pub(crate) fn read(&self, input: &mut Reader<'_>) -> Result<Vouching, RestoreError> {
        let mut read = Vouching::default();
        if input.0.is_empty() {
            return Ok(read);
        }
        if input.flag()? {
            let len = input.u32()? as usize;
            let text = str::from_utf8(input.bytes(len)?).map_err(|_| RestoreError::Value)?;
            // Rollbacks come many times a second, and almost always to the same ring.
            let same = self.ring.clone().filter(|ring| ring.text() == text);
            let ring = same.map_or_else(|| KeyRing::parse(text).map_err(|_| RestoreError::Value), Ok)?;
            read.ring = Some(match input.u32()? {
                0 if ring.day().is_none() => ring,
                day => ring.as_of(Date::from_number(day).ok_or(RestoreError::Value)?),
            });
        }
        for _ in 0..input.u32()? {
            let len = usize::from(input.u8()?);
            let name = str::from_utf8(input.bytes(len)?).ok().filter(|name| is_release_name(name));
            let name = name.ok_or(RestoreError::Value)?.to_owned();
            let version = input.u32()?;
            let content = input.bytes(32)?.try_into().map_err(|_| RestoreError::Value)?;
            let ascending = read.known.last_key_value().is_none_or(|(last, _)| *last < name);
            if !ascending || version == 0 {
                return Err(RestoreError::Value);
            }
            read.known.insert(name.clone(), Known { name, version, content });
        }
        if read.is_empty() { Err(RestoreError::Value) } else { Ok(read) }
    }

    /// Hash of what is saved; `None` if that is nothing.
    pub(crate) fn hash(&self) -> Option<u128> {
        let mut saved = Vec::new();
        self.save(&mut saved);
        (!saved.is_empty()).then(|| xxh3_128(&saved))
    }
}
