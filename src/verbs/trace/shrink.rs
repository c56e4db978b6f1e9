//! `cartwheel trace shrink`.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use cartwheel_runtime::trace::{self, TracedFrame};
use cartwheel_runtime::{Config, Inputs, Machine, ModuleId, TrapKind};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use crate::cli::TraceShrinkArgs;
use crate::failure::{Exit, Failure};
use crate::setup::read_inputs;
use crate::summary::grouped;
use crate::verbs::trace::edit::of_trace;
use crate::{files, print, project, shrink, traces};

/// Reduces inputs.
pub fn run(args: &TraceShrinkArgs) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    let is_trace = traces::is_trace(path)?;
    let inputs = if is_trace { of_trace(path, &traces::open(path)?)? } else { read_inputs(path)? };
    let progress = Progress::new(&inputs, args.quiet);
    let small = match &args.command {
        Some(command) => by_command(command, &inputs, &progress)?,
        None => by_trap(args, is_trace, &inputs, &progress)?,
    };
    progress.bar.finish_and_clear();
    files::write(&args.output, small.to_string().as_bytes())?;
    if !args.quiet {
        let (before, after) = (grouped(inputs.len()), grouped(small.len()));
        print::stdout(&format!("{before} frames became {after}: {}\n", args.output.display()))?;
    }
    Ok(Exit::Fine)
}

/// What is shown while inputs are reduced.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(inputs: &Inputs, quiet: bool) -> Progress {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::no_length() };
        let style = ProgressStyle::with_template("{pos} attempts, {msg}").expect("the template is good");
        bar.set_style(style);
        bar.set_message(format!("{} frames", grouped(inputs.len())));
        Progress { bar }
    }

    fn attempt(&self, inputs: &Inputs, happens: bool) {
        self.bar.inc(1);
        if happens {
            self.bar.set_message(format!("{} frames", grouped(inputs.len())));
        }
    }
}

fn reduce(
    inputs: &Inputs,
    progress: &Progress,
    not_at_all: &str,
    mut happens: impl FnMut(&Inputs) -> Result<bool, Failure>,
) -> Result<Inputs, Failure> {
    if !happens(inputs)? {
        return Err(Failure::new(not_at_all));
    }
    shrink::shrink(inputs, &mut |attempt: &Inputs| {
        let still = happens(attempt)?;
        progress.attempt(attempt, still);
        Ok(still)
    })
}

fn by_command(command: &str, inputs: &Inputs, progress: &Progress) -> Result<Inputs, Failure> {
    let not_at_all = "the command of --while does not succeed with the inputs as they are";
    reduce(inputs, progress, not_at_all, |attempt| {
        let no_file = |e: std::io::Error| Failure::new(format!("cannot write a temporary file: {e}"));
        let mut file = NamedTempFile::new().map_err(no_file)?;
        file.write_all(attempt.to_string().as_bytes()).map_err(no_file)?;
        let name = file.path().display().to_string();
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let status = Command::new(shell)
            .args([flag, &command.replace("{}", &name)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        Ok(status.map_err(|e| Failure::new(format!("cannot run the command of --while: {e}")))?.success())
    })
}

/// A trap, as far as it is the same one with other inputs: whose, why, and the innermost place.
type Trap = (ModuleId, TrapKind, Option<String>);

fn by_trap(
    args: &TraceShrinkArgs,
    is_trace: bool,
    inputs: &Inputs,
    progress: &Progress,
) -> Result<Inputs, Failure> {
    let path: &Path = &args.trace;
    let start = if is_trace {
        let trace = traces::open(path)?;
        let found = traces::cartridges(path, &trace, &args.cart)?;
        let head = trace.header();
        let acted =
            |frame: Result<TracedFrame, trace::Damage>| frame.is_ok_and(|frame| !frame.events.is_empty());
        let files = head.digests.iter().any(|(name, _)| name.starts_with("storage "));
        if head.first_frame > 0 || files || trace.frames(0).any(acted) {
            let message = "it begins with a state or files, or the host did something in it, and inputs alone do not bring \
                that back; shrink it with --while";
            return Err(Failure::file(path, message));
        }
        trace.machine(&found.programs).map_err(|e| traces::failure(path, e))?
    } else {
        if args.cart.is_empty() {
            return Err(Failure::file(path, "inputs alone do not say what they are for; give --cart"));
        }
        let mut machine = Machine::new(Config::default());
        for cart in &args.cart {
            let program = project::load(cart)?.verify()?;
            machine.load(program).map_err(|e| Failure::file(cart, e))?;
        }
        machine
    };
    let module = args.module.map(ModuleId);
    let frames = inputs.len();
    let trap = |inputs: &Inputs| trap(&start, module, inputs, frames);
    let wanted = trap(inputs)?;
    let who = args.module.map_or("the cartridge".to_owned(), |number| format!("module {number}"));
    let not_at_all = format!("{who} does not trap with the inputs as they are");
    reduce(inputs, progress, &not_at_all, |attempt| Ok(wanted.is_some() && trap(attempt)? == wanted))
}

/// The first trap, or the first of a module, within so many frames.
fn trap(
    start: &Machine,
    module: Option<ModuleId>,
    inputs: &Inputs,
    frames: u64,
) -> Result<Option<Trap>, Failure> {
    let mut machine = start.fork()?;
    while machine.frame() < frames && machine.modules().any(|id| machine.will_run(id)) {
        let report = machine.step(&inputs.frame(machine.frame()))?;
        let mut rows = report.modules.into_iter().filter(|row| module.is_none_or(|id| row.module == id));
        if let Some((id, trap)) = rows.find_map(|row| Some((row.module, row.trap?))) {
            return Ok(Some((id, trap.kind, trap.backtrace.first().map(ToString::to_string))));
        }
    }
    Ok(None)
}
