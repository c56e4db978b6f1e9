//! From a message's parameters to a call's arguments, and from its results to a message's data.

use cartwheel_hostabi::SyscallInfo;
use cartwheel_hostabi::cbor::{Item, MAX_MESSAGE_BYTES};

use super::Shape;
use crate::value::Value;

/// Bytes of a buffer that the message does not name a size for.
const DEFAULT_BUFFER_BYTES: usize = 4096;

/// Arguments of a call, and the memory that its spans are in.
pub(super) struct Arguments {
    pub(super) values: Vec<Value>,
    pub(super) scratch: Vec<u8>,
    /// Names and places of the buffers that the call writes.
    buffers: Vec<(&'static str, usize, usize)>,
}

/// Reads the parameters: a map by their names, or an array in their order.
pub(super) fn read(
    row: &SyscallInfo,
    params: Option<&Item>,
    defaults: &[(&str, &str)],
) -> Result<Arguments, String> {
    let takes = || format!("{} takes {}", row.id, names(row));
    let empty = Item::Map(Vec::new());
    let params = params.filter(|params| **params != Item::NULL).unwrap_or(&empty);
    match params {
        Item::Map(entries) => {
            let known = |key: &Item| {
                key.as_text().is_some_and(|key| row.params.iter().any(|param| param.name == key))
            };
            if !entries.iter().all(|(key, _)| known(key)) {
                return Err(takes());
            }
        }
        Item::Array(items) if items.len() <= row.params.len() => {}
        _ => return Err(takes()),
    }
    let mut arguments = Arguments { values: Vec::new(), scratch: Vec::new(), buffers: Vec::new() };
    for (i, param) in row.params.iter().enumerate() {
        let given = match params {
            Item::Array(items) => items.get(i),
            params => params.get(param.name),
        };
        let default =
            || defaults.iter().find(|(name, _)| *name == param.name).map(|(_, text)| Item::text(*text));
        let default = if given.is_none() { default() } else { None };
        let given = given.or(default.as_ref());
        if !arguments.push(param.name, param.kind, given) {
            return Err(format!("`{}` is missing or no {}: {}", param.name, param.kind, takes()));
        }
        if arguments.scratch.len() > 2 * MAX_MESSAGE_BYTES {
            return Err(format!("the buffers are larger than {MAX_MESSAGE_BYTES} bytes"));
        }
    }
    Ok(arguments)
}

fn names(row: &SyscallInfo) -> String {
    let names: Vec<String> =
        row.params.iter().map(|param| format!("{}: {}", param.name, param.kind)).collect();
    if names.is_empty() { "no parameters".to_owned() } else { names.join(", ") }
}

impl Arguments {
    /// Appends an argument; false if what is given is none.
    fn push(&mut self, name: &'static str, kind: &str, given: Option<&Item>) -> bool {
        let int = || given.and_then(Item::as_int);
        let value = match kind {
            "span" => {
                let Some(bytes) = given.and_then(Item::as_bytes) else { return false };
                self.span(bytes.len());
                self.scratch.extend(bytes);
                return true;
            }
            "span_mut" => {
                let size = match given {
                    None | Some(&Item::NULL) => Some(DEFAULT_BUFFER_BYTES),
                    Some(_) => int().and_then(|size| usize::try_from(size).ok()),
                };
                let Some(size) = size.filter(|size| *size <= MAX_MESSAGE_BYTES) else { return false };
                self.buffers.push((name, self.scratch.len(), size));
                self.span(size);
                self.scratch.resize(self.scratch.len() + size, 0);
                return true;
            }
            "bytes" => given.and_then(Item::as_bytes).map(|bytes| Value::Bytes(bytes.to_vec())),
            "i32" => int()
                .and_then(|int| i32::try_from(int).or_else(|_| u32::try_from(int).map(|int| int as i32)).ok())
                .map(Value::I32),
            "i64" => match given {
                Some(Item::Uint(value)) => Some(Value::I64(*value as i64)),
                _ => int().map(Value::I64),
            },
            "f32" => given.and_then(float).map(|float| Value::F32((float as f32).to_bits())),
            "f64" => given.and_then(float).map(|float| Value::F64(float.to_bits())),
            _ => Some(Value::Null),
        };
        self.values.extend(value.clone());
        value.is_some()
    }

    fn span(&mut self, len: usize) {
        self.values.extend([Value::I32(self.scratch.len() as i32), Value::I32(len as i32)]);
    }

    /// What the call came to, as data.
    pub(super) fn data(&self, row: &SyscallInfo, values: &[Value], shape: Shape) -> Item {
        let skipped = usize::from(row.has_status());
        let mut entries: Vec<(&str, Item)> = row
            .results
            .iter()
            .skip(skipped)
            .zip(values)
            .map(|(result, value)| (result.name, item(value)))
            .collect();
        let len = entries.iter().find(|(name, _)| *name == "len").and_then(|(_, len)| len.as_int());
        for &(name, start, size) in &self.buffers {
            let len = len.and_then(|len| usize::try_from(len).ok()).map_or(size, |len| len.min(size));
            entries.push((name, Item::Bytes(self.scratch[start..start + len].to_vec())));
        }
        let one = |name: &str| entries.iter().find(|(known, _)| *known == name).map(|(_, item)| item.clone());
        match shape {
            Shape::One(name) => one(name).unwrap_or(Item::NULL),
            Shape::Text(name) => match one(name) {
                Some(Item::Bytes(bytes)) => Item::Text(String::from_utf8_lossy(&bytes).into_owned()),
                other => other.unwrap_or(Item::NULL),
            },
            Shape::Nothing => Item::NULL,
            Shape::All | Shape::File | Shape::Names | Shape::Stat => {
                Item::Map(entries.into_iter().map(|(name, item)| (Item::text(name), item)).collect())
            }
        }
    }
}

fn float(item: &Item) -> Option<f64> {
    match item {
        Item::Float(bits) => Some(f64::from_bits(*bits)),
        item => item.as_int().map(|int| int as f64),
    }
}

fn item(value: &Value) -> Item {
    match value {
        Value::I32(value) => Item::int((*value).into()),
        Value::I64(value) => Item::int(*value),
        Value::F32(bits) => Item::Float(f64::from(f32::from_bits(*bits)).to_bits()),
        Value::F64(bits) => Item::Float(*bits),
        Value::Bytes(bytes) => Item::Bytes(bytes.clone()),
        Value::Null => Item::NULL,
    }
}
