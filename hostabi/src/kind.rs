//! Kinds of parameters and results: how they lie in slots, and what has to hold before a handler sees them.

use std::fmt;

use crate::fault::SyscallTrap;
use crate::guest::{Guest, ObjectKind};

// Kinds that are at home elsewhere: with them, this module has every name that a row can use.
pub use crate::guest::Object;
pub use crate::status::Status;

/// Type of one slot of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// binary32 float.
    F32,
    /// binary64 float.
    F64,
    /// Reference to a heap object.
    Handle,
}

impl SlotType {
    /// The bits of a cell that are the slot's.
    #[inline]
    pub const fn bits(self) -> u64 {
        match self {
            SlotType::I32 | SlotType::F32 | SlotType::Handle => 0xffff_ffff,
            SlotType::I64 | SlotType::F64 => u64::MAX,
        }
    }

    /// Name in assembly.
    pub const fn name(self) -> &'static str {
        match self {
            SlotType::I32 => "i32",
            SlotType::I64 => "i64",
            SlotType::F32 => "f32",
            SlotType::F64 => "f64",
            SlotType::Handle => "handle",
        }
    }
}

impl fmt::Display for SlotType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of parameter. What [`ParamKind::read`] returns has been validated.
pub trait ParamKind: Sized {
    /// Name in the catalogue.
    const NAME: &'static str;
    /// Slots that the parameter occupies.
    const SLOTS: &'static [SlotType];
    /// Traps that validation can raise.
    const TRAPS: &'static [SyscallTrap];
    /// Reads the parameter from the slots that begin at `slot`.
    fn read<G: Guest + ?Sized>(guest: &G, slot: usize) -> Result<Self, SyscallTrap>;
}

macro_rules! scalar_params {
    ($($ty:ty, $name:literal, $slot:ident, $cell:ident => $value:expr;)*) => {$(
        impl ParamKind for $ty {
            const NAME: &'static str = $name;
            const SLOTS: &'static [SlotType] = &[SlotType::$slot];
            const TRAPS: &'static [SyscallTrap] = &[];
            #[inline]
            fn read<G: Guest + ?Sized>(guest: &G, slot: usize) -> Result<Self, SyscallTrap> {
                let $cell = guest.arg(slot);
                Ok($value)
            }
        }
    )*};
}

scalar_params! {
    i32, "i32", I32, cell => cell as i32;
    i64, "i64", I64, cell => cell as i64;
    f32, "f32", F32, cell => f32::from_bits(cell as u32);
    f64, "f64", F64, cell => f64::from_bits(cell);
}

/// A stretch of linear memory that the host reads: two `i32` slots, address and length, both unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Address of the first byte.
    pub ptr: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Span {
    /// The bytes of the span; traps if not all of it is inside. An empty span must be inside too.
    #[inline]
    pub fn of(self, memory: &[u8]) -> Result<&[u8], SyscallTrap> {
        // In u64, so that address + length cannot wrap.
        let end = u64::from(self.ptr) + u64::from(self.len);
        if end > memory.len() as u64 {
            return Err(SyscallTrap::OutOfBoundsSpan);
        }
        Ok(&memory[self.ptr as usize..end as usize])
    }
}

/// A stretch of linear memory that the host writes; otherwise as [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanMut {
    /// Address of the first byte.
    pub ptr: u32,
    /// Length in bytes.
    pub len: u32,
}

impl SpanMut {
    /// The bytes of the span; traps if not all of it is inside. An empty span must be inside too.
    #[inline]
    pub fn of(self, memory: &mut [u8]) -> Result<&mut [u8], SyscallTrap> {
        let end = u64::from(self.ptr) + u64::from(self.len);
        if end > memory.len() as u64 {
            return Err(SyscallTrap::OutOfBoundsSpan);
        }
        Ok(&mut memory[self.ptr as usize..end as usize])
    }
}

macro_rules! span_params {
    ($($ty:ident $name:literal;)*) => {$(
        impl ParamKind for $ty {
            const NAME: &'static str = $name;
            const SLOTS: &'static [SlotType] = &[SlotType::I32, SlotType::I32];
            const TRAPS: &'static [SyscallTrap] = &[SyscallTrap::OutOfBoundsSpan];
            #[inline]
            fn read<G: Guest + ?Sized>(guest: &G, slot: usize) -> Result<Self, SyscallTrap> {
                let (ptr, len) = (guest.arg(slot) as u32, guest.arg(slot + 1) as u32);
                Span { ptr, len }.of(guest.memory())?;
                Ok($ty { ptr, len })
            }
        }
    )*};
}

span_params! {
    Span "span";
    SpanMut "span_mut";
}

/// A handle of a byte string, never null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub Object);

impl ParamKind for Bytes {
    const NAME: &'static str = "bytes";
    const SLOTS: &'static [SlotType] = &[SlotType::Handle];
    const TRAPS: &'static [SyscallTrap] = &[SyscallTrap::NullHandle, SyscallTrap::WrongKind];
    #[inline]
    fn read<G: Guest + ?Sized>(guest: &G, slot: usize) -> Result<Self, SyscallTrap> {
        let object = guest.arg_object(slot);
        match guest.object_kind(object)? {
            ObjectKind::Bytes => Ok(Bytes(object)),
            ObjectKind::Array | ObjectKind::Refs | ObjectKind::Record => Err(SyscallTrap::WrongKind),
        }
    }
}

/// A handle of any object, or null.
impl ParamKind for Object {
    const NAME: &'static str = "handle";
    const SLOTS: &'static [SlotType] = &[SlotType::Handle];
    const TRAPS: &'static [SyscallTrap] = &[];
    #[inline]
    fn read<G: Guest + ?Sized>(guest: &G, slot: usize) -> Result<Self, SyscallTrap> {
        Ok(guest.arg_object(slot))
    }
}

/// A kind of result; always one slot.
pub trait ResultKind: Copy {
    /// Name in the catalogue.
    const NAME: &'static str;
    /// Slot that the result occupies.
    const SLOT: SlotType;
    /// Writes the result.
    fn write<G: Guest + ?Sized>(self, guest: &mut G, slot: usize);
    /// The status, if the result is one.
    #[inline]
    fn status(self) -> Option<Status> {
        None
    }
}

macro_rules! scalar_results {
    ($($ty:ty, $name:literal, $slot:ident, $value:ident => $cell:expr;)*) => {$(
        impl ResultKind for $ty {
            const NAME: &'static str = $name;
            const SLOT: SlotType = SlotType::$slot;
            #[inline]
            fn write<G: Guest + ?Sized>(self, guest: &mut G, slot: usize) {
                let $value = self;
                guest.set_result(slot, $cell);
            }
        }
    )*};
}

// 32-bit results leave the upper half of the cell zero, as every 32-bit result of an instruction does.
scalar_results! {
    i32, "i32", I32, value => u64::from(value as u32);
    i64, "i64", I64, value => value as u64;
    f32, "f32", F32, value => u64::from(value.to_bits());
    f64, "f64", F64, value => value.to_bits();
}

impl ResultKind for Status {
    const NAME: &'static str = "status";
    const SLOT: SlotType = SlotType::I32;
    #[inline]
    fn write<G: Guest + ?Sized>(self, guest: &mut G, slot: usize) {
        guest.set_result(slot, self.code() as u64);
    }
    #[inline]
    fn status(self) -> Option<Status> {
        Some(self)
    }
}

impl ResultKind for Object {
    const NAME: &'static str = "handle";
    const SLOT: SlotType = SlotType::Handle;
    #[inline]
    fn write<G: Guest + ?Sized>(self, guest: &mut G, slot: usize) {
        guest.set_result_object(slot, self);
    }
}

/// All results of a syscall: nothing, a result, or a tuple of them.
pub trait Results: Copy {
    /// Writes the results from slot 0 on.
    fn write<G: Guest + ?Sized>(self, guest: &mut G);
    /// The status in the first slot, if there is one.
    fn status(self) -> Option<Status>;
}

impl Results for () {
    #[inline]
    fn write<G: Guest + ?Sized>(self, _: &mut G) {}
    #[inline]
    fn status(self) -> Option<Status> {
        None
    }
}

macro_rules! tuple_results {
    ($(($($name:ident $index:tt),*);)*) => {$(
        impl<$($name: ResultKind),*> Results for ($($name,)*) {
            #[inline]
            fn write<G: Guest + ?Sized>(self, guest: &mut G) {
                $(ResultKind::write(self.$index, guest, $index);)*
            }
            #[inline]
            fn status(self) -> Option<Status> {
                ResultKind::status(self.0)
            }
        }
    )*};
}

macro_rules! single_results {
    ($($ty:ty),*) => {$(
        impl Results for $ty {
            #[inline]
            fn write<G: Guest + ?Sized>(self, guest: &mut G) {
                ResultKind::write(self, guest, 0);
            }
            #[inline]
            fn status(self) -> Option<Status> {
                ResultKind::status(self)
            }
        }
    )*};
}

single_results!(i32, i64, f32, f64, Status, Object);

tuple_results! {
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
}
