//! Cases for the rows of `asset`.

use cartwheel_hostabi::{Status, SyscallTrap};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "asset.find@1", |rig| text(rig, "image", &[], &[])),
    status(Status::AssetNotFound, "asset.find@1", |rig| text(rig, "imag", &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "asset.find@1", |rig| beyond(rig, &[], &[])),
];
