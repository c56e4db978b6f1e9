//! Staged work: asked for in a call, done by the host beside the machine, published at a frame boundary.
//!
//! When a result is published is fixed when it is asked for: after a number of frames, in the order of issue. If the host
//! is late then, the machine waits. What the host does is a pure function of copied input ([`Work::prepare`]); what
//! depends on the state of the module happens at the boundary. So no host can change what a guest sees, and a restored
//! machine issues again whatever was open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use cartwheel_hostabi::{RootId, Status};
use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Reader, RestoreError};
use crate::host::Host;
use crate::services::asset::Assets;
use crate::storage::{Blob, Entry, Storage, StoragePath, WriteError};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Read(StoragePath),
    Write(StoragePath, Arc<[u8]>),
    /// `None` is the outermost folder.
    List(Option<StoragePath>),
    Stat(Option<StoragePath>),
    Delete(StoragePath),
    /// The asset of a number.
    Asset(u32, Arc<[u8]>),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, and there is nothing to take.
    Done,
    /// Done, with a result that waits to be taken.
    Data(Blob),
    /// It could not be done.
    Failed(Status),
}

/// Failures in the order of their numbers in saved states.
const FAILURES: [Status; 3] = [Status::FsNotFound, Status::FsConflict, Status::FsFull];

#[derive(Debug)]
enum Stage {
    /// Published at the `wait`th boundary from here; nobody asks for the result of a closed one.
    Pending {
        wait: u32,
        work: Work,
        closed: bool,
    },
    Ended(Outcome),
}

#[derive(Debug)]
struct Request {
    id: u32,
    /// Where the guest wants the result, kept alive until then.
    buffer: Option<RootId>,
    stage: Stage,
}

/// What [`Requests::state`] tells of a request.
pub(crate) enum Asked<'r> {
    Unknown,
    Pending,
    Ended(&'r Outcome, Option<RootId>),
}

/// The open requests of a module, in the order of issue.
pub(crate) struct Requests {
    open: Vec<Request>,
    /// Id of the next one.
    next: u32,
    latency: u32,
    quota: u32,
    host: Host,
    /// What the host is at, by id. No state: it can be issued again.
    jobs: BTreeMap<u32, Receiver<Blob>>,
}

/// Ids are positive for guests.
const MAX_ID: u32 = i32::MAX as u32;

impl Work {
    /// Bytes of input that are held until it is done.
    fn input(&self) -> u64 {
        match self {
            Work::Write(_, content) => content.len() as u64,
            _ => 0,
        }
    }

    /// The part that the host does: whatever takes long and depends on nothing but the input.
    fn prepare(&self) -> Option<Blob> {
        match self {
            Work::Write(_, content) | Work::Asset(_, content) => Some(Blob::new(content.clone())),
            Work::Read(_) | Work::List(_) | Work::Stat(_) | Work::Delete(_) => None,
        }
    }

    /// The part that depends on the module's state.
    fn apply(&self, prepared: Option<Blob>, storage: Option<&mut Storage>, assets: &mut Assets) -> Outcome {
        if let (Work::Asset(number, _), Some(content)) = (self, &prepared) {
            assets.publish(*number, content.bytes().clone());
            return Outcome::Done;
        }
        let Some(storage) = storage else { return Outcome::Failed(Status::FsNotFound) };
        self.on_storage(prepared, storage).unwrap_or_else(Outcome::Failed)
    }

    fn on_storage(&self, prepared: Option<Blob>, storage: &mut Storage) -> Result<Outcome, Status> {
        match self {
            Work::Read(path) => match storage.entry(path) {
                Some(Entry::File(blob)) => Ok(Outcome::Data(blob.clone())),
                Some(Entry::Folder) => Err(Status::FsConflict),
                None => Err(Status::FsNotFound),
            },
            Work::List(folder) => match storage.list(folder.as_ref()) {
                Some(names) => Ok(Outcome::Data(Blob::new(names_text(&names)))),
                None if folder.as_ref().is_some_and(|path| storage.read(path).is_some()) => {
                    Err(Status::FsConflict)
                }
                None => Err(Status::FsNotFound),
            },
            Work::Stat(path) => {
                let (kind, size) = stat(storage, path.as_ref()).ok_or(Status::FsNotFound)?;
                Ok(Outcome::Data(Blob::new([kind.to_le_bytes(), size.to_le_bytes()].concat())))
            }
            Work::Delete(path) if storage.delete(path) => Ok(Outcome::Done),
            Work::Delete(path) => match storage.entry(path) {
                Some(_) => Err(Status::FsConflict),
                None => Err(Status::FsNotFound),
            },
            Work::Write(path, _) => match prepared.map_or(Ok(()), |content| storage.write(path, content)) {
                Ok(()) => Ok(Outcome::Done),
                Err(WriteError::Full) => Err(Status::FsFull),
                Err(WriteError::Conflict) => Err(Status::FsConflict),
            },
            Work::Asset(..) => Ok(Outcome::Done),
        }
    }
}

fn names_text(names: &[&str]) -> Vec<u8> {
    let mut text = Vec::with_capacity(names.iter().map(|name| name.len() + 1).sum());
    for name in names {
        text.extend(name.as_bytes());
        text.push(b'\n');
    }
    text
}

/// Kind and size of what a path names.
fn stat(storage: &Storage, path: Option<&StoragePath>) -> Option<(u64, u64)> {
    if let Some(Entry::File(blob)) = path.and_then(|path| storage.entry(path)) {
        return Some((1, blob.bytes().len() as u64));
    }
    storage.list(path).map(|names| (2, names.len() as u64))
}

impl Requests {
    pub(crate) fn new(latency: u32, quota: u32, host: Host) -> Requests {
        Requests { open: Vec::new(), next: 1, latency: latency.max(1), quota, host, jobs: BTreeMap::new() }
    }

    /// Where inputs are copied to.
    pub(crate) fn share(&self, bytes: &[u8]) -> Arc<[u8]> {
        self.host.memory.share(bytes)
    }

    /// True if one more request with so many bytes of input is allowed, where `max_input` bytes are allowed in all.
    pub(crate) fn has_room(&self, input: u64, max_input: u64) -> bool {
        let held: u64 = self.open.iter().map(Request::input).sum();
        self.open.len() < self.quota as usize && held + input <= max_input
    }

    /// Frames from a request to its result.
    pub(crate) fn latency(&self) -> u32 {
        self.latency
    }

    /// Open requests, and how many there can be.
    pub(crate) fn quota(&self) -> (u64, u64) {
        (self.open.len() as u64, self.quota.into())
    }

    /// Issues a request and gives its id. The caller has asked whether there is room.
    pub(crate) fn issue(&mut self, work: Work, buffer: Option<RootId>) -> i32 {
        while self.open.iter().any(|request| request.id == self.next) {
            self.next = self.next % MAX_ID + 1;
        }
        let id = self.next;
        self.next = id % MAX_ID + 1;
        self.start(id, &work);
        let stage = Stage::Pending { wait: self.latency, work, closed: false };
        self.open.push(Request { id, buffer, stage });
        id as i32
    }

    /// Hands the host its part of a request.
    fn start(&mut self, id: u32, work: &Work) {
        if !matches!(work, Work::Write(..) | Work::Asset(..)) {
            return;
        }
        let (done, receiver) = channel();
        let work = work.clone();
        self.jobs.insert(id, receiver);
        self.host.processing.run(Box::new(move || {
            if let Some(prepared) = work.prepare() {
                // Nobody waits for it any more if the machine was restored meanwhile.
                let _ = done.send(prepared);
            }
        }));
    }

    /// A frame boundary: publishes what is due, in the order of issue. Waits for the host if it is late.
    pub(crate) fn publish(&mut self, mut storage: Option<&mut Storage>, assets: &mut Assets) {
        let jobs = &mut self.jobs;
        self.open.retain_mut(|request| {
            let Stage::Pending { wait, work, closed } = &mut request.stage else { return true };
            *wait -= 1;
            if *wait > 0 {
                return true;
            }
            let job = jobs.remove(&request.id);
            // A host that lost the job does not stop anybody.
            let prepared = job.and_then(|job| job.recv().ok()).or_else(|| work.prepare());
            let outcome = work.apply(prepared, storage.as_deref_mut(), assets);
            let keep = !*closed && !matches!(work, Work::Asset(..));
            request.stage = Stage::Ended(outcome);
            keep
        });
    }

    /// What has become of a request for files.
    pub(crate) fn state(&self, id: i32) -> Asked<'_> {
        match self.find(id).map(|at| &self.open[at]) {
            None => Asked::Unknown,
            Some(Request { stage: Stage::Pending { .. }, .. }) => Asked::Pending,
            Some(Request { stage: Stage::Ended(outcome), buffer, .. }) => Asked::Ended(outcome, *buffer),
        }
    }

    /// Ends a request; `None` if there is none. Gives the buffer, which is now the caller's to let go.
    pub(crate) fn close(&mut self, id: i32) -> Option<Option<RootId>> {
        let at = self.find(id)?;
        let buffer = self.open[at].buffer.take();
        match &mut self.open[at].stage {
            Stage::Pending { closed, .. } => *closed = true,
            Stage::Ended(_) => drop(self.open.remove(at)),
        }
        Some(buffer)
    }

    /// True if an asset was requested and is not published.
    pub(crate) fn awaits_asset(&self, number: u32) -> bool {
        self.open.iter().any(|request| {
            matches!(&request.stage, Stage::Pending { work: Work::Asset(asset, _), .. } if *asset == number)
        })
    }

    fn find(&self, id: i32) -> Option<usize> {
        self.open.iter().position(|request| request.id as i32 == id && request.is_known())
    }

    /// Takes over the requests of a saved state and issues those that are not done.
    pub(crate) fn resume(&mut self, saved: SavedRequests) {
        (self.open, self.next, self.latency) = (saved.open, saved.next, saved.latency);
        self.jobs.clear();
        let pending: Vec<(u32, Work)> = self.open.iter().filter_map(Request::pending).collect();
        for (id, work) in pending {
            self.start(id, &work);
        }
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        self.encode(out, |content, out| {
            out.extend((content.len() as u64).to_le_bytes());
            out.extend(content);
        });
    }

    pub(crate) fn hash(&self) -> u128 {
        let mut bytes = Vec::new();
        self.encode(&mut bytes, |content, out| out.extend(xxh3_128(content).to_le_bytes()));
        xxh3_128(&bytes)
    }

    fn encode(&self, out: &mut Vec<u8>, content: impl Fn(&[u8], &mut Vec<u8>)) {
        for number in [self.quota, self.latency, self.next, self.open.len() as u32] {
            out.extend(number.to_le_bytes());
        }
        for request in &self.open {
            out.extend(request.id.to_le_bytes());
            out.push(request.buffer.is_some().into());
            if let Some(RootId { module, index, generation }) = request.buffer {
                [module, index, generation].iter().for_each(|number| out.extend(number.to_le_bytes()));
            }
            match &request.stage {
                Stage::Pending { wait, work, closed } => {
                    out.push((*closed).into());
                    out.extend(wait.to_le_bytes());
                    work.encode(out, &content);
                }
                Stage::Ended(Outcome::Done) => out.push(2),
                Stage::Ended(Outcome::Data(blob)) => {
                    out.push(3);
                    content(blob.bytes(), out);
                }
                Stage::Ended(Outcome::Failed(status)) => {
                    out.push(4);
                    out.push(FAILURES.iter().position(|failure| failure == status).unwrap_or(0) as u8);
                }
            }
        }
    }

    /// Reads what [`Requests::save`] wrote of requests with this quota.
    pub(crate) fn read(
        &self,
        input: &mut Reader<'_>,
        assets: &Assets,
    ) -> Result<SavedRequests, RestoreError> {
        if input.u32()? != self.quota {
            return Err(RestoreError::Limits);
        }
        let (latency, next, count) = (input.u32()?, input.u32()?, input.u32()?);
        let known = |id: u32| (1..=MAX_ID).contains(&id);
        if latency == 0 || !known(next) || count > self.quota {
            return Err(RestoreError::Value);
        }
        let mut saved = SavedRequests { open: Vec::new(), next, latency };
        for _ in 0..count {
            let id = input.u32()?;
            if !known(id) || saved.open.iter().any(|request| request.id == id) {
                return Err(RestoreError::Value);
            }
            let buffer = if input.flag()? {
                Some(RootId { module: input.u32()?, index: input.u32()?, generation: input.u32()? })
            } else {
                None
            };
            let stage = Stage::read(input, latency, assets)?;
            saved.open.push(Request { id, buffer, stage });
        }
        Ok(saved)
    }
}

/// Requests of a saved state that has been read and not yet taken over.
pub(crate) struct SavedRequests {
    open: Vec<Request>,
    next: u32,
    latency: u32,
}

impl Request {
    fn input(&self) -> u64 {
        match &self.stage {
            Stage::Pending { work, .. } => work.input(),
            Stage::Ended(_) => 0,
        }
    }

    /// False for what its guest has closed, and for assets, which are asked for by their numbers.
    fn is_known(&self) -> bool {
        match &self.stage {
            Stage::Pending { work, closed, .. } => !closed && !matches!(work, Work::Asset(..)),
            Stage::Ended(_) => true,
        }
    }

    fn pending(&self) -> Option<(u32, Work)> {
        match &self.stage {
            Stage::Pending { work, .. } => Some((self.id, work.clone())),
            Stage::Ended(_) => None,
        }
    }
}

impl Stage {
    fn read(input: &mut Reader<'_>, latency: u32, assets: &Assets) -> Result<Stage, RestoreError> {
        Ok(match input.u8()? {
            closed @ (0 | 1) => {
                let wait = input.u32()?;
                if !(1..=latency).contains(&wait) {
                    return Err(RestoreError::Value);
                }
                Stage::Pending { wait, work: Work::read(input, assets)?, closed: closed == 1 }
            }
            2 => Stage::Ended(Outcome::Done),
            3 => Stage::Ended(Outcome::Data(Blob::new(content(input)?))),
            4 => {
                let failure = FAILURES.get(usize::from(input.u8()?)).ok_or(RestoreError::Value)?;
                Stage::Ended(Outcome::Failed(*failure))
            }
            _ => return Err(RestoreError::Value),
        })
    }
}

impl Work {
    fn encode(&self, out: &mut Vec<u8>, content: &impl Fn(&[u8], &mut Vec<u8>)) {
        let place = |path: Option<&StoragePath>, out: &mut Vec<u8>| {
            let path = path.map_or("", StoragePath::as_str);
            out.extend((path.len() as u32).to_le_bytes());
            out.extend(path.as_bytes());
        };
        match self {
            Work::Read(path) => {
                out.push(0);
                place(Some(path), out);
            }
            Work::Write(path, bytes) => {
                out.push(1);
                place(Some(path), out);
                content(bytes, out);
            }
            Work::List(folder) => {
                out.push(2);
                place(folder.as_ref(), out);
            }
            Work::Stat(path) => {
                out.push(3);
                place(path.as_ref(), out);
            }
            Work::Delete(path) => {
                out.push(4);
                place(Some(path), out);
            }
            // The content is the cartridge's.
            Work::Asset(number, _) => {
                out.push(5);
                out.extend(number.to_le_bytes());
            }
        }
    }

    fn read(input: &mut Reader<'_>, assets: &Assets) -> Result<Work, RestoreError> {
        fn place(input: &mut Reader<'_>) -> Result<Option<StoragePath>, RestoreError> {
            let len = input.u32()? as usize;
            match input.bytes(len)? {
                [] => Ok(None),
                path => StoragePath::parse(path).map(Some).ok_or(RestoreError::Value),
            }
        }
        let kind = input.u8()?;
        if kind == 5 {
            let number = input.u32()?;
            let content = assets.source(number).ok_or(RestoreError::Value)?;
            return Ok(Work::Asset(number, content.clone()));
        }
        let path = place(input)?;
        Ok(match (kind, path) {
            (0, Some(path)) => Work::Read(path),
            (1, Some(path)) => Work::Write(path, content(input)?.into()),
            (2, folder) => Work::List(folder),
            (3, path) => Work::Stat(path),
            (4, Some(path)) => Work::Delete(path),
            _ => return Err(RestoreError::Value),
        })
    }
}

/// Bytes with their length in front.
fn content<'a>(input: &mut Reader<'a>) -> Result<&'a [u8], RestoreError> {
    let len = usize::try_from(input.u64()?).map_err(|_| RestoreError::Truncated)?;
    input.bytes(len)
}
