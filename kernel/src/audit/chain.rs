//! Writing a log: entries to records, records to a chain.

use cartwheel_hostabi::CATALOGUE;
use ed25519_dalek::{Signer, SigningKey};

use super::entry;
use super::form::{
    CALLS_BYTES, ENTRY_BYTES, Kind, LINK_BYTES, MAX_ENTRIES, MAX_TEXT_BYTES, PREAMBLE, PREFIX_BYTES,
    SIGNATURE_BYTES, signed_bytes,
};
use crate::record::{CallRecord, Lifecycle, LifecycleEvent};

/// A log that is being written. It only grows, and [`Chain::take`] gives what has come to it.
pub struct Chain {
    /// The link before what was not taken yet, then finished records, then one that calls are added to.
    bytes: Vec<u8>,
    /// Bytes of finished records in front, the link before them included.
    finished: usize,
    /// Bytes that were taken already and stand in front for the next link only.
    taken: usize,
    /// Frame of the calls that are not in a finished record yet.
    frame: u64,
    /// Entries so far.
    entries: u64,
    key: Option<SigningKey>,
}

impl Chain {
    /// A log whose heads are signed with a key, or not at all.
    pub fn new(key: Option<SigningKey>) -> Chain {
        let mut chain =
            Chain { bytes: PREAMBLE.to_vec(), finished: PREAMBLE.len(), taken: 0, frame: 0, entries: 0, key };
        let key = chain.key.as_ref().map_or([0; 32], |key| key.verifying_key().to_bytes());
        let signed = chain.key.is_some().into();
        chain.record(Kind::Header, |out| {
            out.push(signed);
            out.extend(key);
            out.extend((CATALOGUE.len() as u16).to_le_bytes());
            CATALOGUE.iter().for_each(|row| text(out, row.id));
        });
        chain
    }

    /// Entries so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds a call.
    #[inline]
    pub fn call(&mut self, record: &CallRecord) {
        let open = self.bytes.len() - self.finished;
        if open == 0
            || self.frame != record.frame
            || open >= PREFIX_BYTES + CALLS_BYTES + MAX_ENTRIES * ENTRY_BYTES
        {
            self.begin(record.frame);
        }
        self.bytes.extend_from_slice(&entry::encode(record, self.entries));
        self.entries += 1;
    }

    #[cold]
    fn begin(&mut self, frame: u64) {
        self.close();
        self.frame = frame;
        self.bytes.extend([0; PREFIX_BYTES]);
        self.bytes.extend(frame.to_le_bytes());
        self.bytes.extend(self.entries.to_le_bytes());
        self.bytes.extend([0; 4]);
    }

    /// Ends the record of calls that is open: checks of its entries, its length, and its link.
    pub fn close(&mut self) {
        let (start, frame) = (self.finished, self.frame);
        if self.bytes.len() == start {
            return;
        }
        let content = start + PREFIX_BYTES;
        let (entries, _) = self.bytes[content + CALLS_BYTES..].as_chunks_mut::<ENTRY_BYTES>();
        entries.iter_mut().for_each(|entry| entry::seal(entry, frame));
        let count = entries.len() as u32;
        self.bytes[content + CALLS_BYTES - 4..content + CALLS_BYTES].copy_from_slice(&count.to_le_bytes());
        self.finish(Kind::Calls);
    }

    /// Adds an event.
    pub fn event(&mut self, event: &LifecycleEvent) {
        self.close();
        let (name, details) = describe(&event.what);
        self.record(Kind::Event, |out| {
            out.extend(event.frame.to_le_bytes());
            out.extend(event.module.map_or(u32::MAX, |module| module.0).to_le_bytes());
            text(out, name);
            out.push(details.len() as u8);
            for (name, value) in &details {
                text(out, name);
                text(out, value);
            }
        });
    }

    /// Adds a head: how many entries there are, signed if there is a key. The last one ends the log.
    pub fn head(&mut self, last: bool) {
        self.close();
        let (entries, frame, start) = (self.entries, self.frame, self.finished);
        let key = self.key.take();
        self.record(Kind::Head, |out| {
            out.extend(entries.to_le_bytes());
            out.extend(frame.to_le_bytes());
            out.push(last.into());
            let at = out.len();
            out.extend([0; SIGNATURE_BYTES]);
            if let Some(key) = &key {
                // The record's length is not in its place yet, and is always the same.
                let mut before = out[start - LINK_BYTES..at].to_vec();
                prefix(&mut before[LINK_BYTES..], Kind::Head, out.len() - start - PREFIX_BYTES);
                out[at..].copy_from_slice(&key.sign(&signed_bytes(&before)).to_bytes());
            }
        });
        self.key = key;
    }

    fn record(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend([0; PREFIX_BYTES]);
        write(&mut self.bytes);
        self.finish(kind);
    }

    /// Gives the record behind the finished ones its prefix and its link.
    fn finish(&mut self, kind: Kind) {
        let start = self.finished;
        let len = self.bytes.len() - start - PREFIX_BYTES;
        prefix(&mut self.bytes[start..], kind, len);
        let link = blake3::hash(&self.bytes[start - LINK_BYTES..]);
        self.bytes.extend(link.as_bytes());
        self.finished = self.bytes.len();
    }

    /// Takes the finished records that were not taken yet.
    pub fn take(&mut self, out: &mut Vec<u8>) {
        out.extend(&self.bytes[self.taken..self.finished]);
        self.bytes.drain(..self.finished - LINK_BYTES);
        self.finished = LINK_BYTES;
        self.taken = LINK_BYTES;
    }
}

fn prefix(record: &mut [u8], kind: Kind, len: usize) {
    record[0] = kind as u8;
    record[1..PREFIX_BYTES].copy_from_slice(&(len as u32).to_le_bytes());
}

/// Appends a text, cut if it is too long, with its length in front.
fn text(out: &mut Vec<u8>, text: &str) {
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    out.extend((end as u16).to_le_bytes());
    out.extend(&text.as_bytes()[..end]);
}

/// An event by its name, with what else is known of it.
fn describe(what: &Lifecycle) -> (&'static str, Vec<(&'static str, String)>) {
    match what {
        Lifecycle::Loaded { name, origin } => {
            ("loaded", vec![("name", name.clone()), ("origin", origin.clone())])
        }
        Lifecycle::Unloaded => ("unloaded", Vec::new()),
        Lifecycle::Started => ("started", Vec::new()),
        Lifecycle::Paused => ("paused", Vec::new()),
        Lifecycle::Resumed => ("resumed", Vec::new()),
        Lifecycle::Stopping(frames) => ("stopping", vec![("frames", frames.to_string())]),
        Lifecycle::Stopped => ("stopped", Vec::new()),
        Lifecycle::Replaced => ("replaced", Vec::new()),
        Lifecycle::Halted(code) => ("halted", vec![("code", code.to_string())]),
        Lifecycle::Trapped => ("trapped", Vec::new()),
        Lifecycle::Quarantined => ("quarantined", Vec::new()),
        Lifecycle::Recovered => ("recovered", Vec::new()),
        Lifecycle::Terminated => ("terminated", Vec::new()),
        Lifecycle::TrustSet => ("trust set", Vec::new()),
        Lifecycle::PolicySet { digest } => ("policy set", vec![("digest", format!("{digest:032x}"))]),
    }
}
