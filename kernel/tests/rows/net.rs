//! Cases for the rows of `net`.

use cartwheel_hostabi::{Status, SyscallTrap};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "net.bind@1", |_| ints([7])),
    status(Status::NetBadAddress, "net.bind@1", |_| ints([0])),
    status(Status::NetBadAddress, "net.bind@1", |_| ints([65_536])),
    status(Status::NetTaken, "net.bind@1", |rig| ints([bind(rig, 7)])),
    status(Status::Quota, "net.bind@1", |rig| {
        (1..=16).for_each(|address| assert_eq!(bind(rig, address), address));
        ints([17])
    }),
    status(Status::Ok, "net.close@1", |rig| ints([bind(rig, 7)])),
    status(Status::NetNotBound, "net.close@1", |_| ints([7])),
    status(Status::Ok, "net.recv@1", |rig| ints([sent(rig), 0, 3])),
    status(Status::NetNotBound, "net.recv@1", |_| ints([7, 0, 3])),
    status(Status::NetEmpty, "net.recv@1", |rig| ints([bind(rig, 7), 0, 3])),
    status(Status::NetTooSmall, "net.recv@1", |rig| ints([sent(rig), 0, 2])),
    trap(SyscallTrap::OutOfBoundsSpan, "net.recv@1", |rig| beyond(rig, &[7], &[])),
    status(Status::Ok, "net.send@1", |rig| ints([bind(rig, 7), 0, 7, 0, 1_200])),
    status(Status::Ok, "net.send@1", |rig| ints([bind(rig, 7), 1, 9, 0, 3])),
    status(Status::NetNotBound, "net.send@1", |_| ints([7, 0, 7, 0, 3])),
    status(Status::NetUnreachable, "net.send@1", |rig| ints([bind(rig, 7), 0, 8, 0, 3])),
    status(Status::NetBadAddress, "net.send@1", |rig| ints([bind(rig, 7), 0, 0, 0, 3])),
    status(Status::NetBadAddress, "net.send@1", |rig| ints([bind(rig, 7), -1, 7, 0, 3])),
    status(Status::NetTooLarge, "net.send@1", |rig| ints([bind(rig, 7), 0, 7, 0, 1_201])),
    status(Status::NetFull, "net.send@1", |rig| {
        bind(rig, 7);
        for _ in 0..64 {
            assert_eq!(rig.call("net.send", &[7, 0, 7, 0, 3]), [0]);
        }
        ints([7, 0, 7, 0, 3])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "net.send@1", |rig| beyond(rig, &[7, 0, 7], &[])),
];

fn bind(rig: &mut Rig, address: i32) -> i32 {
    assert_eq!(rig.call("net.bind", &[address]), [0]);
    address
}

fn sent(rig: &mut Rig) -> i32 {
    bind(rig, 7);
    assert_eq!(rig.call("net.send", &[7, 0, 7, 0, 3]), [0]);
    rig.kernel.open_frame(1);
    7
}
