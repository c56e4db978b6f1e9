//! What changed between two profiles.

use std::collections::{BTreeMap, BTreeSet};

use super::model::*;
use super::totals::Totals;

/// Lines of a function that are aligned exactly; the rest is paired in order.
const MAX_ALIGNED_LINES: usize = 2_000;

/// Something that costs other than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is called, afterwards if it is there afterwards.
    pub name: String,
    /// Calls before and after; none where calls are not counted.
    pub calls: Option<(u64, u64)>,
    /// Cycles before and after.
    pub cycles: (u64, u64),
}

impl Change {
    /// Cycles more than before.
    pub fn delta(&self) -> i64 {
        self.cycles.1 as i64 - self.cycles.0 as i64
    }
}

/// The changes between two profiles, the largest first. What costs the same is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Frames that were compared: those that both have, from the first.
    pub frames: u64,
    /// Cycles of these frames before and after.
    pub cycles: (u64, u64),
    /// Syscalls, by id.
    pub syscalls: Vec<Change>,
    /// Functions, by name: their own cycles, without their syscalls.
    pub functions: Vec<Change>,
    /// Lines: their own cycles and those of their syscalls.
    pub lines: Vec<Change>,
}

/// Compares two profiles module by module: those that are called the same. Where there are several, the names of changes begin
/// with theirs.
pub fn compare(before: &Profile, after: &Profile) -> Comparison {
    let mut found = Comparison::default();
    let single = before.modules.len() == 1 && after.modules.len() == 1;
    let labels = |profile: &Profile| -> Vec<String> {
        (0..profile.modules.len())
            .map(|place| if single { String::new() } else { profile.label(place) })
            .collect()
    };
    let (from, to) = (labels(before), labels(after));
    let names: BTreeSet<&String> = from.iter().chain(&to).collect();
    let none = ModuleProfile::default();
    for name in names {
        let side = |labels: &[String]| labels.iter().position(|label| label == name);
        let (from, to) = (side(&from), side(&to));
        let (old, new) = (
            from.map_or(&none, |place| &before.modules[place]),
            to.map_or(&none, |place| &after.modules[place]),
        );
        // What only one of them has is new, or gone, in all of its frames.
        let frames = match (from, to) {
            (Some(_), Some(_)) => old.frames.len().min(new.frames.len()),
            _ => old.frames.len().max(new.frames.len()),
        };
        found.frames = found.frames.max(frames as u64);
        let prefix = if single { String::new() } else { format!("{name}: ") };
        found.add(&prefix, &Side::new(old, frames), &Side::new(new, frames));
    }
    for list in [&mut found.syscalls, &mut found.functions, &mut found.lines] {
        list.sort_by(|a, b| b.delta().abs().cmp(&a.delta().abs()).then_with(|| a.name.cmp(&b.name)));
    }
    found
}

impl Comparison {
    fn add(&mut self, prefix: &str, from: &Side<'_>, to: &Side<'_>) {
        self.cycles.0 += from.cycles;
        self.cycles.1 += to.cycles;
        let named = |change: Change| Change { name: format!("{prefix}{}", change.name), ..change };
        self.syscalls.extend(changes(from.syscalls(), to.syscalls()).into_iter().map(named));
        self.functions.extend(changes(from.functions(), to.functions()).into_iter().map(named));
        self.lines.extend(line_changes(from, to).into_iter().map(named));
    }
}

/// Calls and cycles by name.
type Costs = BTreeMap<String, (u64, u64)>;

/// A module on one side of a comparison.
struct Side<'a> {
    module: &'a ModuleProfile,
    totals: Totals,
    cycles: u64,
}

/// A line with its cost.
#[derive(Clone, Copy, PartialEq, Eq)]
struct LineCost {
    place: u32,
    line: u32,
    cycles: u64,
}

impl<'a> Side<'a> {
    fn new(module: &'a ModuleProfile, frames: usize) -> Side<'a> {
        let frames = &module.frames[..frames.min(module.frames.len())];
        let cycles = frames.iter().map(|frame| frame.cycles).sum();
        Side { module, totals: Totals::new(module, frames), cycles }
    }

    fn syscalls(&self) -> Costs {
        let mut costs = Costs::new();
        for total in &self.totals.syscalls {
            let cost = costs.entry(self.module.syscall_id(total.row.syscall).to_owned()).or_default();
            cost.0 += total.row.calls;
            cost.1 += total.row.cycles + total.row.collector_cycles;
        }
        costs
    }

    fn functions(&self) -> Costs {
        let mut costs = Costs::new();
        for total in &self.totals.functions {
            let cost = costs.entry(self.module.function_name(total.row.function).to_owned()).or_default();
            cost.0 += total.row.calls;
            cost.1 += total.row.cycles;
        }
        costs
    }

    /// Lines by function and file, ascending.
    fn lines(&self) -> BTreeMap<(String, Option<String>), Vec<LineCost>> {
        let mut lines: BTreeMap<_, Vec<LineCost>> = BTreeMap::new();
        for total in &self.totals.lines {
            let Some(name) = self.module.lines.get(total.row.line as usize) else { continue };
            let function = self.module.function_name(name.function).to_owned();
            lines.entry((function, name.file.clone())).or_default().push(LineCost {
                place: total.row.line,
                line: name.line,
                cycles: total.row.cycles + total.row.syscall_cycles,
            });
        }
        lines.values_mut().for_each(|lines| lines.sort_by_key(|line| line.line));
        lines
    }
}

fn changes(before: Costs, after: Costs) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| {
        let (from, to) =
            (before.get(name).copied().unwrap_or_default(), after.get(name).copied().unwrap_or_default());
        let change = Change { name: name.clone(), calls: Some((from.0, to.0)), cycles: (from.1, to.1) };
        (from != to).then_some(change)
    };
    names.into_iter().filter_map(change).collect()
}

/// Lines move when others are written above them, so they are found again by their order and cost.
fn line_changes(before: &Side<'_>, after: &Side<'_>) -> Vec<Change> {
    let (mut from, mut to) = (before.lines(), after.lines());
    let keys: BTreeSet<_> = from.keys().chain(to.keys()).cloned().collect();
    let mut found = Vec::new();
    for key in keys {
        let (old, new) = (from.remove(&key).unwrap_or_default(), to.remove(&key).unwrap_or_default());
        for (old, new) in paired(&old, &new) {
            let name = match (new, old) {
                (Some(line), _) => after.module.line_name(line.place),
                (None, Some(line)) => before.module.line_name(line.place),
                (None, None) => continue,
            };
            let cycles = (old.map_or(0, |line| line.cycles), new.map_or(0, |line| line.cycles));
            if cycles.0 != cycles.1 {
                found.push(Change { name: format!("{name} ({})", key.0), calls: None, cycles });
            }
        }
    }
    found
}

/// Pairs lines of a function with those of another version of it: as many as possible that cost the same, and what is
/// between them in order.
fn paired<'a>(old: &'a [LineCost], new: &'a [LineCost]) -> Vec<(Option<&'a LineCost>, Option<&'a LineCost>)> {
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        for k in 0..(next_i - i).max(next_j - j) {
            pairs.push((old[i..next_i].get(k), new[j..next_j].get(k)));
        }
        if next_i < old.len() {
            pairs.push((Some(&old[next_i]), Some(&new[next_j])));
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    pairs
}

/// Longest common subsequence by cost: pairs of indices, ascending.
fn common(old: &[LineCost], new: &[LineCost]) -> Vec<(usize, usize)> {
    if old.len() > MAX_ALIGNED_LINES || new.len() > MAX_ALIGNED_LINES {
        return Vec::new();
    }
    let width = new.len() + 1;
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i].cycles == new[j].cycles {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i].cycles == new[j].cycles {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
