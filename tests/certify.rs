//! `cartwheel certify`: budgets that fail a run.

mod common;

use common::{Done, Place};
use serde_json::Value;

const DRAWS: &str = ".video 16, 16 .capability gfx
.memory 1
.shape node { a: scalar, next: handle }
.data count: i32 0
.func update()
  .local n: i32, h: handle
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  record.new h, node
  syscall gfx.pixel(n, 1, 2)
  br.i32.ne n, 7, done
  syscall gfx.clear(3)
done:
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("draws.asm", DRAWS);
    place
}

/// Holds 20 frames against a budget: status and text.
fn certify(place: &Place, budget: &str) -> (i32, String) {
    place.write("b.toml", budget);
    let output = place.command(&["certify", "draws.asm", "--budget", "b.toml", "--frames", "20"]).output();
    let done = common::Done::from(output.expect("the command starts"));
    (done.status, done.stdout + &done.stderr)
}

/// Every figure of the profile is the limit that just holds: one less breaks.
// covers POL-23
#[test]
fn a_budget_has_the_figures_of_the_profile_and_of_the_run() {
    let place = place();
    let profile: Value =
        serde_json::from_str(&place.good(&["profile", "draws.asm", "--frames", "20", "--format", "json"]))
            .expect("JSON");
    let module = &profile["modules"][0];
    let frames = module["frames"].as_array().expect("frames");
    let most = |of: &dyn Fn(&Value) -> u64| frames.iter().map(of).max().expect("frames");
    let field = |name: &'static str| most(&move |frame: &Value| frame[name].as_u64().expect("a number"));
    let summary = place.json(&["draws.asm", "--frames", "20"]);
    assert_eq!(summary["cycles_max"].as_u64(), Some(field("cycles")));

    let mut limits = vec![
        ("[frame]\ncycles_max".to_owned(), field("cycles")),
        ("[frame]\ncycles_median".to_owned(), summary["cycles_median"].as_u64().expect("a number")),
        ("[frame]\ncycles_p99".to_owned(), field("cycles")),
        ("[frame]\ncalls_max".to_owned(), field("calls")),
        ("[frame]\nallocated_bytes_max".to_owned(), field("bytes")),
        ("[frame]\nallocated_objects_max".to_owned(), field("objects")),
        ("[frame]\nmemory_bytes_max".to_owned(), field("memory_bytes")),
        ("[frame]\nheap_bytes_max".to_owned(), field("heap_bytes")),
        ("[frame]\nheap_objects_max".to_owned(), field("heap_objects")),
    ];
    for (index, syscall) in module["syscalls"].as_array().expect("syscalls").iter().enumerate() {
        for (column, key) in [(1, "calls_max"), (2, "cycles_max")] {
            let value = most(&|frame: &Value| {
                let rows = frame["syscalls"].as_array().expect("rows");
                rows.iter()
                    .find(|row| row[0] == index)
                    .map_or(0, |row| row[column].as_u64().expect("a number"))
            });
            limits.push((format!("[syscall.{}]\n{key}", syscall["id"]), value));
        }
    }
    assert_eq!(limits.len(), 13);
    for (key, value) in limits {
        assert!(value > 0, "{key}");
        let (status, text) = certify(&place, &format!("{key} = {value}\n"));
        assert_eq!(status, 0, "{text}");
        let (status, text) = certify(&place, &format!("{key} = {}\n", value - 1));
        assert_eq!(status, 6, "{text}");
        assert!(text.contains("BROKEN") && text.contains("frame "), "{text}");
    }
}

#[test]
fn broken_lines_are_named_with_frame_and_cause() {
    let place = place();
    let (status, text) = certify(&place, "capabilities = [\"log\"]\n[frame]\ncycles_max = 60\n");
    assert_eq!(status, 6);
    assert!(text.contains("`gfx` is declared for gfx.pixel@1, gfx.clear@1"), "{text}");
    assert!(text.contains("in frame 6; ") && text.contains("most of it "), "{text}");
    assert!(text.contains("draws.asm:"), "{text}");
    assert!(text.contains("breaks 2 of 3 lines"), "{text}");

    place.write("draws.asm", DRAWS.replace("syscall gfx.clear(3)", "trap 3"));
    let (status, text) = certify(&place, "");
    assert_eq!(status, 6);
    assert!(text.contains("in frame 6: trap"), "{text}");
    assert_eq!(certify(&place, "traps_allowed = true\n").0, 0);

    let endless = "again:\n  loop\n  i32.add n, n, 1\n  br again\n";
    place.write("draws.asm", DRAWS.replace("  syscall gfx.clear(3)\n", endless));
    let (status, text) = certify(&place, "overruns = 0\n");
    assert_eq!(status, 6);
    assert!(text.contains("the first is in frame 6 (budget spent)"), "{text}");
}

/// Counts, and traps in frame 3 where `FRAMES` is 4.
const COUNTS: &str = ".data count: i32 0
.func update()
  .local n: i32
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  br.i32.ne n, FRAMES, done
  i32.div_s n, n, 0
done:
  return
.end
";

#[test]
fn a_module_that_traps_beside_others_counts_up_to_its_trap() {
    let place = Place::new();
    place.write("a.asm", COUNTS.replace("FRAMES", "4"));
    place.write("b.asm", COUNTS.replace("FRAMES", "-1"));
    let run = |more: &[&str]| {
        let args = [&["certify", "a.asm", "b.asm", "--frames", "20"], more].concat();
        Done::from(place.command(&args).output().expect("it starts"))
    };
    assert_eq!(run(&["--write", "b.toml"]).status, 2);
    assert!(!place.text("b.toml").contains("cycles_median = 0"), "{}", place.text("b.toml"));
    let done = run(&["--budget", "b.toml"]);
    assert_eq!(done.status, 6, "{}", done.stderr);
    let broken: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with("BROKEN")).collect();
    assert!(matches!(broken[..], [line] if line.contains("it trapped; in frame 3: ")), "{}", done.stdout);
}

#[test]
fn a_proposed_budget_can_be_read_whatever_modules_are_called() {
    let place = Place::new();
    place.write(
        "a.asm",
        format!(".title \"e\\x1b[31m \\\"q\\\" \\\\ \\x7f\"\n{}", COUNTS.replace("FRAMES", "-1")),
    );
    place.write("b.asm", COUNTS.replace("FRAMES", "-1"));
    place.good(&["certify", "a.asm", "b.asm", "--frames", "20", "--write", "b.toml"]);
    place.good(&["certify", "a.asm", "b.asm", "--frames", "20", "--budget", "b.toml"]);
}

#[test]
fn a_proposed_budget_is_kept() {
    let place = place();
    place.good(&["certify", "draws.asm", "--frames", "20", "--write", "b.toml"]);
    place.good(&["certify", "draws.asm", "--frames", "20", "--budget", "b.toml", "--junit", "ok.xml"]);
    assert!(place.text("ok.xml").contains("failures=\"0\""));
    let tight = place.text("b.toml").replace("capabilities = [\"gfx\"]", "capabilities = []");
    place.write("b.toml", tight);
    let output = place
        .command(&["certify", "draws.asm", "--frames", "20", "--budget", "b.toml", "--junit", "bad.xml"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(6));
    let xml = place.text("bad.xml");
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("<failure message=\"[&quot;gfx&quot;]\">"),
        "{xml}"
    );
    for name in ["testsuites", "testsuite"] {
        assert_eq!(
            (xml.matches(&format!("<{name} ")).count(), xml.matches(&format!("</{name}>")).count()),
            (1, 1)
        );
    }
}

#[test]
fn bad_budgets_are_refused_with_what_is_wrong() {
    let place = place();
    for (budget, expected) in [
        ("[frame]\ncycles = 3\n", "unknown field `cycles`"),
        ("[frame]\ncycles_max = -3\n", "cycles_max"),
        ("[syscall.\"gfx.nothing\"]\ncalls_max = 1\n", "no syscall is called `gfx.nothing`"),
        ("capabilities = [\"gxf\"]\n", "no capability is called `gxf`"),
        ("[frame\n", "b.toml"),
        ("[syscall.\"gfx.pixel\"]\n[syscall.\"gfx.pixel@1\"]\n", "twice"),
    ] {
        let (status, text) = certify(&place, budget);
        assert_eq!(status, 1, "{text}");
        assert!(text.contains(expected), "{text}");
    }
    place.bad(&["certify", "draws.asm"]);
}
