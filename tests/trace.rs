//! Recording and replaying through the command.

mod common;

use common::{Place, cartridges};

const COUNTER: &str = ".video 20, 10 .capability gfx
.data speed: i32 1
.data count: i32 0
.func update()
  .local n, x: i32
  i32.load n, [count]
  i32.load x, [speed]
  i32.add n, n, x
  input.held x, 0
  i32.add n, n, x
  i32.store [count], n
  syscall gfx.pixel(n, 5, n)
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("game.asm", COUNTER);
    place.write("in.txt", "||*50\n|A|*20\n||*10\n|UB|*70\n");
    place.good(&["asm", "game.asm"]);
    place
}

fn record(place: &Place, trace: &str, more: &[&str]) {
    let args = ["run", "game.cart", "--input", "in.txt", "--record", trace, "-q"];
    place.good(&[&args[..], more].concat());
}

// covers VM-1
#[test]
fn a_recorded_run_is_replayed_from_anywhere() {
    let place = place();
    record(&place, "a.trace", &["--keyframes", "40", "--hashes", "recorded.txt"]);
    place.good(&["replay", "a.trace", "--hashes", "again.txt", "--png", "p.png", "-q"]);
    assert_eq!(place.text("recorded.txt"), place.text("again.txt"));
    let hashes: Vec<String> = place.text("recorded.txt").lines().map(str::to_owned).collect();
    for (from, to) in [(0, 0), (0, 1), (39, 41), (40, 80), (100, 150), (150, 150)] {
        let (a, b) = (from.to_string(), to.to_string());
        place.good(&["replay", "a.trace", "--from", &a, "--to", &b, "--hashes", "part.txt", "-q"]);
        let part: Vec<String> = place.text("part.txt").lines().map(str::to_owned).collect();
        assert_eq!(part, hashes[from..to], "{from} to {to}");
    }
    assert!(place.bad(&["replay", "a.trace", "--to", "151"]).contains("those from 0 to 150"));
    let summary: serde_json::Value =
        serde_json::from_str(&place.good(&["replay", "a.trace", "--json"])).expect("JSON");
    assert_eq!((&summary["frames"], &summary["stop"]), (&150.into(), &"frames".into()));
    assert!(summary["times_real_time"].as_f64() > Some(0.0));
}

#[test]
fn the_cartridge_is_found_by_its_hash() {
    let place = place();
    record(&place, "a.trace", &[]);
    record(&place, "embedded.trace", &["--embed"]);
    place.write("other.asm", COUNTER.replace("speed: i32 1", "speed: i32 2"));
    place.good(&["asm", "other.asm"]);
    std::fs::remove_file(place.path("game.asm")).expect("it is there");
    place.good(&["replay", "a.trace", "-q"]);
    std::fs::rename(place.path("game.cart"), place.path("game.kept")).expect("it is there");
    std::fs::remove_file(place.path("other.cart")).expect("it is there");
    assert!(place.bad(&["replay", "a.trace"]).contains("give one with --cart, or record with --embed"));
    place.good(&["replay", "embedded.trace", "-q"]);
    place.good(&["replay", "a.trace", "--cart", "game.kept", "-q"]);
}

#[test]
fn a_recording_that_was_cut_short_goes_on() {
    let place = place();
    record(&place, "whole.trace", &["--keyframes", "40"]);
    let whole = place.read("whole.trace");
    for len in [whole.len() / 3, whole.len() / 2, whole.len() - 5, whole.len()] {
        place.write("cut.trace", &whole[..len]);
        place.good(&["replay", "cut.trace", "-q"]);
        record(&place, "cut.trace", &["--resume", "--keyframes", "40"]);
        let hash = |trace: &str| {
            let out = place.good(&["replay", trace, "--json"]);
            let summary: serde_json::Value = serde_json::from_str(&out).expect("JSON");
            (summary["frames"].clone(), summary["state_hash"].clone())
        };
        assert_eq!(hash("cut.trace"), hash("whole.trace"), "cut to {len} bytes");
    }
    let mut bad = whole.clone();
    let middle = whole.len() / 2;
    bad[middle] ^= 1;
    place.write("bad.trace", &bad);
    assert!(place.bad(&["replay", "bad.trace"]).contains(" record at byte "));
    place.write("bad.trace", "CWTR");
    place.bad(&["replay", "bad.trace"]);
    place.bad(&["replay", "game.cart"]);
}

#[cfg(unix)]
#[test]
fn recording_into_a_full_disk_says_so() {
    let place = place();
    let error = place.bad(&["run", "game.cart", "--record", "/dev/full", "-q"]);
    assert!(error.contains("/dev/full: cannot record"), "{error}");
}

/// Killed at random points, the trace has every frame that was written, and recording goes on there.
#[test]
fn a_killed_recording_is_replayed_and_resumed() {
    let place = place();
    let frames = |place: &Place| {
        let out = place.good(&["replay", "killed.trace", "--json"]);
        let summary: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        summary["frames"].as_u64().expect("a number")
    };
    place.good(&["run", "game.cart", "--frames", "1", "--record", "killed.trace", "--keyframes", "50", "-q"]);
    let mut before = 1;
    for round in 0..20 {
        let args = ["--record", "killed.trace", "--resume", "--frames", "1000000", "--keyframes", "50", "-q"];
        let mut child =
            place.command(&[&["run", "game.cart"], &args[..]].concat()).spawn().expect("it starts");
        let length = || std::fs::metadata(place.path("killed.trace")).expect("it is there").len();
        let (start, wanted) = (length(), 400 + round * 777);
        while length() < start + wanted && child.try_wait().expect("it can be asked").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        let now = frames(&place);
        assert!(now > before, "round {round}: {now} frames after {before}");
        before = now;
    }
}

#[test]
fn every_cartridge_replays_what_was_recorded() {
    for (name, folder) in cartridges() {
        let place = Place::new();
        let folder = folder.to_str().expect("UTF-8");
        let summary =
            place.json(&[folder, "--frames", "90", "--record", "r.trace", "--embed", "--keyframes", "25"]);
        for from in ["0", "1", "26", "89"] {
            let out = place.good(&["replay", "r.trace", "--from", from, "--json"]);
            let again: serde_json::Value = serde_json::from_str(&out).expect("JSON");
            assert_eq!(again["state_hash"], summary["state_hash"], "{name} from {from}");
        }
    }
}
