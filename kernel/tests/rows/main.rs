//! A walk over the catalogue: every row through every status that it lists, every trap that it can raise, denial and
//! quarantine. A row without such a case fails.
//!
//! A domain has its cases in a file of its own: add one and name it in `cases`. Each case gets a fresh rig.

mod asset;
mod audio;
#[path = "../common/mod.rs"]
mod common;
mod fs;
mod gfx;
mod kernel;
mod log;
mod mem;
mod module;
mod telemetry;
mod wasm4;

use std::collections::BTreeSet;

use cartwheel_hostabi::mock::MockObject;
use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{CATALOGUE, Fault, Object, SlotType, Status, SyscallInfo, SyscallTrap, resolve};
use cartwheel_kernel::policy::{Custody, Policy};
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

/// A rig whose module imports a row.
fn rig_for(id: &str) -> Rig {
    if id.starts_with("wasm4.") { Rig::wasm4() } else { rig() }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        asset::CASES,
        audio::CASES,
        fs::CASES,
        gfx::CASES,
        kernel::CASES,
        log::CASES,
        mem::CASES,
        module::CASES,
        telemetry::CASES,
        wasm4::CASES,
    ]
    .into_iter()
    .flatten()
}

// covers POL-12 POL-11 POL-6 POL-13
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
        let mut rig = rig_for(id);
        let args = (case.prepare)(&mut rig);
        let before = (rig.pixels(), rig.guest.memory.clone());
        let done = rig.try_call(id, &args).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        assert_eq!(done, Some(status), "{id}");
        let row = resolve(id).expect(id);
        assert_eq!(rig.guest.results.len(), row.results.len(), "{id}");
        assert_eq!(rig.guest.result(0), status.code() as u64, "{id}");
        if status != Status::Ok {
            let nothing = [Slot::from(0), Slot::from(Object::NULL)];
            let empty = |slot: &Option<Slot>| slot.is_some_and(|slot| nothing.contains(&slot));
            assert!(rig.guest.results[1..].iter().all(empty), "{id} {status:?}");
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
        let mut rig = rig_for(id);
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

/// Arguments that every row lets pass its validation.
fn valid(rig: &mut Rig, row: &SyscallInfo) -> Vec<Slot> {
    let object = rig.guest.add(MockObject::Bytes(Vec::new()));
    let slot = |ty: &SlotType| if *ty == SlotType::Handle { object.into() } else { 0.into() };
    row.param_slots.iter().map(slot).collect()
}

/// A rig whose module was loaded before everything was refused.
fn refused(id: &str, verdict: &str) -> Rig {
    let mut rig = rig_for(id);
    rig.kernel.set_policy(Policy::parse(&format!("[[rule]]\nverdict = \"{verdict}\"")).expect("a policy"));
    rig
}

fn assert_not_run(rig: &Rig, row: &SyscallInfo, status: Status) {
    assert_eq!(rig.guest.results.len(), row.results.len(), "{}", row.id);
    for (slot, result) in rig.guest.results.iter().enumerate() {
        let code = if slot == 0 && row.has_status() { status.code() } else { 0 };
        let expected = match row.result_slots[slot] {
            SlotType::Handle => Slot::Object(cartwheel_hostabi::Object::NULL),
            _ => code.into(),
        };
        assert_eq!(*result, Some(expected), "{} {slot}", row.id);
    }
    let fresh = rig_for(row.id);
    assert!(rig.pixels() == fresh.pixels() && rig.guest.memory == fresh.guest.memory, "{} ran", row.id);
    assert_eq!(rig.guest.cycles, u64::from(row.cost.base), "{}", row.id);
}

// covers SEC-4 POL-12
#[test]
fn every_row_can_be_denied() {
    for row in CATALOGUE {
        let mut rig = refused(row.id, "deny");
        let args = valid(&mut rig, row);
        let done = rig.try_call(row.id, &args);
        if row.has_status() {
            assert_eq!(done, Ok(Some(Status::Denied)), "{}", row.id);
            assert_not_run(&rig, row, Status::Denied);
        } else {
            assert_eq!(done, Err(Fault::Trap(SyscallTrap::Denied)), "{}", row.id);
            assert!(rig.guest.results.is_empty(), "{}", row.id);
        }
        assert_eq!(rig.kernel.custody(MODULE), Custody::Free);
        assert_eq!(rig.kernel.trust(MODULE).map(|trust| (trust.score, trust.violations)), Some((990, 1)));
    }
}

// covers SEC-4 POL-12
#[test]
fn every_row_can_be_answered_with_quarantine() {
    for row in CATALOGUE {
        let mut rig = refused(row.id, "quarantine");
        let args = valid(&mut rig, row);
        assert_eq!(rig.try_call(row.id, &args), Ok(Some(Status::Quarantined)), "{}", row.id);
        assert_not_run(&rig, row, Status::Quarantined);
        assert_eq!(rig.kernel.custody(MODULE), Custody::Quarantined);
        assert_eq!(rig.kernel.trust(MODULE).map(|trust| (trust.score, trust.violations)), Some((900, 1)));
    }
}

// covers SEC-2
#[test]
fn a_malformed_call_traps_before_the_policy_is_asked() {
    for case in cases() {
        let Expected::Trap(trap) = case.expected else { continue };
        let row = resolve(case.id).expect(case.id);
        if row.handler_traps.contains(&trap) {
            continue;
        }
        let mut rig = refused(row.id, "quarantine");
        // Preparing may need calls.
        rig.kernel.set_policy(Policy::built_in());
        let args = (case.prepare)(&mut rig);
        rig.kernel.set_policy(Policy::parse("[[rule]]\nverdict = \"quarantine\"").expect("a policy"));
        assert_eq!(rig.try_call(case.id, &args), Err(Fault::Trap(trap)), "{}", case.id);
        assert_eq!(rig.kernel.custody(MODULE), Custody::Free);
    }
}
