//! A trace that was read: its head, its frames in order, its keyframes.

use thiserror::Error;

use super::frame::{BLOCK_FRAMES, MIN_RECORD_BYTES, TracedFrame, begins_block};
use super::header::Header;
use super::keyframe::{self, KeyframeHead};
use super::record::{self, Damage, Record, RecordKind, checksum};
use super::wire::{Wire, Wrong, put_u64};
use crate::input::InputFrame;
use crate::inputs::Inputs;

pub(super) const MAGIC: &[u8; 4] = b"CWTR";
/// Version of the format.
pub const TRACE_VERSION: u16 = 1;
/// Bytes before the first record.
pub(super) const START: u64 = 8;

const TRAILER_MAGIC: &[u8; 4] = b"CWTE";
/// Offset of the index, checksum, magic.
const TRAILER_BYTES: usize = 8 + 4 + 4;

/// Why a file is no trace that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// It does not begin like one.
    #[error("not a trace: it does not begin with \"CWTR\"")]
    NotATrace,
    /// It has another version of the format.
    #[error("trace of format version {0}; this build reads version {TRACE_VERSION}")]
    Version(u16),
    /// A part that is needed is damaged.
    #[error("damaged trace: {0}")]
    Damaged(#[from] Damage),
    /// A keyframe cannot be put together.
    #[error("damaged trace: keyframe of frame {frame}: {message}")]
    Keyframe {
        /// Number of the frame that follows it.
        frame: u64,
        /// What is wrong.
        message: String,
    },
}

/// A keyframe of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyframeAt {
    /// Number of the frame that follows the state.
    pub frame: u64,
    /// Offset of its record in the file, in bytes.
    pub offset: u64,
    /// Number of the first chunk that it adds, and how many it adds.
    pub(super) chunks: (u64, u64),
}

/// What the parts of a trace take up, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Frames.
    pub frames: u64,
    /// Keyframes.
    pub keyframes: u64,
    /// The header with embedded cartridges, the index, and what is damaged.
    pub rest: u64,
}

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

/// A trace.
#[derive(Clone, Debug)]
pub struct Trace {
    bytes: Vec<u8>,
    header: Header,
    index: Index,
    finished: bool,
    damage: Option<Damage>,
}

impl Trace {
    /// Opens a trace. Frames behind damage are left out; [`Trace::damage`] says so.
    ///
    /// A trace that was finished has an index, which saves reading all of it: damage is found then where it is met.
    ///
    /// # Errors
    ///
    /// If it is no trace, or of another version, or damaged before its first frame.
    pub fn open(bytes: Vec<u8>) -> Result<Trace, TraceError> {
        if !bytes.starts_with(MAGIC) {
            return Err(TraceError::NotATrace);
        }
        let version = bytes.get(4..6).and_then(|version| version.try_into().ok()).map(u16::from_le_bytes);
        let torn = |message| Damage { offset: 4, kind: None, message, torn: true };
        let version = version.ok_or_else(|| torn("the file ends in its version"))?;
        if version != TRACE_VERSION {
            return Err(TraceError::Version(version));
        }
        if bytes.get(6..8) != Some(&[0, 0]) {
            return Err(
                Damage { torn: bytes.len() < 8, ..torn("two bytes behind the version are not 0") }.into()
            );
        }
        let record = record::read(&bytes, START)?;
        let record = record.ok_or(Damage { offset: START, ..torn("the file ends before its header") })?;
        if record.kind != RecordKind::Header {
            return Err(record.damage("the first record is no header").into());
        }
        let header = Header::decode(record.content).map_err(|wrong| record.damage(wrong))?;
        let first = record.end;
        let (index, finished, damage) = match indexed(&bytes, &header, first) {
            Some(index) => (index, true, None),
            None => scan(&bytes, &header, first),
        };
        Ok(Trace { header, index, finished, damage, bytes })
    }

    /// Reads every record, as if there were no index. Gives the trace with all that is wrong known.
    ///
    /// # Errors
    ///
    /// If the index does not say what is there.
    pub fn check(&mut self) -> Result<(), TraceError> {
        let (index, _, damage) = scan(&self.bytes, &self.header, self.first_record());
        self.damage = damage;
        if self.damage.is_none() && self.finished && index != self.index {
            let offset = self.index.end;
            let message = "it does not say what the file has";
            return Err(Damage { offset, kind: Some(RecordKind::Index), message, torn: false }.into());
        }
        self.index = index;
        Ok(())
    }

    fn first_record(&self) -> u64 {
        let header = record::read(&self.bytes, START).ok().flatten();
        header.expect("it was read before").end
    }

    /// The head.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Number of frames.
    pub fn len(&self) -> u64 {
        self.index.frames
    }

    /// True if there are no frames.
    pub fn is_empty(&self) -> bool {
        self.index.frames == 0
    }

    /// Number of the frame that would come next.
    pub fn next_frame(&self) -> u64 {
        self.header.first_frame + self.index.frames
    }

    /// What is wrong behind the last frame, if that is known already.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// True if recording it came to its end.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The keyframes by ascending frame.
    pub fn keyframes(&self) -> &[KeyframeAt] {
        &self.index.keyframes
    }

    /// Length of the file, in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// What its parts take up.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        let mut offset = self.first_record();
        while let Ok(Some(record)) = record::read(&self.bytes, offset) {
            match record.kind {
                RecordKind::Frame => sizes.frames += record.end - offset,
                RecordKind::Keyframe => sizes.keyframes += record.end - offset,
                RecordKind::Header | RecordKind::Index => break,
            }
            offset = record.end;
        }
        sizes.rest = self.file_bytes() - sizes.frames - sizes.keyframes;
        sizes
    }

    /// Length of the part that recording can go on behind: all completed frames and keyframes.
    pub fn completed_bytes(&self) -> u64 {
        self.index.end
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Frames from a number on, in order. After an error nothing comes.
    pub fn frames(&self, from: u64) -> Frames<'_> {
        let first = self.header.first_frame;
        let end = self.next_frame();
        let from = from.max(first);
        let block = (from / BLOCK_FRAMES - first / BLOCK_FRAMES) as usize;
        let mut frames = Frames {
            bytes: &self.bytes,
            first_frame: first,
            offset: self.index.blocks.get(block).copied().unwrap_or(0),
            next: first.max(from / BLOCK_FRAMES * BLOCK_FRAMES),
            end,
            before: InputFrame::default(),
        };
        if from >= end {
            frames.next = end;
        }
        while frames.next < from.min(end) {
            if let Some(Err(damage)) = frames.next() {
                return Frames { next: from, ..frames }.broken(damage);
            }
        }
        frames
    }

    /// The inputs of all frames, from frame 0 on; those before the first recorded frame are empty.
    ///
    /// # Errors
    ///
    /// If a frame is damaged.
    pub fn inputs(&self) -> Result<Inputs, Damage> {
        let mut inputs = Inputs::new();
        inputs.push(InputFrame::default(), self.header.first_frame);
        for frame in self.frames(0) {
            inputs.push(frame?.input, 1);
        }
        Ok(inputs)
    }

    /// The last keyframe at or before a frame.
    pub fn keyframe_before(&self, frame: u64) -> Option<KeyframeAt> {
        let after = self.index.keyframes.partition_point(|keyframe| keyframe.frame <= frame);
        self.index.keyframes.get(after.checked_sub(1)?).copied()
    }

    /// The saved state of a keyframe.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub fn state(&self, at: &KeyframeAt) -> Result<Vec<u8>, TraceError> {
        let content = |offset| -> Result<Wire<'_>, String> {
            let record = record::read(&self.bytes, offset).map_err(|damage| damage.to_string())?;
            let record = record.filter(|record| record.kind == RecordKind::Keyframe);
            Ok(record.ok_or("there is no keyframe where the index has one")?.content)
        };
        let holder = |chunk: u64| {
            let all = &self.index.keyframes;
            let after = all.partition_point(|keyframe| keyframe.chunks.0 <= chunk);
            // Keyframes without new chunks share their first number with the one behind.
            let found = all[..after].iter().rev().find(|keyframe| keyframe.chunks.1 > 0);
            content(found.ok_or("it names a chunk that is not there")?.offset)
        };
        let own = content(at.offset);
        let state = own.and_then(|own| keyframe::assemble(own, holder));
        state.map_err(|message| TraceError::Keyframe { frame: at.frame, message })
    }
}

/// Frames of a trace in order.
#[derive(Clone, Debug)]
pub struct Frames<'t> {
    bytes: &'t [u8],
    first_frame: u64,
    offset: u64,
    next: u64,
    end: u64,
    before: InputFrame,
}

impl Frames<'_> {
    /// Gives an error and nothing behind it.
    fn broken(mut self, damage: Damage) -> Self {
        // Reading there fails in the same way again.
        self.offset = damage.offset;
        self.end = self.next + 1;
        self
    }

    fn read(&mut self) -> Result<TracedFrame, Damage> {
        loop {
            let record = record::read(self.bytes, self.offset)?.ok_or(Damage {
                offset: self.offset,
                kind: None,
                message: "frames are missing",
                torn: true,
            })?;
            match record.kind {
                RecordKind::Keyframe => self.offset = record.end,
                RecordKind::Frame => {
                    let block = begins_block(self.next, self.first_frame);
                    let frame = TracedFrame::decode(record.content, self.next, &self.before, block);
                    let frame = frame.map_err(|wrong| record.damage(wrong))?;
                    self.offset = record.end;
                    return Ok(frame);
                }
                RecordKind::Header | RecordKind::Index => {
                    return Err(record.damage("it stands where a frame should"));
                }
            }
        }
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<TracedFrame, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let read = self.read();
        match &read {
            Ok(frame) => {
                self.before = frame.input;
                self.next += 1;
            }
            Err(_) => self.next = self.end,
        }
        Some(read)
    }
}

/// Reads records until the index, the end or the first that is damaged.
fn scan(bytes: &[u8], header: &Header, first: u64) -> (Index, bool, Option<Damage>) {
    let mut index = Index { end: first, ..Index::default() };
    let mut before = InputFrame::default();
    let mut offset = first;
    loop {
        let record = match record::read(bytes, offset) {
            Ok(Some(record)) => record,
            Ok(None) => return (index, false, None),
            Err(damage) => return (index, false, Some(damage)),
        };
        let taken = match record.kind {
            RecordKind::Frame => take_frame(&mut index, header, &record, &mut before),
            RecordKind::Keyframe => take_keyframe(&mut index, header, &record),
            RecordKind::Index => {
                let damage = trailer_damage(bytes, &record);
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

fn trailer_damage(bytes: &[u8], index: &Record<'_>) -> Option<Damage> {
    let rest = &bytes[index.end as usize..];
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
fn indexed(bytes: &[u8], header: &Header, first: u64) -> Option<Index> {
    let (_, end) = bytes.split_last_chunk::<TRAILER_BYTES>()?;
    let at = u64::from_le_bytes(*end.first_chunk()?);
    if *end != trailer(at) {
        return None;
    }
    let record = record::read(bytes, at).ok()??;
    if record.kind != RecordKind::Index || record.end + TRAILER_BYTES as u64 != bytes.len() as u64 {
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
