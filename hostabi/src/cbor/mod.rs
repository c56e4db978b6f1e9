//! Messages as data: CBOR (RFC 8949), always written in its deterministic form (section 4.2.1).
//!
//! Any well-formed CBOR within the limits is read: indefinite lengths, heads that are longer than they need be, maps
//! in any order, big numbers that are not big. What is kept of it is an [`Item`], which has one form for each value,
//! and so one encoding. Text that is not UTF-8 and maps that have a key twice are no data and are refused.

mod decode;
mod encode;
mod float;
mod json;
mod strict;

use std::borrow::Cow;
use std::fmt;

pub use json::JsonError;

/// Most bytes of a message.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Most arrays, maps and tags around an item.
pub const MAX_MESSAGE_DEPTH: usize = 32;
/// Most items of a message, those in others and the chunks of texts and byte strings included.
pub const MAX_MESSAGE_ITEMS: usize = 8_192;

/// A value. Items that come from [`decode`] and [`from_json`] have the one form that their value has; [`encode`] brings
/// any other into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An integer from 0 on.
    Uint(u64),
    /// The integer -1 - n.
    Nint(u64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Item>),
    /// A map, in ascending order of its keys' encodings.
    Map(Vec<(Item, Item)>),
    /// A tag and what it is about.
    Tag(u64, Box<Item>),
    /// A simple value: 20 false, 21 true, 22 null, 23 undefined.
    Simple(u8),
    /// A float, as the bits of a binary64. Those of a NaN are kept.
    Float(u64),
}

impl Item {
    /// Nothing.
    pub const NULL: Item = Item::Simple(22);

    /// An integer.
    pub fn int(value: i64) -> Item {
        if value < 0 { Item::Nint(!(value as u64)) } else { Item::Uint(value as u64) }
    }

    /// True or false.
    pub fn bool(value: bool) -> Item {
        Item::Simple(20 + u8::from(value))
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Item {
        Item::Text(text.into())
    }

    /// A map with texts as keys.
    pub fn map<const N: usize>(entries: [(&str, Item); N]) -> Item {
        let mut entries: Vec<(Item, Item)> =
            entries.into_iter().map(|(key, value)| (Item::text(key), value)).collect();
        encode::sort(&mut entries);
        Item::Map(entries)
    }

    /// The value of a map for a text.
    pub fn get(&self, key: &str) -> Option<&Item> {
        let Item::Map(entries) = self else { return None };
        entries
            .iter()
            .find(|(name, _)| matches!(name, Item::Text(name) if name == key))
            .map(|(_, value)| value)
    }

    /// The integer, if it is one that fits.
    pub fn as_int(&self) -> Option<i64> {
        match *self {
            Item::Uint(value) => i64::try_from(value).ok(),
            Item::Nint(value) => i64::try_from(value).ok().map(|value| !value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Item::Text(text) = self { Some(text) } else { None }
    }

    /// The bytes of a byte string or a text.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Item::Bytes(bytes) => Some(bytes),
            Item::Text(text) => Some(text.as_bytes()),
            _ => None,
        }
    }
}

/// What is wrong with bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CborProblem {
    /// They end within an item.
    Truncated,
    /// Something follows the item.
    Trailing,
    /// A head with a length that the format reserves.
    Reserved,
    /// A break where none can be, or a length that cannot be indefinite, or a chunk of another kind than its string.
    Indefinite,
    /// A simple value in two bytes that has one byte.
    Simple,
    /// A text that is not UTF-8.
    Utf8,
    /// A map that has a key twice.
    RepeatedKey,
    /// More arrays, maps and tags around an item than [`MAX_MESSAGE_DEPTH`].
    TooDeep,
    /// More items than [`MAX_MESSAGE_ITEMS`].
    TooManyItems,
    /// More bytes than [`MAX_MESSAGE_BYTES`], as they are or in their deterministic form.
    TooLong,
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CborError {
    /// Where, in bytes from the start.
    pub at: usize,
    /// What.
    pub problem: CborProblem,
}

impl fmt::Display for CborError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            CborProblem::Truncated => "it ends within an item",
            CborProblem::Trailing => "something follows the item",
            CborProblem::Reserved => "a head has a reserved length",
            CborProblem::Indefinite => "a break or an indefinite length is where none can be",
            CborProblem::Simple => "a simple value is longer than it is",
            CborProblem::Utf8 => "a text is not UTF-8",
            CborProblem::RepeatedKey => "a map has a key twice",
            CborProblem::TooDeep => "items are nested too deeply",
            CborProblem::TooManyItems => "there are too many items",
            CborProblem::TooLong => "it is too long",
        };
        write!(f, "{what} at byte {}", self.at)
    }
}

impl std::error::Error for CborError {}

/// The item that takes up exactly these bytes.
///
/// # Errors
///
/// If there is none, or it is beyond the limits.
pub fn decode(bytes: &[u8]) -> Result<Item, CborError> {
    decode::decode(bytes)
}

/// The deterministic encoding of an item.
pub fn encode(item: &Item) -> Vec<u8> {
    let mut out = Vec::new();
    encode::encode(item, &mut out);
    out
}

/// The deterministic encoding of the item that takes up exactly these bytes: the bytes themselves if they are that already,
/// which is found out without allocating.
///
/// # Errors
///
/// As [`decode`].
pub fn canonical(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CborError> {
    if strict::is_deterministic(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let encoded = encode(&decode(bytes)?);
    if encoded.len() > MAX_MESSAGE_BYTES {
        return Err(CborError { at: MAX_MESSAGE_BYTES, problem: CborProblem::TooLong });
    }
    Ok(Cow::Owned(encoded))
}

/// An item as JSON without line breaks; `spec/messages.md` says how what JSON lacks is written.
pub fn to_json(item: &Item) -> String {
    let mut out = String::new();
    json::write(item, &mut out);
    out
}

/// The item that a JSON text stands for.
///
/// # Errors
///
/// If it is no JSON, or stands for nothing, or for an item beyond the limits.
pub fn from_json(text: &str) -> Result<Item, JsonError> {
    json::read(text)
}

/// Takes a head apart: major type, the five bits beside it, and the argument.
fn head(input: &mut &[u8]) -> Result<(u8, u8, u64), CborProblem> {
    let (&first, rest) = input.split_first().ok_or(CborProblem::Truncated)?;
    let (major, info) = (first >> 5, first & 31);
    let len = match info {
        0..=23 | 31 => 0,
        24..=27 => 1 << (info - 24),
        _ => return Err(CborProblem::Reserved),
    };
    let (argument, rest) = rest.split_at_checked(len).ok_or(CborProblem::Truncated)?;
    *input = rest;
    let value = argument.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    Ok((major, info, if len == 0 { info.into() } else { value }))
}
