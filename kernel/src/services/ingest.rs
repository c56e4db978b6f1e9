//! A module that wants to become another one: what it asked for, and what came of it.

use std::sync::Arc;

use crate::codec::{Reader, RestoreError};
use crate::host::MAX_FETCH_BYTES;
use crate::ingest::Phase;

/// Longest address in bytes.
pub(super) const MAX_ADDRESS_BYTES: usize = 255;
/// First byte of the answer to an ingest that failed.
const NOT_INGESTED: u8 = 3;
/// Longest reason in an answer, in bytes.
const MAX_REASON_BYTES: usize = 512;

/// What was fetched, or why nothing was.
pub(crate) type Fetched = Result<Arc<[u8]>, String>;

/// An ingest that was asked for and is not due. Once something was fetched, nothing but itself is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) promise: i32,
    /// It is due at the `wait`th boundary from here.
    pub(super) wait: u32,
    /// Where the cartridge is: `NAME:PATH`.
    pub(crate) address: String,
    /// Content hash that it has to have.
    pub(crate) pinned: Option<[u8; 32]>,
    pub(crate) fetched: Option<Fetched>,
}

/// The answer to an ingest that failed.
pub(super) fn answer(phase: Phase, reason: &str) -> Vec<u8> {
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)];
    [&[NOT_INGESTED, phase as u8], reason.as_bytes()].concat()
}

impl Pending {
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.promise.to_le_bytes());
        out.extend(self.wait.to_le_bytes());
        super::kernel::put(out, self.address.as_bytes());
        out.push(self.pinned.is_some().into());
        out.extend(self.pinned.iter().flatten());
        match &self.fetched {
            None => out.push(0),
            Some(Ok(bytes)) => {
                out.push(1);
                super::kernel::put(out, bytes);
            }
            Some(Err(reason)) => {
                out.push(2);
                super::kernel::put(out, reason.as_bytes());
            }
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Pending, RestoreError> {
        let (promise, wait) = (input.i32()?, input.u32()?);
        let address = super::kernel::text(input)?;
        let pinned = if input.flag()? {
            Some(input.bytes(32)?.try_into().map_err(|_| RestoreError::Value)?)
        } else {
            None
        };
        let fetched = match input.u8()? {
            0 => None,
            1 => Some(Ok(Arc::from(super::kernel::get(input)?))),
            2 => Some(Err(super::kernel::text(input)?)),
            _ => return Err(RestoreError::Value),
        };
        let too_long =
            |fetched: &Fetched| fetched.as_ref().is_ok_and(|bytes| bytes.len() as u64 > MAX_FETCH_BYTES);
        let wrong =
            promise < 1 || wait < 1 || !is_address(&address) || fetched.as_ref().is_some_and(too_long);
        if wrong { Err(RestoreError::Value) } else { Ok(Pending { promise, wait, address, pinned, fetched }) }
    }
}

/// True if a text can be an address: a name, a colon, and what it means there.
pub(super) fn is_address(text: &str) -> bool {
    let named = text.split_once(':').is_some_and(|(name, _)| !name.is_empty() && !name.contains('/'));
    named && text.len() <= MAX_ADDRESS_BYTES && !text.chars().any(char::is_control)
}
