//! Requests: what is published when, whoever does the work, and what a saved state has of them.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cartwheel_hostabi::mock::{MockGuest, MockObject, Slot};
use cartwheel_hostabi::{CATALOGUE, Fault, Object, Status, SyscallTrap, bytes_object_size};
use cartwheel_kernel::host::os::Workers;
use cartwheel_kernel::host::simulated::AtOnce;
use cartwheel_kernel::host::{DiskFault, Host, Job, ProcessMemory, Processing};
use cartwheel_kernel::{
    Answer, Blob, Kernel, ModuleConfig, ModuleId, RestoreError, StagedConfig, Storage, StoragePath, Usage,
    Value,
};
use common::{MODULE, Rig, config, image, rig, staged_rig};
use proptest::prelude::*;

const OK: i32 = Status::Ok.code();
const PENDING: i32 = Status::Pending.code();

fn path(path: &str) -> StoragePath {
    StoragePath::parse(path.as_bytes()).expect("a path")
}

fn host(processing: impl Processing + 'static) -> Host {
    Host { memory: Arc::new(ProcessMemory), processing: Arc::new(processing) }
}

/// A hundred times as slow as the others: they need microseconds.
struct Slow(Workers);

impl Processing for Slow {
    fn run(&self, job: Job) {
        self.0.run(Box::new(move || {
            std::thread::sleep(Duration::from_millis(1));
            job();
        }));
    }
}

/// Does nothing until it has three jobs, then the last one first.
#[derive(Default)]
struct Backwards(Mutex<Vec<Job>>);

impl Processing for Backwards {
    fn run(&self, job: Job) {
        let mut jobs = self.0.lock().expect("not poisoned");
        jobs.push(job);
        if jobs.len() == 3 {
            while let Some(job) = jobs.pop() {
                job();
            }
        }
    }
}

/// Forgets every job.
struct Lossy;

impl Processing for Lossy {
    fn run(&self, job: Job) {
        drop(job);
    }
}

fn hosts() -> Vec<(&'static str, Host)> {
    let workers = |count| Workers::new(count).expect("threads");
    vec![
        ("at once", host(AtOnce)),
        ("one thread", host(workers(1))),
        ("four threads", host(workers(4))),
        ("slow", host(Slow(workers(1)))),
        ("slow, in any order", host(Slow(workers(4)))),
        ("lossy", host(Lossy)),
    ]
}

fn rig_on(host: Host, latency_frames: u32) -> Rig {
    let mut storage = Storage::new(10_000);
    storage.write(&path("a"), Blob::new(*b"hello")).expect("it fits");
    let staged = StagedConfig { storage, latency_frames, assets_on_request: true, ..StagedConfig::default() };
    let assets = vec![image("image", 2, 2, &[1, 2, 3, 4]), image("other", 1, 1, &[9])];
    let mut kernel = Kernel::new();
    kernel.set_host(host);
    kernel.load(MODULE, ModuleConfig { staged, ..config(8, 8, assets) }).expect("the configuration is good");
    Rig { kernel, guest: MockGuest::new((0..=255).cycle().take(4_096).collect()) }
}

fn put(rig: &mut Rig, text: &str) -> [i32; 2] {
    rig.guest.memory[4_000..4_000 + text.len()].copy_from_slice(text.as_bytes());
    [4_000, text.len() as i32]
}

fn ask(rig: &mut Rig, call: &str, text: &str, more: &[i32]) -> i32 {
    let args = [&put(rig, text), more].concat();
    match rig.call(call, &args)[..] {
        [OK, id] => id,
        ref other => panic!("{call} {text}: {other:?}"),
    }
}

/// A frame of a program that asks for something in most frames and takes what is there.
fn play(rig: &mut Rig, frame: i32) {
    rig.kernel.begin_frame(MODULE);
    let file = format!("file/{}", frame % 3);
    let place = put(rig, &file);
    match frame % 7 {
        0 | 1 => drop(rig.call("fs.write", &[place[0], place[1], frame, 700 + frame])),
        2 => drop(rig.call("fs.read", &place)),
        3 => drop(rig.call("fs.delete", &place)),
        4 => drop(rig.call("fs.list", &[4_000, 4])),
        5 => drop(rig.call("asset.request", &[frame % 2])),
        _ => drop(rig.call("asset.release", &[frame % 2])),
    }
    rig.call("mem.write", &[frame % 16, 0, 100]);
    if frame % 5 == 0 {
        rig.call("mem.commit", &[]);
    }
    for id in (frame - 8).max(0)..=frame {
        rig.call("fs.take", &[id, 1_000, 1_000]);
    }
    rig.call("gfx.image", &[0, frame % 8, 0, -1, 0]);
}

type Seen = (Vec<Vec<(&'static str, u128)>>, Vec<u8>, Vec<u8>);

fn run(rig: &mut Rig, frames: std::ops::Range<i32>) -> Seen {
    let hashes = frames.map(|frame| {
        play(rig, frame);
        rig.hashes()
    });
    let hashes = hashes.collect();
    (hashes, rig.saved(), rig.guest.memory.clone())
}

// covers POL-20, POL-21, LAY-2
#[test]
fn no_host_changes_what_is_seen() {
    for latency in [1, 2, 5] {
        let expected = run(&mut rig_on(Host::default(), latency), 0..60);
        for (name, host) in hosts() {
            let seen = run(&mut rig_on(host, latency), 0..60);
            assert!(seen == expected, "{name} with a latency of {latency}");
        }
    }
}

/// Jobs may be done in any order, too.
#[test]
fn results_are_published_in_the_order_of_issue() {
    let mut rig = rig_on(host(Backwards::default()), 1);
    rig.kernel.begin_frame(MODULE);
    // The last write of one place wins, although it is done first.
    let ids = [1, 2, 3].map(|len| ask(&mut rig, "fs.write", "x", &[0, len]));
    rig.kernel.begin_frame(MODULE);
    assert_eq!(ids.map(|id| rig.call("fs.poll", &[id])[0]), [OK; 3]);
    let storage = rig.kernel.storage(MODULE).expect("it has files");
    assert_eq!(storage.read(&path("x")).expect("it was written").bytes().len(), 3);
}

// covers POL-24, POL-21
#[test]
fn a_result_comes_after_so_many_frames_and_not_before() {
    for latency in [1, 2, 7] {
        let mut rig = rig_on(Host::default(), latency);
        rig.kernel.begin_frame(MODULE);
        let id = ask(&mut rig, "fs.write", "b", &[0, 9]);
        let read = ask(&mut rig, "fs.read", "b", &[]);
        for _ in 0..latency {
            assert_eq!(rig.call("fs.poll", &[id]), [PENDING, 0]);
            assert_eq!(rig.call("fs.take", &[read, 0, 9]), [PENDING, 0]);
            assert_eq!(rig.call("fs.poll", &[99]), [Status::FsUnknownRequest.code(), 0]);
            assert!(rig.kernel.storage(MODULE).expect("it has files").read(&path("b")).is_none());
            rig.kernel.begin_frame(MODULE);
        }
        // A read that was asked for after a write finds what was written.
        assert_eq!(rig.call("fs.poll", &[read]), [OK, 9]);
        assert_eq!(rig.call("fs.take", &[read, 100, 9]), [OK, 9]);
        assert_eq!(rig.guest.memory[100..109], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(rig.call("fs.poll", &[id]), [OK, 0]);
        let ended = [Status::FsUnknownRequest.code(), 0];
        assert_eq!([rig.call("fs.poll", &[id]), rig.call("fs.poll", &[read])], [ended, ended]);
    }
}

#[test]
fn inputs_are_copied_when_they_are_given() {
    let mut rig = rig_on(Host::default(), 1);
    rig.kernel.begin_frame(MODULE);
    ask(&mut rig, "fs.write", "b", &[1, 3]);
    rig.guest.memory.fill(0xee);
    rig.kernel.begin_frame(MODULE);
    let storage = rig.kernel.storage(MODULE).expect("it has files");
    assert_eq!(&**storage.read(&path("b")).expect("it was written").bytes(), [1, 2, 3]);
}

// covers SEC-14
#[test]
fn open_requests_are_limited() {
    let staged = StagedConfig { max_requests: 3, ..StagedConfig::default() };
    let mut rig = staged_rig(staged);
    let ids = [0; 3].map(|_| ask(&mut rig, "fs.stat", "a", &[]));
    assert_eq!(ids, [1, 2, 3]);
    let place = put(&mut rig, "a");
    let full = [Status::Quota.code(), 0];
    assert_eq!(rig.call("fs.stat", &place), full);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("fs.stat", &place), full, "done and not looked at is still open");
    assert_eq!(rig.call("fs.poll", &[2]), [Status::FsNotFound.code(), 0]);
    assert_eq!(rig.call("fs.stat", &place), [OK, 4], "no id is used again soon");
    // One that is closed before it is done counts until then.
    assert_eq!(rig.call("fs.close", &[4]), [OK]);
    assert_eq!(rig.call("fs.stat", &place), full);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("fs.stat", &place), [OK, 5]);
}

#[test]
fn what_is_closed_is_done_nevertheless() {
    let mut rig = rig_on(Host::default(), 1);
    let id = ask(&mut rig, "fs.write", "b", &[0, 9]);
    assert_eq!(rig.call("fs.close", &[id]), [OK]);
    assert_eq!(rig.call("fs.poll", &[id]), [Status::FsUnknownRequest.code(), 0]);
    rig.kernel.begin_frame(MODULE);
    assert!(rig.kernel.storage(MODULE).expect("it has files").read(&path("b")).is_some());
}

#[test]
fn stat_and_list_tell_what_is_there() {
    let mut rig = rig_on(Host::default(), 1);
    ask(&mut rig, "fs.write", "folder/b", &[0, 9]);
    let asked =
        [("fs.stat", "a"), ("fs.stat", "folder"), ("fs.stat", ""), ("fs.list", ""), ("fs.list", "folder")];
    let ids = asked.map(|(call, place)| ask(&mut rig, call, place, &[]));
    rig.kernel.begin_frame(MODULE);
    let result = |rig: &mut Rig, id| match rig.call("fs.take", &[id, 100, 100])[..] {
        [OK, len] => rig.guest.memory[100..100 + len as usize].to_vec(),
        ref other => panic!("{other:?}"),
    };
    let stat = |kind: u64, size: u64| [kind.to_le_bytes(), size.to_le_bytes()].concat();
    assert_eq!(result(&mut rig, ids[0]), stat(1, 5));
    assert_eq!(result(&mut rig, ids[1]), stat(2, 1));
    assert_eq!(result(&mut rig, ids[2]), stat(2, 2));
    assert_eq!(result(&mut rig, ids[3]), b"a\nfolder/\n");
    assert_eq!(result(&mut rig, ids[4]), b"b\n");
}

/// Asks for `a` into a byte string of some length.
fn ask_into(rig: &mut Rig, len: usize) -> (i32, Object) {
    let place = put(rig, "a").map(Slot::from);
    let object = rig.guest.add(MockObject::Bytes(vec![0xff; len]));
    let args = [place[0], place[1], object.into()];
    assert_eq!(rig.try_call("fs.read_bytes", &args), Ok(Some(Status::Ok)));
    (rig.guest.result(1) as i32, object)
}

// covers POL-18
#[test]
fn a_buffer_is_kept_until_its_result_is_delivered() {
    let mut rig = rig_on(Host::default(), 2);
    rig.kernel.begin_frame(MODULE);
    let (id, object) = ask_into(&mut rig, 7);
    for _ in 0..2 {
        assert_eq!(rig.guest.roots().collect::<Vec<_>>(), [object]);
        assert_eq!(rig.call("fs.poll", &[id]), [PENDING, 0]);
        rig.kernel.begin_frame(MODULE);
    }
    assert_eq!(rig.guest.roots().collect::<Vec<_>>(), [object]);
    assert_eq!(rig.call("fs.poll", &[id]), [OK, 5]);
    assert_eq!(rig.guest.objects[object.0 as usize - 1], MockObject::Bytes(b"hello\xff\xff".to_vec()));
    assert_eq!(rig.guest.roots().count(), 0);

    // Closed early or late, too small, or taken as something else: it is let go when the request ends.
    let (early, _) = ask_into(&mut rig, 5);
    assert_eq!(rig.call("fs.close", &[early]), [OK]);
    assert_eq!(rig.guest.roots().count(), 0);
    let ids = [4, 9, 9].map(|len| ask_into(&mut rig, len).0);
    rig.kernel.begin_frame(MODULE);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("fs.poll", &[ids[0]]), [Status::FsTooSmall.code(), 0]);
    assert_eq!(rig.guest.roots().count(), 3);
    assert_eq!(rig.call("fs.take", &[ids[0], 100, 5]), [OK, 5]);
    assert_eq!(rig.call("fs.close", &[ids[1]]), [OK]);
    assert_eq!(rig.try_call("fs.take_bytes", &[ids[2].into()]), Ok(Some(Status::Ok)));
    assert_eq!(rig.guest.roots().count(), 0);
}

/// A call that traps keeps nothing.
#[test]
fn a_refused_request_keeps_no_buffer() {
    let mut rig = rig_on(Host::default(), 1);
    let object = rig.guest.add(MockObject::Bytes(vec![0; 5]));
    let mut call =
        |ptr: i32, len: i32| rig.try_call("fs.read_bytes", &[ptr.into(), len.into(), object.into()]);
    assert_eq!(call(4_096, 1), Err(Fault::Trap(SyscallTrap::OutOfBoundsSpan)));
    assert_eq!(call(0, 5), Ok(Some(Status::FsBadPath)));
    assert_eq!(rig.guest.roots().count(), 0);
}

// covers POL-19, POL-21
#[test]
fn a_machine_that_is_restored_in_the_middle_goes_on_as_the_other() {
    for latency in [1, 3] {
        let whole = run(&mut rig_on(Host::default(), latency), 0..40);
        for at in 0..40 {
            let mut before = rig_on(Host::default(), latency);
            run(&mut before, 0..at);
            let hosts = hosts();
            let (name, host) = hosts[at as usize % hosts.len()].clone();
            // The latency comes with the state.
            let mut after = rig_on(host, 9);
            after.kernel.restore(MODULE, &before.saved()).expect("it was saved so");
            after.guest = before.guest.clone();
            assert_eq!(after.hashes(), before.hashes());
            let (hashes, saved, memory) = run(&mut after, at..40);
            assert!(hashes == whole.0[at as usize..] && saved == whole.1 && memory == whole.2, "{name} {at}");
        }
    }
}

// covers POL-13
#[test]
fn an_asset_is_there_when_it_is_published() {
    let mut rig = rig_on(Host::default(), 2);
    let draw = |rig: &mut Rig| rig.call("gfx.image", &[0, 0, 0, -1, 0])[0];
    let (missing, not_loaded) = (Status::GfxNotLoaded.code(), Status::AssetNotLoaded.code());
    rig.kernel.begin_frame(MODULE);
    assert_eq!((draw(&mut rig), rig.call("asset.poll", &[0])), (missing, vec![not_loaded]));
    assert_eq!(rig.call("asset.request", &[0]), [OK]);
    for _ in 0..2 {
        assert_eq!(rig.call("asset.request", &[0]), [PENDING]);
        assert_eq!((draw(&mut rig), rig.call("asset.poll", &[0])), (missing, vec![PENDING]));
        assert_eq!(rig.call("asset.info", &[0]), [not_loaded, 0]);
        // Its request is no request for files.
        assert_eq!(rig.call("fs.poll", &[1]), [Status::FsUnknownRequest.code(), 0]);
        rig.kernel.begin_frame(MODULE);
    }
    assert_eq!((draw(&mut rig), rig.call("asset.poll", &[0])), (OK, vec![OK]));
    assert_eq!(rig.call("asset.info", &[0]), [OK, 8]);
    assert_eq!(rig.call("asset.read", &[0, 4, 100, 100]), [OK, 4]);
    assert_eq!(rig.guest.memory[100..105], [1, 2, 3, 4, 104]);
    assert_eq!(rig.call("asset.release", &[0]), [OK]);
    assert_eq!(draw(&mut rig), missing);
    assert_eq!(rig.call("asset.request", &[0]), [OK]);
}

// covers POL-16
#[test]
fn a_memory_card_is_files() {
    let mut rig = rig_on(Host::default(), 1);
    assert_eq!(rig.call("mem.write", &[3, 1, 5]), [OK]);
    assert_eq!(rig.call("mem.read", &[3, 100, 5]), [OK, 5], "a card reads its own writing");
    let card = |rig: &Rig| {
        let storage = rig.kernel.storage(MODULE).expect("it has files");
        storage.read(&path("mem/03.card")).cloned()
    };
    assert_eq!(card(&rig), None);
    let used = |rig: &mut Rig| {
        rig.try_call("fs.space", &[]).expect("a good call");
        rig.guest.result(0)
    };
    let before = used(&mut rig);
    assert_eq!(rig.call("mem.commit", &[]), [OK]);
    // One quota: what the card takes, files do not have.
    assert_eq!(used(&mut rig) - before, 64 + 11 + 16 + 5);
    let file = card(&rig).expect("it was committed");
    assert_eq!(file.bytes()[16..], [1, 2, 3, 4, 5]);
    // One store: what files do to it, the card sees.
    let id = ask(&mut rig, "fs.write", "mem/03.card", &[0, 21]);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("fs.poll", &[id]), [OK, 0]);
    assert_eq!(rig.call("mem.read", &[3, 100, 100]), [Status::MemCorrupt.code(), 0]);
    assert_eq!(rig.call("mem.write", &[3, 0, 1]), [OK], "writing heals it");
    assert_eq!(rig.call("mem.size", &[3]), [OK, 1]);
    assert_eq!(rig.call("mem.discard", &[]), [OK]);
    assert_eq!(rig.call("mem.size", &[3]), [Status::MemCorrupt.code(), 0]);
    ask(&mut rig, "fs.delete", "mem/03.card", &[]);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("mem.size", &[3]), [Status::MemEmpty.code(), 0]);
}

// covers POL-13, SEC-14
#[test]
fn a_card_is_full_when_storage_is_and_commits_all_or_nothing() {
    let mut rig = staged_rig(StagedConfig { storage: Storage::new(1_000), ..StagedConfig::default() });
    let full = Status::MemFull.code();
    // Every slot counts 64 and 11 of path and 16 of header besides its content.
    assert_eq!(rig.call("mem.write", &[0, 0, 1_000 - 91 + 1]), [full]);
    assert_eq!(rig.call("mem.write", &[0, 0, 1_000 - 91]), [OK]);
    assert_eq!(rig.call("mem.write", &[1, 0, 0]), [full]);
    assert_eq!(rig.call("mem.commit", &[]), [OK]);
    let used = rig.kernel.storage(MODULE).expect("it has files").used_bytes();
    assert_eq!(used, 1_000);
    let id = ask(&mut rig, "fs.write", "x", &[0, 0]);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("fs.poll", &[id]), [Status::FsFull.code(), 0]);
    // A large slot and a small one change places within the quota, in one commit, in either order.
    for (first, second) in [(0, 1), (1, 0)] {
        assert_eq!(rig.call("mem.erase", &[first]), [OK]);
        assert_eq!(rig.call("mem.write", &[second, 0, 900]), [OK]);
        assert_eq!(rig.call("mem.commit", &[]), [OK]);
        assert_eq!(rig.call("mem.size", &[first]), [Status::MemEmpty.code(), 0]);
        assert_eq!(rig.call("mem.size", &[second]), [OK, 900]);
    }
    assert_eq!(rig.call("mem.write", &[0, 0, 500]), [OK]);
    assert_eq!(rig.call("mem.commit", &[]), [OK]);
    for (a, b) in [(100, 400), (400, 100), (0, 818), (409, 409)] {
        rig.call("mem.erase", &[0]);
        rig.call("mem.erase", &[1]);
        assert_eq!(
            (rig.call("mem.write", &[0, 0, a]), rig.call("mem.write", &[1, 0, b])),
            (vec![OK], vec![OK])
        );
        assert_eq!(rig.call("mem.commit", &[]), [OK]);
        assert_eq!((rig.call("mem.size", &[0]), rig.call("mem.size", &[1])), (vec![OK, a], vec![OK, b]));
    }
}

// covers ABI-5
#[test]
fn a_module_reaches_its_own_files_only() {
    let mut rig = rig_on(Host::default(), 1);
    let other = ModuleId(1);
    let mut mine = config(8, 8, Vec::new());
    mine.staged.storage.write(&path("secret"), Blob::new(*b"mine")).expect("it fits");
    rig.kernel.load(other, mine).expect("a good configuration");
    for name in ["secret", "../secret", "../1/secret", "/secret", "1/secret", "..\\secret"] {
        let place = put(&mut rig, name);
        if let [OK, id] = rig.call("fs.read", &place)[..] {
            rig.kernel.begin_frame(MODULE);
            assert_eq!(rig.call("fs.poll", &[id])[0], Status::FsNotFound.code(), "{name}");
        }
        if let [OK, _] = rig.call("fs.delete", &place)[..] {
            rig.kernel.begin_frame(MODULE);
        }
    }
    rig.kernel.begin_frame(other);
    let theirs = rig.kernel.storage(other).expect("it has files");
    assert_eq!(theirs.files().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["secret"]);
    let ours = rig.kernel.storage(MODULE).expect("it has files");
    assert_eq!(ours.files().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["a"]);
}

// covers POL-5, POL-6
#[test]
fn spans_of_files_are_checked_at_every_edge() {
    const LEN: i64 = 100;
    let edges = [0, 1, LEN - 1, LEN, LEN + 1, i32::MAX.into(), i64::from(i32::MAX) + 1, u32::MAX.into()];
    let rows = CATALOGUE.iter().filter(|row| ["fs", "mem", "asset"].contains(&row.domain));
    let mut spans = 0;
    for row in rows {
        for (at, _) in row.params.iter().enumerate().filter(|(_, param)| param.kind.starts_with("span")) {
            spans += 1;
            for (ptr, len) in edges.iter().flat_map(|&ptr| edges.map(|len| (ptr, len))) {
                let mut rig = staged_rig(StagedConfig::default());
                rig.guest.memory = vec![b'a'; LEN as usize];
                let mut args = Vec::new();
                for (place, param) in row.params.iter().enumerate() {
                    match param.kind {
                        "bytes" => args.push(rig.guest.add(MockObject::Bytes(Vec::new())).into()),
                        _ if place == at => args.extend([Slot::from(ptr as i32), Slot::from(len as i32)]),
                        _ => args.extend(param.slots.iter().map(|_| Slot::from(0))),
                    }
                }
                let fault = rig.try_call(row.id, &args).err();
                let expected = (ptr + len > LEN).then_some(Fault::Trap(SyscallTrap::OutOfBoundsSpan));
                assert_eq!(fault, expected, "{} {ptr} {len}", row.id);
            }
        }
    }
    assert!(spans >= 12, "{spans}");
}

/// A rig with something of every kind in its state.
fn used() -> Rig {
    let mut rig = rig_on(Host::default(), 3);
    rig.kernel.set_disk(MODULE, Some(DiskFault::ReadOnly));
    ask(&mut rig, "fs.read", "a", &[]);
    ask(&mut rig, "fs.read", "nothing", &[]);
    ask(&mut rig, "fs.write", "b", &[0, 20]);
    (0..3).for_each(|_| rig.kernel.begin_frame(MODULE));
    ask_into(&mut rig, 5);
    for (call, text) in [("fs.list", ""), ("fs.stat", "a"), ("fs.delete", "b")] {
        ask(&mut rig, call, text, &[]);
    }
    let id = ask(&mut rig, "fs.write", "c/d", &[0, 30]);
    rig.call("fs.close", &[id]);
    rig.call("asset.request", &[1]);
    rig.call("mem.write", &[2, 0, 10]);
    rig.call("mem.commit", &[]);
    rig.call("mem.write", &[3, 0, 10]);
    rig.call("mem.erase", &[2]);
    rig.kernel.begin_frame(MODULE);
    rig
}

#[test]
fn states_of_other_quotas_are_refused() {
    let saved = used().saved();
    let refused = |staged| {
        let assets = vec![image("image", 2, 2, &[1, 2, 3, 4]), image("other", 1, 1, &[9])];
        let mut kernel = Kernel::new();
        kernel.load(MODULE, ModuleConfig { staged, ..config(8, 8, assets) }).expect("a good configuration");
        kernel.restore(MODULE, &saved)
    };
    let same = || StagedConfig { storage: Storage::new(10_000), ..StagedConfig::default() };
    assert_eq!(refused(same()), Ok(()));
    assert_eq!(refused(StagedConfig { storage: Storage::new(10_001), ..same() }), Err(RestoreError::Limits));
    assert_eq!(refused(StagedConfig { max_requests: 15, ..same() }), Err(RestoreError::Limits));
    assert_eq!(refused(StagedConfig { read_only: true, ..same() }), Err(RestoreError::Limits));
}

/// Every part of the state changes its own component of the hash and no other.
#[test]
fn hashes_name_the_component() {
    type Change = fn(&mut Rig);
    let cases: [(&str, Change); 6] = [
        ("storage", |rig| assert!(rig.kernel.set_disk(MODULE, None))),
        ("storage", |rig| drop(rig.call("mem.discard", &[]))),
        ("storage", |rig| drop(rig.call("mem.commit", &[]))),
        ("requests", |rig| drop(rig.call("fs.close", &[4]))),
        ("requests", |rig| drop(rig.call("asset.request", &[0]))),
        ("requests", |rig| {
            ask(rig, "fs.write", "x", &[0, 9]);
        }),
    ];
    let changed = |change: Change| {
        let mut rig = used();
        let before = rig.hashes();
        change(&mut rig);
        let changed = before.iter().zip(rig.hashes()).filter(|(a, b)| **a != *b);
        changed.map(|(a, _)| a.0).collect::<Vec<_>>()
    };
    for (component, change) in cases {
        assert_eq!(changed(change), [component]);
    }
    let published = changed(|rig| (0..3).for_each(|_| rig.kernel.begin_frame(MODULE)));
    assert_eq!(published, ["storage", "requests", "assets"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is accepted is a state that works and saves as the same bytes.
    #[test]
    fn hostile_states_are_refused_or_harmless(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut rig = used();
        let before = rig.saved();
        // Behind the picture and the palette is what this is about.
        let start = before.len() - 900;
        let mut bytes = before.clone();
        for (place, value) in changes {
            let place = start + place.index(900);
            bytes[place] = value;
        }
        match rig.kernel.restore(MODULE, &bytes) {
            Ok(()) => {
                prop_assert_eq!(rig.saved(), bytes);
                run(&mut rig, 0..9);
            }
            Err(_) => prop_assert_eq!(rig.saved(), before),
        }
    }
}

#[test]
fn a_state_is_refused_wherever_it_is_cut() {
    let mut rig = used();
    let saved = rig.saved();
    for len in 0..saved.len() {
        assert_eq!(rig.kernel.restore(MODULE, &saved[..len]), Err(RestoreError::Truncated), "{len}");
    }
    assert_eq!(rig.saved(), saved);
}

/// A module without the capabilities has no such state at all.
#[test]
fn only_what_is_declared_is_state() {
    let mut plain = config(8, 8, Vec::new());
    plain.capabilities = vec!["gfx"];
    plain.imports.clear();
    let mut kernel = Kernel::new();
    kernel.load(MODULE, plain).expect("a good configuration");
    let names: Vec<&str> = kernel.hashes(MODULE).map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| ["storage", "requests", "assets"].contains(name)), "{names:?}");
    assert!(kernel.storage(MODULE).is_none());
    assert!(rig().kernel.storage(MODULE).is_some());
}

/// Asset banks and the framebuffer are the host's, however much is loaded and drawn; only what a program asks for as a byte string
/// is an object.
// covers POL-17
#[test]
fn assets_and_pictures_take_nothing_of_the_guests_heap() {
    let mut rig = rig_on(Host::default(), 1);
    rig.guest.room = Some(0);
    rig.call("asset.request", &[0]);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.call("gfx.image", &[0, 1, 1, -1, 0]), [OK]);
    assert_eq!(rig.call("asset.read", &[0, 0, 100, 50])[0], OK);
    assert_eq!(rig.call("gfx.clear", &[3]), [0i32; 0]);
    assert_eq!(rig.kernel.usage(MODULE), Usage { bytes: 0, objects: 0, ..rig.kernel.usage(MODULE) });
    assert!(rig.guest.objects.is_empty() && rig.guest.roots().count() == 0);
    let read = |rig: &mut Rig| rig.try_call("asset.read_bytes", &[Slot::from(0)]);
    assert_eq!(read(&mut rig), Ok(Some(Status::Quota)), "that one is an object");
    rig.guest.room = None;
    assert_eq!(read(&mut rig), Ok(Some(Status::Ok)));
    assert_eq!((rig.guest.objects.len(), rig.kernel.usage(MODULE).objects), (1, 1));
}

/// What a late-bound call gives its caller as values never was on a heap, and is not counted as if it had been.
// covers POL-22
#[test]
fn byte_strings_of_an_answer_are_no_allocations() {
    for (id, values) in [
        ("asset.read_bytes", vec![Value::I32(1)]),
        ("fs.take_bytes", Vec::new()),
        ("mem.read_bytes", vec![Value::I32(2)]),
    ] {
        let mut rig = rig_on(Host::default(), 1);
        rig.call("mem.write", &[2, 0, 10]);
        rig.call("asset.request", &[1]);
        let request = ask(&mut rig, "fs.read", "a", &[]);
        rig.kernel.begin_frame(MODULE);
        let values = if values.is_empty() { vec![Value::I32(request)] } else { values };
        // There is no room on the heap, and none is needed.
        rig.guest.room = Some(0);
        let objects = rig.guest.objects.len();
        let answered = rig.kernel.call_by_id(MODULE, id, &values, &mut rig.guest).expect("no panic");
        let Answer::Resolved(results) = answered.answer else { panic!("{id}: {:?}", answered.answer) };
        assert!(matches!(&results[..], [Value::Bytes(bytes)] if !bytes.is_empty()), "{id}: {results:?}");
        let Usage { calls, bytes, objects: counted, .. } = rig.kernel.host_usage(MODULE);
        assert_eq!((calls, bytes, counted, rig.guest.objects.len()), (1, 0, 0, objects), "{id}");
        // The same by the instruction is on the heap and counts.
        rig.guest.room = None;
        let request = ask(&mut rig, "fs.read", "a", &[]);
        rig.kernel.begin_frame(MODULE);
        let argument = if id == "fs.take_bytes" { Value::I32(request) } else { values[0].clone() };
        let Value::I32(argument) = argument else { panic!("a number") };
        assert_eq!(rig.try_call(id, &[Slot::from(argument)]), Ok(Some(Status::Ok)), "{id}");
        let Usage { bytes, objects: counted, .. } = rig.kernel.usage(MODULE);
        assert!(bytes > 0 && counted == 1 && rig.guest.objects.len() == objects + 1, "{id}");
    }
}

/// The byte string of a late-bound call is the call's own until something has to outlive the call: then the heap has it, with
/// the heap's quota.
// covers POL-22
#[test]
fn a_buffer_of_a_late_bound_call_is_the_heaps() {
    let mut rig = rig_on(Host::default(), 1);
    let place = put(&mut rig, "a").map(Value::I32);
    let values = [place[0].clone(), place[1].clone(), Value::Bytes(vec![0xff; 7])];
    rig.guest.room = Some(6);
    let call = |rig: &mut Rig| {
        let answered = rig.kernel.call_by_id(MODULE, "fs.read_bytes", &values, &mut rig.guest);
        answered.expect("no panic").answer
    };
    assert_eq!(call(&mut rig), Answer::Status(Status::Quota));
    assert_eq!((rig.guest.roots().count(), rig.kernel.host_usage(MODULE).bytes), (0, 0));
    rig.guest.room = Some(7);
    let Answer::Resolved(results) = call(&mut rig) else { panic!("there is room") };
    assert_eq!(rig.kernel.usage(MODULE), Usage::default(), "it is no doing of the module");
    let Usage { calls, bytes, objects, .. } = rig.kernel.host_usage(MODULE);
    assert_eq!((calls, bytes, objects), (2, bytes_object_size(7), 1));
    let kept = rig.guest.roots().next().expect("it is kept");
    rig.kernel.begin_frame(MODULE);
    let [Value::I32(request)] = results[..] else { panic!("{results:?}") };
    assert_eq!(rig.call("fs.poll", &[request]), [OK, 5]);
    assert_eq!(rig.guest.objects[kept.0 as usize - 1], MockObject::Bytes(b"hello\xff\xff".to_vec()));
    assert_eq!(rig.guest.roots().count(), 0);
}
