//! The folder behind a module's storage: read when the module starts, written behind it, never read again.
//!
//! A file is written beside its place, synced, renamed, and the folder synced. So whenever the host is killed or loses its
//! power, each file is there whole, the old or the new one. What could not be written stays to be written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::{Disk, DiskKind, folder_of};
use crate::storage::{Blob, Storage, StoragePath, WriteError};

/// Name of a file that is being written. No path of storage has such a name, so a left one can be told and removed.
const BESIDE: &str = ".cartwheel-new";
/// What could not be written is tried again after so many updates, if nothing else comes first.
const RETRY_UPDATES: u32 = 60;

/// What is wrong with a disk, as far as a guest can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiskFault {
    /// It has no room.
    Full,
    /// It cannot be written to.
    ReadOnly,
    /// It fails in another way.
    Failed,
}

impl DiskFault {
    /// All faults, in the order of their numbers in saved states and traces: new ones go to the end.
    pub const ALL: &[DiskFault] = &[DiskFault::Full, DiskFault::ReadOnly, DiskFault::Failed];

    /// Name in traces and messages.
    pub fn name(self) -> &'static str {
        match self {
            DiskFault::Full => "full",
            DiskFault::ReadOnly => "read-only",
            DiskFault::Failed => "failed",
        }
    }

    /// The fault with a name.
    pub fn from_name(name: &str) -> Option<DiskFault> {
        DiskFault::ALL.iter().copied().find(|fault| fault.name() == name)
    }

    fn of(error: &io::Error) -> DiskFault {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DiskFault::Full,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => DiskFault::ReadOnly,
            _ => DiskFault::Failed,
        }
    }
}

/// A disk began to fail, fails in another way, or works again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEvent {
    /// What is wrong now; `None` if everything is written. This is what a machine is told.
    pub fault: Option<DiskFault>,
    /// The same for people, with file and reason.
    pub message: String,
}

impl fmt::Display for DiskEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DiskEvent {}

/// Why a folder cannot become a storage.
#[derive(Debug)]
pub enum LoadStorageError {
    /// Something cannot be read.
    Disk(String, io::Error),
    /// Something has a name that no file of storage has.
    Name(String),
    /// Something is neither file nor folder.
    Kind(String),
    /// The files do not fit.
    Write(String, WriteError),
}

impl fmt::Display for LoadStorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadStorageError::Disk(path, error) if path.is_empty() => {
                write!(f, "cannot read the folder: {error}")
            }
            LoadStorageError::Disk(path, error) => write!(f, "cannot read `{path}`: {error}"),
            LoadStorageError::Name(path) => write!(
                f,
                "`{}` has a name that files of a storage cannot have (a to z, 0 to 9, `_`, `-`, `.`); \
                 is this the right folder?",
                path.escape_debug()
            ),
            LoadStorageError::Kind(path) => {
                write!(f, "`{path}` is neither a file nor a folder; a storage has no links")
            }
            LoadStorageError::Write(path, error) => write!(f, "`{path}`: {error}"),
        }
    }
}

impl std::error::Error for LoadStorageError {}

/// Reads a folder as a storage. Hidden files are left alone; what an interrupted writer left is removed.
///
/// # Errors
///
/// If something cannot be read, is no file of a storage, or is more than the quota. A folder that does not look like
/// storage is refused rather than read in part, because the storage will be written to it.
pub fn load_storage(disk: &mut dyn Disk, quota_bytes: u64) -> Result<Storage, LoadStorageError> {
    let mut storage = Storage::new(quota_bytes);
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let mut entries = disk.list(&folder).map_err(|e| LoadStorageError::Disk(folder.clone(), e))?;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path =
                if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            if entry.name == BESIDE && entry.kind == DiskKind::File {
                disk.remove(&path).map_err(|e| LoadStorageError::Disk(path, e))?;
                continue;
            }
            if entry.name.starts_with('.') {
                continue;
            }
            let Some(place) = StoragePath::parse(path.as_bytes()) else {
                return Err(LoadStorageError::Name(path));
            };
            match entry.kind {
                DiskKind::Folder => folders.push(path),
                DiskKind::Other => return Err(LoadStorageError::Kind(path)),
                DiskKind::File => {
                    let bytes =
                        disk.read(&path, quota_bytes).map_err(|e| LoadStorageError::Disk(path.clone(), e))?;
                    storage.write(&place, Blob::new(bytes)).map_err(|e| LoadStorageError::Write(path, e))?;
                }
            }
        }
    }
    Ok(storage)
}

/// Files that changed, `None` for those that are gone.
type Changes = Vec<(StoragePath, Option<Blob>)>;

/// Keeps a folder in step with a storage.
pub struct Mirror {
    /// What is written or on its way.
    last: Storage,
    updates: u32,
    writer: Behind,
}

enum Behind {
    AtOnce(Writer, Vec<DiskEvent>),
    Thread { work: Sender<Changes>, events: Receiver<DiskEvent>, thread: JoinHandle<Result<(), DiskEvent>> },
}

impl Mirror {
    /// A mirror that writes on a thread of its own. `on_disk` is what [`load_storage`] gave.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub fn behind(disk: Box<dyn Disk>, on_disk: Storage) -> io::Result<Mirror> {
        let (work, received) = channel();
        let (told, events) = channel();
        let writer = Writer::new(disk);
        let builder = std::thread::Builder::new().name("storage".to_owned());
        let thread = builder.spawn(move || writer.serve(&received, &told))?;
        Ok(Mirror { last: on_disk, updates: 0, writer: Behind::Thread { work, events, thread } })
    }

    /// A mirror that writes in [`Mirror::update`].
    pub fn at_once(disk: Box<dyn Disk>, on_disk: Storage) -> Mirror {
        Mirror { last: on_disk, updates: 0, writer: Behind::AtOnce(Writer::new(disk), Vec::new()) }
    }

    /// Takes what a storage has become; called after each frame. A storage that went back in time is as good as any.
    pub fn update(&mut self, storage: &Storage) {
        let changes = if storage.is_same(&self.last) { Vec::new() } else { changes(&self.last, storage) };
        self.updates += 1;
        if changes.is_empty() && self.updates < RETRY_UPDATES {
            return;
        }
        self.updates = 0;
        self.last = storage.clone();
        match &mut self.writer {
            Behind::AtOnce(writer, events) => events.extend(writer.write(changes)),
            // A thread that is gone is found by `finish`.
            Behind::Thread { work, .. } => drop(work.send(changes)),
        }
    }

    /// What happened to the disk since this was last asked, oldest first: to be queued as actions of the next frame.
    pub fn events(&mut self) -> Vec<DiskEvent> {
        match &mut self.writer {
            Behind::AtOnce(_, events) => std::mem::take(events),
            Behind::Thread { events, .. } => events.try_iter().collect(),
        }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    ///
    /// If something could not be.
    pub fn finish(self) -> Result<(), DiskEvent> {
        match self.writer {
            Behind::AtOnce(mut writer, _) => writer.finish(),
            Behind::Thread { work, thread, .. } => {
                drop(work);
                thread.join().unwrap_or_else(|_| {
                    let message = "the thread that writes the storage has panicked".to_owned();
                    Err(DiskEvent { fault: Some(DiskFault::Failed), message })
                })
            }
        }
    }
}

fn changes(old: &Storage, new: &Storage) -> Changes {
    let gone = old.files().filter(|(path, _)| new.read(path).is_none()).map(|(path, _)| (path.clone(), None));
    let other = |path: &StoragePath, blob: &Blob| old.read(path).is_none_or(|old| old != blob);
    let changed = new.files().filter(|(path, blob)| other(path, blob));
    gone.chain(changed.map(|(path, blob)| (path.clone(), Some(blob.clone())))).collect()
}

/// Writes files durably and remembers those that it could not.
struct Writer {
    disk: Box<dyn Disk>,
    dirty: BTreeMap<StoragePath, Option<Blob>>,
    /// Folders that are durably there.
    folders: BTreeSet<String>,
    fault: Option<DiskFault>,
}

impl Writer {
    fn new(disk: Box<dyn Disk>) -> Writer {
        Writer { disk, dirty: BTreeMap::new(), folders: BTreeSet::new(), fault: None }
    }

    /// Serves until nobody can send any more, then writes what is left.
    fn serve(mut self, work: &Receiver<Changes>, events: &Sender<DiskEvent>) -> Result<(), DiskEvent> {
        while let Ok(mut changes) = work.recv() {
            // What was overtaken while the disk was busy is not written at all.
            changes.extend(work.try_iter().flatten());
            if let Some(event) = self.write(changes) {
                // Nobody listens any more: then `finish` tells.
                let _ = events.send(event);
            }
        }
        self.finish()
    }

    fn finish(&mut self) -> Result<(), DiskEvent> {
        match self.write_dirty() {
            Some((path, error)) => Err(event(&path, &error)),
            None => Ok(()),
        }
    }

    fn write(&mut self, changes: Changes) -> Option<DiskEvent> {
        self.dirty.extend(changes);
        let failed = self.write_dirty();
        let fault = failed.as_ref().map(|(_, error)| DiskFault::of(error));
        if fault == std::mem::replace(&mut self.fault, fault) {
            return None;
        }
        Some(match failed {
            Some((path, error)) => event(&path, &error),
            None => DiskEvent { fault: None, message: "the storage is written again".to_owned() },
        })
    }

    /// Writes what has to be; gives the first failure.
    fn write_dirty(&mut self) -> Option<(StoragePath, io::Error)> {
        let mut first = None;
        let mut left = BTreeMap::new();
        // Deletions first: a folder can take the place of a file, and the other way round.
        let (gone, changed): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.dirty).into_iter().partition(|(_, blob)| blob.is_none());
        for (path, blob) in gone.into_iter().chain(changed) {
            let result = match &blob {
                Some(blob) => self.write_file(&path, blob.bytes()),
                None => self.delete_file(&path),
            };
            if let Err(error) = result {
                // Somebody else may have removed a folder: the next attempt makes it again.
                self.folders.clear();
                first.get_or_insert((path.clone(), error));
                left.insert(path, blob);
            }
        }
        self.dirty = left;
        first
    }

    fn write_file(&mut self, path: &StoragePath, bytes: &[u8]) -> io::Result<()> {
        for folder in path.folders() {
            if !self.folders.contains(folder) {
                self.disk.make_folder(folder)?;
                self.disk.sync_folder(folder_of(folder))?;
                self.folders.insert(folder.to_owned());
            }
        }
        let folder = folder_of(path.as_str());
        let beside = if folder.is_empty() { BESIDE.to_owned() } else { format!("{folder}/{BESIDE}") };
        // One that an earlier failure left.
        missing_is_fine(self.disk.remove(&beside))?;
        self.disk.create(&beside, bytes)?;
        self.disk.sync(&beside)?;
        self.disk.rename(&beside, path.as_str())?;
        self.disk.sync_folder(folder)
    }

    fn delete_file(&mut self, path: &StoragePath) -> io::Result<()> {
        missing_is_fine(self.disk.remove(path.as_str()))?;
        let mut kept = folder_of(path.as_str());
        for folder in path.folders().rev() {
            // What an earlier failure left must not keep the folder.
            missing_is_fine(self.disk.remove(&format!("{folder}/{BESIDE}")))?;
            match self.disk.remove_folder(folder) {
                Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => break,
                result => missing_is_fine(result)?,
            }
            self.folders.remove(folder);
            kept = folder_of(folder);
        }
        missing_is_fine(self.disk.sync_folder(kept))
    }
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if is_missing(&e) => Ok(()),
        result => result,
    }
}

/// Below a file there is nothing either, and a folder has taken the place of a file only after that was removed.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

fn event(path: &StoragePath, error: &io::Error) -> DiskEvent {
    DiskEvent {
        fault: Some(DiskFault::of(error)),
        message: format!("cannot write `{path}` to the storage: {error}"),
    }
}
