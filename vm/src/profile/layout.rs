//! Where the counters of a function stand.

/// Counters that every function has, and the root.
pub(crate) mod cells {
    /// Number of the node; [`SHARED`] where it has none.
    pub(crate) const NODE: usize = 0;
    /// Index of the function; [`NO_FUNCTION`] at the root.
    pub(crate) const FUNC: usize = 1;
    /// Address of the counters of the caller; 0 where that is not known.
    pub(crate) const PARENT: usize = 2;
    /// Times that it was called. From here on counters are taken and begin anew.
    pub(crate) const CALLS: usize = 3;
    /// Number of these counters.
    pub(crate) const FIXED: u32 = 4;

    /// Number of no node.
    pub(crate) const SHARED: u64 = u64::MAX;
    /// Index of no function.
    pub(crate) const NO_FUNCTION: u64 = u64::MAX;
}

/// Counters of a site, from its first.
pub(crate) mod site {
    /// Times that it was executed; of a syscall those that did not come back.
    pub(crate) const CALLS: usize = 0;
    /// Cycles beyond the static cost.
    pub(crate) const CYCLES: usize = 1;
    /// Those of the collector.
    pub(crate) const COLLECTOR_CYCLES: usize = 2;
    /// Bytes allocated.
    pub(crate) const BYTES: usize = 3;
    /// Objects allocated.
    pub(crate) const OBJECTS: usize = 4;
    /// Times that a syscall came back and the code went on.
    pub(crate) const WENT_ON: usize = 5;
    /// Times that a syscall came back and the slice ended.
    pub(crate) const STOPPED: usize = 6;
    /// Number of these counters.
    pub(crate) const COUNTERS: u32 = 7;
}

/// An instruction that charges by size, allocates, or is a syscall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Its offset.
    pub offset: u32,
    /// If it is a syscall, the import.
    pub import: Option<u32>,
    /// True if the import's first result is a status.
    pub has_status: bool,
    /// The block that is entered when it goes on, where that is not counted by itself.
    pub behind: Option<u32>,
}

/// Where the counters of a function stand: [`cells`], a counter per block, [`site`] for every site, and for every call
/// the address of its callee's counters.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub blocks: u32,
    /// By ascending offset.
    pub sites: Box<[Site]>,
    pub calls: u32,
    /// True if the first block is entered with a call and in no other way.
    pub entry_by_calls: bool,
}

impl Layout {
    /// Number of counters.
    pub fn len(&self) -> u32 {
        self.call(self.calls)
    }

    /// Number of a block's counter.
    pub fn block(&self, block: u32) -> u32 {
        cells::FIXED + block
    }

    /// Number of the first counter of a site.
    fn site_at(&self, index: usize) -> u32 {
        self.block(self.blocks) + index as u32 * site::COUNTERS
    }

    /// Number of the first counter of the site at an offset.
    pub fn site(&self, offset: u32) -> Option<u32> {
        let index = self.sites.binary_search_by_key(&offset, |site| site.offset).ok()?;
        Some(self.site_at(index))
    }

    /// Number of the counter that remembers the counters of a call's callee.
    pub fn call(&self, call: u32) -> u32 {
        self.site_at(self.sites.len()) + call
    }

    /// Counters of the blocks.
    pub fn of_blocks<'c>(&self, counters: &'c [u64]) -> &'c [u64] {
        &counters[self.block(0) as usize..][..self.blocks as usize]
    }

    /// The sites with their counters.
    pub fn of_sites<'c>(&'c self, counters: &'c [u64]) -> impl Iterator<Item = (&'c Site, &'c [u64])> {
        let counters = &counters[self.site_at(0) as usize..self.call(0) as usize];
        self.sites.iter().zip(counters.chunks_exact(site::COUNTERS as usize))
    }

    /// Adds to blocks and syscalls what was counted elsewhere, so that each of their counters says all. Tells how often
    /// imports that have a status returned one.
    pub fn settle(&self, counters: &mut [u64], mut returned: impl FnMut(u32, u64)) {
        if self.entry_by_calls {
            let entry = self.block(0) as usize;
            counters[entry] = counters[entry].wrapping_add(counters[cells::CALLS]);
        }
        for (index, site) in self.sites.iter().enumerate() {
            let Some(import) = site.import else { continue };
            let first = self.site_at(index) as usize;
            let (went_on, stopped) = (counters[first + site::WENT_ON], counters[first + site::STOPPED]);
            if went_on + stopped == 0 {
                continue;
            }
            counters[first + site::CALLS] += went_on + stopped;
            if let Some(block) = site.behind {
                counters[self.block(block) as usize] += went_on;
            }
            if site.has_status {
                returned(import, went_on + stopped);
            }
        }
    }
}
