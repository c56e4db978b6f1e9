//! Single cells of a module's state, by name: to say where two states differ, and to watch one.

use bytemuck::cast_slice;
use cartwheel_bytecode::Bank;

use crate::instance::Instance;
use crate::reference::Reference;
use crate::state::{FrameState, ObjectState, SlotState, State};

/// A cell of a module's state besides its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// A byte of linear memory, by address.
    Memory(u32),
    /// A global, by index.
    Global(u32),
    /// An element of a table: index of the table, index in it.
    Table(u32, u32),
    /// A cell of an object: slot of the heap, index. Byte strings have 8 bytes per cell, records their scalars before
    /// their handles.
    Object(u32, u32),
    /// A word of the random generator.
    Rng(u32),
}

impl State {
    /// Value of a cell; `None` if there is no such cell.
    pub fn cell(&self, cell: Cell) -> Option<u64> {
        match cell {
            Cell::Memory(address) => self.memory.get(address as usize).map(|&byte| byte.into()),
            Cell::Global(index) => self.globals.get(index as usize).copied(),
            Cell::Table(table, index) => {
                self.tables.get(table as usize)?.get(index as usize).map(|&element| element.into())
            }
            Cell::Object(slot, index) => match self.heap.slots.get(slot as usize)? {
                SlotState::Object { body, .. } => body.cells().nth(index as usize),
                SlotState::Free(_) => None,
            },
            Cell::Rng(word) => self.rng.get(word as usize).copied(),
        }
    }

    /// Cells that differ from those of another state: globals, tables, memory, objects, generator, in this order and each by
    /// ascending place.
    pub fn differing_cells<'a>(&'a self, other: &'a State) -> impl Iterator<Item = Cell> + 'a {
        let globals = differing(&self.globals, &other.globals).map(Cell::Global);
        let tables = (0u32..).zip(self.tables.iter().zip(&other.tables));
        let tables = tables.flat_map(|(t, (a, b))| differing(a, b).map(move |index| Cell::Table(t, index)));
        let memory = differing(&self.memory, &other.memory).map(Cell::Memory);
        let slots = differing(&self.heap.slots, &other.heap.slots);
        let objects = slots.flat_map(move |slot| {
            let cells = |state: &'a State| match state.heap.slots.get(slot as usize) {
                Some(SlotState::Object { body, .. }) => body.cells().collect(),
                _ => Vec::new(),
            };
            let (a, b) = (cells(self), cells(other));
            differing(&a, &b).map(move |cell| Cell::Object(slot, cell)).collect::<Vec<_>>()
        });
        let rng = differing(&self.rng, &other.rng).map(Cell::Rng);
        globals.chain(tables).chain(memory).chain(objects).chain(rng)
    }
}

/// Indices at which two lists differ, also where one has ended.
fn differing<'a, T: PartialEq>(a: &'a [T], b: &'a [T]) -> impl Iterator<Item = u32> + use<'a, T> {
    let longer = a.len().max(b.len()) as u32;
    (0..longer).filter(|&i| a.get(i as usize) != b.get(i as usize))
}

impl ObjectState {
    /// The cells of the object.
    fn cells(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        let wide = |handles: &'_ [u32]| handles.iter().map(|&handle| u64::from(handle)).collect::<Vec<_>>();
        match self {
            ObjectState::Bytes(bytes) => Box::new(bytes.chunks(8).map(|chunk| {
                let mut cell = [0; 8];
                cell[..chunk.len()].copy_from_slice(chunk);
                u64::from_le_bytes(cell)
            })),
            ObjectState::Array(cells) => Box::new(cells.iter().copied()),
            ObjectState::Refs(handles) => Box::new(wide(handles).into_iter()),
            ObjectState::Record(_, scalars, handles) => {
                Box::new(scalars.iter().copied().chain(wide(handles)))
            }
        }
    }
}

impl Instance {
    /// Value of a cell; `None` if there is no such cell.
    pub fn cell(&self, cell: Cell) -> Option<u64> {
        let core = &*self.core;
        match cell {
            Cell::Memory(address) => core.memory.as_slice().get(address as usize).map(|&byte| byte.into()),
            Cell::Global(index) => core.global_cells.as_slice().get(index as usize).copied(),
            Cell::Table(table, index) => {
                core.tables.get(table as usize)?.get(index as usize).map(|&element| element.into())
            }
            Cell::Object(slot, index) => {
                // Byte strings stand in memory in the order of their bytes.
                let bytes = cast_slice::<u64, [u8; 8]>(core.heap.payload(slot)?).get(index as usize)?;
                let native = u64::from_ne_bytes(*bytes);
                Some(if core.heap.is_bytes(slot) { u64::from_le_bytes(*bytes) } else { native })
            }
            Cell::Rng(word) => core.rng.get(word as usize).copied(),
        }
    }
}

impl Instance {
    /// Value of a register of a call, outermost 0; `None` if there is no such call or register. As in a saved state, one that is
    /// not live holds 0.
    pub fn register(&self, call: u32, bank: Bank, number: u16) -> Option<u64> {
        self.frame_states().get(call as usize)?.register(bank, number)
    }
}

impl FrameState {
    fn register(&self, bank: Bank, number: u16) -> Option<u64> {
        match bank {
            Bank::Scalar => self.scalars.get(usize::from(number)).copied(),
            Bank::Handle => self.handles.get(usize::from(number)).map(|&handle| handle.into()),
        }
    }
}

impl Reference {
    /// Value of a register of a call, outermost 0; `None` if there is no such call or register. One that is not live has what
    /// was last written to it.
    pub fn register(&self, call: u32, bank: Bank, number: u16) -> Option<u64> {
        self.raw_state().frames.get(call as usize)?.register(bank, number)
    }

    /// Value of a cell; `None` if there is no such cell.
    pub fn cell(&self, cell: Cell) -> Option<u64> {
        self.raw_state().cell(cell)
    }
}
