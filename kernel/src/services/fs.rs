//! Files of the module, asked for and published at frame boundaries.

use std::sync::Arc;

use cartwheel_hostabi::{Bytes, Call, Fault, Object, RootId, Span, SpanMut, Status, handlers};
use xxhash_rust::xxh3::xxh3_128;

use super::Context;
use super::mem::Card;
use crate::codec::{Reader, RestoreError};
use crate::host::DiskFault;
use crate::load::StagedConfig;
use crate::staged::{Asked, Outcome, Work};
use crate::storage::{Blob, Storage, StoragePath};

/// What a module has of storage: its root. Handlers get it from the dispatcher and can make none, so they can reach
/// nothing but the files of the module that calls.
pub(crate) struct Root {
    pub(super) storage: Storage,
    pub(super) card: Card,
    pub(super) read_only: bool,
    /// What was told of the host's disk.
    disk: Option<DiskFault>,
}

impl Root {
    pub(super) fn new(config: &StagedConfig) -> Root {
        let storage = config.storage.clone();
        Root { storage, card: Card::default(), read_only: config.read_only, disk: None }
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }

    pub(super) fn storage_mut(&mut self) -> &mut Storage {
        &mut self.storage
    }

    pub(crate) fn disk(&self) -> Option<DiskFault> {
        self.disk
    }

    pub(super) fn set_disk(&mut self, fault: Option<DiskFault>) -> bool {
        std::mem::replace(&mut self.disk, fault) != fault
    }

    /// Number of what is wrong with the disk; 0 if nothing is.
    fn disk_code(&self) -> u8 {
        let place = |fault| DiskFault::ALL.iter().position(|&known| known == fault);
        self.disk.and_then(place).map_or(0, |place| place as u8 + 1)
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend([self.read_only.into(), self.disk_code()]);
        self.storage.save(out);
        self.card.save(out);
    }

    pub(super) fn read(&self, input: &mut Reader<'_>) -> Result<Root, RestoreError> {
        if input.flag()? != self.read_only {
            return Err(RestoreError::Limits);
        }
        let disk = match input.u8()? {
            0 => None,
            code => Some(*DiskFault::ALL.get(usize::from(code) - 1).ok_or(RestoreError::Value)?),
        };
        let storage = self.storage.load(input)?;
        let card = Card::load(input, storage.quota_bytes())?;
        Ok(Root { storage, card, read_only: self.read_only, disk })
    }

    pub(super) fn hash(&self) -> u128 {
        let mut bytes = vec![self.read_only.into(), self.disk_code()];
        bytes.extend(self.storage.hash().to_le_bytes());
        self.card.hash(&mut bytes);
        xxh3_128(&bytes)
    }
}

/// A path, or the outermost folder.
fn place(path: &[u8]) -> Result<Option<StoragePath>, Status> {
    if path.is_empty() { Ok(None) } else { file(path).map(Some) }
}

fn file(path: &[u8]) -> Result<StoragePath, Status> {
    StoragePath::parse(path).ok_or(Status::FsBadPath)
}

/// Results of a call that issues a request, or does not.
fn issued(id: Result<i32, Status>) -> (Status, i32) {
    match id {
        Ok(id) => (Status::Ok, id),
        Err(status) => (status, 0),
    }
}

impl Context<'_> {
    pub(super) fn root(&mut self) -> Result<&mut Root, Fault> {
        let root = self.services.root.as_mut();
        root.ok_or_else(|| Fault::Panic("a call for files by a module that has none".to_owned()))
    }

    /// Issues a request without input to speak of.
    fn ask(&mut self, work: Result<Work, Status>) -> Result<i32, Status> {
        let work = work?;
        if !self.services.requests.has_room(0, u64::MAX) {
            return Err(Status::Quota);
        }
        Ok(self.services.requests.issue(work, None))
    }

    fn write_content(&mut self, path: &[u8], content: &[u8]) -> Result<(Status, i32), Fault> {
        let root = self.root()?;
        let (read_only, quota) = (root.read_only, root.storage.quota_bytes());
        let requests = &mut self.services.requests;
        Ok(issued(file(path).and_then(|path| {
            if read_only {
                return Err(Status::FsReadOnly);
            }
            if content.len() as u64 > quota {
                return Err(Status::FsFull);
            }
            if !requests.has_room(content.len() as u64, quota) {
                return Err(Status::Quota);
            }
            let content: Arc<[u8]> = requests.share(content);
            Ok(requests.issue(Work::Write(path, content), None))
        })))
    }

    /// What a request came to: a result that waits to be taken, with the buffer that it is meant for, or nothing. All but a
    /// waiting result ends the request.
    fn settle(
        &mut self,
        call: &mut Call<'_>,
        request: i32,
    ) -> Result<Option<(Blob, Option<RootId>)>, Status> {
        let result = match self.services.requests.state(request) {
            Asked::Unknown => return Err(Status::FsUnknownRequest),
            Asked::Pending => return Err(Status::Pending),
            Asked::Ended(Outcome::Data(blob), buffer) => return Ok(Some((blob.clone(), buffer))),
            Asked::Ended(Outcome::Done, _) => Ok(None),
            Asked::Ended(Outcome::Failed(status), _) => Err(*status),
        };
        self.end(call, request);
        result
    }

    /// Ends a request; false if there is none.
    fn end(&mut self, call: &mut Call<'_>, request: i32) -> bool {
        let Some(buffer) = self.services.requests.close(request) else { return false };
        if let Some(root) = buffer {
            // It is released already only if somebody made up the state that this machine was restored from.
            let _ = call.unroot(root);
        }
        true
    }
}

/// Copies a result to the byte string that was given for it; false if it does not fit.
fn deliver(call: &mut Call<'_>, content: &[u8], buffer: RootId) -> bool {
    let Ok(object) = call.rooted(buffer) else { return false };
    let Ok(place) = call.bytes_mut(Bytes(object)) else { return false };
    let Some(place) = place.get_mut(..content.len()) else { return false };
    place.copy_from_slice(content);
    call.work(content.len() as u64);
    true
}

impl handlers::Fs for Context<'_> {
    fn close(&mut self, call: &mut Call<'_>, request: i32) -> Result<Status, Fault> {
        Ok(if self.end(call, request) { Status::Ok } else { Status::FsUnknownRequest })
    }

    fn delete(&mut self, call: &mut Call<'_>, path: Span) -> Result<(Status, i32), Fault> {
        let read_only = self.root()?.read_only;
        let work = file(call.span(path)?)
            .and_then(|path| if read_only { Err(Status::FsReadOnly) } else { Ok(Work::Delete(path)) });
        call.work(path.len.into());
        Ok(issued(self.ask(work)))
    }

    fn disk(&mut self, _: &mut Call<'_>) -> Result<Status, Fault> {
        Ok(match self.root()?.disk {
            None => Status::Ok,
            Some(DiskFault::Full) => Status::FsFull,
            Some(DiskFault::ReadOnly) => Status::FsReadOnly,
            Some(DiskFault::Failed) => Status::FsDiskFailed,
        })
    }

    fn list(&mut self, call: &mut Call<'_>, folder: Span) -> Result<(Status, i32), Fault> {
        let work = place(call.span(folder)?).map(Work::List);
        call.work(folder.len.into());
        Ok(issued(self.ask(work)))
    }

    fn poll(&mut self, call: &mut Call<'_>, request: i32) -> Result<(Status, i32), Fault> {
        let (content, buffer) = match self.settle(call, request) {
            Ok(Some(waiting)) => waiting,
            Ok(None) => return Ok((Status::Ok, 0)),
            Err(status) => return Ok((status, 0)),
        };
        if let Some(buffer) = buffer {
            if !deliver(call, content.bytes(), buffer) {
                return Ok((Status::FsTooSmall, 0));
            }
            self.end(call, request);
        }
        Ok((Status::Ok, content.bytes().len() as i32))
    }

    fn read(&mut self, call: &mut Call<'_>, path: Span) -> Result<(Status, i32), Fault> {
        let work = file(call.span(path)?).map(Work::Read);
        call.work(path.len.into());
        Ok(issued(self.ask(work)))
    }

    fn read_bytes(&mut self, call: &mut Call<'_>, path: Span, buffer: Bytes) -> Result<(Status, i32), Fault> {
        let place = file(call.span(path)?);
        call.work(path.len.into());
        let path = match place {
            Ok(path) if self.services.requests.has_room(0, u64::MAX) => path,
            Ok(_) => return Ok((Status::Quota, 0)),
            Err(status) => return Ok((status, 0)),
        };
        // Kept only now, when nothing can go wrong any more.
        let buffer = call.root(buffer.0)?;
        Ok((Status::Ok, self.services.requests.issue(Work::Read(path), Some(buffer))))
    }

    fn space(&mut self, _: &mut Call<'_>) -> Result<(i64, i64), Fault> {
        let storage = &self.root()?.storage;
        Ok((storage.used_bytes() as i64, storage.quota_bytes() as i64))
    }

    fn stat(&mut self, call: &mut Call<'_>, path: Span) -> Result<(Status, i32), Fault> {
        let work = place(call.span(path)?).map(Work::Stat);
        call.work(path.len.into());
        Ok(issued(self.ask(work)))
    }

    fn take(&mut self, call: &mut Call<'_>, request: i32, buffer: SpanMut) -> Result<(Status, i32), Fault> {
        let content = match self.settle(call, request) {
            Ok(Some((content, _))) => content,
            Ok(None) => return Ok((Status::Ok, 0)),
            Err(status) => return Ok((status, 0)),
        };
        let len = content.bytes().len();
        let Some(place) = call.span_mut(buffer)?.get_mut(..len) else {
            return Ok((Status::FsTooSmall, 0));
        };
        place.copy_from_slice(content.bytes());
        call.work(len as u64);
        self.end(call, request);
        Ok((Status::Ok, len as i32))
    }

    fn take_bytes(&mut self, call: &mut Call<'_>, request: i32) -> Result<(Status, Object), Fault> {
        let content = match self.settle(call, request) {
            Ok(Some((content, _))) => content,
            Ok(None) => return Ok((Status::Ok, Object::NULL)),
            Err(status) => return Ok((status, Object::NULL)),
        };
        let Ok(object) = call.new_bytes(content.bytes()) else { return Ok((Status::Quota, Object::NULL)) };
        call.work(content.bytes().len() as u64);
        self.end(call, request);
        Ok((Status::Ok, object))
    }

    fn write(&mut self, call: &mut Call<'_>, path: Span, content: Span) -> Result<(Status, i32), Fault> {
        let results = self.write_content(call.span(path)?, call.span(content)?)?;
        call.work(written(path, results.0, content.len.into()));
        Ok(results)
    }

    fn write_bytes(
        &mut self,
        call: &mut Call<'_>,
        path: Span,
        content: Bytes,
    ) -> Result<(Status, i32), Fault> {
        let content = call.bytes(content)?;
        let (results, len) = (self.write_content(call.span(path)?, content)?, content.len());
        call.work(written(path, results.0, len as u64));
        Ok(results)
    }
}

/// Bytes that a call for a write has looked at.
fn written(path: Span, status: Status, content: u64) -> u64 {
    u64::from(path.len) + if status == Status::Ok { content } else { 0 }
}
