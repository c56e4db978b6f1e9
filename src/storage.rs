//! The folder behind a cartridge's files.

use std::path::{Path, PathBuf};

use cartwheel_runtime::host::os::Folder;
use cartwheel_runtime::host::{DiskFault, Mirror, load_storage};
use cartwheel_runtime::{Machine, ModuleId, Storage};

use crate::failure::Failure;

/// A folder that a run reads at its start and keeps in step with the storage of its cartridge.
pub struct StorageFolder {
    path: PathBuf,
    mirror: Mirror,
    /// What is wrong with the disk.
    fault: Option<DiskFault>,
}

impl StorageFolder {
    /// Opens a folder, which is made if it is not there, and reads it.
    pub fn open(path: &Path, quota_bytes: u64) -> Result<(StorageFolder, Storage), Failure> {
        let failed = |e: &dyn std::fmt::Display| Failure::file(path, format!("not a storage: {e}"));
        if path.is_file() {
            return Err(Failure::file(path, "not a storage: it is a file, and a folder is wanted"));
        }
        let mut folder = Folder::open(path).map_err(|e| failed(&e))?;
        let storage = load_storage(&mut folder, quota_bytes).map_err(|e| failed(&e))?;
        let mirror = Mirror::behind(Box::new(folder), storage.clone()).map_err(|e| failed(&e))?;
        Ok((StorageFolder { path: path.to_owned(), mirror, fault: None }, storage))
    }

    /// What has become of the disk, which is added to what people are to be told.
    pub fn fault(&mut self, warnings: &mut Vec<String>) -> Option<DiskFault> {
        for event in self.mirror.events() {
            warnings.push(format!("{}: {event}", self.path.display()));
            self.fault = event.fault;
        }
        self.fault
    }

    /// After a frame: takes what the files have become.
    pub fn after_frame(&mut self, machine: &Machine, module: ModuleId) {
        if let Some(storage) = machine.storage(module) {
            self.mirror.update(storage);
        }
    }

    /// Waits until everything is written.
    pub fn finish(self) -> Result<(), Failure> {
        self.mirror.finish().map_err(|e| Failure::file(&self.path, e))
    }
}
