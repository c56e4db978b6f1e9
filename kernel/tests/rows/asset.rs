//! Cases for the rows of `asset`. Asset 0 is an image of 8 bytes, 1 is without content, 2 is another of 7 bytes.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Status, SyscallTrap};
use cartwheel_kernel::StagedConfig;

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "asset.find@1", |rig| text(rig, "image", &[], &[])),
    status(Status::AssetNotFound, "asset.find@1", |rig| text(rig, "imag", &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "asset.find@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "asset.info@1", |_| ints([0])),
    status(Status::AssetNotFound, "asset.info@1", |_| ints([3])),
    status(Status::AssetNotLoaded, "asset.info@1", |_| ints([1])),
    status(Status::Ok, "asset.poll@1", |_| ints([0])),
    status(Status::Ok, "asset.poll@1", |rig| {
        requested(rig);
        rig.kernel.begin_frame(MODULE);
        ints([0])
    }),
    status(Status::AssetNotFound, "asset.poll@1", |_| ints([-1])),
    status(Status::AssetNotLoaded, "asset.poll@1", |_| ints([1])),
    status(Status::Pending, "asset.poll@1", requested),
    status(Status::Ok, "asset.read@1", |_| ints([0, 4, 16, 100])),
    status(Status::Ok, "asset.read@1", |_| ints([0, 8, 16, 100])),
    status(Status::AssetNotFound, "asset.read@1", |_| ints([i32::MAX, 0, 16, 100])),
    status(Status::AssetNotLoaded, "asset.read@1", |_| ints([1, 0, 16, 100])),
    status(Status::AssetOutside, "asset.read@1", |_| ints([0, 9, 16, 100])),
    status(Status::AssetOutside, "asset.read@1", |_| ints([0, -1, 16, 100])),
    trap(SyscallTrap::OutOfBoundsSpan, "asset.read@1", |rig| beyond(rig, &[0, 0], &[])),
    status(Status::Ok, "asset.read_bytes@1", |_| ints([2])),
    status(Status::AssetNotFound, "asset.read_bytes@1", |_| ints([i32::MIN])),
    status(Status::AssetNotLoaded, "asset.read_bytes@1", |_| ints([1])),
    status(Status::Quota, "asset.read_bytes@1", |rig| {
        rig.guest.room = Some(7);
        ints([0])
    }),
    status(Status::Ok, "asset.release@1", |_| ints([0])),
    status(Status::AssetNotFound, "asset.release@1", |_| ints([3])),
    status(Status::AssetNotLoaded, "asset.release@1", |_| ints([1])),
    status(Status::Ok, "asset.request@1", |rig| {
        on_request(rig, 1);
        ints([0])
    }),
    status(Status::AssetNotFound, "asset.request@1", |_| ints([-1])),
    status(Status::AssetAlreadyLoaded, "asset.request@1", |_| ints([0])),
    status(Status::Pending, "asset.request@1", requested),
    status(Status::Quota, "asset.request@1", |rig| {
        requested(rig);
        ints([2])
    }),
    status(Status::Unavailable, "asset.request@1", |_| ints([1])),
    // A drawing call sees the same.
    status(Status::GfxNotLoaded, "gfx.image_size@1", requested),
];

/// Nothing is loaded, and `max_requests` can be open.
fn on_request(rig: &mut Rig, max_requests: u32) {
    *rig = staged_rig(StagedConfig { assets_on_request: true, max_requests, ..StagedConfig::default() });
}

/// Asset 0 was requested, and no more can be.
fn requested(rig: &mut Rig) -> Vec<Slot> {
    on_request(rig, 1);
    assert_eq!(rig.call("asset.request", &[0]), [Status::Ok.code()]);
    ints([0])
}
