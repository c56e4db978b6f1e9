//! A module's files as one value: bounded by a quota, copied on write, saved, restored and hashed.
//!
//! `spec/storage.md` says what paths there are and what counts against the quota. Nothing here knows of a disk: a
//! [`crate::host::Mirror`] keeps a folder in step with the value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::codec::{Reader, RestoreError};

/// Longest path, in bytes.
pub const MAX_PATH_LEN: usize = 255;
/// What a file counts besides its content and path, so that empty files are bounded too.
pub const FILE_OVERHEAD_BYTES: u64 = 64;
/// Largest quota, so that all lengths are those that a guest can be told.
pub const MAX_QUOTA_BYTES: u64 = 1 << 30;

/// A path that a file or folder can have on every host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoragePath(String);

impl StoragePath {
    /// Checks a path; `None` if nothing can have it.
    pub fn parse(bytes: &[u8]) -> Option<StoragePath> {
        if bytes.len() > MAX_PATH_LEN || !bytes.split(|&byte| byte == b'/').all(is_name) {
            return None;
        }
        str::from_utf8(bytes).ok().map(|path| StoragePath(path.to_owned()))
    }

    /// The path, its names joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders above, outermost first.
    pub fn folders(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

impl fmt::Display for StoragePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True for a name that means the same on every host: one case, no hidden files, nothing that Windows drops or opens
/// as a device.
fn is_name(name: &[u8]) -> bool {
    let good = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return false };
    if !name.iter().all(good) || *first == b'.' || *last == b'.' {
        return false;
    }
    let stem = name.split(|&byte| byte == b'.').next().unwrap_or_default();
    let device = matches!(stem, b"con" | b"prn" | b"aux" | b"nul")
        || matches!(stem, [b'c', b'o', b'm', b'0'..=b'9'] | [b'l', b'p', b't', b'0'..=b'9']);
    !device
}

/// The content of a file, shared by everyone who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    bytes: Arc<[u8]>,
    digest: u128,
}

impl Blob {
    /// Takes bytes as the content of a file.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Blob {
        let bytes = bytes.into();
        Blob { digest: xxh3_128(&bytes), bytes }
    }

    /// The bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// xxh3-128 of the bytes.
    pub fn digest(&self) -> u128 {
        self.digest
    }
}

/// Why a file cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// It would be beyond the quota.
    Full,
    /// It would be a folder, or below a file.
    Conflict,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WriteError::Full => "it does not fit into the storage's quota",
            WriteError::Conflict => "it is a file where a folder is, or the other way round",
        })
    }
}

impl std::error::Error for WriteError {}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'s> {
    /// A file with its content.
    File(&'s Blob),
    /// A folder, which is there as long as files are in it.
    Folder,
}

/// The files of a module. Cloning is cheap; the clones share what neither of them changes.
#[derive(Clone, Debug)]
pub struct Storage {
    files: Arc<BTreeMap<StoragePath, Blob>>,
    used: u64,
    quota: u64,
    /// Hash of the files, once it was asked for.
    hash: OnceLock<u128>,
}

impl Storage {
    /// No files, and room for `quota_bytes`, at most [`MAX_QUOTA_BYTES`].
    pub fn new(quota_bytes: u64) -> Storage {
        Storage {
            files: Arc::default(),
            used: 0,
            quota: quota_bytes.min(MAX_QUOTA_BYTES),
            hash: OnceLock::new(),
        }
    }

    /// Bytes that count against the quota.
    pub fn used_bytes(&self) -> u64 {
        self.used
    }

    /// Bytes that can be used.
    pub fn quota_bytes(&self) -> u64 {
        self.quota
    }

    /// All files in ascending order of their paths.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&StoragePath, &Blob)> {
        self.files.iter()
    }

    /// The content of a file.
    pub fn read(&self, path: &StoragePath) -> Option<&Blob> {
        self.files.get(path)
    }

    /// What a path names.
    pub fn entry(&self, path: &StoragePath) -> Option<Entry<'_>> {
        match self.files.get(path) {
            Some(blob) => Some(Entry::File(blob)),
            None => self.below(path.as_str()).next().map(|_| Entry::Folder),
        }
    }

    /// The names in a folder, `None` for the outermost: sorted, those of folders with `/` at their end. `None` if there is
    /// no such folder.
    pub fn list(&self, folder: Option<&StoragePath>) -> Option<Vec<&str>> {
        let mut names: Vec<&str> = self
            .below(folder.map_or("", StoragePath::as_str))
            .map(|rest| rest.find('/').map_or(rest, |slash| &rest[..=slash]))
            .collect();
        if names.is_empty() && folder.is_some() {
            return None;
        }
        // `a-b` stands between `a/x` and `a/y`, or not, depending on what sorts how: bring equals together.
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// Paths below a folder, without the folder.
    fn below<'s>(&'s self, folder: &str) -> impl Iterator<Item = &'s str> + use<'s> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.files
            .range(StoragePath(prefix.clone())..)
            .map_while(move |(path, _)| path.0.strip_prefix(prefix.as_str()))
    }

    /// Writes a file, over one that is there. On failure nothing is changed.
    pub fn write(&mut self, path: &StoragePath, content: Blob) -> Result<(), WriteError> {
        if self.is_blocked(path) {
            return Err(WriteError::Conflict);
        }
        let used = self.used_with([(path, Some(&content))]);
        if used > self.quota {
            return Err(WriteError::Full);
        }
        self.used = used;
        self.files_mut().insert(path.clone(), content);
        Ok(())
    }

    /// True if no file can have the path because of the others.
    pub(crate) fn is_blocked(&self, path: &StoragePath) -> bool {
        self.below(path.as_str()).next().is_some() || path.folders().any(|folder| self.is_file(folder))
    }

    /// What would count against the quota if each of these files was written, or deleted if it is `None`.
    pub(crate) fn used_with<'c>(
        &self,
        changes: impl IntoIterator<Item = (&'c StoragePath, Option<&'c Blob>)>,
    ) -> u64 {
        changes.into_iter().fold(self.used, |used, (path, content)| {
            let freed = self.files.get(path).map_or(0, |old| cost(path, old));
            used - freed + content.map_or(0, |content| cost(path, content))
        })
    }

    /// Deletes a file; false if there is none.
    pub fn delete(&mut self, path: &StoragePath) -> bool {
        // Looked up first: a copy is made only for a change.
        let Some(freed) = self.files.get(path).map(|old| cost(path, old)) else { return false };
        self.used -= freed;
        self.files_mut().remove(path);
        true
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(&StoragePath(path.to_owned()))
    }

    fn files_mut(&mut self) -> &mut BTreeMap<StoragePath, Blob> {
        self.hash = OnceLock::new();
        Arc::make_mut(&mut self.files)
    }

    /// True if both share all files, which is quick to see and needs no comparison.
    pub(crate) fn is_same(&self, other: &Storage) -> bool {
        Arc::ptr_eq(&self.files, &other.files)
    }

    /// BLAKE3 over all files, which tells whether two runs start with the same ones: for each file in ascending order of
    /// paths the length of the path (u32), the path, the length of the content (u64), the content.
    pub fn content_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for (path, blob) in self.files.iter() {
            hasher.update(&(path.0.len() as u32).to_le_bytes());
            hasher.update(path.0.as_bytes());
            hasher.update(&(blob.bytes.len() as u64).to_le_bytes());
            hasher.update(&blob.bytes);
        }
        *hasher.finalize().as_bytes()
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.quota.to_le_bytes());
        out.extend((self.files.len() as u32).to_le_bytes());
        for (path, blob) in self.files.iter() {
            out.extend((path.0.len() as u32).to_le_bytes());
            out.extend(path.0.as_bytes());
            out.extend((blob.bytes.len() as u64).to_le_bytes());
            out.extend(&*blob.bytes);
        }
    }

    /// Reads what [`Storage::save`] wrote of a storage with this one's quota.
    pub(crate) fn load(&self, input: &mut Reader<'_>) -> Result<Storage, RestoreError> {
        if input.u64()? != self.quota {
            return Err(RestoreError::Limits);
        }
        let mut storage = Storage::new(self.quota);
        let mut last: Option<StoragePath> = None;
        for _ in 0..input.u32()? {
            let len = input.u32()? as usize;
            let path = StoragePath::parse(input.bytes(len)?).ok_or(RestoreError::Value)?;
            if last.is_some_and(|last| last >= path) {
                return Err(RestoreError::Value);
            }
            let len = usize::try_from(input.u64()?).map_err(|_| RestoreError::Truncated)?;
            let content = input.bytes(len)?;
            storage.write(&path, Blob::new(content)).map_err(|_| RestoreError::Value)?;
            last = Some(path);
        }
        Ok(storage)
    }

    pub(crate) fn hash(&self) -> u128 {
        *self.hash.get_or_init(|| {
            let mut hash = Xxh3Default::new();
            hash.update(&self.quota.to_le_bytes());
            for (path, blob) in self.files.iter() {
                hash.update(&(path.0.len() as u32).to_le_bytes());
                hash.update(path.0.as_bytes());
                hash.update(&(blob.bytes.len() as u64).to_le_bytes());
                hash.update(&blob.digest.to_le_bytes());
            }
            hash.digest128()
        })
    }
}

/// Two storages are equal if their files and quotas are.
impl PartialEq for Storage {
    fn eq(&self, other: &Storage) -> bool {
        self.quota == other.quota && (self.is_same(other) || self.files == other.files)
    }
}

impl Eq for Storage {}

/// What a file counts against the quota.
fn cost(path: &StoragePath, content: &Blob) -> u64 {
    FILE_OVERHEAD_BYTES + path.0.len() as u64 + content.bytes.len() as u64
}
