//! Where things are in a trace: its index, or what reading all of it finds.

use super::file::KeyframeAt;
use super::frame::{BLOCK_FRAMES, MIN_RECORD_BYTES, TracedFrame, begins_block};
use super::header::Header;
use super::keyframe::{self, KeyframeHead};
use super::record::{Damage, Record, RecordKind, checksum};
use super::source::{Source, Window};
use super::wire::{Wire, Wrong, put_u64};
use crate::input::InputFrame;

const TRAILER_MAGIC: &[u8; 4] = b"CWTE";
/// Offset of the index, checksum, magic.
const TRAILER_BYTES: usize = 8 + 4 + 4;

/// Where things are in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Number of frames.
    pub frames: u64,
    /// Offset of the first record of each block of frames.
    pub blocks: Vec<u64>,
    pub keyframes: Vec<KeyframeAt>,
    /// Offset behind the last frame or keyframe.
    pub end: u64,
}

/// Reads records until the index, the end or the first that is damaged.
pub(super) fn scan(source: &Source, header: &Header, first: u64) -> (Index, bool, Option<Damage>) {
    let mut index = Index { end: first, ..Index::default() };
    let mut before = InputFrame::default();
    let mut window = Window::new(source);
    let mut offset = first;
    loop {
        let record = match window.record(offset) {
            Ok(Some(record)) => record,
            Ok(None) => return (index, false, None),
            Err(damage) => return (index, false, Some(damage)),
        };
        let taken = match record.kind {
            RecordKind::Frame => take_frame(&mut index, header, &record, &mut before),
            RecordKind::Keyframe => take_keyframe(&mut index, header, &record),
            RecordKind::Index => {
                let damage = trailer_damage(source, &record);
                return (index, damage.is_none(), damage);
            }
            RecordKind::Header => Err("it stands in the middle of the file"),
        };
        if let Err(wrong) = taken {
            return (index, false, Some(record.damage(wrong)));
        }
        offset = record.end;
        index.end = offset;
    }
}

fn take_frame(
    index: &mut Index,
    header: &Header,
    record: &Record<'_>,
    before: &mut InputFrame,
) -> Result<(), Wrong> {
    let number = header.first_frame + index.frames;
    let block = begins_block(number, header.first_frame);
    *before = TracedFrame::decode(record.content, number, before, block)?.input;
    if block {
        index.blocks.push(record.offset);
    }
    index.frames += 1;
    Ok(())
}

fn take_keyframe(index: &mut Index, header: &Header, record: &Record<'_>) -> Result<(), Wrong> {
    let KeyframeHead { frame, first_chunk, new_chunks } = keyframe::decode_head(record.content)?;
    if frame != header.first_frame + index.frames {
        return Err("it belongs to another frame");
    }
    let expected = index.keyframes.last().map_or(0, |last| last.chunks.0 + last.chunks.1);
    if first_chunk != expected {
        return Err("its chunks do not follow those before");
    }
    index.keyframes.push(KeyframeAt { frame, offset: record.offset, chunks: (first_chunk, new_chunks) });
    Ok(())
}

fn trailer_damage(source: &Source, index: &Record<'_>) -> Option<Damage> {
    let len = source.len() - index.end;
    // Longer ones are wrong anyway, and need not be read to their end.
    let rest = match source.read(index.end, len.min(TRAILER_BYTES as u64 + 1)) {
        Ok(rest) => rest,
        Err(e) => {
            let message = format!("what follows it cannot be read: {e}").into();
            return Some(Damage { message, ..index.damage("") });
        }
    };
    let torn = rest.len() < TRAILER_BYTES;
    (rest != trailer(index.offset)).then(|| Damage { torn, ..index.damage("what follows it is damaged") })
}

/// The end of a finished file.
pub(super) fn trailer(index_at: u64) -> [u8; TRAILER_BYTES] {
    let mut bytes = [0; TRAILER_BYTES];
    bytes[..8].copy_from_slice(&index_at.to_le_bytes());
    let sum = checksum(&bytes[..8], index_at);
    bytes[8..12].copy_from_slice(&sum);
    bytes[12..].copy_from_slice(TRAILER_MAGIC);
    bytes
}

/// The index of a finished file, if it has one that can be believed.
pub(super) fn indexed(source: &Source, header: &Header, first: u64) -> Option<Index> {
    let end_at = source.len().checked_sub(TRAILER_BYTES as u64)?;
    let end = source.read(end_at, TRAILER_BYTES as u64).ok()?;
    let at = u64::from_le_bytes(*end.first_chunk()?);
    if end != trailer(at) {
        return None;
    }
    let mut window = Window::new(source);
    let record = window.record(at).ok()??;
    if record.kind != RecordKind::Index || record.end != end_at {
        return None;
    }
    Index::decode(record.content, header, first, at).ok()
}

impl Index {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u64(&mut out, self.frames);
        put_u64(&mut out, self.blocks.len() as u64);
        let mut before = 0;
        for &offset in &self.blocks {
            put_u64(&mut out, offset - before);
            before = offset;
        }
        put_u64(&mut out, self.keyframes.len() as u64);
        let (mut frame, mut offset) = (0, 0);
        for keyframe in &self.keyframes {
            put_u64(&mut out, keyframe.frame - frame);
            put_u64(&mut out, keyframe.offset - offset);
            put_u64(&mut out, keyframe.chunks.1);
            (frame, offset) = (keyframe.frame, keyframe.offset);
        }
        out
    }

    fn decode(mut wire: Wire<'_>, header: &Header, first: u64, end: u64) -> Result<Index, Wrong> {
        const SENSELESS: Wrong = "it makes no sense";
        let frames = wire.u64()?;
        // Also what keeps a claim of 2^60 frames out.
        if frames > (end - first) / MIN_RECORD_BYTES {
            return Err(SENSELESS);
        }
        let blocks = match frames {
            0 => 0,
            _ => (header.first_frame + frames - 1) / BLOCK_FRAMES - header.first_frame / BLOCK_FRAMES + 1,
        };
        if wire.count(1)? as u64 != blocks {
            return Err(SENSELESS);
        }
        let ascend = |before: &mut u64, wire: &mut Wire<'_>| {
            let next = before.checked_add(wire.u64()?).filter(|&next| next >= first && next < end);
            *before = next.ok_or(SENSELESS)?;
            Ok(*before)
        };
        let mut before = 0;
        let blocks =
            (0..blocks).map(|_| ascend(&mut before, &mut wire)).collect::<Result<Vec<_>, Wrong>>()?;
        let mut keyframes = Vec::new();
        let (mut frame, mut offset, mut chunk) = (0u64, 0, 0u64);
        for _ in 0..wire.count(3)? {
            frame = frame.checked_add(wire.u64()?).ok_or(SENSELESS)?;
            let offset = ascend(&mut offset, &mut wire)?;
            let new_chunks = wire.u64()?;
            keyframes.push(KeyframeAt { frame, offset, chunks: (chunk, new_chunks) });
            chunk = chunk.checked_add(new_chunks).ok_or(SENSELESS)?;
        }
        wire.end()?;
        let within = header.first_frame..=header.first_frame + frames;
        if keyframes.iter().any(|keyframe| !within.contains(&keyframe.frame)) {
            return Err(SENSELESS);
        }
        Ok(Index { frames, blocks, keyframes, end })
    }
}
