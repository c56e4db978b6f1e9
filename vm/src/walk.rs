//! Walking the frames of a guest that stands still: for roots, saved states and backtraces.

use cartwheel_bytecode::ValType;

use crate::analysis::RegisterSet;
use crate::heap::Room;
use crate::interp::core::{Core, Frame};
use crate::profile::Form;
use crate::program::Program;
use crate::stop::Position;

/// A frame of a guest that stands still.
pub(crate) struct FrameView<'a> {
    /// Next instruction, or the call that the frame waits for.
    pub position: Position,
    /// True for the innermost frame.
    pub top: bool,
    /// Scalar registers.
    pub scalars: &'a [u64],
    /// Handle registers.
    pub handles: &'a [u64],
}

impl FrameView<'_> {
    /// Registers that are live at the frame's position.
    pub(crate) fn live(&self, program: &Program) -> RegisterSet {
        let Position { func, offset } = self.position;
        let (analysis, function) = (program.analysis(func), program.function(func));
        if self.top { analysis.live_before(function, offset) } else { analysis.live_across(function, offset) }
    }
}

/// The stacks of a guest that stands still and has at least one frame.
pub(crate) struct Stacks<'a> {
    program: &'a Program,
    form: Form,
    stack: &'a [u64],
    frames: &'a [Frame],
    /// Index in `stack` of the innermost frame's first cell.
    base: usize,
}

/// The stacks of a core.
pub(crate) fn stacks(core: &Core) -> Stacks<'_> {
    Stacks {
        program: &core.program,
        form: core.form,
        stack: core.stack.as_slice(),
        frames: &core.frames.as_slice()[..depth(core)],
        base: base(core),
    }
}

/// Index in the stack of the innermost frame's first cell.
pub(crate) fn base(core: &Core) -> usize {
    // SAFETY: `fp` points into the stack.
    unsafe { core.fp.offset_from(core.stack.as_ptr()) as usize }
}

/// The frames, outermost first. `top` is the offset of the innermost frame's next instruction.
pub(crate) fn frames<'a>(stacks: &Stacks<'a>, top: u32) -> Vec<FrameView<'a>> {
    let Stacks { program, form, frames: made, mut base, .. } = *stacks;
    let depth = made.len();
    let mut views = Vec::with_capacity(depth);
    let mut offset = top;
    for (i, frame) in made.iter().enumerate().rev() {
        let function = program.function(frame.func);
        let (scalars, handles) = (usize::from(function.scalars), usize::from(function.handles));
        let registers = &stacks.stack[base..base + scalars + handles];
        views.push(FrameView {
            position: Position { func: frame.func, offset },
            top: i + 1 == depth,
            scalars: &registers[..scalars],
            handles: &registers[scalars..],
        });
        if i > 0 {
            base -= frame.advance as usize;
            offset = offset_of(program, form, made[i - 1].func, frame.ret.wrapping_sub(1));
        }
    }
    views.reverse();
    views
}

/// Number of frames.
pub(crate) fn depth(core: &Core) -> usize {
    // SAFETY: `frame` points into the frame stack.
    unsafe { core.frame.offset_from(core.frames.as_ptr()) as usize + 1 }
}

/// Offset of the instruction that a code word of a prepared function belongs to.
pub(crate) fn offset_of(program: &Program, form: Form, func: u32, ip: *const u64) -> u32 {
    let prepared = program.prepared(func, form);
    let word = (ip as usize - prepared.code.as_ptr() as usize) / 8;
    prepared.offset_at(word as u32)
}

/// Function of the innermost frame.
pub(crate) fn current_function(core: &Core) -> u32 {
    core.frames.as_slice()[depth(core) - 1].func
}

/// Who allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// The instruction that `ip` is at.
    Guest,
    /// The host, for a guest that is in the middle of its code.
    Host,
    /// The host, for a guest that executes nothing: its frames are none.
    HostOfIdle,
}

/// Paces the collector for an allocation; see [`crate::heap::Heap::reserve`]. The host's cannot stall.
pub(crate) fn reserve(core: &mut Core, payload: u64, allocator: Allocator) -> (Room, u64) {
    let may_stall = allocator == Allocator::Guest;
    let depth = if allocator == Allocator::HostOfIdle { 0 } else { depth(core) };
    let (base, ip) = (base(core), core.ip);
    let Core { heap, program, form, stack, frames, global_cells, tables, made, .. } = core;
    let stacks =
        Stacks { program, form: *form, stack: stack.as_slice(), frames: &frames.as_slice()[..depth], base };
    heap.reserve(payload, may_stall, |host, roots| {
        collect_roots(&stacks, ip, global_cells.as_slice(), tables, host, roots);
        if !may_stall {
            roots.extend(&*made);
        }
    })
}

/// All roots in the order of `spec/machine.md`.
fn collect_roots(
    stacks: &Stacks<'_>,
    ip: *const u64,
    globals: &[u64],
    tables: &[Vec<u32>],
    host: &[u64],
    roots: &mut Vec<u64>,
) {
    let cart = stacks.program.cartridge();
    for (def, &cell) in cart.globals.iter().zip(globals) {
        if def.ty == ValType::Handle {
            roots.push(cell);
        }
    }
    for (def, table) in cart.tables.iter().zip(tables) {
        if def.handles {
            roots.extend(table.iter().map(|&handle| u64::from(handle)));
        }
    }
    roots.extend(host);
    let Some(innermost) = stacks.frames.last() else { return };
    for frame in frames(stacks, offset_of(stacks.program, stacks.form, innermost.func, ip)) {
        let live = frame.live(stacks.program);
        let handles = frame.handles.iter().enumerate();
        roots.extend(handles.filter(|&(r, _)| live.handle(r as u16)).map(|(_, &cell)| cell));
    }
}
