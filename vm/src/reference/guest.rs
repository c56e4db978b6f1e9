//! What the host sees of a guest that waits for a syscall.

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::operand::Arg;
use cartwheel_hostabi::{Guest, NoRoom, Object, ObjectKind, RootId, SyscallTrap};

use super::{Executed, Reference, Then, heap, narrow};
use crate::state::ObjectState;
use crate::stop::Position;

/// A syscall that the guest waits for.
#[derive(Debug)]
pub(super) struct Pending {
    import: u32,
    args: Vec<u64>,
    results: Vec<u64>,
    /// Objects made for the host, or released by it, during the syscall. Nothing else may refer to them, so they are
    /// roots.
    pub(super) made: Vec<u32>,
}

impl Reference {
    pub(super) fn begin_syscall(&mut self, import: u32, args: &[Arg], results: usize) -> Executed {
        let args = args.iter().map(|arg| self.argument(*arg)).collect();
        self.pending = Some(Pending { import, args, results: vec![0; results], made: Vec::new() });
        Ok(Then::Syscall(import))
    }

    /// Hands the guest the results and makes the place behind the syscall the position.
    pub(super) fn finish_syscall(&mut self) {
        let pending = self.pending.take().expect("a syscall is pending");
        let Position { func, offset } = self.position();
        let code = self.code(func);
        let Instr::Syscall { results, .. } = code.instr(offset) else {
            panic!("the guest does not wait at a syscall");
        };
        self.set_results(results, &pending.results);
        self.go_to(code.next(offset));
    }

    fn waiting(&self) -> &Pending {
        self.pending.as_ref().expect("the host is answering a syscall")
    }

    fn waiting_mut(&mut self) -> &mut Pending {
        self.pending.as_mut().expect("the host is answering a syscall")
    }

    fn host_object(&self, object: Object) -> Result<&ObjectState, SyscallTrap> {
        heap::object(&self.state.heap, object.0).ok_or(SyscallTrap::NullHandle)
    }
}

impl Guest for Reference {
    fn arg(&self, slot: usize) -> u64 {
        self.waiting().args[slot]
    }

    fn arg_object(&self, slot: usize) -> Object {
        Object(self.waiting().args[slot] as u32)
    }

    fn set_result(&mut self, slot: usize, cell: u64) {
        let cart = self.program.cartridge();
        let sig = cart.imports[self.waiting().import as usize].sig;
        let ty = cart.types[sig as usize].results[slot];
        self.waiting_mut().results[slot] = narrow(cell, ty);
    }

    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.waiting_mut().results[slot] = object.0.into();
    }

    fn memory(&self) -> &[u8] {
        &self.state.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.state.memory
    }

    fn charge(&mut self, cycles: u64) {
        self.charge_cycles(cycles);
    }

    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        Ok(match self.host_object(object)? {
            ObjectState::Bytes(_) => ObjectKind::Bytes,
            ObjectState::Array(_) => ObjectKind::Array,
            ObjectState::Refs(_) => ObjectKind::Refs,
            ObjectState::Record(..) => ObjectKind::Record,
        })
    }

    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        match self.host_object(object)? {
            ObjectState::Bytes(bytes) => Ok(bytes),
            ObjectState::Array(_) | ObjectState::Refs(_) | ObjectState::Record(..) => {
                Err(SyscallTrap::WrongKind)
            }
        }
    }

    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        match heap::object_mut(&mut self.state.heap, object.0) {
            None => Err(SyscallTrap::NullHandle),
            Some(ObjectState::Bytes(bytes)) => Ok(bytes),
            Some(ObjectState::Array(_) | ObjectState::Refs(_) | ObjectState::Record(..)) => {
                Err(SyscallTrap::WrongKind)
            }
        }
    }

    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        let size = heap::size_of_bytes(len);
        self.pace(size);
        if !self.has_room(size) {
            return Err(NoRoom);
        }
        let handle = heap::insert(&mut self.state.heap, ObjectState::Bytes(vec![0; len as usize]));
        self.waiting_mut().made.push(handle);
        Ok(Object(handle))
    }

    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        self.host_object(object)?;
        let (index, generation) = heap::add_root(&mut self.state.heap, object.0);
        // A module does not know its number; the frame loop, which does, puts it in.
        Ok(RootId { module: 0, index, generation })
    }

    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        let object =
            heap::root(&self.state.heap, root.index, root.generation).ok_or(SyscallTrap::DeadHandle)?;
        heap::release_root(&mut self.state.heap, root.index, root.generation)
            .ok_or(SyscallTrap::DeadHandle)?;
        if let Some(pending) = &mut self.pending {
            pending.made.push(object);
        }
        Ok(())
    }

    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        heap::root(&self.state.heap, root.index, root.generation).map(Object).ok_or(SyscallTrap::DeadHandle)
    }
}
