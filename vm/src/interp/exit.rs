//! Why handlers stop. The lower byte is the reason; a trap carries its code above.

use cartwheel_bytecode::TrapCode;

/// The function called from outside returned.
pub(crate) const RETURNED: u64 = 1;
/// Budget spent at a loop head; `ip` is behind the `loop` word, cycles are rebased.
pub(crate) const BUDGET_LOOP: u64 = 2;
/// Budget spent at the entry of a function whose frame was just made; `ip` is its first word.
pub(crate) const BUDGET_ENTRY: u64 = 3;
/// Budget spent behind a syscall; `ip` is the next instruction's first word.
pub(crate) const BUDGET_NEXT: u64 = 4;
/// `frame.sync`; `ip` is the next instruction's first word.
pub(crate) const SYNC: u64 = 5;
/// A syscall; `ip` is its own word.
pub(crate) const SYSCALL: u64 = 6;
/// A call needs what handlers do not do: preparing the callee, growing a stack, or a trap. `ip` is its own word.
pub(crate) const CALL: u64 = 7;
/// An instruction of the slow kind stopped; the core's `slow_stop` says why. `ip` is its own word.
pub(crate) const SLOW: u64 = 8;
/// A trap; its code is above. `ip` is its own word.
pub(crate) const TRAP: u64 = 9;

/// A trap as an exit reason.
pub(crate) const fn trap(code: TrapCode) -> u64 {
    TRAP | (code as u64) << 8
}

/// The code of a trap's exit reason.
pub(crate) fn trap_code(why: u64) -> TrapCode {
    TrapCode::ALL[(why >> 8) as usize]
}
