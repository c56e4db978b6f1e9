//! Cases for the rows of `log`.

use cartwheel_hostabi::{Object, Status, SyscallTrap};
use cartwheel_kernel::LOG_BYTES_PER_FRAME;

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "log.write@1", |rig| text(rig, "hello", &[1], &[])),
    status(Status::LogBadLevel, "log.write@1", |rig| text(rig, "hello", &[4], &[])),
    status(Status::LogBadLevel, "log.write@1", |rig| text(rig, "hello", &[-1], &[])),
    status(Status::Quota, "log.write@1", |rig| {
        text(rig, &"x".repeat(LOG_BYTES_PER_FRAME as usize), &[1], &[])
    }),
    status(Status::Ok, "log.write_bytes@1", |rig| vec![1.into(), bytes(rig, b"hello")]),
    status(Status::LogBadLevel, "log.write_bytes@1", |rig| vec![9.into(), bytes(rig, b"hello")]),
    status(Status::Quota, "log.write_bytes@1", |rig| vec![1.into(), bytes(rig, &[0; 65_537])]),
    trap(SyscallTrap::OutOfBoundsSpan, "log.write@1", |rig| beyond(rig, &[0], &[])),
    trap(SyscallTrap::NullHandle, "log.write_bytes@1", |_| vec![0.into(), Object::NULL.into()]),
    trap(SyscallTrap::WrongKind, "log.write_bytes@1", |rig| vec![0.into(), other(rig).into()]),
];
