//! A run under way: frames from a tape, outputs, and what is said at the end.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_bytecode::cartridge::DataSymbol;
use cartwheel_runtime::{Action, FrameReport, IngestReport, Machine, ModuleId, Program};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::audit_log::AuditLog;
use crate::cli::OutputArgs;
use crate::failure::Failure;
use crate::files::Output;
use crate::picture::write_png;
use crate::print::clean;
use crate::realtime::Realtime;
use crate::reel::Reel;
use crate::sound::{self, Recorder};
use crate::summary::{Stop, Summary, Tally, grouped};
use crate::tape::{Made, Tape};
use crate::{messages, print, watch};

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
    /// What the host did: frame and action.
    actions: Vec<(u64, String)>,
    progress: ProgressBar,
}

/// What a summary says besides what the session knows.
#[derive(Default)]
pub struct Said<'s> {
    /// What frames took.
    pub realtime: Option<&'s Realtime>,
    /// The log that was kept.
    pub audit: Option<&'s AuditLog>,
    /// True if a trace was replayed.
    pub replayed: bool,
}

impl<'a> Session<'a> {
    /// A run of so many frames. `cartridge` is what people call it.
    pub fn new(
        args: &OutputArgs,
        cartridge: &Path,
        program: &'a Arc<Program>,
        mut machine: Machine,
        frames: u64,
    ) -> Result<Session<'a>, Failure> {
        machine.watch_ports(args.watch_ports);
        let module = ModuleId(0);
        if let Some(wav) = args.wav.as_deref().filter(|_| frames > sound::MAX_FRAMES) {
            let most = grouped(sound::MAX_FRAMES);
            return Err(Failure::file(wav, format!("a WAV file holds at most {most} frames; ask for fewer")));
        }
        Ok(Session {
            module,
            program,
            frames,
            outputs: Outputs::create(args, cartridge, &machine, module)?,
            watched: args.watch.iter().map(|name| watch::find(program, name)).collect::<Result<_, _>>()?,
            watch_to_stderr: args.json,
            machine,
            tally: Tally::default(),
            actions: Vec::new(),
            progress: if args.quiet { ProgressBar::hidden() } else { progress_bar() },
        })
    }

    /// Runs. Why it ended, and the wall time in seconds.
    pub fn timed(&mut self, tape: &mut impl Tape) -> Result<(Stop, f64), Failure> {
        self.time(|session| session.run(tape))
    }

    /// Makes frames in some other way. Why it ended, and the wall time in seconds.
    pub fn time(
        &mut self,
        run: impl FnOnce(&mut Session<'a>) -> Result<Stop, Failure>,
    ) -> Result<(Stop, f64), Failure> {
        #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
        let started = Instant::now();
        let stop = run(self)?;
        let seconds = started.elapsed().as_secs_f64();
        self.progress.finish_and_clear();
        Ok((stop, seconds))
    }

    fn run(&mut self, tape: &mut impl Tape) -> Result<Stop, Failure> {
        self.progress.set_length(self.frames);
        for _ in 0..self.frames {
            let made = tape.step(&mut self.machine)?;
            let number = made.report.frame;
            self.messages(&made.report)?;
            let stop = self.frame(tape, made)?;
            self.watch(number)?;
            self.progress.inc(1);
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
        Ok(Stop::Frames)
    }

    /// Takes in a frame that the tape has just made. Says if the run ends with it.
    pub fn frame(&mut self, tape: &mut impl Tape, mut made: Made) -> Result<Option<Stop>, Failure> {
        let report = &mut made.report;
        let number = report.frame;
        // What was delivered is told with what became of it; what is fed is shown as messages, if at all.
        let told = report
            .actions
            .iter()
            .filter(|done| !matches!(done.action, Action::Deliver { .. } | Action::Feed { .. }));
        self.actions.extend(told.map(|done| (number, done.action.to_string())));
        let ended = report.ingests.iter();
        let told = |end: &IngestReport| clean(&format!("module {} {}", end.module.0, end.ingested));
        self.actions.extend(ended.map(|end| (number, told(end))));
        let stop = self.tally.add(number, report.modules.remove(self.module.0 as usize));
        if let Some(samples) = self.machine.audio(self.module) {
            self.tally.sound.get_or_insert_default().add(samples);
        }
        self.outputs.frame(number, &self.machine, self.module)?;
        tape.made(&mut self.machine, &made, stop)
    }

    /// Frames from a number on were taken back.
    pub fn take_back(&mut self, frame: u64) {
        self.tally.take_back(frame);
        self.actions.retain(|&(number, _)| number < frame);
    }

    fn messages(&self, report: &FrameReport) -> Result<(), Failure> {
        if report.messages.is_empty() && report.port_events.is_empty() {
            return Ok(());
        }
        self.progress.suspend(|| messages::show(report, self.watch_to_stderr))
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
        said: Said<'_>,
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
            trust: self.machine.trust(self.module),
            actions: &self.actions,
            seconds,
            audit: said.audit,
            realtime: said.realtime,
            replayed: said.replayed,
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
    wav: Option<(Output, Recorder)>,
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
        let create = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
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
        if args.wav.is_some() && machine.audio(module).is_none() {
            let message = "it has no sound to write: it declares no `.capability audio`";
            return Err(Failure::file(cartridge, message));
        }
        let record = |out| Recorder::new().map(|recorder| (out, recorder)).map_err(no_sound_spool);
        Ok(Outputs {
            png: create(&args.png)?,
            gif: create(&args.gif)?,
            apng: create(&args.apng)?,
            wav: create(&args.wav)?.map(record).transpose()?,
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
        if let Some((_, recorder)) = &mut self.wav {
            recorder.push(machine.audio(module)).map_err(no_sound_spool)?;
        }
        if let (Some(reel), Some(surface)) = (&mut self.reel, machine.surface(module)) {
            reel.push(&surface).map_err(no_spool)?;
        }
        Ok(())
    }

    /// Writes everything; files take their names when all of them are complete.
    pub fn finish(&mut self, machine: &Machine, module: ModuleId, scale: u16) -> Result<(), Failure> {
        let surface = machine.surface(module);
        if self.png.is_some() && surface.is_none() {
            return Err(Failure::new(
                "there is no picture to write: the module has become one without".to_owned(),
            ));
        }
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
        let mut wav = None;
        if let Some((mut out, recorder)) = self.wav.take() {
            recorder.write(&mut out).map_err(|e| out.failed(e))?;
            wav = Some(out);
        }
        if let Some(out) = &mut self.state {
            out.put(&machine.save()?)?;
        }
        if let Some(out) = &mut self.memory {
            out.put(machine.instance(module).memory())?;
        }
        let Outputs { png, gif, apng, hashes, state, memory, wav: _, reel: _ } = self;
        for out in [png, gif, apng, &mut wav, hashes, state, memory] {
            out.take().map_or(Ok(()), Output::commit)?;
        }
        Ok(())
    }
}

fn no_sound_spool(e: std::io::Error) -> Failure {
    Failure::new(format!("cannot keep the sound of the run in a temporary file: {e}"))
}

fn no_spool(e: std::io::Error) -> Failure {
    Failure::new(format!("cannot keep the pictures of the run in a temporary file: {e}"))
}
