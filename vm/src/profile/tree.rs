//! The tree of calls: a node per stack, with the cycles spent while exactly that stack was there.

/// Most nodes of a tree. Calls beyond count for the stack that they were made from.
pub const MAX_NODES: usize = 1 << 16;
/// Most nested nodes. Calls beyond count for the stack that they were made from.
pub const MAX_DEPTH: u16 = 256;

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

#[derive(Clone, Copy, Debug)]
struct Node {
    callee: Callee,
    parent: u32,
    /// First child, and the next child of the parent: numbers of nodes, 0 for none.
    child: u32,
    sibling: u32,
    depth: u16,
    calls: u64,
    cycles: u64,
}

#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    current: u32,
    /// Calls in progress that have no node of their own.
    beyond: u32,
}

const ROOT: Node =
    Node { callee: Callee::Module, parent: 0, child: 0, sibling: 0, depth: 0, calls: 0, cycles: 0 };

impl Default for Tree {
    fn default() -> Self {
        Tree { nodes: vec![ROOT], current: 0, beyond: 0 }
    }
}

impl Tree {
    /// The nodes by number.
    pub fn nodes(&self) -> impl Iterator<Item = CallNode> {
        self.nodes.iter().map(|node| CallNode { callee: node.callee, parent: node.parent })
    }

    #[inline]
    pub fn spend(&mut self, cycles: u64) {
        self.nodes[self.current as usize].cycles += cycles;
    }

    /// A function was called.
    #[inline]
    pub fn enter(&mut self, func: u32) {
        self.go_to(func);
        self.nodes[self.current as usize].calls += 1;
    }

    fn go_to(&mut self, func: u32) {
        let callee = Callee::Function(func);
        if self.beyond > 0 {
            self.beyond += 1;
        } else if self.nodes[self.current as usize].callee != callee {
            match self.child(callee) {
                Some(child) => self.current = child,
                None => self.beyond = 1,
            }
        }
    }

    /// A function has returned to `func`.
    #[inline]
    pub fn leave_to(&mut self, func: u32) {
        let node = &self.nodes[self.current as usize];
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if node.callee != Callee::Function(func) {
            self.current = node.parent;
        }
    }

    /// Something was called that has returned, for so many cycles. `last` remembers where that was counted for a place in
    /// the code, with the stack: mostly it is the same one the next time. It begins with 0.
    #[inline]
    pub fn called(&mut self, callee: Callee, cycles: u64, last: &mut u64) {
        // 0 is the module itself, which is never called: where it stands for a full tree, the search is made again.
        let (stack, known) = ((*last >> 32) as u32, *last as u32);
        let at = if known != 0 && stack == self.current {
            known
        } else {
            let at = self.child(callee).unwrap_or(self.current);
            *last = u64::from(self.current) << 32 | u64::from(at);
            at
        };
        let node = &mut self.nodes[at as usize];
        node.calls += 1;
        node.cycles += cycles;
    }

    /// Goes to a stack of functions, outermost first.
    pub fn stand_at(&mut self, funcs: impl Iterator<Item = u32>) {
        (self.current, self.beyond) = (0, 0);
        funcs.for_each(|func| self.go_to(func));
    }

    /// The child of the current node, made if need be; `None` if there is no room for it.
    #[inline]
    fn child(&mut self, callee: Callee) -> Option<u32> {
        let Node { child: first, depth, .. } = self.nodes[self.current as usize];
        let mut child = first;
        while child != 0 {
            let node = &self.nodes[child as usize];
            if node.callee == callee {
                return Some(child);
            }
            child = node.sibling;
        }
        if self.nodes.len() == MAX_NODES || depth == MAX_DEPTH {
            return None;
        }
        let new = self.nodes.len() as u32;
        self.nodes.push(Node { callee, parent: self.current, sibling: first, depth: depth + 1, ..ROOT });
        self.nodes[self.current as usize].child = new;
        Some(new)
    }

    /// Takes calls and cycles of all nodes that have some.
    pub fn take(&mut self) -> Vec<(u32, u64, u64)> {
        let mut taken = Vec::new();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if node.calls > 0 || node.cycles > 0 {
                taken.push((number as u32, node.calls, node.cycles));
                (node.calls, node.cycles) = (0, 0);
            }
        }
        taken
    }
}
