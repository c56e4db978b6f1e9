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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionCounts<'c> {
    /// Index of the function.
    pub func: u32,
    /// Times that it was called.
    pub calls: u64,
    /// Blocks that were entered, by number, with how often: each cost the block's static cost.
    pub blocks: &'c [(u32, u64)],
    /// Offsets of instructions with what was counted there; ascending.
    pub sites: &'c [(u32, SiteCounts)],
}

/// Where the counts of a function end in the lists of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FunctionEnd {
    func: u32,
    calls: u64,
    blocks: usize,
    sites: usize,
}

/// What was counted since counts were last taken. One that is used again keeps its room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    functions: Vec<FunctionEnd>,
    blocks: Vec<(u32, u64)>,
    sites: Vec<(u32, SiteCounts)>,
    /// Nodes of the tree of calls with calls and cycles of their own, by ascending number.
    pub nodes: Vec<(u32, u64, u64)>,
    /// First results of syscalls that return a status: import, result, times; ascending.
    pub results: Vec<(u32, u64, u64)>,
}

impl Counts {
    /// Functions in which something happened, by ascending index.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = FunctionCounts<'_>> {
        let (mut blocks, mut sites) = (0, 0);
        self.functions.iter().map(move |end| {
            let counts = FunctionCounts {
                func: end.func,
                calls: end.calls,
                blocks: &self.blocks[blocks..end.blocks],
                sites: &self.sites[sites..end.sites],
            };
            (blocks, sites) = (end.blocks, end.sites);
            counts
        })
    }

    fn clear(&mut self) {
        self.functions.clear();
        self.blocks.clear();
        self.sites.clear();
        self.nodes.clear();
        self.results.clear();
    }

    /// Adds what a function has in its counters, if there is anything.
    fn add_function(&mut self, func: u32, layout: &Layout, counters: &[u64]) {
        let calls = counters[cells::CALLS];
        let before = (self.blocks.len(), self.sites.len());
        let blocks = layout.of_blocks(counters).iter().enumerate().filter(|&(_, &count)| count > 0);
        self.blocks.extend(blocks.map(|(block, &count)| (block as u32, count)));
        let sites = layout.of_sites(counters).filter(|(_, counted)| counted[site::CALLS] > 0);
        self.sites.extend(sites.map(|(site, counted)| (site.offset, SiteCounts::new(counted))));
        let (blocks, sites) = (self.blocks.len(), self.sites.len());
        if calls > 0 || (blocks, sites) != before {
            self.functions.push(FunctionEnd { func, calls, blocks, sites });
        }
    }
}

impl SiteCounts {
    fn new(counted: &[u64]) -> SiteCounts {
        SiteCounts {
            calls: counted[site::CALLS],
            cycles: counted[site::CYCLES],
            collector_cycles: counted[site::COLLECTOR_CYCLES],
            bytes: counted[site::BYTES],
            objects: counted[site::OBJECTS],
        }
    }
}

/// The counters of an instance.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub tree: Tree,
    /// First results of calls that return a status, but for 0: import, result, times.
    results: BTreeMap<(u32, u64), u64>,
    /// By import with a status: calls that returned. Used while counts are taken.
    returned: Vec<u64>,
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
    pub fn take(&mut self, program: &Program, counters: *mut u64, remaining: i64, counts: &mut Counts) {
        counts.clear();
        self.tree.flush(remaining);
        self.returned.clear();
        self.returned.resize(program.cartridge().imports.len(), 0);
        self.tree.take(program, counters, counts, &mut self.returned);
        let mut others = std::mem::take(&mut self.results).into_iter().peekable();
        for (import, &returned) in (0..).zip(&self.returned) {
            let first = counts.results.len();
            // Place of the results 0, which come first.
            counts.results.push((import, 0, returned));
            while let Some(((_, result), times)) = others.next_if(|&((other, _), _)| other == import) {
                counts.results.push((import, result, times));
                counts.results[first].2 -= times;
            }
            if counts.results[first].2 == 0 {
                counts.results.remove(first);
            }
        }
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
