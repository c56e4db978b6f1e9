//! `cartwheel certify`.

mod budget;
mod junit;
mod propose;

use std::path::{Path, PathBuf};

use cartwheel_runtime::profile::ModuleProfile;
use clap::Args;

use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::print;
use crate::verbs::profile::{RunOptions, Taken, Wanted, replay, take};
use budget::{Budget, Check};

/// Arguments of `certify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel certify game.cart --write game.budget.toml
  cartwheel certify game.cart --budget game.budget.toml --input play.txt --junit report.xml
  cartwheel certify game.cart --budget game.budget.toml --trace first.trace --trace second.trace

Ends with status 0 if every line of the budget is kept and 6 if one is broken. What a budget can say is in spec/profile.md;
--write proposes one that the run keeps, with a tenth to spare.")]
pub struct CertifyArgs {
    /// Cartridge, WebAssembly module, source file, folder, or machine file (.toml)
    pub cartridge: PathBuf,
    /// More cartridges, which run in the same machine
    #[arg(value_name = "CARTRIDGE")]
    pub more: Vec<PathBuf>,
    /// Budget to hold the run against
    #[arg(short, long, value_name = "FILE", required_unless_present = "write")]
    pub budget: Option<PathBuf>,
    /// Trace to replay with the cartridges, instead of a run without inputs; can be given several times
    #[arg(long = "trace", value_name = "FILE", conflicts_with = "write")]
    pub traces: Vec<PathBuf>,
    /// What is run.
    #[command(flatten)]
    pub run: RunOptions,
    /// Write the result as JUnit XML too
    #[arg(long, value_name = "FILE", requires = "budget")]
    pub junit: Option<PathBuf>,
    /// Write a budget that the run keeps
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Holds a run against a budget.
pub fn run(args: &CertifyArgs) -> Result<Exit, Failure> {
    // Bad files are found before the run.
    let budget = args.budget.as_ref().map(|path| Budget::parse(path, &files::read(path)?)).transpose()?;
    let mut junit = args.junit.as_deref().map(Output::create).transpose()?;
    let mut write = args.write.as_deref().map(Output::create).transpose()?;
    let runs = runs(args)?;
    if let Some(taken) = runs.iter().find(|taken| taken.profile.modules.is_empty()) {
        return Err(Failure::file(&args.cartridge, format!("the run of {} had no modules", taken.name)));
    }
    if let (Some(out), [taken]) = (write.take(), &runs[..]) {
        commit(out, &propose::text(&taken.name, &taken.profile))?;
    }
    let (Some(budget), Some(path)) = (budget, &args.budget) else {
        let taken = &runs[0];
        taken.traps.iter().for_each(|trapped| print::stderr(&format!("{trapped}\n")));
        return Ok(taken.exit);
    };
    let mut suites = Vec::new();
    for taken in &runs {
        let suite = hold(&budget, path, taken)?;
        let frames = taken.profile.modules.iter().map(|module| module.frames.len()).max().unwrap_or(0);
        print::stdout(&text(&taken.name, frames, &suite.checks, suite.broken))?;
        suites.push(suite);
    }
    if let Some(out) = junit.take() {
        commit(out, &junit::xml(&suites))?;
    }
    let broken = suites.iter().any(|suite| suite.broken > 0);
    let quarantined = runs.iter().any(|taken| matches!(taken.exit, Exit::Quarantined));
    Ok(match (broken, quarantined) {
        (true, _) => Exit::OverBudget,
        (false, true) => Exit::Quarantined,
        (false, false) => Exit::Fine,
    })
}

/// Holds every module of a run against its budget. Where there are several, lines begin with their names.
fn hold(budget: &Budget, path: &Path, taken: &Taken) -> Result<Suite, Failure> {
    let modules = &taken.profile.modules;
    let names: Vec<String> = modules.iter().map(module_name).collect();
    budget.check_modules(path, &names)?;
    let mut checks = Vec::new();
    for (place, (module, name)) in modules.iter().zip(&names).enumerate() {
        // A module traps in its last program.
        let last = modules[place + 1..].iter().all(|later| later.module != module.module);
        let trap = taken.traps.iter().find(|trapped| last && trapped.module == module.module);
        let of_module = budget.of(name).check(module, trap.map(|trapped| trapped.trap.as_str()));
        checks.extend(of_module.into_iter().map(|check| match modules.len() {
            1 => check,
            _ => Check { line: format!("{}: {}", taken.profile.label(place), check.line), ..check },
        }));
    }
    let broken = checks.iter().filter(|check| check.broken.is_some()).count();
    Ok(Suite { name: taken.name.clone(), checks, broken })
}

/// What a budget calls a module.
fn module_name(module: &ModuleProfile) -> String {
    if module.name.is_empty() { format!("module {}", module.module) } else { module.name.clone() }
}

/// What became of one run.
struct Suite {
    name: String,
    checks: Vec<Check>,
    /// Lines that are broken.
    broken: usize,
}

/// The run, or those of the traces.
fn runs(args: &CertifyArgs) -> Result<Vec<Taken>, Failure> {
    if args.traces.is_empty() {
        return Ok(vec![take(&args.cartridge, &args.more, &args.run, Wanted::default())?]);
    }
    let cartridges: Vec<PathBuf> = [&args.cartridge].into_iter().chain(&args.more).cloned().collect();
    let replayed = args.traces.iter().map(|trace| {
        let mut taken = replay(trace, &cartridges, &args.run, Wanted::default())?;
        let shown = trace.display().to_string();
        if taken.name != shown {
            taken.name = format!("{} in {shown}", taken.name);
        }
        Ok(taken)
    });
    replayed.collect()
}

fn commit(mut out: Output, text: &str) -> Result<(), Failure> {
    out.put(text.as_bytes())?;
    out.commit()
}

fn text(name: &str, frames: usize, checks: &[Check], broken: usize) -> String {
    let width = checks.iter().map(|check| check.line.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for check in checks {
        let line = &check.line;
        match &check.broken {
            None => out.push_str(&format!("ok      {line:<width$}  {}\n", check.found)),
            Some(why) => out.push_str(&format!("BROKEN  {line:<width$}  {}; {why}\n", check.found)),
        }
    }
    let lines = checks.len();
    out.push_str(&match broken {
        0 => format!("\n{name} keeps its budget over {frames} frames ({lines} lines)\n"),
        broken => format!("\n{name} breaks {broken} of {lines} lines of its budget over {frames} frames\n"),
    });
    out
}
