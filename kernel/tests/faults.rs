//! A short session of a program with files, on storage that fails in every place that it can fail in: nothing is lost, and the
//! program sees the statuses of the rows and no others.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use cartwheel_hostabi::Status;
use cartwheel_kernel::host::simulated::SimulatedDisk;
use cartwheel_kernel::host::{DiskFault, Mirror, load_storage};
use cartwheel_kernel::{Blob, FrameFigures, StagedConfig, Storage, StoragePath};
use common::{MODULE, Rig, staged_rig};

const QUOTA: u64 = 10_000;
const FRAMES: i32 = 9;
const OK: i32 = Status::Ok.code();

/// How a disk fails, what becomes of that, and what `fs.disk` says then.
const FAULTS: [(ErrorKind, DiskFault, Status); 5] = [
    (ErrorKind::StorageFull, DiskFault::Full, Status::FsFull),
    (ErrorKind::QuotaExceeded, DiskFault::Full, Status::FsFull),
    (ErrorKind::ReadOnlyFilesystem, DiskFault::ReadOnly, Status::FsReadOnly),
    (ErrorKind::PermissionDenied, DiskFault::ReadOnly, Status::FsReadOnly),
    (ErrorKind::Other, DiskFault::Failed, Status::FsDiskFailed),
];

fn path(path: &str) -> StoragePath {
    StoragePath::parse(path.as_bytes()).expect("a path")
}

type Files = BTreeMap<String, Vec<u8>>;

fn contents(storage: &Storage) -> Files {
    storage.files().map(|(path, blob)| (path.to_string(), blob.bytes().to_vec())).collect()
}

/// What is there before the session.
fn before(quota: u64) -> Storage {
    let mut storage = Storage::new(quota);
    for (place, content) in [("a", "first"), ("gone/later", "x"), ("kept", "k")] {
        storage.write(&path(place), Blob::new(content.as_bytes())).expect("it fits");
    }
    storage
}

fn disk_with(storage: &Storage) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    contents(storage).iter().for_each(|(place, content)| disk.put(place, content));
    disk
}

/// A program and what it has seen.
struct Session {
    rig: Rig,
    open: Vec<i32>,
    /// Frame, call and results of everything but `fs.disk`.
    seen: Vec<(i32, &'static str, Vec<i32>)>,
}

impl Session {
    fn new(storage: Storage, read_only: bool) -> Session {
        let staged = StagedConfig { storage, read_only, ..StagedConfig::default() };
        let mut rig = staged_rig(staged);
        for (at, byte) in rig.guest.memory.iter_mut().enumerate() {
            *byte = at as u8;
        }
        Session { rig, open: Vec::new(), seen: Vec::new() }
    }

    fn call(&mut self, frame: i32, id: &'static str, args: &[i32]) -> Vec<i32> {
        let results = self.rig.call(id, args);
        self.seen.push((frame, id, results.clone()));
        results
    }

    fn ask(&mut self, frame: i32, id: &'static str, name: &str, more: &[i32]) {
        self.rig.guest.memory[4_000..4_000 + name.len()].copy_from_slice(name.as_bytes());
        let results = self.call(frame, id, &[&[4_000, name.len() as i32], more].concat());
        if results[0] == OK {
            self.open.push(results[1]);
        }
    }

    /// A frame. Gives what `fs.disk` says.
    fn frame(&mut self, frame: i32) -> i32 {
        self.rig.kernel.begin_frame(MODULE);
        for request in std::mem::take(&mut self.open) {
            if self.call(frame, "fs.take", &[request, 5_000, 500])[0] == Status::Pending.code() {
                self.open.push(request);
            }
        }
        match frame {
            0 => self.ask(frame, "fs.write", "a", &[10, 40]),
            1 => {
                self.call(frame, "mem.write", &[0, 20, 100]);
                self.call(frame, "mem.commit", &[]);
            }
            2 => self.ask(frame, "fs.write", "folder/b", &[30, 60]),
            3 => self.ask(frame, "fs.delete", "gone/later", &[]),
            4 => {
                self.call(frame, "mem.write", &[0, 50, 90]);
                self.call(frame, "mem.write", &[1, 60, 10]);
                self.call(frame, "mem.commit", &[]);
            }
            5 => {
                self.ask(frame, "fs.write", "a", &[100, 80]);
                self.ask(frame, "fs.read", "a", &[]);
            }
            7 => {
                self.call(frame, "mem.erase", &[1]);
                self.call(frame, "mem.commit", &[]);
                self.call(frame, "mem.read", &[0, 6_000, 200]);
            }
            _ => {}
        }
        let disk = self.rig.call("fs.disk", &[])[0];
        self.rig.kernel.end_frame(MODULE, FrameFigures::default());
        disk
    }

    fn storage(&self) -> &Storage {
        self.rig.kernel.storage(MODULE).expect("it has files")
    }
}

/// A whole session on a disk, with what each file has been. What `fs.disk` said is checked.
fn play(disk: &SimulatedDisk, fault: Option<(DiskFault, Status)>) -> (Session, Mirror, Vec<Files>, usize) {
    let mut session = Session::new(before(QUOTA), false);
    let mut mirror = Mirror::at_once(Box::new(disk.clone()), before(QUOTA));
    let (mut versions, mut told, mut known) = (vec![contents(session.storage())], 0, None);
    for frame in 0..FRAMES {
        session.rig.kernel.set_disk(MODULE, known);
        let expected = if known.is_some() { fault.expect("it fails").1 } else { Status::Ok };
        assert_eq!(session.frame(frame), expected.code(), "frame {frame}");
        mirror.update(session.storage());
        versions.push(contents(session.storage()));
        for event in mirror.events() {
            assert_eq!(event.fault, known.is_none().then(|| fault.expect("it fails").0), "{event}");
            told += usize::from(event.fault.is_some());
            known = event.fault;
        }
    }
    (session, mirror, versions, told)
}

fn reference() -> (Session, u64, Vec<Files>) {
    let disk = disk_with(&before(QUOTA));
    let (session, mirror, versions, told) = play(&disk, None);
    assert_eq!((told, mirror.finish()), (0, Ok(())));
    let statuses: BTreeSet<i32> = session.seen.iter().map(|(_, _, results)| results[0]).collect();
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [OK], "without failures everything is done");
    let kept: Vec<&str> = versions[FRAMES as usize].keys().map(String::as_str).collect();
    assert_eq!(kept, ["a", "folder/b", "kept", "mem/00.card"]);
    (session, disk.operations(), versions)
}

/// One operation fails, or all from one on until the disk is repaired: the program sees no difference but by `fs.disk`, and in
/// the end the folder has everything.
#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing() {
    let (good, operations, versions) = reference();
    assert!(operations > 40, "{operations}");
    for (kind, fault, status) in FAULTS {
        for at in 0..operations {
            for count in [1, u64::MAX] {
                let what = format!("{kind:?} at {at}, {count} times");
                let disk = disk_with(&before(QUOTA));
                disk.fail(at, count, kind);
                let (mut session, mut mirror, _, told) = play(&disk, Some((fault, status)));
                assert_eq!(told, 1, "{what}");
                assert!(session.seen == good.seen, "{what}");
                disk.repair();
                (0..60).for_each(|_| mirror.update(session.storage()));
                let last = mirror.events().last().map(|event| event.fault);
                assert!(last.is_none_or(|fault| fault.is_none()), "{what}");
                session.rig.kernel.set_disk(MODULE, None);
                assert_eq!(session.rig.hashes(), good.rig.hashes(), "{what}");
                assert_eq!(mirror.finish(), Ok(()), "{what}");
                let found = load_storage(&mut disk.clone(), QUOTA).expect("it is a storage");
                assert_eq!(contents(&found), versions[FRAMES as usize], "{what}");
                assert!(disk.places().iter().all(|place| !place.contains(".cartwheel")), "{what}");
            }
        }
    }
}

/// The disk is never repaired, and then the power goes: the end of the run is an error that names file and reason, each file is
/// there as it was at some time, and the next run finds no damaged slot.
#[test]
fn a_disk_that_stays_broken_keeps_what_it_has() {
    let (_, operations, versions) = reference();
    for (kind, fault, status) in FAULTS {
        for at in 0..operations {
            for names_survive in [false, true] {
                let what = format!("{kind:?} at {at}");
                let disk = disk_with(&before(QUOTA));
                disk.fail(at, u64::MAX, kind);
                let (_, mirror, _, _) = play(&disk, Some((fault, status)));
                let error = mirror.finish().expect_err("it still fails");
                assert_eq!(error.fault, Some(fault), "{what}");
                assert!(error.message.starts_with("cannot write `"), "{error}");
                disk.crash(names_survive);
                let found = load_storage(&mut disk.clone(), QUOTA).expect("it is a storage");
                let files = contents(&found);
                for (place, content) in &files {
                    let was = versions.iter().any(|version| version.get(place) == Some(content));
                    assert!(was, "{what}: {place} has never been that");
                }
                for place in versions[0].keys().filter(|place| !place.starts_with("gone")) {
                    assert!(files.contains_key(place), "{what}: {place} is lost");
                }
                let mut next = Session::new(found, false);
                next.rig.kernel.begin_frame(MODULE);
                for slot in [0, 1] {
                    let status = next.rig.call("mem.read", &[slot, 6_000, 200])[0];
                    assert!(
                        [OK, Status::MemEmpty.code()].contains(&status),
                        "{what}: slot {slot} is {status}"
                    );
                }
            }
        }
    }
}

/// A folder that cannot be read is refused as a whole and left as it is.
#[test]
fn a_disk_that_fails_while_it_is_read_is_refused() {
    let storage = before(QUOTA);
    let operations = {
        let disk = disk_with(&storage);
        load_storage(&mut disk.clone(), QUOTA).expect("it is a storage");
        disk.operations()
    };
    // Two folders, three files.
    assert_eq!(operations, 5);
    for (kind, ..) in FAULTS {
        for at in 0..operations {
            let disk = disk_with(&storage);
            disk.fail(at, 1, kind);
            let error = load_storage(&mut disk.clone(), QUOTA).expect_err("it fails").to_string();
            assert!(
                error.starts_with("cannot read `") || error.starts_with("cannot read the folder"),
                "{error}"
            );
            let again = load_storage(&mut disk.clone(), QUOTA).expect("nothing has changed");
            assert_eq!(contents(&again), contents(&storage));
        }
    }
}

// covers POL-13
/// Of every size: what is FULL has changed nothing, what is OK is there, and a card is written as a whole or not at all.
#[test]
fn storage_of_any_quota_is_full_and_keeps_what_it_has() {
    let needed = 1_000;
    let mut refused = BTreeSet::new();
    for quota in before(QUOTA).used_bytes()..needed {
        let mut session = Session::new(before(quota), false);
        let mut files = contents(session.storage());
        for frame in 0..FRAMES {
            let seen = session.seen.len();
            session.frame(frame);
            assert!(session.storage().used_bytes() <= quota);
            let now = contents(session.storage());
            for (_, id, results) in &session.seen[seen..] {
                let full = [Status::FsFull, Status::MemFull].map(Status::code).contains(&results[0]);
                if full {
                    refused.insert(*id);
                }
                let expected = match *id {
                    // What was erased or committed is as it was; after a card that was full there is nothing to commit.
                    "mem.commit" => full || [OK, Status::MemUnchanged.code()].contains(&results[0]),
                    "mem.erase" | "mem.read" => full || [OK, Status::MemEmpty.code()].contains(&results[0]),
                    _ => full || results[0] == OK,
                };
                assert!(expected, "{id} in {frame} with {quota}: {results:?}");
            }
            let changed: Vec<&String> = files
                .keys()
                .chain(now.keys())
                .filter(|place| files.get(*place) != now.get(*place))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            let all_refused = session.seen[seen..].iter().all(|(_, _, results)| results[0] != OK);
            assert!(!all_refused || changed.is_empty(), "{changed:?} in {frame} with {quota}");
            files = now;
        }
        assert_eq!(files["kept"], b"k");
        assert!(
            ["first".as_bytes(), &session.rig.guest.memory[10..50], &session.rig.guest.memory[100..180]]
                .contains(&&files["a"][..])
        );
    }
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), ["fs.take", "mem.write"]);
}

/// Storage that is read-only: every change is READ_ONLY when it is asked for, reading goes on, and the disk is never touched.
#[test]
fn storage_that_is_read_only_stays_as_it_is() {
    let disk = disk_with(&before(QUOTA));
    let mut mirror = Mirror::at_once(Box::new(disk.clone()), before(QUOTA));
    let mut session = Session::new(before(QUOTA), true);
    for frame in 0..FRAMES {
        assert_eq!(session.frame(frame), OK, "there is nothing wrong with the disk");
        mirror.update(session.storage());
    }
    for (frame, id, results) in &session.seen {
        let expected = match *id {
            "fs.write" | "fs.delete" => Status::FsReadOnly,
            "mem.write" => Status::MemReadOnly,
            "mem.commit" => Status::MemUnchanged,
            "mem.erase" | "mem.read" => Status::MemEmpty,
            _ => Status::Ok,
        };
        assert_eq!(results[0], expected.code(), "{id} in {frame}");
    }
    assert_eq!(contents(session.storage()), contents(&before(QUOTA)));
    assert_eq!((mirror.finish(), disk.operations()), (Ok(()), 0));
}
