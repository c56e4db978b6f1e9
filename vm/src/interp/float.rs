//! Handlers around binary64 floats, with an accumulator of their own. binary32 goes by cells, as in [`super::int`].

use super::dispatch::{exit, go, handler};
use super::int::taken;
use super::mode::{ACC, IMM};
use super::{exit, word};

/// A binary operation on floats.
pub(crate) trait FloatBinary {
    fn apply(a: f64, b: f64) -> f64;
}

/// A unary operation on floats.
pub(crate) trait FloatUnary {
    fn apply(a: f64) -> f64;
}

/// A conversion of a cell to a float.
pub(crate) trait ToFloat {
    fn apply(a: u64) -> f64;
}

/// A comparison of floats.
pub(crate) trait FloatCompare {
    fn holds(a: f64, b: f64) -> bool;
}

macro_rules! float_a {
    ($mode:expr, $ip:expr, $fp:expr, $facc:expr) => {
        if $mode == ACC { $facc } else { f64::from_bits(*$fp.add(word::a($ip).into())) }
    };
}

macro_rules! float_b {
    ($mode:expr, $ip:expr, $fp:expr, $facc:expr) => {
        match $mode {
            ACC => $facc,
            IMM => f64::from_bits(word::imm64($ip)),
            _ => f64::from_bits(*$fp.add(word::b($ip).into())),
        }
    };
}

macro_rules! float_result {
    ($keep:expr, $ip:expr, $fp:expr, $facc:expr, $value:expr) => {{
        let value: f64 = $value;
        *$fp.add(word::d($ip).into()) = value.to_bits();
        if $keep {
            $facc = value;
        }
    }};
}

handler!(binary [O: FloatBinary, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = float_a!(A, ip, fp, facc);
    let b = float_b!(B, ip, fp, facc);
    float_result!(KEEP, ip, fp, facc, O::apply(a, b));
    go!(core, ip.add(if B == IMM { 3 } else { 2 }), fp, cycles, acc, facc)
});

handler!(unary [O: FloatUnary, const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = float_a!(A, ip, fp, facc);
    float_result!(KEEP, ip, fp, facc, O::apply(a));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(convert [O: ToFloat, const A: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = if A == ACC { acc } else { *fp.add(word::a(ip).into()) };
    float_result!(KEEP, ip, fp, facc, O::apply(a));
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(compare [O: FloatCompare, const A: u8, const B: u8, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let a = float_a!(A, ip, fp, facc);
    let b = float_b!(B, ip, fp, facc);
    let holds = u64::from(O::holds(a, b));
    *fp.add(word::d(ip).into()) = holds;
    if KEEP {
        acc = holds;
    }
    go!(core, ip.add(if B == IMM { 3 } else { 2 }), fp, cycles, acc, facc)
});

handler!(
    /// A comparison and the branch on its result, which is written too. Branches if the result is `IF`.
    compare_branch [O: FloatCompare, const IF: bool, const A: u8, const B: u8, const CHECKED: bool]
    (core, ip, fp, cycles, acc, facc) {
    let a = float_a!(A, ip, fp, facc);
    // The third word has the branch, so an immediate stands in the fourth.
    let b = float_b!(B, ip.add(if B == IMM { 1 } else { 0 }), fp, facc);
    let holds = O::holds(a, b);
    *fp.add(word::d(ip).into()) = u64::from(holds);
    if holds == IF {
        taken!(CHECKED, core, ip, fp, cycles, acc, facc)
    }
    go!(core, ip.add(if B == IMM { 4 } else { 3 }), fp, cycles, acc, facc)
});
