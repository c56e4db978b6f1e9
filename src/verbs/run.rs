//! `cartwheel run`.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_bytecode::cartridge::{DataSymbol, EntryBody};
use cartwheel_runtime::trace::RecordOptions;
use cartwheel_runtime::{Config, Inputs, Machine, ModuleId, Program, SyncTest};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::{OutputArgs, RunArgs};
use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::picture::write_png;
use crate::reel::Reel;
use crate::summary::{Stop, Summary, Tally, grouped};
use crate::tape::{InputTape, Made, Recording, Tape};
use crate::{print, project, traces, watch};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs a cartridge.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    if let Some(path) = &args.output.wav {
        return Err(Failure::file(path, "cannot write it: cartridges have no sound in this build"));
    }
    let loaded = project::load(&args.cartridge)?;
    let path = loaded.path.clone();
    let program = loaded.verify()?;
    let entry = &program.cartridge().manifest.entry;
    if entry.starts.is_empty() && entry.body == EntryBody::Library {
        return Err(Failure::file(
            &path,
            "there is nothing to run: it is a library, without `main` or `update`",
        ));
    }
    let inputs = args.input.as_deref().map(read_inputs).transpose()?;
    let options = RecordOptions { keyframes: args.keyframes, components: args.components, embed: args.embed };
    let config = Config { seed: args.seed.unwrap_or(0), cycles_per_frame: args.cycles, ..Config::default() };
    let mut machine = Machine::new(config);
    machine.load(program.clone()).map_err(|e| Failure::file(&path, e))?;
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
    }
    let mut resumed = None;
    if let (Some(path), true) = (&args.record, args.resume) {
        let trace = traces::open(path)?;
        machine = traces::machine_at_end(path, &trace, &program)?;
        resumed = Some(trace);
    }
    let module = ModuleId(0);
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    let mut session = Session::new(&args.output, &args.cartridge, &program, machine, frames)?;
    let recorder = match (&args.record, &resumed) {
        (Some(path), Some(trace)) => Some(Recording::resume(path, trace, options)?),
        (Some(path), None) => Some(Recording::create(path, &session.machine, options)?),
        (None, _) => None,
    };
    let mut tape = InputTape {
        inputs: inputs.unwrap_or_default(),
        recording: recorder,
        sync_test: args.sync_test.map(SyncTest::new),
    };
    let (stop, seconds) = session.timed(&mut tape)?;
    tape.finish()?;
    session.outputs.finish(&session.machine, module, args.output.scale)?;
    session.report(&args.output, &args.cartridge, stop, seconds, false)?;
    Ok(stop.exit())
}

pub fn read_inputs(path: &Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}

/// A run under way.
pub struct Session<'a> {
    pub machine: Machine,
    module: ModuleId,
    program: &'a Arc<Program>,
    frames: u64,
    pub outputs: Outputs,
    watched: Vec<&'a DataSymbol>,
    watch_to_stderr: bool,
    tally: Tally,
    progress: ProgressBar,
}

impl<'a> Session<'a> {
    /// A run of so many frames. `cartridge` is what people call it.
    pub fn new(
        args: &OutputArgs,
        cartridge: &Path,
        program: &'a Arc<Program>,
        machine: Machine,
        frames: u64,
    ) -> Result<Session<'a>, Failure> {
        let module = ModuleId(0);
        Ok(Session {
            module,
            program,
            frames,
            outputs: Outputs::create(args, cartridge, &machine, module)?,
            watched: args.watch.iter().map(|name| watch::find(program, name)).collect::<Result<_, _>>()?,
            watch_to_stderr: args.json,
            machine,
            tally: Tally::default(),
            progress: if args.quiet { ProgressBar::hidden() } else { progress_bar() },
        })
    }

    /// Runs. Why it ended, and the wall time in seconds.
    pub fn timed(&mut self, tape: &mut impl Tape) -> Result<(Stop, f64), Failure> {
        #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
        let started = Instant::now();
        let stop = self.run(tape)?;
        let seconds = started.elapsed().as_secs_f64();
        self.progress.finish_and_clear();
        Ok((stop, seconds))
    }

    fn run(&mut self, tape: &mut impl Tape) -> Result<Stop, Failure> {
        self.progress.set_length(self.frames);
        for _ in 0..self.frames {
            let number = self.machine.frame();
            let Made { input, mut report } = tape.step(&mut self.machine)?;
            let stop = self.tally.add(number, report.modules.remove(self.module.0 as usize));
            self.outputs.frame(number, &self.machine, self.module)?;
            self.watch(number)?;
            self.progress.inc(1);
            if let Some(stop) = tape.made(&self.machine, &input, stop)? {
                return Ok(stop);
            }
        }
        Ok(Stop::Frames)
    }

    fn watch(&self, frame: u64) -> Result<(), Failure> {
        if self.watched.is_empty() {
            return Ok(());
        }
        let memory = self.machine.instance(self.module).memory();
        let lines = self
            .watched
            .iter()
            .map(|symbol| format!("frame {frame:<6} {} = {}\n", symbol.name, watch::value(symbol, memory)));
        let text: String = lines.collect();
        self.progress.suspend(|| {
            if self.watch_to_stderr {
                print::stderr(&text);
                return Ok(());
            }
            print::stdout(&text)
        })
    }

    /// Prints what the run came to.
    pub fn report(
        &self,
        args: &OutputArgs,
        cartridge: &Path,
        stop: Stop,
        seconds: f64,
        replayed: bool,
    ) -> Result<(), Failure> {
        let trap = self.machine.trap(self.module);
        let title = &self.program.cartridge().manifest.title;
        let name = cartridge.display().to_string();
        let summary = Summary {
            title: if title.is_empty() { &name } else { title },
            tally: &self.tally,
            stop,
            state_hash: self.machine.hash()?.to_string(),
            budget: self.machine.cycles_per_frame(self.module),
            trap: trap.as_ref(),
            seconds,
            replayed,
        };
        if args.json {
            print::stdout(&summary.json())?;
        } else if !args.quiet {
            print::stdout(&summary.text())?;
        }
        if let Some(trap) = &trap {
            print::stderr(&format!("{trap}\n"));
        }
        Ok(())
    }
}

/// Shown on a terminal only.
pub fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} frames, {rate} per second")
        .expect("the template is good")
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A bar that cannot be drawn is no reason to stop.
            let _ = out.write_str(&grouped(state.per_sec() as u64));
        });
    ProgressBar::no_length().with_style(style).with_elapsed(Duration::ZERO)
}

/// The files that a run writes.
pub struct Outputs {
    png: Option<Output>,
    gif: Option<Output>,
    apng: Option<Output>,
    hashes: Option<Output>,
    state: Option<Output>,
    memory: Option<Output>,
    reel: Option<Reel>,
}

impl Outputs {
    fn create(
        args: &OutputArgs,
        cartridge: &Path,
        machine: &Machine,
        module: ModuleId,
    ) -> Result<Outputs, Failure> {
        let create = |path: &Option<std::path::PathBuf>| path.as_deref().map(Output::create).transpose();
        let moving = args.gif.is_some() || args.apng.is_some();
        let mut reel = None;
        if moving || args.png.is_some() {
            let surface = machine.surface(module).ok_or_else(|| {
                Failure::file(cartridge, "it has no picture to write: it declares no `.video WIDTH, HEIGHT`")
            })?;
            if moving {
                reel = Some(Reel::new(&surface, args.scale).map_err(no_spool)?);
            }
        }
        Ok(Outputs {
            png: create(&args.png)?,
            gif: create(&args.gif)?,
            apng: create(&args.apng)?,
            hashes: create(&args.hashes)?,
            state: create(&args.save_state)?,
            memory: create(&args.dump_memory)?,
            reel,
        })
    }

    /// Takes what a frame adds.
    fn frame(&mut self, number: u64, machine: &Machine, module: ModuleId) -> Result<(), Failure> {
        if let Some(out) = &mut self.hashes {
            let hash = machine.hash()?;
            writeln!(out, "{number} {hash}").map_err(|e| out.failed(e))?;
        }
        if let (Some(reel), Some(surface)) = (&mut self.reel, machine.surface(module)) {
            reel.push(&surface).map_err(no_spool)?;
        }
        Ok(())
    }

    /// Writes everything; files take their names when all of them are complete.
    pub fn finish(&mut self, machine: &Machine, module: ModuleId, scale: u16) -> Result<(), Failure> {
        let surface = machine.surface(module);
        if let (Some(out), Some(surface)) = (&mut self.png, &surface) {
            write_png(&mut *out, surface, scale).map_err(|e| out.failed(e))?;
        }
        if let (Some(reel), Some(surface)) = (&mut self.reel, &surface) {
            if reel.is_empty() {
                reel.push(surface).map_err(no_spool)?;
            }
            if let Some(out) = &mut self.gif {
                reel.write_gif(&mut *out).map_err(|e| out.failed(e))?;
            }
            if let Some(out) = &mut self.apng {
                reel.write_apng(&mut *out).map_err(|e| out.failed(e))?;
            }
        }
        if let Some(out) = &mut self.state {
            out.put(&machine.save()?)?;
        }
        if let Some(out) = &mut self.memory {
            out.put(machine.instance(module).memory())?;
        }
        let Outputs { png, gif, apng, hashes, state, memory, reel: _ } = self;
        for out in [png, gif, apng, hashes, state, memory] {
            out.take().map_or(Ok(()), Output::commit)?;
        }
        Ok(())
    }
}

fn no_spool(e: std::io::Error) -> Failure {
    Failure::new(format!("cannot keep the pictures of the run in a temporary file: {e}"))
}
