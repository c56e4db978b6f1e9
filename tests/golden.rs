//! Every cartridge and every machine of `cartridges/`: its states are those in its `golden.txt`, after 600 frames without input, and
//! at the end of every file of inputs beside it; its `demo.trace` is what its first 300 frames with these inputs come to. Of a
//! machine there are the states of all its modules, too.
//!
//! `BLESS=1 cargo test --test golden` writes these files. They are the same for debug and release builds.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{Place, cartridges, machines};

const FRAMES: &str = "600";

/// What is run: its name, its folder, and what `run` is given.
struct Subject {
    name: String,
    folder: PathBuf,
    run: String,
}

fn subjects() -> Vec<Subject> {
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let alone = cartridges().into_iter().map(|(name, folder)| Subject { name, run: path(&folder), folder });
    let several = machines().into_iter().map(|(name, file)| {
        let folder = file.parent().expect("a folder").to_owned();
        Subject { name: format!("{name}/machine.toml"), folder, run: path(&file) }
    });
    let all: Vec<Subject> = alone.chain(several).collect();
    let folders: BTreeSet<&Path> = all.iter().map(|subject| &*subject.folder).collect();
    assert_eq!(folders.len(), all.len(), "each has its own folder, with its own golden files");
    all
}

/// Number, name, state and hash of each module that was there at any time.
fn modules(summary: &serde_json::Value) -> String {
    let Some(modules) = summary["modules"].as_array() else { return String::new() };
    let line = |row: &serde_json::Value| {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        format!("  {} {} {} {}\n", row["module"], text("name"), text("state"), text("state_hash"))
    };
    modules.iter().map(line).collect()
}

// covers VM-4
#[test]
fn cartridges_end_in_their_golden_state() {
    #[expect(clippy::disallowed_methods, reason = "tells tests what to do")]
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for Subject { name, folder, run } in subjects() {
        let place = Place::new();
        let state = |args: &[&str], of: &str| {
            let summary = place.json(&[&[run.as_str()], args].concat());
            let hash = summary["state_hash"].as_str().expect("a hash");
            format!("{} {hash}{of}\n{}", summary["frames"], modules(&summary))
        };
        let mut found = state(&["--frames", FRAMES], "");
        for inputs in inputs(&folder) {
            let file = folder.join(&inputs);
            found += &state(&["--input", file.to_str().expect("UTF-8")], &format!(" {inputs}"));
        }
        let file = folder.join("golden.txt");
        if bless {
            std::fs::write(&file, found).expect("the golden file");
        } else if std::fs::read_to_string(&file).ok().as_deref() != Some(&found) {
            wrong.push(format!("{name}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "not as in golden.txt (BLESS=1 writes it):\n{}", wrong.concat());
}

// covers VM-4
#[test]
fn cartridges_replay_their_traces() {
    #[expect(clippy::disallowed_methods, reason = "tells tests what to do")]
    let bless = std::env::var_os("BLESS").is_some();
    let place = Place::new();
    let mut root = std::path::PathBuf::new();
    for Subject { name, folder, run } in subjects() {
        let (inputs, trace) = (folder.join("demo.inputs"), folder.join("demo.trace"));
        let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        if bless {
            let (inputs, trace) = (path(&inputs), path(&trace));
            let mut args = vec!["run", &run, "--frames", "300", "-q", "--record", &trace];
            args.extend(["--keyframes", "0", "--components", "0"]);
            if Path::new(&inputs).exists() {
                args.extend(["--input", &inputs]);
            }
            place.good(&args);
        }
        assert!(trace.is_file(), "{name} has no demo.trace (BLESS=1 writes it)");
        root = folder.parent().expect("the folder of all").to_owned();
    }
    let done = place.run(&["verify", root.to_str().expect("UTF-8")]);
    let help = "changed on purpose? BLESS=1 cargo test --test golden";
    assert_eq!(done.status, 0, "{}{}{help}", done.stdout, done.stderr);
    assert!(!done.stdout.contains("changed cartridge"), "{}{help}", done.stdout);
}

/// Names of the files of inputs in a folder.
fn inputs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".inputs")).collect();
    names.sort();
    names
}

// covers VM-3
#[test]
fn cartridges_go_on_from_a_saved_state_in_another_process() {
    for Subject { name, run, .. } in subjects() {
        let place = Place::new();
        place.good(&["run", &run, "--frames", "120", "--hashes", "whole.txt", "-q"]);
        let whole = place.text("whole.txt");
        for at in [0, 1, 7, 59, 119] {
            let frames = at.to_string();
            place.good(&["run", &run, "--frames", &frames, "--hashes", "a.txt", "--save-state", "s", "-q"]);
            let rest = (120 - at).to_string();
            place.good(&["run", &run, "--frames", &rest, "--hashes", "b.txt", "--load-state", "s", "-q"]);
            assert!(place.text("a.txt") + &place.text("b.txt") == whole, "{name} saved after {at} frames");
        }
    }
}

// covers VM-6
#[test]
fn cartridges_are_assembled_from_their_disassembly() {
    for (name, folder) in cartridges() {
        let place = Place::new();
        place.good(&["asm", folder.to_str().expect("UTF-8"), "-o", "a.cart"]);
        place.good(&["disasm", "a.cart", "-o", "a.asm"]);
        place.good(&["asm", "a.asm", "-o", "b.cart"]);
        assert!(place.read("a.cart") == place.read("b.cart"), "{name}");
        place.good(&["info", "a.cart"]);
    }
}

#[test]
fn cartridges_with_a_screen_show_something() {
    for (name, folder) in cartridges() {
        let place = Place::new();
        let folder = folder.to_str().expect("UTF-8");
        let info: serde_json::Value =
            serde_json::from_str(&place.good(&["info", folder, "--json"])).expect("JSON");
        if info["video"].is_null() {
            continue;
        }
        place.good(&["run", folder, "--frames", "60", "--png", "p.png", "-q"]);
        let mut reader =
            png::Decoder::new(std::io::Cursor::new(place.read("p.png"))).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("a picture");
        assert!(pixels.iter().any(|&pixel| pixel != pixels[0]), "{name} shows one colour only");
    }
}
