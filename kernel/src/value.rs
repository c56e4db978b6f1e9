//! Arguments and results of late-bound calls, as values and as bytes. `spec/policy.md` has the encoding.

use cartwheel_hostabi::SlotType;

/// What a slot holds, outside of a guest.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// binary32 float, as bits.
    F32(u32),
    /// binary64 float, as bits.
    F64(u64),
    /// Contents of a byte string.
    Bytes(Vec<u8>),
    /// Null, or in a result an object of another kind.
    Null,
}

/// Bytes that are no encoded values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotValues;

impl Value {
    /// Type of the slot.
    pub fn slot_type(&self) -> SlotType {
        match self {
            Value::I32(_) => SlotType::I32,
            Value::I64(_) => SlotType::I64,
            Value::F32(_) => SlotType::F32,
            Value::F64(_) => SlotType::F64,
            Value::Bytes(_) | Value::Null => SlotType::Handle,
        }
    }

    /// Appends the encoded value: a byte for the type, then the value, little-endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::I32(value) => tagged(out, 0, &value.to_le_bytes()),
            Value::I64(value) => tagged(out, 1, &value.to_le_bytes()),
            Value::F32(bits) => tagged(out, 2, &bits.to_le_bytes()),
            Value::F64(bits) => tagged(out, 3, &bits.to_le_bytes()),
            Value::Bytes(bytes) => {
                tagged(out, 4, &(bytes.len() as u32).to_le_bytes());
                out.extend(bytes);
            }
            Value::Null => tagged(out, 5, &[]),
        }
    }

    /// The values that take up exactly these bytes.
    ///
    /// # Errors
    ///
    /// If they are none.
    pub fn decode_all(mut bytes: &[u8]) -> Result<Vec<Value>, NotValues> {
        let mut values = Vec::new();
        while let Some((&tag, rest)) = bytes.split_first() {
            bytes = rest;
            values.push(match tag {
                0 => Value::I32(i32::from_le_bytes(take(&mut bytes)?)),
                1 => Value::I64(i64::from_le_bytes(take(&mut bytes)?)),
                2 => Value::F32(u32::from_le_bytes(take(&mut bytes)?)),
                3 => Value::F64(u64::from_le_bytes(take(&mut bytes)?)),
                4 => {
                    let len = u32::from_le_bytes(take(&mut bytes)?) as usize;
                    let (contents, rest) = bytes.split_at_checked(len).ok_or(NotValues)?;
                    bytes = rest;
                    Value::Bytes(contents.to_vec())
                }
                5 => Value::Null,
                _ => return Err(NotValues),
            });
        }
        Ok(values)
    }
}

fn tagged(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend(bytes);
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], NotValues> {
    let (array, rest) = bytes.split_first_chunk().ok_or(NotValues)?;
    *bytes = rest;
    Ok(*array)
}
