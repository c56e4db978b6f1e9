//! `cartwheel replay`.

use std::path::Path;

use cartwheel_runtime::trace::{Mismatch, Trace};

use crate::cli::ReplayArgs;
use crate::failure::{Exit, Failure};
use crate::session::{Said, Session};
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
    let members = traces::members(&found, &machine);
    if let Some(mismatch) = trace.seek(&mut machine, from).map_err(|e| traces::failure(path, e))? {
        return diverged(path, &trace, &found, &mismatch);
    }
    let place = found.name();
    let crowd = traces::crowd(&trace, &place, &machine, members, args.output.module.as_deref())?;
    let mut session = Session::new(&args.output, &place, crowd, machine, to - from)?;
    let mut tape = TraceTape::new(path, &trace, from);
    tape.to = to;
    let (stop, seconds) = session.timed(&mut tape)?;
    session.finish()?;
    session.report(&args.output, stop, seconds, Said { replayed: true, ..Said::default() })?;
    // How the guests ended is part of what was replayed.
    tape.mismatch.map_or(Ok(Exit::Fine), |mismatch| diverged(path, &trace, &found, &mismatch))
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
