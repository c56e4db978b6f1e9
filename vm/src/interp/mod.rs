//! The fast interpreter: handlers that run prepared code.
//!
//! # Invariants that the `unsafe` code of this module leans on
//!
//! * Code was made by `prepare` from a verified function: every word that a handler reads is there, every handler
//!   address is that of a handler of the right shape, branch targets are instructions of the same code.
//! * `fp` is the frame of the function that `ip` is in: `frame_cells` cells and, behind them, at least
//!   [`core::window_cells`] more, all inside `core.stack`. Operands that name cells are below that, since the
//!   verifier bounds registers and lists.
//! * `core.mem` and `core.bound` describe `core.memory`; `core.globals`, `core.entries`, `core.frame` and its bounds
//!   point into the buffers of the same core. Whoever replaces a buffer refreshes the pointers.
//! * Nothing that handlers use has drop glue or can panic; what can is behind [`slow`].
//!
//! The differential tests and the fuzz target of this crate compare every state with the reference interpreter's.

pub(crate) mod control;
pub(crate) mod core;
pub(crate) mod count;
pub(crate) mod dispatch;
pub(crate) mod exit;
pub(crate) mod float;
pub(crate) mod heap;
pub(crate) mod int;
pub(crate) mod memory;
pub(crate) mod slow;
pub(crate) mod word;

/// How a handler gets an operand. Handlers are generic over it; `prepare` picks the instance.
pub(crate) mod mode {
    /// From a cell of the frame.
    pub(crate) const SLOT: u8 = 0;
    /// From the accumulator.
    pub(crate) const ACC: u8 = 1;
    /// 32 bits from the code, sign-extended.
    pub(crate) const IMM: u8 = 2;
    /// 32 bits from the code, zero-extended.
    pub(crate) const UIMM: u8 = 3;
}

/// A value as it lies in a cell.
pub(crate) trait Cell: Copy {
    fn from_cell(cell: u64) -> Self;
    fn to_cell(self) -> u64;
}

impl Cell for i32 {
    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell as i32
    }
    #[inline(always)]
    fn to_cell(self) -> u64 {
        u64::from(self as u32)
    }
}

impl Cell for i64 {
    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell as i64
    }
    #[inline(always)]
    fn to_cell(self) -> u64 {
        self as u64
    }
}

impl Cell for f32 {
    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        f32::from_bits(cell as u32)
    }
    #[inline(always)]
    fn to_cell(self) -> u64 {
        self.to_bits().into()
    }
}

impl Cell for f64 {
    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        f64::from_bits(cell)
    }
    #[inline(always)]
    fn to_cell(self) -> u64 {
        self.to_bits()
    }
}

impl Cell for bool {
    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell as u32 != 0
    }
    #[inline(always)]
    fn to_cell(self) -> u64 {
        self.into()
    }
}
