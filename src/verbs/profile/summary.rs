//! What a person wants to know first.

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_runtime::profile::{Distribution, FrameProfile, ModuleProfile, Totals};

use super::Part;
use super::table::{Table, latencies, modules, percent, sparkline};
use crate::summary::grouped;

/// Rows of each list.
const LIST: usize = 5;
/// Characters of the sparkline.
const WIDTH: usize = 60;

/// The summary of a profile: of several modules first what each came to, then that of each. `what` a single one is: a cartridge,
/// or a module of several.
pub fn of_machine(what: &str, name: &str, parts: &[Part<'_>]) -> String {
    if let [part] = parts {
        return text(what, name, part.module);
    }
    let mut out = format!("machine      {name}\n\n{}", modules(parts));
    for part in parts {
        out.push('\n');
        out.push_str(&text("module", &part.label, part.module));
    }
    out
}

fn text(what: &str, name: &str, module: &ModuleProfile) -> String {
    let frames = &module.frames;
    let totals = Totals::new(module, frames);
    let cycles = Distribution::new(frames.iter().map(|frame| (frame.frame, frame.cycles)));
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{what:<12} {name}");
    let _ = overview(&mut out, module, &totals, &cycles);

    let mut table = Table::new(&["dearest syscalls", "calls", "cycles", "share", "most", "in frame"]);
    for total in totals.syscalls.iter().take(LIST) {
        let spent = total.row.cycles + total.row.collector_cycles;
        table.row(vec![
            module.syscall_id(total.row.syscall).to_owned(),
            grouped(total.row.calls),
            grouped(spent),
            percent(spent, cycles.total),
            grouped(total.max_cycles.0),
            total.max_cycles.1.to_string(),
        ]);
    }
    section(&mut out, &table, totals.syscalls.len());

    let mut table = Table::new(&["dearest functions", "calls", "own", "share", "with callees", "share"]);
    let mut functions: Vec<_> = totals.functions.iter().collect();
    functions.sort_by_key(|total| std::cmp::Reverse(total.row.cycles));
    for total in functions.iter().take(LIST) {
        table.row(vec![
            module.function_name(total.row.function).to_owned(),
            grouped(total.row.calls),
            grouped(total.row.cycles),
            percent(total.row.cycles, cycles.total),
            grouped(total.inclusive_cycles),
            percent(total.inclusive_cycles, cycles.total),
        ]);
    }
    section(&mut out, &table, functions.len());

    if !totals.zones.is_empty() {
        let mut table = Table::new(&["dearest zones", "opened", "cycles", "share"]);
        for total in totals.zones.iter().take(LIST) {
            table.row(vec![
                module.zones[total.row.zone as usize].join(" > "),
                grouped(total.row.opened),
                grouped(total.row.cycles),
                percent(total.row.cycles, cycles.total),
            ]);
        }
        section(&mut out, &table, totals.zones.len());
    }

    if !totals.latencies.is_empty() {
        section(&mut out, &latencies(module, &totals), 0);
    }

    let mut dearest: Vec<&FrameProfile> = frames.iter().collect();
    dearest.sort_by_key(|frame| std::cmp::Reverse(frame.cycles));
    let mut table = Table::new(&["dearest frames", "cycles", "of budget", "syscalls", "bytes", "end"]);
    for frame in dearest.iter().take(LIST) {
        table.row(vec![
            frame.frame.to_string(),
            grouped(frame.cycles),
            percent(frame.cycles, module.budget),
            grouped(frame.calls),
            grouped(frame.bytes),
            frame.end.clone(),
        ]);
    }
    section(&mut out, &table, frames.len());
    if let Some(worst) = dearest.first().filter(|_| frames.len() > 1) {
        section(&mut out, &changes(module, worst), 0);
    }
    out
}

fn overview(
    out: &mut String,
    module: &ModuleProfile,
    totals: &Totals,
    cycles: &Distribution,
) -> std::fmt::Result {
    let frames = &module.frames;
    let used: Vec<u64> = frames.iter().map(|frame| frame.cycles).collect();
    match (frames.first(), frames.last()) {
        (Some(first), Some(last)) => {
            writeln!(
                out,
                "frames       {} ({} to {})",
                grouped(frames.len() as u64),
                first.frame,
                last.frame
            )?;
        }
        _ => writeln!(out, "frames       none")?,
    }
    writeln!(
        out,
        "cycles       median {}, p99 {}, max {} in frame {}, budget {}",
        grouped(cycles.median),
        grouped(cycles.p99),
        grouped(cycles.max),
        cycles.max_frame,
        grouped(module.budget)
    )?;
    let per_bar = used.len().div_ceil(WIDTH).max(1);
    let each = if per_bar == 1 { "a frame".to_owned() } else { format!("the dearest of {per_bar} frames") };
    let top = percent(cycles.max, module.budget);
    writeln!(out, "budget use   |{}|", sparkline(&used, cycles.max, WIDTH))?;
    writeln!(out, "             a bar is {each}; the highest is {top} of the budget")?;
    let inside: u64 = totals.syscalls.iter().map(|total| total.row.cycles).sum();
    let collector: u64 = frames.iter().map(|frame| frame.collector_cycles).sum();
    let code = cycles.total - inside - collector;
    writeln!(
        out,
        "spent in     code {}, syscalls {}, collector {}",
        percent(code, cycles.total),
        percent(inside, cycles.total),
        percent(collector, cycles.total)
    )?;
    let sum = |f: fn(&FrameProfile) -> u64| frames.iter().map(f).sum::<u64>();
    let most = |f: fn(&FrameProfile) -> u64| frames.iter().map(f).max().unwrap_or(0);
    writeln!(
        out,
        "allocated    {} objects, {} bytes; at most {} bytes on the heap, {} of memory",
        grouped(sum(|frame| frame.objects)),
        grouped(sum(|frame| frame.bytes)),
        grouped(most(|frame| frame.heap_bytes)),
        grouped(most(|frame| frame.memory_bytes))
    )?;
    let overruns = sum(|frame| frame.overruns);
    if overruns > 0 {
        let first = frames.iter().find(|frame| frame.overruns > 0).map_or(0, |frame| frame.frame);
        writeln!(out, "overruns     {} (first in frame {first})", grouped(overruns))?;
    }
    let nanos = Distribution::new(frames.iter().filter_map(|frame| Some((frame.frame, frame.wall_nanos?))));
    if nanos.total > 0 {
        writeln!(
            out,
            "wall time    median {} us, p99 {} us, max {} us in frame {} (other on every machine)",
            grouped(nanos.median / 1_000),
            grouped(nanos.p99 / 1_000),
            grouped(nanos.max / 1_000),
            nanos.max_frame
        )?;
    }
    Ok(())
}

/// Appends a table, and says how much of it was left out.
fn section(out: &mut String, table: &Table, all: usize) {
    out.push('\n');
    out.push_str(&table.text());
    if all > LIST {
        let _ = writeln!(out, "... {} more", all - LIST);
    }
}

/// In what a frame differs from the usual one.
fn changes(module: &ModuleProfile, worst: &FrameProfile) -> Table {
    let usual = usual(module);
    let own = costs(module, worst);
    let mut found: Vec<(&String, u64, u64)> = own
        .iter()
        .map(|(name, &cycles)| (name, usual.get(name).copied().unwrap_or(0), cycles))
        .filter(|(_, usual, cycles)| usual != cycles)
        .collect();
    found.sort_by_key(|&(name, usual, cycles)| (std::cmp::Reverse(cycles.abs_diff(usual)), name));
    let heading = format!("frame {} against the median", worst.frame);
    let mut table = Table::new(&[&heading, "usual", "there", "change"]);
    for (name, usual, cycles) in found.into_iter().take(LIST) {
        let sign = if cycles > usual { '+' } else { '-' };
        let change = format!("{sign}{}", grouped(cycles.abs_diff(usual)));
        table.row(vec![name.clone(), grouped(usual), grouped(cycles), change]);
    }
    table
}

/// Cycles of syscalls, and of functions without them.
fn costs(module: &ModuleProfile, frame: &FrameProfile) -> BTreeMap<String, u64> {
    let syscalls = frame
        .syscalls
        .iter()
        .map(|row| (module.syscall_id(row.syscall).to_owned(), row.cycles + row.collector_cycles));
    let functions =
        frame.functions.iter().map(|row| (module.function_name(row.function).to_owned(), row.cycles));
    let mut costs = BTreeMap::new();
    for (name, cycles) in syscalls.chain(functions) {
        *costs.entry(name).or_default() += cycles;
    }
    costs
}

/// The medians of all costs.
fn usual(module: &ModuleProfile) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for frame in &module.frames {
        for (name, cycles) in costs(module, frame) {
            all.entry(name).or_default().push(cycles);
        }
    }
    let frames = module.frames.len();
    let median = |mut values: Vec<u64>| {
        // Frames in which it did not occur.
        values.resize(frames, 0);
        values.sort_unstable();
        values[frames.div_ceil(2) - 1]
    };
    all.into_iter().map(|(name, values)| (name, median(values))).collect()
}
