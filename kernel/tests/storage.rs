//! Storage as a value, and the folder that mirrors it.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use cartwheel_kernel::host::os::Folder;
use cartwheel_kernel::host::simulated::SimulatedDisk;
use cartwheel_kernel::host::{Disk, DiskFault, DiskKind, Mirror, load_storage};
use cartwheel_kernel::{Blob, Entry, FILE_OVERHEAD_BYTES, Storage, StoragePath, WriteError};
use proptest::prelude::*;

const QUOTA: u64 = 2_000;

fn path(text: &str) -> StoragePath {
    StoragePath::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a path"))
}

fn storage(files: &[(&str, &str)]) -> Storage {
    let mut storage = Storage::new(QUOTA);
    for (name, content) in files {
        storage.write(&path(name), Blob::new(content.as_bytes())).expect("it fits");
    }
    storage
}

#[test]
fn hostile_paths_are_no_paths() {
    let good =
        ["a", "save.dat", "a/b/c", "console", "com", "com10", "nullify", "-", "_", "0", "a.b.c", "lpt"];
    let longest = "a".repeat(255);
    for text in good.into_iter().chain([longest.as_str()]) {
        assert_eq!(path(text).as_str(), text);
    }
    let long = [256, 4_096, 65_536].map(|len| "a".repeat(len));
    let bad = [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/..",
        "a/../b",
        "./a",
        "a/./b",
        ".hidden",
        "a.",
        "a./b",
        "A",
        "Save",
        "a b",
        "a\0",
        "\0",
        "a\\b",
        "c:",
        "c:/a",
        "a\n",
        "a\u{e4}",
        "~",
        "~/a",
        "con",
        "nul",
        "aux.txt",
        "prn",
        "com1",
        "com9.dat",
        "lpt0",
        "a/nul",
        "nul/a",
        "a*",
        "a?",
        "a|b",
        "\u{202e}a",
        "...",
        "a:stream",
        "CON",
    ];
    for text in bad.into_iter().chain(long.iter().map(String::as_str)) {
        assert_eq!(StoragePath::parse(text.as_bytes()), None, "{text:?}");
    }
    for bytes in [&[0xff][..], &[b'a', 0x80], &[0xc3, 0xa4], &[0xf0]] {
        assert_eq!(StoragePath::parse(bytes), None);
    }
}

#[test]
fn folders_are_where_files_are() {
    let mut files = storage(&[("a/b/c", "1"), ("a/b-c", "2"), ("a/b.c", "3"), ("top", "")]);
    assert_eq!(files.list(None), Some(vec!["a/", "top"]));
    assert_eq!(files.list(Some(&path("a"))), Some(vec!["b-c", "b.c", "b/"]));
    assert_eq!(files.list(Some(&path("a/b"))), Some(vec!["c"]));
    assert_eq!(files.list(Some(&path("top"))), None);
    assert_eq!(files.entry(&path("a/b")), Some(Entry::Folder));
    assert_eq!(files.entry(&path("a/b/d")), None);
    assert_eq!(files.write(&path("a/b"), Blob::new(*b"")), Err(WriteError::Conflict));
    assert_eq!(files.write(&path("top/a"), Blob::new(*b"")), Err(WriteError::Conflict));
    assert!(files.delete(&path("a/b/c")) && !files.delete(&path("a/b/c")));
    assert_eq!(files.entry(&path("a/b")), None);
    assert_eq!(files.write(&path("a/b"), Blob::new(*b"")), Ok(()));
}

// covers SEC-14
#[test]
fn the_quota_is_reached_to_the_byte() {
    let room = QUOTA - FILE_OVERHEAD_BYTES - 1;
    let mut files = Storage::new(QUOTA);
    let content = |len: u64| Blob::new(vec![7; len as usize]);
    assert_eq!(files.write(&path("a"), content(room + 1)), Err(WriteError::Full));
    assert_eq!(files.used_bytes(), 0);
    assert_eq!(files.write(&path("a"), content(room)), Ok(()));
    assert_eq!(files.used_bytes(), QUOTA);
    assert_eq!(files.write(&path("b"), content(0)), Err(WriteError::Full));
    assert_eq!(files.write(&path("a"), content(room)), Ok(()), "in its own place");
    assert!(files.delete(&path("a")));
    assert_eq!(files.used_bytes(), 0);
}

#[test]
fn clones_share_and_do_not_disturb_each_other() {
    let before = storage(&[("a", "old"), ("b", "same")]);
    let mut after = before.clone();
    assert_eq!((&before, before.content_hash()), (&after, after.content_hash()));
    after.write(&path("a"), Blob::new(*b"new")).expect("it fits");
    assert_ne!(before.content_hash(), after.content_hash());
    assert_eq!(&**before.read(&path("a")).expect("it is there").bytes(), b"old");
    let same = |files: &Storage| files.read(&path("b")).expect("it is there").bytes().as_ptr();
    assert_eq!(same(&before), same(&after));
}

#[derive(Clone, Debug)]
enum Step {
    Write(String, usize),
    Delete(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || prop::sample::select(vec!["a", "b", "a/x", "a/y", "b/x/z", "b/x", "c.d", "c"]);
    let step = prop_oneof![
        3 => (place(), 0usize..900).prop_map(|(place, len)| Step::Write(place.to_owned(), len)),
        1 => place().prop_map(|place| Step::Delete(place.to_owned())),
    ];
    prop::collection::vec(step, 0..40)
}

/// Storage as a map, with nothing done for speed.
#[derive(Default)]
struct Model(BTreeMap<String, Vec<u8>>);

impl Model {
    fn used(&self) -> u64 {
        self.0.iter().map(|(path, content)| 64 + path.len() as u64 + content.len() as u64).sum()
    }

    fn write(&mut self, path: &str, content: Vec<u8>) -> Result<(), WriteError> {
        let related = |a: &str, b: &str| a.starts_with(&format!("{b}/"));
        if self.0.keys().any(|other| related(other, path) || related(path, other)) {
            return Err(WriteError::Conflict);
        }
        let before = self.0.insert(path.to_owned(), content);
        if self.used() <= QUOTA {
            return Ok(());
        }
        match before {
            Some(before) => self.0.insert(path.to_owned(), before),
            None => self.0.remove(path),
        };
        Err(WriteError::Full)
    }
}

fn apply(files: &mut Storage, step: &Step, number: usize) -> Result<(), WriteError> {
    match step {
        Step::Write(place, len) => files.write(&path(place), Blob::new(vec![number as u8; *len])),
        Step::Delete(place) => {
            files.delete(&path(place));
            Ok(())
        }
    }
}

/// Everything below a folder of a disk.
fn on_disk(disk: &mut dyn Disk) -> BTreeMap<String, Vec<u8>> {
    let files = load_storage(disk, QUOTA).expect("it is a storage");
    files.files().map(|(path, blob)| (path.to_string(), blob.bytes().to_vec())).collect()
}

fn contents(files: &Storage) -> BTreeMap<String, Vec<u8>> {
    files.files().map(|(path, blob)| (path.to_string(), blob.bytes().to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn storage_is_what_the_model_says(steps in steps()) {
        let (mut files, mut model) = (Storage::new(QUOTA), Model::default());
        for (number, step) in steps.iter().enumerate() {
            let result = apply(&mut files, step, number);
            match step {
                Step::Write(place, len) => prop_assert_eq!(result, model.write(place, vec![number as u8; *len])),
                Step::Delete(place) => drop(model.0.remove(place)),
            }
            prop_assert_eq!(files.used_bytes(), model.used());
        }
        prop_assert_eq!(contents(&files), model.0);
    }

    /// Wherever the power goes, each file is the old or the new one, whole; and what was there before is not lost.
    #[test]
    fn a_crash_leaves_old_or_new_files(steps in steps(), at in 0u64..120, names_survive: bool) {
        let disk = SimulatedDisk::new();
        let mut files = Storage::new(QUOTA);
        let mut versions: BTreeMap<String, Vec<Option<Vec<u8>>>> = BTreeMap::new();
        let mut mirror = Mirror::at_once(Box::new(disk.clone()), files.clone());
        // From here on nothing reaches the disk: the process is dead, and then the power goes.
        disk.fail(at, u64::MAX, ErrorKind::Other);
        let mut done = BTreeMap::new();
        for (number, step) in steps.iter().enumerate() {
            let _ = apply(&mut files, step, number);
            for place in ["a", "b", "a/x", "a/y", "b/x/z", "b/x", "c.d", "c"] {
                let content = files.read(&path(place)).map(|blob| blob.bytes().to_vec());
                versions.entry(place.to_owned()).or_default().push(content);
            }
            if disk.operations() >= at {
                continue;
            }
            mirror.update(&files);
            if disk.operations() <= at {
                done = contents(&files);
                versions.values_mut().for_each(|versions| drop(versions.drain(..versions.len() - 1)));
            }
        }
        disk.crash(names_survive);
        let found = on_disk(&mut disk.clone());
        for (place, content) in &found {
            prop_assert!(versions[place].contains(&Some(content.clone())), "{} is neither old nor new", place);
        }
        for (place, content) in &done {
            let gone = versions[place].contains(&None);
            prop_assert!(gone || found.contains_key(place), "{} is lost: {:?}", place, content.len());
        }
    }

    /// A disk on which operations fail for a while has everything in the end.
    #[test]
    fn failures_are_told_and_made_good(steps in steps(), at in 0u64..60, count in 1u64..9) {
        let disk = SimulatedDisk::new();
        let mut files = Storage::new(QUOTA);
        let mut mirror = Mirror::at_once(Box::new(disk.clone()), files.clone());
        disk.fail(at, count, ErrorKind::StorageFull);
        let mut faults = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let _ = apply(&mut files, step, number);
            mirror.update(&files);
            faults.extend(mirror.events().into_iter().map(|event| event.fault));
        }
        disk.repair();
        // Nothing changes any more, but what is left is tried again.
        for _ in 0..60 {
            mirror.update(&files);
        }
        faults.extend(mirror.events().into_iter().map(|event| event.fault));
        prop_assert!(faults.windows(2).all(|pair| pair[0] != pair[1]), "only changes are told: {faults:?}");
        prop_assert!(faults.last().is_none_or(Option::is_none), "it works again, and that is told");
        prop_assert_eq!(mirror.finish(), Ok(()));
        prop_assert_eq!(on_disk(&mut disk.clone()), contents(&files));
        prop_assert!(!disk.places().iter().any(|place| place.contains(".cartwheel")));
    }
}

/// Every operation of a write fails once: the old file is there, or the new one, and it is told.
#[test]
fn any_operation_can_fail() {
    let old = storage(&[("folder/a", "old")]);
    let new = storage(&[("folder/a", "new"), ("other/b", "new")]);
    let operations = {
        let disk = SimulatedDisk::new();
        disk.put("folder/a", b"old");
        Mirror::at_once(Box::new(disk.clone()), old.clone()).update(&new);
        disk.operations()
    };
    assert!(operations > 8, "{operations}");
    for at in 0..operations {
        let disk = SimulatedDisk::new();
        disk.put("folder/a", b"old");
        let mut mirror = Mirror::at_once(Box::new(disk.clone()), old.clone());
        disk.fail(at, 1, ErrorKind::ReadOnlyFilesystem);
        mirror.update(&new);
        let events: Vec<_> = mirror.events().into_iter().map(|event| event.fault).collect();
        // A file that cannot be removed beforehand is not there: nothing is wrong then.
        assert_eq!(events, [Some(DiskFault::ReadOnly)], "{at}");
        let found = disk.get("folder/a").expect("never missing");
        assert!(found == b"old" || found == b"new", "{at}");
        assert_eq!(mirror.finish(), Ok(()), "{at}");
        assert_eq!(on_disk(&mut disk.clone()), contents(&new), "{at}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error_in_the_end() {
    let disk = SimulatedDisk::new();
    let files = storage(&[("a", "x")]);
    let mut mirror = Mirror::behind(Box::new(disk.clone()), Storage::new(QUOTA)).expect("a thread");
    disk.fail(0, u64::MAX, ErrorKind::PermissionDenied);
    mirror.update(&files);
    let error = mirror.finish().expect_err("nothing can be written");
    assert_eq!(error.fault, Some(DiskFault::ReadOnly));
    assert!(error.message.contains("`a`"), "{error}");
}

/// A storage that goes back in time leaves nothing of the future.
#[test]
fn a_mirror_follows_a_storage_back() {
    let disk = SimulatedDisk::new();
    let early = storage(&[("a", "1"), ("b", "1")]);
    let late = storage(&[("a/x", "2"), ("b", "2"), ("c/d/e", "2")]);
    let mut mirror = Mirror::behind(Box::new(disk.clone()), Storage::new(QUOTA)).expect("a thread");
    for files in [&early, &late, &early, &late, &early] {
        mirror.update(files);
    }
    assert_eq!(mirror.finish(), Ok(()));
    assert_eq!(on_disk(&mut disk.clone()), contents(&early));
    assert_eq!(disk.places(), ["a", "b"]);
}

#[test]
fn a_folder_that_is_no_storage_is_refused() {
    let refused = |prepare: fn(&SimulatedDisk)| {
        let disk = SimulatedDisk::new();
        prepare(&disk);
        load_storage(&mut disk.clone(), QUOTA).expect_err("it is no storage").to_string()
    };
    assert!(refused(|disk| disk.put("Makefile", b"")).contains("`Makefile` has a name"));
    assert!(refused(|disk| disk.put("src/My Save", b"")).contains("is this the right folder?"));
    assert!(refused(|disk| disk.put_other("link")).contains("neither a file nor a folder"));
    assert!(refused(|disk| disk.put("a", &[0; 2_001])).contains("cannot read `a`"));
    assert!(refused(|disk| disk.put("a", &[0; 1_990])).contains("quota"));
    assert!(refused(|disk| disk.fail(0, 1, ErrorKind::PermissionDenied)).contains("cannot read the folder"));

    let disk = SimulatedDisk::new();
    disk.put("a", b"1");
    disk.put("b/.cartwheel-new", b"half");
    disk.put(".gitignore", b"*");
    assert_eq!(on_disk(&mut disk.clone()), contents(&storage(&[("a", "1")])));
    assert_eq!(disk.places(), [".gitignore", "a", "b"], "only what a killed writer left is removed");
}

/// The real folder does what the simulated one does.
#[test]
fn a_folder_of_the_system_mirrors_a_storage() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("deep/saves");
    let open = || Folder::open(&root).expect("it can be made");
    assert_eq!(on_disk(&mut open()), BTreeMap::new());
    let mut files = Storage::new(QUOTA);
    let mut mirror = Mirror::behind(Box::new(open()), files.clone()).expect("a thread");
    for (number, place) in ["a", "b/c", "b/d/e", "a", "f"].into_iter().enumerate() {
        files.write(&path(place), Blob::new(vec![number as u8; 9])).expect("it fits");
        mirror.update(&files);
    }
    files.delete(&path("b/d/e"));
    files.delete(&path("f"));
    mirror.update(&files);
    assert_eq!(mirror.finish(), Ok(()));
    assert_eq!(on_disk(&mut open()), contents(&files));
    assert!(!root.join("b/d").exists(), "a folder goes with its last file");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let place = tempfile::tempdir().expect("a folder");
    let (root, outside) = (place.path().join("saves"), place.path().join("outside"));
    std::fs::create_dir_all(&root).expect("a folder");
    std::fs::create_dir_all(&outside).expect("a folder");
    std::fs::write(outside.join("secret"), "secret").expect("a file");
    let mut folder = Folder::open(&root).expect("it is there");
    symlink(outside.join("secret"), root.join("a")).expect("a link");
    symlink(&outside, root.join("b")).expect("a link");
    assert!(folder.list("").expect("it is there").iter().all(|entry| entry.kind == DiskKind::Other));
    assert!(load_storage(&mut folder, QUOTA).is_err());
    assert!(folder.read("a", 100).is_err());
    assert!(folder.read("b/secret", 100).is_err());
    assert!(folder.create("b/new", b"").is_err());
    assert!(folder.create("../outside/new", b"").is_err());
    assert!(folder.remove("b/secret").is_err());
    assert!(folder.make_folder("b").is_err());

    // Links that appear later are replaced or refused, and never written through.
    let mut mirror = Mirror::at_once(Box::new(folder), Storage::new(QUOTA));
    mirror.update(&storage(&[("a", "mine"), ("b/secret", "mine")]));
    assert_eq!(mirror.events()[0].fault, Some(DiskFault::Failed));
    assert_eq!(std::fs::read_to_string(root.join("a")).expect("a file"), "mine");
    assert_eq!(std::fs::read_to_string(outside.join("secret")).expect("a file"), "secret");
    assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 1);
}
