//! Saving, restoring and hashing an instance.
//!
//! Saved bytes are the length of the memory (8 bytes, little-endian), the memory, then everything else through serde.
//! Memory stands raw because it is large: it costs a copy and nothing more.

use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::buffer::Buffer;
use crate::check::{RestoreError, check};
use crate::heap::Heap;
use crate::instance::{Activity, Instance, grow_stack, returned_word};
use crate::interp::core::{Core, Frame};
use crate::limits::Limits;
use crate::program::Program;
use crate::state::{FrameState, State};
use crate::walk;

/// Bytes of memory that are hashed together.
const HASH_PAGE_BYTES: usize = 65_536;
/// Most bytes that the structured part of a saved state may claim.
const MAX_STATE_BYTES: usize = 1 << 31;

/// Hashes of the parts of a module's state (xxh3-128), so that two states that differ can be told apart by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentHashes {
    /// Frames with their live registers, results, how the module ended.
    pub registers: u128,
    /// Linear memory: the hash of the hashes of its 64 KiB pages.
    pub memory: u128,
    /// Globals, tables, dropped segments.
    pub globals: u128,
    /// Objects, host roots, collector.
    pub heap: u128,
    /// Random generator.
    pub rng: u128,
}

impl Instance {
    /// The portable state.
    ///
    /// # Panics
    ///
    /// If a syscall is pending: states are taken between slices.
    pub fn state(&self) -> State {
        State { memory: self.core.memory.as_slice().to_vec(), ..self.state_but_memory() }
    }

    fn state_but_memory(&self) -> State {
        let core = &*self.core;
        State {
            memory: Vec::new(),
            globals: core.global_cells.as_slice().to_vec(),
            tables: core.tables.clone(),
            dropped_data: core.dropped_data.clone(),
            dropped_elems: core.dropped_elems.clone(),
            rng: core.rng,
            frames: self.frame_states(),
            results: self.results.clone(),
            heap: core.heap.state(),
            ended: self.ended.clone(),
        }
    }

    pub(crate) fn frame_states(&self) -> Vec<FrameState> {
        let offset = match self.activity {
            Activity::Idle => return Vec::new(),
            Activity::Suspended { offset, .. } => offset,
            Activity::Syscall { .. } => panic!("no state is taken while a syscall is pending"),
        };
        let program = &self.core.program;
        let states = walk::frames(&walk::stacks(&self.core), offset).into_iter().map(|frame| {
            let live = frame.live(program);
            let scalars = frame.scalars.iter().enumerate();
            let handles = frame.handles.iter().enumerate();
            FrameState {
                func: frame.position.func,
                offset: frame.position.offset,
                scalars: scalars.map(|(r, &cell)| if live.scalar(r as u16) { cell } else { 0 }).collect(),
                handles: handles
                    .map(|(r, &cell)| if live.handle(r as u16) { cell as u32 } else { 0 })
                    .collect(),
            }
        });
        states.collect()
    }

    /// An instance with a portable state.
    ///
    /// # Errors
    ///
    /// If the state does not fit the program or the limits.
    pub fn from_state(
        program: Arc<Program>,
        limits: Limits,
        state: &State,
    ) -> Result<Instance, RestoreError> {
        check(state, state.memory.len(), &program, &limits)?;
        let mut instance = Instance::blank(program, limits);
        instance.apply(state, &state.memory);
        Ok(instance)
    }

    /// Appends the state's portable bytes.
    ///
    /// # Panics
    ///
    /// If a syscall is pending.
    pub fn save(&self, out: &mut Vec<u8>) {
        let memory = self.core.memory.as_slice();
        out.reserve(memory.len() + 1_024);
        out.extend_from_slice(&(memory.len() as u64).to_le_bytes());
        out.extend_from_slice(memory);
        encode(&self.state_but_memory(), out);
    }

    /// Replaces the state by one that [`Instance::save`] wrote for the same program.
    ///
    /// # Errors
    ///
    /// If the bytes are no saved state or it does not fit; the instance is unchanged then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let damaged = |what: &str| RestoreError::Damaged(what.to_owned());
        let (len, rest) = bytes.split_first_chunk().ok_or_else(|| damaged("it ends early"))?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| damaged("memory is too large"))?;
        let (memory, rest) = rest.split_at_checked(len).ok_or_else(|| damaged("its memory is cut off"))?;
        let config = bincode::config::standard().with_limit::<MAX_STATE_BYTES>();
        let (state, used): (State, usize) = bincode::serde::decode_from_slice(rest, config)
            .map_err(|e| RestoreError::Damaged(e.to_string()))?;
        if used != rest.len() {
            return Err(damaged("bytes are left over"));
        }
        check(&state, len, &self.core.program, &self.core.limits)?;
        self.apply(&state, memory);
        Ok(())
    }

    /// Takes over a state that was checked.
    fn apply(&mut self, state: &State, memory: &[u8]) {
        let core = &mut *self.core;
        if core.memory.len() != memory.len() {
            core.memory = Buffer::new(memory.len());
        }
        core.memory.as_mut_slice().copy_from_slice(memory);
        core.refresh_memory();
        core.global_cells.as_mut_slice().copy_from_slice(&state.globals);
        core.tables.clone_from(&state.tables);
        core.dropped_data.clone_from(&state.dropped_data);
        core.dropped_elems.clone_from(&state.dropped_elems);
        core.rng = state.rng;
        core.heap = Heap::from_state(&state.heap, &core.program.cartridge().shapes, &core.limits);
        self.activity = apply_frames(core, &state.frames, state.heap.stall > 0);
        self.profile_granted();
        self.results.clone_from(&state.results);
        self.ended.clone_from(&state.ended);
    }

    /// Hashes of the parts of the state.
    ///
    /// # Panics
    ///
    /// If a syscall is pending.
    pub fn component_hashes(&self) -> ComponentHashes {
        let core = &*self.core;
        let mut pages = Xxh3Default::new();
        for page in core.memory.as_slice().chunks(HASH_PAGE_BYTES) {
            pages.update(&xxh3_128(page).to_le_bytes());
        }
        let mut bytes = Vec::with_capacity(1_024);
        let registers = (self.frame_states(), &self.results, Ending(&self.ended));
        let globals = (core.global_cells.as_slice(), &core.tables, &core.dropped_data, &core.dropped_elems);
        ComponentHashes {
            registers: hash(&registers, &mut bytes),
            memory: pages.digest128(),
            globals: hash(&globals, &mut bytes),
            heap: hash(&core.heap.state(), &mut bytes),
            rng: hash(&core.rng, &mut bytes),
        }
    }
}

/// Hash of a value in its portable form, for which `bytes` lends the room.
fn hash(value: &impl serde::Serialize, bytes: &mut Vec<u8>) -> u128 {
    bytes.clear();
    encode(value, bytes);
    xxh3_128(bytes)
}

/// How a module ended, in the form that it has in saved states.
#[derive(serde::Serialize)]
struct Ending<'a>(#[serde(with = "crate::state::ended")] &'a Option<crate::stop::Ended>);

fn encode(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
        .expect("plain data can be encoded into memory");
}

/// Makes the stacks that frames describe.
pub(crate) fn apply_frames(core: &mut Core, frames: &[FrameState], stalled: bool) -> Activity {
    let program = core.program.clone();
    core.fp = core.stack.as_ptr();
    core.frame = core.frames.as_ptr();
    if let Some(profile) = &mut core.profile {
        core.counters = profile.tree.stand_at(&program, frames.iter().map(|frame| frame.func));
    }
    let Some(top) = frames.last() else { return Activity::Idle };

    let cells: usize = frames.iter().map(|f| program.frame_cells(f.func) as usize).sum();
    grow_stack(core, cells);
    if core.frames.len() < frames.len() {
        core.frames.grow(frames.len());
        core.refresh_stacks();
    }
    let mut base = 0;
    let mut advance = 0;
    let mut ret = returned_word();
    for (i, frame) in frames.iter().enumerate() {
        base += advance as usize;
        core.frames.as_mut_slice()[i] = Frame { ret, advance, func: frame.func };
        let registers = &mut core.stack.as_mut_slice()[base..];
        let (scalars, rest) = registers.split_at_mut(frame.scalars.len());
        scalars.copy_from_slice(&frame.scalars);
        for (cell, &handle) in rest.iter_mut().zip(&frame.handles) {
            *cell = handle.into();
        }
        advance = program.frame_cells(frame.func);
        let prepared = program.prepared(frame.func, core.form);
        if i + 1 < frames.len() {
            let word = prepared.return_word(frame.offset).expect("a waiting frame's position is a call");
            ret = prepared.code[word as usize..].as_ptr();
        }
    }
    core.fp = core.stack.as_ptr().wrapping_add(base);
    core.frame = core.frames.as_ptr().wrapping_add(frames.len() - 1);

    let prepared = program.prepared(top.func, core.form);
    let resume = prepared.resume(&program, top.func, top.offset, stalled);
    core.ip = prepared.code[resume.word as usize..].as_ptr();
    Activity::Suspended { offset: top.offset, prefix: resume.prefix, checkpoint: false }
}
