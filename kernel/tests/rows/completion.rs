//! Cases for the rows of `completion`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Status, SyscallTrap};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "completion.answer@1", |rig| answer(rig, b"own:1!")),
    status(Status::CompletionUnknown, "completion.answer@1", |_| ints([1, 0, 0])),
    status(Status::CompletionOther, "completion.answer@1", |rig| answer(rig, b"own:2")),
    status(Status::CompletionTooLarge, "completion.answer@1", |rig| ints([taken(rig), 0, 65_537])),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.answer@1", |rig| beyond(rig, &[1], &[])),
    status(Status::Ok, "completion.close@1", |rig| ints([open(rig)])),
    status(Status::CompletionUnknown, "completion.close@1", |_| ints([1])),
    status(Status::Ok, "completion.open@1", |_| ints([])),
    status(Status::Quota, "completion.open@1", |rig| {
        (0..16).for_each(|_| assert!(open(rig) > 0));
        ints([])
    }),
    status(Status::Ok, "completion.provide@1", |rig| text(rig, "own:", &[], &[])),
    status(Status::CompletionBadPrefix, "completion.provide@1", |_| ints([0, 0])),
    status(Status::CompletionBadPrefix, "completion.provide@1", |_| ints([0, 65])),
    status(Status::CompletionTaken, "completion.provide@1", |rig| text(rig, "calc:", &[], &[])),
    status(Status::CompletionTaken, "completion.provide@1", |rig| {
        provide(rig, "own:");
        text(rig, "own:", &[], &[])
    }),
    status(Status::Quota, "completion.provide@1", |rig| {
        (0..16).for_each(|i| provide(rig, &format!("own{i}")));
        text(rig, "own:", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.provide@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "completion.read@1", |rig| ints([completed(rig, "calc:1+1"), 0, 10])),
    status(Status::Pending, "completion.read@1", |rig| ints([submitted(rig, "calc:1+1"), 0, 10])),
    status(Status::CompletionUnknown, "completion.read@1", |_| ints([1, 0, 10])),
    status(Status::CompletionNotSubmitted, "completion.read@1", |rig| ints([open(rig), 0, 10])),
    status(Status::CompletionBroken, "completion.read@1", |rig| ints([completed(rig, "calc:1/0"), 0, 10])),
    status(Status::CompletionTooSmall, "completion.read@1", |rig| ints([completed(rig, "calc:1+1"), 0, 9])),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.read@1", |rig| beyond(rig, &[1], &[])),
    status(Status::Ok, "completion.refuse@1", |rig| ints([taken(rig)])),
    status(Status::CompletionUnknown, "completion.refuse@1", |_| ints([1])),
    status(Status::Ok, "completion.submit@1", |rig| ints([open(rig)])),
    status(Status::CompletionUnknown, "completion.submit@1", |_| ints([1])),
    status(Status::CompletionSubmitted, "completion.submit@1", |rig| ints([submitted(rig, "x")])),
    status(Status::Ok, "completion.take@1", |rig| {
        asked(rig);
        ints([0, 5])
    }),
    status(Status::CompletionNone, "completion.take@1", |_| ints([0, 5])),
    status(Status::CompletionTooSmall, "completion.take@1", |rig| {
        asked(rig);
        ints([0, 4])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.take@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "completion.withdraw@1", |rig| {
        provide(rig, "own:");
        text(rig, "own:", &[], &[])
    }),
    status(Status::CompletionBadPrefix, "completion.withdraw@1", |rig| text(rig, "calc:", &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.withdraw@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "completion.write@1", |rig| ints([open(rig), 0, 4_096])),
    status(Status::CompletionUnknown, "completion.write@1", |_| ints([1, 0, 1])),
    status(Status::CompletionSubmitted, "completion.write@1", |rig| ints([submitted(rig, "x"), 0, 1])),
    status(Status::CompletionTooLarge, "completion.write@1", |rig| ints([open(rig), 0, 4_097])),
    trap(SyscallTrap::OutOfBoundsSpan, "completion.write@1", |rig| beyond(rig, &[1], &[])),
];

fn open(rig: &mut Rig) -> i32 {
    let results = rig.call("completion.open", &[]);
    assert_eq!(results[0], 0);
    results[1]
}

fn provide(rig: &mut Rig, prefix: &str) {
    let args = text(rig, prefix, &[], &[]);
    assert_eq!(rig.try_call("completion.provide", &args), Ok(Some(Status::Ok)));
}

fn submitted(rig: &mut Rig, request: &str) -> i32 {
    let completion = open(rig);
    let args = text(rig, request, &[completion], &[]);
    assert_eq!(rig.try_call("completion.write", &args), Ok(Some(Status::Ok)));
    assert_eq!(rig.call("completion.submit", &[completion]), [0]);
    completion
}

fn completed(rig: &mut Rig, request: &str) -> i32 {
    let completion = submitted(rig, request);
    rig.kernel.open_frame(1);
    completion
}

fn asked(rig: &mut Rig) {
    provide(rig, "own:");
    completed(rig, "own:1");
}

fn taken(rig: &mut Rig) -> i32 {
    asked(rig);
    let results = rig.call("completion.take", &[0, 16]);
    assert_eq!(results[0], 0);
    results[1]
}

fn answer(rig: &mut Rig, completion: &[u8]) -> Vec<Slot> {
    let request = taken(rig);
    rig.guest.memory[..completion.len()].copy_from_slice(completion);
    ints([request, 0, completion.len() as i32])
}
