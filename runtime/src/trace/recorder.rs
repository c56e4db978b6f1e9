//! Writing a trace while a machine runs. Every frame is handed on at once: whoever is killed loses at most what was not
//! written yet.

use std::io::{self, Write};

use super::file::{KeyframeAt, MAGIC, START, TRACE_VERSION, Trace};
use super::frame::{Event, TracedFrame, begins_block, components};
use super::header::Header;
use super::index::{Index, trailer};
use super::keyframe::{Chunks, MAX_KEYFRAME_BYTES};
use super::record::{self, RecordKind};
use crate::input::InputFrame;
use crate::machine::Machine;

/// What is recorded besides inputs and roots of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// Frames between keyframes; 0 for none but the one that a run needs that does not begin with frame 0.
    pub keyframes: u64,
    /// Frames between hashes of the components; 0 for none.
    pub components: u64,
    /// True if the cartridges become part of the trace.
    pub embed: bool,
}

impl Default for RecordOptions {
    fn default() -> Self {
        RecordOptions { keyframes: 600, components: 60, embed: false }
    }
}

/// A trace that is being written.
pub struct Recorder<W: Write> {
    out: W,
    options: RecordOptions,
    header: Header,
    index: Index,
    before: InputFrame,
    chunks: Chunks,
    pending: Vec<u8>,
    failed: bool,
    /// Clients that the machine had given out before; `None` before the first frame.
    clients: Option<u64>,
}

impl<W: Write> Recorder<W> {
    /// Begins a trace with the next frame of a machine.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or the machine has panicked.
    pub fn new(out: W, machine: &Machine, options: RecordOptions) -> io::Result<Recorder<W>> {
        let header = Header::of(machine, options.embed);
        let mut recorder = Recorder::with_header(out, header, options);
        recorder.clients = Some(machine.clients);
        if options.keyframes > 0 || recorder.header.first_frame > 0 || !recorder.header.digests.is_empty() {
            recorder.keyframe(machine)?;
            let needed = recorder.header.first_frame > 0 || !recorder.header.digests.is_empty();
            if needed && recorder.index.keyframes.is_empty() {
                return Err(io::Error::other("the state that it would begin with is too large for a trace"));
            }
        }
        recorder.flush()?;
        Ok(recorder)
    }

    pub(super) fn with_header(out: W, header: Header, options: RecordOptions) -> Recorder<W> {
        let mut pending = MAGIC.to_vec();
        pending.extend(TRACE_VERSION.to_le_bytes());
        pending.extend([0, 0]);
        record::put(&mut pending, START, RecordKind::Header, &header.encode());
        let index = Index { end: pending.len() as u64, ..Index::default() };
        Recorder {
            out,
            options,
            header,
            index,
            before: InputFrame::default(),
            chunks: Chunks::default(),
            pending,
            failed: false,
            clients: None,
        }
    }

    /// Goes on with a trace. `out` continues behind its [`Trace::completed_bytes`]; what stood there is gone.
    ///
    /// # Errors
    ///
    /// If its last frame is damaged.
    pub fn resume(out: W, trace: &Trace, options: RecordOptions) -> Result<Recorder<W>, record::Damage> {
        let last = trace.next_frame().saturating_sub(1);
        let before =
            trace.frames(last).next().transpose()?.map_or(InputFrame::default(), |frame| frame.input);
        let chunks = trace.keyframes().last().map_or(0, |last| last.chunks.0 + last.chunks.1);
        Ok(Recorder {
            out,
            options,
            header: trace.header().clone(),
            index: trace.index().clone(),
            before,
            chunks: Chunks::starting_at(chunks),
            pending: Vec::new(),
            failed: false,
            clients: None,
        })
    }

    /// Adds the frame that a machine has just made.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or the host has made calls through [`Machine::client`] since the frame before, with which
    /// no replay could come out the same: then, and from then on. What was written before is a trace still.
    pub fn frame(&mut self, machine: &Machine, input: &InputFrame, events: Vec<Event>) -> io::Result<()> {
        if *self.clients.get_or_insert(machine.clients) != machine.clients {
            return Err(io::Error::other(
                "the host made calls through a client, which a trace does not have; queue them as actions",
            ));
        }
        let number = self.header.first_frame + self.index.frames;
        let hash = machine.hash().map_err(io::Error::other)?;
        let due = |interval: u64| interval > 0 && (number + 1).is_multiple_of(interval);
        let frame = TracedFrame {
            number,
            input: *input,
            events,
            root: hash.root,
            components: if due(self.options.components) { components(&hash) } else { Vec::new() },
        };
        self.put_frame(&frame);
        if due(self.options.keyframes) {
            self.keyframe(machine)?;
        }
        self.flush()
    }

    pub(super) fn put_frame(&mut self, frame: &TracedFrame) {
        let block = begins_block(frame.number, self.header.first_frame);
        if block {
            self.index.blocks.push(self.index.end);
        }
        let mut content = Vec::with_capacity(32);
        frame.encode(&self.before, block, &mut content);
        self.put(RecordKind::Frame, &content);
        self.before = frame.input;
        self.index.frames += 1;
    }

    fn keyframe(&mut self, machine: &Machine) -> io::Result<()> {
        let state = machine.save().map_err(io::Error::other)?;
        self.put_keyframe(machine.frame(), &state);
        Ok(())
    }

    pub(super) fn put_keyframe(&mut self, frame: u64, state: &[u8]) {
        // Larger ones could not be read again. Without them seeking takes longer, and nothing else.
        if state.len() > MAX_KEYFRAME_BYTES {
            return;
        }
        let before = self.index.keyframes.last().map_or(0, |last| last.chunks.0 + last.chunks.1);
        let (content, new_chunks) = self.chunks.encode(frame, state);
        let offset = self.index.end;
        self.index.keyframes.push(KeyframeAt { frame, offset, chunks: (before, new_chunks) });
        self.put(RecordKind::Keyframe, &content);
    }

    fn put(&mut self, kind: RecordKind, content: &[u8]) {
        let len = self.pending.len();
        record::put(&mut self.pending, self.index.end, kind, content);
        self.index.end += (self.pending.len() - len) as u64;
    }

    /// Hands on what is pending.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("recording has failed before"));
        }
        let written = self.out.write_all(&self.pending);
        self.failed = written.is_err();
        self.pending.clear();
        written
    }

    /// Number of frames recorded.
    pub fn frames(&self) -> u64 {
        self.index.frames
    }

    /// Length of the trace so far, in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.index.end
    }

    /// Ends the trace with its index.
    ///
    /// # Errors
    ///
    /// If it cannot be written; without its index it is a trace still.
    pub fn finish(mut self) -> io::Result<W> {
        let at = self.index.end;
        let content = self.index.encode();
        self.put(RecordKind::Index, &content);
        self.pending.extend(trailer(at));
        self.flush()?;
        self.out.flush()?;
        Ok(self.out)
    }
}
