//! Completion in saved states: everything but the cache.

use std::sync::Arc;

use super::{Completions, MAX_COMPLETION_BYTES, MAX_PREFIX_BYTES, MAX_REQUEST_BYTES, Request, Stage};
use crate::codec::{Reader, RestoreError, hash_of};

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

fn get<'a>(input: &mut Reader<'a>, most: usize) -> Result<&'a [u8], RestoreError> {
    let len = input.u32()? as usize;
    if len > most { Err(RestoreError::Value) } else { input.bytes(len) }
}

impl Completions {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.submitted.to_le_bytes());
        out.extend((self.next.len() as u32).to_le_bytes());
        for (module, next) in &self.next {
            out.extend(module.to_le_bytes());
            out.extend(next.to_le_bytes());
        }
        out.extend((self.completers.len() as u32).to_le_bytes());
        for (prefix, module) in &self.completers {
            put(out, prefix);
            out.extend(module.to_le_bytes());
        }
        out.extend((self.requests.len() as u32).to_le_bytes());
        for ((module, number), request) in &self.requests {
            out.extend(module.to_le_bytes());
            out.extend(number.to_le_bytes());
            put(out, &request.bytes);
            out.extend(request.submitted.to_le_bytes());
            out.extend(request.frame.to_le_bytes());
            match &request.stage {
                Stage::Open => out.push(0),
                Stage::Asked { completer, taken } => {
                    out.extend([1, (*taken).into()]);
                    out.extend(completer.to_le_bytes());
                }
                Stage::Ended { completion, ready } => {
                    out.extend([2, (*ready).into(), completion.is_some().into()]);
                    if let Some(completion) = completion {
                        put(out, completion);
                    }
                }
            }
        }
    }

    pub(crate) fn read_saved(input: &mut Reader<'_>) -> Result<Completions, RestoreError> {
        let mut saved = Completions { submitted: input.u64()?, ..Completions::default() };
        for _ in 0..input.u32()? {
            let (module, next) = (input.u32()?, input.i32()?);
            if next < 1 || saved.next.insert(module, next).is_some() {
                return Err(RestoreError::Value);
            }
        }
        for _ in 0..input.u32()? {
            let prefix = get(input, MAX_PREFIX_BYTES)?.to_vec();
            if prefix.is_empty() || saved.completers.insert(prefix, input.u32()?).is_some() {
                return Err(RestoreError::Value);
            }
        }
        for _ in 0..input.u32()? {
            let key = (input.u32()?, input.i32()?);
            let bytes = get(input, MAX_REQUEST_BYTES)?.to_vec();
            let (submitted, frame) = (input.u64()?, input.u64()?);
            let stage = match input.u8()? {
                0 => Stage::Open,
                1 => {
                    let taken = input.flag()?;
                    Stage::Asked { completer: input.u32()?, taken }
                }
                2 => {
                    let ready = input.flag()?;
                    let completion =
                        if input.flag()? { Some(Arc::from(get(input, MAX_COMPLETION_BYTES)?)) } else { None };
                    Stage::Ended { completion, ready }
                }
                _ => return Err(RestoreError::Value),
            };
            if key.1 < 1 || submitted > saved.submitted {
                return Err(RestoreError::Value);
            }
            let request = Request { bytes, stage, submitted, frame };
            if saved.requests.insert(key, request).is_some() {
                return Err(RestoreError::Value);
            }
        }
        Ok(saved)
    }

    /// Puts a saved state in the place of this one. What is cached stays: it is true in any state.
    pub(crate) fn restore(&mut self, saved: Completions) {
        let cache = std::mem::take(&mut self.cache);
        *self = Completions { cache, ..saved };
    }

    /// `None` if there is nothing to hash.
    pub(crate) fn hash(&self) -> Option<u128> {
        (!self.is_empty()).then(|| hash_of(|out| self.save(out)))
    }
}
