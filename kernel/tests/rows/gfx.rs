//! Cases for the rows of `gfx`.

use cartwheel_hostabi::mock::MockObject;
use cartwheel_hostabi::{Object, Status, SyscallTrap};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "gfx.image@1", |_| ints([0, 0, 0, -1, 0])),
    status(Status::GfxNotFound, "gfx.image@1", |_| ints([3, 0, 0, -1, 0])),
    status(Status::GfxNotLoaded, "gfx.image@1", |_| ints([1, 0, 0, -1, 0])),
    status(Status::GfxBadImage, "gfx.image@1", |_| ints([2, 0, 0, -1, 0])),
    status(Status::Ok, "gfx.image_size@1", |_| ints([0])),
    status(Status::GfxNotFound, "gfx.image_size@1", |_| ints([-1])),
    status(Status::GfxNotLoaded, "gfx.image_size@1", |_| ints([1])),
    status(Status::GfxBadImage, "gfx.image_size@1", |_| ints([2])),
    status(Status::Ok, "gfx.image_sub@1", |_| ints([0, 1, 1, 1, 1, 0, 0, -1, 0])),
    status(Status::GfxNotFound, "gfx.image_sub@1", |_| ints([i32::MAX, 0, 0, 1, 1, 0, 0, -1, 0])),
    status(Status::GfxNotLoaded, "gfx.image_sub@1", |_| ints([1, 0, 0, 1, 1, 0, 0, -1, 0])),
    status(Status::GfxBadImage, "gfx.image_sub@1", |_| ints([2, 0, 0, 1, 1, 0, 0, -1, 0])),
    status(Status::GfxOutside, "gfx.image_sub@1", |_| ints([0, 1, 1, 2, 1, 0, 0, -1, 0])),
    status(Status::Ok, "gfx.pixel_get@1", |_| ints([7, 7])),
    status(Status::GfxOutside, "gfx.pixel_get@1", |_| ints([8, 7])),
    trap(SyscallTrap::BadArgument, "gfx.image@1", |_| ints([0, 0, 0, 256, 0])),
    trap(SyscallTrap::BadArgument, "gfx.image@1", |_| ints([0, 0, 0, -2, 0])),
    trap(SyscallTrap::BadArgument, "gfx.image_sub@1", |_| ints([0, 0, 0, 1, 1, 0, 0, -1, 8])),
    trap(SyscallTrap::OutOfBoundsSpan, "gfx.sprite@1", |rig| beyond(rig, &[], &[1, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::ShortSpan, "gfx.sprite@1", |_| ints([0, 5, 2, 3, 0, 0, -1, 0])),
    trap(SyscallTrap::ShortSpan, "gfx.sprite@1", |_| ints([0, 64, i32::MAX, i32::MAX, 0, 0, -1, 0])),
    trap(SyscallTrap::BadArgument, "gfx.sprite@1", |_| ints([0, 6, 2, 3, 0, 0, -1, -1])),
    trap(SyscallTrap::NullHandle, "gfx.sprite_bytes@1", |_| handle_first(Object::NULL, &[1, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::WrongKind, "gfx.sprite_bytes@1", |rig| handle_first(other(rig), &[1, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::ShortSpan, "gfx.sprite_bytes@1", |rig| {
        let object = rig.guest.add(MockObject::Bytes(vec![0; 5]));
        handle_first(object, &[2, 3, 0, 0, -1, 0])
    }),
    trap(SyscallTrap::BadArgument, "gfx.sprite_bytes@1", |rig| {
        let object = rig.guest.add(MockObject::Bytes(vec![0; 6]));
        handle_first(object, &[2, 3, 0, 0, 999, 0])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "gfx.sprite_sub@1", |rig| {
        beyond(rig, &[], &[1, 0, 0, 1, 1, 0, 0, -1, 0])
    }),
    trap(SyscallTrap::ShortSpan, "gfx.sprite_sub@1", |_| ints([0, 9, 8, 2, 1, 1, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::ShortSpan, "gfx.sprite_sub@1", |_| {
        ints([0, 64, i32::MAX, 0, i32::MAX, i32::MAX, i32::MAX, 0, 0, -1, 0])
    }),
    trap(SyscallTrap::BadArgument, "gfx.sprite_sub@1", |_| ints([0, 64, 4, 3, 0, 2, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::BadArgument, "gfx.sprite_sub@1", |_| ints([0, 64, 4, -1, 0, 2, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::BadArgument, "gfx.sprite_sub@1", |_| ints([0, 64, 4, 0, -1, 2, 1, 0, 0, -1, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "gfx.text@1", |rig| beyond(rig, &[], &[0, 0, 0])),
    trap(SyscallTrap::NullHandle, "gfx.text_bytes@1", |_| handle_first(Object::NULL, &[0, 0, 0])),
    trap(SyscallTrap::WrongKind, "gfx.text_bytes@1", |rig| handle_first(other(rig), &[0, 0, 0])),
];
