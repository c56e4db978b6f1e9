//! What syscalls cost in a frame.

use std::ops::AddAssign;

use cartwheel_hostabi::Completed;

/// What calls of one syscall, or of all, came to in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls, trapping ones too.
    pub calls: u64,
    /// Cycles charged by the calls, without those of the `syscall` instruction.
    pub cycles: u64,
    /// Bytes allocated on the guest's heap.
    pub bytes: u64,
    /// Objects allocated on the guest's heap.
    pub objects: u64,
}

impl Usage {
    /// Counts a call.
    #[inline]
    pub(crate) fn add(&mut self, done: &Completed) {
        *self += Usage { calls: 1, cycles: done.cycles, bytes: done.bytes, objects: done.objects };
    }
}

impl AddAssign for Usage {
    #[inline]
    fn add_assign(&mut self, other: Usage) {
        self.calls += other.calls;
        self.cycles += other.cycles;
        self.bytes += other.bytes;
        self.objects += other.objects;
    }
}
