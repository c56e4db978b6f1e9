//! Cases for the rows of `fs`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Object, Status, SyscallTrap};
use cartwheel_kernel::host::DiskFault;
use cartwheel_kernel::{Blob, StagedConfig, Storage, StoragePath};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "fs.close@1", |rig| asked(rig, "fs.read", "a")),
    status(Status::Ok, "fs.close@1", |rig| done(rig, "fs.read", "a")),
    status(Status::FsUnknownRequest, "fs.close@1", |_| ints([1])),
    status(Status::FsUnknownRequest, "fs.close@1", closed),
    status(Status::Ok, "fs.delete@1", |rig| text(rig, "a", &[], &[])),
    status(Status::FsBadPath, "fs.delete@1", |rig| text(rig, "../a", &[], &[])),
    status(Status::FsBadPath, "fs.delete@1", |rig| text(rig, "", &[], &[])),
    status(Status::FsReadOnly, "fs.delete@1", |rig| {
        *rig = read_only();
        text(rig, "a", &[], &[])
    }),
    status(Status::Quota, "fs.delete@1", |rig| {
        fill(rig);
        text(rig, "a", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.delete@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "fs.disk@1", |_| ints([])),
    status(Status::FsFull, "fs.disk@1", |rig| disk(rig, DiskFault::Full)),
    status(Status::FsReadOnly, "fs.disk@1", |rig| disk(rig, DiskFault::ReadOnly)),
    status(Status::FsDiskFailed, "fs.disk@1", |rig| disk(rig, DiskFault::Failed)),
    status(Status::Ok, "fs.list@1", |rig| text(rig, "", &[], &[])),
    status(Status::Ok, "fs.list@1", |rig| text(rig, "nowhere", &[], &[])),
    status(Status::FsBadPath, "fs.list@1", |rig| text(rig, "a/", &[], &[])),
    status(Status::Quota, "fs.list@1", |rig| {
        fill(rig);
        text(rig, "", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.list@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "fs.poll@1", |rig| done(rig, "fs.read", "a")),
    status(Status::Ok, "fs.poll@1", |rig| done(rig, "fs.list", "")),
    status(Status::Ok, "fs.poll@1", |rig| done(rig, "fs.stat", "")),
    status(Status::Ok, "fs.poll@1", |rig| done(rig, "fs.delete", "a")),
    status(Status::Ok, "fs.poll@1", |rig| kept(rig, 5)),
    status(Status::Pending, "fs.poll@1", |rig| asked(rig, "fs.read", "a")),
    status(Status::FsUnknownRequest, "fs.poll@1", |_| ints([0])),
    status(Status::FsUnknownRequest, "fs.poll@1", |_| ints([-1])),
    status(Status::FsUnknownRequest, "fs.poll@1", closed),
    status(Status::FsNotFound, "fs.poll@1", |rig| done(rig, "fs.read", "b")),
    status(Status::FsNotFound, "fs.poll@1", |rig| done(rig, "fs.list", "b")),
    status(Status::FsNotFound, "fs.poll@1", |rig| done(rig, "fs.stat", "a/b")),
    status(Status::FsNotFound, "fs.poll@1", |rig| done(rig, "fs.delete", "a/b")),
    status(Status::FsConflict, "fs.poll@1", |rig| done(rig, "fs.read", "folder")),
    status(Status::FsConflict, "fs.poll@1", |rig| done(rig, "fs.delete", "folder")),
    status(Status::FsConflict, "fs.poll@1", |rig| done(rig, "fs.list", "a")),
    status(Status::FsConflict, "fs.poll@1", |rig| written(rig, "folder", 1)),
    status(Status::FsConflict, "fs.poll@1", |rig| written(rig, "a/b", 1)),
    status(Status::FsFull, "fs.poll@1", |rig| written(rig, "c", 1000)),
    status(Status::FsTooSmall, "fs.poll@1", |rig| kept(rig, 4)),
    status(Status::Ok, "fs.read@1", |rig| text(rig, "nowhere", &[], &[])),
    status(Status::FsBadPath, "fs.read@1", |rig| text(rig, "/a", &[], &[])),
    status(Status::Quota, "fs.read@1", |rig| {
        fill(rig);
        text(rig, "a", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.read@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "fs.read_bytes@1", |rig| with_bytes(rig, "a")),
    status(Status::FsBadPath, "fs.read_bytes@1", |rig| with_bytes(rig, "a\0")),
    status(Status::Quota, "fs.read_bytes@1", |rig| {
        fill(rig);
        with_bytes(rig, "a")
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.read_bytes@1", |rig| {
        let mut args = beyond(rig, &[], &[]);
        args.push(bytes(rig, b""));
        args
    }),
    trap(SyscallTrap::NullHandle, "fs.read_bytes@1", |_| span_and(Object::NULL)),
    trap(SyscallTrap::WrongKind, "fs.read_bytes@1", |rig| span_and(other(rig))),
    status(Status::Ok, "fs.stat@1", |rig| text(rig, "", &[], &[])),
    status(Status::FsBadPath, "fs.stat@1", |rig| text(rig, "a//b", &[], &[])),
    status(Status::Quota, "fs.stat@1", |rig| {
        fill(rig);
        text(rig, "a", &[], &[])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.stat@1", |rig| beyond(rig, &[], &[])),
    status(Status::Ok, "fs.take@1", |rig| [done(rig, "fs.read", "a"), ints([100, 5])].concat()),
    status(Status::Ok, "fs.take@1", |rig| [done(rig, "fs.delete", "a"), ints([100, 0])].concat()),
    status(Status::Pending, "fs.take@1", |rig| [asked(rig, "fs.read", "a"), ints([100, 5])].concat()),
    status(Status::FsUnknownRequest, "fs.take@1", |_| ints([7, 0, 0])),
    status(Status::FsNotFound, "fs.take@1", |rig| [done(rig, "fs.read", "b"), ints([0, 9])].concat()),
    status(Status::FsConflict, "fs.take@1", |rig| [done(rig, "fs.read", "folder"), ints([0, 9])].concat()),
    status(Status::FsFull, "fs.take@1", |rig| [written(rig, "c", 1000), ints([0, 0])].concat()),
    status(Status::FsTooSmall, "fs.take@1", |rig| [done(rig, "fs.read", "a"), ints([100, 4])].concat()),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.take@1", |rig| beyond(rig, &[1], &[])),
    status(Status::Ok, "fs.take_bytes@1", |rig| done(rig, "fs.read", "a")),
    status(Status::Ok, "fs.take_bytes@1", |rig| kept(rig, 0)),
    status(Status::Ok, "fs.take_bytes@1", |rig| done(rig, "fs.delete", "a")),
    status(Status::Pending, "fs.take_bytes@1", |rig| asked(rig, "fs.stat", "a")),
    status(Status::FsUnknownRequest, "fs.take_bytes@1", |_| ints([i32::MAX])),
    status(Status::FsNotFound, "fs.take_bytes@1", |rig| done(rig, "fs.read", "b")),
    status(Status::FsConflict, "fs.take_bytes@1", |rig| done(rig, "fs.read", "folder")),
    status(Status::FsFull, "fs.take_bytes@1", |rig| written(rig, "c", 1000)),
    status(Status::Quota, "fs.take_bytes@1", |rig| {
        rig.guest.room = Some(4);
        done(rig, "fs.read", "a")
    }),
    status(Status::Ok, "fs.write@1", |rig| text(rig, "b", &[], &[0, 9])),
    status(Status::FsBadPath, "fs.write@1", |rig| text(rig, "B", &[], &[0, 9])),
    status(Status::FsFull, "fs.write@1", |rig| {
        *rig = files();
        text(rig, "b", &[], &[0, 1001])
    }),
    status(Status::FsReadOnly, "fs.write@1", |rig| {
        *rig = read_only();
        text(rig, "b", &[], &[0, 9])
    }),
    status(Status::Quota, "fs.write@1", |rig| {
        fill(rig);
        text(rig, "b", &[], &[0, 9])
    }),
    status(Status::Quota, "fs.write@1", |rig| {
        asked_to_write(rig, "b", 600);
        text(rig, "c", &[], &[0, 401])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.write@1", |rig| beyond(rig, &[], &[0, 1])),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.write@1", |rig| beyond(rig, &[0, 1], &[])),
    status(Status::Ok, "fs.write_bytes@1", |rig| with_bytes(rig, "b")),
    status(Status::FsBadPath, "fs.write_bytes@1", |rig| with_bytes(rig, "nul.txt")),
    status(Status::FsFull, "fs.write_bytes@1", |rig| {
        *rig = files();
        let mut args = text(rig, "b", &[], &[]);
        args.push(bytes(rig, &[0; 1001]));
        args
    }),
    status(Status::FsReadOnly, "fs.write_bytes@1", |rig| {
        *rig = read_only();
        with_bytes(rig, "b")
    }),
    status(Status::Quota, "fs.write_bytes@1", |rig| {
        fill(rig);
        with_bytes(rig, "b")
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "fs.write_bytes@1", |rig| {
        let mut args = beyond(rig, &[], &[]);
        args.push(bytes(rig, b""));
        args
    }),
    trap(SyscallTrap::NullHandle, "fs.write_bytes@1", |_| span_and(Object::NULL)),
    trap(SyscallTrap::WrongKind, "fs.write_bytes@1", |rig| span_and(other(rig))),
];

fn path(path: &str) -> StoragePath {
    StoragePath::parse(path.as_bytes()).expect("a path")
}

fn staged() -> StagedConfig {
    let mut storage = Storage::new(1000);
    storage.write(&path("a"), Blob::new(*b"hello")).expect("it fits");
    storage.write(&path("folder/b"), Blob::new(*b"")).expect("it fits");
    StagedConfig { storage, max_requests: 4, ..StagedConfig::default() }
}

/// 1000 bytes of storage with files `a` of five bytes and `folder/b`; four requests can be open.
fn files() -> Rig {
    staged_rig(staged())
}

fn read_only() -> Rig {
    staged_rig(StagedConfig { read_only: true, ..staged() })
}

/// As many requests as can be are open.
fn fill(rig: &mut Rig) {
    *rig = files();
    for _ in 0..4 {
        let args = text(rig, "a", &[], &[]);
        assert_eq!(rig.try_call("fs.read", &args), Ok(Some(Status::Ok)));
    }
}

/// The id that a call gave.
fn id(rig: &Rig) -> Vec<Slot> {
    assert_eq!(rig.guest.result(0), 0);
    ints([rig.guest.result(1) as i32])
}

/// The id of an open request for a path.
fn asked(rig: &mut Rig, call: &str, path: &str) -> Vec<Slot> {
    let room = rig.guest.room;
    *rig = files();
    rig.guest.room = room;
    let args = text(rig, path, &[], &[]);
    rig.try_call(call, &args).expect("a good call");
    id(rig)
}

/// The id of a request for a path that is done.
fn done(rig: &mut Rig, call: &str, path: &str) -> Vec<Slot> {
    let id = asked(rig, call, path);
    rig.kernel.begin_frame(MODULE);
    id
}

fn asked_to_write(rig: &mut Rig, path: &str, len: i32) -> Vec<Slot> {
    *rig = files();
    let args = text(rig, path, &[], &[0, len]);
    rig.try_call("fs.write", &args).expect("a good call");
    id(rig)
}

fn written(rig: &mut Rig, path: &str, len: i32) -> Vec<Slot> {
    let id = asked_to_write(rig, path, len);
    rig.kernel.begin_frame(MODULE);
    id
}

/// The id of a finished request to read five bytes into a byte string of some length.
fn kept(rig: &mut Rig, len: usize) -> Vec<Slot> {
    *rig = files();
    let mut args = text(rig, "a", &[], &[]);
    args.push(bytes(rig, &vec![0; len]));
    rig.try_call("fs.read_bytes", &args).expect("a good call");
    rig.kernel.begin_frame(MODULE);
    id(rig)
}

fn closed(rig: &mut Rig) -> Vec<Slot> {
    let id = asked(rig, "fs.read", "a");
    assert_eq!(rig.try_call("fs.close", &id), Ok(Some(Status::Ok)));
    id
}

fn disk(rig: &mut Rig, fault: DiskFault) -> Vec<Slot> {
    rig.kernel.set_disk(MODULE, Some(fault));
    ints([])
}

fn with_bytes(rig: &mut Rig, path: &str) -> Vec<Slot> {
    let mut args = text(rig, path, &[], &[]);
    args.push(bytes(rig, b"new"));
    args
}

fn span_and(object: Object) -> Vec<Slot> {
    vec![0.into(), 1.into(), object.into()]
}
