//! `cartwheel profile diff`.

use std::fmt::Write;
use std::path::Path;

use cartwheel_runtime::profile::{Change, Comparison, compare};
use serde_json::{Value, json};

use super::args::DiffArgs;
use super::source::{self, Kind, RunOptions};
use super::table::Table;
use crate::failure::{Exit, Failure};
use crate::print;
use crate::summary::grouped;

/// Compares two profiles.
pub fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let kept = [("--audit", &args.run.machine.audit), ("--storage", &args.run.machine.storage)];
    if let Some((option, _)) = kept.iter().find(|(_, given)| given.is_some()) {
        return Err(Failure::new(format!(
            "{option} is for one run; the second would find what the first left"
        )));
    }
    let (before, after) = (open(&args.before, &args.run)?, open(&args.after, &args.run)?);
    let comparison = compare(&before.profile, &after.profile);
    let lengths = [&before, &after].map(|taken| {
        taken.profile.modules.iter().map(|module| module.frames.len() as u64).max().unwrap_or(0)
    });
    let out = if args.json { format!("{}\n", json_of(&comparison)) } else { text(&comparison, lengths) };
    print::stdout(&out)?;
    Ok(Exit::Fine)
}

/// Options are for what is run; of what was recorded, there is what there is.
fn open(path: &Path, run: &RunOptions) -> Result<source::Taken, Failure> {
    let options = match source::kind(path)? {
        Kind::Runnable => run.clone(),
        Kind::Trace => RunOptions { frames: run.frames, ..RunOptions::default() },
        Kind::Profile => RunOptions::default(),
    };
    source::open(path, &[], &options, source::Wanted::default())
}

fn signed(delta: i64) -> String {
    let sign = if delta < 0 { '-' } else { '+' };
    format!("{sign}{}", grouped(delta.unsigned_abs()))
}

fn text(comparison: &Comparison, lengths: [u64; 2]) -> String {
    let Comparison { frames, cycles, syscalls, functions, lines } = comparison;
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "frames   {}", grouped(*frames));
    if lengths[0] != lengths[1] {
        let _ = writeln!(
            out,
            "         of {} before and {} after: the rest has nothing to be compared with",
            grouped(lengths[0]),
            grouped(lengths[1])
        );
    }
    let delta = cycles.1 as i64 - cycles.0 as i64;
    let _ = writeln!(
        out,
        "cycles   {} before, {} after, {} ({} per frame)",
        grouped(cycles.0),
        grouped(cycles.1),
        signed(delta),
        signed(delta / (*frames).max(1) as i64)
    );
    if syscalls.is_empty() && functions.is_empty() && lines.is_empty() {
        out.push_str("\nnothing has changed\n");
    }
    for (name, changes) in [("syscall", syscalls), ("function", functions), ("line", lines)] {
        if changes.is_empty() {
            continue;
        }
        let counted = changes.iter().any(|change| change.calls.is_some());
        let mut head = vec![name, "before", "after", "change", "percent"];
        if counted {
            head.extend(["calls before", "after"]);
        }
        let mut table = Table::new(&head);
        for change in changes {
            let mut cells = vec![change.name.clone(), grouped(change.cycles.0), grouped(change.cycles.1)];
            cells.extend([signed(change.delta()), relative(change)]);
            if let Some((before, after)) = change.calls {
                cells.extend([grouped(before), grouped(after)]);
            }
            table.row(cells);
        }
        out.push('\n');
        out.push_str(&table.text());
    }
    out
}

fn relative(change: &Change) -> String {
    match change.cycles {
        (0, 0) => "-".to_owned(),
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        (before, _) => {
            let tenths = change.delta() as i128 * 1_000 / i128::from(before);
            let sign = if change.delta() < 0 { '-' } else { '+' };
            format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10)
        }
    }
}

fn json_of(comparison: &Comparison) -> Value {
    let list = |changes: &[Change]| -> Vec<Value> {
        changes
            .iter()
            .map(|change| {
                json!({
                    "name": change.name,
                    "before": change.cycles.0,
                    "after": change.cycles.1,
                    "change": change.delta(),
                    "calls_before": change.calls.map(|calls| calls.0),
                    "calls_after": change.calls.map(|calls| calls.1),
                })
            })
            .collect()
    };
    json!({
        "frames": comparison.frames,
        "cycles_before": comparison.cycles.0,
        "cycles_after": comparison.cycles.1,
        "syscalls": list(&comparison.syscalls),
        "functions": list(&comparison.functions),
        "lines": list(&comparison.lines),
    })
}
