//! The backend without an engine.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::{Backend, HostGuest};
use crate::catalogue::{CATALOGUE, Syscall};
use crate::fault::{Fault, SyscallTrap};
use crate::guest::{Guest, Object};
use crate::status::Status;

/// A call cannot end in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotListed {
    /// The syscall.
    pub syscall: Syscall,
    /// Name of the status or trap that its row does not list.
    pub name: &'static str,
}

impl fmt::Display for NotListed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot end in {}", self.syscall, self.name)
    }
}

impl std::error::Error for NotListed {}

/// A call that a mock was asked to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockCall {
    /// What was called.
    pub syscall: Syscall,
    /// Cells of the arguments' slots, handles as their numbers.
    pub args: Vec<u64>,
    memory: Vec<u8>,
    objects: Vec<Vec<u8>>,
}

impl MockCall {
    /// The bytes of the span that begins in a slot.
    ///
    /// # Panics
    ///
    /// If none does.
    pub fn span(&self, slot: usize) -> &[u8] {
        let (from, len) = (self.args[slot] as usize, self.args[slot + 1] as usize);
        &self.memory[from..from + len]
    }

    /// The byte string in a slot; `None` for null.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn bytes(&self, slot: usize) -> Option<&[u8]> {
        let index = self.args[slot].checked_sub(1)?;
        Some(&self.objects[index as usize])
    }
}

#[derive(Clone, Debug)]
enum Ending {
    Status(Status, Vec<u64>),
    Trap(SyscallTrap),
}

/// Says what it is told to, in order and by syscall, and then OK; keeps what it was asked.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    endings: BTreeMap<Syscall, VecDeque<Ending>>,
    calls: Vec<MockCall>,
}

impl Mock {
    /// A mock that says OK to everything.
    pub fn new() -> Mock {
        Mock::default()
    }

    /// Has the next call of a syscall that nothing is planned for return a status.
    ///
    /// # Errors
    ///
    /// If its row does not list the status.
    pub fn answer(&mut self, syscall: Syscall, status: Status) -> Result<(), NotListed> {
        self.answer_with(syscall, status, &[])
    }

    /// As [`Mock::answer`], with cells for the results behind the status.
    ///
    /// # Errors
    ///
    /// If its row does not list the status, or has fewer results.
    pub fn answer_with(
        &mut self,
        syscall: Syscall,
        status: Status,
        results: &[u64],
    ) -> Result<(), NotListed> {
        let row = &CATALOGUE[syscall as usize];
        let always = [Status::Ok, Status::Denied, Status::Quarantined];
        let listed = row.has_status() && (always.contains(&status) || row.statuses.contains(&status));
        if !listed || results.len() >= row.results.len() {
            return Err(NotListed { syscall, name: status.name() });
        }
        self.plan(syscall, Ending::Status(status, results.to_vec()));
        Ok(())
    }

    /// Has the next call of a syscall that nothing is planned for trap.
    ///
    /// # Errors
    ///
    /// If its row does not list the trap.
    pub fn trap(&mut self, syscall: Syscall, trap: SyscallTrap) -> Result<(), NotListed> {
        let row = &CATALOGUE[syscall as usize];
        if !row.traps().contains(&trap) && (trap != SyscallTrap::Denied || row.has_status()) {
            return Err(NotListed { syscall, name: trap.message() });
        }
        self.plan(syscall, Ending::Trap(trap));
        Ok(())
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> &[MockCall] {
        &self.calls
    }

    fn plan(&mut self, syscall: Syscall, ending: Ending) {
        self.endings.entry(syscall).or_default().push_back(ending);
    }
}

impl Backend for Mock {
    fn issue(&mut self, syscall: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
        let row = &CATALOGUE[syscall as usize];
        let objects = (1..).map_while(|number| Some(guest.bytes(Object(number)).ok()?.to_vec())).collect();
        let (args, memory) = (guest.args().to_vec(), guest.memory().to_vec());
        self.calls.push(MockCall { syscall, args, memory, objects });
        guest.charge(row.cost.base.into());
        match self.endings.get_mut(&syscall).and_then(VecDeque::pop_front) {
            Some(Ending::Trap(trap)) => Err(trap.into()),
            Some(Ending::Status(status, results)) => {
                guest.set_result(0, status.code() as u64);
                results.iter().enumerate().for_each(|(i, &cell)| guest.set_result(i + 1, cell));
                Ok(Some(status))
            }
            None => Ok(row.has_status().then_some(Status::Ok)),
        }
    }
}
