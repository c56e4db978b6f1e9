//! The host layer: everything that the kernel wants from the machine that it runs on.
//!
//! Four traits: [`Memory`] and [`Processing`] for staged work, [`Disk`] for the folder behind a module's storage, [`Source`]
//! for where cartridges are fetched from. Porting to another host is implementing them. There are two implementations:
//! [`os`], of the operating system, and [`simulated`], which is memory only, does everything at once, and can be told to
//! fail.
//!
//! Nothing that a host does can change what a guest sees, except failures of a disk, and these enter a machine as
//! recorded actions of a frame.

mod mirror;
pub mod os;
pub mod simulated;
mod source;
mod store;

use std::fmt;
use std::io;
use std::sync::Arc;

pub use mirror::{DiskEvent, DiskFault, LoadStorageError, Mirror, load_storage};
pub use source::{FolderSource, MAX_FETCH_BYTES, Source, Sources};
pub use store::Store;

/// Something to do away from the machine.
pub type Job = Box<dyn FnOnce() + Send>;

/// Memory that is reached by the machine and by those who work for it.
pub trait Memory: Send + Sync {
    /// Copies the input of staged work.
    fn share(&self, bytes: &[u8]) -> Arc<[u8]>;
}

/// Hands that work for the machine.
pub trait Processing: Send + Sync {
    /// Does a job at some time, on any thread. A job that is dropped is done by the machine itself when it is needed.
    fn run(&self, job: Job);
}

/// A folder and what is below it. Paths are names joined by `/`; the folder itself is the empty path.
///
/// Nothing has to survive a crash before it was synced: a file's content by [`Disk::sync`], its name and its deletion by
/// [`Disk::sync_folder`] of its folder. [`Disk::rename`] is atomic.
pub trait Disk: Send {
    /// What is in a folder, in any order.
    fn list(&mut self, folder: &str) -> io::Result<Vec<DiskEntry>>;
    /// The content of a file, and an error if it is longer than `max_bytes`.
    fn read(&mut self, path: &str, max_bytes: u64) -> io::Result<Vec<u8>>;
    /// Makes a file with this content; an error if there is something of the name.
    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes the content of a file durable.
    fn sync(&mut self, path: &str) -> io::Result<()>;
    /// Gives a file another name in its folder, over a file that has it.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; an error of kind `NotFound`, `NotADirectory` or `IsADirectory` if there is none.
    fn remove(&mut self, path: &str) -> io::Result<()>;
    /// Makes a folder in one that is there; not an error if it is there already.
    fn make_folder(&mut self, path: &str) -> io::Result<()>;
    /// Removes a folder; an error if something is in it.
    fn remove_folder(&mut self, path: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&mut self, path: &str) -> io::Result<()>;
}

/// Something in a folder of a [`Disk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEntry {
    /// Its name; what is not UTF-8 has become replacement characters.
    pub name: String,
    /// What it is.
    pub kind: DiskKind,
}

/// The folder that a place is in.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What something in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, a device, or anything else that storage has nothing to do with.
    Other,
}

/// The host that a kernel runs on. Clones are the same host.
#[derive(Clone)]
pub struct Host {
    /// Memory.
    pub memory: Arc<dyn Memory>,
    /// Processing.
    pub processing: Arc<dyn Processing>,
}

/// Memory of the process, which all its threads share: that of both implementations.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessMemory;

impl Memory for ProcessMemory {
    fn share(&self, bytes: &[u8]) -> Arc<[u8]> {
        bytes.into()
    }
}

/// The simulated host, which does everything at once.
impl Default for Host {
    fn default() -> Host {
        Host { memory: Arc::new(ProcessMemory), processing: Arc::new(simulated::AtOnce) }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
