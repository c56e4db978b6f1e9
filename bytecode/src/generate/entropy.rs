//! Choices made from bytes.

/// Bytes that choices are made from. When they are used up, every choice is the simplest one.
pub(super) struct Entropy<'a> {
    bytes: &'a [u8],
}

impl<'a> Entropy<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Entropy { bytes }
    }

    /// True when no byte is left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `n`; 0 if `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        match n {
            0 | 1 => 0,
            2..=256 => u32::from(self.byte()) % n,
            _ => self.bits() as u32 % n,
        }
    }

    /// True in `n` of 256 cases.
    pub(super) fn chance(&mut self, n: u32) -> bool {
        // Counted from above, so that no byte means no.
        u32::from(self.byte()) >= 256 - n
    }

    /// 64 bits, often few of them set.
    pub(super) fn bits(&mut self) -> u64 {
        let bytes = std::array::from_fn(|_| self.byte());
        u64::from_le_bytes(bytes) >> (8 * (self.byte() % 8))
    }

    /// One of several things.
    pub(super) fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len() as u32) as usize]
    }
}
