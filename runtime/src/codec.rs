//! The structured part of snapshots as bytes. Nothing else in this crate knows how it is encoded.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes that a structured part may claim while it is decoded.
const MAX_BYTES: usize = 1 << 20;

/// Appends a value's bytes.
pub(crate) fn encode(value: &impl Serialize, out: &mut Vec<u8>) {
    bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
        .expect("plain data can be encoded into memory");
}

/// The value that takes up exactly these bytes.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    decode_within::<MAX_BYTES, T>(bytes)
}

/// As [`decode`], with another bound.
pub(crate) fn decode_within<const MAX: usize, T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let (value, rest) = decode_part::<MAX, T>(bytes)?;
    if rest.is_empty() { Ok(value) } else { Err("bytes are left over".to_owned()) }
}

/// The value that bytes begin with, and what follows it.
pub(crate) fn decode_first<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), String> {
    decode_part::<MAX_BYTES, T>(bytes)
}

fn decode_part<const MAX: usize, T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), String> {
    let config = bincode::config::standard().with_limit::<MAX>();
    let (value, used) = bincode::serde::decode_from_slice(bytes, config).map_err(|e| e.to_string())?;
    Ok((value, &bytes[used..]))
}
