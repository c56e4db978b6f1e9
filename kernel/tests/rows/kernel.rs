//! Cases for the rows of `kernel`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Status, SyscallTrap};
use cartwheel_kernel::{FrameFigures, MAX_ARGS_BYTES, MAX_PROMISES, MEMORY_BYTES, MEMORY_KEYS, Value};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "kernel.describe@1", |rig| two(rig, b"gfx.pixel_get", 42)),
    status(Status::KernelNotFound, "kernel.describe@1", |rig| two(rig, b"gfx.warp", 40)),
    status(Status::KernelTooSmall, "kernel.describe@1", |rig| two(rig, b"gfx.pixel_get", 41)),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.describe@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.describe@1", |rig| beyond(rig, &[0, 0], &[])),
    status(Status::Ok, "kernel.exec@1", |rig| exec(rig, "gfx.clear", &[Value::I32(0)])),
    status(Status::Ok, "kernel.exec@1", |rig| exec(rig, "gfx.warp", &[])),
    status(Status::Quota, "kernel.exec@1", |rig| {
        for _ in 0..MAX_PROMISES {
            let args = exec(rig, "gfx.size", &[]);
            assert_eq!(rig.try_call("kernel.exec", &args).expect("a good call"), Some(Status::Ok));
        }
        exec(rig, "gfx.clear", &[Value::I32(1)])
    }),
    trap(SyscallTrap::BadArgument, "kernel.exec@1", |rig| {
        let mut args = exec(rig, "gfx.clear", &[Value::I32(0)]);
        args[3] = 4.into();
        args
    }),
    trap(SyscallTrap::BadArgument, "kernel.exec@1", |rig| {
        let mut args = exec(rig, "gfx.clear", &[]);
        args[3] = 1.into();
        rig.guest.memory[100] = 6;
        args
    }),
    trap(SyscallTrap::BadArgument, "kernel.exec@1", |rig| {
        let mut args = exec(rig, "gfx.clear", &[]);
        rig.guest.memory[100..].fill(5);
        args[3] = (MAX_ARGS_BYTES as i32 + 1).into();
        args
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.exec@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.exec@1", |rig| beyond(rig, &[0, 0], &[])),
    status(Status::Ok, "kernel.ingest@1", |rig| text(rig, "updates:game.cart", &[], &[])),
    status(Status::Ok, "kernel.ingest@1", |rig| text(rig, "/save/game.cart", &[], &[])),
    status(Status::KernelBadName, "kernel.ingest@1", |rig| text(rig, "..", &[], &[])),
    status(Status::KernelBadName, "kernel.ingest@1", |rig| text(rig, "updates:a\nb", &[], &[])),
    status(Status::KernelBadName, "kernel.ingest@1", |rig| text(rig, &"n:".repeat(128), &[], &[])),
    status(Status::Quota, "kernel.ingest@1", |rig| {
        let args = text(rig, "updates:game.cart", &[], &[]);
        assert_eq!(rig.try_call("kernel.ingest", &args).expect("a good call"), Some(Status::Ok));
        args
    }),
    status(Status::Quota, "kernel.ingest@1", |rig| {
        for _ in 0..MAX_PROMISES {
            let args = exec(rig, "gfx.size", &[]);
            assert_eq!(rig.try_call("kernel.exec", &args).expect("a good call"), Some(Status::Ok));
        }
        text(rig, "updates:game.cart", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.ingest@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "kernel.ingest@2", |rig| text(rig, "updates:game.cart", &[], &[100, 32])),
    status(Status::KernelBadName, "kernel.ingest@2", |rig| text(rig, "a/../..", &[], &[100, 32])),
    status(Status::Quota, "kernel.ingest@2", |rig| {
        let args = text(rig, "updates:game.cart", &[], &[]);
        assert_eq!(rig.try_call("kernel.ingest", &args).expect("a good call"), Some(Status::Ok));
        text(rig, "updates:game.cart", &[], &[100, 32])
    }),
    trap(SyscallTrap::BadArgument, "kernel.ingest@2", |rig| text(rig, "updates:a", &[], &[100, 31])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.ingest@2", |rig| beyond(rig, &[0, 0], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.ingest@2", |rig| beyond(rig, &[], &[0, 32])),
    status(Status::Ok, "kernel.list@1", |_| ints([0, 8, 64])),
    status(Status::KernelNotFound, "kernel.list@1", |_| ints([i32::MAX, 8, 64])),
    status(Status::KernelNotFound, "kernel.list@1", |_| ints([-1, 8, 64])),
    status(Status::KernelTooSmall, "kernel.list@1", |_| ints([0, 8, 3])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.list@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "kernel.memory_get@1", |rig| {
        remember(rig, b"key", 5);
        two(rig, b"key", 5)
    }),
    status(Status::KernelNotFound, "kernel.memory_get@1", |rig| {
        remember(rig, b"key", 5);
        two(rig, b"ke", 5)
    }),
    status(Status::KernelTooSmall, "kernel.memory_get@1", |rig| {
        remember(rig, b"key", 5);
        two(rig, b"key", 4)
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_get@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_get@1", |rig| beyond(rig, &[0, 0], &[])),
    status(Status::Ok, "kernel.memory_list@1", |rig| {
        remember(rig, b"key", 5);
        ints([0, 8, 3])
    }),
    status(Status::KernelNotFound, "kernel.memory_list@1", |rig| {
        remember(rig, b"key", 5);
        ints([1, 8, 3])
    }),
    status(Status::KernelTooSmall, "kernel.memory_list@1", |rig| {
        remember(rig, b"key", 5);
        ints([0, 8, 2])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_list@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "kernel.memory_remove@1", |rig| {
        remember(rig, b"key", 5);
        text(rig, "key", &[], &[])
    }),
    status(Status::KernelNotFound, "kernel.memory_remove@1", |rig| text(rig, "key", &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_remove@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "kernel.memory_set@1", |rig| two(rig, b"k", MEMORY_BYTES as i32 - 1)),
    status(Status::Ok, "kernel.memory_set@1", |rig| {
        // What is replaced makes room.
        remember(rig, b"k", MEMORY_BYTES as i32 - 1);
        two(rig, b"k", MEMORY_BYTES as i32 - 1)
    }),
    status(Status::KernelBadKey, "kernel.memory_set@1", |rig| two(rig, b"", 1)),
    status(Status::KernelBadKey, "kernel.memory_set@1", |rig| two(rig, &[7; 65], 1)),
    status(Status::Quota, "kernel.memory_set@1", |rig| two(rig, b"k", MEMORY_BYTES as i32)),
    status(Status::Quota, "kernel.memory_set@1", |rig| {
        for key in 0..MEMORY_KEYS as u8 {
            remember(rig, &[key], 0);
        }
        two(rig, &[MEMORY_KEYS as u8], 0)
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_set@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.memory_set@1", |rig| beyond(rig, &[0, 0], &[])),
    status(Status::Ok, "kernel.poll@1", |rig| promise(rig, true)),
    status(Status::Pending, "kernel.poll@1", |rig| promise(rig, false)),
    status(Status::KernelNotFound, "kernel.poll@1", |rig| {
        let args = promise(rig, true);
        assert_eq!(rig.try_call("kernel.poll", &args).expect("a good call"), Some(Status::Ok));
        args
    }),
    status(Status::KernelTooSmall, "kernel.poll@1", |rig| {
        let mut args = promise(rig, true);
        args[2] = 10.into();
        args
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.poll@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "kernel.resolve@1", |rig| name(rig, "a/../b", 7)),
    status(Status::KernelBadName, "kernel.resolve@1", |rig| name(rig, "..", 64)),
    status(Status::KernelBadName, "kernel.resolve@1", |rig| name(rig, "a\0b", 64)),
    status(Status::KernelBadName, "kernel.resolve@1", |rig| name(rig, &"n".repeat(256), 1024)),
    status(Status::KernelTooSmall, "kernel.resolve@1", |rig| name(rig, "b", 6)),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.resolve@1", |rig| beyond(rig, &[], &[0, 0, 0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.resolve@1", |rig| beyond(rig, &[0, 0], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "kernel.resolve@1", |rig| beyond(rig, &[0, 0, 0, 0], &[])),
];

/// Bytes at the start of memory, and a span behind them.
fn two(rig: &mut Rig, bytes: &[u8], len: i32) -> Vec<Slot> {
    rig.guest.memory[..bytes.len()].copy_from_slice(bytes);
    ints([0, bytes.len() as i32, 100, len])
}

fn exec(rig: &mut Rig, id: &str, values: &[Value]) -> Vec<Slot> {
    let mut args = Vec::new();
    values.iter().for_each(|value| value.encode(&mut args));
    rig.guest.memory[..id.len()].copy_from_slice(id.as_bytes());
    rig.guest.memory[100..100 + args.len()].copy_from_slice(&args);
    ints([0, id.len() as i32, 100, args.len() as i32])
}

fn remember(rig: &mut Rig, key: &[u8], len: i32) {
    let args = two(rig, key, len);
    assert_eq!(rig.try_call("kernel.memory_set", &args).expect("a good call"), Some(Status::Ok));
}

/// Arguments to poll for the answer to `gfx.size`, which has eleven bytes.
fn promise(rig: &mut Rig, ready: bool) -> Vec<Slot> {
    let args = exec(rig, "gfx.size", &[]);
    assert_eq!(rig.try_call("kernel.exec", &args).expect("a good call"), Some(Status::Ok));
    let promise = rig.guest.result(1) as i32;
    if ready {
        rig.kernel.end_frame(MODULE, FrameFigures::default());
    }
    ints([promise, 200, 11])
}

/// Arguments to resolve a name below the root.
fn name(rig: &mut Rig, name: &str, len: i32) -> Vec<Slot> {
    rig.guest.memory[..name.len()].copy_from_slice(name.as_bytes());
    ints([0, name.len() as i32, 0, 0, 2000, len])
}
