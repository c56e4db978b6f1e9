//! The signature of a cartridge: what it says, and its bytes.
//!
//! Little-endian, without gaps:
//!
//! | bytes | content |
//! |---|---|
//! | 4 | `CWSG` |
//! | 2 | version of the format: 1 |
//! | 1 | length of the name |
//! | 1 | zero |
//! | 32 | content hash of the cartridge |
//! | 16 | key id: the first half of BLAKE3 of the public key |
//! | 4 | version of the release, at least 1 |
//! | 4 | last day that it is good on, as a number YYYYMMDD; 0 for none |
//! | 1 to 64 | name |
//! | 64 | Ed25519 signature of `cartwheel cartridge v1`, two zero bytes, and everything above |

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use super::date::Date;
use super::hex;

/// Longest name of a release in bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// Longest signature in bytes.
pub const MAX_SIGNATURE_BYTES: usize = HEAD_BYTES + MAX_NAME_BYTES + PROOF_BYTES;

const MAGIC: &[u8; 4] = b"CWSG";
const VERSION: u16 = 1;
const HEAD_BYTES: usize = 64;
const PROOF_BYTES: usize = 64;

/// What stands in front of the bytes that are signed, so that no other use of the key gives such a signature.
const CONTEXT: &[u8; 24] = b"cartwheel cartridge v1\0\0";

/// Short form of a public key: the first half of its BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// The id of a public key.
    pub fn of(key: &[u8; 32]) -> KeyId {
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(key).as_bytes()[..16]);
        KeyId(half)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// What a signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Content hash of the cartridge.
    pub content: [u8; 32],
    /// What the cartridge is, for whoever follows its versions: [`is_release_name`] holds.
    pub name: String,
    /// Number of the version, from 1; a later one has a larger number.
    pub version: u32,
    /// Last day that the release is good on, if there is one.
    pub expires: Option<Date>,
}

/// True if a release can have the name: 1 to 64 bytes of `a` to `z`, `0` to `9`, `_`, `-` and `.`, in parts joined by `/`,
/// none of them empty, `.` or `..`.
pub fn is_release_name(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
        !["", ".", ".."].contains(&part) && part.chars().all(plain)
    };
    name.len() <= MAX_NAME_BYTES && name.split('/').all(part)
}

/// A signature that was read. Whether it is good only a key can tell: [`Signature::is_by`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What it says.
    pub release: Release,
    /// Whose it claims to be.
    pub key: KeyId,
    proof: [u8; PROOF_BYTES],
}

/// Why bytes are no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSignature {
    /// They do not begin like one.
    Magic,
    /// They have another version of the format.
    Version(u16),
    /// They end too early.
    Truncated,
    /// They go on too long: so many bytes.
    TrailingBytes(usize),
    /// A value is outside its range.
    Value(&'static str),
}

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadSignature::Magic => f.write_str("not a signature: it does not begin with \"CWSG\""),
            BadSignature::Version(version) => {
                write!(f, "signature of format version {version}; this build reads version {VERSION}")
            }
            BadSignature::Truncated => f.write_str("damaged signature: it ends too early"),
            BadSignature::TrailingBytes(count) => {
                write!(f, "damaged signature: {count} bytes too many stand at its end")
            }
            BadSignature::Value(what) => write!(f, "damaged signature: {what}"),
        }
    }
}

impl std::error::Error for BadSignature {}

impl Signature {
    /// Signs a release; `None` if its name or its version cannot be one.
    pub fn sign(release: Release, key: &SigningKey) -> Option<Signature> {
        if !is_release_name(&release.name) || release.version == 0 {
            return None;
        }
        let id = KeyId::of(key.verifying_key().as_bytes());
        let mut signature = Signature { release, key: id, proof: [0; PROOF_BYTES] };
        signature.proof = key.sign(&signature.signed_bytes()).to_bytes();
        Some(signature)
    }

    /// True if the owner of a key made it.
    pub fn is_by(&self, key: &VerifyingKey) -> bool {
        let proof = ed25519_dalek::Signature::from_bytes(&self.proof);
        KeyId::of(key.as_bytes()) == self.key && key.verify_strict(&self.signed_bytes(), &proof).is_ok()
    }

    fn signed_bytes(&self) -> Vec<u8> {
        [CONTEXT.as_slice(), &self.statement()].concat()
    }

    fn statement(&self) -> Vec<u8> {
        let Release { content, name, version, expires } = &self.release;
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        out.extend([name.len() as u8, 0]);
        out.extend(content);
        out.extend(self.key.0);
        out.extend(version.to_le_bytes());
        out.extend(expires.map_or(0, Date::number).to_le_bytes());
        out.extend(name.as_bytes());
        out
    }

    /// The bytes of the signature.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.statement().as_slice(), &self.proof].concat()
    }

    /// Reads a signature. Only what [`Signature::to_bytes`] gives is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Signature, BadSignature> {
        let wrong = BadSignature::Value;
        if !bytes.starts_with(MAGIC) {
            return Err(BadSignature::Magic);
        }
        let number = |at: usize| bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four));
        match number(4).ok_or(BadSignature::Truncated)? as u16 {
            VERSION => {}
            version => return Err(BadSignature::Version(version)),
        }
        let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(BadSignature::Truncated)?;
        let name_len = usize::from(head[6]);
        if name_len == 0 || name_len > MAX_NAME_BYTES || head[7] != 0 {
            return Err(wrong("its name has no length that a name can have"));
        }
        let (name, rest) = rest.split_at_checked(name_len).ok_or(BadSignature::Truncated)?;
        let (proof, rest) = rest.split_first_chunk().ok_or(BadSignature::Truncated)?;
        if !rest.is_empty() {
            return Err(BadSignature::TrailingBytes(rest.len()));
        }
        let name = str::from_utf8(name).ok().filter(|name| is_release_name(name));
        let name = name.ok_or(wrong("its name is none that a release can have"))?.to_owned();
        let version = number(56).filter(|&version| version > 0).ok_or(wrong("its version is 0"))?;
        let expires = match number(60).unwrap_or(0) {
            0 => None,
            day => Some(Date::from_number(day).ok_or(wrong("its last day is no day"))?),
        };
        let (mut content, mut key) = ([0; 32], [0; 16]);
        content.copy_from_slice(&head[8..40]);
        key.copy_from_slice(&head[40..56]);
        let release = Release { content, name, version, expires };
        Ok(Signature { release, key: KeyId(key), proof: *proof })
    }
}
