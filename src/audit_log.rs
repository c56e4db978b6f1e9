//! Audit logs and their keys as files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use cartwheel_runtime::audit::{Auditor, Chain, Outbox, SigningKey};

use crate::failure::Failure;
use crate::files;

/// First words of a file with a secret key.
const SECRET: &str = "cartwheel-audit-secret";
/// First words of a file with a public key.
const PUBLIC: &str = "cartwheel-audit-public";

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
        let key = key.map(load_or_make_key).transpose()?;
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

/// Reads a secret key. If there is no such file, makes one, and one with the public key beside it.
fn load_or_make_key(path: &Path) -> Result<SigningKey, Failure> {
    if path.exists() {
        let bytes = key_bytes(path, SECRET, "secret")?;
        return Ok(SigningKey::from_bytes(&bytes));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|e| Failure::new(format!("the system gives no random bytes for a key: {e}")))?;
    let key = SigningKey::from_bytes(&seed);
    let public = hex(&key.verifying_key().to_bytes());
    let failed = |e: std::io::Error| Failure::file(path, format!("cannot write the key: {e}"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    writeln!(file, "{SECRET} {}", hex(&seed)).and_then(|()| file.sync_all()).map_err(failed)?;
    files::write(&public_path(path), format!("{PUBLIC} {public}\n").as_bytes())?;
    Ok(key)
}

/// Where the public key of a secret one is written.
fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// A public key: 64 hexadecimal digits, or a file with one.
pub fn public_key(text: &str) -> Result<[u8; 32], Failure> {
    match parse_hex(text) {
        Some(key) => Ok(key),
        None => key_bytes(Path::new(text), PUBLIC, "public"),
    }
}

fn key_bytes(path: &Path, first: &str, name: &str) -> Result<[u8; 32], Failure> {
    let bytes = files::read(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let digits = text.trim().strip_prefix(first).map(str::trim);
    digits.and_then(parse_hex).ok_or_else(|| {
        Failure::file(path, format!("not a {name} key: it has to be `{first}` and 64 hexadecimal digits"))
    })
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
