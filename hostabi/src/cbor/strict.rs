//! Whether bytes are deterministic as they are. A message between modules nearly always is; this says so without taking it
//! apart.

use super::{MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_MESSAGE_ITEMS, float, head};

/// True if [`super::decode`] and [`super::encode`] would give the same bytes.
pub(super) fn is_deterministic(bytes: &[u8]) -> bool {
    let mut reader = Reader { rest: bytes, items: 0 };
    bytes.len() <= MAX_MESSAGE_BYTES && reader.item(0).is_some() && reader.rest.is_empty()
}

struct Reader<'b> {
    rest: &'b [u8],
    items: usize,
}

impl<'b> Reader<'b> {
    fn item(&mut self, depth: usize) -> Option<()> {
        self.items += 1;
        if self.items > MAX_MESSAGE_ITEMS {
            return None;
        }
        let (major, info, argument) = head(&mut self.rest).ok()?;
        if info == 31 || (major < 7 && !is_shortest(info, argument)) {
            return None;
        }
        if (4..=6).contains(&major) && depth == MAX_MESSAGE_DEPTH {
            return None;
        }
        match major {
            0 | 1 => {}
            2 => drop(self.take(argument)?),
            3 => drop(str::from_utf8(self.take(argument)?).ok()?),
            4 => {
                for _ in 0..argument {
                    self.item(depth + 1)?;
                }
            }
            5 => {
                let mut last: &[u8] = &[];
                for _ in 0..argument {
                    let start = self.rest;
                    self.item(depth + 1)?;
                    let key = &start[..start.len() - self.rest.len()];
                    if key <= last {
                        return None;
                    }
                    last = key;
                    self.item(depth + 1)?;
                }
            }
            6 => {
                let start = self.rest;
                self.item(depth + 1)?;
                if matches!(argument, 2 | 3) && !is_big(start) {
                    return None;
                }
            }
            _ => match info {
                24 if argument < 32 => return None,
                26 if float::to_half(float::from_single(argument as u32)).is_some() => return None,
                27 if float::to_single(argument).is_some() || float::to_half(argument).is_some() => {
                    return None;
                }
                _ => {}
            },
        }
        Some(())
    }

    fn take(&mut self, len: u64) -> Option<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(len).ok()?)?;
        self.rest = rest;
        Some(bytes)
    }
}

/// True if the head's argument could not be written in fewer bytes.
fn is_shortest(info: u8, argument: u64) -> bool {
    match info {
        24 => argument > 23,
        25 => argument > 0xff,
        26 => argument > 0xffff,
        27 => argument > 0xffff_ffff,
        _ => true,
    }
}

/// False if what follows the tag of a big number is a byte string with a simpler form.
fn is_big(mut item: &[u8]) -> bool {
    match head(&mut item) {
        Ok((2, _, len)) => len > 8 && item.first() != Some(&0),
        _ => true,
    }
}
