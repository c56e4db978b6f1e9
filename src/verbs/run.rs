//! `cartwheel run`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_bytecode::cartridge::{DataSymbol, EntryBody};
use cartwheel_runtime::host::Host;
use cartwheel_runtime::{Action, Config, Inputs, Machine, ModuleId, Program, Script, ScriptError, Storage};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::audit_log::AuditLog;
use crate::cli::RunArgs;
use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::picture::write_png;
use crate::realtime::Realtime;
use crate::reel::Reel;
use crate::sound::Recorder;
use crate::storage::StorageFolder;
use crate::summary::{Stop, Summary, Tally, grouped};
use crate::{policies, print, project, sound, wasm4, watch};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs a cartridge.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
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
    let config = Config {
        seed: args.seed.unwrap_or(0),
        cycles_per_frame: args.cycles,
        latency: args.latency.unwrap_or(Config::default().latency),
        ..Config::default()
    };
    let mut machine = Machine::new(config);
    if let Some(threads) = args.threads {
        let failed = |e| Failure::new(format!("cannot start {threads} threads: {e}"));
        machine.set_host(Host::with_threads(threads).map_err(failed)?);
    }
    let policy = args.policy.as_deref().map(policies::read).transpose()?;
    if let Some(policy) = policy.clone() {
        machine.set_policy(policy);
    }
    machine.set_script(args.mock.as_deref().map(read_script).transpose()?);
    let mut audit = None;
    if let Some(path) = &args.audit {
        let (log, auditor) = AuditLog::new(path, args.audit_key.as_deref())?;
        machine.observe(Box::new(auditor));
        audit = Some(log);
    }
    let folder = args.storage.as_deref().map(|path| StorageFolder::open(path, config.storage_bytes));
    let (folder, files) = folder.transpose()?.unzip();
    let files = files.unwrap_or_else(|| Storage::new(config.storage_bytes));
    let module = machine.load_with_storage(program.clone(), files).map_err(|e| Failure::file(&path, e))?;
    if args.storage.is_some() && machine.storage(module).is_none() {
        return Err(Failure::file(&path, "it has no files to keep: it declares no `.capability fs`"));
    }
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
        // A state brings the policy of its machine; the one that was asked for takes its place.
        if let Some(policy) = policy.filter(|policy| policy != machine.policy()) {
            let set = machine.queue(Action::SetPolicy { text: policy.text().to_owned() });
            set.expect("a policy that was read from this text");
        }
    }
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    if let Some(wav) = args.wav.as_deref().filter(|_| frames > sound::MAX_FRAMES) {
        let most = grouped(sound::MAX_FRAMES);
        return Err(Failure::file(wav, format!("a WAV file holds at most {most} frames; ask for fewer")));
    }
    let mut session = Session {
        frames,
        inputs: inputs.unwrap_or_default(),
        outputs: Outputs::create(args, &machine, module)?,
        watched: args.watch.iter().map(|name| watch::find(&program, name)).collect::<Result<_, _>>()?,
        watch_to_stderr: args.json,
        audit,
        machine,
        module,
        folder,
        recover_after: args.recover_after,
        quarantined: 0,
        actions: Vec::new(),
        tally: Tally::default(),
        realtime: Realtime::default(),
        progress: if args.quiet { ProgressBar::hidden() } else { progress_bar() },
    };
    #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
    let started = Instant::now();
    let stop = session.audited_run();
    // Whatever happened, what was stored is written.
    let stored = session.folder.take().map_or(Ok(()), StorageFolder::finish);
    let stop = stop?;
    let seconds = started.elapsed().as_secs_f64();
    session.progress.finish_and_clear();
    session.outputs.finish(&session.machine, module, args.scale)?;
    report(args, &session, &program, stop, seconds)?;
    stored?;
    Ok(stop.exit())
}

fn read_script(path: &std::path::Path) -> Result<Arc<Script>, Failure> {
    let text =
        String::from_utf8(files::read(path)?).map_err(|_| Failure::file(path, "it is not UTF-8 text"))?;
    let file = path.display().to_string();
    let shown = |errors: Vec<ScriptError>| -> Vec<String> {
        errors.iter().map(|error| error.render("error", &file)).collect()
    };
    Script::parse(&text).map(Arc::new).map_err(|errors| Failure::new(shown(errors).join("\n")))
}

fn read_inputs(path: &std::path::Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}

/// A run under way.
struct Session<'a> {
    machine: Machine,
    module: ModuleId,
    folder: Option<StorageFolder>,
    /// Frames in quarantine after which the host recovers the module.
    recover_after: Option<u64>,
    /// Frames that the module has been in quarantine.
    quarantined: u64,
    /// What the host did: frame and action.
    actions: Vec<(u64, String)>,
    inputs: Inputs,
    frames: u64,
    outputs: Outputs,
    watched: Vec<&'a DataSymbol>,
    watch_to_stderr: bool,
    tally: Tally,
    realtime: Realtime,
    progress: ProgressBar,
    audit: Option<AuditLog>,
}

impl Session<'_> {
    /// Runs, and ends the audit log however the run ends.
    fn audited_run(&mut self) -> Result<Stop, Failure> {
        self.audit.as_mut().map_or(Ok(()), AuditLog::create)?;
        let stop = self.run();
        drop(self.machine.stop_observing());
        self.audit.as_mut().map_or(Ok(()), AuditLog::finish)?;
        stop
    }

    fn run(&mut self) -> Result<Stop, Failure> {
        self.progress.set_length(self.frames);
        for _ in 0..self.frames {
            let number = self.machine.frame();
            if let Some(folder) = &mut self.folder {
                folder.before_frame(&mut self.machine, self.module);
            }
            let input = self.inputs.frame(number);
            let mut report = self.realtime.time(|| self.machine.step(&input))?;
            if let Some(folder) = &mut self.folder {
                folder.after_frame(&self.machine, self.module);
            }
            self.actions.extend(report.actions.iter().map(|done| (number, done.action.to_string())));
            self.audit.as_mut().map_or(Ok(()), AuditLog::write)?;
            let stop = self.tally.add(number, report.modules.remove(self.module.0 as usize));
            if let Some(samples) = self.machine.audio(self.module) {
                self.tally.sound.get_or_insert_default().add(samples);
            }
            let stop = self.recovered(stop);
            self.outputs.frame(number, &self.machine, self.module)?;
            self.watch(number)?;
            self.progress.inc(1);
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
        Ok(Stop::Frames)
    }

    /// Recovers a module that has been in quarantine long enough, if that was asked for.
    fn recovered(&mut self, stop: Option<Stop>) -> Option<Stop> {
        let (Some(Stop::Quarantined), Some(after)) = (stop, self.recover_after) else {
            self.quarantined = 0;
            return stop;
        };
        self.quarantined += 1;
        if self.quarantined >= after {
            let recover = Action::Recover { module: self.module.0 };
            self.machine.queue(recover).expect("the module is there");
            self.quarantined = 0;
        }
        None
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
        trust: session.machine.trust(session.module),
        actions: &session.actions,
        seconds,
        audit: session.audit.as_ref(),
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
    wav: Option<(Output, Recorder)>,
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
        if args.wav.is_some() && machine.audio(module).is_none() {
            let message = "it has no sound to write: it declares no `.capability audio`";
            return Err(Failure::file(&args.cartridge, message));
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
