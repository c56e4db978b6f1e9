//! Linear memory and data segments.

use cartwheel_bytecode::SizeCost;
use cartwheel_bytecode::TrapCode;
use cartwheel_bytecode::cartridge::{MAX_PAGES, PAGE_BYTES};
use cartwheel_bytecode::operand::{Dst, I32, Offset};

use super::access::Cell;
use super::{Executed, Reference, Then};

/// The bytes `from .. from + len` of something with `available` bytes, if they are all there.
pub(super) fn span(from: u64, len: u64, available: usize) -> Option<std::ops::Range<usize>> {
    let end = from + len;
    (end <= available as u64).then_some(from as usize..end as usize)
}

impl Reference {
    pub(super) fn memory_span(&self, from: u64, len: u64) -> Result<std::ops::Range<usize>, TrapCode> {
        span(from, len, self.state.memory.len()).ok_or(TrapCode::MemoryOutOfBounds)
    }

    /// A part of a data segment, which is empty once it was dropped.
    pub(super) fn data_span(&self, data: usize, from: u32, len: u32) -> Result<&[u8], TrapCode> {
        let bytes = &self.program.cartridge().data[data].bytes;
        let bytes = if self.state.dropped_data[data] { &[] } else { bytes.as_slice() };
        let range = span(from.into(), len.into(), bytes.len()).ok_or(TrapCode::MemoryOutOfBounds)?;
        Ok(&bytes[range])
    }

    pub(super) fn load<const N: usize, R: Cell>(
        &mut self,
        d: Dst,
        addr: I32,
        offset: Offset,
        f: impl Fn([u8; N]) -> R,
    ) -> Executed {
        let from = u64::from(self.unsigned(addr)) + u64::from(offset.0);
        let range = self.memory_span(from, N as u64)?;
        let value = f(self.state.memory[range].try_into().expect("the range has N bytes"));
        self.set(d, value)
    }

    pub(super) fn store<const N: usize>(&mut self, addr: I32, offset: Offset, bytes: [u8; N]) -> Executed {
        let to = u64::from(self.unsigned(addr)) + u64::from(offset.0);
        let range = self.memory_span(to, N as u64)?;
        self.state.memory[range].copy_from_slice(&bytes);
        Ok(Then::Next)
    }

    pub(super) fn memory_pages(&self) -> u64 {
        (self.state.memory.len() / PAGE_BYTES) as u64
    }

    pub(super) fn memory_grow(&mut self, d: Dst, pages: I32) -> Executed {
        let (old, by) = (self.memory_pages(), u64::from(self.unsigned(pages)));
        let declared = self.program.cartridge().memory.and_then(|memory| memory.max);
        let limits = [declared.unwrap_or(MAX_PAGES), MAX_PAGES, self.limits.max_memory_pages];
        if limits.iter().any(|&limit| old + by > u64::from(limit)) {
            return self.set(d, -1);
        }
        self.state.memory.resize((old + by) as usize * PAGE_BYTES, 0);
        self.charge_cycles(SizeCost::PerPage.cycles(by));
        self.set(d, old as u32)
    }

    pub(super) fn memory_copy(&mut self, to: I32, from: I32, len: I32) -> Executed {
        let len = self.unsigned(len);
        let to = self.memory_span(self.unsigned(to).into(), len.into())?;
        let from = self.memory_span(self.unsigned(from).into(), len.into())?;
        self.state.memory.copy_within(from, to.start);
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn memory_fill(&mut self, to: I32, value: I32, len: I32) -> Executed {
        let len = self.unsigned(len);
        let to = self.memory_span(self.unsigned(to).into(), len.into())?;
        let byte = self.value(value) as u8;
        self.state.memory[to].fill(byte);
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn memory_init(&mut self, data: u32, to: I32, from: I32, len: I32) -> Executed {
        let len = self.unsigned(len);
        self.init_memory(data as usize, self.unsigned(to), self.unsigned(from), len)?;
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    /// Copies a part of a data segment to the memory.
    pub(super) fn init_memory(&mut self, data: usize, to: u32, from: u32, len: u32) -> Result<(), TrapCode> {
        let to = self.memory_span(to.into(), len.into())?;
        let bytes = self.data_span(data, from, len)?.to_vec();
        self.state.memory[to].copy_from_slice(&bytes);
        Ok(())
    }
}
