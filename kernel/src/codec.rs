//! Little-endian bytes of saved state. The version is the caller's: it frames what is saved here.

use std::fmt;

use xxhash_rust::xxh3::xxh3_128;

/// Bytes that are not the saved state of such a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// They end too early.
    Truncated,
    /// They go on too long.
    TrailingBytes,
    /// The module's surface has another size.
    VideoMode,
    /// A value is outside its range.
    Value,
    /// There is no such module.
    NoSuchModule,
    /// The module's quotas are others.
    Limits,
    /// The policy that the module was under is none.
    Policy,
    /// The module was under another script of statuses, or one of the two under none.
    Script,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RestoreError::Truncated => "saved services end too early",
            RestoreError::TrailingBytes => "saved services go on too long",
            RestoreError::VideoMode => "saved surface has another size than the module's",
            RestoreError::Value => "saved services have a value out of range",
            RestoreError::Limits => "saved services have other quotas than the module's",
            RestoreError::NoSuchModule => "no such module",
            RestoreError::Policy => "saved policy is none",
            RestoreError::Script => "saved under another script of statuses than this machine's",
        })
    }
}

impl std::error::Error for RestoreError {}

/// Hash of what is saved.
pub(crate) fn hash_of(save: impl FnOnce(&mut Vec<u8>)) -> u128 {
    let mut saved = Vec::new();
    save(&mut saved);
    xxh3_128(&saved)
}

/// Reads saved state. It never allocates, so hostile bytes cannot make it.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], RestoreError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(RestoreError::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(RestoreError::Truncated)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, RestoreError> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, RestoreError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, RestoreError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, RestoreError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, RestoreError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A byte that says whether something follows.
    pub(crate) fn flag(&mut self) -> Result<bool, RestoreError> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(RestoreError::Value),
        }
    }

    pub(crate) fn end(self) -> Result<(), RestoreError> {
        if self.0.is_empty() { Ok(()) } else { Err(RestoreError::TrailingBytes) }
    }
}
