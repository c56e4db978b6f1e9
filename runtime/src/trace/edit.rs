//! Parts of a trace as a trace.

use std::io::{self, Write};

use thiserror::Error;

use super::file::{Trace, TraceError};
use super::header::Header;
use super::record::Damage;
use super::recorder::{RecordOptions, Recorder};

/// Why a part of a trace could not be copied.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The trace is damaged.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The copy cannot be written.
    #[error("cannot write the copy: {0}")]
    Write(#[from] io::Error),
}

impl From<Damage> for CopyError {
    fn from(damage: Damage) -> CopyError {
        CopyError::Trace(damage.into())
    }
}

impl<W: Write> Recorder<W> {
    /// Begins a trace with the frames `from..to` of another and its keyframes before them; recording can go on behind them.
    ///
    /// `start` is the saved state before `from`; it is needed unless the trace has it, or `from` is the trace's own start.
    ///
    /// # Errors
    ///
    /// If the trace is damaged or the copy cannot be written.
    pub fn copy(
        out: W,
        trace: &Trace,
        (from, to): (u64, u64),
        start: Option<&[u8]>,
        options: RecordOptions,
    ) -> Result<Recorder<W>, CopyError> {
        let first = trace.header().first_frame;
        let from = from.max(first);
        let mut header = Header { first_frame: from, ..trace.header().clone() };
        // The frames that they were delivered in are not part of the copy.
        let before = if from > first { trace.delivered(from)? } else { Vec::new() };
        before.iter().for_each(|program| header.embed_later(program));
        let mut recorder = Recorder::with_header(out, header, options);
        let mut keyframes = trace.keyframes().iter().filter(|at| (from..=to).contains(&at.frame)).peekable();
        match (start, keyframes.peek()) {
            (Some(state), at) if from > first && at.is_none_or(|at| at.frame > from) => {
                recorder.put_keyframe(from, state);
            }
            (None, at) if from > first && at.is_none_or(|at| at.frame > from) => {
                let message = "the trace has none, and the state was not given".to_owned();
                return Err(TraceError::Keyframe { frame: from, message }.into());
            }
            _ => {}
        }
        for frame in trace.frames(from).take(to.saturating_sub(from) as usize) {
            let frame = frame?;
            while let Some(at) = keyframes.next_if(|at| at.frame <= frame.number) {
                recorder.put_keyframe(at.frame, &trace.state(at)?);
            }
            recorder.put_frame(&frame);
            recorder.flush()?;
        }
        for at in keyframes.filter(|at| at.frame <= to) {
            recorder.put_keyframe(at.frame, &trace.state(at)?);
        }
        recorder.flush()?;
        Ok(recorder)
    }
}
