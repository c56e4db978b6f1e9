//! Writing code words, and picking the instance of a handler for the way its operands come.

use cartwheel_bytecode::operand::CellSrc;

use super::lower::Lowering;
use crate::interp::count;
use crate::interp::dispatch::Handler;
use crate::interp::float::{self, FloatBinary, FloatCompare, FloatUnary, ToFloat};
use crate::interp::int::{self, Binary, Condition, TryBinary, TryUnary, Unary};
use crate::interp::memory::{self, Access};
use crate::interp::mode::{ACC, IMM, SLOT, UIMM};
use crate::interp::word;

/// Words of the handler of a loop head.
pub(super) const LOOP_WORDS: u32 = 2;
/// Words of the handler that counts a block.
pub(super) const COUNT_WORDS: u32 = 2;

/// Picks the instance of a generic handler by the values of its parameters. The list has all that can come.
macro_rules! pick {
    ($key:expr; $($pattern:pat => $handler:expr),* $(,)?) => {
        match $key {
            $($pattern => $handler as Handler,)*
            other => unreachable!("no handler for operands {other:?}"),
        }
    };
}

/// Picks the instance of a handler by how its one operand comes, and a flag.
macro_rules! pick_one {
    ($module:ident::$handler:ident$(<$kind:ident>)?, $a:expr, $flag:expr) => {{
        use $module::$handler as h;
        pick!(($a, $flag);
            (SLOT, false) => h::<$($kind,)? SLOT, false>, (SLOT, true) => h::<$($kind,)? SLOT, true>,
            (ACC, false) => h::<$($kind,)? ACC, false>, (ACC, true) => h::<$($kind,)? ACC, true>)
    }};
}

/// Picks the instance of a handler by how its two operands come, and a flag. Two never come in the accumulator.
macro_rules! pick_two {
    ($module:ident::$handler:ident<$($kind:tt),+>, $a:expr, $b:expr, $flag:expr) => {{
        use $module::$handler as h;
        pick!(($a, $b, $flag);
            (SLOT, SLOT, false) => h::<$($kind,)+ SLOT, SLOT, false>,
            (SLOT, SLOT, true) => h::<$($kind,)+ SLOT, SLOT, true>,
            (ACC, SLOT, false) => h::<$($kind,)+ ACC, SLOT, false>,
            (ACC, SLOT, true) => h::<$($kind,)+ ACC, SLOT, true>,
            (SLOT, ACC, false) => h::<$($kind,)+ SLOT, ACC, false>,
            (SLOT, ACC, true) => h::<$($kind,)+ SLOT, ACC, true>,
            (SLOT, IMM, false) => h::<$($kind,)+ SLOT, IMM, false>,
            (SLOT, IMM, true) => h::<$($kind,)+ SLOT, IMM, true>,
            (ACC, IMM, false) => h::<$($kind,)+ ACC, IMM, false>,
            (ACC, IMM, true) => h::<$($kind,)+ ACC, IMM, true>)
    }};
}

pub(super) fn binary<O: Binary>(a: u8, b: u8, keep: bool) -> Handler {
    pick_two!(int::binary<O>, a, b, keep)
}

pub(super) fn try_binary<O: TryBinary>(a: u8, b: u8, keep: bool) -> Handler {
    pick_two!(int::try_binary<O>, a, b, keep)
}

pub(super) fn branch_if<O: Condition>(a: u8, b: u8, checked: bool) -> Handler {
    pick_two!(int::branch_if<O>, a, b, checked)
}

pub(super) fn add_branch_if<O: Binary, C: Condition>(addend: u8, other: &CellSrc) -> Handler {
    use int::add_branch_if as h;
    let other = if matches!(other, CellSrc::Imm(_)) { IMM } else { SLOT };
    pick!((addend, other);
        (SLOT, SLOT) => h::<O, C, SLOT, SLOT>, (SLOT, IMM) => h::<O, C, SLOT, IMM>,
        (IMM, SLOT) => h::<O, C, IMM, SLOT>, (IMM, IMM) => h::<O, C, IMM, IMM>)
}

pub(super) fn unary<O: Unary>(a: u8, keep: bool) -> Handler {
    pick_one!(int::unary<O>, a, keep)
}

pub(super) fn try_unary<O: TryUnary>() -> Handler {
    int::try_unary::<O> as Handler
}

pub(super) fn copy(a: u8, keep: bool) -> Handler {
    pick!((a, keep);
        (SLOT, false) => int::copy::<SLOT, false>, (SLOT, true) => int::copy::<SLOT, true>,
        (ACC, _) => int::copy::<ACC, false>,
        (IMM, false) => int::copy::<IMM, false>, (IMM, true) => int::copy::<IMM, true>,
        (UIMM, false) => int::copy::<UIMM, false>, (UIMM, true) => int::copy::<UIMM, true>)
}

pub(super) fn float_binary<O: FloatBinary>(a: u8, b: u8, keep: bool) -> Handler {
    use float::binary as h;
    pick!((a, b, keep);
        (SLOT, SLOT, false) => h::<O, SLOT, SLOT, false>, (SLOT, SLOT, true) => h::<O, SLOT, SLOT, true>,
        (ACC, SLOT, false) => h::<O, ACC, SLOT, false>, (ACC, SLOT, true) => h::<O, ACC, SLOT, true>,
        (SLOT, ACC, false) => h::<O, SLOT, ACC, false>, (SLOT, ACC, true) => h::<O, SLOT, ACC, true>,
        (ACC, ACC, false) => h::<O, ACC, ACC, false>, (ACC, ACC, true) => h::<O, ACC, ACC, true>,
        (SLOT, IMM, false) => h::<O, SLOT, IMM, false>, (SLOT, IMM, true) => h::<O, SLOT, IMM, true>,
        (ACC, IMM, false) => h::<O, ACC, IMM, false>, (ACC, IMM, true) => h::<O, ACC, IMM, true>)
}

pub(super) fn float_unary<O: FloatUnary>(a: u8, keep: bool) -> Handler {
    pick_one!(float::unary<O>, a, keep)
}

pub(super) fn convert<O: ToFloat>(a: u8, keep: bool) -> Handler {
    pick_one!(float::convert<O>, a, keep)
}

pub(super) fn float_compare<O: FloatCompare>(a: u8, b: u8, keep: bool) -> Handler {
    pick_two!(float::compare<O>, a, b, keep)
}

pub(super) fn float_compare_branch<O: FloatCompare>(a: u8, b: u8, on: bool, checked: bool) -> Handler {
    if on {
        pick_two!(float::compare_branch<O, true>, a, b, checked)
    } else {
        pick_two!(float::compare_branch<O, false>, a, b, checked)
    }
}

pub(super) fn load<T: Access>(a: u8, keep: bool) -> Handler {
    pick!((a, keep);
        (SLOT, false) => memory::load::<T, SLOT, false>, (SLOT, true) => memory::load::<T, SLOT, true>,
        (ACC, false) => memory::load::<T, ACC, false>, (ACC, true) => memory::load::<T, ACC, true>,
        (IMM, false) => memory::load::<T, IMM, false>, (IMM, true) => memory::load::<T, IMM, true>)
}

pub(super) fn load_float(a: u8) -> Handler {
    pick!(a;
        SLOT => memory::load_float::<SLOT>, ACC => memory::load_float::<ACC>, IMM => memory::load_float::<IMM>)
}

pub(super) fn store<T: Access>(a: u8, v: u8) -> Handler {
    use memory::store as h;
    pick!((a, v);
        (SLOT, SLOT) => h::<T, SLOT, SLOT>, (SLOT, ACC) => h::<T, SLOT, ACC>, (SLOT, IMM) => h::<T, SLOT, IMM>,
        (ACC, SLOT) => h::<T, ACC, SLOT>, (ACC, ACC) => h::<T, ACC, ACC>, (ACC, IMM) => h::<T, ACC, IMM>,
        (IMM, SLOT) => h::<T, IMM, SLOT>, (IMM, ACC) => h::<T, IMM, ACC>, (IMM, IMM) => h::<T, IMM, IMM>)
}

pub(super) fn store_float(a: u8) -> Handler {
    pick!(a;
        SLOT => memory::store_float::<SLOT>, ACC => memory::store_float::<ACC>, IMM => memory::store_float::<IMM>)
}

pub(super) fn load_sum<T: Access>(a: u8, b: u8, keep: bool) -> Handler {
    use memory::load_sum as h;
    pick!((a, b, keep);
        (SLOT, SLOT, false) => h::<T, SLOT, SLOT, false>, (SLOT, SLOT, true) => h::<T, SLOT, SLOT, true>,
        (SLOT, IMM, false) => h::<T, SLOT, IMM, false>, (SLOT, IMM, true) => h::<T, SLOT, IMM, true>,
        (ACC, SLOT, false) => h::<T, ACC, SLOT, false>, (ACC, SLOT, true) => h::<T, ACC, SLOT, true>,
        (ACC, IMM, false) => h::<T, ACC, IMM, false>, (ACC, IMM, true) => h::<T, ACC, IMM, true>)
}

pub(super) fn load_float_sum(a: u8, b: u8) -> Handler {
    use memory::load_float_sum as h;
    pick!((a, b); (SLOT, SLOT) => h::<SLOT, SLOT>, (SLOT, IMM) => h::<SLOT, IMM>,
        (ACC, SLOT) => h::<ACC, SLOT>, (ACC, IMM) => h::<ACC, IMM>)
}

pub(super) fn store_sum<T: Access>(a: u8, b: u8, v: u8) -> Handler {
    use memory::store_sum as h;
    pick!((a, b, v);
        (SLOT, SLOT, SLOT) => h::<T, SLOT, SLOT, SLOT>, (SLOT, SLOT, ACC) => h::<T, SLOT, SLOT, ACC>,
        (SLOT, SLOT, IMM) => h::<T, SLOT, SLOT, IMM>, (SLOT, IMM, SLOT) => h::<T, SLOT, IMM, SLOT>,
        (SLOT, IMM, ACC) => h::<T, SLOT, IMM, ACC>, (SLOT, IMM, IMM) => h::<T, SLOT, IMM, IMM>,
        (ACC, SLOT, SLOT) => h::<T, ACC, SLOT, SLOT>, (ACC, SLOT, IMM) => h::<T, ACC, SLOT, IMM>,
        (ACC, IMM, SLOT) => h::<T, ACC, IMM, SLOT>, (ACC, IMM, IMM) => h::<T, ACC, IMM, IMM>)
}

pub(super) fn store_float_sum(a: u8, b: u8) -> Handler {
    use memory::store_float_sum as h;
    pick!((a, b); (SLOT, SLOT) => h::<SLOT, SLOT>, (SLOT, IMM) => h::<SLOT, IMM>,
        (ACC, SLOT) => h::<ACC, SLOT>, (ACC, IMM) => h::<ACC, IMM>)
}

pub(super) fn binary_copy<O: Binary>(a: u8, b: u8, keep: bool) -> Handler {
    pick_two!(int::binary_copy<O>, a, b, keep)
}

pub(super) fn binary_branch<O: Binary>(a: u8, b: u8, checked: bool) -> Handler {
    pick_two!(int::binary_branch<O>, a, b, checked)
}

pub(super) fn add_add(a: u8, keep: bool) -> Handler {
    pick_one!(int::add_add, a, keep)
}

pub(super) fn binary_binary<S: Binary, O: Binary>(a: u8, c: u8, keep: bool) -> Handler {
    use int::binary_binary as h;
    pick!((a, c, keep);
        (SLOT, SLOT, false) => h::<S, O, SLOT, SLOT, false>, (SLOT, SLOT, true) => h::<S, O, SLOT, SLOT, true>,
        (ACC, SLOT, false) => h::<S, O, ACC, SLOT, false>, (ACC, SLOT, true) => h::<S, O, ACC, SLOT, true>,
        (SLOT, ACC, false) => h::<S, O, SLOT, ACC, false>, (SLOT, ACC, true) => h::<S, O, SLOT, ACC, true>)
}

pub(super) fn constant_binary<S: Binary, O: Binary>(a: u8, b: u8, keep: bool) -> Handler {
    use int::constant_binary as h;
    pick!((a, b, keep);
        (SLOT, SLOT, false) => h::<S, O, SLOT, SLOT, false>, (SLOT, SLOT, true) => h::<S, O, SLOT, SLOT, true>,
        (ACC, SLOT, false) => h::<S, O, ACC, SLOT, false>, (ACC, SLOT, true) => h::<S, O, ACC, SLOT, true>,
        (SLOT, ACC, false) => h::<S, O, SLOT, ACC, false>, (SLOT, ACC, true) => h::<S, O, SLOT, ACC, true>,
        (ACC, ACC, false) => h::<S, O, ACC, ACC, false>, (ACC, ACC, true) => h::<S, O, ACC, ACC, true>)
}

pub(super) fn copy_branch(a: u8, checked: bool) -> Handler {
    pick_one!(int::copy_branch, a, checked)
}

/// What a call returns to in the counted form. `by_itself` says whether the callee is the caller, if that is known.
pub(super) fn left(by_itself: Option<bool>, counts: bool) -> Handler {
    use count::{ANOTHER, EITHER, OWN, left};
    match (by_itself, counts) {
        (Some(false), false) => left::<ANOTHER, false> as Handler,
        (Some(false), true) => left::<ANOTHER, true> as Handler,
        (Some(true), false) => left::<OWN, false> as Handler,
        (Some(true), true) => left::<OWN, true> as Handler,
        (None, false) => left::<EITHER, false> as Handler,
        (None, true) => left::<EITHER, true> as Handler,
    }
}

impl Lowering<'_> {
    /// Writes a handler and its operand word.
    pub(super) fn emit(&mut self, handler: Handler, operands: u64) {
        self.code.push(handler as usize as u64);
        self.code.push(operands);
    }

    /// Writes a further word of the instruction.
    pub(super) fn extra(&mut self, word: u64) {
        self.code.push(word);
    }

    /// Writes a constant into a cell.
    pub(super) fn emit_constant(&mut self, d: u16, cell: u64, keep: bool) {
        if let Ok(imm) = u32::try_from(cell) {
            self.emit(copy(UIMM, keep), word::regs_imm(d, 0, imm));
        } else if let Ok(imm) = i32::try_from(cell as i64) {
            self.emit(copy(IMM, keep), word::regs_imm(d, 0, imm as u32));
        } else {
            self.emit(int::constant as Handler, word::regs(d, 0, 0));
            self.extra(cell);
            // This handler has no form that keeps its result in the accumulator.
            self.wrote(d);
            return;
        }
        self.wrote(d);
        if keep {
            self.acc = Some(d);
        }
    }
}
