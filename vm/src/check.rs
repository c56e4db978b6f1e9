//! Checks a portable state against its program before anything is made of it.
//!
//! A state can come from anywhere. What passes here keeps the invariants that the interpreter leans on: frames fit
//! their functions and each other, positions are places where execution can go on, handles name objects.

use cartwheel_bytecode::cartridge::{MAX_PAGES, PAGE_BYTES};
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::MAX_LIST;
use cartwheel_bytecode::{Flow, Instr, ValType};
use thiserror::Error;

use crate::limits::Limits;
use crate::program::Program;
use crate::state::{FrameState, HeapState, ObjectState, Phase, SlotState, State};

/// Why a saved state cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The bytes are no saved state.
    #[error("damaged state: {0}")]
    Damaged(String),
    /// The state does not belong to this program, or breaks a limit.
    #[error("the saved state does not fit the program: {0}")]
    Unfit(&'static str),
}

type Checked = Result<(), RestoreError>;

fn ensure(condition: bool, message: &'static str) -> Checked {
    if condition { Ok(()) } else { Err(RestoreError::Unfit(message)) }
}

/// Checks everything but the content of memory, of which only the length matters.
pub(crate) fn check(state: &State, memory_len: usize, program: &Program, limits: &Limits) -> Checked {
    let cart = program.cartridge();
    check_memory(memory_len, program, limits)?;
    ensure(state.globals.len() == cart.globals.len(), "number of globals")?;
    for (def, &cell) in cart.globals.iter().zip(&state.globals) {
        let fits = match def.ty {
            ValType::Handle => u32::try_from(cell).is_ok_and(|handle| is_handle(&state.heap, handle)),
            ty => !ty.is_32_bit() || u32::try_from(cell).is_ok(),
        };
        ensure(fits, "value of a global")?;
    }
    ensure(state.tables.len() == cart.tables.len(), "number of tables")?;
    let elements: u64 = state.tables.iter().map(|t| t.len() as u64).sum();
    ensure(elements <= limits.max_table_elements.into(), "number of table elements")?;
    for (def, table) in cart.tables.iter().zip(&state.tables) {
        let max = def.max.unwrap_or(u32::MAX) as usize;
        ensure((def.min as usize..=max).contains(&table.len()), "size of a table")?;
        if def.handles {
            ensure(table.iter().all(|&handle| is_handle(&state.heap, handle)), "handle in a table")?;
        }
    }
    ensure(state.dropped_data.len() == cart.data.len(), "number of data segments")?;
    ensure(state.dropped_elems.len() == cart.elems.len(), "number of element segments")?;
    check_heap(&state.heap, program, limits)?;
    ensure(state.results.len() <= MAX_LIST as usize, "number of results")?;
    ensure(state.frames.is_empty() || state.results.is_empty(), "results while a function runs")?;
    ensure(state.frames.is_empty() || state.ended.is_none(), "frames of an ended module")?;
    check_frames(state, program, limits)
}

fn check_memory(len: usize, program: &Program, limits: &Limits) -> Checked {
    let Some(def) = program.cartridge().memory else {
        return ensure(len == 0, "memory of a program without memory");
    };
    let max = def.max.unwrap_or(MAX_PAGES).min(limits.max_memory_pages) as usize;
    let pages = len / PAGE_BYTES;
    ensure(len.is_multiple_of(PAGE_BYTES) && pages >= def.min as usize && pages <= max, "size of the memory")
}

/// True for null and for handles of objects.
fn is_handle(heap: &HeapState, handle: u32) -> bool {
    handle == 0 || matches!(heap.slots.get(handle as usize - 1), Some(SlotState::Object { .. }))
}

/// Number of handle cells of the object in a slot; `None` for free slots.
fn handle_cells(heap: &HeapState, slot: u32) -> Option<usize> {
    match heap.slots.get(slot as usize)? {
        SlotState::Free(_) => None,
        SlotState::Object { body, .. } => Some(match body {
            ObjectState::Bytes(_) | ObjectState::Array(_) => 0,
            ObjectState::Refs(handles) | ObjectState::Record(_, _, handles) => handles.len(),
        }),
    }
}

fn check_heap(heap: &HeapState, program: &Program, limits: &Limits) -> Checked {
    ensure(heap.slots.len() < u32::MAX as usize, "number of heap slots")?;
    let mut free_slots = 0usize;
    let mut objects = 0u64;
    for slot in &heap.slots {
        let (mark, body) = match slot {
            SlotState::Free(_) => {
                free_slots += 1;
                continue;
            }
            SlotState::Object { mark, body } => (*mark, body),
        };
        objects += 1;
        let handles = match body {
            ObjectState::Bytes(bytes) => {
                ensure(u32::try_from(bytes.len()).is_ok(), "length of a byte string")?;
                continue;
            }
            ObjectState::Array(cells) => {
                ensure(u32::try_from(cells.len()).is_ok(), "length of an array")?;
                continue;
            }
            ObjectState::Refs(handles) => {
                ensure(u32::try_from(handles.len()).is_ok(), "length of an array")?;
                handles
            }
            ObjectState::Record(shape, scalars, handles) => {
                let def = program.cartridge().shapes.get(*shape as usize);
                let fits = def.is_some_and(|def| {
                    usize::from(def.scalars) == scalars.len() && usize::from(def.handles) == handles.len()
                });
                ensure(fits, "shape of a record")?;
                handles
            }
        };
        // What the sweep has still to free may refer to what it has freed.
        let garbage = heap.phase == Phase::Sweep && mark != heap.epoch;
        ensure(garbage || handles.iter().all(|&handle| is_handle(heap, handle)), "handle in an object")?;
    }
    ensure(objects <= limits.max_heap_objects.into(), "number of heap objects")?;

    // The list of free slots has every free slot once.
    let mut next = heap.free;
    let mut seen = 0usize;
    while next != 0 {
        let Some(SlotState::Free(link)) = heap.slots.get(next as usize - 1) else {
            return ensure(false, "list of free slots");
        };
        seen += 1;
        ensure(seen <= free_slots, "list of free slots")?;
        next = *link;
    }
    ensure(seen == free_slots, "list of free slots")?;

    let mut free_roots = vec![false; heap.roots.len()];
    for root in &heap.roots {
        let fits = match root.object {
            0 => root.generation.is_multiple_of(2) && root.generation >= 2,
            object => root.generation % 2 == 1 && is_handle(heap, object),
        };
        ensure(fits, "host root")?;
    }
    for &index in &heap.free_roots {
        let vacant = heap.roots.get(index as usize).is_some_and(|root| root.object == 0);
        ensure(vacant && !free_roots[index as usize], "list of free host roots")?;
        free_roots[index as usize] = true;
    }
    let vacant = heap.roots.iter().filter(|root| root.object == 0).count();
    ensure(vacant == heap.free_roots.len(), "list of free host roots")?;

    ensure(heap.phase == Phase::Mark || heap.gray.is_empty(), "gray stack of an idle collector")?;
    for &(slot, next) in &heap.gray {
        let fits = handle_cells(heap, slot).is_some_and(|cells| next as usize <= cells);
        ensure(fits, "gray stack")?;
    }
    let cursor_fits = match heap.phase {
        Phase::Sweep => heap.cursor as usize <= heap.slots.len(),
        Phase::Idle | Phase::Mark => heap.cursor == 0,
    };
    ensure(cursor_fits && heap.stall <= 2, "state of the collector")
}

fn check_frames(state: &State, program: &Program, limits: &Limits) -> Checked {
    ensure(state.frames.len() <= limits.max_frames as usize, "number of frames")?;
    let mut cells = 0u64;
    for (i, frame) in state.frames.iter().enumerate() {
        ensure((frame.func as usize) < program.cartridge().functions.len(), "function of a frame")?;
        let function = program.function(frame.func);
        let counts = frame.scalars.len() == usize::from(function.scalars)
            && frame.handles.len() == usize::from(function.handles);
        ensure(counts, "registers of a frame")?;
        ensure(frame.handles.iter().all(|&handle| is_handle(&state.heap, handle)), "handle in a register")?;
        cells += u64::from(program.frame_cells(frame.func));
        ensure(cells <= limits.max_stack_cells.into(), "size of the register stack")?;
        let instr = instr_at(program, frame).ok_or(RestoreError::Unfit("position of a frame"))?;
        match state.frames.get(i + 1) {
            Some(callee) => {
                ensure(calls(program, &instr, callee.func), "frame that its caller does not call")?
            }
            None => check_top(state, program, frame, &instr)?,
        }
    }
    ensure(!state.frames.is_empty() || state.heap.stall == 0, "stalled allocation without a frame")
}

/// The instruction at a frame's position, if one is there. Blocks keep the search short.
fn instr_at(program: &Program, frame: &FrameState) -> Option<Instr> {
    let code = &program.function(frame.func).code;
    if frame.offset as usize >= code.len() {
        return None;
    }
    let analysis = program.analysis(frame.func);
    let mut input = Reader::at(code, analysis.blocks[analysis.block_at(frame.offset)].start as usize);
    while input.offset() < frame.offset as usize {
        Instr::decode(&mut input).ok()?;
    }
    if input.offset() == frame.offset as usize { Instr::decode(&mut input).ok() } else { None }
}

/// True if an instruction can have called a function.
fn calls(program: &Program, instr: &Instr, callee: u32) -> bool {
    match instr {
        Instr::Call { func, .. } => func.0 == callee,
        Instr::CallIndirect { sig, .. } | Instr::CallRef { sig, .. } => {
            program.signature_id(program.function(callee).sig) == program.signature_id(sig.0)
        }
        _ => false,
    }
}

fn check_top(state: &State, program: &Program, frame: &FrameState, instr: &Instr) -> Checked {
    if state.heap.stall > 0 {
        return ensure(instr.op().info().flow == Flow::Alloc, "stalled allocation where none is");
    }
    let analysis = program.analysis(frame.func);
    let starts = analysis.blocks[analysis.block_at(frame.offset)].start == frame.offset;
    ensure(starts, "position of the innermost frame")
}
