//! Handlers whose results are integers, or cells taken as such.

use cartwheel_bytecode::TrapCode;

use super::dispatch::{exit, go, handler};
use super::mode::{ACC, IMM, UIMM};
use super::{exit, word};

/// A binary operation on cells that cannot trap.
pub(crate) trait Binary {
    fn apply(a: u64, b: u64) -> u64;
}

/// A binary operation on cells that can trap.
pub(crate) trait TryBinary {
    fn apply(a: u64, b: u64) -> Result<u64, TrapCode>;
}

/// A unary operation on cells that cannot trap.
pub(crate) trait Unary {
    fn apply(a: u64) -> u64;
}

/// A unary operation on cells that can trap.
pub(crate) trait TryUnary {
    fn apply(a: u64) -> Result<u64, TrapCode>;
}

/// A condition on two cells.
pub(crate) trait Condition {
    fn holds(a: u64, b: u64) -> bool;
}

/// The cell of operand `a`.
macro_rules! operand_a {
    ($mode:expr, $ip:expr, $fp:expr, $acc:expr) => {
        if $mode == ACC { $acc } else { *$fp.add(word::a($ip).into()) }
    };
}

/// The cell of operand `b`, whose immediate is sign-extended.
macro_rules! operand_b {
    ($mode:expr, $ip:expr, $fp:expr, $acc:expr) => {
        match $mode {
            ACC => $acc,
            IMM => i64::from(word::imm($ip)) as u64,
            _ => *$fp.add(word::b($ip).into()),
        }
    };
}

/// Writes a result to operand `d`, and to the accumulator if the next instruction wants it there.
macro_rules! result {
    ($keep:expr, $ip:expr, $fp:expr, $acc:expr, $value:expr) => {{
        let value = $value;
        *$fp.add(word::d($ip).into()) = value;
        if $keep {
            $acc = value;
        }
    }};
}

/// Takes a branch: charges it and goes to its target. One that goes to a loop head (`$checked`) is a checkpoint.
macro_rules! taken {
    ($checked:expr, $core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident, $facc:ident) => {{
        $cycles -= i64::from(word::charge($ip));
        let target = $ip.offset(word::target($ip) as isize);
        if $checked && $cycles <= 0 {
            exit!($core, target, $fp, $cycles, exit::BUDGET_LOOP)
        }
        go!($core, target, $fp, $cycles, $acc, $facc)
    }};
}

pub(crate) use taken;

handler!(binary [O: Binary, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    result!(KEEP, ip, fp, acc, O::apply(a, b));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(try_binary [O: TryBinary, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    match O::apply(a, b) {
        Ok(value) => {
            result!(KEEP, ip, fp, acc, value);
            go!(core, ip.add(2), fp, cycles, acc, facc)
        }
        Err(code) => exit!(core, ip, fp, cycles, exit::trap(code)),
    }
});

handler!(unary [O: Unary, const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    result!(KEEP, ip, fp, acc, O::apply(a));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(try_unary [O: TryUnary] (core, ip, fp, cycles, acc, facc) {
    match O::apply(*fp.add(word::a(ip).into())) {
        Ok(value) => {
            *fp.add(word::d(ip).into()) = value;
            go!(core, ip.add(2), fp, cycles, acc, facc)
        }
        Err(code) => exit!(core, ip, fp, cycles, exit::trap(code)),
    }
});

handler!(
    /// d = a. From the accumulator, a register, or an immediate of 32 bits.
    copy [const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = match A {
        ACC => acc,
        IMM => i64::from(word::imm(ip)) as u64,
        UIMM => u64::from(word::imm(ip) as u32),
        _ => *fp.add(word::a(ip).into()),
    };
    result!(KEEP, ip, fp, acc, a);
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// Two copies: cell `a` to `d`, then the cell in the third operand to the one in the fourth.
    copy_two [] (core, ip, fp, cycles, acc, facc) {
    *fp.add(word::d(ip).into()) = *fp.add(word::a(ip).into());
    *fp.add(word::c(ip).into()) = *fp.add(word::b(ip).into());
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// A copy, as for [`copy`], and the branch behind it.
    copy_branch [const A: u8, const CHECKED: bool] (core, ip, fp, cycles, acc, facc) {
    *fp.add(word::d(ip).into()) = if A == ACC { acc } else { *fp.add(word::a(ip).into()) };
    taken!(CHECKED, core, ip, fp, cycles, acc, facc)
});

handler!(
    /// Two copies, as for [`copy_two`], and the branch behind them.
    copy_two_branch [const CHECKED: bool] (core, ip, fp, cycles, acc, facc) {
    *fp.add(word::d(ip).into()) = *fp.add(word::a(ip).into());
    *fp.add(word::c(ip).into()) = *fp.add(word::b(ip).into());
    taken!(CHECKED, core, ip, fp, cycles, acc, facc)
});

handler!(
    /// A binary operation and the branch behind it.
    binary_branch [O: Binary, const A: u8, const B: u8, const CHECKED: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    *fp.add(word::d(ip).into()) = O::apply(a, b);
    taken!(CHECKED, core, ip, fp, cycles, acc, facc)
});

handler!(
    /// d = t + a constant, which stands in the third word, where t = a + b.
    add_add [const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc) as u32;
    let sum = a.wrapping_add(*fp.add(word::b(ip).into()) as u32);
    *fp.add(word::t(ip).into()) = sum.into();
    result!(KEEP, ip, fp, acc, sum.wrapping_add(word::offset(ip)).into());
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// A binary operation and the copy of its result to a second cell.
    binary_copy [O: Binary, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    let value = O::apply(a, b);
    *fp.add(word::t(ip).into()) = value;
    result!(KEEP, ip, fp, acc, value);
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// d = t O c, where t = a S b; both operations commute.
    binary_binary [S: Binary, O: Binary, const A: u8, const C: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let c = if C == ACC { acc } else { *fp.add(word::c(ip).into()) };
    let first = S::apply(a, *fp.add(word::b(ip).into()));
    *fp.add(word::t(ip).into()) = first;
    result!(KEEP, ip, fp, acc, O::apply(first, c));
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// An operation with a constant of 32 bits, which stands in the third word, and the operation on its result and `b`.
    constant_binary [S: Binary, O: Binary, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    let shifted = S::apply(a, word::offset(ip).into());
    *fp.add(word::t(ip).into()) = shifted;
    result!(KEEP, ip, fp, acc, O::apply(shifted, b));
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// d = a constant of 64 bits.
    constant [] (core, ip, fp, cycles, acc, facc) {
    *fp.add(word::d(ip).into()) = word::imm64(ip);
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// d = a or b by the condition, whose cell stands in the fourth operand.
    select [const COND: u8] (core, ip, fp, cycles, acc, facc) {
    let cond = if COND == ACC { acc } else { *fp.add(word::c(ip).into()) };
    let from = if cond as u32 != 0 { word::a(ip) } else { word::b(ip) };
    *fp.add(word::d(ip).into()) = *fp.add(from.into());
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(global_get [const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    result!(KEEP, ip, fp, acc, *(*core).globals.add(word::imm(ip) as usize));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// The global = a; `NARROW` keeps the lower half.
    global_set [const A: u8, const NARROW: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    *(*core).globals.add(word::imm(ip) as usize) = if NARROW { u64::from(a as u32) } else { a };
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// Branches if the condition holds. `CHECKED` goes to a loop head: charges, checks the budget.
    branch_if [O: Condition, const A: u8, const B: u8, const CHECKED: bool] (core, ip, fp, cycles, acc, facc) {
    let a = operand_a!(A, ip, fp, acc);
    let b = operand_b!(B, ip, fp, acc);
    if O::holds(a, b) {
        taken!(CHECKED, core, ip, fp, cycles, acc, facc)
    }
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// Adds a cell or an immediate to cell `a`, then branches to a loop head if the condition holds between the sum and
    /// another cell or constant, which stands in the fourth word.
    add_branch_if [O: Binary, C: Condition, const ADDEND: u8, const B: u8] (core, ip, fp, cycles, acc, facc) {
    let cell = fp.add(word::a(ip).into());
    let sum = O::apply(*cell, operand_b!(ADDEND, ip, fp, acc));
    *cell = sum;
    let b = if B == IMM { word::imm64(ip.add(1)) } else { *fp.add(word::imm64(ip.add(1)) as usize) };
    if C::holds(sum, b) {
        taken!(true, core, ip, fp, cycles, acc, facc)
    }
    go!(core, ip.add(4), fp, cycles, acc, facc)
});
