//! `cartwheel replay`.

use std::path::Path;

use cartwheel_runtime::Machine;
use cartwheel_runtime::trace::{Mismatch, Trace};

use crate::cli::ReplayArgs;
use crate::crowd::Crowd;
use crate::failure::{Exit, Failure};
use crate::machine_file::Member;
use crate::session::{Said, Session};
use crate::summary::Stop;
use crate::tape::TraceTape;
use crate::traces::{self, Found, hex};
use crate::{divergence, print};

/// Replays a trace.
pub fn run(args: &ReplayArgs) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    let trace = traces::open(path)?;
    let found = traces::cartridges(path, &trace, &args.cart)?;
    if !args.anyway {
        traces::check_rules(path, &trace, &found)?;
    }
    for (name, hash) in found.others(&trace) {
        let hash = hex(&hash[..8]);
        print::stderr(&format!("note: {name} is not the recorded cartridge; it has the hash {hash}...\n"));
    }
    let (from, to) = range(args, &trace)?;
    let mut machine = trace.machine(&found.programs).map_err(|e| traces::failure(path, e))?;
    if let Some(mismatch) = trace.seek(&mut machine, from).map_err(|e| traces::failure(path, e))? {
        return diverged(path, &trace, &found, &mismatch);
    }
    if traces::is_crowd(&trace) {
        return replay_crowd(args, &trace, &found, machine, to - from);
    }
    let name = found.name();
    let mut session = Session::new(&args.output, &name, found.first(path)?, machine, to - from)?;
    let mut tape = TraceTape::new(path, &trace, from);
    let (stop, seconds) = session.timed(&mut tape)?;
    session.outputs.finish(&session.machine, cartwheel_runtime::ModuleId(0), args.output.scale)?;
    session.report(&args.output, &name, stop, seconds, Said { replayed: true, ..Said::default() })?;
    match (stop, tape.mismatch) {
        (Stop::Diverged, Some(mismatch)) => diverged(path, &trace, &found, &mismatch),
        // How the guest ended is part of what was replayed.
        _ => Ok(Exit::Fine),
    }
}

/// Replays a trace of several modules with a machine that stands before the first frame.
fn replay_crowd(
    args: &ReplayArgs,
    trace: &Trace,
    found: &Found,
    machine: Machine,
    frames: u64,
) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    let members = machine.modules().map(|id| Member { id, name: format!("module-{}", id.0) }).collect();
    let mut tape = TraceTape::new(path, trace, machine.frame());
    let mut crowd = Crowd::new(&args.output, machine, members, frames)?;
    let (stop, seconds) = crowd.timed(&mut tape)?;
    crowd.finish(&args.output)?;
    crowd.report(&args.output, stop, seconds)?;
    match tape.mismatch {
        None => Ok(Exit::Fine),
        Some(mismatch) => diverged(path, trace, found, &mismatch),
    }
}

fn range(args: &ReplayArgs, trace: &Trace) -> Result<(u64, u64), Failure> {
    let (first, end) = (trace.header().first_frame, trace.next_frame());
    let (from, to) = (args.from.unwrap_or(first), args.to.unwrap_or(end));
    if first <= from && from <= to && to <= end {
        return Ok((from, to));
    }
    let message = format!("frames {from} to {to} are not all there: it has those from {first} to {end}");
    Err(Failure::file(&args.trace, message))
}

fn diverged(path: &Path, trace: &Trace, found: &Found, mismatch: &Mismatch) -> Result<Exit, Failure> {
    print::stderr(&divergence::report(path, trace, found, mismatch)?);
    Ok(Exit::Diverged)
}
