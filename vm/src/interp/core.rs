//! What handlers see of a module.

use cartwheel_bytecode::{Signature, TrapCode};

use crate::buffer::Buffer;
use crate::heap::Heap;
use crate::limits::Limits;
use crate::profile::{Form, Profile};
use crate::program::Program;
use crate::stop::FrameInput;

/// A function as calls see it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Entry {
    /// First word of its prologue; null until it was prepared.
    pub code: *const u64,
    /// Bytes of its frame; [`Entry::UNPREPARED`] until it was prepared, which no stack has room for.
    pub bytes: u64,
    /// Number of its signature, equal for equal signatures.
    pub signature: u64,
}

impl Entry {
    /// More bytes than any stack has.
    pub(crate) const UNPREPARED: u64 = 1 << 40;
}

/// A call in progress. `advance` and `func` lie as in the operand word of a direct call, which is copied.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// Where the caller goes on: the word behind its call.
    pub ret: *const u64,
    /// Cells between the caller's and this frame.
    pub advance: u32,
    /// Index of the function called.
    pub func: u32,
}

// SAFETY: null pointers and zeros are values of both types; they are plain data.
unsafe impl bytemuck::Zeroable for Frame {}
// SAFETY: as above.
unsafe impl bytemuck::Zeroable for Entry {}

/// The machine's state in the form that handlers work on. The fields up to the blank line are what hot handlers
/// touch, in cache order.
#[repr(C)]
pub(crate) struct Core {
    pub mem: *mut u8,
    /// First effective address at which an access of 1, 2, 4, 8 bytes is out of bounds.
    pub bound: [u64; 4],
    pub globals: *mut u64,
    pub entries: *const Entry,
    /// The frame of the running function.
    pub frame: *mut Frame,
    /// The last frame that there is room for.
    pub frame_last: *mut Frame,
    /// End of the cells that frames may take.
    pub stack_end: *mut u64,
    /// Registers while no handler runs.
    pub ip: *const u64,
    pub fp: *mut u64,
    pub cycles: i64,
    pub acc: u64,
    pub facc: f64,

    pub stack: Buffer<u64>,
    /// [`window_cells`] of the program.
    pub window_cells: usize,
    pub frames: Buffer<Frame>,
    pub memory: Buffer<u8>,
    pub max_memory_pages: u32,
    pub global_cells: Buffer<u64>,
    pub entry_cells: Buffer<Entry>,
    pub tables: Vec<Vec<u32>>,
    pub dropped_data: Vec<bool>,
    pub dropped_elems: Vec<bool>,
    pub rng: [u64; 4],
    pub heap: Heap,
    pub limits: Limits,
    pub input: FrameInput,
    /// The callee of the call that stopped with [`super::exit::CALL`].
    pub callee: u32,
    pub slow_stop: SlowStop,
    /// Objects made for the host, or released by it, during the last syscall. Until that has returned nothing else may
    /// refer to them.
    pub made: Vec<u64>,
    /// For slow instructions: what they need of the program.
    pub program: std::sync::Arc<crate::program::Program>,
    /// Form of the code that runs.
    pub form: Form,
    /// Counters of the running function on its stack; handlers of the counted form use them.
    pub counters: *mut u64,
    /// In the counted form, what remained of the budget when the pending syscall was made.
    pub called_at: i64,
    pub profile: Option<Box<Profile>>,
}

/// Why an instruction of the slow kind stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlowStop {
    Trap(TrapCode),
    User(i32),
    Halt(i32),
    Stalled,
}

impl Core {
    /// Makes what handlers see of the memory fit its size.
    pub(crate) fn refresh_memory(&mut self) {
        let len = self.memory.len() as u64;
        self.mem = self.memory.as_ptr();
        self.bound = [1u64, 2, 4, 8].map(|size| len.saturating_sub(size - 1));
    }

    /// Makes what handlers see of the stacks fit their sizes. `fp` and `frame` are the caller's business.
    pub(crate) fn refresh_stacks(&mut self) {
        let cells = (self.stack.len() - self.window_cells).min(self.limits.max_stack_cells as usize);
        self.stack_end = self.stack.as_ptr().wrapping_add(cells);
        let frames = self.frames.len().min(self.limits.max_frames as usize);
        self.frame_last = self.frames.as_ptr().wrapping_add(frames.saturating_sub(1));
    }
}

/// Cells behind the last frame's own that arguments and results of a program's calls may take: those of the longest
/// signatures, and some that no handler needs.
pub(crate) fn window_cells(program: &Program) -> usize {
    const SPARE_CELLS: usize = 48;
    let types = &program.cartridge().types;
    let most = |count: fn(&Signature) -> usize| types.iter().map(count).max().unwrap_or(0);
    most(|sig| sig.params.len()) + most(|sig| sig.results.len()) + SPARE_CELLS
}
