//! Operands of the running function, and the forms that most scalar instructions have.

use cartwheel_bytecode::TrapCode;
use cartwheel_bytecode::operand::{
    AnyDst, Arg, CellSrc, Dst, F32Bits, F64Bits, H, HDst, I32, I64, Immediate, Label, Src,
};

use super::{Executed, Reference, Then};
use crate::state::FrameState;
use crate::stop::TrapKind;

/// A value as it is held in a scalar register. 32-bit values leave the upper half zero.
pub(super) trait Cell {
    fn from_cell(cell: u64) -> Self;
    fn to_cell(self) -> u64;
}

macro_rules! cells {
    ($($ty:ty: $cell:ident => $from:expr, $value:ident => $to:expr;)*) => {$(
        impl Cell for $ty {
            fn from_cell($cell: u64) -> Self {
                $from
            }
            fn to_cell(self) -> u64 {
                let $value = self;
                $to
            }
        }
    )*};
}

cells! {
    bool: cell => cell != 0, value => u64::from(value);
    i32: cell => cell as i32, value => u64::from(value as u32);
    u32: cell => cell as u32, value => u64::from(value);
    i64: cell => cell as i64, value => value as u64;
    u64: cell => cell, value => value;
    f32: cell => f32::from_bits(cell as u32), value => u64::from(value.to_bits());
    f64: cell => f64::from_bits(cell), value => value.to_bits();
}

/// A type of source operand with the type of its values.
pub(super) trait Typed: Immediate {
    type Value: Cell;
}

impl Typed for i32 {
    type Value = i32;
}
impl Typed for i64 {
    type Value = i64;
}
impl Typed for F32Bits {
    type Value = f32;
}
impl Typed for F64Bits {
    type Value = f64;
}

impl Reference {
    fn frame(&self) -> &FrameState {
        self.state.frames.last().expect("a call is in progress")
    }

    fn frame_mut(&mut self) -> &mut FrameState {
        self.state.frames.last_mut().expect("a call is in progress")
    }

    // ---- sources ----

    pub(super) fn value<T: Typed>(&self, src: Src<T>) -> T::Value {
        T::Value::from_cell(match src.cell() {
            CellSrc::Reg(r) => self.frame().scalars[usize::from(r)],
            CellSrc::Imm(cell) => cell,
        })
    }

    /// An integer source that is read as unsigned: an index, a length, an address.
    pub(super) fn unsigned(&self, src: I32) -> u32 {
        self.value(src) as u32
    }

    pub(super) fn handle(&self, src: H) -> u32 {
        src.0.map_or(0, |r| self.frame().handles[usize::from(r)])
    }

    /// Cell of an argument; handles as handle numbers.
    pub(super) fn argument(&self, arg: Arg) -> u64 {
        match arg {
            Arg::Reg(r) => self.frame().scalars[usize::from(r)],
            Arg::HReg(r) => self.frame().handles[usize::from(r)].into(),
            Arg::Imm(cell) => cell,
            Arg::Null => 0,
        }
    }

    // ---- destinations ----

    pub(super) fn set(&mut self, dst: Dst, value: impl Cell) -> Executed {
        self.frame_mut().scalars[usize::from(dst.0)] = value.to_cell();
        Ok(Then::Next)
    }

    pub(super) fn set_h(&mut self, dst: HDst, handle: u32) -> Executed {
        self.frame_mut().handles[usize::from(dst.0)] = handle;
        Ok(Then::Next)
    }

    /// Writes results of a call or syscall in the order of their destinations.
    pub(super) fn set_results(&mut self, dsts: &[AnyDst], cells: &[u64]) {
        assert_eq!(dsts.len(), cells.len());
        let frame = self.frame_mut();
        for (dst, &cell) in dsts.iter().zip(cells) {
            match *dst {
                AnyDst::Reg(r) => frame.scalars[usize::from(r)] = cell,
                AnyDst::HReg(r) => frame.handles[usize::from(r)] = cell as u32,
            }
        }
    }

    // ---- forms of instructions ----

    /// `d = f(a)`
    pub(super) fn unary<T: Typed, R: Cell>(&mut self, d: Dst, a: Src<T>, f: fn(T::Value) -> R) -> Executed {
        let result = f(self.value(a));
        self.set(d, result)
    }

    /// `d = f(a, b)`
    pub(super) fn binary<T: Typed, R: Cell>(
        &mut self,
        d: Dst,
        a: Src<T>,
        b: Src<T>,
        f: fn(T::Value, T::Value) -> R,
    ) -> Executed {
        let result = f(self.value(a), self.value(b));
        self.set(d, result)
    }

    /// `d = f(a)`, or a trap
    pub(super) fn unary_or_trap<T: Typed, R: Cell>(
        &mut self,
        d: Dst,
        a: Src<T>,
        f: fn(T::Value) -> Result<R, TrapCode>,
    ) -> Executed {
        let result = f(self.value(a))?;
        self.set(d, result)
    }

    /// `d = f(a, b)`, or a trap
    pub(super) fn binary_or_trap<T: Typed, R: Cell>(
        &mut self,
        d: Dst,
        a: Src<T>,
        b: Src<T>,
        f: fn(T::Value, T::Value) -> Result<R, TrapCode>,
    ) -> Executed {
        let result = f(self.value(a), self.value(b))?;
        self.set(d, result)
    }

    /// Branches if `f(a, b)`.
    pub(super) fn branch<T: Typed>(
        &self,
        a: Src<T>,
        b: Src<T>,
        f: fn(T::Value, T::Value) -> bool,
        to: Label,
    ) -> Executed {
        self.branch_if(f(self.value(a), self.value(b)), to)
    }

    pub(super) fn branch_if(&self, condition: bool, to: Label) -> Executed {
        Ok(if condition { Then::Label(to.0) } else { Then::Next })
    }

    /// `d = a` if the condition holds, else `b`; all 64 bits.
    pub(super) fn select(&mut self, d: Dst, condition: I32, a: I64, b: I64) -> Executed {
        let chosen = if self.value(condition) != 0 { a } else { b };
        let value = self.value(chosen);
        self.set(d, value)
    }
}

impl From<TrapCode> for TrapKind {
    fn from(code: TrapCode) -> Self {
        TrapKind::Instruction(code)
    }
}
