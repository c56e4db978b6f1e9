//! What frames came to together.

use std::collections::{BTreeMap, BTreeSet};

use super::model::*;

/// Some numbers of frames, as people ask for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// All together.
    pub total: u64,
    /// The middle one; of two the smaller.
    pub median: u64,
    /// The smallest number that is at least as large as 99% of all.
    pub p99: u64,
    /// The largest.
    pub max: u64,
    /// Number of the first frame that has the largest.
    pub max_frame: u64,
}

impl Distribution {
    /// Of numbers with their frames.
    pub fn new(numbers: impl Iterator<Item = (u64, u64)>) -> Distribution {
        let mut values = Vec::new();
        let mut found = Distribution::default();
        for (frame, value) in numbers {
            if values.is_empty() || value > found.max {
                (found.max, found.max_frame) = (value, frame);
            }
            found.total += value;
            values.push(value);
        }
        values.sort_unstable();
        let at = |rank: usize| values.get(rank.saturating_sub(1)).copied().unwrap_or(0);
        found.median = at(values.len().div_ceil(2));
        found.p99 = at((values.len() * 99).div_ceil(100));
        found
    }
}

/// What a function came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionTotal {
    /// All of its rows together.
    pub row: FunctionRow,
    /// Cycles while it was on the stack: its own, and those of everything that it called.
    pub inclusive_cycles: u64,
}

/// What a line came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineTotal {
    /// All of its rows together.
    pub row: LineRow,
}

/// What a syscall came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyscallTotal {
    /// All of its rows together.
    pub row: SyscallRow,
    /// Cycles in the frame in which they were most, and its number.
    pub max_cycles: (u64, u64),
    /// Calls in the frame in which they were most, and its number.
    pub max_calls: (u64, u64),
}

/// A status that a syscall returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusTotal {
    /// Index of the import.
    pub syscall: u32,
    /// Number of the status.
    pub code: i32,
    /// How often it was returned.
    pub times: u64,
    /// The first frame in which it was.
    pub first_frame: u64,
}

/// How long staged calls took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyTotal {
    /// Index of the import.
    pub syscall: u32,
    /// Calls whose results came.
    pub calls: u64,
    /// Fewest frames from a call to its result.
    pub min: u64,
    /// The middle one; of two the smaller.
    pub median: u64,
    /// Most frames.
    pub max: u64,
    /// The first frame that brought a result after so many.
    pub max_frame: u64,
}

impl LatencyTotal {
    /// Of numbers of frames, ascending, with how often each was there.
    fn new(syscall: u32, waits: &BTreeMap<u64, Waits>) -> LatencyTotal {
        let calls = waits.values().map(|waits| waits.times).sum();
        let mut found = LatencyTotal { syscall, calls, ..LatencyTotal::default() };
        let mut seen = 0;
        for (&frames, &Waits { times, first_frame }) in waits {
            if seen == 0 {
                found.min = frames;
            }
            if seen < calls.div_ceil(2) {
                found.median = frames;
            }
            seen += times;
            (found.max, found.max_frame) = (frames, first_frame);
        }
        found
    }
}

/// How often calls waited for a number of frames.
#[derive(Clone, Copy)]
struct Waits {
    times: u64,
    first_frame: u64,
}

/// What a zone came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneTotal {
    /// All of its rows together.
    pub row: ZoneRow,
    /// Cycles in the frame in which they were most, and its number.
    pub max_cycles: (u64, u64),
}

/// Frames of a module together; what cost most stands first, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Functions, by cycles of their own and of their syscalls.
    pub functions: Vec<FunctionTotal>,
    /// Lines, by cycles of their own and of their syscalls.
    pub lines: Vec<LineTotal>,
    /// Syscalls, by cycles.
    pub syscalls: Vec<SyscallTotal>,
    /// Statuses, by syscall and number.
    pub statuses: Vec<StatusTotal>,
    /// Staged calls, by syscall.
    pub latencies: Vec<LatencyTotal>,
    /// Zones, by cycles.
    pub zones: Vec<ZoneTotal>,
    /// Stacks with something of their own, by place.
    pub stacks: Vec<StackRow>,
}

impl Totals {
    /// Adds up frames of a module.
    pub fn new<'a>(module: &ModuleProfile, frames: impl IntoIterator<Item = &'a FrameProfile>) -> Totals {
        let mut functions: BTreeMap<u32, FunctionTotal> = BTreeMap::new();
        let mut lines: BTreeMap<u32, LineTotal> = BTreeMap::new();
        let mut syscalls: BTreeMap<u32, SyscallTotal> = BTreeMap::new();
        let mut statuses: BTreeMap<(u32, i32), StatusTotal> = BTreeMap::new();
        let mut latencies: BTreeMap<u32, BTreeMap<u64, Waits>> = BTreeMap::new();
        let mut zones: BTreeMap<u32, ZoneTotal> = BTreeMap::new();
        let mut stacks: BTreeMap<u32, StackRow> = BTreeMap::new();
        for frame in frames {
            for row in &frame.functions {
                functions.entry(row.function).or_default().row.add(row);
            }
            for row in &frame.lines {
                lines.entry(row.line).or_default().row.add(row);
            }
            for row in &frame.syscalls {
                let total = syscalls.entry(row.syscall).or_default();
                total.row.add(row);
                raise(&mut total.max_cycles, row.cycles + row.collector_cycles, frame.frame);
                raise(&mut total.max_calls, row.calls, frame.frame);
                for &(code, times) in &row.statuses {
                    let first =
                        StatusTotal { syscall: row.syscall, code, times: 0, first_frame: frame.frame };
                    statuses.entry((row.syscall, code)).or_insert(first).times += times;
                }
            }
            for row in &frame.latencies {
                let first = Waits { times: 0, first_frame: frame.frame };
                latencies.entry(row.syscall).or_default().entry(row.frames).or_insert(first).times +=
                    row.times;
            }
            for row in &frame.zones {
                let total = zones.entry(row.zone).or_default();
                total.row = ZoneRow {
                    zone: row.zone,
                    opened: total.row.opened + row.opened,
                    cycles: total.row.cycles + row.cycles,
                };
                raise(&mut total.max_cycles, row.cycles, frame.frame);
            }
            for row in &frame.stacks {
                let total =
                    stacks.entry(row.stack).or_insert(StackRow { stack: row.stack, ..Default::default() });
                total.calls += row.calls;
                total.cycles += row.cycles;
            }
        }
        for stack in stacks.values() {
            for function in functions_of(module, stack.stack) {
                if let Some(total) = functions.get_mut(&function) {
                    total.inclusive_cycles += stack.cycles;
                }
            }
        }
        Totals {
            functions: dearest(functions, |total| total.row.cycles + total.row.syscall_cycles),
            lines: dearest(lines, |total| total.row.cycles + total.row.syscall_cycles),
            syscalls: dearest(syscalls, |total| total.row.cycles + total.row.collector_cycles),
            statuses: statuses.into_values().collect(),
            latencies: latencies.iter().map(|(&syscall, waits)| LatencyTotal::new(syscall, waits)).collect(),
            zones: dearest(zones, |total| total.row.cycles),
            stacks: stacks.into_values().collect(),
        }
    }
}

/// Functions on a stack, each once.
fn functions_of(module: &ModuleProfile, stack: u32) -> BTreeSet<u32> {
    let path = module.stack_path(stack);
    let names = path.iter().filter_map(|&at| module.stacks.get(at as usize));
    names.filter(|name| name.kind == StackKind::Function).map(|name| name.index).collect()
}

fn raise(max: &mut (u64, u64), value: u64, frame: u64) {
    if value > max.0 {
        *max = (value, frame);
    }
}

/// The values, from the highest cost; equal ones in the order of their keys.
fn dearest<T>(map: BTreeMap<u32, T>, cost: impl Fn(&T) -> u64) -> Vec<T> {
    let mut values: Vec<T> = map.into_values().collect();
    values.sort_by_key(|value| std::cmp::Reverse(cost(value)));
    values
}

impl FunctionRow {
    fn add(&mut self, row: &FunctionRow) {
        self.function = row.function;
        self.calls += row.calls;
        self.cycles += row.cycles;
        self.syscall_cycles += row.syscall_cycles;
        self.collector_cycles += row.collector_cycles;
        self.bytes += row.bytes;
        self.objects += row.objects;
    }
}

impl LineRow {
    fn add(&mut self, row: &LineRow) {
        self.line = row.line;
        self.cycles += row.cycles;
        self.syscall_cycles += row.syscall_cycles;
        self.collector_cycles += row.collector_cycles;
        self.bytes += row.bytes;
        self.objects += row.objects;
    }
}

impl SyscallRow {
    fn add(&mut self, row: &SyscallRow) {
        self.syscall = row.syscall;
        self.calls += row.calls;
        self.cycles += row.cycles;
        self.collector_cycles += row.collector_cycles;
        self.bytes += row.bytes;
        self.objects += row.objects;
        for &(code, times) in &row.statuses {
            match self.statuses.binary_search_by_key(&code, |&(code, _)| code) {
                Ok(at) => self.statuses[at].1 += times,
                Err(at) => self.statuses.insert(at, (code, times)),
            }
        }
    }
}
