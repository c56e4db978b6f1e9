//! Exact attribution of cycles to functions, basic blocks, instructions and stacks of calls.
//!
//! An instance that is profiled runs another form of its prepared code. There a function has counters for every stack that
//! it is called from: a call goes to the counters of its callee on that stack, which the place of the call remembers, and
//! behind it the code goes back to those of the caller. So a number that is added to tells function, block and stack at once.
//! Block counts times static costs, and what was measured where the cost depends on sizes, add up to the cycle counter,
//! because nothing else changes it. Without a profile none of this code exists.

mod layout;
mod tree;

use std::collections::BTreeMap;

pub(crate) use layout::{Layout, Site, cells, site};
pub(crate) use tree::Tree;
pub use tree::{CallNode, Callee, MAX_COUNTERS, MAX_DEPTH, MAX_NODES};

use crate::heap::Heap;
use crate::interp::core::Core;
use crate::program::Program;

/// Which of its forms a function's prepared code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Counted,
}

/// What was counted at an instruction that charges by size, allocates, or is a syscall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteCounts {
    /// Times that it was executed, also those that trapped or waited for the collector.
    pub calls: u64,
    /// Cycles beyond the static cost, those of the collector among them.
    pub cycles: u64,
    /// Cycles of the collector.
    pub collector_cycles: u64,
    /// Bytes allocated.
    pub bytes: u64,
    /// Objects allocated.
    pub objects: u64,
}

/// What a function came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionCounts {
    /// Index of the function.
    pub func: u32,
    /// Times that it was called.
    pub calls: u64,
    /// Blocks that were entered, by number, with how often: each cost the block's static cost.
    pub blocks: Vec<(u32, u64)>,
    /// Offsets of instructions with what was counted there; ascending.
    pub sites: Vec<(u32, SiteCounts)>,
}

/// What was counted since counts were last taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Functions in which something happened, by ascending index.
    pub functions: Vec<FunctionCounts>,
    /// Nodes of the tree of calls with calls and cycles of their own, by ascending number.
    pub nodes: Vec<(u32, u64, u64)>,
    /// First results of syscalls that are counted by it: import, result, times; ascending.
    pub results: Vec<(u32, u64, u64)>,
}

/// The counters of an instance.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub tree: Tree,
    /// First results of calls that return a status, but for 0: import, result, times.
    results: BTreeMap<(u32, u64), u64>,
}

/// State of the meters before something that charges by size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    collector: u64,
    bytes: u64,
    objects: u64,
}

impl Before {
    pub fn new(heap: &Heap) -> Before {
        Before { collector: heap.worked_units, bytes: heap.allocated_bytes, objects: heap.allocated_objects }
    }

    /// Adds what the heap has done since to the counters of a site.
    pub fn count(&self, heap: &Heap, counters: &mut [u64]) {
        counters[site::COLLECTOR_CYCLES] += heap.worked_units - self.collector;
        counters[site::BYTES] += heap.allocated_bytes - self.bytes;
        counters[site::OBJECTS] += heap.allocated_objects - self.objects;
    }
}

impl Profile {
    /// Takes everything that was counted; the tree keeps its nodes. `counters` are those of the function that runs.
    pub fn take(&mut self, program: &Program, counters: *mut u64, remaining: i64) -> Counts {
        self.tree.flush(remaining);
        let mut counts = Counts::default();
        let returned = self.tree.take(program, counters, &mut counts);
        let mut results = std::mem::take(&mut self.results);
        for (import, returned) in returned {
            let others: u64 = results.range((import, 0)..=(import, u64::MAX)).map(|(_, times)| times).sum();
            if returned > others {
                results.insert((import, 0), returned - others);
            }
        }
        counts.results =
            results.into_iter().map(|((import, result), times)| (import, result, times)).collect();
        counts
    }
}

// ---- what the running code does not do itself ---------------------------------------------------------------

/// The running function calls another one, or the host does: goes to its counters and counts the call. The counter of the
/// running function numbered `slot` remembers them. `remaining` is the budget behind the call.
#[inline(never)]
pub(crate) fn called(core: &mut Core, slot: Option<u32>, func: u32, remaining: i64) {
    let Core { profile: Some(profile), program, counters, .. } = core else { return };
    let tree = &mut profile.tree;
    let from = tree::at(*counters);
    let to = tree.enter(program, from, func, remaining);
    if let (Some(slot), false) = (slot, tree.is_beyond()) {
        let known = tree.counters(to).as_ptr() as usize as u64;
        tree.counters(from).as_mut_slice()[slot as usize] = known;
    }
    let cells = tree.counters(to);
    cells.as_mut_slice()[cells::CALLS] += 1;
    *counters = cells.as_ptr();
}

/// The function that was entered runs in another slice, although its call was counted in this one.
pub(crate) fn entered_later(core: &mut Core, layout: &Layout) {
    let Core { profile: Some(profile), counters, .. } = core else { return };
    if layout.entry_by_calls {
        let entry = &mut profile.tree.counters(tree::at(*counters)).as_mut_slice()[layout.block(0) as usize];
        *entry = entry.wrapping_sub(1);
    }
}

/// A function without a stack of its own has returned to `func`, which runs now.
#[inline(never)]
pub(crate) fn left_beyond(core: &mut Core, func: u32, remaining: i64) {
    let Core { profile: Some(profile), program, counters, .. } = core else { return };
    let to = profile.tree.leave_beyond(program, func, remaining);
    *counters = profile.tree.counters(to).as_ptr();
}

/// What an instruction that charges by size came to, with its counters from `site` on.
pub(crate) fn measured(core: &mut Core, site: u32, cycles: i64, before: &Before) {
    let Core { profile: Some(profile), heap, counters, cycles: now, .. } = core else { return };
    let counters = &mut profile.tree.counters(tree::at(*counters)).as_mut_slice()[site as usize..];
    counters[site::CALLS] += 1;
    counters[site::CYCLES] += (cycles - *now) as u64;
    before.count(heap, counters);
}

/// A syscall has returned something else than 0.
#[inline(never)]
pub(crate) fn returned(core: &mut Core, import: u32, result: u64) {
    let Some(profile) = &mut core.profile else { return };
    *profile.results.entry((import, result)).or_default() += 1;
}

/// The pending syscall, whose counters begin at `site`, has trapped.
pub(crate) fn trapped(core: &mut Core, site: u32, remaining: i64) {
    let Core { profile: Some(profile), counters, called_at, .. } = core else { return };
    let counters = &mut profile.tree.counters(tree::at(*counters)).as_mut_slice()[site as usize..];
    counters[site::CALLS] += 1;
    counters[site::CYCLES] += (*called_at - remaining) as u64;
}

/// The pending syscall, whose counters begin at `site`, has allocated.
pub(crate) fn allocated(core: &mut Core, site: u32, before: &Before) {
    let Core { profile: Some(profile), heap, counters, .. } = core else { return };
    before.count(heap, &mut profile.tree.counters(tree::at(*counters)).as_mut_slice()[site as usize..]);
}
