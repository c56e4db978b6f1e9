//! The form of a log's bytes that writer and reader share.

/// Version of the format.
pub const VERSION: u32 = 1;

/// The first bytes of a log. They stand where every later record has the link before it.
pub const PREAMBLE: [u8; LINK_BYTES] = {
    let mut preamble = [0; LINK_BYTES];
    let magic = *b"CWAUDIT\0";
    let mut i = 0;
    while i < magic.len() {
        preamble[i] = magic[i];
        i += 1;
    }
    let version = VERSION.to_le_bytes();
    let mut i = 0;
    while i < version.len() {
        preamble[magic.len() + i] = version[i];
        i += 1;
    }
    preamble
};

/// Bytes of a link: BLAKE3 over the link before, and the record.
pub(super) const LINK_BYTES: usize = 32;
/// Bytes in front of a record's content: its kind and the content's length.
pub(super) const PREFIX_BYTES: usize = 5;
/// Bytes of an entry.
pub(super) const ENTRY_BYTES: usize = 32;
/// Bytes in front of a record's entries: frame, number of the first entry, count.
pub(super) const CALLS_BYTES: usize = 20;
/// Most entries of a record; a frame with more has several.
pub const MAX_ENTRIES: usize = 1 << 16;
/// Longest content of a record.
pub(super) const MAX_CONTENT_BYTES: usize = CALLS_BYTES + MAX_ENTRIES * ENTRY_BYTES;
/// Longest text in an event, longer ones are cut.
pub(super) const MAX_TEXT_BYTES: usize = 1_024;
/// Bytes of a head's content in front of its signature.
pub(super) const HEAD_BYTES: usize = 17;
/// Bytes of a signature.
pub(super) const SIGNATURE_BYTES: usize = 64;

/// What stands in front of the bytes that a head's signature is made of, so that no other use of the key gives one.
pub(super) const SIGNATURE_CONTEXT: &[u8; 24] = b"cartwheel audit head v1\0";

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Key and names; the first record.
    Header = 1,
    /// Calls of a frame.
    Calls = 2,
    /// Something that happened to a module.
    Event = 3,
    /// How many entries there are so far, signed.
    Head = 4,
}

impl Kind {
    pub(super) fn from_number(number: u8) -> Option<Kind> {
        [Kind::Header, Kind::Calls, Kind::Event, Kind::Head].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// What a head's signature is made of: the link before it, and the head up to its signature.
pub(super) fn signed_bytes(before: &[u8]) -> Vec<u8> {
    [SIGNATURE_CONTEXT, before].concat()
}
