//! `cartwheel replay`.

use std::path::Path;

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
    if traces::is_crowd(&trace) {
        return replay_crowd(args, &trace);
    }
    let found = traces::cartridge(path, &trace, args.cart.as_deref())?;
    if !args.anyway {
        traces::check_rules(path, &trace, &found)?;
    }
    if !found.recorded {
        let hash = hex(&found.program.content_hash()[..8]);
        let name = found.name();
        print::stderr(&format!(
            "note: {} is not the recorded cartridge; it has the hash {hash}...\n",
            name.display()
        ));
    }
    let (from, to) = range(args, &trace)?;
    let programs = [found.program.clone()];
    let mut machine = trace.machine(&programs).map_err(|e| traces::failure(path, e))?;
    if let Some(mismatch) = trace.seek(&mut machine, from).map_err(|e| traces::failure(path, e))? {
        return diverged(path, &trace, &found, &mismatch);
    }
    let name = found.name();
    let mut session = Session::new(&args.output, &name, &found.program, machine, to - from)?;
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

/// Replays a trace of several modules.
fn replay_crowd(args: &ReplayArgs, trace: &Trace) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    if args.cart.is_some() {
        return Err(Failure::file(path, "--cart is for traces of one module; this one has several"));
    }
    let programs = traces::all_cartridges(path, trace)?;
    if !args.anyway {
        let checked = trace.header().check_semantics(programs.iter().map(|program| program.cartridge()));
        checked.map_err(|e| Failure::file(path, format!("{e} (--anyway replays it all the same)")))?;
    }
    let (from, to) = range(args, trace)?;
    let mut machine = trace.machine(&programs).map_err(|e| traces::failure(path, e))?;
    let sought = trace.seek(&mut machine, from).map_err(|e| traces::failure(path, e))?;
    let members = machine.modules().map(|id| Member { id, name: format!("module-{}", id.0) }).collect();
    let mut crowd = Crowd::new(&args.output, machine, members, to - from)?;
    let mut tape = TraceTape::new(path, trace, from);
    tape.mismatch = sought;
    let (stop, seconds) = match tape.mismatch {
        None => crowd.timed(&mut tape)?,
        Some(_) => (Stop::Diverged, 0.0),
    };
    crowd.finish(&args.output)?;
    crowd.report(&args.output, stop, seconds)?;
    let Some(mismatch) = tape.mismatch else { return Ok(Exit::Fine) };
    let parts = mismatch.components.unwrap_or_default();
    let parts: Vec<String> = parts
        .iter()
        .map(|(module, name)| match module {
            Some(module) => format!("{name} of module {module}"),
            None => name.clone(),
        })
        .collect();
    let (recorded, found) = mismatch.roots;
    print::stderr(&format!(
        "frame {}: recorded state {recorded:032x}, found {found:032x}; differs: {}\n",
        mismatch.frame,
        if parts.is_empty() { "not known".to_owned() } else { parts.join(", ") }
    ));
    Ok(Exit::Diverged)
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
