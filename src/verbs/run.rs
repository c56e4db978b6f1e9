//! `cartwheel run`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_bytecode::cartridge::{DataSymbol, EntryBody};
use cartwheel_runtime::{Config, Inputs, Machine, ModuleId, Program};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::RunArgs;
use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::picture::write_png;
use crate::realtime::Realtime;
use crate::reel::Reel;
use crate::summary::{Stop, Summary, Tally, grouped};
use crate::{print, project, wasm4, watch};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs a cartridge.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    if let Some(path) = &args.wav {
        return Err(Failure::file(path, "cannot write it: cartridges have no sound in this build"));
    }
    let mut loaded = project::load_declaring(&args.cartridge, args.declare.as_deref())?;
    if let Some(font) = &args.wasm4_font {
        wasm4::bring_font(&mut loaded.cart, font)?;
    }
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
    let config = Config { seed: args.seed.unwrap_or(0), cycles_per_frame: args.cycles, ..Config::default() };
    let mut machine = Machine::new(config);
    let module = machine.load(program.clone()).map_err(|e| Failure::file(&path, e))?;
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
    }
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let mut session = Session {
        frames: args.frames.or(left).unwrap_or(DEFAULT_FRAMES),
        inputs: inputs.unwrap_or_default(),
        outputs: Outputs::create(args, &machine, module)?,
        watched: args.watch.iter().map(|name| watch::find(&program, name)).collect::<Result<_, _>>()?,
        watch_to_stderr: args.json,
        machine,
        module,
        tally: Tally::default(),
        realtime: Realtime::default(),
        progress: if args.quiet { ProgressBar::hidden() } else { progress_bar() },
    };
    #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
    let started = Instant::now();
    let stop = session.run()?;
    let seconds = started.elapsed().as_secs_f64();
    session.progress.finish_and_clear();
    session.outputs.finish(&session.machine, module, args.scale)?;
    report(args, &session, &program, stop, seconds)?;
    Ok(stop.exit())
}

fn read_inputs(path: &std::path::Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}

/// A run under way.
struct Session<'a> {
    machine: Machine,
    module: ModuleId,
    inputs: Inputs,
    frames: u64,
    outputs: Outputs,
    watched: Vec<&'a DataSymbol>,
    watch_to_stderr: bool,
    tally: Tally,
    realtime: Realtime,
    progress: ProgressBar,
}

impl Session<'_> {
    fn run(&mut self) -> Result<Stop, Failure> {
        self.progress.set_length(self.frames);
        for _ in 0..self.frames {
            let number = self.machine.frame();
            let input = self.inputs.frame(number);
            let mut report = self.realtime.time(|| self.machine.step(&input))?;
            let stop = self.tally.add(number, report.modules.remove(self.module.0 as usize));
            self.outputs.frame(number, &self.machine, self.module)?;
            self.watch(number)?;
            self.progress.inc(1);
            if let Some(stop) = stop {
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
}

/// Shown on a terminal only.
fn progress_bar() -> ProgressBar {
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

fn report(
    args: &RunArgs,
    session: &Session<'_>,
    program: &Arc<Program>,
    stop: Stop,
    seconds: f64,
) -> Result<(), Failure> {
    let trap = session.machine.trap(session.module);
    let title = &program.cartridge().manifest.title;
    let name = args.cartridge.display().to_string();
    let summary = Summary {
        title: if title.is_empty() { &name } else { title },
        tally: &session.tally,
        stop,
        state_hash: session.machine.hash()?.to_string(),
        budget: session.machine.cycles_per_frame(session.module),
        trap: trap.as_ref(),
        seconds,
        realtime: args.realtime_check.then_some(&session.realtime),
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

/// The files that a run writes.
struct Outputs {
    png: Option<Output>,
    gif: Option<Output>,
    apng: Option<Output>,
    hashes: Option<Output>,
    state: Option<Output>,
    memory: Option<Output>,
    reel: Option<Reel>,
}

impl Outputs {
    fn create(args: &RunArgs, machine: &Machine, module: ModuleId) -> Result<Outputs, Failure> {
        let create = |path: &Option<std::path::PathBuf>| path.as_deref().map(Output::create).transpose();
        let moving = args.gif.is_some() || args.apng.is_some();
        let mut reel = None;
        if moving || args.png.is_some() {
            let surface = machine.surface(module).ok_or_else(|| {
                Failure::file(
                    &args.cartridge,
                    "it has no picture to write: it declares no `.video WIDTH, HEIGHT`",
                )
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
    fn finish(&mut self, machine: &Machine, module: ModuleId, scale: u16) -> Result<(), Failure> {
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
