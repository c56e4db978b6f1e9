//! Where a profile comes from: a run that is made for it, or a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cartwheel_runtime::profile::{Profile, Profiler};
use cartwheel_runtime::{Inputs, Machine, ModuleId};
use clap::Args;

use crate::audit_log::AuditLog;
use crate::crowd::{Crowd, Trapped};
use crate::failure::{Exit, Failure};
use crate::picture::write_png;
use crate::setup::{MachineArgs, read_inputs};
use crate::summary::Stop;
use crate::tape::{Made, Tape, TraceTape};
use crate::{files, traces};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;
/// Most pictures that are kept of a run; of a longer one every second, third, ... frame has one.
const MAX_PICTURES: u64 = 600;

/// What is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RunOptions {
    /// Frames to run [default: the length of the inputs, or else 600]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub frames: Option<u64>,
    /// Inputs in text form, a line per frame
    #[arg(short, long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Measure the time of each frame too: such a profile is another one every time
    #[arg(long)]
    pub wall: bool,
    /// What is asked of the machine.
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// A profile with what is known of its run.
pub struct Taken {
    /// What people call it: a cartridge by its title, or the name of a file.
    pub name: String,
    /// The profile.
    pub profile: Profile,
    /// Modules that trapped, by number.
    pub traps: Vec<Trapped>,
    /// The number of the module that is meant, if one was named and is there.
    pub meant: Option<u32>,
    /// How the command ends.
    pub exit: Exit,
    /// Pictures of modules, where they were asked for: number of the module, frame, and PNG; by ascending frame, without those
    /// that changed nothing.
    pub pictures: Vec<(u32, u64, Vec<u8>)>,
}

/// What is wanted of a run besides its numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// A module, by number or name.
    pub module: Option<&'w str>,
    /// True if pictures are kept.
    pub pictures: bool,
}

/// Reads a profile, or makes one of a run or of a trace that is replayed.
pub fn open(
    path: &Path,
    more: &[PathBuf],
    options: &RunOptions,
    wanted: Wanted<'_>,
) -> Result<Taken, Failure> {
    match kind(path)? {
        Kind::Runnable => take(path, more, options, wanted),
        kind if !more.is_empty() => {
            let what = if kind == Kind::Trace { "a trace" } else { "a profile" };
            let message =
                format!("it is {what}, so nothing runs beside it: give it alone, or cartridges only");
            Err(Failure::file(path, message))
        }
        Kind::Trace => replay(path, &[], options, wanted),
        Kind::Profile => read(path, &files::read(path)?, options),
    }
}

/// What a profile can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that is run: whatever is neither of the others.
    Runnable,
    /// A trace.
    Trace,
    /// A profile that was written.
    Profile,
}

/// What a path leads to.
pub fn kind(path: &Path) -> Result<Kind, Failure> {
    if !path.is_file() {
        return Ok(Kind::Runnable);
    }
    if traces::is_trace(path)? {
        return Ok(Kind::Trace);
    }
    let bytes = files::read(path)?;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(if first == Some(&b'{') { Kind::Profile } else { Kind::Runnable })
}

fn read(path: &Path, bytes: &[u8], options: &RunOptions) -> Result<Taken, Failure> {
    if *options != RunOptions::default() {
        return Err(Failure::file(path, "it is a profile already: nothing is run that options could be for"));
    }
    let profile: Profile =
        serde_json::from_slice(bytes).map_err(|e| Failure::file(path, format!("not a profile: {e}")))?;
    profile.check().map_err(|e| Failure::file(path, e))?;
    let name = match &profile.modules[..] {
        [module] if !module.name.is_empty() => module.name.clone(),
        _ => path.display().to_string(),
    };
    Ok(Taken { name, profile, traps: Vec::new(), exit: Exit::Fine, meant: None, pictures: Vec::new() })
}

/// Runs a machine file, or cartridges, and profiles it.
pub fn take(
    path: &Path,
    more: &[PathBuf],
    options: &RunOptions,
    wanted: Wanted<'_>,
) -> Result<Taken, Failure> {
    let inputs = options.input.as_deref().map(read_inputs).transpose()?;
    let ready = options.machine.ready(path, more, None)?;
    ready.check_feed(path)?;
    wanted.module.map_or(Ok(()), |name| ready.crowd.check_name(&ready.machine, name))?;
    let frames = options.frames.or(inputs.as_ref().map(Inputs::len)).unwrap_or(DEFAULT_FRAMES);
    let (machine, crowd, mut tape) = ready.tape(&options.machine, inputs.unwrap_or_default());
    tape.audit.as_mut().map_or(Ok(()), AuditLog::create)?;
    let mut run = Run { machine, crowd, frames, wall: options.wall, wanted };
    let taken = run.profile(path, &mut tape);
    // However the run ended: what was stored and audited is written.
    drop(run.machine.stop_observing());
    let closed = tape.finish();
    let taken = taken?;
    closed.map(|()| taken)
}

/// Replays a trace, with other cartridges if some are given, and profiles it.
pub fn replay(
    path: &Path,
    cartridges: &[PathBuf],
    options: &RunOptions,
    wanted: Wanted<'_>,
) -> Result<Taken, Failure> {
    if options.input.is_some() || options.machine != MachineArgs::default() {
        return Err(Failure::file(path, "inputs, seed, cycles and everything else are those of the trace"));
    }
    let trace = traces::open(path)?;
    let found = traces::cartridges(path, &trace, cartridges)?;
    traces::check_rules(path, &trace, &found)?;
    let machine = trace.machine(&found.programs).map_err(|e| traces::failure(path, e))?;
    let first = trace.header().first_frame;
    let recorded = trace.next_frame() - first;
    let frames = options.frames.map_or(recorded, |frames| frames.min(recorded));
    let name = found.name();
    let crowd = traces::crowd(&trace, &name, &machine, traces::members(&found, &machine), None)?;
    wanted.module.map_or(Ok(()), |name| crowd.check_name(&machine, name))?;
    let place = if crowd.is_alone() { &name } else { path };
    let mut tape = ReplayTape { path, tape: TraceTape::new(path, &trace, first), recorded: found.recorded };
    Run { machine, crowd, frames, wall: options.wall, wanted }.profile(place, &mut tape)
}

/// A trace that is replayed by the recorded cartridges, or by others, which come to other states.
struct ReplayTape<'t> {
    path: &'t Path,
    tape: TraceTape<'t>,
    recorded: bool,
}

impl Tape for ReplayTape<'_> {
    fn step(&mut self, machine: &mut Machine) -> Result<Made, Failure> {
        self.tape.step(machine)
    }

    fn made(
        &mut self,
        machine: &mut Machine,
        made: &Made,
        stop: Option<Stop>,
    ) -> Result<Option<Stop>, Failure> {
        if !self.recorded {
            // The host recovers whom it recovered then.
            return Ok(stop.filter(|stop| *stop != Stop::Quarantined));
        }
        self.tape.made(machine, made, stop)?;
        match &self.tape.mismatch {
            Some(mismatch) => Err(Failure {
                message: format!(
                    "{}: its frames are not what running them comes to, from frame {} on; `cartwheel replay` says more",
                    self.path.display(),
                    mismatch.frame
                ),
                exit: Exit::Diverged,
            }),
            None => Ok(None),
        }
    }
}

/// A run that is profiled.
struct Run<'w> {
    machine: Machine,
    crowd: Crowd,
    frames: u64,
    /// True if the time of each frame is measured.
    wall: bool,
    wanted: Wanted<'w>,
}

impl Run<'_> {
    /// Makes the frames. `place` is what people call what runs.
    fn profile(&mut self, place: &Path, tape: &mut impl Tape) -> Result<Taken, Failure> {
        let Run { machine, crowd, frames, wall, wanted } = self;
        let mut profiler = Profiler::attach(machine);
        let mut album = Album { every: frames.div_ceil(MAX_PICTURES).max(1), pictures: Vec::new() };
        let mut stop = Stop::Frames;
        for _ in 0..*frames {
            #[expect(clippy::disallowed_methods, reason = "asked for, and kept apart from everything else")]
            let started = wall.then(Instant::now);
            let mut made = tape.step(machine)?;
            let took = started.map(|started| started.elapsed());
            profiler.frame(machine, &made.report);
            if let Some(took) = took {
                profiler.wall_time(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            if wanted.pictures {
                album.add(made.report.frame, machine)?;
            }
            crowd.frame(machine, &mut made.report);
            if let Some(ended) = tape.made(machine, &made, crowd.over(machine))? {
                stop = ended;
                break;
            }
        }
        let mut profile = profiler.finish(machine);
        if !crowd.is_alone() {
            // A program that a module became later has its own name.
            let mut named = BTreeSet::new();
            for module in profile.modules.iter_mut().filter(|module| named.insert(module.module)) {
                module.name = crowd.name(ModuleId(module.module)).to_owned();
            }
        }
        let stop = crowd.over(machine).unwrap_or(stop);
        let name =
            if crowd.is_alone() { crowd.name(ModuleId(0)).to_owned() } else { place.display().to_string() };
        Ok(Taken {
            name,
            profile,
            traps: crowd.traps().collect(),
            meant: wanted.module.and_then(|name| crowd.id_of(name)).map(|id| id.0),
            exit: crowd.exit(stop),
            pictures: album.pictures,
        })
    }
}

/// Pictures of a run.
struct Album {
    every: u64,
    pictures: Vec<(u32, u64, Vec<u8>)>,
}

impl Album {
    fn add(&mut self, frame: u64, machine: &Machine) -> Result<(), Failure> {
        if !frame.is_multiple_of(self.every) {
            return Ok(());
        }
        for module in machine.modules() {
            let Some(surface) = machine.surface(module) else { continue };
            let mut png = Vec::new();
            write_png(&mut png, &surface, 1)
                .map_err(|e| Failure::new(format!("cannot make a picture: {e}")))?;
            let last = self.pictures.iter().rev().find(|(of, ..)| *of == module.0);
            if last.is_none_or(|(.., last)| *last != png) {
                self.pictures.push((module.0, frame, png));
            }
        }
        Ok(())
    }
}
