//! Tables for people.

use std::fmt::Write;

use cartwheel_runtime::profile::{
    FrameProfile, FunctionTotal, LineTotal, ModuleProfile, SyscallTotal, Totals,
};

use super::args::View;
use super::{Part, sections};
use crate::summary::grouped;

/// Longest bar of a sparkline, in characters.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A table: what things are called on the left, numbers to the right of it.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with headings.
    pub fn new(head: &[&str]) -> Table {
        Table { head: head.iter().map(|&text| text.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The text. Numbers stand below each other.
    pub fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.head]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let mut out = String::new();
        for row in [&self.head].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                // Infallible: it is a string.
                let _ = if column == 0 {
                    write!(line, "{cell:<width$}")
                } else {
                    write!(line, "  {cell:>width$}")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// A share in percent.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A line of bars, a bar for so many numbers that they fit the width: the largest of them counts.
pub fn sparkline(numbers: &[u64], full: u64, width: usize) -> String {
    let per_bar = numbers.len().div_ceil(width).max(1);
    let bar = |part: &[u64]| {
        let value = part.iter().copied().max().unwrap_or(0).min(full);
        let steps = BARS.len() as u128 - 1;
        let height = (u128::from(value) * steps).div_ceil(u128::from(full.max(1)));
        BARS[height as usize]
    };
    numbers.chunks(per_bar).map(bar).collect()
}

/// A table by one thing.
fn view(module: &ModuleProfile, frames: &[FrameProfile], by: View) -> String {
    let totals = Totals::new(module, frames);
    let cycles = frames.iter().map(|frame| frame.cycles).sum();
    match by {
        View::Syscall => syscalls(module, &totals.syscalls, cycles),
        View::Function => functions(module, &totals.functions, cycles),
        View::Line => lines(module, &totals.lines, cycles),
        View::Frame => by_frame(frames),
        View::Module => modules(&[Part { label: name_of(module), module, frames }]),
        View::Status => statuses(module, &totals),
        View::Zone => zones(module, &totals, cycles),
        View::Latency => latencies(module, &totals).text(),
    }
}

/// A table by one thing for each module, or one of all modules.
pub fn views(parts: &[Part<'_>], by: View) -> String {
    match by {
        View::Module => modules(parts),
        by => sections(parts, |part| view(part.module, part.frames, by)),
    }
}

/// Everything about the frames, table after table.
pub fn account(module: &ModuleProfile, frames: &[FrameProfile]) -> String {
    let views = [
        ("frame", View::Frame),
        ("memory", View::Module),
        ("syscalls", View::Syscall),
        ("statuses", View::Status),
        ("functions", View::Function),
        ("lines", View::Line),
        ("zones", View::Zone),
        ("staged calls", View::Latency),
    ];
    let mut out = String::new();
    for (name, by) in views {
        let text = view(module, frames, by);
        // A table without rows says nothing.
        if text.lines().count() > 1 {
            let _ = writeln!(out, "{name}\n{text}");
        }
    }
    for frame in frames {
        for (name, value) in &frame.counters {
            let _ = writeln!(out, "counter {name} = {value}");
        }
    }
    out.trim_end().to_owned() + "\n"
}

/// Syscalls with their share of all cycles.
pub fn syscalls(module: &ModuleProfile, totals: &[SyscallTotal], cycles: u64) -> String {
    let mut table = Table::new(&[
        "syscall",
        "calls",
        "cycles",
        "share",
        "collector",
        "bytes",
        "objects",
        "most",
        "in frame",
    ]);
    for SyscallTotal { row, max_cycles, .. } in totals {
        let mut cells =
            vec![module.syscall_id(row.syscall).to_owned(), grouped(row.calls), grouped(row.cycles)];
        cells.push(percent(row.cycles + row.collector_cycles, cycles));
        cells.extend([row.collector_cycles, row.bytes, row.objects, max_cycles.0].map(grouped));
        cells.push(max_cycles.1.to_string());
        table.row(cells);
    }
    table.text()
}

/// Functions with their share of all cycles.
pub fn functions(module: &ModuleProfile, totals: &[FunctionTotal], cycles: u64) -> String {
    let mut table = Table::new(&[
        "function",
        "calls",
        "own",
        "share",
        "syscalls",
        "with callees",
        "share",
        "collector",
        "bytes",
        "objects",
    ]);
    for FunctionTotal { row, inclusive_cycles } in totals {
        table.row(vec![
            module.function_name(row.function).to_owned(),
            grouped(row.calls),
            grouped(row.cycles),
            percent(row.cycles, cycles),
            grouped(row.syscall_cycles),
            grouped(*inclusive_cycles),
            percent(*inclusive_cycles, cycles),
            grouped(row.collector_cycles),
            grouped(row.bytes),
            grouped(row.objects),
        ]);
    }
    table.text()
}

/// Lines with their share of all cycles.
pub fn lines(module: &ModuleProfile, totals: &[LineTotal], cycles: u64) -> String {
    let mut table =
        Table::new(&["line", "cycles", "syscalls", "share", "collector", "bytes", "objects", "function"]);
    for LineTotal { row } in totals {
        let function =
            module.lines.get(row.line as usize).map_or("?", |name| module.function_name(name.function));
        let mut cells = vec![module.line_name(row.line), grouped(row.cycles), grouped(row.syscall_cycles)];
        cells.push(percent(row.cycles + row.syscall_cycles, cycles));
        cells.extend([row.collector_cycles, row.bytes, row.objects].map(grouped));
        cells.push(function.to_owned());
        table.row(cells);
    }
    table.text()
}

fn by_frame(frames: &[FrameProfile]) -> String {
    let timed = frames.iter().any(|frame| frame.wall_nanos.is_some());
    let mut head =
        vec!["frame", "cycles", "granted", "used", "syscalls", "collector", "bytes", "objects", "overruns"];
    if timed {
        head.push("microseconds");
    }
    head.push("end");
    let mut table = Table::new(&head);
    for frame in frames {
        let mut cells = vec![frame.frame.to_string(), grouped(frame.cycles), grouped(frame.granted)];
        cells.push(percent(frame.cycles, frame.granted));
        let numbers = [frame.calls, frame.collector_cycles, frame.bytes, frame.objects, frame.overruns];
        cells.extend(numbers.map(grouped));
        if timed {
            cells.push(frame.wall_nanos.map_or_else(String::new, |nanos| grouped(nanos / 1_000)));
        }
        cells.push(frame.end.clone());
        table.row(cells);
    }
    table.text()
}

fn name_of(module: &ModuleProfile) -> String {
    if module.name.is_empty() { format!("module {}", module.module) } else { module.name.clone() }
}

/// Modules with what their frames came to together.
pub fn modules(parts: &[Part<'_>]) -> String {
    let mut head = vec!["module", "frames", "cycles"];
    let several = parts.len() > 1;
    if several {
        head.push("share");
    }
    head.extend(["syscalls", "collector", "bytes", "objects", "overruns", "memory", "heap", "heap objects"]);
    let mut table = Table::new(&head);
    let cycles = |part: &Part<'_>| part.frames.iter().map(|frame| frame.cycles).sum::<u64>();
    let all = parts.iter().map(cycles).sum();
    for part in parts {
        let sum = |f: fn(&FrameProfile) -> u64| part.frames.iter().map(f).sum::<u64>();
        let most = |f: fn(&FrameProfile) -> u64| part.frames.iter().map(f).max().unwrap_or(0);
        let mut cells = vec![part.label.clone(), grouped(part.frames.len() as u64), grouped(cycles(part))];
        if several {
            cells.push(percent(cycles(part), all));
        }
        let numbers = [
            sum(|f| f.calls),
            sum(|f| f.collector_cycles),
            sum(|f| f.bytes),
            sum(|f| f.objects),
            sum(|f| f.overruns),
            most(|f| f.memory_bytes),
            most(|f| f.heap_bytes),
            most(|f| f.heap_objects),
        ];
        cells.extend(numbers.map(grouped));
        table.row(cells);
    }
    table.text()
}

fn statuses(module: &ModuleProfile, totals: &Totals) -> String {
    let mut table = Table::new(&["syscall", "status", "times", "first in frame"]);
    for status in &totals.statuses {
        table.row(vec![
            module.syscall_id(status.syscall).to_owned(),
            module.status_name(status.syscall, status.code),
            grouped(status.times),
            status.first_frame.to_string(),
        ]);
    }
    table.text()
}

/// Staged calls with how many frames they waited for their results.
pub fn latencies(module: &ModuleProfile, totals: &Totals) -> Table {
    let mut table = Table::new(&["frames to the result of", "calls", "min", "median", "max", "in frame"]);
    for total in &totals.latencies {
        let mut cells = vec![module.syscall_id(total.syscall).to_owned()];
        cells.extend([total.calls, total.min, total.median, total.max].map(grouped));
        cells.push(total.max_frame.to_string());
        table.row(cells);
    }
    table
}

fn zones(module: &ModuleProfile, totals: &Totals, cycles: u64) -> String {
    let mut table = Table::new(&["zone", "opened", "cycles", "share", "most", "in frame"]);
    for zone in &totals.zones {
        let name = module.zones.get(zone.row.zone as usize).map_or_else(String::new, |path| path.join(" > "));
        table.row(vec![
            name,
            grouped(zone.row.opened),
            grouped(zone.row.cycles),
            percent(zone.row.cycles, cycles),
            grouped(zone.max_cycles.0),
            zone.max_cycles.1.to_string(),
        ]);
    }
    table.text()
}
