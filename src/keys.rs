//! Keys as files: those that sign cartridges, and those that sign audit logs.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use cartwheel_runtime::ingest::SigningKey;

use crate::failure::Failure;
use crate::files;

/// First words of a file with a secret key.
const SECRET: &str = "cartwheel-secret-key";
/// First words of a file with a public key.
pub const PUBLIC: &str = "cartwheel-public-key";

/// Reads a secret key. If there is no such file, makes one, and one with the public key beside it.
pub fn load_or_make(path: &Path) -> Result<SigningKey, Failure> {
    if path.exists() { load(path) } else { make(path) }
}

/// Reads a secret key.
pub fn load(path: &Path) -> Result<SigningKey, Failure> {
    Ok(SigningKey::from_bytes(&key_bytes(path, SECRET, "secret")?))
}

/// Makes a secret key in a file that only its owner can read, and one with the public key beside it.
pub fn make(path: &Path) -> Result<SigningKey, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|e| Failure::new(format!("the system gives no random bytes for a key: {e}")))?;
    let key = SigningKey::from_bytes(&seed);
    let public = hex(&key.verifying_key().to_bytes());
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => {
            Failure::file(path, "there is a file already, and a key replaces none: choose another name")
        }
        _ => Failure::file(path, format!("cannot write the key: {e}")),
    };
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
pub fn public_path(path: &Path) -> PathBuf {
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

/// 32 bytes of 64 hexadecimal digits.
pub fn parse_hex(text: &str) -> Option<[u8; 32]> {
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
