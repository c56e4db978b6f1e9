//! Handlers for elements and fields of heap objects. What needs the collector's write barrier while it marks goes to
//! [`super::slow`].

use cartwheel_bytecode::{Instr, TrapCode};

use super::dispatch::{exit, go, handler};
use super::slow::execute_raw;
use super::{exit, word};
use crate::heap::Kind;

/// The object that cell `a` refers to, if it is of the kind.
macro_rules! object {
    ($kind:expr, $core:ident, $ip:ident, $fp:ident, $cycles:ident) => {{
        let handle = *$fp.add(word::a($ip).into());
        if handle == 0 {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::NullHandle))
        }
        let slot = &*(*$core).heap.slots().add(handle as usize - 1);
        if slot.kind() != $kind {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::WrongKind))
        }
        slot
    }};
}

/// The record that cell `a` refers to, if it is of the shape in the lower half of the third word; and the place of the
/// field whose cell number is in the upper half.
macro_rules! field {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident) => {{
        let slot = object!(Kind::Record, $core, $ip, $fp, $cycles);
        let place = word::imm64($ip);
        if slot.shape() != place as u32 {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::WrongKind))
        }
        slot.cells().add((place >> 32) as usize)
    }};
}

/// The index in cell `b`, if it is below the object's length.
macro_rules! index {
    ($slot:ident, $core:ident, $ip:ident, $fp:ident, $cycles:ident) => {{
        let index = *$fp.add(word::b($ip).into()) as u32;
        if index >= $slot.len() {
            exit!($core, $ip, $fp, $cycles, exit::trap(TrapCode::IndexOutOfBounds))
        }
        index as usize
    }};
}

/// Has the instruction executed the slow way, which knows the write barrier, and goes on behind it.
macro_rules! barrier {
    ($core:ident, $ip:ident, $fp:ident, $cycles:ident) => {{
        (*$core).ip = $ip;
        (*$core).fp = $fp;
        (*$core).cycles = $cycles;
        if execute_raw($core, *$ip.add(3) as *const Instr) {
            exit!($core, $ip, $fp, (*$core).cycles, exit::SLOW)
        }
        go!($core, $ip.add(4), $fp, (*$core).cycles, 0, 0.0)
    }};
}

handler!(
    /// d = a field.
    field_get [const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let value = *field!(core, ip, fp, cycles);
    *fp.add(word::d(ip).into()) = value;
    if KEEP {
        acc = value;
    }
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// A scalar field = cell `b`.
    scalar_set [] (core, ip, fp, cycles, acc, facc) {
    *field!(core, ip, fp, cycles) = *fp.add(word::b(ip).into());
    go!(core, ip.add(3), fp, cycles, acc, facc)
});

handler!(
    /// A handle field = cell `b`. The fourth word points at the instruction.
    handle_set [] (core, ip, fp, cycles, acc, facc) {
    if (*core).heap.is_marking() {
        barrier!(core, ip, fp, cycles)
    }
    *field!(core, ip, fp, cycles) = *fp.add(word::b(ip).into());
    go!(core, ip.add(4), fp, cycles, acc, facc)
});

handler!(
    /// d = an element of an array of scalars or, with `REFS`, of handles.
    element_get [const REFS: bool, const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let slot = object!(if REFS { Kind::Refs } else { Kind::Array }, core, ip, fp, cycles);
    let value = *slot.cells().add(index!(slot, core, ip, fp, cycles));
    *fp.add(word::d(ip).into()) = value;
    if KEEP {
        acc = value;
    }
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// An element of an array of scalars = the cell in the fourth operand.
    element_set [] (core, ip, fp, cycles, acc, facc) {
    let slot = object!(Kind::Array, core, ip, fp, cycles);
    let value = *fp.add(word::c(ip).into());
    *slot.cells().add(index!(slot, core, ip, fp, cycles)) = value;
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// An element of an array of handles = the cell in the fourth operand. The fourth word points at the instruction.
    ref_set [] (core, ip, fp, cycles, acc, facc) {
    if (*core).heap.is_marking() {
        barrier!(core, ip, fp, cycles)
    }
    let slot = object!(Kind::Refs, core, ip, fp, cycles);
    let value = *fp.add(word::c(ip).into());
    *slot.cells().add(index!(slot, core, ip, fp, cycles)) = value;
    go!(core, ip.add(4), fp, cycles, acc, facc)
});

handler!(
    /// d = a byte of a byte string.
    byte_get [const KEEP: bool] (core, ip, fp, cycles, acc, facc) {
    let slot = object!(Kind::Bytes, core, ip, fp, cycles);
    let value = u64::from(*slot.cells().cast::<u8>().add(index!(slot, core, ip, fp, cycles)));
    *fp.add(word::d(ip).into()) = value;
    if KEEP {
        acc = value;
    }
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// A byte of a byte string = the lower bits of the cell in the fourth operand.
    byte_set [] (core, ip, fp, cycles, acc, facc) {
    let slot = object!(Kind::Bytes, core, ip, fp, cycles);
    let value = *fp.add(word::c(ip).into()) as u8;
    *slot.cells().cast::<u8>().add(index!(slot, core, ip, fp, cycles)) = value;
    go!(core, ip.add(2), fp, cycles, acc, facc)
});
