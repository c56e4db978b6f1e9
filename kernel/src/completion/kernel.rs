//! The kernel's own completers: pure functions of the bytes.

use cartwheel_hostabi::CATALOGUE;

use super::MAX_COMPLETION_BYTES;
use super::calculator;

/// One of them.
#[derive(Debug)]
pub(super) struct Completer {
    pub(super) prefix: &'static [u8],
    /// What follows the prefix, to what follows the request; `None` if there is no completion.
    rest: fn(&[u8]) -> Option<Vec<u8>>,
}

/// By prefix, the longest first.
static COMPLETERS: [Completer; 3] = [
    Completer { prefix: b"calc:", rest: calculator::complete },
    Completer { prefix: b"cap:", rest: offered },
    Completer { prefix: b"", rest: nothing_more },
];

impl Completer {
    pub(super) fn complete(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let added = (self.rest)(&bytes[self.prefix.len()..])?;
        let completion = [bytes, &added].concat();
        (completion.len() <= MAX_COMPLETION_BYTES).then_some(completion)
    }
}

/// The one with the longest prefix. There is one for everything.
pub(super) fn find(bytes: &[u8]) -> &'static Completer {
    COMPLETERS.iter().find(|completer| bytes.starts_with(completer.prefix)).unwrap_or(&COMPLETERS[2])
}

/// True if one of them has exactly this prefix.
pub(super) fn has(prefix: &[u8]) -> bool {
    COMPLETERS.iter().any(|completer| completer.prefix == prefix)
}

fn nothing_more(_: &[u8]) -> Option<Vec<u8>> {
    Some(Vec::new())
}

/// Ids that begin with what was asked for, a line each.
fn offered(start: &[u8]) -> Option<Vec<u8>> {
    let ids = CATALOGUE.iter().filter(|row| row.id.as_bytes().starts_with(start));
    Some(ids.flat_map(|row| [b"\n", row.id.as_bytes()].concat()).collect())
}
