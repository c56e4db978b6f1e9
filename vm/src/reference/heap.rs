//! The reference's heap and collector: the words of `spec/machine.md`, one function per step.
//!
//! It works on the portable heap state itself, so there is no second form that could differ from it.

use crate::state::{HeapState, ObjectState, Phase, RootState, SlotState};

/// Size of every object besides its payload.
const OBJECT_BYTES: u64 = 32;
/// Smallest value of `trigger`.
const MIN_TRIGGER: u64 = 65_536;

pub(super) fn empty() -> HeapState {
    HeapState {
        slots: Vec::new(),
        free: 0,
        roots: Vec::new(),
        free_roots: Vec::new(),
        phase: Phase::Idle,
        epoch: false,
        gray: Vec::new(),
        cursor: 0,
        since_cycle: 0,
        trigger: MIN_TRIGGER,
        stall: 0,
    }
}

// ---- sizes ---------------------------------------------------------------------------------------

pub(super) fn size_of_bytes(len: u32) -> u64 {
    OBJECT_BYTES + u64::from(len).next_multiple_of(8)
}

/// Size of an array or record with this many elements or fields.
pub(super) fn size_of_cells(count: u64) -> u64 {
    OBJECT_BYTES + 8 * count
}

fn size(body: &ObjectState) -> u64 {
    match body {
        ObjectState::Bytes(bytes) => size_of_bytes(bytes.len() as u32),
        ObjectState::Array(cells) => size_of_cells(cells.len() as u64),
        ObjectState::Refs(cells) => size_of_cells(cells.len() as u64),
        ObjectState::Record(_, scalars, handles) => {
            size_of_cells(scalars.len() as u64 + handles.len() as u64)
        }
    }
}

fn objects(heap: &HeapState) -> impl Iterator<Item = &ObjectState> {
    heap.slots.iter().filter_map(|slot| match slot {
        SlotState::Free(_) => None,
        SlotState::Object { body, .. } => Some(body),
    })
}

/// Number of objects.
pub(super) fn object_count(heap: &HeapState) -> u64 {
    objects(heap).count() as u64
}

/// Bytes that all objects take together.
pub(super) fn bytes_in_use(heap: &HeapState) -> u64 {
    objects(heap).map(size).sum()
}

// ---- objects -------------------------------------------------------------------------------------

/// The object that a handle refers to; `None` for null.
pub(super) fn object(heap: &HeapState, handle: u32) -> Option<&ObjectState> {
    let slot = handle.checked_sub(1)?;
    match &heap.slots[slot as usize] {
        SlotState::Object { body, .. } => Some(body),
        SlotState::Free(_) => panic!("handle of a freed object: the collector missed a root"),
    }
}

/// As [`object`], to write to.
pub(super) fn object_mut(heap: &mut HeapState, handle: u32) -> Option<&mut ObjectState> {
    let slot = handle.checked_sub(1)?;
    match &mut heap.slots[slot as usize] {
        SlotState::Object { body, .. } => Some(body),
        SlotState::Free(_) => panic!("handle of a freed object: the collector missed a root"),
    }
}

/// Puts a new object into the first free slot, or else into a new one, and returns its handle.
pub(super) fn insert(heap: &mut HeapState, body: ObjectState) -> u32 {
    let object = SlotState::Object { mark: heap.epoch, body };
    match heap.free.checked_sub(1) {
        Some(slot) => {
            let SlotState::Free(next) = heap.slots[slot as usize] else {
                panic!("the list of free slots leads to an object");
            };
            heap.free = next;
            heap.slots[slot as usize] = object;
            slot + 1
        }
        None => {
            heap.slots.push(object);
            heap.slots.len() as u32
        }
    }
}

/// The handle cells of an object.
fn handle_cells(body: &ObjectState) -> &[u32] {
    match body {
        ObjectState::Refs(cells) | ObjectState::Record(_, _, cells) => cells,
        ObjectState::Bytes(_) | ObjectState::Array(_) => &[],
    }
}

// ---- collector -----------------------------------------------------------------------------------

/// Marks an object, unless it is null or marked, and puts it on the gray stack if it has handle cells.
pub(super) fn shade(heap: &mut HeapState, handle: u32) {
    let Some(slot) = handle.checked_sub(1) else { return };
    let SlotState::Object { mark, body } = &mut heap.slots[slot as usize] else {
        panic!("handle of a freed object: the collector missed a root");
    };
    if *mark == heap.epoch {
        return;
    }
    *mark = heap.epoch;
    if !handle_cells(body).is_empty() {
        heap.gray.push((slot, 0));
    }
}

/// Shades the value of a handle cell that is about to be overwritten.
pub(super) fn barrier(heap: &mut HeapState, old: u32) {
    if heap.phase == Phase::Mark {
        shade(heap, old);
    }
}

/// Begins a cycle with these roots, a unit of work each.
pub(super) fn begin(heap: &mut HeapState, roots: &[u32]) {
    assert_eq!(heap.phase, Phase::Idle);
    heap.phase = Phase::Mark;
    heap.epoch = !heap.epoch;
    for &root in roots {
        shade(heap, root);
    }
    take_free_steps(heap);
}

/// Does one unit of mark or sweep.
pub(super) fn work(heap: &mut HeapState) {
    match heap.phase {
        Phase::Idle => panic!("an idle collector has no work"),
        Phase::Mark => mark_cell(heap),
        Phase::Sweep => sweep_slot(heap),
    }
    take_free_steps(heap);
}

fn mark_cell(heap: &mut HeapState) {
    let (slot, number) = heap.gray.last_mut().expect("an empty gray stack has ended the phase");
    let (object, cell) = (*slot + 1, *number);
    *number += 1;
    let body = object_body(heap, object);
    let target = handle_cells(body)[cell as usize];
    shade(heap, target);
}

fn sweep_slot(heap: &mut HeapState) {
    let slot = heap.cursor;
    heap.cursor += 1;
    if let SlotState::Object { mark, .. } = heap.slots[slot as usize]
        && mark != heap.epoch
    {
        heap.slots[slot as usize] = SlotState::Free(heap.free);
        heap.free = slot + 1;
    }
}

fn take_free_steps(heap: &mut HeapState) {
    if heap.phase == Phase::Mark {
        while let Some(&(slot, number)) = heap.gray.last()
            && number as usize == handle_cells(object_body(heap, slot + 1)).len()
        {
            heap.gray.pop();
        }
        if heap.gray.is_empty() {
            heap.phase = Phase::Sweep;
            heap.cursor = 0;
        }
    }
    if heap.phase == Phase::Sweep && heap.cursor as usize == heap.slots.len() {
        heap.phase = Phase::Idle;
        heap.cursor = 0;
        heap.since_cycle = 0;
        heap.trigger = MIN_TRIGGER.max(bytes_in_use(heap) / 2);
    }
}

fn object_body(heap: &HeapState, handle: u32) -> &ObjectState {
    object(heap, handle).expect("not null")
}

// ---- host roots ----------------------------------------------------------------------------------

/// Objects that the host holds, by ascending slot of the root table.
pub(super) fn host_roots(heap: &HeapState) -> impl Iterator<Item = u32> {
    heap.roots.iter().map(|root| root.object).filter(|&object| object != 0)
}

/// Makes an object a host root and returns slot and generation.
pub(super) fn add_root(heap: &mut HeapState, object: u32) -> (u32, u32) {
    let slot = if heap.free_roots.is_empty() {
        heap.roots.push(RootState { generation: 0, object: 0 });
        heap.roots.len() as u32 - 1
    } else {
        heap.free_roots.remove(0)
    };
    let root = &mut heap.roots[slot as usize];
    root.generation = root.generation.wrapping_add(1);
    root.object = object;
    (slot, root.generation)
}

/// The object of a host root; `None` if it was released.
pub(super) fn root(heap: &HeapState, slot: u32, generation: u32) -> Option<u32> {
    let root = heap.roots.get(slot as usize)?;
    (root.generation == generation && root.object != 0).then_some(root.object)
}

/// Releases a host root; `None` if that was done before.
pub(super) fn release_root(heap: &mut HeapState, slot: u32, generation: u32) -> Option<()> {
    root(heap, slot, generation)?;
    let root = &mut heap.roots[slot as usize];
    root.generation = root.generation.wrapping_add(1);
    root.object = 0;
    heap.free_roots.insert(0, slot);
    Some(())
}
