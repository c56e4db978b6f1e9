//! `cartwheel profile` and `cartwheel certify` of machines: several modules, some of which come, go and become others, under
//! what `run` can be asked for too.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Place, machines};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Sum of the numbers at some places of rows.
fn sum(rows: &Value, places: &[usize]) -> u64 {
    let number = |row: &Value, place: usize| row[place].as_u64().expect("a number");
    list(rows).iter().map(|row| places.iter().map(|&place| number(row, place)).sum::<u64>()).sum()
}

/// Every view of every frame of every module has the cycles that the machine counted. Gives the cycles of each module number.
fn assert_adds_up(profile: &Value) -> BTreeMap<u64, u64> {
    let mut cycles = BTreeMap::new();
    for module in list(&profile["modules"]) {
        for frame in list(&module["frames"]) {
            let at = format!("{} in frame {}", module["name"], frame["frame"]);
            let counted = frame["cycles"].as_u64().expect("a number");
            assert_eq!(sum(&frame["functions"], &[2, 3]), counted, "functions of {at}");
            assert_eq!(sum(&frame["lines"], &[1, 2]), counted, "lines of {at}");
            assert_eq!(sum(&frame["stacks"], &[2]), counted, "stacks of {at}");
            assert_eq!(sum(&frame["functions"], &[3]), sum(&frame["syscalls"], &[2, 3]), "syscalls of {at}");
            *cycles.entry(module["module"].as_u64().expect("a number")).or_default() += counted;
        }
    }
    cycles
}

/// Cycles by module as `run` says them.
fn run_cycles(text: &str) -> BTreeMap<u64, u64> {
    let summary = json(text);
    let of = |module: &Value| {
        let number = |key: &str| module[key].as_u64().expect("a number");
        (number("module"), number("cycles_total"))
    };
    list(&summary["modules"]).iter().map(of).collect()
}

// covers POL-22
#[test]
fn every_cycle_of_every_module_of_every_machine_file_is_accounted_for() {
    for (name, file) in machines() {
        let place = Place::new();
        let file = file.to_str().expect("UTF-8");
        let profile = json(&place.good(&["profile", file, "--frames", "240", "--format", "json"]));
        let ran = run_cycles(&place.good(&["run", file, "--frames", "240", "--json"]));
        assert_eq!(assert_adds_up(&profile), ran, "{name}");
    }
}

// covers POL-22
#[test]
fn a_cartridge_that_becomes_another_has_a_profile_as_each() {
    let place = Place::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/updater");
    let (old, new) = (folder.join("updater.asm"), folder.join("updater2.asm"));
    std::fs::create_dir(place.path("updates")).expect("a folder");
    place.good(&["asm", new.to_str().expect("UTF-8"), "-o", "updates/updater2.cart"]);
    let run = [old.to_str().expect("UTF-8"), "--mount", "updates=updates", "--frames", "200"];
    let profile = json(&place.good(&[&["profile"], &run[..], &["--format", "json"]].concat()));
    assert_adds_up(&profile);
    let modules = list(&profile["modules"]);
    assert_eq!(modules.len(), 2, "before and after");
    assert_ne!(modules[0]["cartridge"], modules[1]["cartridge"]);
    let frames: Vec<&Value> = modules.iter().flat_map(|module| list(&module["frames"])).collect();
    let numbers: Vec<Option<u64>> = frames.iter().map(|frame| frame["frame"].as_u64()).collect();
    assert_eq!(numbers, (0..200).map(Some).collect::<Vec<_>>(), "each frame is in one of them");
    let text = place.good(&[&["profile"], &run[..], &["--by", "module"]].concat());
    assert!(text.contains(" from frame "), "{text}");
}

/// A supervisor whose worker is replaced by itself, so that equal programs follow each other under one number.
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
  syscall module.replace(child, name, sizeof(name)) -> status
  frame.sync
  frame.sync
  halt 0
.end
";
const HELPER: &str = ".title \"helper\"
.video 8, 8
.capability gfx
.func paint(color: i32)
  syscall gfx.clear(color)
  return
.end
.func update()
  call paint(3)
  return
.end
";
const MACHINE: &str = "[[module]]
name = \"boss\"
file = \"boss.asm\"

[[program]]
name = \"helper\"
file = \"helper.asm\"
";

fn place() -> Place {
    let place = Place::new();
    place.write("boss.asm", BOSS);
    place.write("helper.asm", HELPER);
    place.write("machine.toml", MACHINE);
    place
}

#[test]
fn a_module_that_is_replaced_has_its_last_frame() {
    let place = place();
    let run = |args: &[&str]| place.good(&[&["profile", "machine.toml", "--frames", "12"], args].concat());
    let profile = json(&run(&["--format", "json"]));
    let ran = run_cycles(&place.good(&["run", "machine.toml", "--frames", "12", "--json"]));
    assert_eq!(assert_adds_up(&profile), ran);
    let names: Vec<&str> =
        list(&profile["modules"]).iter().map(|module| module["name"].as_str().expect("text")).collect();
    assert_eq!(names, ["boss", "helper", "helper"]);
    // Replaying the recorded run comes to the same profile.
    place.good(&["run", "machine.toml", "--frames", "12", "--record", "run.trace", "--embed", "-q"]);
    assert_eq!(assert_adds_up(&json(&place.good(&["profile", "run.trace", "--format", "json"]))), ran);
}

#[test]
fn views_name_the_module_and_one_can_be_chosen() {
    let place = place();
    let run = |args: &[&str]| place.good(&[&["profile", "machine.toml", "--frames", "12"], args].concat());
    let summary = run(&[]);
    assert!(
        summary.contains("module       boss\n") && summary.contains("module       helper\n"),
        "{summary}"
    );
    let csv = run(&["--by", "function", "--format", "csv"]);
    assert!(csv.starts_with("module,frame,function,") && csv.contains("\r\nhelper,"), "{csv}");
    let folded = run(&["--format", "folded"]);
    assert!(folded.contains("helper;update;paint;gfx.clear@1 "), "{folded}");
    let speedscope = json(&run(&["--format", "speedscope"]));
    assert_eq!(list(&speedscope["profiles"]).len(), 3);
    let chrome = json(&run(&["--format", "chrome"]));
    let named: Vec<&Value> =
        list(&chrome["traceEvents"]).iter().filter(|event| event["name"] == "process_name").collect();
    assert_eq!(named.len(), 3);
    // The chosen one has the figures that it has among the others.
    let chosen = run(&["--module", "helper", "--by", "function"]);
    assert!(chosen.contains("module helper from frame 4\n") && !chosen.contains("main"), "{chosen}");
    assert_eq!(chosen, run(&["--module", "1", "--by", "function"]));
    let alone = run(&["--module", "helper from frame 4", "--by", "function"]);
    assert!(alone.starts_with("function ") && chosen.contains(&alone), "{alone}");
    let message = place.bad(&["profile", "machine.toml", "--module", "cook"]);
    assert!(message.contains("there is no module cook; there are 0 boss; later perhaps helper"), "{message}");
}

// covers POL-23
#[test]
fn budgets_of_machines_hold_for_each_module() {
    let place = place();
    let certify = |args: &[&str]| {
        let args = [&["certify", "machine.toml", "--frames", "12"], args].concat();
        let output = place.command(&args).output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(certify(&["--write", "b.toml"]).0, Some(0));
    let budget = place.text("b.toml");
    assert!(budget.contains("[module.\"helper\".syscall.\"gfx.clear@1\"]"), "{budget}");
    let (status, out, errors) = certify(&["--budget", "b.toml"]);
    assert_eq!(status, Some(0), "{out}{errors}");
    place.write("tight.toml", "[module.helper.frame]\ncycles_max = 1\n");
    let (status, out, _) = certify(&["--budget", "tight.toml", "--junit", "report.xml"]);
    assert_eq!(status, Some(6));
    assert!(out.contains("BROKEN  helper: frame.cycles_max = 1 "), "{out}");
    assert!(out.contains("BROKEN  helper from frame 4: frame.cycles_max = 1 "), "{out}");
    assert!(!out.contains("BROKEN  boss"), "{out}");
    assert_eq!(place.text("report.xml").matches("<failure ").count(), 2);
    place.write("other.toml", "[module.cook]\noverruns = 0\n");
    let (status, _, errors) = certify(&["--budget", "other.toml"]);
    assert_eq!(status, Some(1));
    assert!(errors.contains("no module was called `cook`; there were boss, helper"), "{errors}");
}

#[test]
fn profiles_are_of_the_run_that_was_asked_for() {
    let place = place();
    let run = |args: &[&str]| place.good(&[&["profile", "helper.asm", "--frames", "6"], args].concat());
    let usual = run(&["--by", "status"]);
    assert!(!usual.contains("DENIED"), "{usual}");
    place.write("none.toml", "[[rule]]\nsyscall = \"gfx.*\"\nverdict = \"deny\"\n");
    let refused = place.run(&["profile", "helper.asm", "--frames", "6", "--policy", "none.toml"]);
    assert_ne!(refused.stdout, run(&[]), "{}{}", refused.stdout, refused.stderr);
    // The same log as that of a run.
    run(&["--audit", "profiled.audit"]);
    place.good(&["run", "helper.asm", "--frames", "6", "-q", "--audit", "ran.audit"]);
    assert_eq!(place.read("profiled.audit"), place.read("ran.audit"));
    // What was recorded is not run under anything else.
    run(&["-o", "p.json"]);
    let message = place.bad(&["profile", "p.json", "--policy", "none.toml"]);
    assert!(message.contains("it is a profile already"), "{message}");
    let message = place.bad(&["profile", "diff", "p.json", "helper.asm", "--audit", "x.audit"]);
    assert!(message.contains("--audit is for one run"), "{message}");
}

#[test]
fn a_module_of_several_is_called_one_and_asked_for_before_the_run() {
    let breaker =
        ".title \"breaker\"\n.func main()\n .local n: i32\n frame.sync\n i32.div_s n, 1, n\n halt 0\n.end\n";
    let place = Place::with(&[("helper.asm", HELPER), ("breaker.asm", breaker)]);
    let two = ["profile", "helper.asm", "breaker.asm", "--frames", "3"];
    let chosen = place.run(&[&two[..], &["--module", "helper"]].concat()).stdout;
    assert!(chosen.starts_with("module       helper\n"), "{chosen}");
    assert!(place.good(&["profile", "helper.asm", "--frames", "3"]).starts_with("cartridge    helper\n"));
    // More frames than a test could wait for.
    let long = ["profile", "helper.asm", "breaker.asm", "--frames", "1000000000", "--module", "nope"];
    assert!(place.bad(&long).contains("there is no module nope; there are 0 helper, 1 breaker"));
    // How a module trapped is told with its name, as `run` tells it.
    let done = place.run(&["run", "helper.asm", "breaker.asm", "--frames", "3", "-q"]);
    assert!(done.stderr.starts_with("breaker: "), "{}", done.stderr);
    assert_eq!(place.run(&two).stderr, done.stderr);
    let written = ["certify", "helper.asm", "breaker.asm", "--frames", "3", "--write", "b.toml"];
    assert_eq!(place.run(&written).stderr, done.stderr);
    // A name goes before a number.
    place.write("0.asm", HELPER);
    let named = place.good(&["profile", "breaker.asm", "0.asm", "--frames", "1", "--module", "0"]);
    assert!(named.starts_with("module       0\n") && named.contains("paint"), "{named}");
    // What cannot run beside others is what is wrong.
    place.good(&["run", "helper.asm", "--frames", "2", "-q", "--record", "one.trace"]);
    let message = place.bad(&["profile", "one.trace", "helper.asm"]);
    assert!(message.contains("one.trace: it is a trace, so nothing runs beside it"), "{message}");
}
