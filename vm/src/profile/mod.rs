//! Exact attribution of cycles to functions, basic blocks, instructions and stacks of calls.
//!
//! An instance that is profiled runs another form of its prepared code, with words that count: one at the start of every
//! block, at the entry of every function and behind every call; instructions that charge by size have a handler that
//! measures. Block counts times static costs, and what was measured, add up to the cycle counter, because nothing else
//! changes it. Without a profile none of this code exists.

mod tree;

use std::collections::BTreeMap;

pub(crate) use tree::Tree;
pub use tree::{CallNode, Callee, MAX_DEPTH, MAX_NODES};

use crate::buffer::Buffer;
use crate::heap::Heap;
use crate::interp::core::Core;
use crate::program::Program;
use crate::walk;

/// Which of its forms a function's prepared code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Counted,
}

/// Where the counters of a function stand: calls, then a counter per block, then [`SITE_COUNTERS`] per site.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Number of the first counter.
    pub first: u32,
    pub blocks: u32,
    /// Offsets of the instructions that charge by size, allocate, or are syscalls; ascending.
    pub sites: Box<[u32]>,
}

/// Counters of a site, in the order of the fields of [`SiteCounts`]; the last remembers the node of a syscall.
pub(crate) const SITE_COUNTERS: u32 = 6;

impl Layout {
    /// Number of counters.
    pub fn len(&self) -> u32 {
        Layout::size(self.blocks, self.sites.len())
    }

    /// Number of the counters of a function with so many blocks and sites.
    pub fn size(blocks: u32, sites: usize) -> u32 {
        1 + blocks + sites as u32 * SITE_COUNTERS
    }

    /// Number of a block's counter.
    pub fn block(&self, block: usize) -> u32 {
        self.first + 1 + block as u32
    }

    /// Number of the first counter of the site at an offset.
    pub fn site(&self, offset: u32) -> Option<u32> {
        let index = self.sites.binary_search(&offset).ok()?;
        Some(self.first + 1 + self.blocks + index as u32 * SITE_COUNTERS)
    }
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
#[derive(Debug)]
pub(crate) struct Profile {
    pub counters: Buffer<u64>,
    pub tree: Tree,
    /// Remaining budget up to which cycles were attributed.
    mark: i64,
    /// First counter of the syscall's site that is pending, and what there was before it.
    pending: Option<(u32, Before)>,
    /// By import: whether its first results are counted.
    count_results: Vec<bool>,
    results: BTreeMap<(u32, u64), u64>,
}

/// State of the meters before an instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    cycles: i64,
    collector: u64,
    bytes: u64,
    objects: u64,
}

impl Before {
    pub fn new(cycles: i64, heap: &Heap) -> Before {
        Before {
            cycles,
            collector: heap.worked_units,
            bytes: heap.allocated_bytes,
            objects: heap.allocated_objects,
        }
    }

    /// Adds what has happened since to the counters of a site.
    pub fn count(&self, cycles: i64, heap: &Heap, counters: &mut [u64]) {
        let [calls, spent, collector, bytes, objects, ..] = counters else { return };
        *calls += 1;
        *spent += (self.cycles - cycles) as u64;
        *collector += heap.worked_units - self.collector;
        *bytes += heap.allocated_bytes - self.bytes;
        *objects += heap.allocated_objects - self.objects;
    }
}

impl Profile {
    pub fn new(count_results: Vec<bool>, remaining: i64) -> Profile {
        Profile {
            counters: Buffer::new(0),
            tree: Tree::default(),
            mark: remaining,
            pending: None,
            count_results,
            results: BTreeMap::new(),
        }
    }

    /// Makes room for the counters of a function.
    pub fn reserve(&mut self, layout: &Layout) {
        let needed = (layout.first + layout.len()) as usize;
        if needed > self.counters.len() {
            self.counters.grow(needed.next_power_of_two());
        }
    }

    /// A slice begins with a budget.
    pub fn granted(&mut self, remaining: i64) {
        self.mark = remaining;
    }

    /// So many cycles are taken from the slice without being spent.
    pub fn withheld(&mut self, cycles: i64) {
        self.mark -= cycles;
        if let Some((_, before)) = &mut self.pending {
            before.cycles -= cycles;
        }
    }

    /// Attributes the cycles up to here to the stack that runs.
    #[inline]
    pub fn flush(&mut self, remaining: i64) {
        self.tree.spend((self.mark - remaining) as u64);
        self.mark = remaining;
    }

    /// The guest stands at a syscall, whose site has its first counter at `site`.
    #[inline]
    pub fn syscall(&mut self, site: u32, remaining: i64, heap: &Heap) {
        self.pending = Some((site, Before::new(remaining, heap)));
    }

    /// The pending syscall is over; `result` is its first if it returned one.
    #[inline]
    pub fn syscall_done(&mut self, import: u32, result: Option<u64>, remaining: i64, heap: &Heap) {
        let Some((site, before)) = &self.pending else { return };
        let site = &mut self.counters.as_mut_slice()[*site as usize..][..SITE_COUNTERS as usize];
        before.count(remaining, heap, site);
        let spent = before.cycles - remaining;
        self.pending = None;
        self.tree.called(Callee::Syscall(import), spent as u64, &mut site[SITE_COUNTERS as usize - 1]);
        // What the syscall took is not spent by who called it, which goes on from where it was.
        self.mark -= spent;
        if let (Some(true), Some(result)) = (self.count_results.get(import as usize), result) {
            *self.results.entry((import, result)).or_default() += 1;
        }
    }

    /// Takes everything that was counted; the tree keeps its nodes.
    pub fn take(&mut self, program: &Program, remaining: i64) -> Counts {
        self.flush(remaining);
        let mut functions = Vec::new();
        for func in 0..program.cartridge().functions.len() as u32 {
            if let Some(layout) = program.counted_layout(func)
                && let Some(counts) = take_function(func, layout, self.counters.as_mut_slice())
            {
                functions.push(counts);
            }
        }
        let results = std::mem::take(&mut self.results);
        Counts {
            functions,
            nodes: self.tree.take(),
            results: results.into_iter().map(|((import, result), times)| (import, result, times)).collect(),
        }
    }
}

fn take_function(func: u32, layout: &Layout, counters: &mut [u64]) -> Option<FunctionCounts> {
    // Another instance of the program may have prepared the function.
    let own = counters.get_mut(layout.first as usize..(layout.first + layout.len()) as usize)?;
    if own.iter().all(|&count| count == 0) {
        return None;
    }
    let (blocks, sites) = own[1..].split_at(layout.blocks as usize);
    let blocks = blocks.iter().enumerate().filter(|&(_, &count)| count > 0);
    let sites = layout.sites.iter().zip(sites.chunks_exact(SITE_COUNTERS as usize));
    let counts = FunctionCounts {
        func,
        calls: own[0],
        blocks: blocks.map(|(block, &count)| (block as u32, count)).collect(),
        sites: sites
            .filter(|(_, counts)| counts[0] > 0)
            .map(|(&offset, counts)| (offset, site_counts(counts)))
            .collect(),
    };
    own.fill(0);
    Some(counts)
}

fn site_counts(counters: &[u64]) -> SiteCounts {
    let &[calls, cycles, collector_cycles, bytes, objects, _] = counters else {
        unreachable!("a site has {SITE_COUNTERS} counters")
    };
    SiteCounts { calls, cycles, collector_cycles, bytes, objects }
}

// ---- events of the running code -----------------------------------------------------------------------------

/// A function was entered; `calls` is the number of its counter of calls.
#[inline(never)]
pub(crate) fn entered(core: &mut Core, calls: u32, remaining: i64) {
    let func = walk::current_function(core);
    let Some(profile) = &mut core.profile else { return };
    profile.flush(remaining);
    profile.tree.enter(func);
    profile.counters.as_mut_slice()[calls as usize] += 1;
}

/// A function has returned to the one that is running now.
#[inline(never)]
pub(crate) fn left(core: &mut Core, remaining: i64) {
    let func = walk::current_function(core);
    let Some(profile) = &mut core.profile else { return };
    profile.flush(remaining);
    profile.tree.leave_to(func);
}

/// What an instruction that charges by size came to, with its counters from `site` on.
pub(crate) fn measured(core: &mut Core, site: u32, before: &Before) {
    let Core { profile: Some(profile), heap, cycles, .. } = core else { return };
    before.count(*cycles, heap, &mut profile.counters.as_mut_slice()[site as usize..]);
}
