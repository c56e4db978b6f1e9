//! A guest as seen from the host during one syscall.

use std::fmt;

use crate::fault::SyscallTrap;
use crate::kind::SlotType;

/// A guest's object as seen during one syscall: only valid until the syscall returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Object(pub u32);

impl Object {
    /// The null handle.
    pub const NULL: Object = Object(0);

    /// True for the null handle.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }
}

/// A root that the host keeps (generational, tagged with its module).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct RootId {
    /// Module whose object it is.
    pub module: u32,
    /// Place in the module's list of roots.
    pub index: u32,
    /// How often the place was used before, so that a released root is never mistaken for its successor.
    pub generation: u32,
}

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// A byte string.
    Bytes,
    /// An array of scalars.
    Array,
    /// An array of handles.
    Refs,
    /// A record.
    Record,
}

/// The guest's heap has no room for an object, even if it collected now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room on the guest's heap")
    }
}

impl std::error::Error for NoRoom {}

/// What a byte string of a length counts on the guest's heap, in bytes (`spec/machine.md`).
pub const fn bytes_object_size(len: u32) -> u64 {
    32 + (len as u64).next_multiple_of(8)
}

/// A guest that waits in a syscall: its arguments, its memory, its objects by opaque handle.
///
/// Slots are counted in the order of the signature over both banks. A slot is only ever asked for as what
/// the signature says it is, because signatures are checked when a cartridge is loaded.
pub trait Guest {
    /// The cell of a scalar argument.
    fn arg(&self, slot: usize) -> u64;
    /// A handle argument.
    fn arg_object(&self, slot: usize) -> Object;
    /// Appends the cells of all arguments, which are of these types, and of a handle its number. The upper half of a 32-bit
    /// cell is zero.
    #[inline]
    fn copy_args(&self, types: &[SlotType], out: &mut Vec<u64>) {
        out.extend(types.iter().enumerate().map(|(slot, ty)| match ty {
            SlotType::Handle => self.arg_object(slot).0.into(),
            SlotType::I32 | SlotType::I64 | SlotType::F32 | SlotType::F64 => self.arg(slot) & ty.bits(),
        }));
    }
    /// Sets a scalar result.
    fn set_result(&mut self, slot: usize, cell: u64);
    /// Sets a handle result.
    fn set_result_object(&mut self, slot: usize, object: Object);
    /// Linear memory; empty if the module has none.
    fn memory(&self) -> &[u8];
    /// Linear memory, to write to.
    fn memory_mut(&mut self) -> &mut [u8];
    /// Adds to the cycles of the running slice.
    fn charge(&mut self, cycles: u64);
    /// Cycles of the running slice so far, for those who watch: nothing that a guest can see may depend on it. 0 if the
    /// guest does not count.
    fn cycles_used(&self) -> u64 {
        0
    }
    /// Kind of an object. Traps on null.
    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap>;
    /// Contents of a byte string. Traps on null and on other kinds.
    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap>;
    /// Contents of a byte string, to write to. Traps on null and on other kinds.
    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap>;
    /// Makes a byte string of zeros.
    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom>;
    /// The object itself, or if only the call has it, a byte string on the heap with its contents. What the host keeps beyond
    /// the call has to be the guest's own.
    fn own(&mut self, object: Object) -> Result<Object, NoRoom> {
        Ok(object)
    }
    /// Keeps an object alive beyond the syscall. Traps on null.
    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap>;
    /// Lets go of an object. Traps if it was let go before.
    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap>;
    /// The object that a root keeps. Traps if it was let go.
    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap>;
}
