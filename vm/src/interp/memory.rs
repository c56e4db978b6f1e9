//! Loads and stores.

use cartwheel_bytecode::TrapCode;

use super::dispatch::{exit, go, handler};
use super::mode::{ACC, IMM};
use super::{exit, word};

/// How bytes of memory become a cell and back.
pub(crate) trait Access {
    /// The type as it lies in memory.
    type Raw: Copy;
    /// Index into the core's bounds: log2 of the size.
    const SIZE_LOG2: usize;
    fn to_cell(raw: Self::Raw) -> u64;
    fn from_cell(cell: u64) -> Self::Raw;
}

/// The effective address, if the whole access is inside.
macro_rules! address {
    ($access:ty, $mode:expr, $core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident) => {{
        let base = match $mode {
            ACC => u64::from($acc as u32),
            // A constant address was added to the offset when the code was prepared.
            IMM => 0,
            _ => u64::from(*$fp.add(word::a($ip).into()) as u32),
        };
        let at = base + u64::from(word::imm($ip) as u32);
        if at >= (&(*$core).bound)[<$access>::SIZE_LOG2] {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::MemoryOutOfBounds))
        }
        (*$core).mem.add(at as usize).cast::<<$access as Access>::Raw>()
    }};
}

/// As `address`, of the sum of operand `a` and operand `b` or an immediate, which is a result too.
macro_rules! sum_address {
    ($access:ty, $a:expr, $b:expr, $core:ident, $ip:ident, $fp:ident, $cycles:ident, $acc:ident) => {{
        let a = if $a == ACC { $acc } else { *$fp.add(word::a($ip).into()) } as u32;
        let b = if $b == IMM { word::imm($ip) as u32 } else { *$fp.add(word::b($ip).into()) as u32 };
        let sum = u64::from(a.wrapping_add(b));
        *$fp.add(word::t($ip).into()) = sum;
        let at = sum + u64::from(word::offset($ip));
        if at >= (&(*$core).bound)[<$access>::SIZE_LOG2] {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::MemoryOutOfBounds))
        }
        (*$core).mem.add(at as usize).cast::<<$access as Access>::Raw>()
    }};
}

handler!(load [T: Access, const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let at = address!(T, A, core, ip, fp, cycles, acc);
    let value = T::to_cell(at.read_unaligned());
    *fp.add(word::d(ip).into()) = value;
    if KEEP {
        acc = value;
    }
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// Loads a binary64 float into a cell and the float accumulator.
    load_float [const A: u8] (core, ip, fp, cycles, acc, facc) {
    let at = address!(F64, A, core, ip, fp, cycles, acc);
    let value = at.read_unaligned();
    *fp.add(word::d(ip).into()) = value.to_bits();
    facc = value;
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// Stores operand `d`, which is a cell, the accumulator or 16 bits of immediate (sign-extended).
    store [T: Access, const A: u8, const V: u8] (core, ip, fp, cycles, acc, facc) {
    let at = address!(T, A, core, ip, fp, cycles, acc);
    let value = match V {
        ACC => acc,
        IMM => i64::from(word::d(ip) as i16) as u64,
        _ => *fp.add(word::d(ip).into()),
    };
    at.write_unaligned(T::from_cell(value));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// Stores the float accumulator.
    store_float [const A: u8] (core, ip, fp, cycles, acc, facc) {
    let at = address!(F64, A, core, ip, fp, cycles, acc);
    at.write_unaligned(facc);
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// An addition and the load whose address it makes.
    load_sum [T: Access, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let at = sum_address!(T, A, B, core, ip, fp, cycles, acc);
    let value = T::to_cell(at.read_unaligned());
    *fp.add(word::d(ip).into()) = value;
    if KEEP {
        acc = value;
    }
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// The same for a binary64 float, which goes to the float accumulator too.
    load_float_sum [const A: u8, const B: u8] (core, ip, fp, cycles, acc, facc) {
    let at = sum_address!(F64, A, B, core, ip, fp, cycles, acc);
    let value = at.read_unaligned();
    *fp.add(word::d(ip).into()) = value.to_bits();
    facc = value;
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// An addition and the store whose address it makes. Operand `d` as for [`store`].
    store_sum [T: Access, const A: u8, const B: u8, const V: u8] (core, ip, fp, cycles, acc, facc) {
    let at = sum_address!(T, A, B, core, ip, fp, cycles, acc);
    let value = match V {
        ACC => acc,
        IMM => i64::from(word::d(ip) as i16) as u64,
        // It may be the sum itself.
        _ => *fp.add(word::d(ip).into()),
    };
    at.write_unaligned(T::from_cell(value));
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// The same for the float accumulator.
    store_float_sum [const A: u8, const B: u8] (core, ip, fp, cycles, acc, facc) {
    let at = sum_address!(F64, A, B, core, ip, fp, cycles, acc);
    at.write_unaligned(facc);
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

/// A float for [`load_float`] and [`store_float`].
struct F64;

impl Access for F64 {
    type Raw = f64;
    const SIZE_LOG2: usize = 3;
    fn to_cell(raw: f64) -> u64 {
        raw.to_bits()
    }
    fn from_cell(cell: u64) -> f64 {
        f64::from_bits(cell)
    }
}

/// Defines accesses: how raw memory is widened to a cell.
macro_rules! accesses {
    ($($(#[$doc:meta])* $name:ident: $raw:ty as $wide:ty, $log2:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl Access for $name {
            type Raw = $raw;
            const SIZE_LOG2: usize = $log2;
            #[inline(always)]
            fn to_cell(raw: $raw) -> u64 {
                raw as $wide as u64
            }
            #[inline(always)]
            fn from_cell(cell: u64) -> $raw {
                cell as $raw
            }
        }
    )*};
}

accesses! {
    /// 8 bits, zero-extended.
    U8: u8 as u64, 0;
    /// 16 bits, zero-extended.
    U16: u16 as u64, 1;
    /// 32 bits, zero-extended.
    U32: u32 as u64, 2;
    /// 64 bits.
    U64: u64 as u64, 3;
    /// 8 bits, sign-extended to 32.
    I8To32: i8 as u32, 0;
    /// 16 bits, sign-extended to 32.
    I16To32: i16 as u32, 1;
    /// 8 bits, sign-extended to 64.
    I8To64: i8 as u64, 0;
    /// 16 bits, sign-extended to 64.
    I16To64: i16 as u64, 1;
    /// 32 bits, sign-extended to 64.
    I32To64: i32 as u64, 2;
}
