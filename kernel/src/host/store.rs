//! A store of cartridges: content-addressed, and durable whenever it is interrupted.
//!
//! A folder with `carts/HASH.cart`, a file per cartridge, and `releases/NAME` (with `!` for `/`), which has version and hash
//! of the latest one that came in. A cartridge is there, whole and synced, before a release names it.

use std::io::{self, ErrorKind};

use super::source::Source;
use super::{Disk, DiskKind};
use crate::ingest::{Known, hex, is_release_name};

const CARTS: &str = "carts";
const RELEASES: &str = "releases";
/// End of the name of a file that is being written.
const UNFINISHED: &str = ".new";
/// Longest file of a release.
const MAX_RELEASE_BYTES: u64 = 128;

/// A store of cartridges.
pub struct Store(Box<dyn Disk>);

impl Store {
    /// Opens a store in a folder, and makes one of a folder that has none. What an interrupted writer left is removed.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read or changed.
    pub fn open(mut disk: Box<dyn Disk>) -> io::Result<Store> {
        for folder in [CARTS, RELEASES] {
            disk.make_folder(folder)?;
            for entry in disk.list(folder)? {
                if entry.kind == DiskKind::File && entry.name.ends_with(UNFINISHED) {
                    disk.remove(&format!("{folder}/{}", entry.name))?;
                }
            }
        }
        disk.sync_folder("")?;
        Ok(Store(disk))
    }

    /// Puts a cartridge there under its content hash. False if it was there.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The store is as it was then.
    pub fn put(&mut self, content: &[u8; 32], bytes: &[u8]) -> io::Result<bool> {
        let path = cart_path(content);
        match self.0.read(&path, bytes.len() as u64) {
            Ok(there) if there == bytes => return Ok(false),
            // Another signature of the same cartridge, or a file that somebody has damaged.
            Ok(_) => {}
            Err(e) if [ErrorKind::NotFound, ErrorKind::FileTooLarge].contains(&e.kind()) => {}
            Err(e) => return Err(e),
        }
        self.write(&path, bytes)?;
        Ok(true)
    }

    /// The bytes of a cartridge by its content hash.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` if it is not there.
    pub fn get(&mut self, content: &[u8; 32], max_bytes: u64) -> io::Result<Vec<u8>> {
        self.0.read(&cart_path(content), max_bytes)
    }

    /// The latest version of a release that came in.
    ///
    /// # Errors
    ///
    /// If its file cannot be read, or says something else.
    pub fn latest(&mut self, name: &str) -> io::Result<Option<Known>> {
        if !is_release_name(name) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "a release cannot have this name"));
        }
        match self.0.read(&release_path(name), MAX_RELEASE_BYTES) {
            Ok(bytes) => parse(name, &bytes).map(Some).ok_or_else(|| {
                io::Error::new(ErrorKind::InvalidData, format!("the store's entry of `{name}` is damaged"))
            }),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Makes a version the latest one of its release. Its cartridge has to be there.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The store is as it was then.
    pub fn set_latest(&mut self, release: &Known) -> io::Result<()> {
        let text = format!("{} {}\n", release.version, hex(&release.content));
        self.write(&release_path(&release.name), text.as_bytes())
    }

    /// Latest versions of all releases, by name.
    ///
    /// # Errors
    ///
    /// As [`Store::latest`].
    pub fn releases(&mut self) -> io::Result<Vec<Known>> {
        let entries = self.0.list(RELEASES)?;
        let names = entries.into_iter().filter(|entry| entry.kind == DiskKind::File);
        let mut names: Vec<String> = names.map(|entry| entry.name.replace('!', "/")).collect();
        names.sort();
        let mut releases = Vec::new();
        for name in names.iter().filter(|name| is_release_name(name)) {
            releases.extend(self.latest(name)?);
        }
        Ok(releases)
    }

    /// Writes a file beside its place and gives it its name when it is on the disk.
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = format!("{path}{UNFINISHED}");
        let done = self.write_beside(&unfinished, path, bytes);
        if done.is_err() {
            // If this fails too, the next one who opens the store does it.
            let _ = self.0.remove(&unfinished);
        }
        done
    }

    fn write_beside(&mut self, unfinished: &str, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.create(unfinished, bytes)?;
        self.0.sync(unfinished)?;
        self.0.rename(unfinished, path)?;
        self.0.sync_folder(path.split_once('/').map_or("", |(folder, _)| folder))
    }
}

/// Cartridges by 64 hexadecimal digits of their hash, or by the name of a release, whose latest version is meant.
impl Source for Store {
    fn fetch(&mut self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        if let Some(content) = parse_hash(name) {
            return self.get(&content, max_bytes);
        }
        let latest = self.latest(name)?.ok_or(ErrorKind::NotFound)?;
        self.get(&latest.content, max_bytes)
    }
}

fn cart_path(content: &[u8; 32]) -> String {
    format!("{CARTS}/{}.cart", hex(content))
}

fn release_path(name: &str) -> String {
    format!("{RELEASES}/{}", name.replace('/', "!"))
}

fn parse(name: &str, bytes: &[u8]) -> Option<Known> {
    let (version, hash) = str::from_utf8(bytes).ok()?.strip_suffix('\n')?.split_once(' ')?;
    let version = version.parse().ok().filter(|&version| version > 0)?;
    Some(Known { name: name.to_owned(), version, content: parse_hash(hash)? })
}

fn parse_hash(digits: &str) -> Option<[u8; 32]> {
    crate::ingest::bytes_of(digits)
}
