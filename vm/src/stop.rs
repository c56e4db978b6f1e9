//! Why a tier stopped, and what a trap leaves behind.

use cartwheel_bytecode::TrapCode;
use cartwheel_hostabi::SyscallTrap;

/// Why the machine stopped executing a guest. A tier is a function from state and budget to this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The function that was called from outside has returned; its results are waiting.
    Returned,
    /// A checkpoint found the budget spent. The guest goes on there.
    BudgetSpent,
    /// The guest asked for the end of the slice with `frame.sync`.
    FrameSync,
    /// An allocation waits for the collector. The guest goes on with the same instruction.
    Stalled,
    /// The guest waits for a syscall; the import's index.
    Syscall(u32),
    /// The guest ended itself with an exit code.
    Halted(i32),
    /// The guest violated a rule; [`TrapRecord`] says which and where.
    Trapped,
}

/// Where an instruction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Index of the function.
    pub func: u32,
    /// Offset of the instruction in the function's code, in bytes.
    pub offset: u32,
}

/// Why a module trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// An instruction trapped.
    Instruction(TrapCode),
    /// `trap` was executed with this code.
    User(i32),
    /// A syscall found a structural violation.
    Syscall(SyscallTrap),
}

/// What remains of a module that trapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapRecord {
    /// Why.
    pub kind: TrapKind,
    /// Positions of all frames, innermost first; empty if a segment did not fit at instantiation. At most
    /// [`TrapRecord::MAX_BACKTRACE`] of them.
    pub backtrace: Vec<Position>,
    /// Number of frames, also those that the backtrace leaves out.
    pub depth: u32,
}

impl TrapRecord {
    /// Most positions in a backtrace.
    pub const MAX_BACKTRACE: usize = 64;
}

/// What an ended module leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It halted with an exit code.
    Halted(i32),
    /// It trapped.
    Trapped(TrapRecord),
}

/// What a frame brings to the guest's intrinsics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameInput {
    /// Number of the frame, from 0.
    pub frame: u64,
    /// Buttons held, a bit each, per pad.
    pub held: [u32; 4],
    /// Buttons held in the frame before.
    pub held_before: [u32; 4],
    /// Pointer position in pixels.
    pub pointer: (i32, i32),
    /// Pointer buttons: 1 left, 2 right, 4 middle.
    pub pointer_buttons: u32,
}
