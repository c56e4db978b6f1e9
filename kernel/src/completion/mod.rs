//! Completion: given a byte sequence, return its completion, which begins with the same bytes. `spec/completion.md` is the
//! chapter.
//!
//! Completers are the kernel's own or modules that registered for a prefix; the longest prefix wins. Whoever completes, the
//! answer is there at the second frame boundary after the request at the earliest for a module, at the first for the kernel.

mod calculator;
mod kernel;
mod state;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cartwheel_hostabi::Status;

use crate::quotas::Quotas;
use kernel::Completer;

/// Most bytes of a request.
pub const MAX_REQUEST_BYTES: usize = 4_096;
/// Most bytes of a completion.
pub const MAX_COMPLETION_BYTES: usize = 64 * 1024;
const MAX_PREFIX_BYTES: usize = 64;
/// Completions that are remembered; what they are cannot be seen.
const CACHED: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// Bytes can be written to it.
    Open,
    /// A module has to answer it; `taken` once it knows.
    Asked { completer: u32, taken: bool },
    /// There is a completion, or none will come; `ready` from the next frame boundary on.
    Ended { completion: Option<Arc<[u8]>>, ready: bool },
}

#[derive(Debug, PartialEq, Eq)]
struct Request {
    bytes: Vec<u8>,
    stage: Stage,
    /// Number of the submission, by which requests are handed out in order; 0 before it.
    submitted: u64,
    /// Frame in which it was submitted: a module is asked from the next one on.
    frame: u64,
}

/// Requests and completers of all modules.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    /// By module and number.
    requests: BTreeMap<(u32, i32), Request>,
    /// Number of the next request, by module.
    next: BTreeMap<u32, i32>,
    /// Modules by the prefix that they complete.
    completers: BTreeMap<Vec<u8>, u32>,
    /// Submissions so far.
    submitted: u64,
    /// Number of the frame.
    frame: u64,
    cache: Cache,
}

/// What the kernel's completers said before. No part of the state: it could be asked again.
#[derive(Debug, Default)]
struct Cache {
    off: bool,
    known: BTreeMap<Vec<u8>, Option<Arc<[u8]>>>,
    /// Keys of `known`, oldest first.
    order: VecDeque<Vec<u8>>,
    hits: u64,
}

impl Cache {
    fn complete(&mut self, completer: &Completer, bytes: &[u8]) -> Option<Arc<[u8]>> {
        if let Some(known) = self.known.get(bytes) {
            self.hits += 1;
            return known.clone();
        }
        let completion = completer.complete(bytes).map(Arc::from);
        if !self.off {
            if self.order.len() == CACHED
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(bytes.to_vec());
            self.known.insert(bytes.to_vec(), completion.clone());
        }
        completion
    }
}

/// Who completes a request.
enum Found {
    Kernel(&'static Completer),
    Module(u32),
}

impl Completions {
    /// Turns the cache off or on, which nothing but time can tell. Gives how often it answered.
    pub(crate) fn set_cache(&mut self, on: bool) -> u64 {
        let hits = self.cache.hits;
        self.cache = Cache { off: !on, ..Cache::default() };
        hits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.completers.is_empty() && self.next.is_empty()
    }

    /// How many requests and completers there are.
    pub(crate) fn census(&self) -> (usize, usize) {
        (self.requests.len(), self.completers.len())
    }

    pub(crate) fn has(&self, module: u32) -> bool {
        self.next.contains_key(&module) || self.completers.values().any(|completer| *completer == module)
    }

    /// A frame boundary: what ended in the frame before can be read.
    pub(crate) fn deliver(&mut self, frame: u64) {
        self.frame = frame;
        for request in self.requests.values_mut() {
            if let Stage::Ended { ready, .. } = &mut request.stage {
                *ready = true;
            }
        }
    }

    /// Lets go of everything of a module. Promises that it made are broken.
    pub(crate) fn unload(&mut self, module: u32) {
        self.requests.retain(|(owner, _), _| *owner != module);
        self.completers.retain(|_, completer| *completer != module);
        self.next.remove(&module);
        for request in self.requests.values_mut() {
            if matches!(request.stage, Stage::Asked { completer, .. } if completer == module) {
                request.stage = Stage::Ended { completion: None, ready: false };
            }
        }
    }

    pub(crate) fn open(&mut self, module: u32, quotas: &Quotas) -> Result<i32, Status> {
        if self.requests.range((module, 0)..=(module, i32::MAX)).count() >= quotas.completions as usize {
            return Err(Status::Quota);
        }
        let next = self.next.entry(module).or_insert(1);
        while self.requests.contains_key(&(module, *next)) {
            *next = next.checked_add(1).unwrap_or(1);
        }
        let number = *next;
        *next = number.checked_add(1).unwrap_or(1);
        let request = Request { bytes: Vec::new(), stage: Stage::Open, submitted: 0, frame: 0 };
        self.requests.insert((module, number), request);
        Ok(number)
    }

    fn request(&mut self, module: u32, number: i32) -> Result<&mut Request, Status> {
        self.requests.get_mut(&(module, number)).ok_or(Status::CompletionUnknown)
    }

    pub(crate) fn write(&mut self, module: u32, number: i32, bytes: &[u8]) -> Result<(), Status> {
        let request = self.request(module, number)?;
        if request.stage != Stage::Open {
            return Err(Status::CompletionSubmitted);
        }
        if request.bytes.len() + bytes.len() > MAX_REQUEST_BYTES {
            return Err(Status::CompletionTooLarge);
        }
        request.bytes.extend(bytes);
        Ok(())
    }

    /// Asks the completer with the longest prefix. Gives the length of the request.
    pub(crate) fn submit(&mut self, module: u32, number: i32) -> Result<usize, Status> {
        let request = self.request(module, number)?;
        if request.stage != Stage::Open {
            return Err(Status::CompletionSubmitted);
        }
        let bytes = std::mem::take(&mut request.bytes);
        let stage = match self.completer_of(&bytes) {
            Found::Kernel(completer) => {
                Stage::Ended { completion: self.cache.complete(completer, &bytes), ready: false }
            }
            Found::Module(completer) => Stage::Asked { completer, taken: false },
        };
        let (frame, len) = (self.frame, bytes.len());
        self.submitted += 1;
        let submitted = self.submitted;
        *self.request(module, number)? = Request { bytes, stage, submitted, frame };
        Ok(len)
    }

    fn completer_of(&self, bytes: &[u8]) -> Found {
        let longest = bytes.len().min(MAX_PREFIX_BYTES);
        let modules = (0..=longest).rev().find_map(|len| {
            self.completers.get(&bytes[..len]).map(|completer| (len, Found::Module(*completer)))
        });
        let kernel = kernel::find(bytes);
        match modules {
            Some((len, module)) if len > kernel.prefix.len() => module,
            _ => Found::Kernel(kernel),
        }
    }

    /// The completion of a request, if it is there.
    pub(crate) fn read(&self, module: u32, number: i32) -> Result<&[u8], Status> {
        let request = self.requests.get(&(module, number)).ok_or(Status::CompletionUnknown)?;
        match &request.stage {
            Stage::Open => Err(Status::CompletionNotSubmitted),
            Stage::Asked { .. } | Stage::Ended { ready: false, .. } => Err(Status::Pending),
            Stage::Ended { completion: None, .. } => Err(Status::CompletionBroken),
            Stage::Ended { completion: Some(completion), .. } => Ok(completion),
        }
    }

    pub(crate) fn close(&mut self, module: u32, number: i32) -> Result<(), Status> {
        self.requests.remove(&(module, number)).map(drop).ok_or(Status::CompletionUnknown)
    }

    pub(crate) fn provide(&mut self, module: u32, prefix: &[u8], quotas: &Quotas) -> Result<(), Status> {
        if prefix.is_empty() || prefix.len() > MAX_PREFIX_BYTES {
            return Err(Status::CompletionBadPrefix);
        }
        if self.completers.contains_key(prefix) || kernel::has(prefix) {
            return Err(Status::CompletionTaken);
        }
        if self.completers.values().filter(|completer| **completer == module).count()
            >= quotas.prefixes as usize
        {
            return Err(Status::Quota);
        }
        self.completers.insert(prefix.to_vec(), module);
        Ok(())
    }

    /// Ends a registration. Requests that were made before are still the module's to answer.
    pub(crate) fn withdraw(&mut self, module: u32, prefix: &[u8]) -> Result<(), Status> {
        if self.completers.get(prefix) != Some(&module) {
            return Err(Status::CompletionBadPrefix);
        }
        self.completers.remove(prefix);
        Ok(())
    }

    /// The request that a module has to answer next, in the order of submission: whose it is, and its bytes.
    pub(crate) fn waiting(&self, module: u32) -> Result<(Asked, &[u8]), Status> {
        let waits = self.requests.iter().filter(|(_, request)| {
            request.stage == Stage::Asked { completer: module, taken: false } && request.frame < self.frame
        });
        let first = waits.min_by_key(|(_, request)| request.submitted);
        let (key, request) = first.ok_or(Status::CompletionNone)?;
        // Numbers of submissions fit for longer than a machine runs; those that wait are told apart by their last bits.
        Ok((Asked { key: *key, number: asked_number(request.submitted) }, &request.bytes))
    }

    /// Notes that a module has the request that [`Completions::waiting`] showed.
    pub(crate) fn take(&mut self, asked: &Asked) {
        if let Some(Stage::Asked { taken, .. }) =
            self.requests.get_mut(&asked.key).map(|request| &mut request.stage)
        {
            *taken = true;
        }
    }

    /// What a module says to a request that it took. A completion that does not begin with the request is none.
    pub(crate) fn answer(
        &mut self,
        module: u32,
        number: i32,
        completion: Option<&[u8]>,
    ) -> Result<(), Status> {
        let asked = self.requests.values_mut().find(|request| {
            asked_number(request.submitted) == number
                && request.stage == Stage::Asked { completer: module, taken: true }
        });
        let request = asked.ok_or(Status::CompletionUnknown)?;
        if completion.is_some_and(|completion| completion.len() > MAX_COMPLETION_BYTES) {
            return Err(Status::CompletionTooLarge);
        }
        if completion.is_some_and(|completion| !completion.starts_with(&request.bytes)) {
            return Err(Status::CompletionOther);
        }
        request.stage = Stage::Ended { completion: completion.map(Arc::from), ready: false };
        Ok(())
    }
}

/// A request that a module has to answer.
pub(crate) struct Asked {
    key: (u32, i32),
    /// What the module calls it.
    pub(crate) number: i32,
}

/// Positive for submissions.
fn asked_number(submitted: u64) -> i32 {
    if submitted == 0 { 0 } else { ((submitted - 1) % i32::MAX as u64) as i32 + 1 }
}
