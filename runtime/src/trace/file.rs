//! A trace that was read: its head, its frames in order, its keyframes.

use std::io::{Cursor, Read, Seek};

use thiserror::Error;

use super::frame::{BLOCK_FRAMES, TracedFrame, begins_block};
use super::header::Header;
use super::index::{self, Index};
use super::keyframe;
use super::record::{Damage, RecordKind};
use super::source::{Source, Window};
use crate::input::InputFrame;
use crate::inputs::Inputs;

pub(super) const MAGIC: &[u8; 4] = b"CWTR";
/// Version of the format.
pub const TRACE_VERSION: u16 = 1;
/// Bytes before the first record.
pub(super) const START: u64 = 8;

/// Why a file is no trace that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// It does not begin like one.
    #[error("not a trace: it does not begin with \"CWTR\"")]
    NotATrace,
    /// It has another version of the format.
    #[error("trace of format version {0}; this build reads version {TRACE_VERSION}")]
    Version(u16),
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(String),
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

/// A trace. It is read where it is looked at; in memory are its header and its index.
#[derive(Clone, Debug)]
pub struct Trace {
    source: Source,
    header: Header,
    /// Offset of the first record behind the header.
    first: u64,
    index: Index,
    finished: bool,
    damage: Option<Damage>,
}

impl Trace {
    /// Opens a trace in memory, like [`Trace::read`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(bytes: Vec<u8>) -> Result<Trace, TraceError> {
        Trace::read(Cursor::new(bytes))
    }

    /// Opens a trace, which is read from piece by piece from here on. Frames behind damage are left out;
    /// [`Trace::damage`] says so.
    ///
    /// A trace that was finished has an index, which saves reading all of it: damage is found then where it is met.
    ///
    /// # Errors
    ///
    /// If it is no trace, or of another version, or damaged before its first frame, or cannot be read.
    pub fn read(reader: impl Read + Seek + Send + 'static) -> Result<Trace, TraceError> {
        let unreadable = |e: std::io::Error| TraceError::Unreadable(e.to_string());
        let source = Source::new(reader).map_err(unreadable)?;
        let start = source.read(0, START.min(source.len())).map_err(unreadable)?;
        if !start.starts_with(MAGIC) {
            return Err(TraceError::NotATrace);
        }
        let version = start.get(4..6).and_then(|version| version.try_into().ok()).map(u16::from_le_bytes);
        let torn =
            |message: &'static str| Damage { offset: 4, kind: None, message: message.into(), torn: true };
        let version = version.ok_or_else(|| torn("the file ends in its version"))?;
        if version != TRACE_VERSION {
            return Err(TraceError::Version(version));
        }
        if start.get(6..8) != Some(&[0, 0]) {
            return Err(
                Damage { torn: start.len() < 8, ..torn("two bytes behind the version are not 0") }.into()
            );
        }
        let mut window = Window::new(&source);
        let record = window.record(START)?;
        let record = record.ok_or(Damage { offset: START, ..torn("the file ends before its header") })?;
        if record.kind != RecordKind::Header {
            return Err(record.damage("the first record is no header").into());
        }
        let header = Header::decode(record.content).map_err(|wrong| record.damage(wrong))?;
        let first = record.end;
        let (index, finished, damage) = match index::indexed(&source, &header, first) {
            Some(index) => (index, true, None),
            None => index::scan(&source, &header, first),
        };
        Ok(Trace { source, header, first, index, finished, damage })
    }

    /// Reads every record, as if there were no index. Gives the trace with all that is wrong known.
    ///
    /// # Errors
    ///
    /// If the index does not say what is there.
    pub fn check(&mut self) -> Result<(), TraceError> {
        let (index, _, damage) = index::scan(&self.source, &self.header, self.first);
        self.damage = damage;
        if self.damage.is_none() && self.finished && index != self.index {
            let offset = self.index.end;
            let message = "it does not say what the file has".into();
            return Err(Damage { offset, kind: Some(RecordKind::Index), message, torn: false }.into());
        }
        self.index = index;
        Ok(())
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
        self.source.len()
    }

    /// What its parts take up.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        let mut window = Window::new(&self.source);
        let mut offset = self.first;
        while let Ok(Some(record)) = window.record(offset) {
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
            trace: self,
            window: Window::new(&self.source),
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
        let mut window = Window::new(&self.source);
        let mut open = |offset| {
            let record = window.record(offset).map_err(|damage| damage.to_string())?;
            let record = record.filter(|record| record.kind == RecordKind::Keyframe);
            keyframe::open(record.ok_or("there is no keyframe where the index has one")?.content)
        };
        let state = open(at.offset).and_then(|own| {
            keyframe::assemble(&own, |chunk| {
                let all = &self.index.keyframes;
                let after = all.partition_point(|keyframe| keyframe.chunks.0 <= chunk);
                // Keyframes without new chunks share their first number with the one behind.
                let found = all[..after].iter().rev().find(|keyframe| keyframe.chunks.1 > 0);
                open(found.ok_or("it names a chunk that is not there")?.offset)
            })
        });
        state.map_err(|message| TraceError::Keyframe { frame: at.frame, message })
    }
}

/// Frames of a trace in order.
#[derive(Clone, Debug)]
pub struct Frames<'t> {
    trace: &'t Trace,
    window: Window,
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
            let record = self.window.record(self.offset)?.ok_or(Damage {
                offset: self.offset,
                kind: None,
                message: "frames are missing".into(),
                torn: true,
            })?;
            match record.kind {
                RecordKind::Keyframe => self.offset = record.end,
                RecordKind::Frame => {
                    let block = begins_block(self.next, self.trace.header.first_frame);
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
