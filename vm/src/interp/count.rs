//! Handlers of the counted form of prepared code: see [`crate::profile`].

use cartwheel_bytecode::Instr;

use super::control::{self, NOTED};
use super::core::Core;
use super::dispatch::{exit, go, handler, jump};
use super::slow::execute_raw;
use super::{exit, word};
use crate::profile::{self, Before, cells, site};

handler!(
    /// A block is entered: its counter's number is in the immediate.
    block [] (core, ip, fp, cycles, acc, facc) {
    let counter = (*core).counters.add(word::imm(ip) as usize);
    // The first block's is below 0 while a call that was counted waits for the next slice.
    *counter = (*counter).wrapping_add(1);
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

/// Kinds of calls.
pub(crate) const DIRECT: u8 = 0;
pub(crate) const BY_REFERENCE: u8 = 1;
pub(crate) const INDIRECT: u8 = 2;

handler!(
    /// A call at `ip`, for which there is room, of a function whose counters it does not remember.
    first_call [const KIND: u8] (core, ip, fp, cycles, acc, facc) {
    profile::called(
        &mut *core,
        Some(word::target(ip) as u32),
        (*core).callee,
        cycles - i64::from(word::charge(ip)),
    );
    match KIND {
        DIRECT => jump!(control::call::<NOTED>, core, ip, fp, cycles, 0, 0.0),
        BY_REFERENCE => jump!(control::call_ref::<NOTED>, core, ip, fp, cycles, 0, 0.0),
        _ => jump!(control::call_indirect::<NOTED>, core, ip, fp, cycles, 0, 0.0),
    }
});

/// Whose counters the callee of a call had: another function's; the caller's own; either's.
pub(crate) const ANOTHER: u8 = 0;
pub(crate) const OWN: u8 = 1;
pub(crate) const EITHER: u8 = 2;

handler!(
    /// What a call returns to: the running function is in the immediate, and in the third word the counter of the block
    /// that is entered, if it does not count itself.
    left [const FROM: u8, const COUNTS: bool] (core, ip, fp, cycles, acc, facc) {
    let mut counters = (*core).counters;
    if FROM == ANOTHER || FROM == EITHER && *counters.add(cells::FUNC) != u64::from(word::imm(ip) as u32) {
        counters = *counters.add(cells::PARENT) as *mut u64;
        if counters.is_null() {
            jump!(left_beyond::<COUNTS>, core, ip, fp, cycles, acc, facc)
        }
        (*core).counters = counters;
    }
    if COUNTS {
        *counters.add(*ip.add(2) as usize) += 1;
    }
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// As [`left`], behind a call that is beyond the tree.
    left_beyond [const COUNTS: bool] (core, ip, fp, cycles, acc, facc) {
    (*core).acc = acc;
    profile::left_beyond(&mut *core, word::imm(ip) as u32, cycles);
    if COUNTS {
        *(*core).counters.add(*ip.add(2) as usize) += 1;
    }
    go!(core, ip.add(3), fp, cycles, (*core).acc, 0.0)
});

handler!(
    /// As [`control::syscall`], with what remains of the budget.
    syscall [] (core, ip, fp, cycles, acc, facc) {
    cycles -= i64::from(word::charge(ip));
    (*core).called_at = cycles;
    exit!(core, ip, fp, cycles, exit::SYSCALL)
});

/// The code goes on behind a syscall, or the slice ends there.
macro_rules! went_on {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $counters:ident) => {{
        if $cycles <= 0 {
            *$counters.add(site::STOPPED) += 1;
            exit!($core, $ip.add(3), $fp, $cycles, exit::BUDGET_NEXT)
        }
        *$counters.add(site::WENT_ON) += 1;
        go!($core, $ip.add(word::charge($ip) as usize), $fp, $cycles, 0, 0.0)
    }};
}
handler!(
    /// As [`control::checkpoint`]: counts the call before it, whose counters begin at the immediate. The third word is the
    /// import, and the upper half how many words there are up to the inside of the next block, whose counter is that of the call.
    /// With `STATUS`, the cell of the first result is in `d`.
    syscall_returned [const STATUS: bool] (core, ip, fp, cycles, acc, facc) {
    let counters = (*core).counters.add(word::imm(ip) as usize);
    *counters.add(site::CYCLES) += ((*core).called_at - cycles) as u64;
    if STATUS && *fp.add(word::d(ip).into()) != 0 {
        jump!(syscall_failed, core, ip, fp, cycles, acc, facc)
    }
    went_on!(core, ip, fp, cycles, counters)
});

handler!(
    /// The rest of [`syscall_returned`] where the result is not 0.
    syscall_failed [] (core, ip, fp, cycles, acc, facc) {
    profile::returned(&mut *core, word::target(ip) as u32, *fp.add(word::d(ip).into()));
    let counters = (*core).counters.add(word::imm(ip) as usize);
    went_on!(core, ip, fp, cycles, counters)
});

handler!(
    /// As [`super::slow::slow`] for an instruction that charges by size; its site's counters begin at the immediate.
    measured [] (core, ip, fp, cycles, acc, facc) {
    (*core).ip = ip;
    (*core).fp = fp;
    (*core).cycles = cycles;
    if execute_measured(core, word::imm64(ip) as *const Instr, word::imm(ip) as u32) {
        exit!(core, ip, fp, (*core).cycles, exit::SLOW)
    }
    go!(core, ip.add(3), fp, (*core).cycles, 0, 0.0)
});

#[inline(never)]
fn execute_measured(core: *mut Core, instr: *const Instr, site: u32) -> bool {
    // SAFETY: the handler has the core to itself, and the borrow ends before the instruction is executed.
    let (cycles, before) = unsafe { ((*core).cycles, Before::new(&(*core).heap)) };
    let stopped = execute_raw(core, instr);
    // SAFETY: as above.
    profile::measured(unsafe { &mut *core }, site, cycles, &before);
    stopped
}
