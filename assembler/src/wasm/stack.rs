//! The operand stack during translation: what is known of each value without having computed it.
//!
//! A value's place on the stack has a register of its own, its *slot*. A `local.get` or a constant is not copied there:
//! the stack remembers what it is, and whoever takes the value reads the local or has the constant as an immediate. Before a
//! local changes, what the stack still owes of it is copied to its slots; so are all locals before a block begins, as
//! they could change on one way through it and not on another.

use cartwheel_bytecode::Bank;
use cartwheel_bytecode::operand::Scalar;

use super::test::Test;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// In the slot of its place.
    Slot,
    /// In a local.
    Local(u32),
    /// Nowhere: it is a constant, given as the bits of its cell.
    Const(Scalar, u64),
    /// Nowhere: it is the null handle.
    Null,
    /// Nowhere: it is what the next operator tests.
    Test(Test),
}

/// A value and its bank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Where the value is.
    pub value: Value,
    /// The bank of its type.
    pub bank: Bank,
    /// For a local the place of the next value below that is the same local, or [`NONE`].
    below: u32,
}

const NONE: u32 = u32::MAX;

/// The stack.
#[derive(Debug, Default)]
pub struct Stack {
    entries: Vec<Entry>,
    /// The uppermost place of each local on the stack.
    heads: Vec<u32>,
    /// No place below this one holds a local.
    settled: usize,
}

impl Stack {
    /// An empty stack for a function with so many locals.
    pub fn reset(&mut self, locals: usize) {
        self.entries.clear();
        self.heads.clear();
        self.heads.resize(locals, NONE);
        self.settled = 0;
    }

    /// Number of values.
    pub fn height(&self) -> usize {
        self.entries.len()
    }

    /// The value at a place.
    pub fn get(&self, place: usize) -> Entry {
        self.entries[place]
    }

    /// Pushes a value.
    pub fn push(&mut self, value: Value, bank: Bank) {
        let mut below = NONE;
        if let Value::Local(local) = value {
            let place = self.entries.len() as u32;
            below = std::mem::replace(&mut self.heads[local as usize], place);
        }
        self.entries.push(Entry { value, bank, below });
    }

    /// Takes the uppermost value.
    pub fn pop(&mut self) -> Entry {
        let entry = self.entries.pop().expect("a validated module never takes from an empty stack");
        if let Value::Local(local) = entry.value {
            self.heads[local as usize] = entry.below;
        }
        self.settled = self.settled.min(self.entries.len());
        entry
    }

    /// Takes all values above a height.
    pub fn truncate(&mut self, height: usize) {
        while self.entries.len() > height {
            self.pop();
        }
    }

    /// The value at a place is in its slot now, and was no local.
    pub fn settle_constant(&mut self, place: usize) {
        self.entries[place].value = Value::Slot;
    }

    /// Calls `copy` with every place that holds a local's value; they are in their slots then.
    pub fn settle_local(&mut self, local: u32, mut copy: impl FnMut(usize, Entry)) {
        let mut place = std::mem::replace(&mut self.heads[local as usize], NONE);
        while place != NONE {
            let entry = &mut self.entries[place as usize];
            copy(place as usize, *entry);
            place = entry.below;
            entry.value = Value::Slot;
        }
    }

    /// Does so with every place that holds any local.
    pub fn settle_locals(&mut self, mut copy: impl FnMut(usize, Entry)) {
        for place in self.settled..self.entries.len() {
            let entry = &mut self.entries[place];
            if let Value::Local(local) = entry.value {
                copy(place, *entry);
                entry.value = Value::Slot;
                self.heads[local as usize] = NONE;
            }
        }
        self.settled = self.entries.len();
    }
}
