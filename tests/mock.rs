//! `run --mock`.

mod common;

use common::Place;

/// Halts with 1 when its line does not fit, and with 2 when it may not write.
const GAME: &str = "
.capability log
.func update()
  .local status, same: i32
  syscall log.write(1, \"hello\") -> status
  i32.eq same, status, 5
  br_unless same, next
  halt 1
next:
  i32.eq same, status, 2
  br_unless same, fine
  halt 2
fine:
  return
.end
";

fn place(status: &str) -> Place {
    let place = Place::new();
    place.write("game.asm", GAME);
    place.write(
        "script.toml",
        format!(
            "[[rule]]\nsyscall = \"log.write\"\nstatus = \"{status}\"\ncalls = \"3..\"\nframes = \"10..\"\n"
        ),
    );
    place
}

// covers SEC-1
#[test]
fn a_script_shows_how_a_cartridge_handles_a_status() {
    for (status, code) in [("QUOTA", 17), ("DENIED", 18)] {
        let place = place(status);
        let run = ["run", "game.asm", "--frames", "100", "--mock", "script.toml", "--json", "--audit", "log"];
        let done = place.run(&run);
        assert_eq!(done.status, code, "{}", done.stderr);
        let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(
            (summary["frames"].as_u64(), summary["log"].as_array().map(Vec::len)),
            (Some(13), Some(12))
        );
        let shown = place.good(&["audit", "show", "log", "--frame", "12"]);
        assert!(shown.contains(status) && shown.contains("log.write@1"), "{shown}");
        assert_eq!(place.run(&["run", "game.asm", "--frames", "100", "-q"]).status, 0);
    }
}

#[test]
fn a_run_goes_on_with_what_its_script_has_counted() {
    let place = place("QUOTA");
    let run = |args: &[&str]| {
        place.run(&[&["run", "game.asm", "-q", "--mock", "script.toml"], args].concat()).status
    };
    assert_eq!(run(&["--frames", "11", "--save-state", "half"]), 0);
    assert_eq!(run(&["--frames", "1", "--load-state", "half"]), 0);
    assert_eq!(run(&["--frames", "2", "--load-state", "half"]), 17);
    let error = place.bad(&["run", "game.asm", "--load-state", "half"]);
    assert!(error.contains("another script"), "{error}");
}

#[test]
fn a_bad_script_is_shown_with_its_place() {
    let place = place("QUOTTA");
    let error = place.bad(&["run", "game.asm", "--mock", "script.toml"]);
    assert!(error.contains("script.toml:3:10") && error.contains("did you mean `QUOTA`?"), "{error}");
    place.bad(&["run", "game.asm", "--mock", "missing.toml"]);
    place.write("binary.toml", [0xff, 0xfe]);
    assert!(place.bad(&["run", "game.asm", "--mock", "binary.toml"]).contains("UTF-8"));
}
