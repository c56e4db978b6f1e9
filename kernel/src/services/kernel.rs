//! What the host tells of itself, calls by id, names, and the memory of an origin.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartwheel_hostabi::{CATALOGUE, Call, Fault, Span, SpanMut, Status, SyscallTrap, handlers, resolve};
use xxhash_rust::xxh3::xxh3_128;

use super::Context;
use super::ingest::{self, Pending};
use crate::codec::{Reader, RestoreError};
use crate::ingest::Phase;
use crate::late::{self, Answer};
use crate::record::Transport;
use crate::value::Value;

/// Answers of a module that can wait to be polled.
pub const MAX_PROMISES: usize = 64;
/// Most bytes of the encoded arguments of a call by id.
pub const MAX_ARGS_BYTES: usize = 64 * 1024;
/// Keys that an origin can remember.
pub const MEMORY_KEYS: usize = 64;
/// Bytes of keys and values that an origin can remember.
pub const MEMORY_BYTES: usize = 16 * 1024;
const MAX_KEY_BYTES: usize = 64;
const MAX_NAME_BYTES: usize = 255;

/// Where the names below a prefix are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// `/`, or a path as in `/save`.
    pub prefix: String,
    /// What stands in place of the prefix, as in `fs:`.
    pub target: String,
}

impl Mount {
    fn new(prefix: &str, target: &str) -> Mount {
        Mount { prefix: prefix.to_owned(), target: target.to_owned() }
    }

    /// The mounts of a module for which nobody named others.
    pub(crate) fn defaults() -> Vec<Mount> {
        vec![Mount::new("/", "asset:"), Mount::new("/save", "fs:")]
    }

    /// True if the prefix is a path in its shortest form.
    pub(crate) fn is_valid(&self) -> bool {
        normal("", &self.prefix).is_some_and(|path| path == self.prefix)
            && self.target.len() <= MAX_NAME_BYTES
    }

    /// What follows the prefix in a path below it.
    fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.prefix.trim_end_matches('/'))?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

/// A path in its shortest form, with a slash in front; `None` if it leads above the root or is no name.
fn normal(base: &str, name: &str) -> Option<String> {
    let whole = if name.starts_with('/') { name.to_owned() } else { format!("{base}/{name}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part if part.chars().any(char::is_control) => return None,
            part => parts.push(part),
        }
    }
    let path = format!("/{}", parts.join("/"));
    (path.len() <= MAX_NAME_BYTES).then_some(path)
}

/// The answer to a call by id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Promise {
    id: i32,
    /// True from the end of its frame on.
    ready: bool,
    answer: Vec<u8>,
}

/// What a module with the capability `kernel` has of its own.
pub(crate) struct Host {
    mounts: Vec<Mount>,
    promises: Vec<Promise>,
    next: i32,
    /// The ingest that was asked for.
    pub(crate) ingest: Option<Pending>,
    /// Frames from asking for one to its end.
    latency: u32,
}

impl Host {
    pub(crate) fn new(mut mounts: Vec<Mount>, latency: u32) -> Host {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.prefix.len()));
        Host { mounts, promises: Vec::new(), next: 1, ingest: None, latency: latency.max(1) }
    }

    /// Answers are ready from here on. Says how many came to be.
    pub(crate) fn end_frame(&mut self) -> u32 {
        let fresh = self.promises.iter_mut().filter(|promise| !promise.ready);
        fresh.map(|promise| promise.ready = true).count() as u32
    }

    /// Promises that are not polled, the ingest's among them.
    fn open_promises(&self) -> usize {
        self.promises.len() + usize::from(self.ingest.is_some())
    }

    fn next_promise(&mut self) -> i32 {
        let ingest = self.ingest.as_ref().map(|ingest| ingest.promise);
        while ingest == Some(self.next) || self.promises.iter().any(|promise| promise.id == self.next) {
            self.next = self.next.checked_add(1).unwrap_or(1);
        }
        let id = self.next;
        self.next = id.checked_add(1).unwrap_or(1);
        id
    }

    /// Asks for an ingest. `None` if there is no room for it.
    fn ingest(&mut self, address: String, pinned: Option<[u8; 32]>) -> Option<i32> {
        if self.ingest.is_some() || self.open_promises() == MAX_PROMISES {
            return None;
        }
        let promise = self.next_promise();
        self.ingest = Some(Pending { promise, wait: self.latency, address, pinned, fetched: None });
        Some(promise)
    }

    pub(crate) fn latency(&self) -> u32 {
        self.latency
    }

    pub(super) fn set_latency(&mut self, frames: u32) {
        self.latency = frames;
    }

    /// A frame boundary: the ingest, if it is due.
    pub(crate) fn due_ingest(&mut self) -> Option<Pending> {
        let ingest = self.ingest.as_mut()?;
        ingest.wait -= 1;
        if ingest.wait == 0 { self.ingest.take() } else { None }
    }

    /// Answers a promise whose ingest failed.
    pub(crate) fn ingest_failed(&mut self, promise: i32, phase: Phase, reason: &str) {
        self.promises.push(Promise { id: promise, ready: true, answer: ingest::answer(phase, reason) });
    }

    fn promise(&mut self, answer: &Answer) -> i32 {
        let id = self.next_promise();
        let mut bytes = Vec::new();
        answer.encode(&mut bytes);
        self.promises.push(Promise { id, ready: false, answer: bytes });
        id
    }

    fn resolve(&self, name: &[u8], base: &[u8]) -> Option<String> {
        let path = normal(str::from_utf8(base).ok()?, str::from_utf8(name).ok()?)?;
        let (mount, rest) = self.mounts.iter().find_map(|mount| Some((mount, mount.rest(&path)?)))?;
        Some(format!("{}{rest}", mount.target))
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.next.to_le_bytes());
        out.extend((self.mounts.len() as u32).to_le_bytes());
        for Mount { prefix, target } in &self.mounts {
            put(out, prefix.as_bytes());
            put(out, target.as_bytes());
        }
        out.extend((self.promises.len() as u32).to_le_bytes());
        for promise in &self.promises {
            out.extend(promise.id.to_le_bytes());
            out.push(promise.ready.into());
            put(out, &promise.answer);
        }
        out.extend(self.latency.to_le_bytes());
        out.push(self.ingest.is_some().into());
        if let Some(ingest) = &self.ingest {
            ingest.save(out);
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Host, RestoreError> {
        let next = input.i32()?;
        let mut mounts = Vec::new();
        for _ in 0..input.u32()? {
            let mount = Mount { prefix: text(input)?, target: text(input)? };
            if !mount.is_valid() {
                return Err(RestoreError::Value);
            }
            mounts.push(mount);
        }
        let sorted = mounts.windows(2).all(|pair| pair[0].prefix.len() >= pair[1].prefix.len());
        let count = input.u32()? as usize;
        if !sorted || next < 1 || count > MAX_PROMISES || !mounts.iter().any(|mount| mount.prefix == "/") {
            return Err(RestoreError::Value);
        }
        let mut promises: Vec<Promise> = Vec::new();
        for _ in 0..count {
            let promise = Promise { id: input.i32()?, ready: input.flag()?, answer: get(input)?.to_vec() };
            if promise.id < 1 || promises.iter().any(|other| other.id == promise.id) {
                return Err(RestoreError::Value);
            }
            promises.push(promise);
        }
        let latency = input.u32()?;
        let ingest = if input.flag()? { Some(Pending::read(input)?) } else { None };
        if latency == 0 || ingest.as_ref().is_some_and(|ingest| ingest.wait > latency) {
            return Err(RestoreError::Value);
        }
        if let Some(Pending { promise, .. }) = &ingest
            && (promises.len() == MAX_PROMISES || promises.iter().any(|other| other.id == *promise))
        {
            return Err(RestoreError::Value);
        }
        Ok(Host { promises, next, ingest, ..Host::new(mounts, latency) })
    }

    pub(crate) fn hash(&self) -> u128 {
        let mut saved = Vec::new();
        self.save(&mut saved);
        xxh3_128(&saved)
    }
}

pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

pub(super) fn get<'a>(input: &mut Reader<'a>) -> Result<&'a [u8], RestoreError> {
    let len = input.u32()? as usize;
    input.bytes(len)
}

pub(super) fn text(input: &mut Reader<'_>) -> Result<String, RestoreError> {
    str::from_utf8(get(input)?).map(str::to_owned).map_err(|_| RestoreError::Value)
}

/// What an origin remembers: all of its modules see it, and no other's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Bytes of keys and values.
    used: usize,
}

/// The memories of all origins.
pub(crate) type Memories = BTreeMap<Arc<str>, Memory>;

impl Memory {
    pub(crate) const fn new() -> Memory {
        Memory { values: BTreeMap::new(), used: 0 }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Status {
        if !(1..=MAX_KEY_BYTES).contains(&key.len()) {
            return Status::KernelBadKey;
        }
        let before = self.values.get(key).map(|value| key.len() + value.len());
        let used = self.used - before.unwrap_or(0) + key.len() + value.len();
        if used > MEMORY_BYTES || (before.is_none() && self.values.len() == MEMORY_KEYS) {
            return Status::Quota;
        }
        self.used = used;
        self.values.insert(key.to_vec(), value.to_vec());
        Status::Ok
    }

    fn remove(&mut self, key: &[u8]) -> Status {
        let Some(value) = self.values.remove(key) else { return Status::KernelNotFound };
        self.used -= key.len() + value.len();
        Status::Ok
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.values.len() as u32).to_le_bytes());
        for (key, value) in &self.values {
            put(out, key);
            put(out, value);
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Memory, RestoreError> {
        let mut memory = Memory::default();
        for _ in 0..input.u32()? {
            let (key, value) = (get(input)?, get(input)?);
            let ascending = memory.values.last_key_value().is_none_or(|(last, _)| last.as_slice() < key);
            if !ascending || memory.set(key, value) != Status::Ok {
                return Err(RestoreError::Value);
            }
        }
        Ok(memory)
    }

    pub(crate) fn hash(&self) -> u128 {
        let mut saved = Vec::new();
        self.save(&mut saved);
        xxh3_128(&saved)
    }
}

impl Context<'_> {
    fn host(&mut self) -> Result<&mut Host, Fault> {
        self.services.host.as_mut().ok_or_else(no_host)
    }

    fn ask_for_ingest(
        &mut self,
        call: &mut Call<'_>,
        uri: Span,
        pinned: Option<[u8; 32]>,
    ) -> Result<(Status, i32), Fault> {
        // A longer one is no address, and looking at it would cost more than the call is charged.
        if uri.len as usize > ingest::MAX_ADDRESS_BYTES {
            return Ok((Status::KernelBadName, 0));
        }
        let host = self.host()?;
        let name = call.span(uri)?;
        let address = match str::from_utf8(name) {
            Ok(address) if ingest::is_address(address) => Some(address.to_owned()),
            // What is no address is a name, and leads to the module's own assets and files.
            _ => host.resolve(name, b"").filter(|address| ingest::is_address(address)),
        };
        let Some(address) = address else { return Ok((Status::KernelBadName, 0)) };
        Ok(match host.ingest(address, pinned) {
            Some(promise) => (Status::Ok, promise),
            None => (Status::Quota, 0),
        })
    }

    fn memory(&mut self) -> &mut Memory {
        self.memories.entry(self.caller.origin.clone()).or_default()
    }
}

#[cold]
fn no_host() -> Fault {
    Fault::Panic("a call of the domain `kernel` without its state, which loading rules out".to_owned())
}

/// Writes a text or value if it fits, and counts its bytes.
fn give(call: &mut Call<'_>, bytes: &[u8], place: SpanMut) -> Result<(Status, i32), Fault> {
    let Some(target) = call.span_mut(place)?.get_mut(..bytes.len()) else {
        return Ok((Status::KernelTooSmall, 0));
    };
    target.copy_from_slice(bytes);
    call.work(bytes.len() as u64);
    Ok((Status::Ok, bytes.len() as i32))
}

/// As much of an id as can name anything: looking at more would cost more than the call is charged.
fn known(id: &[u8]) -> &[u8] {
    const MAX_ID_LEN: usize = 255;
    &id[..id.len().min(MAX_ID_LEN)]
}

impl handlers::Kernel for Context<'_> {
    fn describe(&mut self, call: &mut Call<'_>, id: Span, text: SpanMut) -> Result<(Status, i32), Fault> {
        let found = str::from_utf8(known(call.span(id)?)).ok().and_then(resolve);
        let Some(row) = found else { return Ok((Status::KernelNotFound, 0)) };
        let described = format!("{} {} {}", row.id, row.signature(), row.capability);
        give(call, described.as_bytes(), text)
    }

    fn exec(&mut self, call: &mut Call<'_>, id: Span, args: Span) -> Result<(Status, i32), Fault> {
        let id = String::from_utf8_lossy(known(call.span(id)?)).into_owned();
        let bytes = call.span(args)?;
        if bytes.len() > MAX_ARGS_BYTES {
            return Err(SyscallTrap::BadArgument.into());
        }
        // First, so that what is refused costs no more work than it is charged for.
        if self.host()?.open_promises() == MAX_PROMISES {
            return Ok((Status::Quota, 0));
        }
        let values = Value::decode_all(bytes).map_err(|_| SyscallTrap::BadArgument)?;
        call.work(args.len.into());
        self.caller.unsettled = true;
        let answer = late::call(self, Transport::Exec, &id, &values, call.guest())?.answer;
        if answer == Answer::Status(Status::Quarantined) {
            return Ok((Status::Quarantined, 0));
        }
        Ok((Status::Ok, self.host()?.promise(&answer)))
    }

    fn ingest(&mut self, call: &mut Call<'_>, uri: Span) -> Result<(Status, i32), Fault> {
        self.ask_for_ingest(call, uri, None)
    }

    fn ingest_pinned(&mut self, call: &mut Call<'_>, uri: Span, hash: Span) -> Result<(Status, i32), Fault> {
        let pinned = call.span(hash)?.try_into().map_err(|_| SyscallTrap::BadArgument)?;
        self.ask_for_ingest(call, uri, Some(pinned))
    }

    fn list(&mut self, call: &mut Call<'_>, index: i32, id: SpanMut) -> Result<(Status, i32), Fault> {
        let row = usize::try_from(index).ok().and_then(|index| CATALOGUE.get(index));
        match row {
            Some(row) => give(call, row.id.as_bytes(), id),
            None => Ok((Status::KernelNotFound, 0)),
        }
    }

    fn memory_get(&mut self, call: &mut Call<'_>, key: Span, value: SpanMut) -> Result<(Status, i32), Fault> {
        match self.memory().values.get(call.span(key)?) {
            Some(found) => give(call, found, value),
            None => Ok((Status::KernelNotFound, 0)),
        }
    }

    fn memory_list(&mut self, call: &mut Call<'_>, index: i32, key: SpanMut) -> Result<(Status, i32), Fault> {
        let found = usize::try_from(index).ok().and_then(|index| self.memory().values.keys().nth(index));
        match found {
            Some(found) => give(call, found, key),
            None => Ok((Status::KernelNotFound, 0)),
        }
    }

    fn memory_remove(&mut self, call: &mut Call<'_>, key: Span) -> Result<Status, Fault> {
        Ok(self.memory().remove(call.span(key)?))
    }

    fn memory_set(&mut self, call: &mut Call<'_>, key: Span, value: Span) -> Result<Status, Fault> {
        let status = self.memory().set(call.span(key)?, call.span(value)?);
        call.work(if status == Status::Ok { value.len.into() } else { 0 });
        Ok(status)
    }

    fn ping(&mut self, _: &mut Call<'_>, value: i64) -> Result<i64, Fault> {
        Ok(value)
    }

    fn poll(&mut self, call: &mut Call<'_>, promise: i32, answer: SpanMut) -> Result<(Status, i32), Fault> {
        let host = self.host()?;
        if host.ingest.as_ref().is_some_and(|ingest| ingest.promise == promise) {
            return Ok((Status::Pending, 0));
        }
        let Some(place) = host.promises.iter().position(|waiting| waiting.id == promise) else {
            return Ok((Status::KernelNotFound, 0));
        };
        if !host.promises[place].ready {
            return Ok((Status::Pending, 0));
        }
        let given = give(call, &host.promises[place].answer, answer)?;
        if given.0 == Status::Ok {
            host.promises.remove(place);
        }
        Ok(given)
    }

    fn resolve(
        &mut self,
        call: &mut Call<'_>,
        name: Span,
        base: Span,
        text: SpanMut,
    ) -> Result<(Status, i32), Fault> {
        // A longer one is no name, and looking at it would cost more than the call is charged.
        if name.len.max(base.len) as usize > MAX_NAME_BYTES {
            return Ok((Status::KernelBadName, 0));
        }
        match self.host()?.resolve(call.span(name)?, call.span(base)?) {
            Some(found) => give(call, found.as_bytes(), text),
            None => Ok((Status::KernelBadName, 0)),
        }
    }
}
