//! Items as JSON and back, with nothing lost. An object whose only key begins with `$` stands for what JSON lacks.

use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{CborError, Item, MAX_MESSAGE_BYTES, decode, encode};

/// Integers from here on lose their last digits in programs that have floats only.
const FIRST_UNSAFE: u64 = 1 << 53;

/// A JSON text that stands for no item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

pub(super) fn write(item: &Item, out: &mut String) {
    match item {
        Item::Uint(value) if *value < FIRST_UNSAFE => put(out, format_args!("{value}")),
        Item::Uint(value) => put(out, format_args!("{{\"$int\":\"{value}\"}}")),
        Item::Nint(value) if *value < FIRST_UNSAFE - 1 => {
            put(out, format_args!("{}", -1 - i128::from(*value)))
        }
        Item::Nint(value) => put(out, format_args!("{{\"$int\":\"{}\"}}", -1 - i128::from(*value))),
        Item::Bytes(bytes) => {
            out.push_str("{\"$bytes\":\"");
            bytes.iter().for_each(|byte| put(out, format_args!("{byte:02x}")));
            out.push_str("\"}");
        }
        Item::Text(text) => string(text, out),
        Item::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                comma(i, out);
                write(item, out);
            }
            out.push(']');
        }
        Item::Map(entries) if entries.iter().all(|(key, _)| is_plain(key)) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                comma(i, out);
                write(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Item::Map(entries) => {
            out.push_str("{\"$map\":[");
            for (i, (key, value)) in entries.iter().enumerate() {
                comma(i, out);
                out.push('[');
                write(key, out);
                out.push(',');
                write(value, out);
                out.push(']');
            }
            out.push_str("]}");
        }
        Item::Tag(tag, item) => {
            out.push_str("{\"$tag\":[");
            write(&Item::Uint(*tag), out);
            out.push(',');
            write(item, out);
            out.push_str("]}");
        }
        Item::Simple(20) => out.push_str("false"),
        Item::Simple(21) => out.push_str("true"),
        Item::Simple(22) => out.push_str("null"),
        Item::Simple(value) => put(out, format_args!("{{\"$simple\":{value}}}")),
        // The shortest digits that are this float, with a point or an exponent: that is what tells it from an integer.
        Item::Float(bits) if f64::from_bits(*bits).is_finite() => {
            put(out, format_args!("{:?}", f64::from_bits(*bits)));
        }
        Item::Float(bits) => put(out, format_args!("{{\"$float\":\"{bits:016x}\"}}")),
    }
}

fn put(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string");
}

fn comma(i: usize, out: &mut String) {
    if i > 0 {
        out.push(',');
    }
}

fn is_plain(key: &Item) -> bool {
    matches!(key, Item::Text(text) if !text.starts_with('$'))
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            // Control characters, and two that end a line in some programs.
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                put(out, format_args!("\\u{:04x}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

pub(super) fn read(text: &str) -> Result<Item, JsonError> {
    let Json(item) = serde_json::from_str(text).map_err(|error| JsonError(error.to_string()))?;
    let bytes = encode(&item);
    let limits = |error: CborError| JsonError(format!("no message: {error}"));
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(JsonError(format!("a message has at most {MAX_MESSAGE_BYTES} bytes")));
    }
    decode(&bytes).map_err(limits)
}

struct Json(Item);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reading).map(Json)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Item, E> {
        Ok(Item::bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Item, E> {
        Ok(Item::int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Item, E> {
        Ok(Item::Uint(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Item, E> {
        Ok(Item::Float(value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item::text(text))
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::NULL)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Item::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut entries: Vec<(String, Item)> = Vec::new();
        while let Some((key, Json(value))) = map.next_entry::<String, Json>()? {
            entries.push((key, value));
        }
        let wrong = |what: &str| Err(serde::de::Error::custom(what));
        match entries.as_slice() {
            [(key, value)] if key.starts_with('$') => match special(key, value) {
                Some(item) => Ok(item),
                None => wrong(&format!("`{key}` is not followed by what it takes")),
            },
            entries if entries.iter().any(|(key, _)| key.starts_with('$')) => wrong(
                "keys that begin with `$` stand alone; a map that has some is written `{\"$map\": [[KEY, VALUE], ...]}`",
            ),
            _ => Ok(Item::Map(entries.into_iter().map(|(key, value)| (Item::Text(key), value)).collect())),
        }
    }
}

fn special(key: &str, value: &Item) -> Option<Item> {
    Some(match (key, value) {
        ("$bytes", Item::Text(digits)) => Item::Bytes(hex(digits)?),
        ("$int", Item::Text(digits)) => {
            let value: i128 = digits.parse().ok()?;
            match u64::try_from(value) {
                Ok(value) => Item::Uint(value),
                Err(_) => Item::Nint(u64::try_from(-1 - value).ok()?),
            }
        }
        ("$float", Item::Text(digits)) if digits.len() == 16 => {
            let mut bits = [0; 8];
            bits.copy_from_slice(&hex(digits)?);
            Item::Float(u64::from_be_bytes(bits))
        }
        ("$simple", Item::Uint(value @ (0..=23 | 32..=255))) => Item::Simple(*value as u8),
        ("$tag", Item::Array(parts)) => match parts.as_slice() {
            [Item::Uint(tag), item] => Item::Tag(*tag, Box::new(item.clone())),
            _ => return None,
        },
        ("$map", Item::Array(pairs)) => {
            let pair = |pair: &Item| match pair {
                Item::Array(pair) => {
                    <[Item; 2]>::try_from(pair.clone()).ok().map(|[key, value]| (key, value))
                }
                _ => None,
            };
            Item::Map(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The bytes that pairs of hexadecimal digits stand for.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}
