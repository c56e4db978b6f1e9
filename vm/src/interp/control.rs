//! Handlers that move control: branches, calls, returns, checkpoints and stops.

use cartwheel_bytecode::TrapCode;

use super::core::{Entry, Frame};
use super::dispatch::{exit, go, handler};
use super::int::taken;
use super::mode::{ACC, IMM};
use super::{exit, word};

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

/// Makes the callee's frame and goes to its entry, a checkpoint.
macro_rules! enter {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident, $facc:ident, $entry:expr, $func:expr, $ret:expr) => {{
        let entry: *const Entry = $entry;
        let advance = u32::from(word::d($ip));
        let callee = $fp.add(advance as usize);
        let frame = (*$core).frame;
        let room = ((*$core).stack_end as usize).wrapping_sub(callee as usize) / 8;
        if frame >= (*$core).frame_last || room < (*entry).cells as usize {
            (*$core).callee = $func;
            exit!($core, $ip, $fp, $cycles, exit::CALL)
        }
        let frame = frame.add(1);
        *frame = Frame { ret: $ret, advance, func: $func };
        (*$core).frame = frame;
        $cycles -= i64::from(word::charge($ip));
        if $cycles <= 0 {
            exit!($core, (*entry).code, callee, $cycles, exit::BUDGET_ENTRY)
        }
        go!($core, (*entry).code, callee, $cycles, $acc, $facc)
    }};
}

handler!(
    /// A direct call: cells to advance in `d`, function in the immediate, charge in the third word.
    call [] (core, ip, fp, cycles, acc, facc) {
    let func = word::imm(ip) as u32;
    enter!(core, ip, fp, cycles, acc, facc, (*core).entries.add(func as usize), func, ip.add(3))
});

handler!(
    /// A call by function reference, which stands in cell `a` (`CHECK` says that it has to be checked to exist):
    /// signature number in the immediate.
    call_ref [] (core, ip, fp, cycles, acc, facc) {
    let reference = *fp.add(word::a(ip).into()) as u32;
    if reference == 0 {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::NullFunction))
    }
    let func = reference - 1;
    if func as usize >= (*core).entry_cells.len()
        || (*(*core).entries.add(func as usize)).signature != word::imm(ip) as u32
    {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::SignatureMismatch))
    }
    enter!(core, ip, fp, cycles, acc, facc, (*core).entries.add(func as usize), func, ip.add(3))
});

handler!(
    /// A call through a table: index in cell `a`, table in `b`'s place of the fourth word, as for `call_ref` else.
    call_indirect [] (core, ip, fp, cycles, acc, facc) {
    let index = *fp.add(word::a(ip).into()) as u32 as usize;
    let table = &(&(*core).tables)[*ip.add(3) as usize];
    if index >= table.len() {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::TableOutOfBounds))
    }
    let reference = *table.as_ptr().add(index);
    if reference == 0 {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::NullFunction))
    }
    let func = reference - 1;
    if func as usize >= (*core).entry_cells.len()
        || (*(*core).entries.add(func as usize)).signature != word::imm(ip) as u32
    {
        exit!(core, ip, fp, cycles, exit::trap(TrapCode::SignatureMismatch))
    }
    enter!(core, ip, fp, cycles, acc, facc, (*core).entries.add(func as usize), func, ip.add(4))
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
