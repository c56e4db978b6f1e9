//! The layout of prepared code.
//!
//! An instruction is two to four words of 64 bits: the handler's address; operands `d`, `a`, `b` of 16 bits each,
//! of which a 32-bit immediate may take the upper half (`b` and what follows it); then a 64-bit immediate, or a
//! branch target and charge of 32 bits each.

/// Packs the operand word from three register cells.
pub(crate) fn regs(d: u16, a: u16, b: u16) -> u64 {
    u64::from(d) | u64::from(a) << 16 | u64::from(b) << 32
}

/// Packs the operand word from four register cells.
pub(crate) fn regs4(d: u16, a: u16, b: u16, c: u16) -> u64 {
    regs(d, a, b) | u64::from(c) << 48
}

/// Packs the operand word from two register cells and an immediate.
pub(crate) fn regs_imm(d: u16, a: u16, imm: u32) -> u64 {
    u64::from(d) | u64::from(a) << 16 | u64::from(imm) << 32
}

/// Packs a branch target, in words from the instruction's start, and its charge.
pub(crate) fn branch(target: i32, charge: i32) -> u64 {
    u64::from(target as u32) | u64::from(charge as u32) << 32
}

/// Packs the third word of an instruction that stands for two: offset or number, and the cell of the first one's result.
pub(crate) fn second(offset: u32, t: u16) -> u64 {
    u64::from(offset) | u64::from(t) << 32
}

macro_rules! field {
    ($(#[$doc:meta])* $name:ident: $ty:ty, $index:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub(crate) unsafe fn $name(ip: *const u64) -> $ty {
            // SAFETY: the caller's `ip` is at an instruction whose operand word is there; a word is aligned
            // for its parts. Words are little-endian by construction on every target (`regs` packs by
            // shifting), so big-endian targets are refused below.
            unsafe { *ip.add(1).cast::<$ty>().add($index) }
        }
    };
}

const _: () = assert!(cfg!(target_endian = "little"), "prepared code is laid out for little-endian targets");

field!(/// First operand.
    d: u16, 0);
field!(/// Second operand.
    a: u16, 1);
field!(/// Third operand.
    b: u16, 2);
field!(/// Fourth operand, where no immediate takes its place.
    c: u16, 3);
field!(/// Immediate of 32 bits.
    imm: i32, 1);
field!(/// Branch target, in words.
    target: i32, 2);
field!(/// Cycles that a branch, call or return charges.
    charge: i32, 3);
field!(/// Immediate of 64 bits.
    imm64: u64, 1);
field!(/// Offset of an access whose address is a sum.
    offset: u32, 2);
field!(/// Second result of an instruction that stands for two.
    t: u16, 6);
