//! The machine of `cartridges/supervisor`, through the real command: what its modules tell, and that it goes on from a state saved
//! in the middle. That its states are those in its `golden.txt` and its `demo.trace` is in `golden.rs`.

mod common;

use std::path::PathBuf;

use common::Place;

fn file(name: &str) -> String {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "cartridges/supervisor"].iter().collect();
    folder.join(name).to_str().expect("UTF-8").to_owned()
}

/// What a module logged, with the frames.
fn story(run: &serde_json::Value, module: usize) -> Vec<String> {
    let log = run["modules"][module]["log"].as_array().expect("a log");
    let line =
        |line: &serde_json::Value| format!("{} {}", line["frame"], line["text"].as_str().expect("text"));
    log.iter().map(line).collect()
}

// covers LAY-7
#[test]
fn the_boss_tells_what_it_does_and_what_becomes_of_its_children() {
    let run = Place::new().json(&[&file("machine.toml")]);
    let boss = "\
0 I load walker
1 walker is ready
2 walker is running
2 I load kitchen
3 kitchen is ready
4 kitchen is running
6 glutton is running
25 I pause walker
26 walker is paused
45 I resume walker
46 walker is running
65 I give another program to walker
85 I stop walker
86 walker is stopping
89 walker is stopped
90 walker is unloaded
136 glutton is quarantined
136 I try to get rid of glutton
136 only the host ends a quarantine: it goes with who loaded it
136 I stop kitchen
137 kitchen is stopped
138 kitchen is unloaded
138 glutton is unloaded
138 I load sparrow
139 sparrow is ready
140 sparrow is running
185 I stop sparrow
186 sparrow is stopping
188 sparrow is stopped
189 sparrow is unloaded
189 that is all";
    assert_eq!(story(&run, 0), boss.lines().collect::<Vec<_>>());
    // It takes no step while it is paused, and begins anew as another program under its own number.
    let walker = [
        "9 step 1",
        "17 step 2",
        "25 step 3",
        "53 step 4",
        "61 step 5",
        "70 a lap",
        "75 a lap",
        "80 a lap",
        "85 a lap",
        "88 my last frame: everything is in order",
    ];
    assert_eq!(story(&run, 1), walker);
    assert_eq!(story(&run, 4), ["159 a crumb is enough", "179 a crumb is enough"]);
    let states: Vec<_> = (0..5).map(|module| run["modules"][module]["state"].as_str()).collect();
    let gone = Some("unloaded");
    assert_eq!(states, [Some("stopped"), gone, gone, gone, gone]);
}

/// Without the policy nobody goes into quarantine: the boss waits for it until the frames are over.
#[test]
fn it_is_the_policy_that_quarantines() {
    let place = Place::new();
    for name in ["boss", "walker", "runner", "kitchen", "glutton", "sparrow"] {
        let source = std::fs::read_to_string(file(&format!("{name}.asm"))).expect("the source is there");
        place.write(&format!("{name}.asm"), source.replace("../lib/", ""));
    }
    place.write("digits.inc", std::fs::read(file("../lib/digits.inc")).expect("it is there"));
    let machine = std::fs::read_to_string(file("machine.toml")).expect("it is there");
    place.write("machine.toml", machine.replace("policy = \"policy.toml\"", ""));
    let run = place.json(&["machine.toml", "--frames", "200"]);
    let last = story(&run, 0).pop();
    assert_eq!(last.as_deref(), Some("90 walker is unloaded"));
    assert_eq!(run["modules"][3]["state"], "running");
}

/// Saved while a load is under way, in the pause, when a command was asked for, in quarantine, and when some are gone.
// covers VM-3
#[test]
fn it_goes_on_from_a_state_saved_in_the_middle() {
    let place = Place::new();
    let machine = file("machine.toml");
    place.good(&["run", &machine, "--hashes", "whole.txt", "-q"]);
    let whole = place.text("whole.txt");
    for at in ["1", "5", "30", "66", "87", "91", "137", "139", "187"] {
        place.good(&["run", &machine, "--frames", at, "--hashes", "a.txt", "--save-state", "s", "-q"]);
        place.good(&["run", &machine, "--hashes", "b.txt", "--load-state", "s", "-q"]);
        assert!(place.text("a.txt") + &place.text("b.txt") == whole, "saved after {at} frames");
    }
    place.good(&["run", &machine, "--sync-test", "3", "-q"]);
}
