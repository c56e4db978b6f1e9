//! The disk: up to 1,024 bytes. They are part of the state, and last as long as it: saved states and traces have them.

use crate::codec::{Reader, RestoreError};

/// Most bytes on a disk.
pub(super) const DISK_BYTES: usize = 1_024;

/// What a game has stored. It is replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disk(Vec<u8>);

impl Disk {
    /// Copies from the start of the disk. Gives the number of bytes.
    pub(super) fn read_to(&self, to: &mut [u8]) -> usize {
        let len = self.0.len().min(to.len());
        to[..len].copy_from_slice(&self.0[..len]);
        len
    }

    /// Replaces the contents by as many bytes as fit. Gives their number.
    pub(super) fn replace(&mut self, from: &[u8]) -> usize {
        self.0.clear();
        self.0.extend(&from[..from.len().min(DISK_BYTES)]);
        self.0.len()
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.0.len() as u16).to_le_bytes());
        out.extend(&self.0);
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let len = usize::from(input.u16()?);
        if len > DISK_BYTES {
            return Err(RestoreError::Value);
        }
        Ok(Disk(input.bytes(len)?.to_vec()))
    }
}
