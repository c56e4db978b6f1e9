//! Cases for the rows of `mem`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Object, Status, SyscallTrap};
use cartwheel_kernel::{Blob, StagedConfig, Storage, StoragePath};

use crate::common::*;
use crate::{Case, status, trap};

pub const CASES: &[Case] = &[
    status(Status::Ok, "mem.commit@1", |rig| {
        write(rig, 0, 5);
        ints([])
    }),
    status(Status::MemUnchanged, "mem.commit@1", |_| ints([])),
    status(Status::MemFull, "mem.commit@1", |rig| {
        *rig = card(1000);
        write(rig, 0, 500);
        // Files take the room before the card is committed.
        let args = text(rig, "file", &[], &[0, 500]);
        rig.try_call("fs.write", &args).expect("a good call");
        rig.kernel.begin_frame(MODULE);
        ints([])
    }),
    status(Status::MemBlocked, "mem.commit@1", |rig| {
        *rig = with_file("mem", b"in the way");
        write(rig, 0, 5);
        ints([])
    }),
    status(Status::Ok, "mem.discard@1", |rig| {
        write(rig, 0, 5);
        ints([])
    }),
    status(Status::MemUnchanged, "mem.discard@1", |_| ints([])),
    status(Status::Ok, "mem.erase@1", |rig| write(rig, 15, 5)),
    status(Status::Ok, "mem.erase@1", corrupt),
    status(Status::MemBadSlot, "mem.erase@1", |_| ints([16])),
    status(Status::MemEmpty, "mem.erase@1", |_| ints([15])),
    status(Status::MemEmpty, "mem.erase@1", |rig| {
        let slot = write(rig, 3, 5);
        assert_eq!(rig.try_call("mem.erase", &slot), Ok(Some(Status::Ok)));
        slot
    }),
    status(Status::MemReadOnly, "mem.erase@1", |rig| {
        let (mut storage, _) = parts("mem/03.card", b"anything");
        storage.write(&path("mem/04.card"), Blob::new(*b"")).expect("it fits");
        *rig = staged_rig(StagedConfig { storage, read_only: true, ..StagedConfig::default() });
        ints([3])
    }),
    status(Status::Ok, "mem.read@1", |rig| [write(rig, 2, 5), ints([100, 5])].concat()),
    status(Status::MemBadSlot, "mem.read@1", |_| ints([-1, 0, 0])),
    status(Status::MemEmpty, "mem.read@1", |_| ints([0, 0, 0])),
    status(Status::MemCorrupt, "mem.read@1", |rig| [corrupt(rig), ints([100, 100])].concat()),
    status(Status::MemTooSmall, "mem.read@1", |rig| [write(rig, 2, 5), ints([100, 4])].concat()),
    trap(SyscallTrap::OutOfBoundsSpan, "mem.read@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "mem.read_bytes@1", |rig| write(rig, 2, 5)),
    status(Status::MemBadSlot, "mem.read_bytes@1", |_| ints([i32::MIN])),
    status(Status::MemEmpty, "mem.read_bytes@1", |_| ints([0])),
    status(Status::MemCorrupt, "mem.read_bytes@1", corrupt),
    status(Status::Quota, "mem.read_bytes@1", |rig| {
        rig.guest.room = Some(4);
        write(rig, 2, 5)
    }),
    status(Status::Ok, "mem.size@1", |rig| write(rig, 2, 0)),
    status(Status::MemBadSlot, "mem.size@1", |_| ints([256])),
    status(Status::MemEmpty, "mem.size@1", |_| ints([0])),
    status(Status::MemCorrupt, "mem.size@1", corrupt),
    status(Status::Ok, "mem.write@1", |_| ints([15, 0, 100])),
    status(Status::MemBadSlot, "mem.write@1", |_| ints([16, 0, 1])),
    status(Status::MemFull, "mem.write@1", |rig| {
        *rig = card(1000);
        ints([0, 0, 1001])
    }),
    status(Status::MemFull, "mem.write@1", |rig| {
        *rig = card(1000);
        write(rig, 0, 500);
        ints([1, 0, 500])
    }),
    status(Status::MemReadOnly, "mem.write@1", |rig| {
        *rig = staged_rig(StagedConfig { read_only: true, ..StagedConfig::default() });
        ints([0, 0, 1])
    }),
    trap(SyscallTrap::OutOfBoundsSpan, "mem.write@1", |rig| beyond(rig, &[0], &[])),
    status(Status::Ok, "mem.write_bytes@1", |rig| vec![0.into(), bytes(rig, b"saved")]),
    status(Status::MemBadSlot, "mem.write_bytes@1", |rig| vec![16.into(), bytes(rig, b"saved")]),
    status(Status::MemFull, "mem.write_bytes@1", |rig| {
        *rig = card(50);
        vec![0.into(), bytes(rig, b"saved")]
    }),
    status(Status::MemReadOnly, "mem.write_bytes@1", |rig| {
        *rig = staged_rig(StagedConfig { read_only: true, ..StagedConfig::default() });
        vec![0.into(), bytes(rig, b"saved")]
    }),
    trap(SyscallTrap::NullHandle, "mem.write_bytes@1", |_| vec![0.into(), Object::NULL.into()]),
    trap(SyscallTrap::WrongKind, "mem.write_bytes@1", |rig| vec![0.into(), other(rig).into()]),
];

fn path(path: &str) -> StoragePath {
    StoragePath::parse(path.as_bytes()).expect("a path")
}

fn parts(file: &str, content: &[u8]) -> (Storage, StoragePath) {
    let mut storage = Storage::new(1000);
    storage.write(&path(file), Blob::new(content)).expect("it fits");
    (storage, path(file))
}

fn card(quota_bytes: u64) -> Rig {
    staged_rig(StagedConfig { storage: Storage::new(quota_bytes), ..StagedConfig::default() })
}

fn with_file(file: &str, content: &[u8]) -> Rig {
    let (storage, _) = parts(file, content);
    staged_rig(StagedConfig { storage, ..StagedConfig::default() })
}

/// Writes a slot and gives it.
fn write(rig: &mut Rig, slot: i32, len: i32) -> Vec<Slot> {
    assert_eq!(rig.call("mem.write", &[slot, 0, len]), [Status::Ok.code()]);
    ints([slot])
}

/// A slot whose file was changed by somebody else.
fn corrupt(rig: &mut Rig) -> Vec<Slot> {
    write(rig, 3, 5);
    assert_eq!(rig.call("mem.commit", &[]), [Status::Ok.code()]);
    let file = rig.kernel.storage(MODULE).and_then(|s| s.read(&path("mem/03.card")).cloned());
    let mut content = file.expect("it was committed").bytes().to_vec();
    content[18] ^= 1;
    *rig = with_file("mem/03.card", &content);
    ints([3])
}
