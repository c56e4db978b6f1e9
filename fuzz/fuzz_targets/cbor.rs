//! Any bytes as a message: an error with a place, or one value with one encoding, which survives JSON.

#![no_main]

use cartwheel_hostabi::cbor::{MAX_MESSAGE_BYTES, canonical, decode, encode, from_json, to_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(item) = from_json(text)
    {
        assert_eq!(from_json(&to_json(&item)).as_ref(), Ok(&item));
    }
    let item = match decode(bytes) {
        Ok(item) => item,
        Err(error) => {
            assert!(error.at <= bytes.len());
            assert_eq!(canonical(bytes), Err(error));
            return;
        }
    };
    let encoded = encode(&item);
    assert_eq!(decode(&encoded).as_ref(), Ok(&item));
    if encoded.len() <= MAX_MESSAGE_BYTES {
        assert_eq!(canonical(bytes).as_deref(), Ok(encoded.as_slice()));
        assert_eq!(from_json(&to_json(&item)).as_ref(), Ok(&item));
    }
});
