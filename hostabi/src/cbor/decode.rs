//! Bytes to items.

use super::{
    CborError, CborProblem, Item, MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_MESSAGE_ITEMS, encode, float,
    head,
};

pub(super) fn decode(bytes: &[u8]) -> Result<Item, CborError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(CborError { at: MAX_MESSAGE_BYTES, problem: CborProblem::TooLong });
    }
    let mut reader = Reader { rest: bytes, items: 0 };
    let item = reader.item(0);
    let item =
        item.and_then(|item| if reader.rest.is_empty() { Ok(item) } else { Err(CborProblem::Trailing) });
    item.map_err(|problem| CborError { at: bytes.len() - reader.rest.len(), problem })
}

struct Reader<'b> {
    rest: &'b [u8],
    items: usize,
}

/// Stands at the place of an item.
const BREAK: u8 = 0xff;
/// The five bits of an indefinite length.
const INDEFINITE: u8 = 31;

impl Reader<'_> {
    /// Reads an item that is in so many others, which bounds the recursion.
    fn item(&mut self, depth: usize) -> Result<Item, CborProblem> {
        self.count()?;
        let (major, info, argument) = head(&mut self.rest)?;
        if info == INDEFINITE && !matches!(major, 2..=5) {
            return Err(CborProblem::Indefinite);
        }
        if (4..=6).contains(&major) && depth == MAX_MESSAGE_DEPTH {
            return Err(CborProblem::TooDeep);
        }
        Ok(match major {
            0 => Item::Uint(argument),
            1 => Item::Nint(argument),
            2 => Item::Bytes(self.string(2, info, argument)?),
            3 => {
                Item::Text(String::from_utf8(self.string(3, info, argument)?).map_err(|_| CborProblem::Utf8)?)
            }
            4 => {
                let mut items = Vec::new();
                while self.more(info, argument, items.len())? {
                    items.push(self.item(depth + 1)?);
                }
                Item::Array(items)
            }
            5 => {
                let mut entries = Vec::new();
                while self.more(info, argument, entries.len())? {
                    entries.push((self.item(depth + 1)?, self.item(depth + 1)?));
                }
                map(entries)?
            }
            6 => {
                let item = self.item(depth + 1)?;
                encode::plain(argument, &item).unwrap_or_else(|| Item::Tag(argument, Box::new(item)))
            }
            _ => match info {
                24 if argument < 32 => return Err(CborProblem::Simple),
                25 => Item::Float(float::from_half(argument as u16)),
                26 => Item::Float(float::from_single(argument as u32)),
                27 => Item::Float(argument),
                _ => Item::Simple(argument as u8),
            },
        })
    }

    fn count(&mut self) -> Result<(), CborProblem> {
        self.items += 1;
        if self.items > MAX_MESSAGE_ITEMS { Err(CborProblem::TooManyItems) } else { Ok(()) }
    }

    /// True if an array or map with so many elements read has another one. A break is taken.
    fn more(&mut self, info: u8, argument: u64, read: usize) -> Result<bool, CborProblem> {
        if info != INDEFINITE {
            return Ok((read as u64) < argument);
        }
        Ok(!self.at_break()?)
    }

    fn at_break(&mut self) -> Result<bool, CborProblem> {
        let (&first, rest) = self.rest.split_first().ok_or(CborProblem::Truncated)?;
        if first == BREAK {
            self.rest = rest;
        }
        Ok(first == BREAK)
    }

    /// The content of a string, whole or in chunks.
    fn string(&mut self, kind: u8, info: u8, len: u64) -> Result<Vec<u8>, CborProblem> {
        if info != INDEFINITE {
            return Ok(self.take(len)?.to_vec());
        }
        let mut whole = Vec::new();
        while !self.at_break()? {
            self.count()?;
            let (major, info, len) = head(&mut self.rest)?;
            if major != kind || info == INDEFINITE {
                return Err(CborProblem::Indefinite);
            }
            let chunk = self.take(len)?;
            if kind == 3 && str::from_utf8(chunk).is_err() {
                return Err(CborProblem::Utf8);
            }
            whole.extend(chunk);
        }
        Ok(whole)
    }

    fn take(&mut self, len: u64) -> Result<&[u8], CborProblem> {
        let len = usize::try_from(len).map_err(|_| CborProblem::Truncated)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(CborProblem::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// A map in order, unless it has a key twice.
pub(super) fn map(mut entries: Vec<(Item, Item)>) -> Result<Item, CborProblem> {
    encode::sort(&mut entries);
    if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(CborProblem::RepeatedKey);
    }
    Ok(Item::Map(entries))
}
