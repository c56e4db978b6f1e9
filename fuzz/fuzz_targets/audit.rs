//! Any bytes as an audit log: verifying does not panic, and what it takes is a prefix of the bytes.

#![no_main]

use cartwheel_runtime::audit::{PREAMBLE, verify};
use libfuzzer_sys::fuzz_target;

/// Gives records right links, which random bytes would never have.
fn linked(bytes: &[u8]) -> Vec<u8> {
    let mut log = PREAMBLE.to_vec();
    let mut rest = bytes;
    while let Some((&[kind, a, b], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([a, b])).min(after.len());
        let (content, behind) = after.split_at(len);
        let start = log.len() - PREAMBLE.len();
        log.push(kind);
        log.extend((len as u32).to_le_bytes());
        log.extend(content);
        let link = blake3::hash(&log[start..]);
        log.extend(link.as_bytes());
        rest = behind;
    }
    log
}

fuzz_target!(|bytes: &[u8]| {
    for log in [bytes.to_vec(), linked(bytes)] {
        let mut entries = 0;
        let report = verify(log.as_slice(), None, |record| {
            if let cartwheel_runtime::audit::Record::Calls(calls) = record {
                entries += calls.len() as u64;
            }
        });
        assert_eq!(report.entries, entries);
        assert!(report.bytes <= log.len() as u64);
        assert!(report.signed_entries <= report.entries);
        assert!(report.is_good_so_far() || !report.is_good());
        if report.is_good() {
            assert!(!verify(&log[..log.len() - 1], None, |_| {}).is_good());
        }
    }
});
