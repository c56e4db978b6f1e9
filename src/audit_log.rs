//! Audit logs as files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use cartwheel_runtime::audit::{Auditor, Chain, Outbox};

use crate::failure::Failure;
use crate::keys;

/// A log that is being written. What a frame adds is in the file when the frame has ended.
pub struct AuditLog {
    path: PathBuf,
    outbox: Outbox,
    file: Option<File>,
    bytes: Vec<u8>,
    /// Public key of the log.
    pub key: Option<[u8; 32]>,
}

impl AuditLog {
    /// A log and the observer that keeps it. There is no file before [`AuditLog::create`].
    pub fn new(path: &Path, key: Option<&Path>) -> Result<(AuditLog, Auditor), Failure> {
        if path.exists() {
            return Err(exists(path));
        }
        let key = key.map(keys::load_or_make).transpose()?;
        let public = key.as_ref().map(|key| key.verifying_key().to_bytes());
        let (auditor, outbox) = Auditor::new(Chain::new(key));
        let log = AuditLog { path: path.to_owned(), outbox, file: None, bytes: Vec::new(), key: public };
        Ok((log, auditor))
    }

    /// Makes the file.
    pub fn create(&mut self) -> Result<(), Failure> {
        let file = OpenOptions::new().write(true).create_new(true).open(&self.path);
        self.file = Some(file.map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => exists(&self.path),
            _ => self.failed(&e),
        })?);
        self.write()
    }

    /// Writes what has come to the log.
    pub fn write(&mut self) -> Result<(), Failure> {
        self.outbox.take(&mut self.bytes);
        if let Some(file) = &mut self.file
            && !self.bytes.is_empty()
        {
            file.write_all(&self.bytes).map_err(|e| self.failed(&e))?;
            self.bytes.clear();
        }
        Ok(())
    }

    /// Writes what has come since, and waits until the disk has all of it. The observer has to be gone.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.write()?;
        match &self.file {
            // What has no disk behind it has nothing to wait for.
            Some(file) => match file.sync_all() {
                Err(e) if e.kind() != ErrorKind::InvalidInput => Err(self.failed(&e)),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, e: &std::io::Error) -> Failure {
        Failure::file(&self.path, format!("cannot write the audit log: {e}"))
    }
}

fn exists(path: &Path) -> Failure {
    Failure::file(
        path,
        "there is a file already, and an audit log replaces none: remove it or choose another name",
    )
}
