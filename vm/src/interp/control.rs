//! Handlers that move control: branches, calls, returns, checkpoints and stops.

use cartwheel_bytecode::TrapCode;

use super::core::{Entry, Frame};
use super::count::{BY_REFERENCE, DIRECT, INDIRECT, first_call};
use super::dispatch::{exit, go, handler, jump};
use super::int::taken;
use super::mode::{ACC, IMM};
use super::{exit, word};
use crate::profile::cells;

handler!(
    /// An unconditional branch.
    branch [const CHECKED: bool] (core, ip, fp, cycles, acc, facc) {
    taken!(CHECKED, core, ip, fp, cycles, acc, facc)
});

handler!(
    /// A loop head that is entered from above: charges the blocks before it, then is a checkpoint.
    loop_head [] (core, ip, fp, cycles, acc, facc) {
    cycles -= i64::from(word::imm(ip));
    if cycles <= 0 {
        exit!(core, ip.add(2), fp, cycles, exit::BUDGET_LOOP)
    }
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// The checkpoint behind a syscall.
    checkpoint [] (core, ip, fp, cycles, acc, facc) {
    if cycles <= 0 {
        exit!(core, ip.add(2), fp, cycles, exit::BUDGET_NEXT)
    }
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// A branch by table: words behind the operands have target and charge for each index; the charge is doubled,
    /// and its lowest bit says that the target is a loop head.
    branch_table [const A: u8] (core, ip, fp, cycles, acc, facc) {
    let index = if A == ACC { acc } else { *fp.add(word::a(ip).into()) } as u32;
    let index = index.min(word::imm(ip) as u32);
    let entry = *ip.add(2 + index as usize);
    let charge = (entry >> 32) as i32;
    cycles -= i64::from(charge >> 1);
    let target = ip.offset(entry as i32 as isize);
    if charge & 1 != 0 && cycles <= 0 {
        exit!(core, target, fp, cycles, exit::BUDGET_LOOP)
    }
    go!(core, target, fp, cycles, acc, facc)
});

/// Modes of calls: nothing is counted; the callee counts for the stack of the call; that was seen to already; the callee
/// is the caller, and counts where it does.
pub(crate) const PLAIN: u8 = 0;
pub(crate) const COUNTED: u8 = 1;
pub(crate) const NOTED: u8 = 2;
pub(crate) const BY_ITSELF: u8 = 3;

/// Makes the callee's frame and goes to its entry, a checkpoint. `$link` is what the frame keeps of the call beside its
/// return address.
macro_rules! enter {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident, $facc:ident, $func:expr, $link:expr, $ret:expr,
        $mode:expr, $kind:expr) => {{
        let entry: *const Entry = (*$core).entries.add($func as usize);
        let callee = $fp.add(word::d($ip).into());
        let frame = (*$core).frame.add(1);
        let end = (callee as u64).wrapping_add((*entry).bytes);
        if frame > (*$core).frame_last || end > (*$core).stack_end as u64 {
            (*$core).callee = $func;
            exit!($core, $ip, $fp, $cycles, exit::CALL)
        }
        if $mode == COUNTED {
            let counters = *(*$core).counters.add(word::target($ip) as usize) as *mut u64;
            // A direct call remembers those of the one function that it calls.
            if counters.is_null() || $kind != DIRECT && *counters.add(cells::FUNC) != u64::from($func) {
                (*$core).callee = $func;
                jump!(first_call::<{ $kind }>, $core, $ip, $fp, $cycles, 0, 0.0)
            }
            *counters.add(cells::CALLS) += 1;
            (*$core).counters = counters;
        }
        if $mode == BY_ITSELF {
            *(*$core).counters.add(cells::CALLS) += 1;
        }
        (*frame).ret = $ret;
        (&raw mut (*frame).advance).cast::<u64>().write($link);
        (*$core).frame = frame;
        $cycles -= i64::from(word::charge($ip));
        if $cycles <= 0 {
            exit!($core, (*entry).code, callee, $cycles, exit::BUDGET_ENTRY)
        }
        // Accumulators are dead here; a constant frees a register.
        go!($core, (*entry).code, callee, $cycles, 0, $facc)
    }};
}

const _: () = assert!(
    std::mem::offset_of!(Frame, func) == std::mem::offset_of!(Frame, advance) + 4,
    "a frame's link is written as one word"
);

handler!(
    /// A direct call: cells to advance in `d`, function in the immediate, charge in the third word, and there the counter
    /// that remembers the callee's. The operand word is also the frame's link.
    call [const MODE: u8] (core, ip, fp, cycles, acc, facc) {
    let func = word::imm(ip) as u32;
    enter!(core, ip, fp, cycles, acc, facc, func, *ip.add(1), ip.add(3), MODE, DIRECT)
});

/// The function that a reference names, if its signature is the one in the immediate.
macro_rules! referenced {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $reference:expr) => {{
        let reference: u32 = $reference;
        if reference == 0 {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::NullFunction))
        }
        let func = reference - 1;
        if func as usize >= (*$core).entry_cells.len()
            || (*(*$core).entries.add(func as usize)).signature != u64::from(word::imm($ip) as u32)
        {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::SignatureMismatch))
        }
        func
    }};
}

handler!(
    /// A call by function reference, which stands in cell `a`: signature number in the immediate.
    call_ref [const MODE: u8] (core, ip, fp, cycles, acc, facc) {
    let func = referenced!(core, ip, fp, cycles, *fp.add(word::a(ip).into()) as u32);
    let link = u64::from(word::d(ip)) | u64::from(func) << 32;
    enter!(core, ip, fp, cycles, acc, facc, func, link, ip.add(3), MODE, BY_REFERENCE)
});

handler!(
    /// A call through a table: index in cell `a`, table in the fourth word, else as for `call_ref`.
    call_indirect [const MODE: u8] (core, ip, fp, cycles, acc, facc) {
    let index = *fp.add(word::a(ip).into()) as u32 as usize;
    let table = &*(*core).tables.as_ptr().add(*ip.add(3) as usize);
    if index >= table.len() {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::TableOutOfBounds))
    }
    let func = referenced!(core, ip, fp, cycles, *table.as_ptr().add(index));
    let link = u64::from(word::d(ip)) | u64::from(func) << 32;
    enter!(core, ip, fp, cycles, acc, facc, func, link, ip.add(4), MODE, INDIRECT)
});

handler!(
    /// Returns; `V` says where the one result is that goes to the first cell and the accumulator. With [`NONE`],
    /// results are where they belong.
    return_to_caller [const V: u8] (core, ip, fp, cycles, acc, facc) {
    if V != NONE {
        acc = match V {
            ACC => acc,
            IMM => word::imm64(ip.add(1)),
            _ => *fp.add(word::a(ip).into()),
        };
        *fp = acc;
    }
    cycles -= i64::from(word::charge(ip));
    let frame = *(*core).frame;
    (*core).frame = (*core).frame.wrapping_sub(1);
    go!(core, frame.ret, fp.sub(frame.advance as usize), cycles, acc, facc)
});

/// Result mode of [`return_to_caller`]: there is none, or it is in place.
pub(crate) const NONE: u8 = 9;

handler!(
    /// What the outermost frame returns to.
    returned [] (core, ip, fp, cycles, acc, facc) {
    exit!(core, ip, fp, cycles, exit::RETURNED)
});

handler!(
    /// `frame.sync`.
    sync [] (core, ip, fp, cycles, acc, facc) {
    cycles -= i64::from(word::imm(ip));
    exit!(core, ip.add(2), fp, cycles, exit::SYNC)
});

handler!(
    /// A syscall: import in the immediate. Arguments are in the window; whoever goes on starts behind this word.
    syscall [] (core, ip, fp, cycles, acc, facc) {
    cycles -= i64::from(word::charge(ip));
    exit!(core, ip, fp, cycles, exit::SYSCALL)
});

handler!(
    /// `unreachable`.
    unreachable_code [] (core, ip, fp, cycles, acc, facc) {
    exit!(core, ip, fp, cycles, exit::trap(TrapCode::Unreachable))
});

handler!(
    /// `nop`.
    nop [] (core, ip, fp, cycles, acc, facc) {
    go!(core, ip.add(2), fp, cycles, acc, facc)
});
