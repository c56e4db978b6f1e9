//! A host that is memory only: everything is done at once and in order, and a disk can fail or lose its power where a test
//! wants it to.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, DiskEntry, DiskKind, Job, Processing, folder_of};

/// Does each job when it comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtOnce;

impl Processing for AtOnce {
    fn run(&self, job: Job) {
        job();
    }
}

/// A disk that forgets what was not synced when its power goes. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Places of files and folders; the outermost folder has none.
    names: BTreeMap<String, Node>,
    /// Names as they were when their folder was last synced.
    durable: BTreeMap<String, Node>,
    /// Folders that were removed since theirs was synced: what was durable in them goes with them.
    removed: Vec<String>,
    /// Operations so far.
    operations: u64,
    /// Operations that fail: first, number, how.
    faults: Option<(u64, u64, ErrorKind)>,
}

#[derive(Clone, Debug)]
enum Node {
    Folder,
    File(Arc<Mutex<Content>>),
    Other,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    /// What it was when it was last synced; nothing if it never was.
    durable: Vec<u8>,
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new() -> SimulatedDisk {
        SimulatedDisk::default()
    }

    /// Lets `count` operations fail, the first of them after `after` more that work.
    pub fn fail(&self, after: u64, count: u64, kind: ErrorKind) {
        let mut state = self.state();
        state.faults = Some((state.operations + after, count, kind));
    }

    /// Lets everything work again.
    pub fn repair(&self) {
        self.state().faults = None;
    }

    /// Operations so far, failed ones too.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Loses its power and comes back, working. Contents are what was synced. Names are those that were synced, or with
    /// `names_survive` those that there were: a disk may write them earlier than it has to.
    pub fn crash(&self, names_survive: bool) {
        let mut state = self.state();
        let names = if names_survive { state.names.clone() } else { state.durable.clone() };
        for node in names.values() {
            if let Node::File(content) = node {
                let mut content = lock(content);
                content.now = content.durable.clone();
            }
        }
        state.removed.clear();
        state.durable = names.clone();
        state.names = names;
        state.faults = None;
    }

    /// Puts a file there, durably, as somebody else would. Folders on the way are made.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let content = Content { now: bytes.to_vec(), durable: bytes.to_vec() };
        self.place(path, &Node::File(Arc::new(Mutex::new(content))));
    }

    /// Puts something there that is neither file nor folder.
    pub fn put_other(&self, path: &str) {
        self.place(path, &Node::Other);
    }

    /// The content of a file, if there is one.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        match self.state().names.get(path)? {
            Node::File(content) => Some(lock(content).now.clone()),
            Node::Folder | Node::Other => None,
        }
    }

    /// All places of files and folders, in order.
    pub fn places(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    fn place(&self, path: &str, node: &Node) {
        let mut state = self.state();
        for (at, _) in path.match_indices('/') {
            state.names.insert(path[..at].to_owned(), Node::Folder);
            state.durable.insert(path[..at].to_owned(), Node::Folder);
        }
        state.names.insert(path.to_owned(), node.clone());
        state.durable.insert(path.to_owned(), node.clone());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Begins an operation, unless it is one that fails.
    fn operate(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let number = state.operations;
        state.operations += 1;
        match state.faults {
            Some((first, count, kind)) if number >= first && number - first < count => Err(kind.into()),
            _ => Ok(state),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn folder(&self, path: &str) -> io::Result<()> {
        match self.names.get(path) {
            Some(Node::Folder) => Ok(()),
            None if path.is_empty() => Ok(()),
            None => Err(ErrorKind::NotFound.into()),
            Some(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn file(&self, path: &str) -> io::Result<&Arc<Mutex<Content>>> {
        match self.names.get(path) {
            Some(Node::File(content)) => Ok(content),
            Some(_) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }
}

impl Disk for SimulatedDisk {
    fn list(&mut self, folder: &str) -> io::Result<Vec<DiskEntry>> {
        let state = self.operate()?;
        state.folder(folder)?;
        let inside = state.names.iter().filter(|(path, _)| folder_of(path) == folder);
        Ok(inside
            .map(|(path, node)| DiskEntry {
                name: path.rsplit('/').next().unwrap_or_default().to_owned(),
                kind: match node {
                    Node::Folder => DiskKind::Folder,
                    Node::File(_) => DiskKind::File,
                    Node::Other => DiskKind::Other,
                },
            })
            .collect())
    }

    fn read(&mut self, path: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        let state = self.operate()?;
        let content = lock(state.file(path)?);
        if content.now.len() as u64 > max_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(content.now.clone())
    }

    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.operate()?;
        state.folder(folder_of(path))?;
        if state.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let content = Content { now: bytes.to_vec(), durable: Vec::new() };
        state.names.insert(path.to_owned(), Node::File(Arc::new(Mutex::new(content))));
        Ok(())
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        let state = self.operate()?;
        let mut content = lock(state.file(path)?);
        content.durable = content.now.clone();
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.operate()?;
        state.file(from)?;
        if let Some(Node::Folder) = state.names.get(to) {
            return Err(ErrorKind::IsADirectory.into());
        }
        if let Some(node) = state.names.remove(from) {
            state.names.insert(to.to_owned(), node);
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        let mut state = self.operate()?;
        state.file(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn make_folder(&mut self, path: &str) -> io::Result<()> {
        let mut state = self.operate()?;
        state.folder(folder_of(path))?;
        match state.names.get(path) {
            Some(Node::Folder) => Ok(()),
            Some(_) => Err(ErrorKind::AlreadyExists.into()),
            None => {
                state.names.insert(path.to_owned(), Node::Folder);
                Ok(())
            }
        }
    }

    fn remove_folder(&mut self, path: &str) -> io::Result<()> {
        let mut state = self.operate()?;
        state.folder(path)?;
        if state.names.keys().any(|place| folder_of(place) == path) {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        state.names.remove(path);
        state.removed.push(path.to_owned());
        Ok(())
    }

    fn sync_folder(&mut self, path: &str) -> io::Result<()> {
        let mut state = self.operate()?;
        state.folder(path)?;
        let State { names, durable, removed, .. } = &mut *state;
        removed.retain(|gone| {
            let synced = folder_of(gone) == path;
            if synced {
                durable.retain(|place, _| !place.starts_with(&format!("{gone}/")));
            }
            !synced
        });
        durable.retain(|place, _| folder_of(place) != path || names.contains_key(place));
        for (place, node) in names.iter().filter(|(place, _)| folder_of(place) == path) {
            durable.insert(place.clone(), node.clone());
        }
        Ok(())
    }
}
