//! Heap instructions, and allocation with the collector's pacing.

use std::cmp::Ordering;

use cartwheel_bytecode::operand::{Dst, H, HDst, I32, I64};
use cartwheel_bytecode::{Bank, SizeCost, TrapCode};

use super::code::Register;
use super::memory::span;
use super::{Executed, Reference, Then, heap};
use crate::state::{ObjectState, Phase};

/// Units of work that a stalled allocation does in a frame.
const STALL_UNITS: u64 = 65_536;

/// Scalar and handle fields of a record with its shape.
type Record<'a> = (u32, &'a [u64], &'a [u32]);

// ---- allocation ----------------------------------------------------------------------------------

impl Reference {
    /// An allocating instruction: paces, makes room, makes the object, charges its size cost.
    fn allocate(
        &mut self,
        d: HDst,
        size: u64,
        size_cycles: u64,
        make: impl FnOnce(&mut Self) -> ObjectState,
    ) -> Executed {
        if self.state.heap.stall == 0 {
            self.pace(size);
        }
        if !self.make_room(size)? {
            return Ok(Then::Stall);
        }
        let body = make(self);
        let handle = heap::insert(&mut self.state.heap, body);
        self.charge_cycles(size_cycles);
        self.set_h(d, handle)
    }

    /// Lets the collector work for an allocation.
    pub(super) fn pace(&mut self, size: u64) {
        self.state.heap.since_cycle += size;
        if self.state.heap.phase == Phase::Idle && self.state.heap.since_cycle >= self.state.heap.trigger {
            self.begin_cycle();
        }
        for _ in 0..size / 4 {
            if self.state.heap.phase == Phase::Idle {
                break;
            }
            heap::work(&mut self.state.heap);
            self.charge_cycles(1);
        }
    }

    /// Begins a cycle and returns the units of work that this took.
    fn begin_cycle(&mut self) -> u64 {
        let roots = self.roots();
        heap::begin(&mut self.state.heap, &roots);
        self.charge_cycles(roots.len() as u64);
        roots.len() as u64
    }

    pub(super) fn has_room(&self, size: u64) -> bool {
        heap::bytes_in_use(&self.state.heap) + size <= self.limits.max_heap_bytes
            && heap::object_count(&self.state.heap) < u64::from(self.limits.max_heap_objects)
    }

    /// Collects until there is room for an object. False if that takes longer than this frame may.
    fn make_room(&mut self, size: u64) -> Result<bool, TrapCode> {
        if self.has_room(size) {
            self.state.heap.stall = 0;
            return Ok(true);
        }
        if size > self.limits.max_heap_bytes {
            return Err(TrapCode::HeapExhausted);
        }
        if self.state.heap.stall == 0 {
            // What is garbage now was perhaps marked by the cycle that is under way, but not by the one after.
            self.state.heap.stall = if self.state.heap.phase == Phase::Idle { 1 } else { 2 };
        }
        let mut units = 0;
        while units < STALL_UNITS {
            if self.state.heap.phase == Phase::Idle {
                units += self.begin_cycle();
            } else {
                heap::work(&mut self.state.heap);
                self.charge_cycles(1);
                units += 1;
            }
            if self.state.heap.phase == Phase::Idle {
                self.state.heap.stall -= 1;
                if self.has_room(size) {
                    self.state.heap.stall = 0;
                    return Ok(true);
                }
                if self.state.heap.stall == 0 {
                    return Err(TrapCode::HeapExhausted);
                }
            }
        }
        Ok(false)
    }

    /// What the collector begins with, a unit of work each, nulls included.
    fn roots(&self) -> Vec<u32> {
        let cart = self.program.cartridge();
        let mut roots = Vec::new();
        for (global, &cell) in cart.globals.iter().zip(&self.state.globals) {
            if global.ty.bank() == Bank::Handle {
                roots.push(cell as u32);
            }
        }
        for (table, elements) in cart.tables.iter().zip(&self.state.tables) {
            if table.handles {
                roots.extend(elements);
            }
        }
        roots.extend(heap::host_roots(&self.state.heap));
        for (index, frame) in self.state.frames.iter().enumerate() {
            for register in self.live(index) {
                if let Register::Handle(r) = register {
                    roots.push(frame.handles[usize::from(r)]);
                }
            }
        }
        if let Some(pending) = &self.pending {
            roots.extend(&pending.made);
        }
        roots
    }

    pub(super) fn bytes_new(&mut self, d: HDst, len: I32) -> Executed {
        let len = self.unsigned(len);
        self.allocate(d, heap::size_of_bytes(len), SizeCost::Per16Bytes.cycles(len.into()), |_| {
            ObjectState::Bytes(vec![0; len as usize])
        })
    }

    pub(super) fn bytes_data(&mut self, d: HDst, data: u32, from: I32, len: I32) -> Executed {
        let (from, len) = (self.unsigned(from), self.unsigned(len));
        let bytes = self.data_span(data as usize, from, len)?.to_vec();
        self.allocate(d, heap::size_of_bytes(len), SizeCost::Per16Bytes.cycles(len.into()), |_| {
            ObjectState::Bytes(bytes)
        })
    }

    pub(super) fn bytes_load(&mut self, d: HDst, from: I32, len: I32) -> Executed {
        let (from, len) = (self.unsigned(from), self.unsigned(len));
        let range = self.memory_span(from.into(), len.into())?;
        self.allocate(d, heap::size_of_bytes(len), SizeCost::Per16Bytes.cycles(len.into()), |reference| {
            ObjectState::Bytes(reference.state.memory[range].to_vec())
        })
    }

    pub(super) fn array_new(&mut self, d: HDst, len: I32) -> Executed {
        let len = self.unsigned(len);
        self.allocate(d, heap::size_of_cells(len.into()), SizeCost::PerElement.cycles(len.into()), |_| {
            ObjectState::Array(vec![0; len as usize])
        })
    }

    pub(super) fn refs_new(&mut self, d: HDst, len: I32) -> Executed {
        let len = self.unsigned(len);
        self.allocate(d, heap::size_of_cells(len.into()), SizeCost::PerElement.cycles(len.into()), |_| {
            ObjectState::Refs(vec![0; len as usize])
        })
    }

    pub(super) fn record_new(&mut self, d: HDst, shape: u32) -> Executed {
        let def = self.program.cartridge().shapes[shape as usize];
        let fields = u64::from(def.scalars) + u64::from(def.handles);
        self.allocate(d, heap::size_of_cells(fields), SizeCost::PerElement.cycles(fields), |_| {
            ObjectState::Record(shape, vec![0; def.scalars.into()], vec![0; def.handles.into()])
        })
    }
}

// ---- looking at objects --------------------------------------------------------------------------

impl Reference {
    fn object(&self, a: H) -> Result<&ObjectState, TrapCode> {
        heap::object(&self.state.heap, self.handle(a)).ok_or(TrapCode::NullHandle)
    }

    fn bytes_of(&self, a: H) -> Result<&[u8], TrapCode> {
        match self.object(a)? {
            ObjectState::Bytes(bytes) => Ok(bytes),
            ObjectState::Array(_) | ObjectState::Refs(_) | ObjectState::Record(..) => {
                Err(TrapCode::WrongKind)
            }
        }
    }

    fn array_of(&self, a: H) -> Result<&[u64], TrapCode> {
        match self.object(a)? {
            ObjectState::Array(cells) => Ok(cells),
            ObjectState::Bytes(_) | ObjectState::Refs(_) | ObjectState::Record(..) => {
                Err(TrapCode::WrongKind)
            }
        }
    }

    fn refs_of(&self, a: H) -> Result<&[u32], TrapCode> {
        match self.object(a)? {
            ObjectState::Refs(cells) => Ok(cells),
            ObjectState::Bytes(_) | ObjectState::Array(_) | ObjectState::Record(..) => {
                Err(TrapCode::WrongKind)
            }
        }
    }

    fn record_of(&self, a: H) -> Result<Record<'_>, TrapCode> {
        match self.object(a)? {
            ObjectState::Record(shape, scalars, handles) => Ok((*shape, scalars, handles)),
            ObjectState::Bytes(_) | ObjectState::Array(_) | ObjectState::Refs(_) => Err(TrapCode::WrongKind),
        }
    }

    fn record_of_shape(&self, a: H, wanted: u32) -> Result<Record<'_>, TrapCode> {
        let record = self.record_of(a)?;
        if record.0 == wanted { Ok(record) } else { Err(TrapCode::WrongKind) }
    }

    pub(super) fn kind(&self, a: H) -> i32 {
        match heap::object(&self.state.heap, self.handle(a)) {
            None => 0,
            Some(ObjectState::Bytes(_)) => 1,
            Some(ObjectState::Array(_)) => 2,
            Some(ObjectState::Refs(_)) => 3,
            Some(ObjectState::Record(..)) => 4,
        }
    }

    pub(super) fn bytes_len(&mut self, d: Dst, a: H) -> Executed {
        let len = self.bytes_of(a)?.len() as u32;
        self.set(d, len)
    }

    pub(super) fn array_len(&mut self, d: Dst, a: H) -> Executed {
        let len = self.array_of(a)?.len() as u32;
        self.set(d, len)
    }

    pub(super) fn refs_len(&mut self, d: Dst, a: H) -> Executed {
        let len = self.refs_of(a)?.len() as u32;
        self.set(d, len)
    }

    pub(super) fn record_shape(&mut self, d: Dst, a: H) -> Executed {
        let (shape, ..) = self.record_of(a)?;
        self.set(d, shape)
    }

    pub(super) fn bytes_get(&mut self, d: Dst, a: H, index: I32) -> Executed {
        let byte = element(self.bytes_of(a)?, self.unsigned(index))?;
        self.set(d, u32::from(byte))
    }

    pub(super) fn array_get(&mut self, d: Dst, a: H, index: I32) -> Executed {
        let cell = element(self.array_of(a)?, self.unsigned(index))?;
        self.set(d, cell)
    }

    pub(super) fn refs_get(&mut self, d: HDst, a: H, index: I32) -> Executed {
        let handle = element(self.refs_of(a)?, self.unsigned(index))?;
        self.set_h(d, handle)
    }

    pub(super) fn record_get(&mut self, d: Dst, a: H, shape: u32, field: u16) -> Executed {
        let cell = self.record_of_shape(a, shape)?.1[usize::from(field)];
        self.set(d, cell)
    }

    pub(super) fn record_get_h(&mut self, d: HDst, a: H, shape: u32, field: u16) -> Executed {
        let handle = self.record_of_shape(a, shape)?.2[usize::from(field)];
        self.set_h(d, handle)
    }

    /// `bytes.store`: the byte string is looked at before the memory.
    pub(super) fn bytes_store(&mut self, a: H, from: I32, to: I32, len: I32) -> Executed {
        let (from, len) = (self.unsigned(from), self.unsigned(len));
        let bytes = elements(self.bytes_of(a)?, from, len)?.to_vec();
        let to = self.memory_span(self.unsigned(to).into(), len.into())?;
        self.state.memory[to].copy_from_slice(&bytes);
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    // The cost of a comparison is that of the shorter operand, wherever they differ first.

    pub(super) fn bytes_compare(&mut self, d: Dst, a: H, b: H) -> Executed {
        let (a, b) = (self.bytes_of(a)?, self.bytes_of(b)?);
        let (result, amount) = (order(a.cmp(b)), a.len().min(b.len()));
        self.charge_cycles(SizeCost::Per16Bytes.cycles(amount as u64));
        self.set(d, result)
    }

    pub(super) fn array_compare(&mut self, d: Dst, a: H, b: H) -> Executed {
        let (a, b) = (self.array_of(a)?, self.array_of(b)?);
        let (result, amount) = (order(a.cmp(b)), a.len().min(b.len()));
        self.charge_cycles(SizeCost::PerElement.cycles(amount as u64));
        self.set(d, result)
    }

    pub(super) fn refs_compare(&mut self, d: Dst, a: H, b: H) -> Executed {
        let (a, b) = (self.refs_of(a)?, self.refs_of(b)?);
        let (result, amount) = (a == b, a.len().min(b.len()));
        self.charge_cycles(SizeCost::PerElement.cycles(amount as u64));
        self.set(d, result)
    }

    pub(super) fn record_compare(&mut self, d: Dst, a: H, b: H) -> Executed {
        let (a, b) = (self.record_of(a)?, self.record_of(b)?);
        let fields = |(_, scalars, handles): Record<'_>| scalars.len() + handles.len();
        let (result, amount) = (a == b, fields(a).min(fields(b)));
        self.charge_cycles(SizeCost::PerElement.cycles(amount as u64));
        self.set(d, result)
    }
}

/// An element at an index.
fn element<T: Copy>(elements: &[T], index: u32) -> Result<T, TrapCode> {
    elements.get(index as usize).copied().ok_or(TrapCode::IndexOutOfBounds)
}

/// A part of something on the heap.
fn elements<T>(all: &[T], from: u32, len: u32) -> Result<&[T], TrapCode> {
    let range = span(from.into(), len.into(), all.len()).ok_or(TrapCode::IndexOutOfBounds)?;
    Ok(&all[range])
}

fn order(ordering: Ordering) -> i32 {
    match ordering {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

// ---- changing objects ----------------------------------------------------------------------------

impl Reference {
    /// Cells of a byte string that was found to be one.
    fn bytes_mut_of(&mut self, a: H) -> &mut [u8] {
        let handle = self.handle(a);
        match heap::object_mut(&mut self.state.heap, handle) {
            Some(ObjectState::Bytes(bytes)) => bytes,
            other => panic!("{other:?} was a byte string"),
        }
    }

    fn array_mut_of(&mut self, a: H) -> &mut [u64] {
        let handle = self.handle(a);
        match heap::object_mut(&mut self.state.heap, handle) {
            Some(ObjectState::Array(cells)) => cells,
            other => panic!("{other:?} was an array of scalars"),
        }
    }

    /// Overwrites handle cells of an array of handles or a record, with the barrier.
    fn overwrite_handles(&mut self, a: H, from: usize, handles: &[u32]) {
        let object = self.handle(a);
        for (number, &handle) in (from..).zip(handles) {
            let body = heap::object(&self.state.heap, object).expect("not null");
            let (ObjectState::Refs(cells) | ObjectState::Record(_, _, cells)) = body else {
                panic!("{body:?} had handle cells");
            };
            let old = cells[number];
            heap::barrier(&mut self.state.heap, old);
            if let Some(ObjectState::Refs(cells) | ObjectState::Record(_, _, cells)) =
                heap::object_mut(&mut self.state.heap, object)
            {
                cells[number] = handle;
            }
        }
    }

    pub(super) fn bytes_set(&mut self, a: H, index: I32, value: I32) -> Executed {
        let (index, value) = (self.unsigned(index), self.value(value) as u8);
        element(self.bytes_of(a)?, index)?;
        self.bytes_mut_of(a)[index as usize] = value;
        Ok(Then::Next)
    }

    pub(super) fn array_set(&mut self, a: H, index: I32, value: I64) -> Executed {
        let (index, value) = (self.unsigned(index), self.value(value) as u64);
        element(self.array_of(a)?, index)?;
        self.array_mut_of(a)[index as usize] = value;
        Ok(Then::Next)
    }

    pub(super) fn refs_set(&mut self, a: H, index: I32, value: H) -> Executed {
        let index = self.unsigned(index);
        element(self.refs_of(a)?, index)?;
        self.overwrite_handles(a, index as usize, &[self.handle(value)]);
        Ok(Then::Next)
    }

    pub(super) fn record_set(&mut self, a: H, shape: u32, field: u16, value: I64) -> Executed {
        self.record_of_shape(a, shape)?;
        let (handle, value) = (self.handle(a), self.value(value) as u64);
        if let Some(ObjectState::Record(_, scalars, _)) = heap::object_mut(&mut self.state.heap, handle) {
            scalars[usize::from(field)] = value;
        }
        Ok(Then::Next)
    }

    pub(super) fn record_set_h(&mut self, a: H, shape: u32, field: u16, value: H) -> Executed {
        self.record_of_shape(a, shape)?;
        self.overwrite_handles(a, field.into(), &[self.handle(value)]);
        Ok(Then::Next)
    }

    pub(super) fn bytes_fill(&mut self, a: H, from: I32, value: I32, len: I32) -> Executed {
        let (from, value, len) = (self.unsigned(from), self.value(value) as u8, self.unsigned(len));
        elements(self.bytes_of(a)?, from, len)?;
        self.bytes_mut_of(a)[from as usize..][..len as usize].fill(value);
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn array_fill(&mut self, a: H, from: I32, value: I64, len: I32) -> Executed {
        let (from, value, len) = (self.unsigned(from), self.value(value) as u64, self.unsigned(len));
        elements(self.array_of(a)?, from, len)?;
        self.array_mut_of(a)[from as usize..][..len as usize].fill(value);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn refs_fill(&mut self, a: H, from: I32, value: H, len: I32) -> Executed {
        let (from, len) = (self.unsigned(from), self.unsigned(len));
        elements(self.refs_of(a)?, from, len)?;
        self.overwrite_handles(a, from as usize, &vec![self.handle(value); len as usize]);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn bytes_copy(&mut self, dst: H, to: I32, src: H, from: I32, len: I32) -> Executed {
        let (to, from, len) = (self.unsigned(to), self.unsigned(from), self.unsigned(len));
        let (dst_bytes, src_bytes) = (self.bytes_of(dst)?, self.bytes_of(src)?);
        elements(dst_bytes, to, len)?;
        let bytes = elements(src_bytes, from, len)?.to_vec();
        self.bytes_mut_of(dst)[to as usize..][..len as usize].copy_from_slice(&bytes);
        self.charge_cycles(SizeCost::Per16Bytes.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn array_copy(&mut self, dst: H, to: I32, src: H, from: I32, len: I32) -> Executed {
        let (to, from, len) = (self.unsigned(to), self.unsigned(from), self.unsigned(len));
        let (dst_cells, src_cells) = (self.array_of(dst)?, self.array_of(src)?);
        elements(dst_cells, to, len)?;
        let cells = elements(src_cells, from, len)?.to_vec();
        self.array_mut_of(dst)[to as usize..][..len as usize].copy_from_slice(&cells);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn refs_copy(&mut self, dst: H, to: I32, src: H, from: I32, len: I32) -> Executed {
        let (to, from, len) = (self.unsigned(to), self.unsigned(from), self.unsigned(len));
        let (dst_cells, src_cells) = (self.refs_of(dst)?, self.refs_of(src)?);
        elements(dst_cells, to, len)?;
        let cells = elements(src_cells, from, len)?.to_vec();
        self.overwrite_handles(dst, to as usize, &cells);
        self.charge_cycles(SizeCost::PerElement.cycles(len.into()));
        Ok(Then::Next)
    }

    pub(super) fn record_copy(&mut self, dst: H, src: H) -> Executed {
        let (dst_record, src_record) = (self.record_of(dst)?, self.record_of(src)?);
        if dst_record.0 != src_record.0 {
            return Err(TrapCode::WrongKind.into());
        }
        let (_, scalars, handles) = src_record;
        let (scalars, handles) = (scalars.to_vec(), handles.to_vec());
        self.overwrite_handles(dst, 0, &handles);
        let handle = self.handle(dst);
        if let Some(ObjectState::Record(_, cells, _)) = heap::object_mut(&mut self.state.heap, handle) {
            cells.copy_from_slice(&scalars);
        }
        self.charge_cycles(SizeCost::PerElement.cycles((scalars.len() + handles.len()) as u64));
        Ok(Then::Next)
    }
}
