//! The cartridge file: exact, and safe to read whatever its bytes.

use cartwheel_bytecode::cartridge::CartridgeError;
use cartwheel_bytecode::{Cartridge, generate};
use proptest::prelude::*;

/// A cartridge with something in most sections.
fn sample() -> Cartridge {
    generate(&(0..600u32).map(|i| (i * 7 + i / 5) as u8).collect::<Vec<_>>())
}

/// The file with the hash in its header made right, so that damage is looked at by what comes after it.
fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() > 40 {
        let hash = blake3::hash(&bytes[40..]);
        bytes[8..40].copy_from_slice(hash.as_bytes());
    }
    bytes
}

/// Reading gives an error, or a cartridge whose file is exactly what was read.
fn reads_exactly(bytes: &[u8]) {
    if let Ok(cart) = Cartridge::from_bytes(bytes) {
        assert_eq!(cart.to_bytes(), bytes);
    }
}

#[test]
fn files_survive_reading_and_writing() {
    let cart = sample();
    assert_eq!(Cartridge::from_bytes(&cart.to_bytes()), Ok(cart));
}

#[test]
fn every_truncation_is_refused() {
    let bytes = sample().to_bytes();
    for len in 0..bytes.len() {
        assert!(Cartridge::from_bytes(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
    }
}

#[test]
fn a_changed_byte_does_not_match_the_hash() {
    let mut bytes = sample().to_bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(Cartridge::from_bytes(&bytes).is_err());
    assert_eq!(Cartridge::from_bytes(b"PNG and so on"), Err(CartridgeError::NotACartridge));
}

#[test]
fn other_versions_are_named() {
    let mut bytes = sample().to_bytes();
    bytes[4] = 9;
    assert_eq!(Cartridge::from_bytes(&bytes), Err(CartridgeError::Version(9)));
}

#[test]
fn unknown_sections_are_kept_or_refused() {
    let mut cart = sample();
    cart.unknown = vec![(0x80 | 50, vec![1, 2, 3]), (0x80 | 100, vec![4])];
    cart.signature = Some(vec![9; 64]);
    let bytes = cart.to_bytes();
    assert_eq!(Cartridge::from_bytes(&bytes), Ok(cart.clone()));

    cart.unknown = vec![(50, vec![1])];
    assert_eq!(Cartridge::from_bytes(&cart.to_bytes()), Err(CartridgeError::UnknownSection(50)));
}

#[test]
fn the_signature_does_not_change_the_identity() {
    let mut cart = sample();
    let hash = cart.content_hash();
    cart.signature = Some(vec![1, 2, 3]);
    assert_eq!(cart.content_hash(), hash);
    assert_eq!(Cartridge::from_bytes(&cart.to_bytes()), Ok(cart));
}

proptest! {
    #[test]
    fn any_bytes_are_read_exactly_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        reads_exactly(&bytes);
        reads_exactly(&rehashed([b"CART\x01\0\0\0".as_slice(), &[0; 32], &bytes].concat()));
    }

    #[test]
    fn damaged_files_are_read_exactly_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = sample().to_bytes();
        for (at, value) in changes {
            let at = 40 + at.index(bytes.len() - 40);
            bytes[at] = value;
        }
        reads_exactly(&rehashed(bytes));
    }
}
