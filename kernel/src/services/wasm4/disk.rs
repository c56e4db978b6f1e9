//! The disk: up to 1,024 bytes in a file of the game's storage, so that it lasts as long as other files do.

use super::super::fs::Root;
use crate::storage::{Blob, StoragePath};

/// Most bytes on a disk.
const DISK_BYTES: usize = 1_024;

/// The file of the disk. There is none while the disk is empty.
fn path() -> StoragePath {
    StoragePath::parse(b"wasm4.disk").expect("it is a path")
}

/// Copies from the start of the disk. Gives the number of bytes.
pub(super) fn read(root: &Root, to: &mut [u8]) -> usize {
    let Some(file) = root.storage.read(&path()) else { return 0 };
    let len = file.bytes().len().min(DISK_BYTES).min(to.len());
    to[..len].copy_from_slice(&file.bytes()[..len]);
    len
}

/// Replaces the contents by as many bytes as fit. Gives their number; 0 if the storage takes nothing, and then the disk is
/// as it was.
pub(super) fn replace(root: &mut Root, from: &[u8]) -> usize {
    if root.read_only {
        return 0;
    }
    let from = &from[..from.len().min(DISK_BYTES)];
    if from.is_empty() {
        root.storage.delete(&path());
        return 0;
    }
    let same = root.storage.read(&path()).is_some_and(|file| **file.bytes() == *from);
    if same || root.storage.write(&path(), Blob::new(from)).is_ok() { from.len() } else { 0 }
}
