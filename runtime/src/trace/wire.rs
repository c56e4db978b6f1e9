//! Numbers and strings of bytes in traces: integers of variable length, and reading that never trusts a length.

/// Appends a number, 7 bits per byte, the lowest first.
pub(super) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number: small ones of either sign are short.
pub(super) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, (value.wrapping_shl(1) ^ (value >> 63)) as u64);
}

/// Appends bytes with their number in front.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// What remains to be read of a record.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a>(pub &'a [u8]);

/// What is wrong with the content of a record.
pub(super) type Wrong = &'static str;

const ENDS_EARLY: Wrong = "it ends early";

impl<'a> Wire<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Wrong> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        let (array, rest) = self.0.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Wrong> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u64(&mut self) -> Result<u64, Wrong> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                // One form per number: what was read is written back as the same bytes.
                return if byte == 0 && shift > 0 { Err("a number is too long") } else { Ok(value) };
            }
        }
        Err("a number is too large")
    }

    pub(super) fn u32(&mut self) -> Result<u32, Wrong> {
        u32::try_from(self.u64()?).map_err(|_| "a number is too large")
    }

    pub(super) fn i64(&mut self) -> Result<i64, Wrong> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of things, of which each takes at least `least` bytes.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, Wrong> {
        let count = usize::try_from(self.u64()?).map_err(|_| "a number is too large")?;
        if count > self.0.len() / least { Err(ENDS_EARLY) } else { Ok(count) }
    }

    pub(super) fn counted(&mut self) -> Result<&'a [u8], Wrong> {
        let len = self.count(1)?;
        self.bytes(len)
    }

    pub(super) fn text(&mut self) -> Result<String, Wrong> {
        String::from_utf8(self.counted()?.to_vec()).map_err(|_| "a name is not UTF-8")
    }

    pub(super) fn end(self) -> Result<(), Wrong> {
        if self.0.is_empty() { Ok(()) } else { Err("bytes are left over") }
    }
}
