//! The guest that a client calls for: slots, and memory that lasts for a call.

use crate::fault::SyscallTrap;
use crate::guest::{Guest, NoRoom, Object, ObjectKind, RootId};

/// Most slots of a row, either way. A test holds the table to it.
pub(crate) const MAX_SLOTS: usize = 16;

/// Arguments, results and memory of a client's call.
#[derive(Clone, Debug, Default)]
pub struct HostGuest {
    args: [u64; MAX_SLOTS],
    len: usize,
    results: [u64; MAX_SLOTS],
    memory: Vec<u8>,
    objects: Vec<Vec<u8>>,
    cycles: u64,
}

impl HostGuest {
    /// Forgets the call before.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.len = 0;
        self.results = [0; MAX_SLOTS];
        if !self.memory.is_empty() {
            self.memory.clear();
        }
        if !self.objects.is_empty() {
            self.objects.clear();
        }
    }

    #[inline]
    pub(super) fn push(&mut self, cell: u64) {
        self.args[self.len] = cell;
        self.len += 1;
    }

    /// Puts bytes into memory and their place into two slots.
    pub(super) fn push_span(&mut self, bytes: &[u8]) -> usize {
        let place = self.memory.len();
        self.memory.extend_from_slice(bytes);
        self.push(place as u64);
        self.push(bytes.len() as u64);
        place
    }

    pub(super) fn push_bytes(&mut self, bytes: Option<&[u8]>) {
        let object = bytes.map_or(Object::NULL, |bytes| {
            self.objects.push(bytes.to_vec());
            Object(self.objects.len() as u32)
        });
        self.push(object.0.into());
    }

    pub(super) fn copy_out(&self, place: usize, into: &mut [u8]) {
        into.copy_from_slice(&self.memory[place..place + into.len()]);
    }

    #[inline]
    pub(super) fn result(&self, slot: usize) -> u64 {
        self.results[slot]
    }

    pub(super) fn contents(&self, object: Object) -> &[u8] {
        self.bytes(object).unwrap_or_default()
    }

    pub(super) fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Cells of the arguments, handles as their numbers.
    pub(super) fn args(&self) -> &[u64] {
        &self.args[..self.len]
    }
}

impl Guest for HostGuest {
    #[inline]
    fn arg(&self, slot: usize) -> u64 {
        self.args[slot]
    }

    #[inline]
    fn arg_object(&self, slot: usize) -> Object {
        Object(self.args[slot] as u32)
    }

    #[inline]
    fn set_result(&mut self, slot: usize, cell: u64) {
        self.results[slot] = cell;
    }

    #[inline]
    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.results[slot] = object.0.into();
    }

    #[inline]
    fn memory(&self) -> &[u8] {
        &self.memory
    }

    #[inline]
    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    #[inline]
    fn charge(&mut self, cycles: u64) {
        self.cycles += cycles;
    }

    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        self.bytes(object).map(|_| ObjectKind::Bytes)
    }

    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        let index = object.0.checked_sub(1).ok_or(SyscallTrap::NullHandle)?;
        self.objects.get(index as usize).map(Vec::as_slice).ok_or(SyscallTrap::DeadHandle)
    }

    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        let index = object.0.checked_sub(1).ok_or(SyscallTrap::NullHandle)?;
        self.objects.get_mut(index as usize).map(Vec::as_mut_slice).ok_or(SyscallTrap::DeadHandle)
    }

    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        self.objects.push(vec![0; len as usize]);
        Ok(Object(self.objects.len() as u32))
    }

    // What a client gives lasts for the call: there is nothing that a host could keep.
    fn root(&mut self, _: Object) -> Result<RootId, SyscallTrap> {
        Err(SyscallTrap::DeadHandle)
    }

    fn unroot(&mut self, _: RootId) -> Result<(), SyscallTrap> {
        Err(SyscallTrap::DeadHandle)
    }

    fn rooted(&self, _: RootId) -> Result<Object, SyscallTrap> {
        Err(SyscallTrap::DeadHandle)
    }
}
