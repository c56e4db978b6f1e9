//! Where cartridges are fetched from: folders, memory, stores of cartridges, each under a name.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::Disk;

/// Longest cartridge that is fetched, in bytes.
pub const MAX_FETCH_BYTES: u64 = 1 << 24;

/// Something that cartridges are fetched from by name.
pub trait Source: Send {
    /// The bytes of a name, and an error if there are more than `max_bytes`.
    fn fetch(&mut self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>>;
}

/// A folder as a source: of the operating system or of memory only.
pub struct FolderSource(Box<dyn Disk>);

impl FolderSource {
    /// The files of a disk.
    pub fn new(disk: Box<dyn Disk>) -> FolderSource {
        FolderSource(disk)
    }
}

impl Source for FolderSource {
    fn fetch(&mut self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        if !is_plain(name) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "this is no path below the folder"));
        }
        self.0.read(name, max_bytes)
    }
}

/// True for names joined by `/` that can lead nowhere but down.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !["", ".", ".."].contains(&name) && !name.contains(['\\', '\0', ':']))
}

/// Cartridges in memory, by name.
impl Source for BTreeMap<String, Vec<u8>> {
    fn fetch(&mut self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        let bytes = self.get(name).ok_or(ErrorKind::NotFound)?;
        if bytes.len() as u64 > max_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }
}

/// Sources by the name that stands before the first colon of an address, as in `updates:pong.cart`.
#[derive(Default)]
pub struct Sources {
    mounted: BTreeMap<String, Box<dyn Source>>,
}

impl Sources {
    /// None.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Mounts a source. False if the name cannot be one (1 to 32 letters `a` to `z`, digits, `_` and `-`), means something
    /// else (`fs` and `asset` are the module's own), or is taken.
    pub fn mount(&mut self, name: &str, source: Box<dyn Source>) -> bool {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let good =
            (1..=32).contains(&name.len()) && name.chars().all(plain) && !["fs", "asset"].contains(&name);
        if !good || self.mounted.contains_key(name) {
            return false;
        }
        self.mounted.insert(name.to_owned(), source);
        true
    }

    /// True if nothing is mounted.
    pub fn is_empty(&self) -> bool {
        self.mounted.is_empty()
    }

    /// The bytes at an address.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` if nothing is mounted under its name.
    pub fn fetch(&mut self, address: &str) -> io::Result<Vec<u8>> {
        let (name, path) = address.split_once(':').unwrap_or((address, ""));
        match self.mounted.get_mut(name) {
            Some(source) => source.fetch(path, MAX_FETCH_BYTES),
            None => Err(io::Error::new(ErrorKind::NotFound, format!("nothing is mounted as `{name}`"))),
        }
    }
}
