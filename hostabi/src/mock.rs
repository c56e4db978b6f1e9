//! A guest without a machine, for tests: memory, objects and slots that a test sets up and looks at.

use crate::fault::SyscallTrap;
use crate::guest::{Guest, NoRoom, Object, ObjectKind, RootId};

/// An argument or result of a [`MockGuest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A cell of the scalar bank.
    Cell(u64),
    /// A handle.
    Object(Object),
}

/// As the guest's registers hold it: the upper half is zero.
impl From<i32> for Slot {
    fn from(value: i32) -> Self {
        Slot::Cell(u64::from(value as u32))
    }
}

impl From<i64> for Slot {
    fn from(value: i64) -> Self {
        Slot::Cell(value as u64)
    }
}

impl From<Object> for Slot {
    fn from(object: Object) -> Self {
        Slot::Object(object)
    }
}

/// An object of a [`MockGuest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MockObject {
    /// A byte string.
    Bytes(Vec<u8>),
    /// An object of another kind, with nothing in it.
    Other(MockKind),
}

/// Kinds of mock objects without contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockKind {
    /// An array of scalars.
    Array,
    /// An array of handles.
    Refs,
    /// A record.
    Record,
}

/// A guest that is plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MockGuest {
    /// Number of its module.
    pub module: u32,
    /// Arguments of the call.
    pub args: Vec<Slot>,
    /// Results of the call; slots that were not set hold `None`.
    pub results: Vec<Option<Slot>>,
    /// Linear memory.
    pub memory: Vec<u8>,
    /// Objects; the handle of the first is 1.
    pub objects: Vec<MockObject>,
    /// Cycles charged so far.
    pub cycles: u64,
    /// Bytes that new objects may still take; `None` for no limit.
    pub room: Option<u64>,
    roots: Vec<(u32, Option<Object>)>,
}

impl MockGuest {
    /// A guest with this memory.
    pub fn new(memory: Vec<u8>) -> Self {
        MockGuest { memory, ..MockGuest::default() }
    }

    /// Adds an object and gives its handle.
    pub fn add(&mut self, object: MockObject) -> Object {
        self.objects.push(object);
        Object(self.objects.len() as u32)
    }

    /// Sets the arguments and forgets the results of the call before.
    pub fn prepare<S: Into<Slot>>(&mut self, args: impl IntoIterator<Item = S>) {
        self.args = args.into_iter().map(Into::into).collect();
        self.results.clear();
    }

    /// The scalar in a result slot.
    ///
    /// # Panics
    ///
    /// If the slot was not set, or to a handle.
    pub fn result(&self, slot: usize) -> u64 {
        match self.results.get(slot) {
            Some(Some(Slot::Cell(cell))) => *cell,
            other => panic!("result {slot} is {other:?}"),
        }
    }

    /// Objects that roots keep alive, in the order of their places.
    pub fn roots(&self) -> impl Iterator<Item = Object> {
        self.roots.iter().filter_map(|&(_, object)| object)
    }

    fn object(&self, object: Object) -> Result<&MockObject, SyscallTrap> {
        let index = object.0.checked_sub(1).ok_or(SyscallTrap::NullHandle)?;
        Ok(&self.objects[index as usize])
    }

    fn set(&mut self, slot: usize, value: Slot) {
        if self.results.len() <= slot {
            self.results.resize(slot + 1, None);
        }
        self.results[slot] = Some(value);
    }

    fn live_root(&self, root: RootId) -> Result<Object, SyscallTrap> {
        if root.module != self.module {
            return Err(SyscallTrap::ForeignHandle);
        }
        match self.roots.get(root.index as usize) {
            Some(&(generation, Some(object))) if generation == root.generation => Ok(object),
            _ => Err(SyscallTrap::DeadHandle),
        }
    }
}

impl Guest for MockGuest {
    fn arg(&self, slot: usize) -> u64 {
        match self.args[slot] {
            Slot::Cell(cell) => cell,
            Slot::Object(object) => panic!("argument {slot} is {object:?} and not a scalar"),
        }
    }

    fn arg_object(&self, slot: usize) -> Object {
        match self.args[slot] {
            Slot::Object(object) => object,
            Slot::Cell(cell) => panic!("argument {slot} is {cell} and not a handle"),
        }
    }

    fn set_result(&mut self, slot: usize, cell: u64) {
        self.set(slot, Slot::Cell(cell));
    }

    fn set_result_object(&mut self, slot: usize, object: Object) {
        self.set(slot, Slot::Object(object));
    }

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn charge(&mut self, cycles: u64) {
        self.cycles += cycles;
    }

    fn object_kind(&self, object: Object) -> Result<ObjectKind, SyscallTrap> {
        Ok(match self.object(object)? {
            MockObject::Bytes(_) => ObjectKind::Bytes,
            MockObject::Other(MockKind::Array) => ObjectKind::Array,
            MockObject::Other(MockKind::Refs) => ObjectKind::Refs,
            MockObject::Other(MockKind::Record) => ObjectKind::Record,
        })
    }

    fn bytes(&self, object: Object) -> Result<&[u8], SyscallTrap> {
        match self.object(object)? {
            MockObject::Bytes(bytes) => Ok(bytes),
            MockObject::Other(_) => Err(SyscallTrap::WrongKind),
        }
    }

    fn bytes_mut(&mut self, object: Object) -> Result<&mut [u8], SyscallTrap> {
        let index = object.0.checked_sub(1).ok_or(SyscallTrap::NullHandle)?;
        match &mut self.objects[index as usize] {
            MockObject::Bytes(bytes) => Ok(bytes),
            MockObject::Other(_) => Err(SyscallTrap::WrongKind),
        }
    }

    fn new_bytes(&mut self, len: u32) -> Result<Object, NoRoom> {
        if let Some(room) = &mut self.room {
            *room = room.checked_sub(len.into()).ok_or(NoRoom)?;
        }
        Ok(self.add(MockObject::Bytes(vec![0; len as usize])))
    }

    fn root(&mut self, object: Object) -> Result<RootId, SyscallTrap> {
        self.object(object)?;
        let free = self.roots.iter().position(|(_, object)| object.is_none());
        let index = free.unwrap_or_else(|| {
            self.roots.push((0, None));
            self.roots.len() - 1
        });
        let (generation, place) = &mut self.roots[index];
        *place = Some(object);
        Ok(RootId { module: self.module, index: index as u32, generation: *generation })
    }

    fn unroot(&mut self, root: RootId) -> Result<(), SyscallTrap> {
        self.live_root(root)?;
        let (generation, place) = &mut self.roots[root.index as usize];
        *generation += 1;
        *place = None;
        Ok(())
    }

    fn rooted(&self, root: RootId) -> Result<Object, SyscallTrap> {
        self.live_root(root)
    }
}
