//! `cartwheel trace inputs`, `cut` and `splice`.

use std::path::{Path, PathBuf};

use cartwheel_runtime::trace::{self, CopyError, RecordOptions, Recorder, Trace, TracedFrame};
use cartwheel_runtime::{Inputs, Machine};

use crate::cli::{TraceCutArgs, TraceInputsArgs, TraceSpliceArgs};
use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::setup::read_inputs;
use crate::{print, traces};

/// Writes inputs as text.
pub fn inputs(args: &TraceInputsArgs) -> Result<Exit, Failure> {
    let trace = traces::open(&args.trace)?;
    let text = of_trace(&args.trace, &trace)?.to_string();
    match &args.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => print::stdout(&text)?,
    }
    Ok(Exit::Fine)
}

/// The inputs of a trace from frame 0 on.
pub fn of_trace(path: &Path, trace: &Trace) -> Result<Inputs, Failure> {
    trace.inputs().map_err(|e| Failure::file(path, format!("damaged trace: {e}")))
}

/// A machine that stands before a frame, after all frames before it were as recorded.
fn machine_at(path: &Path, trace: &Trace, carts: &[PathBuf], frame: u64) -> Result<Machine, Failure> {
    let found = traces::cartridges(path, trace, carts)?;
    if let Some((name, _)) = found.others(trace).first() {
        return Err(Failure::new(format!("{name}: it is not the recorded cartridge")));
    }
    traces::check_rules(path, trace, &found)?;
    let failed = |e| traces::failure(path, e);
    let mut machine = trace.machine(&found.programs).map_err(failed)?;
    match trace.seek(&mut machine, frame).map_err(failed)? {
        None => Ok(machine),
        Some(mismatch) => {
            let message = format!("frame {} is not what running it comes to", mismatch.frame);
            Err(Failure { exit: Exit::Diverged, ..Failure::file(path, message) })
        }
    }
}

fn copy_failed(trace: &Path, output: &Output, error: CopyError) -> Failure {
    match error {
        CopyError::Write(e) => output.failed(e),
        CopyError::Trace(e) => Failure::file(trace, e),
    }
}

/// Copies a part of a trace.
pub fn cut(args: &TraceCutArgs) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    // A damaged one as well: this is how its good part is saved.
    let trace = traces::read(path)?;
    let (first, end) = (trace.header().first_frame, trace.next_frame());
    let (from, to) = (args.from.unwrap_or(first), args.to.unwrap_or(end));
    if !(first <= from && from <= to && to <= end) {
        let message = format!("frames {from} to {to} are not all there: it has those from {first} to {end}");
        return Err(Failure::file(path, message));
    }
    let mut start = None;
    if from > first && trace.keyframe_before(from).is_none_or(|at| at.frame < from) {
        start = Some(machine_at(path, &trace, &args.cart, from)?.save()?);
    }
    let mut output = Output::create(&args.output)?;
    let copied = Recorder::copy(&mut output, &trace, (from, to), start.as_deref(), RecordOptions::default());
    let done = copied.and_then(|recorder| Ok(recorder.finish().map(|_| ())?));
    done.map_err(|e| copy_failed(path, &output, e))?;
    output.commit()?;
    Ok(Exit::Fine)
}

/// Changes inputs from a frame on.
pub fn splice(args: &TraceSpliceArgs) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    let trace = traces::open(path)?;
    let (first, end) = (trace.header().first_frame, trace.next_frame());
    if !(first..=end).contains(&args.from) {
        return Err(Failure::file(
            path,
            format!("frame {} is not there: it has those from {first} to {end}", args.from),
        ));
    }
    let inputs = read_inputs(&args.input)?;
    let mut machine = machine_at(path, &trace, &args.cart, args.from)?;
    let mut output = Output::create(&args.output)?;
    let range = (first, args.from);
    let recorded = Recorder::copy(&mut output, &trace, range, None, RecordOptions::default());
    let recorded = recorded.and_then(|mut recorder| {
        // What the host did stays as it was.
        let mut done = trace.frames(args.from);
        while machine.frame() < inputs.len() {
            let events = done.next().transpose()?.map_or(Vec::new(), |frame| frame.events);
            let number = machine.frame();
            let input = inputs.frame(number);
            let frame = TracedFrame { number, input, events, root: 0, components: Vec::new() };
            trace::step(&mut machine, &frame).map_err(std::io::Error::other)?;
            recorder.frame(&machine, &input, frame.events)?;
        }
        Ok(recorder.finish().map(|_| ())?)
    });
    recorded.map_err(|e| copy_failed(path, &output, e))?;
    output.commit()?;
    Ok(Exit::Fine)
}
