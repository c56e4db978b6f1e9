//! `run --audit` and `cartwheel audit`.

mod common;

use std::process::Stdio;
use std::time::Duration;

use common::Place;
use serde_json::Value;

/// Draws, logs with a level that does not exist in every tenth frame, and traps in frame 50.
const GAME: &str = "
.title \"Audited\"
.video 16, 16
.capability gfx, log
.func update()
  .local frame, level, status: i32
  frame.index frame
  syscall gfx.pixel(frame, 3, 7)
  i32.rem_u level, frame, 10
  i32.const status, 0
  br_if level, fine
  i32.const level, 9
  syscall log.write(level, \"tenth\") -> status
fine:
  i32.eq status, frame, 50
  br_unless status, on
  syscall gfx.text(-1, 5, 0, 0, 0)
on:
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("game.asm", GAME);
    place
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

// covers SEC-10
#[test]
fn every_call_of_a_run_is_in_its_log() {
    let place = place();
    assert_eq!(
        place
            .run(&["run", "game.asm", "--frames", "100", "--audit", "log", "--audit-key", "key", "-q"])
            .status,
        2
    );
    let report: Value =
        serde_json::from_str(&place.good(&["audit", "verify", "log", "--key", "key.pub", "--json"]))
            .expect("JSON");
    // 51 pixels, 6 lines and the text that traps.
    assert_eq!((report["entries"].as_u64(), report["signed_entries"].as_u64()), (Some(58), Some(58)));
    assert_eq!((report["first_frame"].as_u64(), report["last_frame"].as_u64()), (Some(0), Some(50)));

    let all = lines(&place.good(&["audit", "export", "log"]));
    let calls: Vec<&Value> = all.iter().filter(|line| line["sequence"].is_u64()).collect();
    assert_eq!(calls.len(), 58);
    for (number, call) in calls.iter().enumerate() {
        assert_eq!((call["sequence"].as_u64(), call["module"].as_u64()), (Some(number as u64), Some(0)));
        assert_eq!(call["transport"], "instruction");
        assert!(call["origin"].as_str().expect("an origin").starts_with("cart:"), "{call}");
        assert_eq!(call["arguments"].as_str().map(str::len), Some(16));
    }
    assert_eq!(
        (&calls[0]["syscall"], &calls[0]["outcome"]),
        (&Value::from("gfx.pixel@1"), &Value::from("done"))
    );
    assert_eq!(
        (&calls[1]["syscall"], &calls[1]["outcome"]),
        (&Value::from("log.write@1"), &Value::from("BAD_LEVEL"))
    );
    assert_eq!(
        (&calls[57]["outcome"], &calls[57]["cycles"]),
        (&Value::from("trap OutOfBoundsSpan"), &Value::from(20))
    );
    assert_ne!(calls[0]["arguments"], calls[2]["arguments"]);
    let events: Vec<&str> = all.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["loaded", "trapped"]);

    let shown = place.good(&["audit", "show", "log", "--syscall", "log.write"]);
    assert_eq!(shown.lines().count(), 7);
    assert!(shown.contains("BAD_LEVEL") && !shown.contains("gfx.pixel"), "{shown}");
    assert_eq!(lines(&place.good(&["audit", "show", "log", "--frame", "50", "--json"])).len(), 3);
    assert_eq!(place.good(&["audit", "show", "log", "--refused"]).lines().count(), 1);
    assert_eq!(place.good(&["audit", "show", "log", "--limit", "5"]).lines().count(), 6);
    assert!(
        place
            .bad(&["audit", "show", "log", "--syscall", "gfx.pixle"])
            .contains("did you mean `gfx.pixel@1`?")
    );
    place.good(&["audit", "export", "log", "-o", "log.jsonl"]);
    assert_eq!(lines(&place.text("log.jsonl")), all);
}

// covers SEC-12
#[test]
fn state_hashes_are_the_same_with_and_without_a_log() {
    let place = place();
    for (name, folder) in common::cartridges().iter().chain([&("game".to_owned(), place.path("game.asm"))]) {
        let cartridge = folder.to_str().expect("a path");
        let (hashes, log) = (format!("{name}.hashes"), format!("{name}.audit"));
        let run = |more: &[&str]| {
            let base = ["run", cartridge, "--frames", "40", "-q", "--hashes", &hashes];
            place.good(&[&base, more].concat());
            place.text(&hashes)
        };
        assert_eq!(run(&["--audit", &log]), run(&[]), "{name}");
        place.good(&["audit", "verify", &log]);
    }
}

// covers SEC-11
#[test]
fn verify_names_the_first_bad_entry_and_finds_a_cut_tail() {
    let place = place();
    let run = ["run", "game.asm", "--frames", "30", "-q", "--audit", "log"];
    place.good(&run);
    let log = place.read("log");
    // The pixel of frame 3 is entry 4; its digest of arguments is found by looking for it.
    let digest = lines(&place.good(&["audit", "show", "log", "--frame", "3", "--json"]))[0]["arguments"]
        .as_str()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .expect("a digest");
    let at = log.windows(8).position(|bytes| bytes == digest.to_le_bytes()).expect("the entry");
    let mut changed = log.clone();
    changed[at + 8] ^= 0x10;
    place.write("changed", &changed);
    let error = place.bad(&["audit", "verify", "changed"]);
    assert!(error.contains("entry 4, frame 3: it was changed"), "{error}");
    let mut dropped = log.clone();
    dropped.drain(at..at + 32);
    place.write("dropped", &dropped);
    assert!(place.bad(&["audit", "verify", "dropped", "--incomplete"]).contains("entry 4, frame 3"));
    place.write("cut", &log[..log.len() - 500]);
    assert!(place.bad(&["audit", "verify", "cut"]).contains("the log ends"));
    place.good(&["audit", "verify", "cut", "--incomplete"]);
    // What is good of it can still be looked at.
    let done = place.run(&["audit", "show", "changed"]);
    assert_eq!((done.status, done.stdout.lines().count()), (1, 6));

    // No log is replaced.
    assert!(place.bad(&run).contains("there is a file already"));
    assert_eq!(place.read("log"), log);
    for file in ["game.asm", "missing", "."] {
        place.bad(&["audit", "verify", file]);
    }
}

#[test]
fn keys_are_made_once_and_checked() {
    let place = place();
    let run = |log: &str, key: &str| {
        place.good(&["run", "game.asm", "--frames", "3", "--audit", log, "--audit-key", key])
    };
    assert!(run("a", "one.key").contains("signed with key "));
    let key = place.read("one.key");
    run("b", "one.key");
    run("c", "two.key");
    assert_eq!(place.read("one.key"), key);
    place.good(&["audit", "verify", "b", "--key", "one.key.pub"]);
    assert!(place.bad(&["audit", "verify", "c", "--key", "one.key.pub"]).contains("another key"));
    let public = place.text("two.key.pub").trim().rsplit(' ').next().expect("digits").to_owned();
    place.good(&["audit", "verify", "c", "--key", &public]);
    assert!(place.bad(&["audit", "verify", "c", "--key", "one.key"]).contains("not a public key"));
    assert!(
        place
            .bad(&["run", "game.asm", "--audit", "d", "--audit-key", "one.key.pub"])
            .contains("not a secret key")
    );
    assert!(place.good(&["run", "game.asm", "--frames", "3", "--audit", "e"]).contains("not signed"));
    assert!(place.good(&["audit", "verify", "e"]).contains("signed      no"));
    assert!(place.bad(&["audit", "verify", "e", "--key", &public]).contains("the log is not signed"));
    place.bad(&["run", "game.asm", "--audit-key", "one.key"]);
    place.bad(&["run", "game.asm", "--audit", "no/such/folder"]);
    assert!(!place.names().contains(&"d".to_owned()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(place.path("one.key")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

// covers SEC-11
#[test]
fn a_run_that_is_killed_leaves_a_good_prefix() {
    let place = place();
    place.write("forever.asm", GAME.replace("i32.eq status, frame, 50", "i32.const status, 0"));
    for (number, len) in [1, 3_000, 50_000, 200_000].into_iter().enumerate() {
        let log = format!("log{number}");
        let args =
            ["run", "forever.asm", "--frames", "100000000", "-q", "--audit", &log, "--audit-key", "key"];
        let mut child =
            place.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Whatever it is doing when the log has become so long.
        while std::fs::metadata(place.path(&log)).map_or(0, |meta| meta.len()) < len {
            assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        place.good(&["audit", "verify", &log, "--incomplete", "--key", "key.pub"]);
        assert!(place.bad(&["audit", "verify", &log]).contains("the log ends"));
    }
}
