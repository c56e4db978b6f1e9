//! The tree of calls: a node per stack, with the counters of its innermost function while exactly that stack is there.

use std::collections::BTreeMap;

use super::{Counts, Layout, cells, site};
use crate::buffer::Buffer;
use crate::profile::Form;
use crate::program::Program;

/// Most nodes of a tree. Calls beyond count for the stack that they were made from.
pub const MAX_NODES: usize = 1 << 16;
/// Most nested nodes. Calls beyond count for the stack that they were made from.
pub const MAX_DEPTH: u16 = 256;
/// Most counters of all nodes together. Calls beyond count for the stack that they were made from.
pub const MAX_COUNTERS: usize = 1 << 22;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callee {
    /// The module itself: the root.
    Module,
    /// A function, by index. A function that calls itself stays in one node.
    Function(u32),
    /// An import, by index.
    Syscall(u32),
}

/// A node of the tree of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallNode {
    /// What it stands for.
    pub callee: Callee,
    /// Number of the node that it was called from; the root's is its own.
    pub parent: u32,
}

#[derive(Debug)]
struct Node {
    callee: Callee,
    parent: u32,
    depth: u16,
    /// Ascending, with their numbers.
    children: Vec<(Callee, u32)>,
    counters: Counters,
    /// Cycles of calls beyond the tree.
    beyond_cycles: u64,
}

/// Counters of a function, or of nothing.
#[derive(Debug)]
struct Counters {
    cells: Buffer<u64>,
    /// True if something may have been counted since they were taken.
    touched: bool,
}

impl Counters {
    fn new(len: u32, node: u64, func: u64, parent: u64) -> Counters {
        let mut cells = Buffer::new(len as usize);
        cells.as_mut_slice()[cells::NODE] = node;
        cells.as_mut_slice()[cells::FUNC] = func;
        cells.as_mut_slice()[cells::PARENT] = parent;
        Counters { cells, touched: false }
    }
}

/// Whose counters are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Node(u32),
    /// Those of a function for calls beyond the tree.
    Shared(u32),
}

/// Whose counters these are.
pub(super) fn at(counters: *mut u64) -> At {
    // SAFETY: `Core::counters` points at the counters of a node, or at shared ones; all have these.
    let (node, func) = unsafe { (*counters.add(cells::NODE), *counters.add(cells::FUNC)) };
    if node == cells::SHARED { At::Shared(func as u32) } else { At::Node(node as u32) }
}

/// Calls that have no nodes.
#[derive(Debug)]
struct Beyond {
    /// The node that the first of them was made from.
    from: u32,
    /// Their number, without those of a function by itself.
    depth: u32,
    /// Remaining budget up to which their cycles were attributed.
    mark: i64,
}

#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Counters of functions for calls beyond the tree.
    shared: BTreeMap<u32, Counters>,
    beyond: Option<Beyond>,
    /// Those whose counters may have changed since they were taken.
    touched: Vec<At>,
    /// Counters of all nodes.
    size: usize,
}

impl Default for Tree {
    fn default() -> Self {
        let root = Node {
            callee: Callee::Module,
            parent: 0,
            depth: 0,
            children: Vec::new(),
            counters: Counters::new(cells::FIXED, 0, cells::NO_FUNCTION, 0),
            beyond_cycles: 0,
        };
        Tree { nodes: vec![root], shared: BTreeMap::new(), beyond: None, touched: Vec::new(), size: 0 }
    }
}

/// Counted code runs only in functions whose counted form was prepared.
fn layout(program: &Program, func: u32) -> &Layout {
    program.prepared(func, Form::Counted).layout().expect("the counted form has a layout")
}

impl Tree {
    /// The nodes by number.
    pub fn nodes(&self) -> impl Iterator<Item = CallNode> {
        self.nodes.iter().map(|node| CallNode { callee: node.callee, parent: node.parent })
    }

    /// Counters of the module itself, where it runs no function.
    pub fn root(&self) -> *mut u64 {
        self.nodes[0].counters.cells.as_ptr()
    }

    fn entry(&mut self, at: At) -> &mut Counters {
        match at {
            At::Node(node) => &mut self.nodes[node as usize].counters,
            At::Shared(func) => self.shared.get_mut(&func).expect("whoever is there has counters"),
        }
    }

    /// The counters there.
    pub fn counters(&mut self, at: At) -> &mut Buffer<u64> {
        &mut self.entry(at).cells
    }

    /// True if calls are in progress that have no node.
    pub fn is_beyond(&self) -> bool {
        self.beyond.is_some()
    }

    fn touch(&mut self, at: At) {
        let touched = &mut self.entry(at).touched;
        if !std::mem::replace(touched, true) {
            self.touched.push(at);
        }
    }

    /// A function is called; where it counts.
    pub fn enter(&mut self, program: &Program, from: At, func: u32, remaining: i64) -> At {
        let to = match from {
            At::Node(node) if self.nodes[node as usize].callee == Callee::Function(func) => from,
            At::Node(node) => match self.function(program, node, func) {
                Some(child) => At::Node(child),
                None => {
                    self.beyond = Some(Beyond { from: node, depth: 1, mark: remaining });
                    self.share(program, func)
                }
            },
            At::Shared(caller) if caller == func => from,
            At::Shared(_) => {
                self.beyond.iter_mut().for_each(|beyond| beyond.depth += 1);
                self.share(program, func)
            }
        };
        self.touch(to);
        to
    }

    /// A function without a node has returned to another one; where that counts.
    pub fn leave_beyond(&mut self, program: &Program, func: u32, remaining: i64) -> At {
        self.flush(remaining);
        let beyond = self.beyond.as_mut().expect("only calls beyond the tree have no parent");
        beyond.depth -= 1;
        if beyond.depth == 0 {
            let from = beyond.from;
            self.beyond = None;
            return At::Node(from);
        }
        let to = self.share(program, func);
        self.touch(to);
        to
    }

    /// Attributes the cycles up to here to the stack that calls beyond the tree were made from.
    pub fn flush(&mut self, remaining: i64) {
        if let Some(beyond) = &mut self.beyond {
            self.nodes[beyond.from as usize].beyond_cycles += (beyond.mark - remaining) as u64;
            beyond.mark = remaining;
        }
    }

    /// A slice begins with a budget.
    pub fn granted(&mut self, remaining: i64) {
        self.beyond.iter_mut().for_each(|beyond| beyond.mark = remaining);
    }

    /// So many cycles are taken from the slice without being spent.
    pub fn withheld(&mut self, cycles: i64) {
        self.beyond.iter_mut().for_each(|beyond| beyond.mark -= cycles);
    }

    /// All calls have ended.
    pub fn leave(&mut self) {
        self.beyond = None;
    }

    /// Goes to a stack of functions, outermost first; its innermost function's counters.
    pub fn stand_at(&mut self, program: &Program, funcs: impl Iterator<Item = u32>) -> *mut u64 {
        self.beyond = None;
        let at = funcs.fold(At::Node(0), |at, func| self.enter(program, at, func, 0));
        self.counters(at).as_ptr()
    }

    /// Counters of a function for calls beyond the tree.
    fn share(&mut self, program: &Program, func: u32) -> At {
        self.shared
            .entry(func)
            .or_insert_with(|| Counters::new(layout(program, func).len(), cells::SHARED, func.into(), 0));
        At::Shared(func)
    }

    /// The child of a node that stands for a function, made if need be; `None` if there is no room for it.
    fn function(&mut self, program: &Program, node: u32, func: u32) -> Option<u32> {
        let callee = Callee::Function(func);
        let place = match self.place(node, callee) {
            Ok(child) => return Some(child),
            Err(place) => place,
        };
        let len = layout(program, func).len();
        let size = self.size + len as usize;
        if size > MAX_COUNTERS {
            return None;
        }
        let parent = self.nodes[node as usize].counters.cells.as_ptr() as usize as u64;
        let counters = Counters::new(len, self.nodes.len() as u64, func.into(), parent);
        let child = self.insert(node, place, callee, counters)?;
        self.size = size;
        Some(child)
    }

    /// The same for a syscall, whose counters are those of the sites in the function.
    fn syscall(&mut self, node: u32, import: u32) -> Option<u32> {
        let callee = Callee::Syscall(import);
        match self.place(node, callee) {
            Ok(child) => Some(child),
            Err(place) => {
                self.insert(node, place, callee, Counters { cells: Buffer::new(0), touched: false })
            }
        }
    }

    /// Number of a child, or the place in the list of children where it belongs.
    fn place(&self, node: u32, callee: Callee) -> Result<u32, usize> {
        let children = &self.nodes[node as usize].children;
        children.binary_search_by_key(&callee, |&(callee, _)| callee).map(|place| children[place].1)
    }

    fn insert(&mut self, parent: u32, place: usize, callee: Callee, counters: Counters) -> Option<u32> {
        let depth = self.nodes[parent as usize].depth;
        if self.nodes.len() == MAX_NODES || depth == MAX_DEPTH {
            return None;
        }
        let new = self.nodes.len() as u32;
        self.nodes[parent as usize].children.insert(place, (callee, new));
        let (depth, children) = (depth + 1, Vec::new());
        self.nodes.push(Node { callee, parent, depth, children, counters, beyond_cycles: 0 });
        Some(new)
    }

    /// Takes what was counted into functions and nodes of `counts`, and how often imports with a status have returned.
    pub fn take(&mut self, program: &Program, current: *mut u64, counts: &mut Counts, returned: &mut [u64]) {
        let mut touched = std::mem::take(&mut self.touched);
        for &at in &touched {
            let counters = self.entry(at);
            counters.touched = false;
            let cells = counters.cells.as_mut_slice();
            let func = cells[cells::FUNC] as u32;
            layout(program, func).settle(cells, |import, times| returned[import as usize] += times);
            if let At::Node(node) = at {
                self.take_node(program, node, func, &mut counts.nodes);
            }
        }
        // Calls beyond the tree can be made by the module itself, which is never touched.
        let cycles = std::mem::take(&mut self.nodes[0].beyond_cycles);
        if cycles > 0 {
            counts.nodes.push((0, 0, cycles));
        }
        merge(&mut counts.nodes);
        touched.sort_by_key(|&at| self.func(at));
        let mut rest = touched.as_slice();
        while let Some(&first) = rest.first() {
            let func = self.func(first);
            let places = rest.iter().take_while(|&&at| self.func(at) == func).count();
            self.take_function(program, func, &rest[..places], counts);
            rest = &rest[places..];
        }
        touched.clear();
        self.touched = touched;
        self.touch_stack(at(current));
    }

    /// The function of counters that are not the root's.
    fn func(&self, at: At) -> u32 {
        match at {
            At::Node(node) => match self.nodes[node as usize].callee {
                Callee::Function(func) => func,
                other => unreachable!("{other:?} has no counters of a function"),
            },
            At::Shared(func) => func,
        }
    }

    /// Adds rows of a node and of the syscalls that it made.
    fn take_node(&mut self, program: &Program, node: u32, func: u32, rows: &mut Vec<(u32, u64, u64)>) {
        let (layout, analysis) = (layout(program, func), program.analysis(func));
        let first = rows.len();
        let Node { counters, beyond_cycles, .. } = &mut self.nodes[node as usize];
        let cells = counters.cells.as_slice();
        let blocks = layout.of_blocks(cells).iter().zip(&analysis.blocks);
        let mut cycles: u64 = blocks.map(|(times, block)| times * u64::from(block.cost)).sum();
        cycles += std::mem::take(beyond_cycles);
        for (place, counted) in layout.of_sites(cells).filter(|(_, counted)| counted[site::CALLS] > 0) {
            match place.import {
                // Its node is found when the counters are not needed any more.
                Some(import) => rows.push((import, counted[site::CALLS], counted[site::CYCLES])),
                None => cycles += counted[site::CYCLES],
            }
        }
        let calls = cells[cells::CALLS];
        for row in &mut rows[first..] {
            *row = match self.syscall(node, row.0) {
                Some(child) => (child, row.1, row.2),
                None => (node, 0, row.2),
            };
        }
        if calls > 0 || cycles > 0 {
            rows.push((node, calls, cycles));
        }
    }

    /// Takes the counters of a function, which it has in several places.
    fn take_function(&mut self, program: &Program, func: u32, places: &[At], counts: &mut Counts) {
        let Some((&first, others)) = places.split_first() else { return };
        let layout = layout(program, func);
        let counted = cells::CALLS..layout.call(0) as usize;
        let mut sums = std::mem::replace(self.counters(first), Buffer::new(0));
        for &other in others {
            let cells = self.counters(other).as_mut_slice();
            let sums = &mut sums.as_mut_slice()[counted.clone()];
            for (sum, count) in sums.iter_mut().zip(&cells[counted.clone()]) {
                *sum += count;
            }
            cells[cells::CALLS..].fill(0);
        }
        counts.add_function(func, layout, sums.as_slice());
        sums.as_mut_slice()[cells::CALLS..].fill(0);
        *self.counters(first) = sums;
    }

    /// What is on the stack goes on counting without being entered again.
    fn touch_stack(&mut self, at: At) {
        let mut node = match at {
            At::Node(node) => node,
            At::Shared(_) => {
                self.touch(at);
                self.beyond.as_ref().map_or(0, |beyond| beyond.from)
            }
        };
        while node != 0 {
            self.touch(At::Node(node));
            node = self.nodes[node as usize].parent;
        }
    }
}

/// Makes one row of those of the same node.
fn merge(rows: &mut Vec<(u32, u64, u64)>) {
    rows.sort_unstable_by_key(|&(node, ..)| node);
    rows.dedup_by(|(node, calls, cycles), kept| {
        let same = *node == kept.0;
        if same {
            kept.1 += *calls;
            kept.2 += *cycles;
        }
        same
    });
}
