//! Records: kind, length, content, checksum. The checksum depends on the place, so a record that was moved is found.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::wire::{Wire, put_u64};

const CHECKSUM_BYTES: usize = 4;
/// Most bytes in the content of a record.
pub(super) const MAX_CONTENT_BYTES: u64 = 1 << 30;
/// Most bytes in front of the content: kind and length.
pub(super) const MAX_HEAD_BYTES: u64 = 1 + 10;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// What the run depends on besides its inputs.
    Header = b'H',
    /// A frame: input, events, hashes.
    Frame = b'F',
    /// The whole state between two frames.
    Keyframe = b'K',
    /// Where blocks of frames and keyframes are.
    Index = b'I',
}

impl RecordKind {
    fn from_byte(byte: u8) -> Option<RecordKind> {
        [RecordKind::Header, RecordKind::Frame, RecordKind::Keyframe, RecordKind::Index]
            .into_iter()
            .find(|&kind| kind as u8 == byte)
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecordKind::Header => "header",
            RecordKind::Frame => "frame",
            RecordKind::Keyframe => "keyframe",
            RecordKind::Index => "index",
        })
    }
}

/// Where a trace is damaged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} at byte {offset}: {message}", kind.map_or("record".to_owned(), |kind| format!("{kind} record")))]
pub struct Damage {
    /// Offset of the record in the file, in bytes.
    pub offset: u64,
    /// What the record says it is, if that is known.
    pub kind: Option<RecordKind>,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// True if the file ends within the record: writing it was cut short, or its length was changed.
    pub torn: bool,
}

/// Appends a record that begins `offset` bytes from the start of the file.
pub(super) fn put(out: &mut Vec<u8>, offset: u64, kind: RecordKind, content: &[u8]) {
    let start = out.len();
    out.push(kind as u8);
    put_u64(out, content.len() as u64);
    out.extend_from_slice(content);
    let sum = checksum(&out[start..], offset);
    out.extend_from_slice(&sum);
}

pub(super) fn checksum(bytes: &[u8], offset: u64) -> [u8; CHECKSUM_BYTES] {
    (xxh3_64_with_seed(bytes, offset) as u32).to_le_bytes()
}

/// A record that was read.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub kind: RecordKind,
    pub offset: u64,
    pub content: Wire<'a>,
    /// Offset of what follows.
    pub end: u64,
}

impl Record<'_> {
    pub(super) fn damage(&self, message: &'static str) -> Damage {
        Damage { offset: self.offset, kind: Some(self.kind), message: message.into(), torn: false }
    }
}

/// Bytes that a record claims to have, framing included; `None` if that makes no sense or is not all there.
pub(super) fn claimed(head: &[u8]) -> Option<u64> {
    let mut wire = Wire(head.get(1..)?);
    let len = wire.u64().ok().filter(|&len| len <= MAX_CONTENT_BYTES)?;
    Some((head.len() - wire.0.len() + CHECKSUM_BYTES) as u64 + len)
}

/// Reads the record that bytes from an offset of the file on begin with; `None` if there are none. They go on at least to
/// the end of the record or of the file.
pub(super) fn read(bytes: &[u8], offset: u64) -> Result<Option<Record<'_>>, Damage> {
    let damage = |kind, message: &'static str, torn| Damage { offset, kind, message: message.into(), torn };
    let Some(&first) = bytes.first() else { return Ok(None) };
    let kind = RecordKind::from_byte(first);
    if kind.is_none() {
        return Err(damage(None, "no record begins like this", false));
    }
    const CUT_OFF: &str = "it is cut off";
    let mut wire = Wire(&bytes[1..]);
    let cut = (bytes.len() as u64) < MAX_HEAD_BYTES;
    let len = wire.u64().map_err(|_| damage(kind, CUT_OFF, cut))?;
    if len > MAX_CONTENT_BYTES {
        return Err(damage(kind, "it claims to be longer than any", false));
    }
    let content = wire.bytes(len as usize).map_err(|_| damage(kind, CUT_OFF, true))?;
    let summed = bytes.len() - wire.0.len();
    let sum: [u8; CHECKSUM_BYTES] = wire.array().map_err(|_| damage(kind, CUT_OFF, true))?;
    if sum != checksum(&bytes[..summed], offset) {
        return Err(damage(kind, "its checksum is wrong", false));
    }
    let end = offset + (summed + CHECKSUM_BYTES) as u64;
    let kind = kind.expect("it was checked above");
    Ok(Some(Record { kind, offset, content: Wire(content), end }))
}
