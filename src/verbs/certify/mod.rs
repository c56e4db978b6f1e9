//! `cartwheel certify`.

mod budget;
mod junit;
mod propose;

use std::path::PathBuf;

use cartwheel_runtime::profile::ModuleProfile;
use clap::Args;

use crate::failure::{Exit, Failure};
use crate::files::{self, Output};
use crate::print;
use crate::verbs::profile::{RunOptions, Taken, replay, take};
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
    /// Cartridge, source file or folder
    pub cartridge: PathBuf,
    /// Budget to hold the run against
    #[arg(short, long, value_name = "FILE", required_unless_present = "write")]
    pub budget: Option<PathBuf>,
    /// Trace to replay with the cartridge, instead of a run without inputs; can be given several times
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
    if let (Some(out), [taken]) = (write.take(), &runs[..]) {
        commit(out, &propose::text(&taken.name, module(args, taken)?))?;
    }
    let Some(budget) = budget else {
        let taken = &runs[0];
        if let Some(trap) = &taken.trap {
            print::stderr(&format!("{trap}\n"));
        }
        return Ok(taken.exit);
    };
    let mut suites = Vec::new();
    for taken in &runs {
        let module = module(args, taken)?;
        let checks = budget.check(module, taken.trap.as_deref());
        let broken = checks.iter().filter(|check| check.broken.is_some()).count();
        print::stdout(&text(&taken.name, module.frames.len(), &checks, broken))?;
        suites.push(Suite { name: taken.name.clone(), checks, broken });
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
        return Ok(vec![take(&args.cartridge, &args.run, false)?]);
    }
    let replayed = args.traces.iter().map(|trace| {
        let mut taken = replay(trace, Some(&args.cartridge), &args.run, false)?;
        taken.name = format!("{} in {}", taken.name, trace.display());
        Ok(taken)
    });
    replayed.collect()
}

fn module<'t>(args: &CertifyArgs, taken: &'t Taken) -> Result<&'t ModuleProfile, Failure> {
    let none = || Failure::file(&args.cartridge, "the run had no modules");
    taken.profile.modules.first().ok_or_else(none)
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
