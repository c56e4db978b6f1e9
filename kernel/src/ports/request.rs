//! Requests to the kernel: messages on a module's stdin, answered on its stdout or stderr.

use std::borrow::Cow;

use cartwheel_hostabi::cbor::{CborError, Item, MAX_MESSAGE_BYTES, canonical, decode, encode};
use cartwheel_hostabi::{Status, SyscallTrap};

use super::{Ports, STDERR, STDOUT};
use crate::builtin::{self, MessageType};
use crate::codec::{Reader, RestoreError};

/// Bytes of a promise hash.
pub const HASH_BYTES: usize = 32;

/// What tells an answer from others.
pub(crate) type PromiseHash = [u8; HASH_BYTES];

/// A request that was taken and not delivered an answer to.
#[derive(Debug)]
pub(super) struct Flight {
    hash: PromiseHash,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The answer is on its way.
    Answered,
    /// The answer needs what a staged request comes to.
    Waiting { request: i32, kind: &'static MessageType },
}

impl Flight {
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answered)
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.hash);
        match &self.stage {
            Stage::Answered => out.push(0),
            Stage::Waiting { request, kind } => {
                out.push(1);
                out.extend(request.to_le_bytes());
                out.push(kind.name.len() as u8);
                out.extend(kind.name.as_bytes());
            }
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Flight, RestoreError> {
        let mut hash = PromiseHash::default();
        hash.copy_from_slice(input.bytes(HASH_BYTES)?);
        let stage = if input.flag()? {
            let request = input.i32()?;
            let len = usize::from(input.u8()?);
            let name = str::from_utf8(input.bytes(len)?).map_err(|_| RestoreError::Value)?;
            Stage::Waiting { request, kind: builtin::find(name).ok_or(RestoreError::Value)? }
        } else {
            Stage::Answered
        };
        Ok(Flight { hash, stage })
    }
}

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It is no request.
    Message(String),
    /// The call that it asks for came back with a status; what to say of it.
    Status(Status, Cow<'static, str>),
    /// The call that it asks for trapped.
    Trap(SyscallTrap, String),
}

impl Failure {
    /// What a status means.
    pub(crate) fn status(status: Status) -> Failure {
        Failure::Status(status, Cow::Owned(format!("{}: {}", status.name(), status.doc())))
    }

    fn class(&self) -> &'static str {
        match self {
            Failure::Message(_) => "message",
            Failure::Status(..) => "status",
            Failure::Trap(..) => "trap",
        }
    }

    fn text(&self) -> &str {
        match self {
            Failure::Message(text) | Failure::Trap(_, text) => text,
            Failure::Status(_, text) => text,
        }
    }
}

/// A request taken apart.
pub(crate) struct Request {
    /// What is asked for.
    pub(crate) syscall_type: String,
    /// With what.
    pub(crate) params: Option<Item>,
}

/// Takes a request apart, as far as it can be: the hash is known even if the rest is none.
fn parse(item: &Item) -> (Option<PromiseHash>, Result<Request, String>) {
    let Item::Map(entries) = item else { return (None, Err("a request is a map".to_owned())) };
    let mut hash = None;
    let mut wrong = None;
    match item.get("promise_hash") {
        None | Some(&Item::NULL) => {}
        Some(Item::Bytes(bytes)) => match PromiseHash::try_from(bytes.as_slice()) {
            Ok(bytes) => hash = Some(bytes).filter(|bytes| *bytes != PromiseHash::default()),
            Err(_) => {
                wrong = Some(format!("`promise_hash` has {} bytes; it takes {HASH_BYTES}", bytes.len()))
            }
        },
        Some(_) => wrong = Some("`promise_hash` is not a byte string".to_owned()),
    }
    const KEYS: [&str; 3] = ["syscall_type", "params", "promise_hash"];
    let unknown = entries.iter().find(|(key, _)| !key.as_text().is_some_and(|key| KEYS.contains(&key)));
    if let Some((key, _)) = unknown {
        let shown: String = cartwheel_hostabi::cbor::to_json(key).chars().take(60).collect();
        wrong = Some(format!("a request has no {shown}; it has `syscall_type`, `params` and `promise_hash`"));
    }
    let request = match (wrong, item.get("syscall_type").and_then(Item::as_text)) {
        (Some(wrong), _) => Err(wrong),
        (None, None) => Err("`syscall_type` is no text".to_owned()),
        (None, Some(name)) => {
            Ok(Request { syscall_type: name.to_owned(), params: item.get("params").cloned() })
        }
    };
    (hash, request)
}

impl Ports {
    /// True if a request of a module could be answered.
    pub(crate) fn can_request(&self, module: u32) -> bool {
        let Some(table) = self.tables.get(&module) else { return false };
        let waiting = table.flights.iter().filter(|flight| !flight.is_answered()).count();
        table.flights.len() < table.quotas.message_requests as usize
            && self.has_room_for_answers(module, waiting)
    }

    /// Takes a request in. What is none is answered at once; for what is one, the hash that its answer will have.
    pub(crate) fn take_request(&mut self, module: u32, bytes: &[u8]) -> Option<(PromiseHash, Request)> {
        let parsed = canonical(bytes).and_then(|bytes| decode(&bytes).map(|item| (bytes, item)));
        let (bytes, item) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                self.answer_malformed(module, bytes, error);
                return None;
            }
        };
        let (hash, request) = parse(&item);
        let derived = self.derive_hash(module, &bytes);
        let hash = hash.unwrap_or(derived);
        if self.is_in_flight(module, &hash) {
            let what = "a request with this promise_hash is in flight".to_owned();
            // The other request keeps the hash; this one does not fly.
            self.answer_with(module, &hash, Err(Failure::Message(what)));
            return None;
        }
        match request {
            Ok(request) => Some((hash, request)),
            Err(what) => {
                self.answer(module, hash, Err(Failure::Message(format!("malformed request: {what}"))));
                None
            }
        }
    }

    /// Answers bytes that are no message.
    pub(crate) fn answer_malformed(&mut self, module: u32, bytes: &[u8], error: CborError) {
        let hash = self.derive_hash(module, bytes);
        self.answer(module, hash, Err(Failure::Message(format!("malformed message: {error}"))));
    }

    fn is_in_flight(&self, module: u32, hash: &PromiseHash) -> bool {
        self.tables.get(&module).is_some_and(|table| table.flights.iter().any(|flight| flight.hash == *hash))
    }

    /// The hash of a request that brings none: of the module, the number of the request, and the request.
    fn derive_hash(&mut self, module: u32, bytes: &[u8]) -> PromiseHash {
        let Some(table) = self.tables.get_mut(&module) else { return PromiseHash::default() };
        let sequence = table.sequence;
        table.sequence = sequence.wrapping_add(1);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&module.to_le_bytes());
        hasher.update(&sequence.to_le_bytes());
        hasher.update(bytes);
        hasher.finalize().into()
    }

    /// Sends an answer, which is there at the next frame boundary. Its hash is in flight until then.
    pub(crate) fn answer(&mut self, module: u32, hash: PromiseHash, result: Result<Item, Failure>) {
        self.answer_with(module, &hash, result);
        if let Some(table) = self.tables.get_mut(&module) {
            table.flights.push(Flight { hash, stage: Stage::Answered });
            self.answered.push(module);
        }
    }

    fn answer_with(
        &mut self,
        module: u32,
        hash: &PromiseHash,
        result: Result<Item, Failure>,
    ) -> Option<super::ArenaKey> {
        let (port, bytes) = written(hash, result);
        self.push_from_kernel(module, port, bytes)
    }

    /// Leaves a request open until what it asked for is there.
    pub(crate) fn wait(&mut self, module: u32, hash: PromiseHash, request: i32, kind: &'static MessageType) {
        if let Some(table) = self.tables.get_mut(&module) {
            table.flights.push(Flight { hash, stage: Stage::Waiting { request, kind } });
        }
    }

    /// A frame boundary: hashes whose answers are delivered can be used again.
    pub(super) fn land(&mut self) {
        for module in std::mem::take(&mut self.answered) {
            if let Some(table) = self.tables.get_mut(&module) {
                table.flights.retain(|flight| !flight.is_answered());
            }
        }
    }

    /// Answers the requests of a module whose staged work `state` knows the end of. The answers are there at once: this is
    /// the boundary at which the work is published.
    pub(crate) fn settle(
        &mut self,
        module: u32,
        mut state: impl FnMut(i32, &'static MessageType) -> Option<Result<Item, Failure>>,
    ) {
        let Some(table) = self.tables.get_mut(&module) else { return };
        let mut done = Vec::new();
        table.flights.retain(|flight| {
            let Stage::Waiting { request, kind } = flight.stage else { return true };
            let result = state(request, kind);
            let waits = result.is_none();
            done.extend(result.map(|result| (flight.hash, result)));
            waits
        });
        for (hash, result) in done {
            let key = self.answer_with(module, &hash, result);
            if let Some(channel) = key.and_then(|key| self.channels.get_mut(key)) {
                channel.inward.deliver();
            }
        }
    }
}

/// The port of an answer and its bytes.
fn written(hash: &PromiseHash, result: Result<Item, Failure>) -> (i32, Vec<u8>) {
    let hash_item = Item::Bytes(hash.to_vec());
    match result {
        Ok(data) => {
            let answer =
                Item::map([("promise_hash", hash_item), ("status", Item::text("success")), ("data", data)]);
            let bytes = encode(&answer);
            if bytes.len() <= MAX_MESSAGE_BYTES {
                return (STDOUT, bytes);
            }
            let what = format!(
                "TOO_LARGE: the answer has {} bytes; a message has at most {MAX_MESSAGE_BYTES}",
                bytes.len()
            );
            written(hash, Err(Failure::Message(what)))
        }
        Err(failure) => {
            let answer = Item::map([
                ("promise_hash", hash_item),
                ("status", Item::text("error")),
                ("error_message", Item::text(failure.text())),
                ("class", Item::text(failure.class())),
            ]);
            (STDERR, encode(&answer))
        }
    }
}
