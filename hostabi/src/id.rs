//! Canonical ids as people and programs write them.

use std::fmt;

use crate::catalogue::{CATALOGUE, RETIRED, RetiredId, SyscallInfo};

/// An id taken apart.
///
/// Written `domain.name@version`, `domain.name.vN`, or `domain.name` for version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SyscallId<'a> {
    /// Domain.
    pub domain: &'a str,
    /// Name; may have dots in it.
    pub name: &'a str,
    /// Version, 1 or more.
    pub version: u32,
}

/// What is wrong with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a syscall id: one is written `domain.name@version`")
    }
}

impl std::error::Error for IdError {}

impl<'a> SyscallId<'a> {
    /// Takes an id apart.
    pub fn parse(text: &'a str) -> Result<Self, IdError> {
        let (path, version) = if let Some((path, version)) = text.split_once('@') {
            (path, parse_version(version).ok_or(IdError)?)
        } else if let Some((path, version)) =
            text.rsplit_once(".v").and_then(|(path, v)| Some((path, parse_version(v)?)))
        {
            (path, version)
        } else {
            (text, 1)
        };
        let (domain, name) = path.split_once('.').ok_or(IdError)?;
        if !is_word(domain) || !name.split('.').all(is_word) {
            return Err(IdError);
        }
        Ok(SyscallId { domain, name, version })
    }
}

/// Writes the canonical form.
impl fmt::Display for SyscallId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}@{}", self.domain, self.name, self.version)
    }
}

/// A version in its only spelling: no sign, no leading zero.
fn parse_version(text: &str) -> Option<u32> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { text.parse().ok() } else { None }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The row that an id in any of its forms names.
pub fn resolve(text: &str) -> Option<&'static SyscallInfo> {
    let id = SyscallId::parse(text).ok()?.to_string();
    CATALOGUE.binary_search_by(|row| row.id.cmp(&id)).ok().map(|index| &CATALOGUE[index])
}

/// The retired id that an id in any of its forms names.
pub fn retired(text: &str) -> Option<&'static RetiredId> {
    let id = SyscallId::parse(text).ok()?.to_string();
    RETIRED.iter().find(|entry| entry.id == id)
}
