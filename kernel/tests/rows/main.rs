//! A walk over the catalogue: every row through every status that it lists, every trap that it can raise, denial and
//! quarantine. A row without such a case fails.
//!
//! A domain has its cases in a file of its own: add one and name it in `cases`. Each case gets a fresh rig.

mod asset;
#[path = "../common/mod.rs"]
mod common;
mod gfx;
mod log;
mod telemetry;

use std::collections::BTreeSet;

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{CATALOGUE, Fault, Status, SyscallTrap, resolve};
use common::{MODULE, Rig, rig};

/// A call and what it comes to.
pub struct Case {
    expected: Expected,
    /// Canonical id.
    id: &'static str,
    /// Prepares the rig and gives the arguments.
    prepare: fn(&mut Rig) -> Vec<Slot>,
}

enum Expected {
    Status(Status),
    Trap(SyscallTrap),
}

/// A call that returns a status.
pub const fn status(status: Status, id: &'static str, prepare: fn(&mut Rig) -> Vec<Slot>) -> Case {
    Case { expected: Expected::Status(status), id, prepare }
}

/// A call that traps.
pub const fn trap(trap: SyscallTrap, id: &'static str, prepare: fn(&mut Rig) -> Vec<Slot>) -> Case {
    Case { expected: Expected::Trap(trap), id, prepare }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [asset::CASES, gfx::CASES, log::CASES, telemetry::CASES].into_iter().flatten()
}

// covers POL-12 POL-11 POL-6
#[test]
fn every_listed_status_is_provoked() {
    let mut missing: BTreeSet<(&str, &str)> = CATALOGUE
        .iter()
        .filter(|row| row.has_status())
        .flat_map(|row| row.statuses.iter().chain([&Status::Ok]).map(|status| (row.id, status.name())))
        .collect();
    for case in cases() {
        let Expected::Status(status) = case.expected else { continue };
        let id = case.id;
        let mut rig = rig();
        let args = (case.prepare)(&mut rig);
        let before = (rig.pixels(), rig.guest.memory.clone());
        let done = rig.try_call(id, &args).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        assert_eq!(done, Some(status), "{id}");
        let row = resolve(id).expect(id);
        assert_eq!(rig.guest.results.len(), row.results.len(), "{id}");
        assert_eq!(rig.guest.result(0), status.code() as u64, "{id}");
        if status != Status::Ok {
            assert!((1..row.results.len()).all(|slot| rig.guest.result(slot) == 0), "{id} {status:?}");
            assert!(before == (rig.pixels(), rig.guest.memory), "{id} {status:?} changed something");
        }
        missing.remove(&(row.id, status.name()));
    }
    assert!(missing.is_empty(), "no case provokes {missing:?}");
}

// covers POL-5 POL-6
#[test]
fn every_trap_of_a_row_is_provoked() {
    let mut missing: BTreeSet<(&str, String)> = CATALOGUE
        .iter()
        .flat_map(|row| row.traps().into_iter().map(|trap| (row.id, format!("{trap:?}"))))
        .collect();
    for case in cases() {
        let Expected::Trap(trap) = case.expected else { continue };
        let id = case.id;
        let mut rig = rig();
        let args = (case.prepare)(&mut rig);
        let before = (rig.saved(), rig.guest.memory.clone());
        let charged = rig.guest.cycles;
        assert_eq!(rig.try_call(id, &args), Err(Fault::Trap(trap)), "{id}");
        assert!(rig.guest.results.is_empty(), "{id} wrote results");
        assert_eq!(rig.guest.cycles - charged, u64::from(resolve(id).expect(id).cost.base), "{id}");
        assert!(before == (rig.saved(), rig.guest.memory), "{id} {trap:?} changed something");
        assert!(rig.kernel.take_log(MODULE).is_empty());
        missing.remove(&(id, format!("{trap:?}")));
    }
    assert!(missing.is_empty(), "no case provokes {missing:?}");
}
