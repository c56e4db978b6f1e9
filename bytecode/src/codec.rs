//! Canonical primitive encodings: LEB128 integers, byte strings, bounded counts.
//!
//! LEB128 is as in the WebAssembly core specification, section 5.2.2, with one rule more: only the
//! shortest form of a value is accepted, so that equal programs have equal bytes.

use thiserror::Error;

/// Why bytes could not be decoded, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {offset}")]
pub struct DecodeError {
    /// Offset of the first byte that made no sense, counted from the start of what was decoded.
    pub offset: usize,
    /// What was wrong.
    pub kind: DecodeErrorKind,
}

/// What was wrong with encoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeErrorKind {
    /// The bytes end in the middle of something.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// An integer is too large, or not in its shortest form.
    #[error("integer that is too large or not in its shortest form")]
    Integer,
    /// A count is above its limit or above what the remaining bytes could hold.
    #[error("count {0} above the limit")]
    Count(u32),
    /// No instruction has this number.
    #[error("unknown instruction {0:#x}")]
    Opcode(u32),
    /// A register number is above the limit.
    #[error("register number above the limit")]
    Register,
    /// An immediate does not fit its type.
    #[error("immediate that does not fit its type")]
    Immediate,
    /// A `br_table` has no target at all.
    #[error("br_table without a target")]
    EmptyTargets,
    /// A string is not UTF-8, or too long.
    #[error("string that is too long or not UTF-8")]
    String,
    /// A tag or flag has a value that means nothing.
    #[error("unknown tag {0}")]
    Tag(u32),
    /// Something that has to be sorted and unique is not.
    #[error("entry out of order or repeated")]
    Order,
    /// Bytes are left over.
    #[error("bytes left over")]
    TrailingBytes,
}

/// Reads canonical encodings from a byte slice.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, offset: 0 }
    }

    /// A reader at an offset, which may be the end but not beyond it.
    pub fn at(bytes: &'a [u8], offset: usize) -> Self {
        assert!(offset <= bytes.len());
        Reader { bytes, offset }
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.offset == self.bytes.len()
    }

    /// Number of bytes not yet read.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.offset
    }

    /// `kind` as an error at the next byte.
    pub fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { offset: self.offset, kind }
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, DecodeErrorKind> {
        let byte = *self.bytes.get(self.offset).ok_or(DecodeErrorKind::UnexpectedEnd)?;
        self.offset += 1;
        Ok(byte)
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeErrorKind> {
        if len > self.remaining() {
            return Err(DecodeErrorKind::UnexpectedEnd);
        }
        let bytes = &self.bytes[self.offset..self.offset + len];
        self.offset += len;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeErrorKind> {
        self.bytes(N).map(|b| b.try_into().expect("length is N"))
    }

    /// An unsigned LEB128 integer of at most 32 bits.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, DecodeErrorKind> {
        if let Some(&byte) = self.bytes.get(self.offset)
            && byte < 0x80
        {
            self.offset += 1;
            return Ok(byte.into());
        }
        u32::try_from(self.u64()?).map_err(|_| DecodeErrorKind::Integer)
    }

    /// An unsigned LEB128 integer of at most 64 bits.
    pub fn u64(&mut self) -> Result<u64, DecodeErrorKind> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(DecodeErrorKind::Integer);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return if shortest { Ok(value) } else { Err(DecodeErrorKind::Integer) };
            }
        }
        Err(DecodeErrorKind::Integer)
    }

    /// A signed integer of at most 64 bits: zigzag, then LEB128.
    pub fn i64(&mut self) -> Result<i64, DecodeErrorKind> {
        let z = self.u64()?;
        Ok((z >> 1) as i64 ^ -((z & 1) as i64))
    }

    /// A count of things that take at least a byte each, at most `limit`.
    pub fn count(&mut self, limit: u32) -> Result<u32, DecodeErrorKind> {
        let count = self.u32()?;
        if count > limit || count as usize > self.remaining() {
            return Err(DecodeErrorKind::Count(count));
        }
        Ok(count)
    }

    /// A UTF-8 string of at most `limit` bytes.
    pub fn string(&mut self, limit: u32) -> Result<String, DecodeErrorKind> {
        let len = self.count(limit)?;
        let bytes = self.bytes(len as usize)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DecodeErrorKind::String)
    }
}

/// Appends canonical encodings to a byte vector.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Writer::default()
    }

    /// A writer that appends to `out`.
    pub fn onto(out: Vec<u8>) -> Self {
        Writer { out }
    }

    /// Number of bytes written.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// True if nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Bytes without a length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// See [`Reader::u32`].
    pub fn u32(&mut self, value: u32) {
        self.u64(value.into());
    }

    /// See [`Reader::u64`].
    pub fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    /// See [`Reader::i64`].
    pub fn i64(&mut self, value: i64) {
        self.u64((value << 1) as u64 ^ (value >> 63) as u64);
    }

    /// See [`Reader::string`].
    pub fn string(&mut self, value: &str) {
        self.u32(value.len() as u32);
        self.bytes(value.as_bytes());
    }
}
