//! Who vouches for a cartridge: signatures, key rings, and what both together make of it; `spec/ingest.md` describes them.
//!
//! Nothing here reads a clock. The day that expiry is held against is stated by the key ring, or by whoever loads it.

mod date;
mod phase;
mod ring;
mod signature;
mod validate;
mod vouching;

pub use date::Date;
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use phase::{Ingested, Phase, Wanted};
pub(crate) use ring::bytes_of;
pub use ring::{Key, KeyRing, MAX_KEYS, MAX_RING_BYTES, RingError, Unsigned};
pub use signature::{
    BadSignature, KeyId, MAX_NAME_BYTES, MAX_SIGNATURE_BYTES, Release, Signature, is_release_name,
};
pub use validate::{Known, Refused, Vouched, validate};
pub(crate) use vouching::Vouching;

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
