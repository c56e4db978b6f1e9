//! Tables of function references and handles, and element segments. Both kinds hold numbers, so that most
//! instructions are the same for both.

use cartwheel_bytecode::operand::{Dst, I32};
use cartwheel_bytecode::{SizeCost, TrapCode};

use super::memory::span;
use super::{Executed, Reference, Then};

impl Reference {
    fn table_span(&self, table: u32, from: u32, len: u32) -> Result<std::ops::Range<usize>, TrapCode> {
        let available = self.state.tables[table as usize].len();
        span(from.into(), len.into(), available).ok_or(TrapCode::TableOutOfBounds)
    }

    pub(super) fn table_element(&self, table: u32, index: I32) -> Result<u32, TrapCode> {
        let range = self.table_span(table, self.unsigned(index), 1)?;
        Ok(self.state.tables[table as usize][range.start])
    }

    pub(super) fn table_set(&mut self, table: u32, index: I32, value: u32) -> Executed {
        let range = self.table_span(table, self.unsigned(index), 1)?;
        self.state.tables[table as usize][range.start] = value;
        Ok(Then::Next)
    }

    pub(super) fn table_grow(&mut self, d: Dst, table: u32, value: u32, by: I32) -> Executed {
        let by = u64::from(self.unsigned(by));
        let old = self.state.tables[table as usize].len() as u64;
        let all: u64 = self.state.tables.iter().map(|table| table.len() as u64).sum();
        let declared = self.program.cartridge().tables[table as usize].max.unwrap_or(u32::MAX);
        if old + by > u64::from(declared) || all + by > u64::from(self.limits.max_table_elements) {
            return self.set(d, -1);
        }
        self.state.tables[table as usize].resize((old + by) as usize, value);
        self.charge_cycles(SizeCost::PerElement.cycles(by));
        self.set(d, old as u32)
    }

    pub(super) fn table_fill(&mut self, table: u32, index: I32, value: u32, len: I32) -> Executed {
        let len = self.unsigned(len);
        let range = self.table_span(table, self.unsigned(index), len)?;
        self.state.tables[table as usize][range].fill(value);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn table_copy(&mut self, dst: u32, src: u32, to: I32, from: I32, len: I32) -> Executed {
        let len = self.unsigned(len);
        let to = self.table_span(dst, self.unsigned(to), len)?;
        let from = self.table_span(src, self.unsigned(from), len)?;
        let elements = self.state.tables[src as usize][from].to_vec();
        self.state.tables[dst as usize][to].copy_from_slice(&elements);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn table_init(&mut self, table: u32, elem: u32, to: I32, from: I32, len: I32) -> Executed {
        let len = self.unsigned(len);
        self.init_table(table, elem as usize, self.unsigned(to), self.unsigned(from), len)?;
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    /// Copies a part of an element segment, which is empty once it was dropped, to a table.
    pub(super) fn init_table(
        &mut self,
        table: u32,
        elem: usize,
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), TrapCode> {
        let to = self.table_span(table, to, len)?;
        let items = &self.program.cartridge().elems[elem].items;
        let items = if self.state.dropped_elems[elem] { &[] } else { items.as_slice() };
        let from = span(from.into(), len.into(), items.len()).ok_or(TrapCode::TableOutOfBounds)?;
        self.state.tables[table as usize][to].copy_from_slice(&items[from]);
        Ok(())
    }
}
