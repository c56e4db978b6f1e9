//! A memory card: slots with checksums, kept as files of the module's storage.

use std::collections::BTreeMap;

use cartwheel_hostabi::{Bytes, Call, Fault, Object, Span, SpanMut, Status, handlers};
use xxhash_rust::xxh3::xxh3_64;

use super::Context;
use super::fs::Root;
use crate::codec::{Reader, RestoreError};
use crate::storage::{Blob, StoragePath};

/// Slots of a card.
pub const CARD_SLOTS: u8 = 16;
/// What a slot's file has before the content: magic, length, xxh3-64 of the content.
const HEADER_LEN: usize = 16;
const MAGIC: &[u8; 4] = b"CWMC";

/// What was written to a card and not committed: files, `None` for those to be deleted.
#[derive(Default)]
pub(crate) struct Card(BTreeMap<u8, Option<Blob>>);

/// The file of a slot.
fn path(slot: u8) -> StoragePath {
    StoragePath::parse(format!("mem/{slot:02}.card").as_bytes()).expect("it is a path")
}

fn slot_file(content: &[u8]) -> Blob {
    let mut file = Vec::with_capacity(HEADER_LEN + content.len());
    file.extend(MAGIC);
    file.extend((content.len() as u32).to_le_bytes());
    file.extend(xxh3_64(content).to_le_bytes());
    file.extend(content);
    Blob::new(file)
}

/// The content of a slot's file, unless somebody else has written it.
fn slot_content(file: &Blob) -> Option<&[u8]> {
    let (header, content) = file.bytes().split_first_chunk::<HEADER_LEN>()?;
    let header_of_content =
        [MAGIC.as_slice(), &(content.len() as u32).to_le_bytes(), &xxh3_64(content).to_le_bytes()].concat();
    (header.as_slice() == header_of_content).then_some(content)
}

fn slot(number: i32) -> Result<u8, Status> {
    u8::try_from(number).ok().filter(|&slot| slot < CARD_SLOTS).ok_or(Status::MemBadSlot)
}

impl Card {
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.encode(out, |file, out| {
            let content = &file.bytes()[HEADER_LEN..];
            out.extend((content.len() as u32).to_le_bytes());
            out.extend(content);
        });
    }

    /// Appends what tells this state from others.
    pub(super) fn hash(&self, out: &mut Vec<u8>) {
        self.encode(out, |file, out| out.extend(file.digest().to_le_bytes()));
    }

    fn encode(&self, out: &mut Vec<u8>, content: impl Fn(&Blob, &mut Vec<u8>)) {
        out.push(self.0.len() as u8);
        for (slot, file) in &self.0 {
            out.extend([*slot, file.is_some().into()]);
            if let Some(file) = file {
                content(file, out);
            }
        }
    }

    pub(super) fn load(input: &mut Reader<'_>, quota_bytes: u64) -> Result<Card, RestoreError> {
        let mut card = Card::default();
        let mut bytes = 0;
        for _ in 0..input.u8()? {
            let slot = input.u8()?;
            if slot >= CARD_SLOTS || card.0.last_key_value().is_some_and(|(&last, _)| last >= slot) {
                return Err(RestoreError::Value);
            }
            let file = if input.flag()? {
                let len = input.u32()?;
                bytes += u64::from(len);
                Some(slot_file(input.bytes(len as usize)?))
            } else {
                None
            };
            card.0.insert(slot, file);
        }
        if bytes > quota_bytes { Err(RestoreError::Value) } else { Ok(card) }
    }
}

impl Root {
    /// The file of a slot, as written last, committed or not.
    fn slot(&self, slot: u8) -> Option<&Blob> {
        match self.card.0.get(&slot) {
            Some(file) => file.as_ref(),
            None => self.storage.read(&path(slot)),
        }
    }

    /// Bytes that have to be looked at to tell what is in a slot.
    fn slot_work(&self, number: i32) -> u64 {
        slot(number).ok().and_then(|slot| self.slot(slot)).map_or(0, |file| file.bytes().len() as u64)
    }

    fn slot_content(&self, number: i32) -> Result<&[u8], Status> {
        let file = self.slot(slot(number)?).ok_or(Status::MemEmpty)?;
        slot_content(file).ok_or(Status::MemCorrupt)
    }

    /// Bytes of storage that are used when this is committed.
    fn used_with(&self, card: &Card) -> u64 {
        let paths: Vec<StoragePath> = card.0.keys().map(|&slot| path(slot)).collect();
        self.storage.used_with(paths.iter().zip(card.0.values().map(Option::as_ref)))
    }

    fn write_slot(&mut self, number: i32, content: &[u8]) -> Result<(), Status> {
        let slot = slot(number)?;
        if self.read_only {
            return Err(Status::MemReadOnly);
        }
        let quota = self.storage.quota_bytes();
        if content.len() as u64 > quota {
            return Err(Status::MemFull);
        }
        let before = self.card.0.insert(slot, Some(slot_file(content)));
        if self.used_with(&self.card) <= quota {
            return Ok(());
        }
        match before {
            Some(before) => self.card.0.insert(slot, before),
            None => self.card.0.remove(&slot),
        };
        Err(Status::MemFull)
    }

    fn erase_slot(&mut self, number: i32) -> Status {
        let slot = match slot(number) {
            Ok(slot) => slot,
            Err(status) => return status,
        };
        if self.slot(slot).is_none() {
            return Status::MemEmpty;
        }
        if self.read_only {
            return Status::MemReadOnly;
        }
        if self.storage.read(&path(slot)).is_some() {
            self.card.0.insert(slot, None);
        } else {
            self.card.0.remove(&slot);
        }
        Status::Ok
    }

    /// Gives the bytes that were written, or says why nothing was.
    fn commit(&mut self) -> Result<u64, Status> {
        if self.card.0.is_empty() {
            return Err(Status::MemUnchanged);
        }
        if self.used_with(&self.card) > self.storage.quota_bytes() {
            return Err(Status::MemFull);
        }
        let written = self.card.0.iter().filter(|(_, file)| file.is_some());
        if written.map(|(&slot, _)| path(slot)).any(|path| self.storage.is_blocked(&path)) {
            return Err(Status::MemBlocked);
        }
        // Deletions first: on the way, no more may be used than at the end.
        let card = std::mem::take(&mut self.card).0;
        let mut bytes = 0;
        for (&slot, _) in card.iter().filter(|(_, file)| file.is_none()) {
            self.storage.delete(&path(slot));
        }
        // Those that shrink make room for those that grow.
        let mut written: Vec<(StoragePath, Blob)> =
            card.into_iter().filter_map(|(slot, file)| Some((path(slot), file?))).collect();
        written.sort_by_key(|(path, file)| {
            let before = self.storage.read(path).map_or(0, |old| old.bytes().len() as i64);
            file.bytes().len() as i64 - before
        });
        for (path, file) in written {
            bytes += file.bytes().len() as u64;
            self.storage.write(&path, file).expect("it was checked that all of it fits");
        }
        Ok(bytes)
    }
}

fn status_of(result: Result<(), Status>) -> Status {
    result.err().unwrap_or(Status::Ok)
}

impl handlers::Mem for Context<'_> {
    fn commit(&mut self, call: &mut Call<'_>) -> Result<Status, Fault> {
        let result = self.root()?.commit();
        call.work(result.unwrap_or(0));
        Ok(status_of(result.map(|_| ())))
    }

    fn discard(&mut self, _: &mut Call<'_>) -> Result<Status, Fault> {
        let staged = std::mem::take(&mut self.root()?.card.0);
        Ok(if staged.is_empty() { Status::MemUnchanged } else { Status::Ok })
    }

    fn erase(&mut self, _: &mut Call<'_>, slot: i32) -> Result<Status, Fault> {
        Ok(self.root()?.erase_slot(slot))
    }

    fn read(&mut self, call: &mut Call<'_>, slot: i32, buffer: SpanMut) -> Result<(Status, i32), Fault> {
        call.work(self.root()?.slot_work(slot));
        let content = match self.root()?.slot_content(slot) {
            Ok(content) => content,
            Err(status) => return Ok((status, 0)),
        };
        let Some(place) = call.span_mut(buffer)?.get_mut(..content.len()) else {
            return Ok((Status::MemTooSmall, 0));
        };
        place.copy_from_slice(content);
        Ok((Status::Ok, content.len() as i32))
    }

    fn read_bytes(&mut self, call: &mut Call<'_>, slot: i32) -> Result<(Status, Object), Fault> {
        call.work(self.root()?.slot_work(slot));
        let content = match self.root()?.slot_content(slot) {
            Ok(content) => content,
            Err(status) => return Ok((status, Object::NULL)),
        };
        Ok(call.new_bytes(content).map_or((Status::Quota, Object::NULL), |object| (Status::Ok, object)))
    }

    fn size(&mut self, call: &mut Call<'_>, slot: i32) -> Result<(Status, i32), Fault> {
        call.work(self.root()?.slot_work(slot));
        let len = self.root()?.slot_content(slot).map(<[u8]>::len);
        Ok(len.map_or_else(|status| (status, 0), |len| (Status::Ok, len as i32)))
    }

    fn write(&mut self, call: &mut Call<'_>, slot: i32, content: Span) -> Result<Status, Fault> {
        let status = status_of(self.root()?.write_slot(slot, call.span(content)?));
        call.work(content.len.into());
        Ok(status)
    }

    fn write_bytes(&mut self, call: &mut Call<'_>, slot: i32, content: Bytes) -> Result<Status, Fault> {
        let bytes = call.bytes(content)?;
        let (status, len) = (status_of(self.root()?.write_slot(slot, bytes)), bytes.len());
        call.work(len as u64);
        Ok(status)
    }
}
