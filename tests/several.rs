//! What `run` and `replay` can do with one cartridge, done with several: outputs, choice of a module, recovery, resumption, ends.

mod common;

use std::path::Path;

use common::Place;

const PAINTER: &str = ".title \"painter\"
.video 16, 8
.capability gfx, audio
.data count: i32 0
.data tone: i32 0
.func update()
  .local n, status: i32
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  syscall gfx.clear(n)
  return
.end
";
/// Holds another number in its `count`, and ends after five frames.
const CLERK: &str = ".title \"clerk\"
.capability fs
.data count: i32 1000
.data name: text \"note\"
.func main()
  .local n, status, request: i32
  i32.load n, [count]
again:
  loop
  i32.add n, n, 1
  i32.store [count], n
  frame.sync
  br.i32.lt_s n, 1005, again
  halt 0
.end
";
const BOSS: &str = ".title \"boss\"
.capability module
.data name: text \"helper\"
.func main()
  .local child, status: i32
  syscall module.load(name, sizeof(name)) -> status, child
wait:
  loop
  frame.sync
  syscall module.poll(child) -> status
  br.i32.eq status, 1, wait
  syscall module.start(child) -> status
  frame.sync
  frame.sync
  frame.sync
  syscall module.pause(child) -> status
  frame.sync
  halt 0
.end
";
const MACHINE: &str = "[[module]]
name = \"boss\"
file = \"boss.asm\"

[[program]]
name = \"helper\"
file = \"painter.asm\"
";

fn place() -> Place {
    Place::with(&[
        ("painter.asm", PAINTER),
        ("clerk.asm", CLERK),
        ("boss.asm", BOSS),
        ("machine.toml", MACHINE),
    ])
}

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn each_module_has_its_own_outputs_as_if_it_ran_alone() {
    let place = place();
    let outputs = |base: &str| -> Vec<String> {
        let kinds = [
            ("--png", "png"),
            ("--gif", "gif"),
            ("--apng", "apng.png"),
            ("--wav", "wav"),
            ("--dump-memory", "bin"),
        ];
        kinds.iter().flat_map(|(option, end)| [(*option).to_owned(), format!("{base}.{end}")]).collect()
    };
    let run = |paths: &[&str], more: &[&str], base: &str| {
        let outputs = outputs(base);
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        place.good(&[&["run"], paths, &["--frames", "4", "-q", "--scale", "2"], more, &outputs].concat());
    };
    run(&["painter.asm"], &[], "alone");
    run(&["clerk.asm", "painter.asm", "painter.asm"], &[], "all");
    run(&["clerk.asm", "painter.asm", "painter.asm"], &["--module", "painter"], "one");
    run(&["clerk.asm", "painter.asm", "painter.asm"], &["--module", "2"], "two");
    for end in ["png", "gif", "apng.png", "wav", "bin"] {
        let alone = place.read(&format!("alone.{end}"));
        let named = match end {
            "apng.png" => "all.apng.painter.png".to_owned(),
            end => format!("all.painter.{end}"),
        };
        for name in
            [&named, &named.replace("painter", "painter-2"), &format!("one.{end}"), &format!("two.{end}")]
        {
            assert!(place.read(name) == alone, "{name}");
        }
    }
    // The clerk has no picture and no sound, and a memory.
    assert_eq!(
        place.names().iter().filter(|name| name.contains("clerk")).collect::<Vec<_>>(),
        ["all.clerk.bin", "clerk.asm"]
    );
}

#[test]
fn a_module_that_is_loaded_later_has_outputs_too() {
    let place = place();
    place.good(&["run", "machine.toml", "--gif", "a.gif", "--wav", "a.wav", "--png", "a.png", "-q"]);
    assert!(["a.helper.gif", "a.helper.wav", "a.helper.png"].iter().all(|name| !place.read(name).is_empty()));
    place.good(&["run", "machine.toml", "--gif", "b.gif", "--module", "helper", "-q"]);
    assert!(place.read("a.helper.gif") == place.read("b.gif"));
    let out = place.good(&["run", "machine.toml", "--watch", "count", "-q"]);
    assert_eq!(out.lines().last(), Some("frame 5      helper.count = 3"), "{out}");
}

#[test]
fn what_one_cartridge_is_told_and_asked_several_are_too() {
    let place = place();
    let run = [
        "painter.asm",
        "clerk.asm",
        "--frames",
        "9",
        "--realtime-check",
        "--audit",
        "a.audit",
        "--net",
        "none.jsonl",
    ];
    place.write("none.jsonl", "");
    let ran = place.json(&run);
    assert!(ran["realtime"]["share"].as_f64() > Some(0.0), "{ran}");
    assert_eq!(ran["audit"]["file"], "a.audit");
    place.good(&["audit", "verify", "a.audit"]);
    let text = place.good(&[&["run"], &run[..5]].concat());
    for part in ["modules      2\n", "real time    ", "module 0     painter (running)\n  cycles/frame median"]
    {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    // A policy takes the place of that of a saved state.
    place.good(&["run", "painter.asm", "clerk.asm", "--frames", "2", "--save-state", "s", "-q"]);
    place.write("open.toml", "mode = \"permissive\"\n");
    let rest = ["painter.asm", "clerk.asm", "--load-state", "s", "--frames", "2", "--policy", "open.toml"];
    let rest = place.json(&rest);
    assert!(rest["actions"][0]["action"].as_str().is_some_and(|action| action.contains("policy")), "{rest}");
}

#[test]
fn a_module_that_is_unloaded_leaves_what_it_was_until_then() {
    let place = place();
    let ear = PAINTER.replace("gfx, audio", "gfx, audio, port, fs");
    place.write("ear.asm", ear);
    place.write(
        "ender.asm",
        ".title \"ender\"\n.capability module\n.func main()\n .local s: i32\n frame.sync\n syscall module.stop(1, 0) -> s
         frame.sync\n frame.sync\n syscall module.unload(1) -> s\n frame.sync\n frame.sync\n halt 3\n.end\n",
    );
    let ear = "name = \"ear\"\nfile = \"ear.asm\"\nsupervisor = \"ender\"\nstorage = \"files\"\n";
    place.write(
        "end.toml",
        format!("[[module]]\nname = \"ender\"\nfile = \"ender.asm\"\n\n[[module]]\n{ear}"),
    );
    place.write("lines.txt", "more than it reads\n".repeat(3_000));
    let run = ["run", "end.toml", "--stdin", "lines.txt", "--module", "ear"];
    let outputs = ["--gif", "a.gif", "--wav", "a.wav", "--watch", "count", "-q"];
    let done = place.run(&[&run[..], &outputs].concat());
    let counted = "frame 0      count = 1\nframe 1      count = 2\nframe 2      count = 2\n";
    assert_eq!((done.status, done.stdout.as_str()), (19, counted), "{}", done.stderr);
    assert!(["a.gif", "a.wav"].iter().all(|name| !place.read(name).is_empty()));
    let error = place.bad(&[&run[..], &["--png", "a.png", "-q"]].concat());
    assert!(
        error.contains("module ear does not have a picture (it is unloaded at the end of the run)"),
        "{error}"
    );
}

#[test]
fn data_are_watched_by_module() {
    let place = place();
    let run = ["run", "painter.asm", "clerk.asm", "--frames", "2", "-q", "--watch", "count"];
    let all = "\
frame 0      painter.count = 1
frame 0      clerk.count = 1001
frame 1      painter.count = 2
frame 1      clerk.count = 1002
";
    assert_eq!(place.good(&run), all);
    let one = place.good(&[&run[..], &["--module", "clerk"]].concat()[..]);
    assert_eq!(one, "frame 0      count = 1001\nframe 1      count = 1002\n");
}

#[test]
fn a_choice_that_is_none_is_told_before_anything_runs() {
    let place = place();
    for (args, said) in [
        (
            &["painter.asm", "clerk.asm", "--module", "3"][..],
            "there is no module 3; there are 0 painter, 1 clerk",
        ),
        (&["painter.asm", "--module", "clerk"], "there is no module clerk; there is 0 painter"),
        (&["machine.toml", "--module", "nobody"], "there are 0 boss; later perhaps helper"),
        (
            &["painter.asm", "clerk.asm", "--watch", "cuont"],
            "no cartridge has a datum of that name; did you mean `count`?",
        ),
        (
            &["painter.asm", "clerk.asm", "--module", "clerk", "--png", "x.png"],
            "module clerk has no picture to write",
        ),
        (
            &["clerk.asm", "clerk.asm", "--wav", "x.wav"],
            "no module has sound to write: none declares `.capability audio`",
        ),
        (&["painter.asm", "clerk.asm", "--png", "nowhere/x.png"], "there is no folder nowhere"),
        (&["painter.asm", "painter.asm", "--storage", "files"], "no module declares `.capability fs`"),
        (&["painter.asm", "clerk.asm", "--declare", "gfx"], "--declare is for WebAssembly modules"),
        (&["painter.asm", "clerk.asm", "--wasm4-font", "machine.toml"], "--wasm4-font is for WASM-4 games"),
        (&["painter.asm", "clerk.asm", "--stdin", "machine.toml"], "painter reads no messages"),
        (&["machine.toml", "--stdin", "machine.toml", "--module", "helper"], "from the beginning"),
        (&["machine.toml", "clerk.asm"], "name the cartridges in it as [[module]]"),
    ] {
        let error = place.bad(&[&["run"], args].concat());
        assert!(error.contains(said), "{args:?}: {error}");
    }
    assert!(
        place.names().iter().all(|name| !name.starts_with('x') && name != "files"),
        "{:?}",
        place.names()
    );
    // What can come, and does not in these frames, is told at the end.
    let error =
        place.bad(&["run", "machine.toml", "--module", "helper", "--frames", "0", "--dump-memory", "x.bin"]);
    assert!(error.contains("there was no module helper; there were 0 boss"), "{error}");
    let error = place.bad(&["run", "machine.toml", "--frames", "0", "--png", "x.png"]);
    assert!(error.contains("x.png: there is nothing to write: no module has a picture"), "{error}");
}

#[test]
fn modules_keep_their_files_in_folders_of_their_own() {
    let place = place();
    let file = std::fs::read_to_string(shipped("card/card.asm")).expect("the source is there");
    place.write("card.asm", file.replace("../lib/", ""));
    for name in ["digits.inc", "palette.inc", "buttons.inc", "audio.inc"] {
        place.write(name, std::fs::read(shipped(&format!("lib/{name}"))).expect("it is there"));
    }
    let run = ["run", "card.asm", "painter.asm", "card.asm", "--frames", "60", "-q", "--storage"];
    place.good(&[&run[..], &["all"]].concat());
    place.good(&["run", "card.asm", "--frames", "60", "-q", "--storage", "alone"]);
    let alone = files(&place.path("alone"));
    assert!(!alone.is_empty());
    assert_eq!((files(&place.path("all/card")), files(&place.path("all/card-2"))), (alone.clone(), alone));
    assert!(!place.path("all/painter").exists());
    // A quota and a ban count with several too.
    let quota = place.run(&[&run[..], &["some", "--read-only"]].concat());
    assert_eq!(quota.status, 0, "{}", quota.stderr);
    assert!(files(&place.path("some/card")).is_empty());
}

/// Names and contents of the files of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let file = |path: std::path::PathBuf| {
        (
            path.file_name().expect("a name").to_string_lossy().into_owned(),
            std::fs::read(&path).expect("a file"),
        )
    };
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).map(file).collect();
    files.sort();
    files
}

// covers LAY-7
#[test]
fn a_run_ends_when_only_the_host_could_go_on() {
    let place = place();
    let run = |args: &[&str]| {
        let done = place.run(&[&["run"], args, &["--json"]].concat());
        let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        (done.status, summary["stop"].as_str().expect("text").to_owned(), summary["frames"].clone())
    };
    // The boss ends, and what it paused waits for nobody.
    assert_eq!(run(&["machine.toml"]), (0, "waiting".to_owned(), 6.into()));
    assert_eq!(run(&["clerk.asm", "clerk.asm"]), (0, "idle".to_owned(), 6.into()));
    assert_eq!(run(&["clerk.asm", "painter.asm", "-f", "20"]), (0, "frames".to_owned(), 20.into()));
    let (policy, one) = (shipped("quarantine/policy.toml"), shipped("quarantine"));
    let both = [&one, &one, "--policy", &policy];
    assert_eq!(run(&both), (5, "quarantined".to_owned(), 120.into()));
    let lonely =
        ".capability proc\n.func start()\n .local s: i32\n syscall proc.stop(2) -> s\n return\n.end\n";
    place.write("lonely.asm", format!("{lonely}.func update()\n return\n.end\n"));
    assert_eq!(run(&["lonely.asm"]), (0, "idle".to_owned(), 3.into()));
    // A replay says the same of how it ended, and nothing else of what ended in the middle.
    for (args, stop, frames) in
        [(&both[..], "quarantined", 120), (&["machine.toml"], "waiting", 6), (&["clerk.asm"], "halted", 6)]
    {
        place.run(&[&["run"], args, &["--record", "t.trace", "--embed", "-q"]].concat());
        let replayed: serde_json::Value =
            serde_json::from_str(&place.good(&["replay", "t.trace", "--json"])).expect("JSON");
        assert_eq!((&replayed["stop"], &replayed["frames"]), (&stop.into(), &frames.into()));
        let part: serde_json::Value =
            serde_json::from_str(&place.good(&["replay", "t.trace", "--to", "3", "--json"])).expect("JSON");
        assert_eq!((&part["stop"], &part["frames"]), (&"frames".into(), &3.into()));
    }
}

#[test]
fn each_module_is_recovered_from_its_own_quarantine() {
    let (policy, one) = (shipped("quarantine/policy.toml"), shipped("quarantine"));
    let place = place();
    let run = ["run", "painter.asm", &one, "--policy", &policy, "--frames", "300", "--recover-after", "30"];
    let recorded = place.good(&[&run[..], &["--json", "--record", "t.trace", "--embed"]].concat());
    let recorded: serde_json::Value = serde_json::from_str(&recorded).expect("JSON");
    let recovered = serde_json::json!({ "frame": 149, "action": "recover module 1" });
    assert_eq!(recorded["actions"][0], recovered);
    assert_eq!((&recorded["frames"], &recorded["stop"]), (&300.into(), &"frames".into()));
    let alone = place.json(&[&one, "--policy", &policy, "--frames", "300", "--recover-after", "30"]);
    assert_eq!(recorded["modules"][1]["cycles_total"], alone["cycles_total"]);
    let replayed: serde_json::Value =
        serde_json::from_str(&place.good(&["replay", "t.trace", "--json"])).expect("JSON");
    assert_eq!(replayed["state_hash"], recorded["state_hash"]);
}

// covers VM-3 VM-4
#[test]
fn a_recorded_run_of_several_goes_on_where_it_ended() {
    let place = place();
    let supervisor = shipped("supervisor/machine.toml");
    for machine in [&["painter.asm", "clerk.asm"][..], &[&supervisor]] {
        let run = |more: &[&str]| place.good(&[&["run"], machine, &["-q", "--record"], more].concat());
        run(&["whole.trace", "--frames", "150", "--hashes", "whole.txt"]);
        run(&["part.trace", "--frames", "70", "--hashes", "a.txt"]);
        // As after a crash: a trace that ends in the middle of a frame.
        let cut = place.read("part.trace");
        place.write("part.trace", &cut[..cut.len() - 40]);
        let done = place.run(
            &[&["run"], machine, &["-q", "--record", "part.trace", "--resume", "--frames", "80"]].concat(),
        );
        assert_eq!(done.status, 0, "{}", done.stderr);
        let info: serde_json::Value =
            serde_json::from_str(&place.good(&["trace", "info", "part.trace", "--json"])).expect("JSON");
        let frames = info["frames"].as_u64().expect("a number");
        assert!((140..=150).contains(&frames), "{frames}");
        let carts: Vec<&str> =
            machine.iter().filter(|path| path.ends_with(".asm")).flat_map(|path| ["--cart", path]).collect();
        if !carts.is_empty() {
            place.good(&[&["replay", "part.trace", "--hashes", "part.txt", "-q"], &carts[..]].concat());
            assert!(place.text("whole.txt").starts_with(&place.text("part.txt")));
        }
    }
    let error = place.bad(&["run", "clerk.asm", "painter.asm", "-q", "--record", "whole.trace", "--resume"]);
    assert!(error.contains("it was recorded with another cartridge"), "{error}");
    place.write("kept.toml", "[[module]]\nname = \"clerk\"\nfile = \"clerk.asm\"\nstorage = \"files\"\n");
    let error = place.bad(&["run", "kept.toml", "-q", "--record", "whole.trace", "--resume"]);
    assert!(error.contains("--resume is for modules without folders of files"), "{error}");
}

#[test]
fn a_trace_calls_modules_as_its_run_did() {
    let place = place();
    place.write("first.asm", PAINTER.replace("painter", "Great painting"));
    place.write("second.asm", CLERK.replace("clerk", "Clerk of works"));
    let run = ["first.asm", "second.asm", "--frames", "4", "--record", "a.trace"];
    let names = |summary: &serde_json::Value| -> Vec<String> {
        let modules = summary["modules"].as_array().expect("modules");
        modules.iter().map(|module| module["name"].as_str().expect("a name").to_owned()).collect()
    };
    let ran = names(&place.json(&run));
    assert_eq!(ran, ["first", "second"]);
    let replayed = place.good(&["replay", "a.trace", "--json"]);
    assert_eq!(names(&serde_json::from_str(&replayed).expect("JSON")), ran);
    place.good(&["replay", "a.trace", "--module", "second", "--dump-memory", "replayed.bin", "-q"]);
    place.good(&[
        "run",
        "first.asm",
        "second.asm",
        "--frames",
        "4",
        "-q",
        "--module",
        "second",
        "--dump-memory",
        "ran.bin",
    ]);
    assert!(place.read("ran.bin") == place.read("replayed.bin"));
    let profile: serde_json::Value =
        serde_json::from_str(&place.good(&["profile", "a.trace", "--format", "json"])).expect("JSON");
    assert_eq!(names(&profile), ran);
    // What a run is held against, its trace is held against too.
    place.good(&["certify", "first.asm", "second.asm", "--frames", "4", "--write", "b.toml"]);
    let traced = ["certify", "first.asm", "second.asm", "--budget", "b.toml", "--trace", "a.trace"];
    assert!(place.good(&traced).contains("second: "));
    // One by itself is called by its title, and its file is understood.
    for name in ["first", "Great painting", "0"] {
        place.good(&["run", "first.asm", "--frames", "1", "-q", "--module", name]);
        place.good(&["profile", "first.asm", "--frames", "1", "--module", name]);
    }
}

#[test]
fn a_machine_file_is_where_cartridges_of_a_trace_are() {
    let place = Place::new();
    let (machine, trace) = (shipped("talk/machine.toml"), shipped("talk/demo.trace"));
    std::fs::copy(&trace, place.path("demo.trace")).expect("a copy");
    place.bad(&["replay", "demo.trace", "-q"]);
    place.good(&["replay", "demo.trace", "--cart", &machine, "-q"]);
    place.good(&["certify", &machine, "--write", "b.toml", "--frames", "5"]);
    let done = place.command(&["certify", &machine, "--budget", "b.toml", "--trace", "demo.trace"]).output();
    let done = done.expect("the command starts");
    let said = String::from_utf8_lossy(&done.stderr);
    // The budget is that of five frames, and may be broken.
    assert!([Some(0), Some(6)].contains(&done.status.code()), "{said}");
    place.write("other.toml", "[[module]]\nname = \"other\"\nfile = \"other.asm\"\n");
    place.write("other.asm", ".title \"other\"\n.func update()\n return\n.end\n");
    let error = place.bad(&["replay", "demo.trace", "--cart", "other.toml"]);
    assert!(error.contains("other.toml: it names no cartridge with the hash or the title"), "{error}");
}

#[test]
fn cartridges_that_machine_files_name_often_are_looked_at_once() {
    let place = place();
    std::fs::create_dir(place.path("sub")).expect("a folder");
    place.write("sub/z.asm", "; another painter\n".to_owned() + &CLERK.replace("clerk", "late"));
    place.good(&["run", "sub/z.asm", "--frames", "3", "-q", "--record", "sub/a.trace"]);
    for number in 0..70 {
        let up = "../sub/".repeat(number);
        let text = format!("[[module]]\nname = \"painter\"\nfile = \"{up}../painter.asm\"\n");
        place.write(&format!("sub/m{number}.toml"), text);
    }
    place.good(&["replay", "sub/a.trace", "-q"]);
}

#[test]
fn a_state_is_that_of_the_modules_that_are_given() {
    let place = place();
    place.good(&["run", "painter.asm", "clerk.asm", "--frames", "2", "-q", "--save-state", "s"]);
    place.good(&["run", "painter.asm", "clerk.asm", "--frames", "1", "-q", "--load-state", "s"]);
    let error = place.bad(&["run", "clerk.asm", "painter.asm", "--frames", "1", "-q", "--load-state", "s"]);
    assert!(error.contains("s: module 0 is painter in it, and clerk was loaded as that"), "{error}");
    let three = ["painter.asm", "clerk.asm", "painter.asm", "--frames", "1", "-q", "--load-state", "s"];
    let error = place.bad(&[&["run"], &three[..]].concat());
    assert!(error.contains("s: it has no module 2, and painter-2 was loaded as that"), "{error}");
    place.good(&["run", "painter.asm", "painter.asm", "--frames", "2", "-q", "--save-state", "t"]);
    let error = place.bad(&["run", "painter.asm", "--frames", "1", "-q", "--load-state", "t"]);
    assert!(error.contains("t: it has a module 1 (painter) that was not loaded"), "{error}");
}

#[test]
fn names_in_machine_files_can_be_shown() {
    let place = place();
    for (kind, name, said) in [
        ("module", "", "a name has at least a letter"),
        ("module", "a\\nb", "a name has no control characters"),
        ("program", "\\u001B[2J", "a name has no control characters"),
    ] {
        place
            .write("bad.toml", format!("{MACHINE}\n[[{kind}]]\nname = \"{name}\"\nfile = \"painter.asm\"\n"));
        let error = place.bad(&["run", "bad.toml", "-q"]);
        assert!(error.contains(&format!("bad.toml:10:8: {said}")), "{error}");
    }
}
