//! Messages (CBOR) from values that are known at run time only, and values out of messages that came. Needs no allocator.
//!
//! Build one from its outside in: a map of two entries is `map(2)` and then key, value, key, value. The order of the keys does not
//! matter; the kernel puts them in theirs.

/// Writes a message into a room. What does not fit is not written, and [`Writer::finish`] gives nothing.
pub struct Writer<'r> {
    room: &'r mut [u8],
    len: Option<usize>,
}

impl<'r> Writer<'r> {
    /// An empty message.
    pub fn new(room: &'r mut [u8]) -> Self {
        Writer { room, len: Some(0) }
    }

    /// The message, if it fit.
    pub fn finish(self) -> Option<&'r [u8]> {
        self.len.map(|len| &self.room[..len])
    }

    fn put(&mut self, bytes: &[u8]) {
        self.len = self.len.and_then(|len| {
            self.room.get_mut(len..len + bytes.len())?.copy_from_slice(bytes);
            Some(len + bytes.len())
        });
    }

    fn head(&mut self, kind: u8, value: u64) {
        let bytes = value.to_be_bytes();
        match value {
            0..=23 => self.put(&[kind << 5 | value as u8]),
            24..=0xff => self.put(&[kind << 5 | 24, value as u8]),
            0x100..=0xffff => {
                self.put(&[kind << 5 | 25]);
                self.put(&bytes[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.put(&[kind << 5 | 26]);
                self.put(&bytes[4..]);
            }
            _ => {
                self.put(&[kind << 5 | 27]);
                self.put(&bytes);
            }
        }
    }

    /// An integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 {
            self.head(1, !value as u64)
        } else {
            self.head(0, value as u64)
        }
        self
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(2, bytes.len() as u64);
        self.put(bytes);
        self
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64);
        self.put(text.as_bytes());
        self
    }

    /// The beginning of an array of so many elements.
    pub fn array(&mut self, elements: usize) -> &mut Self {
        self.head(4, elements as u64);
        self
    }

    /// The beginning of a map of so many entries.
    pub fn map(&mut self, entries: usize) -> &mut Self {
        self.head(5, entries as u64);
        self
    }

    /// Nothing.
    pub fn null(&mut self) -> &mut Self {
        self.put(&[0xf6]);
        self
    }

    /// True or false.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.put(&[0xf4 + u8::from(value)]);
        self
    }
}

/// A message that came, from an item on.
#[derive(Clone, Copy)]
pub struct Reader<'m>(pub &'m [u8]);

impl<'m> Reader<'m> {
    /// What comes, its number, count or length, and what follows the head.
    fn open(self) -> Option<(u8, u64, Reader<'m>)> {
        let (&first, rest) = self.0.split_first()?;
        let width = match first & 31 {
            0..=23 => return Some((first >> 5, u64::from(first & 31), Reader(rest))),
            info @ 24..=27 => 1 << (info - 24),
            _ => return None,
        };
        let (digits, rest) = rest.split_at_checked(width)?;
        let value = digits.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        Some((first >> 5, value, Reader(rest)))
    }

    fn skip(self) -> Option<Reader<'m>> {
        let (mut at, mut left) = (self, 1u64);
        while left > 0 {
            let (kind, value, rest) = at.open()?;
            at = rest;
            let inside = match kind {
                4 => value,
                5 => value.checked_mul(2)?,
                6 => 1,
                _ => 0,
            };
            left = (left - 1).checked_add(inside)?;
            if kind == 2 || kind == 3 {
                at = Reader(at.0.get(usize::try_from(value).ok()?..)?);
            }
        }
        Some(at)
    }

    /// The value of a map for a text.
    pub fn find(self, key: &str) -> Option<Reader<'m>> {
        let (5, entries, mut at) = self.open()? else { return None };
        for _ in 0..entries {
            let value = at.skip()?;
            if at.as_text() == Some(key) {
                return Some(value);
            }
            at = value.skip()?;
        }
        None
    }

    /// The integer, if it is one that fits.
    pub fn as_int(self) -> Option<i64> {
        match self.open()? {
            (0, value, _) => i64::try_from(value).ok(),
            (1, value, _) => i64::try_from(value).ok().map(|value| !value),
            _ => None,
        }
    }

    /// The bytes of a byte string or text.
    pub fn as_bytes(self) -> Option<&'m [u8]> {
        let (2 | 3, len, rest) = self.open()? else { return None };
        rest.0.get(..usize::try_from(len).ok()?)
    }

    /// The text, if it is one.
    pub fn as_text(self) -> Option<&'m str> {
        let (3, ..) = self.open()? else { return None };
        core::str::from_utf8(self.as_bytes()?).ok()
    }
}
