//! `cartwheel verify`.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cartwheel_runtime::ingest::{Known, Vouched};
use cartwheel_runtime::trace::is_trace;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::failure::{Exit, Failure};
use crate::keys::hex;
use crate::summary::grouped;
use crate::{divergence, files, print, project, signatures, traces};

/// Extension of traces.
const TRACE_EXTENSION: &str = "trace";

/// Replays all traces of a folder, or checks the signature of a cartridge.
pub fn run(args: &VerifyArgs) -> Result<Exit, Failure> {
    if args.path.is_dir() && args.ring.keys.is_none() {
        let mut paths = Vec::new();
        collect(&args.path, &mut paths)?;
        paths.sort();
        if paths.is_empty() {
            return Err(Failure::file(&args.path, "there is no *.trace in this folder"));
        }
        return verify_traces(&paths, args);
    }
    if args.ring.keys.is_some() {
        return verify_signature(args);
    }
    if is_trace(&files::read(&args.path)?) {
        return verify_traces(std::slice::from_ref(&args.path), args);
    }
    let help = "give a key ring with --keys to check its signature, or a folder of traces to replay them";
    Err(Failure::file(&args.path, format!("this is no trace; {help}")))
}

/// Checks who vouches for a cartridge.
fn verify_signature(args: &VerifyArgs) -> Result<Exit, Failure> {
    let ring = signatures::ring(&args.ring)?;
    let mut loaded = project::load(&args.path)?;
    signatures::attach(&mut loaded)?;
    let known = match &args.store {
        Some(path) => super::ingest::open(path)?.releases().map_err(|e| Failure::file(path, e))?,
        None => Vec::new(),
    };
    let vouched = signatures::vouch(&loaded.cart, ring.as_ref(), &known)
        .map_err(|refused| Failure::file(&args.path, refused))?;
    let content = hex(&loaded.cart.content_hash());
    if args.json {
        let release = vouched.release.as_ref();
        let shown = json!({
            "content_hash": content,
            "level": vouched.level.name(),
            "origin": vouched.origin,
            "key": vouched.key,
            "release": release.map(|release| json!({ "name": release.name, "version": release.version })),
        });
        print::stdout(&format!("{shown:#}\n"))?;
    } else if !args.quiet {
        print::stdout(&format!("{}: {}, content {content}\n", args.path.display(), vouched_line(&vouched)))?;
    }
    Ok(Exit::Fine)
}

/// Who vouches for a cartridge, in words.
pub fn vouched_line(vouched: &Vouched) -> String {
    match (&vouched.release, &vouched.key) {
        (Some(Known { name, version, .. }), Some(key)) => {
            let key = key.escape_debug();
            format!("`{name}` version {version}, signed by `{key}`, level {}", vouched.level)
        }
        _ => format!("nobody vouches for it, level {}", vouched.level),
    }
}

fn verify_traces(paths: &[PathBuf], args: &VerifyArgs) -> Result<Exit, Failure> {
    let results = replay_all(paths, args);
    if let Some(path) = &args.junit {
        files::write(path, junit(&results).as_bytes())?;
    }
    if !args.quiet {
        print::stdout(&table(&results))?;
    }
    for result in &results {
        match &result.outcome {
            Outcome::Diverged(text) => print::stderr(text),
            Outcome::Failed(failure) => print::error(&failure.message),
            Outcome::Same | Outcome::SameWithOther => {}
        }
    }
    Ok(worst(results.iter().map(|result| &result.outcome)))
}

/// How the command ends: a bug of ours is worse than a divergence, and that is worse than a trace that says nothing.
fn worst<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> Exit {
    let order = [Exit::Fine, Exit::Usage, Exit::Diverged, Exit::Panicked];
    let rank = |outcome: &Outcome| {
        let exit = match outcome {
            Outcome::Same | Outcome::SameWithOther => Exit::Fine,
            Outcome::Diverged(_) => Exit::Diverged,
            Outcome::Failed(failure) => failure.exit,
        };
        order.iter().position(|&known| known == exit).unwrap_or(1)
    };
    order[outcomes.map(rank).max().unwrap_or(0)]
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries =
        std::fs::read_dir(folder).map_err(|e| Failure::file(folder, format!("cannot read it: {e}")))?;
    for entry in entries {
        let entry = entry.map_err(|e| Failure::file(folder, format!("cannot read it: {e}")))?;
        let path = entry.path();
        // Links are not followed into folders: they could lead back.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == TRACE_EXTENSION) {
            found.push(path);
        }
    }
    Ok(())
}

/// What came of a trace.
enum Outcome {
    /// As recorded.
    Same,
    /// As recorded, with another cartridge.
    SameWithOther,
    /// Not as recorded: the report.
    Diverged(String),
    /// It could not be replayed: why.
    Failed(Failure),
}

struct Verified {
    path: PathBuf,
    frames: u64,
    seconds: f64,
    outcome: Outcome,
}

fn replay_all(paths: &[PathBuf], args: &VerifyArgs) -> Vec<Verified> {
    #[expect(
        clippy::disallowed_methods,
        reason = "traces are independent; their order is that of their names"
    )]
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from).min(paths.len());
    let progress = if args.quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(paths.len() as u64)
    };
    let template = "{bar:30} {pos} of {len} traces {msg}";
    progress.set_style(ProgressStyle::with_template(template).expect("the template is good"));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = verify(path);
                    progress.inc(1);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                }
            });
        }
    });
    progress.finish_and_clear();
    let mut results = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by(|a, b| a.path.cmp(&b.path));
    results
}

fn verify(path: &Path) -> Verified {
    #[expect(clippy::disallowed_methods, reason = "the clock is for the table only")]
    let started = Instant::now();
    let mut frames = 0;
    let outcome = replay(path, &mut frames).unwrap_or_else(Outcome::Failed);
    Verified { path: path.to_owned(), frames, seconds: started.elapsed().as_secs_f64(), outcome }
}

fn replay(path: &Path, frames: &mut u64) -> Result<Outcome, Failure> {
    let trace = traces::open_quietly(path)?;
    let found = traces::cartridges(path, &trace, &[])?;
    traces::check_rules(path, &trace, &found)?;
    *frames = trace.len();
    let failed = |e| traces::failure(path, e);
    let mut machine = trace.machine(&found.programs).map_err(failed)?;
    // Frame by frame: keyframes would only skip what is to be verified.
    for recorded in trace.frames(0) {
        let recorded = recorded.map_err(|e| Failure::file(path, format!("damaged trace: {e}")))?;
        cartwheel_runtime::trace::step(&mut machine, &recorded).map_err(failed)?;
        if let Some(mismatch) = cartwheel_runtime::trace::compare(&recorded, &machine)? {
            return Ok(Outcome::Diverged(divergence::report(path, &trace, &found, &mismatch)?));
        }
    }
    Ok(if found.recorded { Outcome::Same } else { Outcome::SameWithOther })
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Same => "ok",
            Outcome::SameWithOther => "ok, with a changed cartridge",
            Outcome::Diverged(_) => "DIVERGED",
            Outcome::Failed(_) => "FAILED",
        }
    }
}

fn table(results: &[Verified]) -> String {
    let mut out = String::new();
    let name = |result: &Verified| result.path.display().to_string();
    let width = results.iter().map(|result| name(result).chars().count()).max().unwrap_or(0);
    for result in results {
        let frames = grouped(result.frames);
        let _ = writeln!(
            out,
            "{:width$}  {frames:>10} frames  {:>7.2} s  {}",
            name(result),
            result.seconds,
            result.outcome.word()
        );
    }
    let good = results.iter().filter(|r| matches!(r.outcome, Outcome::Same | Outcome::SameWithOther)).count();
    let _ = writeln!(out, "{good} of {} traces are as recorded", results.len());
    out
}

fn junit(results: &[Verified]) -> String {
    let count =
        |wanted: fn(&Outcome) -> bool| results.iter().filter(|result| wanted(&result.outcome)).count();
    let failures = count(|outcome| matches!(outcome, Outcome::Diverged(_)));
    let errors = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let seconds: f64 = results.iter().map(|result| result.seconds).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuite name=\"cartwheel verify\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">",
        results.len()
    );
    for result in results {
        let name = escaped(&result.path.display().to_string());
        let _ = write!(out, "  <testcase classname=\"trace\" name=\"{name}\" time=\"{:.3}\"", result.seconds);
        let _ = match &result.outcome {
            Outcome::Same | Outcome::SameWithOther => writeln!(out, "/>"),
            Outcome::Diverged(text) => writeln!(
                out,
                ">\n    <failure message=\"diverged\">{}</failure>\n  </testcase>",
                escaped(text)
            ),
            Outcome::Failed(failure) => writeln!(
                out,
                ">\n    <error message=\"cannot be replayed\">{}</error>\n  </testcase>",
                escaped(&failure.message)
            ),
        };
    }
    out + "</testsuite>\n"
}

/// Text as XML takes it; control characters, which it does not, are left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_is_the_exit_status() {
        let failed = |exit| Outcome::Failed(Failure { message: String::new(), exit });
        let panicked = || {
            let panic = cartwheel_runtime::Panic { frame: 1, message: "broken".to_owned() };
            Outcome::Failed(panic.into())
        };
        let diverged = || Outcome::Diverged(String::new());
        for (outcomes, exit) in [
            (vec![], Exit::Fine),
            (vec![Outcome::Same, Outcome::SameWithOther], Exit::Fine),
            (vec![failed(Exit::Usage), Outcome::Same], Exit::Usage),
            (vec![failed(Exit::Usage), diverged(), Outcome::Same], Exit::Diverged),
            (vec![diverged(), panicked(), failed(Exit::Usage)], Exit::Panicked),
        ] {
            assert_eq!(worst(outcomes.iter()), exit);
        }
    }
}
