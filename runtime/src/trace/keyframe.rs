//! Keyframes: saved states cut into chunks, of which only those are written that the trace does not have yet.
//!
//! A chunk is a memory page of 4 KiB, or as much of what stands between memories. New chunks of a keyframe are
//! compressed together; earlier ones are named by number, counted from the start of the trace.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_128;

use super::header::unpack;
use super::wire::{Wire, Wrong, put_bytes, put_u64};
use crate::snapshot::{self, CHUNK_BYTES};

/// Largest saved state that is kept as a keyframe, in bytes.
pub const MAX_KEYFRAME_BYTES: usize = 256 << 20;
/// Most bytes that are uncompressed to put a keyframe together: more than a recorder makes necessary.
const MAX_WORK_BYTES: u64 = 4 * MAX_KEYFRAME_BYTES as u64;
/// Bytes of chunks after which a keyframe is written whole again, or twice as many as it has if that is more. No keyframe is
/// put together of more than that, so seeking does not get slower with the length of a trace.
const GENERATION_BYTES: usize = 1 << 20;
/// Fast, and still several times smaller: keyframes are taken while the machine runs.
const LEVEL: i32 = 1;

/// The chunks that a trace has already, as far back as they are named.
#[derive(Default)]
pub(super) struct Chunks {
    known: BTreeMap<u128, u64>,
    /// Number of the next new one.
    next: u64,
    /// Bytes of the known ones.
    bytes: usize,
}

impl Chunks {
    /// Knows nothing of the chunks before this number, which stay what they are.
    pub(super) fn starting_at(next: u64) -> Chunks {
        Chunks { known: BTreeMap::new(), next, bytes: 0 }
    }

    /// The content of a keyframe's record for the state before a frame, and how many chunks it adds.
    pub(super) fn encode(&mut self, frame: u64, state: &[u8]) -> (Vec<u8>, u64) {
        if self.bytes > GENERATION_BYTES.max(2 * state.len()) {
            *self = Chunks::starting_at(self.next);
        }
        let first = self.next;
        let mut fresh = Vec::new();
        let mut list = Vec::new();
        let mut chunks = 0;
        for range in snapshot::chunks(state) {
            let chunk = &state[range];
            let number = *self.known.entry(xxh3_128(chunk)).or_insert_with(|| {
                fresh.extend_from_slice(chunk);
                self.next += 1;
                self.next - 1
            });
            put_u64(&mut list, number);
            put_u64(&mut list, chunk.len() as u64);
            chunks += 1;
        }
        self.bytes += fresh.len();
        let mut content = Vec::new();
        put_u64(&mut content, frame);
        put_u64(&mut content, first);
        put_u64(&mut content, self.next - first);
        put_u64(&mut content, chunks);
        let mut body = list;
        body.extend_from_slice(&fresh);
        put_u64(&mut content, (body.len() - fresh.len()) as u64);
        put_bytes(
            &mut content,
            &zstd::bulk::compress(&body, LEVEL).expect("compressing into memory cannot fail"),
        );
        (content, self.next - first)
    }
}

/// What stands in front of a keyframe's chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyframeHead {
    /// Number of the frame that follows the state.
    pub frame: u64,
    /// Number of the first new chunk.
    pub first_chunk: u64,
    /// Number of new chunks.
    pub new_chunks: u64,
}

/// A keyframe's record, still compressed.
struct Packed<'a> {
    head: KeyframeHead,
    chunks: u64,
    list_bytes: usize,
    body: &'a [u8],
}

pub(super) fn decode_head(wire: Wire<'_>) -> Result<KeyframeHead, Wrong> {
    Ok(packed(wire)?.head)
}

fn packed(mut wire: Wire<'_>) -> Result<Packed<'_>, Wrong> {
    let head = KeyframeHead { frame: wire.u64()?, first_chunk: wire.u64()?, new_chunks: wire.u64()? };
    let chunks = wire.u64()?;
    let list_bytes = wire.u64()?;
    let body = wire.counted()?;
    wire.end()?;
    const MOST: u64 = MAX_KEYFRAME_BYTES as u64;
    if head.new_chunks > chunks || chunks > MOST || list_bytes > MOST || head.frame > i64::MAX as u64 {
        return Err("its numbers make no sense");
    }
    if head.first_chunk.checked_add(head.new_chunks).is_none() {
        return Err("its numbers make no sense");
    }
    Ok(Packed { head, chunks, list_bytes: list_bytes as usize, body })
}

/// A keyframe, uncompressed.
pub(super) struct Open {
    head: KeyframeHead,
    /// Number and length of each chunk of the state.
    list: Vec<(u64, usize)>,
    /// The new chunks.
    fresh: Vec<u8>,
    /// Where each new chunk begins in them.
    starts: Vec<usize>,
}

/// Uncompresses a keyframe's record.
pub(super) fn open(wire: Wire<'_>) -> Result<Open, String> {
    let Packed { head, chunks, list_bytes, body } = packed(wire)?;
    let mut body = unpack(body, 2 * MAX_KEYFRAME_BYTES)?;
    let mut wire = Wire(body.get(..list_bytes).ok_or("its list is longer than itself")?);
    let mut list = Vec::new();
    let mut starts = Vec::new();
    let (mut total, mut fresh) = (0, 0);
    for _ in 0..chunks {
        let (number, len) = (wire.u64()?, wire.u64()? as usize);
        if len == 0 || len > CHUNK_BYTES {
            return Err("a chunk has a length that none has".to_owned());
        }
        total += len;
        if total > MAX_KEYFRAME_BYTES {
            return Err("it is larger than a keyframe can be".to_owned());
        }
        // A new chunk is new where it is named first, and those come in order.
        if number == head.first_chunk + starts.len() as u64 {
            starts.push(fresh);
            fresh += len;
        } else if number >= head.first_chunk + starts.len() as u64 {
            return Err("it names a chunk that is not there".to_owned());
        }
        list.push((number, len));
    }
    wire.end()?;
    body.drain(..list_bytes);
    if starts.len() as u64 != head.new_chunks || body.len() != fresh {
        return Err("its new chunks are not all there".to_owned());
    }
    starts.push(fresh);
    Ok(Open { head, list, fresh: body, starts })
}

impl Open {
    fn chunk(&self, number: u64) -> Option<&[u8]> {
        let index = usize::try_from(number.checked_sub(self.head.first_chunk)?).ok()?;
        Some(&self.fresh[*self.starts.get(index)?..*self.starts.get(index + 1)?])
    }
}

/// Puts the saved state of a keyframe together. `holder` gives the keyframe that has a chunk with a number.
pub(super) fn assemble(
    own: &Open,
    mut holder: impl FnMut(u64) -> Result<Open, String>,
) -> Result<Vec<u8>, String> {
    let mut work = own.fresh.len() as u64;
    let mut state = vec![0; own.list.iter().map(|(_, len)| len).sum()];
    // Sorted by number, so that each earlier keyframe is uncompressed once and only one is in memory.
    let mut wanted: Vec<(u64, usize, usize)> = Vec::new();
    let mut at = 0;
    for &(number, len) in &own.list {
        wanted.push((number, at, len));
        at += len;
    }
    wanted.sort_unstable();
    let mut other: Option<Open> = None;
    for (number, at, len) in wanted {
        let in_hand = |open: &Option<Open>| open.as_ref().is_some_and(|open| open.chunk(number).is_some());
        if own.chunk(number).is_none() && !in_hand(&other) {
            let opened = holder(number)?;
            work += opened.fresh.len() as u64;
            if work > MAX_WORK_BYTES {
                return Err("it is made of too many others".to_owned());
            }
            other = Some(opened);
        }
        let chunk = own.chunk(number).or_else(|| other.as_ref()?.chunk(number));
        let chunk = chunk.filter(|chunk| chunk.len() == len).ok_or("it names a chunk that is not there")?;
        state[at..at + len].copy_from_slice(chunk);
    }
    Ok(state)
}
