//! Why a module cannot become a cartridge.

use std::fmt;

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are no valid WebAssembly, or use a feature that is not supported.
    Module,
    /// An import that the host does not have, or has with another type.
    Import,
    /// More of something than a cartridge can have.
    Limit,
    /// The manifest, or what it says about the module.
    Manifest,
}

/// Why a module cannot become a cartridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of thing is wrong.
    pub kind: ErrorKind,
    /// Offset in the module in bytes, where it is known.
    pub offset: Option<u64>,
    /// What is wrong, for people.
    pub message: String,
}

impl Error {
    pub(crate) fn import(offset: u64, message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Import, offset: Some(offset), message: message.into() }
    }

    pub(crate) fn limit(offset: u64, message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Limit, offset: Some(offset), message: message.into() }
    }

    pub(crate) fn manifest(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Manifest, offset: None, message: message.into() }
    }

    pub(crate) fn module(offset: u64, message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Module, offset: Some(offset), message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset:#x} of the module)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmparser::BinaryReaderError> for Error {
    fn from(error: wasmparser::BinaryReaderError) -> Error {
        Error::module(error.offset(), error.message())
    }
}
