//! A run of several modules: frames from a tape, outputs by module, and what is said at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cartwheel_runtime::{Machine, ModuleId, ModuleState, Status};
use serde_json::json;

use crate::cli::OutputArgs;
use crate::failure::{Exit, Failure};
use crate::files::Output;
use crate::machine_file::Member;
use crate::picture::write_png;
use crate::print;
use crate::summary::{Stop, Tally, grouped};
use crate::tape::{Made, Tape};

/// What is known of a module that was there at some time.
struct Seen {
    name: String,
    tally: Tally,
    /// True if the host loaded it: what becomes of it is what becomes of the run.
    own: bool,
    /// How it was when it was seen last.
    state: ModuleState,
    code: Option<i32>,
    trap: Option<String>,
}

/// A run under way.
pub struct Crowd {
    pub machine: Machine,
    modules: BTreeMap<u32, Seen>,
    frames: u64,
    made: u64,
    hashes: Option<Output>,
    actions: Vec<(u64, String)>,
}

impl Crowd {
    /// A run of so many frames.
    pub fn new(
        args: &OutputArgs,
        machine: Machine,
        members: Vec<Member>,
        frames: u64,
    ) -> Result<Crowd, Failure> {
        let only_one = [
            ("--gif", args.gif.is_some()),
            ("--apng", args.apng.is_some()),
            ("--wav", args.wav.is_some()),
            ("--watch", !args.watch.is_empty()),
            ("--dump-memory", args.dump_memory.is_some()),
        ];
        if let Some((option, _)) = only_one.iter().find(|(_, given)| *given) {
            return Err(Failure::new(format!("{option} is for a run of one module; this one has several")));
        }
        let hashes = args.hashes.as_deref().map(Output::create).transpose()?;
        let modules = members.into_iter().map(|member| (member.id.0, Seen::new(member.name, true))).collect();
        Ok(Crowd { machine, modules, frames, made: 0, hashes, actions: Vec::new() })
    }

    /// Runs until the frames are over, or no module of the host runs any more. Why it ended, and the wall time in seconds.
    pub fn timed(&mut self, tape: &mut impl Tape) -> Result<(Stop, f64), Failure> {
        #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
        let started = Instant::now();
        let mut stop = Stop::Frames;
        while self.made < self.frames {
            let number = self.machine.frame();
            let mut made = tape.step(&mut self.machine)?;
            self.made += 1;
            let Made { report, .. } = &mut made;
            self.actions.extend(report.actions.iter().map(|done| (number, done.action.to_string())));
            for row in report.modules.drain(..) {
                let machine = &self.machine;
                let seen = self
                    .modules
                    .entry(row.module.0)
                    .or_insert_with(|| Seen::new(title(machine, row.module), false));
                seen.trap = seen.trap.take().or(row.trap.as_ref().map(ToString::to_string));
                seen.tally.add(number, row);
            }
            self.look();
            if let Some(out) = &mut self.hashes {
                let hash = self.machine.hash()?;
                writeln!(out, "{number} {hash}").map_err(|e| out.failed(e))?;
            }
            let over = self.is_over().then_some(Stop::Idle);
            if let Some(ended) = tape.made(&mut self.machine, &made, over)? {
                stop = ended;
                break;
            }
        }
        Ok((stop, started.elapsed().as_secs_f64()))
    }

    /// Takes note of how modules are.
    fn look(&mut self) {
        for (&number, seen) in &mut self.modules {
            let id = ModuleId(number);
            if !self.machine.has(id) {
                seen.state = ModuleState::Unloaded;
                continue;
            }
            let status = self.machine.status(id);
            seen.state = status.into();
            if let Status::Halted(code) = status {
                seen.code = Some(code);
            }
        }
    }

    /// True if nothing that is there will run again by itself.
    fn is_over(&self) -> bool {
        let ended = [ModuleState::Stopped, ModuleState::Trapped, ModuleState::Unloaded];
        self.modules.values().all(|seen| ended.contains(&seen.state))
    }

    /// Writes what was asked for; the picture of each module that has one, with its name before the extension.
    pub fn finish(&mut self, args: &OutputArgs) -> Result<(), Failure> {
        let mut pictures = Vec::new();
        for (&number, seen) in &self.modules {
            let id = ModuleId(number);
            let (Some(path), true) = (&args.png, self.machine.has(id)) else { continue };
            if let Some(surface) = self.machine.surface(id) {
                let mut out = Output::create(&named(path, &seen.name))?;
                write_png(&mut out, &surface, args.scale).map_err(|e| out.failed(e))?;
                pictures.push(out);
            }
        }
        if let (Some(path), true) = (&args.png, pictures.is_empty()) {
            return Err(Failure::file(path, "no module has a picture to write"));
        }
        if let Some(path) = &args.save_state {
            let mut out = Output::create(path)?;
            out.put(&self.machine.save()?)?;
            pictures.push(out);
        }
        pictures.extend(self.hashes.take());
        pictures.into_iter().try_for_each(Output::commit)
    }

    /// Prints what the run came to.
    pub fn report(&self, args: &OutputArgs, stop: Stop, seconds: f64) -> Result<(), Failure> {
        if args.json {
            print::stdout(&self.json(stop, seconds)?)?;
        } else if !args.quiet {
            print::stdout(&self.text(stop, seconds)?)?;
        }
        let traps = self.modules.values().filter_map(|seen| Some((&seen.name, seen.trap.as_ref()?)));
        traps.for_each(|(name, trap)| print::stderr(&format!("{name}: {trap}\n")));
        Ok(())
    }

    fn text(&self, stop: Stop, seconds: f64) -> Result<String, Failure> {
        let mut out = String::new();
        let rate = if seconds > 0.0 { (self.made as f64 / seconds) as u64 } else { 0 };
        let _ = writeln!(out, "{:<13}{}", "modules", self.modules.len());
        let _ = writeln!(out, "{:<13}{} ({} per second)", "frames", grouped(self.made), grouped(rate));
        let _ = writeln!(out, "{:<13}{}", "stop", stop.sentence());
        let _ = writeln!(out, "{:<13}{}", "state hash", self.machine.hash()?);
        for (frame, action) in &self.actions {
            let _ = writeln!(out, "{:<13}frame {frame}: {action}", "action");
        }
        for (number, seen) in &self.modules {
            let _ = writeln!(out, "\nmodule {number:<6}{} ({})", seen.name, seen.says());
            out.push_str(&seen.tally.text(self.machine_budget(*number)));
        }
        Ok(out)
    }

    fn machine_budget(&self, number: u32) -> Option<u64> {
        let id = ModuleId(number);
        self.machine.has(id).then(|| self.machine.cycles_per_frame(id))
    }

    fn json(&self, stop: Stop, seconds: f64) -> Result<String, Failure> {
        let modules = self.modules.iter().map(|(&number, seen)| {
            let there = self.machine.has(ModuleId(number));
            let trust = there.then(|| self.machine.trust(ModuleId(number)));
            let mut value = seen.tally.json();
            value["module"] = json!(number);
            value["name"] = json!(seen.name);
            value["state"] = json!(seen.state.name());
            value["exit_code"] = json!(seen.code);
            value["trap"] = json!(seen.trap);
            value["supervisor"] = json!(self.machine.supervisor(ModuleId(number)).map(|id| id.0));
            value["cycles_budget"] = json!(self.machine_budget(number));
            value["trust"] = json!(trust.map(|trust| json!({
                "level": trust.level.name(),
                "score": trust.score,
                "violations": trust.violations,
            })));
            value
        });
        let actions = self.actions.iter().map(|(frame, action)| json!({ "frame": frame, "action": action }));
        let value = json!({
            "frames": self.made,
            "stop": stop.name(),
            "state_hash": self.machine.hash()?.to_string(),
            "frames_per_second": if seconds > 0.0 { (self.made as f64 / seconds).round() } else { 0.0 },
            "actions": actions.collect::<Vec<_>>(),
            "modules": modules.collect::<Vec<_>>(),
        });
        Ok(format!("{value:#}\n"))
    }

    /// How the command ends: by the first of the host's modules that did not end well.
    pub fn exit(&self, stop: Stop) -> Exit {
        if stop == Stop::Diverged {
            return Exit::Diverged;
        }
        let own = self.modules.values().filter(|seen| seen.own);
        let exits = own.filter_map(|seen| match (seen.state, seen.code) {
            (ModuleState::Trapped, _) => Some(Exit::Trapped),
            (ModuleState::Quarantined, _) => Some(Exit::Quarantined),
            (_, Some(code)) if code != 0 => Some(Exit::Halted(code)),
            _ => None,
        });
        exits.into_iter().next().unwrap_or(Exit::Fine)
    }
}

impl Seen {
    fn new(name: String, own: bool) -> Seen {
        Seen { name, tally: Tally::default(), own, state: ModuleState::Ready, code: None, trap: None }
    }

    fn says(&self) -> String {
        match self.code {
            Some(code) if self.state == ModuleState::Stopped => format!("halted with code {code}"),
            _ => self.state.name().to_owned(),
        }
    }
}

/// What people call a module that a module loaded.
fn title(machine: &Machine, id: ModuleId) -> String {
    let title = machine.has(id).then(|| machine.instance(id).program().cartridge().manifest.title.clone());
    title.filter(|title| !title.is_empty()).unwrap_or_else(|| format!("module-{}", id.0))
}

/// A path with a module's name before the extension.
fn named(path: &Path, name: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let safe: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    match path.extension() {
        Some(extension) => path.with_file_name(format!("{stem}.{safe}.{}", extension.to_string_lossy())),
        None => path.with_file_name(format!("{stem}.{safe}")),
    }
}
