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
fn a_run_with_a_script_is_recorded_and_replayed_without_the_file() {
    for keyframes in ["0", "4"] {
        let place = place("QUOTA");
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        let run = ["run", "game.asm", "--frames", "100", "--mock", "script.toml", "--json"];
        let record = ["--record", "run.cwtrace", "--embed", "--keyframes", keyframes];
        let done = place.run(&[&run[..], &record].concat());
        assert_eq!(done.status, 17);
        let hash = json(&done.stdout)["state_hash"].clone();
        let text = place.text("script.toml");
        std::fs::remove_file(place.path("script.toml")).expect("it is there");
        for (from, frames, lines) in [("0", 13, 12), ("9", 4, 3)] {
            let summary = json(&place.good(&["replay", "run.cwtrace", "--json", "--from", from]));
            assert_eq!((&summary["frames"], &summary["state_hash"]), (&frames.into(), &hash));
            assert_eq!(summary["log"].as_array().map(Vec::len), Some(lines));
        }
        assert_eq!(json(&place.good(&["trace", "info", "run.cwtrace", "--json"]))["script"], text);
        assert!(place.good(&["trace", "info", "run.cwtrace"]).contains("of statuses; rules: 1;"));
        // A part of it is under the same script.
        place.good(&["trace", "cut", "run.cwtrace", "--from", "8", "-o", "part.cwtrace"]);
        place.good(&["replay", "part.cwtrace", "-q"]);
    }
}

/// The same run without its script is another one, and a script that was changed is no longer the recorded one.
#[test]
fn a_script_in_a_trace_is_checked() {
    let place = place("QUOTA");
    let record = |name: &str, script: &[&str]| {
        let run = ["run", "game.asm", "--frames", "20", "-q", "--embed", "--record", name];
        place.run(&[&run, script].concat())
    };
    record("scripted.cwtrace", &["--mock", "script.toml"]);
    record("plain.cwtrace", &[]);
    let diff = place.run(&["trace", "diff", "scripted.cwtrace", "plain.cwtrace"]);
    assert!(diff.stdout.contains("different scripts"), "{}{}", diff.stdout, diff.stderr);
    let good = place.read("scripted.cwtrace");
    let at = good.windows(7).position(|window| window == b"[[rule]").expect("the text is in the trace");
    for (place_of, what) in [(at, b'{'), (at + 40, b'X')] {
        let mut bad = good.clone();
        bad[place_of] = what;
        place.write("bad.cwtrace", bad);
        let error = place.bad(&["replay", "bad.cwtrace"]);
        assert!(error.contains("bad.cwtrace") && error.contains("checksum"), "{error}");
    }
    // A script goes with the trace: another one cannot be given to go on.
    let both = ["run", "game.asm", "--record", "scripted.cwtrace", "--resume", "--mock", "script.toml"];
    assert_ne!(place.run(&both).status, 0);
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
