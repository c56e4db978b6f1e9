//! Files of cartridges in a folder, through the command.

mod common;

use common::{Place, cartridges};

fn card() -> String {
    let found = cartridges().into_iter().find(|(name, _)| name == "card");
    found.expect("the cartridge `card`").1.to_str().expect("UTF-8").to_owned()
}

fn voyage(place: &Place, args: &[&str]) -> String {
    let card = card();
    let out = place.good(&[&["run", &card, "--frames", "8", "--watch", "voyage"], args].concat());
    let last = out.lines().rfind(|line| line.contains("voyage = ")).expect("a watched datum").to_owned();
    last.split_once("= ").expect("a value").1.to_owned()
}

// covers LAY-3
#[test]
fn files_are_there_again_in_the_next_run() {
    let place = Place::new();
    assert_eq!(voyage(&place, &["--storage", "saves"]), "1");
    assert_eq!(voyage(&place, &["--storage", "saves"]), "2");
    assert_eq!(voyage(&place, &["--storage", "other"]), "1");
    assert_eq!(voyage(&place, &[]), "1");
    assert_eq!(place.names(), ["other", "saves"]);
    assert_eq!(place.read("saves/voyages"), [2, 0, 0, 0]);
    let slot = place.read("saves/mem/00.card");
    assert_eq!((&slot[..4], slot.len()), (b"CWMC".as_slice(), 16 + 96 * 1024));
}

// covers POL-13
#[test]
fn a_full_card_is_handled_and_its_folder_never_has_more_than_the_quota() {
    let place = Place::new();
    place.good(&["run", &card(), "--storage", "saves", "--frames", "600", "-q"]);
    let slots = std::fs::read_dir(place.path("saves/mem")).expect("a folder").count();
    assert_eq!(slots, 10);
}

#[test]
fn an_entry_that_was_changed_outside_is_corrupt() {
    let place = Place::new();
    let card = card();
    place.good(&["run", &card, "--storage", "saves", "--frames", "100", "-q"]);
    let mut slot = place.read("saves/mem/01.card");
    slot[5_000] ^= 1;
    place.write("saves/mem/01.card", slot);
    let out = place.good(&["run", &card, "--storage", "saves", "--frames", "1"]);
    assert!(out.contains("an entry of the log is not as it was written"), "{out}");
}

// covers POL-21
#[test]
fn threads_and_folders_change_no_hash() {
    let place = Place::new();
    let card = card();
    let hash = |args: &[&str]| place.state_hash(&[&[card.as_str(), "--frames", "90"], args].concat());
    let plain = hash(&[]);
    assert_eq!(hash(&["--threads", "1"]), plain);
    assert_eq!(hash(&["--threads", "4", "--storage", "saves"]), plain);
    let late = hash(&["--latency", "20"]);
    assert_ne!(late, plain);
    assert_eq!(hash(&["--latency", "20", "--threads", "3"]), late);
}

#[test]
fn what_cannot_be_a_storage_is_refused_and_left_alone() {
    let place = Place::new();
    let card = card();
    let bad = |dir: &str| place.bad(&["run", &card, "--storage", dir, "--frames", "1"]);
    place.write("file", "");
    assert!(bad("file").contains("not a storage"));
    std::fs::create_dir(place.path("home")).expect("a folder");
    place.write("home/My Documents.txt", "mine");
    assert!(bad("home").contains("is this the right folder?"));
    assert_eq!(place.text("home/My Documents.txt"), "mine");
    std::fs::create_dir(place.path("large")).expect("a folder");
    place.write("large/a", vec![0; 1 << 20]);
    assert!(bad("large").contains("quota"));
    place.write("none.asm", ".func update()\n return\n.end");
    let refused = place.bad(&["run", "none.asm", "--storage", "saves"]);
    assert!(refused.contains(".capability fs"), "{refused}");
    place.bad(&["run", &card, "--latency", "0"]);
    place.bad(&["run", &card, "--threads", "0"]);
}

/// Killed in the middle of writing: each file is one that was written whole.
#[test]
fn a_killed_run_leaves_whole_files() {
    let place = Place::new();
    let card = card();
    for _ in 0..8 {
        let mut run = place.command(&["run", &card, "--storage", "saves", "--frames", "100000", "-q"]);
        let mut run = run.spawn().expect("the command starts");
        // Not before something is there to be damaged, and no sooner than that.
        while !place.path("saves/mem").exists() {
            std::thread::yield_now();
        }
        run.kill().expect("it runs");
        run.wait().expect("it has ended");
        let out = place.good(&["run", &card, "--storage", "saves", "--frames", "1"]);
        assert!(!out.contains("not as it was written"), "{out}");
    }
}

/// A state that was saved while a disk was full goes on without that disk, or with a good one.
#[test]
fn a_loaded_state_is_told_the_truth_of_the_disk() {
    use cartwheel_runtime::host::DiskFault;
    use cartwheel_runtime::{Config, InputFrame, Machine, Program};
    let place = Place::new();
    place.good(&["asm", &card(), "-o", "card.cart"]);
    let load = || {
        let cart = cartwheel_bytecode::Cartridge::from_bytes(&place.read("card.cart")).expect("a cartridge");
        let mut machine = Machine::new(Config::default());
        let module = machine.load(Program::new(cart).expect("it verifies")).expect("it can be loaded");
        (machine, module)
    };
    let (mut machine, module) = load();
    machine.tell_disk(module, Some(DiskFault::Failed));
    machine.step(&InputFrame::default()).expect("no panic");
    place.write("state", machine.save().expect("no panic"));
    for args in [&[][..], &["--storage", "saves"]] {
        let run =
            ["run", "card.cart", "--load-state", "state", "--frames", "1", "--save-state", "after", "-q"];
        place.good(&[&run, args].concat());
        let (mut machine, module) = load();
        machine.restore(&place.read("after")).expect("a state of the cartridge");
        assert_eq!(machine.disk(module), None);
    }
}

// covers SEC-14
#[test]
fn the_quota_and_whether_files_can_be_written_are_chosen_for_a_run() {
    let place = Place::new();
    let source = ".capability fs, log\n.memory 1\n.data path: text \"a\"\n.data note: text \"status \"\n.func main()\n\
        .local status, id: i32\n  syscall fs.write(path, sizeof(path), note, 7) -> status, id\n  halt status\n.end\n";
    place.write("disk.asm", source);
    let exit = |args: &[&str]| place.run(&[&["run", "disk.asm", "-q"], args].concat()).status;
    assert_eq!(exit(&[]), 0);
    // FULL and READ_ONLY, as exit codes of the cartridge.
    use cartwheel_hostabi::Status;
    let (full, read_only) = (Status::FsFull.code(), Status::FsReadOnly.code());
    assert_eq!(exit(&["--storage-quota", "6"]), 16 + full);
    assert_eq!(exit(&["--read-only"]), 16 + read_only);
    assert_eq!(exit(&["--storage-quota", "0"]), 1);
}

/// Something is where files are written before they get their names, so that none can be: the cartridge learns it, people are
/// told twice, and the files that there are stay.
#[test]
fn a_folder_that_cannot_be_written_is_told_and_keeps_what_it_has() {
    let place = Place::new();
    let source = ".capability fs\n.memory 1\n.data path: text \"a\"\n.data note: text \"new\"\n\
        .func start()\n.local status, id: i32\n  syscall fs.write(path, sizeof(path), note, sizeof(note)) -> status, id\n  return\n.end\n\
        .func update()\n.local status: i32\n  syscall fs.disk() -> status\n  br_unless status, fine\n  halt status\nfine:\n  return\n.end\n";
    place.write("disk.asm", source);
    std::fs::create_dir_all(place.path("saves/.cartwheel-new")).expect("a folder");
    place.write("saves/a", "old");
    // The folder is written behind the machine: it takes some frames, and nobody knows how many.
    let done = place.run(&["run", "disk.asm", "--storage", "saves", "--frames", "10000000", "--json"]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    for said in ["warning: saves: cannot write `a`", "error: saves: cannot write `a` to the storage"] {
        assert!(done.stderr.contains(said), "{}", done.stderr);
    }
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(summary["exit_code"], cartwheel_hostabi::Status::FsDiskFailed.code());
    assert_eq!(place.text("saves/a"), "old");
    std::fs::remove_dir(place.path("saves/.cartwheel-new")).expect("it is empty");
    place.good(&["run", "disk.asm", "--storage", "saves", "--frames", "5", "-q"]);
    assert_eq!(place.text("saves/a"), "new");
}
