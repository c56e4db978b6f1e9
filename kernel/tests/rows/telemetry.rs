//! Cases for the rows of `telemetry`.

use cartwheel_hostabi::{Status, SyscallTrap};
use cartwheel_kernel::{COUNTERS_PER_FRAME, MAX_ZONES};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "telemetry.begin@1", |rig| text(rig, "physics", &[], &[])),
    status(Status::TelemetryBadName, "telemetry.begin@1", |rig| text(rig, "", &[], &[])),
    status(Status::Quota, "telemetry.begin@1", |rig| {
        (0..MAX_ZONES).for_each(|_| open_zone(rig));
        text(rig, "one more", &[], &[])
    }),
    status(Status::Ok, "telemetry.end@1", |rig| {
        open_zone(rig);
        vec![]
    }),
    status(Status::TelemetryNoZone, "telemetry.end@1", |_| vec![]),
    trap(SyscallTrap::OutOfBoundsSpan, "telemetry.begin@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "telemetry.counter@1", |rig| counter(rig, "frames left")),
    status(Status::TelemetryBadName, "telemetry.counter@1", |rig| counter(rig, "")),
    status(Status::TelemetryBadName, "telemetry.counter@1", |rig| counter(rig, "a\n")),
    status(Status::TelemetryBadName, "telemetry.counter@1", |rig| counter(rig, "ä")),
    status(Status::TelemetryBadName, "telemetry.counter@1", |rig| {
        counter(rig, "123456789012345678901234567890123")
    }),
    status(Status::Quota, "telemetry.counter@1", |rig| {
        for _ in 0..COUNTERS_PER_FRAME {
            let args = counter(rig, "n");
            assert_eq!(rig.try_call("telemetry.counter", &args).expect("a good call"), Some(Status::Ok));
        }
        counter(rig, "n")
    }),
    status(Status::Ok, "telemetry.frame@1", |rig| record(rig, 64)),
    status(Status::TelemetryTooSmall, "telemetry.frame@1", |rig| record(rig, 63)),
    status(Status::Unavailable, "telemetry.frame@1", |_| ints([0, 64])),
    trap(SyscallTrap::OutOfBoundsSpan, "telemetry.counter@1", |rig| {
        let mut args = beyond(rig, &[], &[]);
        args.push(0i64.into());
        args
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "telemetry.frame@1", |rig| beyond(rig, &[], &[])),
];

fn open_zone(rig: &mut Rig) {
    let args = text(rig, "zone", &[], &[]);
    assert_eq!(rig.try_call("telemetry.begin", &args).expect("a good call"), Some(Status::Ok));
}
