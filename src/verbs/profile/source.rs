//! Where a profile comes from: a run that is made for it, or a file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use cartwheel_bytecode::cartridge::EntryBody;
use cartwheel_runtime::profile::{Profile, Profiler};
use cartwheel_runtime::{Config, FrameReport, Inputs, Machine, ModuleId, SliceEnd, Status};
use clap::Args;

use crate::failure::{Exit, Failure};
use crate::picture::write_png;
use crate::tape::{Tape, TraceTape};
use crate::verbs::run::read_inputs;
use crate::{files, project, traces};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;
/// Most pictures that are kept of a run; of a longer one every second, third, ... frame has one.
const MAX_PICTURES: u64 = 600;

/// What is run.
#[derive(Clone, Debug, Default, Args)]
pub struct RunOptions {
    /// Frames to run [default: the length of the inputs, or else 600]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub frames: Option<u64>,
    /// Inputs in text form, a line per frame
    #[arg(short, long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Seed of the random generator
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Cycles per frame instead of those that the cartridge asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cycles: Option<u64>,
    /// Measure the time of each frame too: such a profile is another one every time
    #[arg(long)]
    pub wall: bool,
}

/// A profile with what is known of its run.
pub struct Taken {
    /// Title of the cartridge, or the name of the file.
    pub name: String,
    /// The profile.
    pub profile: Profile,
    /// How the cartridge trapped, if it did.
    pub trap: Option<String>,
    /// How the command ends.
    pub exit: Exit,
    /// Frames with their pictures as PNG, where they were asked for; ascending, without those that changed nothing.
    pub pictures: Vec<(u64, Vec<u8>)>,
}

/// Reads a profile, or makes one of a run or of a trace that is replayed.
pub fn open(path: &Path, options: &RunOptions, pictures: bool) -> Result<Taken, Failure> {
    if path.is_file() {
        if traces::is_trace(path)? {
            return replay(path, None, options, pictures);
        }
        let bytes = files::read(path)?;
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            return read(path, &bytes);
        }
    }
    take(path, options, pictures)
}

fn read(path: &Path, bytes: &[u8]) -> Result<Taken, Failure> {
    let profile: Profile =
        serde_json::from_slice(bytes).map_err(|e| Failure::file(path, format!("not a profile: {e}")))?;
    profile.check().map_err(|e| Failure::file(path, e))?;
    let title = profile.modules.first().map_or("", |module| module.name.as_str());
    let name = if title.is_empty() { path.display().to_string() } else { title.to_owned() };
    Ok(Taken { name, profile, trap: None, exit: Exit::Fine, pictures: Vec::new() })
}

/// Runs a cartridge and profiles it.
pub fn take(path: &Path, options: &RunOptions, pictures: bool) -> Result<Taken, Failure> {
    let loaded = project::load(path)?;
    let file = loaded.path.clone();
    let program = loaded.verify()?;
    let entry = &program.cartridge().manifest.entry;
    if entry.starts.is_empty() && entry.body == EntryBody::Library {
        return Err(Failure::file(
            &file,
            "there is nothing to run: it is a library, without `main` or `update`",
        ));
    }
    let inputs = options.input.as_deref().map(read_inputs).transpose()?;
    let config = Config { seed: options.seed, cycles_per_frame: options.cycles, ..Config::default() };
    let mut machine = Machine::new(config);
    machine.load(program.clone()).map_err(|e| Failure::file(&file, e))?;
    let frames = options.frames.or(inputs.as_ref().map(Inputs::len)).unwrap_or(DEFAULT_FRAMES);
    let inputs = inputs.unwrap_or_default();
    let step = |machine: &mut Machine| Ok(machine.step(&inputs.frame(machine.frame()))?);
    Run { machine, frames, wall: options.wall, pictures }.profile(path, step)
}

/// Replays a trace, with another cartridge if one is given, and profiles it.
pub fn replay(
    path: &Path,
    cartridge: Option<&Path>,
    options: &RunOptions,
    pictures: bool,
) -> Result<Taken, Failure> {
    let said = [options.input.is_some(), options.seed != 0, options.cycles.is_some()];
    if said.contains(&true) {
        return Err(Failure::file(path, "inputs, seed and cycles are those of the trace"));
    }
    let trace = traces::open(path)?;
    let given: Vec<PathBuf> = cartridge.map(Path::to_owned).into_iter().collect();
    let found = traces::cartridges(path, &trace, &given)?;
    traces::check_rules(path, &trace, &found)?;
    let machine = trace.machine(&found.programs).map_err(|e| traces::failure(path, e))?;
    let first = trace.header().first_frame;
    let recorded = trace.next_frame() - first;
    let frames = options.frames.map_or(recorded, |frames| frames.min(recorded));
    let mut tape = TraceTape::new(path, &trace, first);
    let step = |machine: &mut Machine| {
        let made = tape.step(machine)?;
        let stop = tape.made(machine, &made, None)?;
        match &tape.mismatch {
            // Another cartridge comes to other states; the recorded one must not.
            Some(mismatch) if stop.is_some() && found.recorded => Err(Failure {
                message: format!(
                    "{}: its frames are not what running them comes to, from frame {} on; `cartwheel replay` says more",
                    path.display(),
                    mismatch.frame
                ),
                exit: Exit::Diverged,
            }),
            _ => Ok(made.report),
        }
    };
    Run { machine, frames, wall: options.wall, pictures }.profile(&found.name(), step)
}

/// A run that is profiled.
struct Run {
    machine: Machine,
    frames: u64,
    /// True if the time of each frame is measured.
    wall: bool,
    /// True if pictures are kept.
    pictures: bool,
}

impl Run {
    /// Makes the frames by `step`. A cartridge without a title has that of `path`.
    fn profile(
        self,
        path: &Path,
        mut step: impl FnMut(&mut Machine) -> Result<FrameReport, Failure>,
    ) -> Result<Taken, Failure> {
        let Run { mut machine, frames, wall, pictures } = self;
        let module = ModuleId(0);
        let mut profiler = Profiler::attach(&mut machine);
        let mut album = Album { every: frames.div_ceil(MAX_PICTURES).max(1), pictures: Vec::new() };
        let mut exit = Exit::Fine;
        for _ in 0..frames {
            #[expect(clippy::disallowed_methods, reason = "asked for, and kept apart from everything else")]
            let started = wall.then(Instant::now);
            let report = step(&mut machine)?;
            let took = started.map(|started| started.elapsed());
            profiler.frame(&mut machine, &report);
            if let Some(took) = took {
                profiler.wall_time(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            if pictures {
                album.add(report.frame, &machine, module)?;
            }
            match report.modules[module.0 as usize].end {
                SliceEnd::Halted(code) => {
                    exit = Exit::Halted(code);
                    break;
                }
                SliceEnd::Trapped => {
                    exit = Exit::Trapped;
                    break;
                }
                SliceEnd::Idle => break,
                _ => {}
            }
        }
        if machine.status(module) == Status::Quarantined {
            exit = Exit::Quarantined;
        }
        let profile = profiler.finish(&mut machine);
        let title = profile.modules.first().map_or("", |module| module.name.as_str());
        Ok(Taken {
            name: if title.is_empty() { path.display().to_string() } else { title.to_owned() },
            trap: machine.trap(module).map(|trap| trap.to_string()),
            profile,
            exit,
            pictures: album.pictures,
        })
    }
}

/// Pictures of a run.
struct Album {
    every: u64,
    pictures: Vec<(u64, Vec<u8>)>,
}

impl Album {
    fn add(&mut self, frame: u64, machine: &Machine, module: ModuleId) -> Result<(), Failure> {
        let Some(surface) = machine.surface(module).filter(|_| frame.is_multiple_of(self.every)) else {
            return Ok(());
        };
        let mut png = Vec::new();
        write_png(&mut png, &surface, 1).map_err(|e| Failure::new(format!("cannot make a picture: {e}")))?;
        if self.pictures.last().is_none_or(|(_, last)| *last != png) {
            self.pictures.push((frame, png));
        }
        Ok(())
    }
}
