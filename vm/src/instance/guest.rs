//! An instance as the guest of a syscall that is pending.

use cartwheel_bytecode::{TrapCode, ValType};
use cartwheel_hostabi::{Guest, NoRoom, Object, ObjectKind, RootId, SlotType, SyscallTrap};

use super::{Activity, Instance, narrow};
use crate::heap::{Kind, Room};
use crate::interp::slow;
use crate::profile::{self, Before};
use crate::walk::{self, Allocator};

impl Instance {
    /// Arguments of the pending syscall.
    #[inline]
    fn args(&self) -> &[u64] {
        let Activity::Syscall { window, args, .. } = self.activity else { not_pending() };
        &self.core.stack.as_slice()[window..window + args]
    }

    /// Place and type of a result of the pending syscall.
    fn result_cell(&self, slot: usize) -> (usize, ValType) {
        let Activity::Syscall { window, args, import } = self.activity else { not_pending() };
        let cart = self.core.program.cartridge();
        let sig = &cart.types[cart.imports[import as usize].sig as usize];
        (window + args + slot, sig.results[slot])
    }
}

#[cold]
#[inline(never)]
fn not_pending() -> ! {
    panic!("no syscall is pending")
}

fn as_syscall_trap(code: TrapCode) -> SyscallTrap {
    match code {
        TrapCode::NullHandle => SyscallTrap::NullHandle,
        _ => SyscallTrap::WrongKind,
    }
}

impl Guest for Instance {
    #[inline]
    fn arg(&self, slot: usize) -> u64 {
        self.args()[slot]
    }

    #[inline]
    fn arg_object(&self, slot: usize) -> Object {
        Object(self.arg(slot) as u32)
    }

    #[inline]
    fn copy_args(&self, types: &[SlotType], out: &mut Vec<u64>) {
        out.extend(self.args().iter().zip(types).map(|(cell, ty)| cell & ty.bits()));
    }

    #[inline]
    fn set_result(&mut self, slot: usize, cell: u64) {
        let (place, ty) = self.result_cell(slot);
        self.core.stack.as_mut_slice()[place] = narrow(cell, ty);
    }

    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.set_result(slot, object.0.into());
    }

    #[inline]
    fn memory(&self) -> &[u8] {
        self.core.memory.as_slice()
    }

    #[inline]
    fn memory_mut(&mut self) -> &mut [u8] {
        self.core.memory.as_mut_slice()
    }

    #[inline]
    fn charge(&mut self, cycles: u64) {
        self.remaining = self.remaining.saturating_sub_unsigned(cycles);
    }

    fn cycles_used(&self) -> u64 {
        self.used()
    }

    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        match self.core.heap.kind(object.0.into()) {
            Some(Kind::Bytes) => Ok(ObjectKind::Bytes),
            Some(Kind::Array) => Ok(ObjectKind::Array),
            Some(Kind::Refs) => Ok(ObjectKind::Refs),
            Some(Kind::Record) => Ok(ObjectKind::Record),
            Some(Kind::Free) => Err(SyscallTrap::DeadHandle),
            None => Err(SyscallTrap::NullHandle),
        }
    }

    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        self.core.heap.bytes(object.0.into()).map_err(as_syscall_trap)
    }

    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        self.core.heap.bytes_mut(object.0.into()).map_err(as_syscall_trap)
    }

    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        // The host allocates between frames, too. Then there is no instruction to count at, and no call that keeps the object.
        let pending = matches!(self.activity, Activity::Syscall { .. });
        let allocator = if self.is_idle() { Allocator::HostOfIdle } else { Allocator::Host };
        let before = Before::new(&self.core.heap);
        let (room, units) = walk::reserve(&mut self.core, slow::bytes_payload(len), allocator);
        self.charge(units);
        let made = match room {
            Room::Ready => {
                let handle = self.core.heap.new_bytes(len);
                if pending {
                    self.core.made.push(handle);
                }
                Ok(Object(handle as u32))
            }
            Room::Stalled | Room::Exhausted => Err(NoRoom),
        };
        if pending && self.is_profiled() {
            let site = self.site();
            profile::allocated(&mut self.core, site, &before);
        }
        made
    }

    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        self.object_kind(object)?;
        let (index, generation) = self.core.heap.roots.insert(object.0);
        Ok(RootId { module: self.module, index, generation })
    }

    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        let RootId { module, index, generation } = root;
        if module != self.module {
            return Err(SyscallTrap::ForeignHandle);
        }
        let object = self.core.heap.roots.remove(index, generation).ok_or(SyscallTrap::DeadHandle)?;
        // The host may still hand it to the guest as a result.
        if matches!(self.activity, Activity::Syscall { .. }) {
            self.core.made.push(object.into());
        }
        Ok(())
    }

    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        let RootId { module, index, generation } = root;
        if module != self.module {
            return Err(SyscallTrap::ForeignHandle);
        }
        self.core.heap.roots.get(index, generation).map(Object).ok_or(SyscallTrap::DeadHandle)
    }
}
