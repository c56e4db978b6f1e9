//! The heap and its collector, as `spec/machine.md` describes them.

use crate::limits::Limits;
use crate::roots::Roots;
use crate::state::{HeapState, ObjectState, Phase, SlotState};
use bytemuck::{cast_slice, cast_slice_mut};
use cartwheel_bytecode::TrapCode;
use cartwheel_bytecode::cartridge::ShapeDef;

/// Bytes that an object counts besides its payload.
pub(crate) const OBJECT_BYTES: u64 = 32;
/// Bytes to allocate before the first cycle, and the least before any.
pub(crate) const MIN_TRIGGER: u64 = 65_536;
/// Most units of work that a stalled allocation does in a frame.
const STALL_UNITS: u64 = 65_536;

/// Largest payload that is kept for another object, in cells: above it the host's allocator costs little beside the work.
const POOLED_CELLS: usize = 32;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Free,
    Bytes,
    Array,
    Refs,
    Record,
}

/// A slot: an object, or a link of the list of free slots.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// Payload. Byte strings fill up their last cell with zeros; records have scalars before handles.
    cells: Box<[u64]>,
    /// Length in bytes of a byte string, else in cells. For a free slot the next free slot + 1, or 0.
    len: u32,
    /// Number of the first cell that is a handle.
    first_handle: u32,
    shape: u32,
    kind: Kind,
    mark: bool,
}

/// Whether there is room for an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Ready,
    Stalled,
    Exhausted,
}

/// All objects of a module, and the collector.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    slots: Vec<Slot>,
    free: u32,
    bytes: u64,
    objects: u32,
    pub(crate) roots: Roots,
    phase: Phase,
    epoch: bool,
    gray: Vec<(u32, u32)>,
    cursor: u32,
    since_cycle: u64,
    trigger: u64,
    stall: u8,
    max_bytes: u64,
    max_objects: u32,
    /// Payloads of small objects that were freed, by number of cells, to be used again. Not part of the state.
    pool: Vec<Vec<Box<[u64]>>>,
    /// Bytes and objects allocated, for those who count them. Not part of the state.
    pub(crate) allocated_bytes: u64,
    pub(crate) allocated_objects: u64,
    /// Units of work that the collector did. Not part of the state.
    pub(crate) worked_units: u64,
}

/// What an instruction finds when it looks at an object.
type Look<T> = Result<T, TrapCode>;

impl Heap {
    pub(crate) fn new(limits: &Limits) -> Heap {
        Heap {
            slots: Vec::new(),
            free: 0,
            bytes: 0,
            objects: 0,
            roots: Roots::default(),
            phase: Phase::Idle,
            epoch: false,
            gray: Vec::new(),
            cursor: 0,
            since_cycle: 0,
            trigger: MIN_TRIGGER,
            stall: 0,
            max_bytes: limits.max_heap_bytes,
            max_objects: limits.max_heap_objects,
            pool: Vec::new(),
            allocated_bytes: 0,
            allocated_objects: 0,
            worked_units: 0,
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes_in_use(&self) -> u64 {
        self.bytes
    }

    /// Number of objects.
    pub(crate) fn objects(&self) -> u32 {
        self.objects
    }

    // ---- for handlers ------------------------------------------------------------------------------

    /// The slots; handle `n` is at `n - 1`.
    #[inline(always)]
    pub(crate) fn slots(&self) -> *const Slot {
        self.slots.as_ptr()
    }

    /// True while an allocation waits.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stall > 0
    }

    /// True while overwritten handles have to be shaded.
    #[inline(always)]
    pub(crate) fn is_marking(&self) -> bool {
        self.phase == Phase::Mark
    }

    // ---- looking at objects ----------------------------------------------------------------------

    #[inline]
    fn slot(&self, handle: u64) -> Look<&Slot> {
        if handle == 0 {
            return Err(TrapCode::NullHandle);
        }
        Ok(&self.slots[handle as usize - 1])
    }

    #[inline]
    fn of_kind(&self, handle: u64, kind: Kind) -> Look<&Slot> {
        let slot = self.slot(handle)?;
        if slot.kind == kind { Ok(slot) } else { Err(TrapCode::WrongKind) }
    }

    /// Kind of an object.
    pub(crate) fn kind(&self, handle: u64) -> Option<Kind> {
        self.slot(handle).ok().map(|slot| slot.kind)
    }

    /// Payload of the object in a slot; `None` if there is no object.
    pub(crate) fn payload(&self, slot: u32) -> Option<&[u64]> {
        self.slots.get(slot as usize).filter(|slot| slot.kind != Kind::Free).map(|slot| &*slot.cells)
    }

    /// True if a slot has a byte string.
    pub(crate) fn is_bytes(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).is_some_and(|slot| slot.kind == Kind::Bytes)
    }

    /// Bytes of a byte string.
    #[inline]
    pub(crate) fn bytes(&self, handle: u64) -> Look<&[u8]> {
        let slot = self.of_kind(handle, Kind::Bytes)?;
        Ok(&cast_slice(&slot.cells)[..slot.len as usize])
    }

    /// Bytes of a byte string, to be changed.
    #[inline]
    pub(crate) fn bytes_mut(&mut self, handle: u64) -> Look<&mut [u8]> {
        self.of_kind(handle, Kind::Bytes)?;
        let slot = &mut self.slots[handle as usize - 1];
        Ok(&mut cast_slice_mut(&mut slot.cells)[..slot.len as usize])
    }

    /// Elements of an array of scalars or handles.
    #[inline]
    pub(crate) fn elements(&self, handle: u64, kind: Kind) -> Look<&[u64]> {
        self.of_kind(handle, kind).map(|slot| &*slot.cells)
    }

    /// Elements of an array of scalars, to be changed.
    #[inline]
    pub(crate) fn array_mut(&mut self, handle: u64) -> Look<&mut [u64]> {
        self.of_kind(handle, Kind::Array)?;
        Ok(&mut self.slots[handle as usize - 1].cells)
    }

    /// Index of a record's shape.
    pub(crate) fn shape(&self, handle: u64) -> Look<u32> {
        self.of_kind(handle, Kind::Record).map(|slot| slot.shape)
    }

    #[inline]
    fn record(&self, handle: u64, shape: u32) -> Look<&Slot> {
        let slot = self.of_kind(handle, Kind::Record)?;
        if slot.shape == shape { Ok(slot) } else { Err(TrapCode::WrongKind) }
    }

    /// Sets a handle field.
    #[inline]
    pub(crate) fn set_handle(&mut self, handle: u64, shape: u32, cell: usize, value: u64) -> Look<()> {
        self.record(handle, shape)?;
        self.overwrite(handle, cell, value);
        Ok(())
    }

    /// All cells of two records, compared for shape and content.
    pub(crate) fn records_equal(&self, a: u64, b: u64) -> Look<(bool, u64)> {
        let a = self.of_kind(a, Kind::Record)?;
        let b = self.of_kind(b, Kind::Record)?;
        let len = a.cells.len().min(b.cells.len()) as u64;
        Ok((a.shape == b.shape && a.cells == b.cells, len))
    }

    /// Copies all cells between records of one shape; their number.
    pub(crate) fn copy_record(&mut self, dst: u64, src: u64) -> Look<u64> {
        let shape = self.shape(dst)?;
        let source = self.record(src, shape)?.cells.clone();
        let first = self.slots[dst as usize - 1].first_handle as usize;
        self.slots[dst as usize - 1].cells[..first].copy_from_slice(&source[..first]);
        for (cell, &value) in source.iter().enumerate().skip(first) {
            self.overwrite(dst, cell, value);
        }
        Ok(source.len() as u64)
    }

    /// Sets an element of an array of handles.
    pub(crate) fn set_ref(&mut self, handle: u64, index: usize, value: u64) -> Look<()> {
        if index >= self.of_kind(handle, Kind::Refs)?.cells.len() {
            return Err(TrapCode::IndexOutOfBounds);
        }
        self.overwrite(handle, index, value);
        Ok(())
    }

    /// Sets elements of an array of handles.
    pub(crate) fn fill_refs(&mut self, handle: u64, range: std::ops::Range<usize>, value: u64) {
        for index in range {
            self.overwrite(handle, index, value);
        }
    }

    /// Copies elements between arrays of handles; the spans were checked.
    pub(crate) fn copy_refs(&mut self, dst: u64, to: usize, src: u64, from: usize, len: usize) {
        if self.phase == Phase::Mark {
            for cell in to..to + len {
                self.shade(self.slots[dst as usize - 1].cells[cell]);
            }
        }
        self.copy_cells(dst, to, src, from, len);
    }

    /// Copies cells between arrays, which may be one; the spans were checked.
    pub(crate) fn copy_cells(&mut self, dst: u64, to: usize, src: u64, from: usize, len: usize) {
        if dst == src {
            self.slots[dst as usize - 1].cells.copy_within(from..from + len, to);
            return;
        }
        let [dst, src] = self
            .slots
            .get_disjoint_mut([dst as usize - 1, src as usize - 1])
            .expect("two handles of different objects");
        dst.cells[to..to + len].copy_from_slice(&src.cells[from..from + len]);
    }

    /// Copies bytes between byte strings, which may be one; the spans were checked.
    pub(crate) fn copy_bytes(&mut self, dst: u64, to: usize, src: u64, from: usize, len: usize) {
        if dst == src {
            cast_slice_mut::<u64, u8>(&mut self.slots[dst as usize - 1].cells)
                .copy_within(from..from + len, to);
            return;
        }
        let [dst, src] = self
            .slots
            .get_disjoint_mut([dst as usize - 1, src as usize - 1])
            .expect("two handles of different objects");
        cast_slice_mut::<u64, u8>(&mut dst.cells)[to..to + len]
            .copy_from_slice(&cast_slice::<u64, u8>(&src.cells)[from..from + len]);
    }

    /// Writes a handle cell: while marking, what it held is shaded first.
    #[inline]
    fn overwrite(&mut self, handle: u64, cell: usize, value: u64) {
        let at = handle as usize - 1;
        if self.phase == Phase::Mark {
            self.shade(self.slots[at].cells[cell]);
        }
        self.slots[at].cells[cell] = value;
    }

    // ---- allocation --------------------------------------------------------------------------------

    /// Paces the collector for an object of `payload` bytes and says whether there is room. `roots` lists all
    /// roots, given the host's. Also returns the units of work done.
    pub(crate) fn reserve(
        &mut self,
        payload: u64,
        may_stall: bool,
        roots: impl FnMut(&[u64], &mut Vec<u64>),
    ) -> (Room, u64) {
        let (room, units) = self.pace(payload, may_stall, roots);
        self.worked_units += units;
        (room, units)
    }

    fn pace(
        &mut self,
        payload: u64,
        may_stall: bool,
        mut roots: impl FnMut(&[u64], &mut Vec<u64>),
    ) -> (Room, u64) {
        let size = OBJECT_BYTES + payload;
        let mut units = 0;
        if self.stall == 0 {
            self.since_cycle = self.since_cycle.saturating_add(size);
            if self.phase == Phase::Idle && self.since_cycle >= self.trigger {
                units += self.begin(&mut roots);
            }
            if self.phase != Phase::Idle {
                units += self.work(size / 4);
            }
        }
        if self.has_room(size) {
            self.stall = 0;
            return (Room::Ready, units);
        }
        if size > self.max_bytes || !may_stall {
            self.stall = 0;
            return (Room::Exhausted, units);
        }
        if self.stall == 0 {
            self.stall = if self.phase == Phase::Idle { 1 } else { 2 };
        }
        let (room, more) = self.work_stalled(size, &mut roots);
        (room, units + more)
    }

    fn has_room(&self, size: u64) -> bool {
        self.bytes.saturating_add(size) <= self.max_bytes && self.objects < self.max_objects
    }

    fn work_stalled(&mut self, size: u64, roots: &mut impl FnMut(&[u64], &mut Vec<u64>)) -> (Room, u64) {
        let mut units = 0;
        while units < STALL_UNITS {
            if self.phase == Phase::Idle {
                units += self.begin(roots);
            }
            units += self.work(STALL_UNITS.saturating_sub(units));
            if self.phase == Phase::Idle {
                self.stall -= 1;
                if self.has_room(size) {
                    self.stall = 0;
                    return (Room::Ready, units);
                }
                if self.stall == 0 {
                    return (Room::Exhausted, units);
                }
            }
        }
        (Room::Stalled, units)
    }

    /// Makes a byte string of zeros; `reserve` said that there is room.
    pub(crate) fn new_bytes(&mut self, len: u32) -> u64 {
        let cells = (len as usize).div_ceil(8);
        self.insert(Kind::Bytes, cells, len, cells, 0)
    }

    /// Makes an array of zeros or nulls; `reserve` said that there is room.
    pub(crate) fn new_array(&mut self, kind: Kind, len: u32) -> u64 {
        let first_handle = if kind == Kind::Refs { 0 } else { len as usize };
        self.insert(kind, len as usize, len, first_handle, 0)
    }

    /// Makes a record of zeros and nulls; `reserve` said that there is room.
    pub(crate) fn new_record(&mut self, shape: u32, def: ShapeDef) -> u64 {
        let cells = usize::from(def.scalars) + usize::from(def.handles);
        self.insert(Kind::Record, cells, cells as u32, def.scalars.into(), shape)
    }

    /// A payload of zeros, from the pool if it has one.
    fn take_cells(&mut self, count: usize) -> Box<[u64]> {
        match self.pool.get_mut(count).and_then(Vec::pop) {
            Some(mut cells) => {
                cells.fill(0);
                cells
            }
            None => vec![0; count].into_boxed_slice(),
        }
    }

    fn insert(&mut self, kind: Kind, cells: usize, len: u32, first_handle: usize, shape: u32) -> u64 {
        let size = OBJECT_BYTES + cells as u64 * 8;
        self.bytes += size;
        self.objects += 1;
        self.allocated_bytes += size;
        self.allocated_objects += 1;
        let cells = self.take_cells(cells);
        let slot = Slot { cells, len, first_handle: first_handle as u32, shape, kind, mark: self.epoch };
        if self.free == 0 {
            self.slots.push(slot);
            return self.slots.len() as u64;
        }
        let handle = self.free;
        let place = &mut self.slots[handle as usize - 1];
        self.free = place.len;
        *place = slot;
        handle.into()
    }

    // ---- the collector -----------------------------------------------------------------------------

    fn begin(&mut self, roots: &mut impl FnMut(&[u64], &mut Vec<u64>)) -> u64 {
        self.epoch = !self.epoch;
        self.phase = Phase::Mark;
        let host: Vec<u64> = self.roots.objects().map(u64::from).collect();
        let mut handles = Vec::new();
        roots(&host, &mut handles);
        let units = handles.len() as u64;
        handles.into_iter().for_each(|handle| self.shade(handle));
        units
    }

    #[inline]
    fn shade(&mut self, handle: u64) {
        if handle == 0 {
            return;
        }
        let slot = &mut self.slots[handle as usize - 1];
        if slot.mark != self.epoch {
            slot.mark = self.epoch;
            if (slot.first_handle as usize) < slot.cells.len() {
                self.gray.push((handle as u32 - 1, 0));
            }
        }
    }

    /// Works for up to `units`; returns how many were used. Steps for nothing are taken as soon as possible.
    fn work(&mut self, units: u64) -> u64 {
        let mut used = 0;
        loop {
            match self.phase {
                Phase::Idle => return used,
                Phase::Mark => {
                    let Some(&(index, next)) = self.gray.last() else {
                        self.phase = Phase::Sweep;
                        self.cursor = 0;
                        continue;
                    };
                    let slot = &self.slots[index as usize];
                    let cell = slot.first_handle as usize + next as usize;
                    if cell == slot.cells.len() {
                        self.gray.pop();
                        continue;
                    }
                    if used == units {
                        return used;
                    }
                    used += 1;
                    let handle = slot.cells[cell];
                    self.gray.last_mut().expect("just looked at").1 += 1;
                    self.shade(handle);
                }
                Phase::Sweep => {
                    if self.cursor as usize == self.slots.len() {
                        self.phase = Phase::Idle;
                        self.cursor = 0;
                        self.since_cycle = 0;
                        self.trigger = MIN_TRIGGER.max(self.bytes / 2);
                        continue;
                    }
                    if used == units {
                        return used;
                    }
                    used += 1;
                    self.sweep_one();
                }
            }
        }
    }

    fn sweep_one(&mut self) {
        let slot = &mut self.slots[self.cursor as usize];
        self.cursor += 1;
        if slot.kind != Kind::Free && slot.mark != self.epoch {
            self.bytes -= OBJECT_BYTES + slot.cells.len() as u64 * 8;
            self.objects -= 1;
            let freed = std::mem::replace(slot, Slot::free(self.free));
            self.free = self.cursor;
            if freed.cells.len() <= POOLED_CELLS {
                self.pool.resize_with(POOLED_CELLS + 1, Vec::new);
                self.pool[freed.cells.len()].push(freed.cells);
            }
        }
    }

    // ---- the portable form ---------------------------------------------------------------------------

    pub(crate) fn state(&self) -> HeapState {
        let (roots, free_roots) = self.roots.state();
        HeapState {
            slots: self.slots.iter().map(Slot::state).collect(),
            free: self.free,
            roots,
            free_roots,
            phase: self.phase,
            epoch: self.epoch,
            gray: self.gray.clone(),
            cursor: self.cursor,
            since_cycle: self.since_cycle,
            trigger: self.trigger,
            stall: self.stall,
        }
    }

    /// The heap of a state that was checked.
    pub(crate) fn from_state(state: &HeapState, shapes: &[ShapeDef], limits: &Limits) -> Heap {
        let slots: Vec<Slot> = state.slots.iter().map(|slot| Slot::from_state(slot, shapes)).collect();
        let live = || slots.iter().filter(|slot| slot.kind != Kind::Free);
        Heap {
            free: state.free,
            bytes: live().map(|slot| OBJECT_BYTES + slot.cells.len() as u64 * 8).sum(),
            objects: live().count() as u32,
            roots: Roots::from_state(&state.roots, &state.free_roots),
            phase: state.phase,
            epoch: state.epoch,
            gray: state.gray.clone(),
            cursor: state.cursor,
            since_cycle: state.since_cycle,
            trigger: state.trigger,
            stall: state.stall,
            slots,
            ..Heap::new(limits)
        }
    }
}

impl Slot {
    #[inline(always)]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    #[inline(always)]
    pub(crate) fn shape(&self) -> u32 {
        self.shape
    }

    /// Length in bytes of a byte string, else in cells.
    #[inline(always)]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The payload, which handlers write through: they have the heap to themselves.
    #[inline(always)]
    pub(crate) fn cells(&self) -> *mut u64 {
        self.cells.as_ptr().cast_mut()
    }

    fn free(next: u32) -> Slot {
        Slot { cells: Box::default(), len: next, first_handle: 0, shape: 0, kind: Kind::Free, mark: false }
    }

    fn state(&self) -> SlotState {
        let handles = |cells: &[u64]| cells.iter().map(|&cell| cell as u32).collect();
        let body = match self.kind {
            Kind::Free => return SlotState::Free(self.len),
            Kind::Bytes => ObjectState::Bytes(cast_slice(&self.cells)[..self.len as usize].to_vec()),
            Kind::Array => ObjectState::Array(self.cells.to_vec()),
            Kind::Refs => ObjectState::Refs(handles(&self.cells)),
            Kind::Record => {
                let (scalars, refs) = self.cells.split_at(self.first_handle as usize);
                ObjectState::Record(self.shape, scalars.to_vec(), handles(refs))
            }
        };
        SlotState::Object { mark: self.mark, body }
    }

    fn from_state(state: &SlotState, shapes: &[ShapeDef]) -> Slot {
        let (mark, body) = match state {
            SlotState::Free(next) => return Slot::free(*next),
            SlotState::Object { mark, body } => (*mark, body),
        };
        let widen = |handles: &[u32]| handles.iter().map(|&handle| u64::from(handle)).collect::<Vec<u64>>();
        let (kind, cells, len, first_handle, shape) = match body {
            ObjectState::Bytes(bytes) => {
                let mut cells = vec![0u64; bytes.len().div_ceil(8)];
                cast_slice_mut(&mut cells)[..bytes.len()].copy_from_slice(bytes);
                let count = cells.len();
                (Kind::Bytes, cells, bytes.len(), count, 0)
            }
            ObjectState::Array(cells) => (Kind::Array, cells.clone(), cells.len(), cells.len(), 0),
            ObjectState::Refs(handles) => (Kind::Refs, widen(handles), handles.len(), 0, 0),
            ObjectState::Record(shape, scalars, handles) => {
                let cells = [scalars.clone(), widen(handles)].concat();
                let len = cells.len();
                (Kind::Record, cells, len, shapes[*shape as usize].scalars.into(), *shape)
            }
        };
        Slot {
            cells: cells.into_boxed_slice(),
            len: len as u32,
            first_handle: first_handle as u32,
            shape,
            kind,
            mark,
        }
    }
}
