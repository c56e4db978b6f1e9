//! Recording and replaying through the command.

mod common;

use std::fs::File;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_runtime::trace::{RecordOptions, Recorder, Trace};
use cartwheel_runtime::{Buttons, Config, InputFrame, Machine, Program};
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
    std::fs::remove_file(place.path("other.asm")).expect("it is there");
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

/// Killed as early as can be, the trace is the one that was there, or the new one with all that a run needs to go on.
#[test]
fn a_recording_that_is_killed_before_it_has_begun_leaves_the_old_trace() {
    let place = place();
    record(&place, "a.trace", &[]);
    let whole = place.read("a.trace");
    let mut kept = 0;
    for round in 0..60 {
        place.write("a.trace", &whole);
        let args = ["run", "game.cart", "--frames", "1000000", "-q", "--record", "a.trace"];
        let mut child = place.command(&args).spawn().expect("it starts");
        for _ in 0..round * 40 {
            std::thread::yield_now();
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        kept += usize::from(place.read("a.trace") == whole);
        let trace = Trace::read(File::open(place.path("a.trace")).expect("it is there")).expect("a trace");
        assert!(trace.damage().is_none_or(|damage| damage.torn), "round {round}: {:?}", trace.damage());
        let frames = (trace.len() + 1).to_string();
        place.good(&["run", "game.cart", "--frames", &frames, "-q", "--record", "a.trace", "--resume"]);
    }
    assert!(kept > 0, "no run was killed before it recorded");
}

/// Killed at random points, the trace has every frame that was written, and recording goes on there.
#[test]
fn a_recording_that_is_killed_a_thousand_times_is_replayed_and_resumed() {
    let place = place();
    let open = || Trace::read(File::open(place.path("killed.trace")).expect("it is there")).expect("a trace");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut before = 0;
    for round in 0..1_000 {
        let args = ["--frames", "1000000", "--keyframes", "50", "-q", "--record", "killed.trace"];
        // Every now and then from the start: then the header is not there yet when it is killed early.
        let resume: &[&str] = if round % 50 == 0 { &[] } else { &["--resume"] };
        if round % 50 == 0 {
            let _ = std::fs::remove_file(place.path("killed.trace"));
            before = 0;
        }
        let mut child = place.command(&[&["run", "game.cart"], &args[..], resume].concat());
        let mut child = child.spawn().expect("it starts");
        let length = || std::fs::metadata(place.path("killed.trace")).map_or(0, |file| file.len());
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let wanted = length() + if round % 50 == 0 { 500 } else { random % 4_000 };
        while length() < wanted {
            assert_eq!(child.try_wait().expect("it can be asked"), None, "round {round}: it ended by itself");
            std::thread::yield_now();
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        let trace = open();
        assert!(trace.damage().is_none_or(|damage| damage.torn), "round {round}: {:?}", trace.damage());
        assert_eq!(trace.frames(0).filter(Result::is_ok).count() as u64, trace.len(), "round {round}");
        assert!(trace.len() >= before, "round {round}: {} frames after {before}", trace.len());
        before = trace.len();
        if round % 10 == 9 {
            let summary: serde_json::Value =
                serde_json::from_str(&place.good(&["replay", "killed.trace", "--json"])).expect("JSON");
            assert_eq!(summary["frames"].as_u64(), Some(before), "round {round}");
        }
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

/// Line of the game's source that has a text, counted from 1.
fn line_of(text: &str) -> usize {
    COUNTER.lines().position(|line| line.contains(text)).expect("it is there") + 1
}

fn diverged(place: &Place, args: &[&str]) -> String {
    let done = place.run(args);
    assert_eq!(done.status, 4, "{args:?}: {}{}", done.stdout, done.stderr);
    done.stderr + &done.stdout
}

#[test]
fn a_changed_cartridge_names_frame_byte_values_and_lines() {
    let place = place();
    record(&place, "a.trace", &["--embed", "--components", "1"]);
    record(&place, "bare.trace", &["--keyframes", "60"]);
    // Up or B takes a step back, which happens in frame 80 first.
    let changed = COUNTER.replace(
        "  i32.store [count], n",
        "  br.i32.lt_s n, 1000, ok\n  i32.sub n, n, 1\nok:\n  i32.store [count], n",
    );
    place.write("changed.asm", changed);
    std::fs::remove_file(place.path("game.asm")).expect("it is there");
    std::fs::remove_file(place.path("game.cart")).expect("it is there");
    let store = line_of("i32.store");
    let report = diverged(&place, &["replay", "a.trace", "--cart", "changed.asm", "-q"]);
    // 50 + 20 * 2 + 10 frames so far; the bits of up and B are 0x102. So 0x64 becomes 0x167 in frame 80 and reaches 1000
    // in frame 83.
    for part in [
        "note: changed.asm is not the recorded cartridge",
        "diverged in frame 0",
        "from frame 0 on frames cost another number of cycles",
        "what differs after frame 83,",
        "memory of module 0: byte at address 0x4 (count)\n",
        "recorded 0x70, written by `i32.store` at update+",
        &format!("(game.asm:{store})"),
        "now      0x6f, written by `i32.store` at update+",
        &format!("(changed.asm:{})", store + 3),
    ] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    // Without the recorded cartridge the next keyframe has to do.
    let report = diverged(&place, &["replay", "bare.trace", "--cart", "changed.asm", "-q"]);
    for part in ["recorded state before frame 120", "(count)", "changed.asm:"] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
}

#[test]
fn another_beginning_is_seen_before_the_first_frame() {
    let place = place();
    record(&place, "a.trace", &["--embed"]);
    place.write("changed.asm", COUNTER.replace("speed: i32 1", "speed: i32 9"));
    let report = diverged(&place, &["replay", "a.trace", "--cart", "changed.asm", "-q"]);
    for part in
        ["diverged in frame 0", "before the first frame", "(speed)\n    recorded 0x1\n    now      0x9\n"]
    {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    // Also from the recorded state alone.
    record(&place, "bare.trace", &[]);
    std::fs::remove_file(place.path("game.asm")).expect("it is there");
    std::fs::remove_file(place.path("game.cart")).expect("it is there");
    let report = diverged(&place, &["replay", "bare.trace", "--cart", "changed.asm", "-q"]);
    assert!(report.contains("(speed)\n    recorded 0x1\n    now      0x9\n"), "{report}");
}

#[test]
fn pixels_and_syscalls_are_named() {
    let place = place();
    record(&place, "a.trace", &["--embed"]);
    place.write("changed.asm", COUNTER.replace("gfx.pixel(n, 5, n)", "gfx.pixel(n, 6, n)"));
    let report = diverged(&place, &["replay", "a.trace", "--cart", "changed.asm", "-q"]);
    let line = line_of("syscall");
    for part in [
        "diverged in frame 0".to_owned(),
        "video of module 0: pixel 1,5\n".to_owned(),
        "recorded 0x1, written by `syscall gfx.pixel@1` at update+".to_owned(),
        format!("(game.asm:{line})"),
        "now      0x0, not written in this frame".to_owned(),
        "first different call, number 1 of frame 0:\n    recorded gfx.pixel@1(1, 5, 1) by module 0\n    now      \
         gfx.pixel@1(1, 6, 1) by module 0"
            .to_owned(),
        "video of module 0: pixel 1,6\n".to_owned(),
    ] {
        assert!(report.contains(&part), "{part:?} is not in:\n{report}");
    }
}

#[test]
fn two_traces_are_compared() {
    let place = place();
    record(&place, "a.trace", &[]);
    record(&place, "b.trace", &[]);
    assert_eq!(place.good(&["trace", "diff", "a.trace", "b.trace"]), "the same: 150 frames\n");
    place.write("in.txt", "||*50\n|B|*20\n||*80\n");
    record(&place, "b.trace", &[]);
    let report = diverged(&place, &["trace", "diff", "a.trace", "b.trace"]);
    for part in [
        "first different input: frame 50\n  first    |....A.......|\n  second   |.....B......|",
        "byte at address 0x4 (count)",
        "first    0x34, written by `i32.store`",
        "second   0x35, written by `i32.store`",
    ] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    place.write("in.txt", "||*50\n|A|*20\n||*10\n|UB|*70\n");
    record(&place, "b.trace", &["--seed", "3"]);
    let report = diverged(&place, &["trace", "diff", "a.trace", "b.trace"]);
    assert!(report.contains("setting seed: 0 and 3") && report.contains("random generator"), "{report}");
}

#[test]
fn the_last_write_of_a_place_is_named() {
    let place = place();
    record(&place, "a.trace", &["--keyframes", "30"]);
    let why = |args: &[&str]| place.good(&[&["trace", "why", "a.trace"], args].concat());
    let store = line_of("i32.store");
    let text = why(&["--frame", "49", "--symbol", "count"]);
    assert!(
        text.starts_with("byte at address 0x4 (count): written last in frame 49, from 0x31 to 0x32\n"),
        "{text}"
    );
    assert!(
        text.contains("by `i32.store` at update+") && text.contains(&format!("game.asm:{store}")),
        "{text}"
    );
    // The pixel of 20 is set once, long before the keyframes that come before frame 140.
    let text = why(&["--frame", "140", "--pixel", "7,5"]);
    assert!(text.starts_with("pixel 7,5: written last in frame 6, from 0x0 to 0x7\n"), "{text}");
    assert!(text.contains("by `syscall gfx.pixel@1` at update+"), "{text}");
    assert!(why(&["--frame", "5", "--pixel", "7,5"]).starts_with("not written from frame 0"));
    assert!(why(&["--frame", "140", "--address", "0x0"]).starts_with("not written"));
    place.bad(&["trace", "why", "a.trace", "--frame", "150", "--address", "0"]);
    place.bad(&["trace", "why", "a.trace", "--frame", "1"]);
}

#[test]
fn inputs_are_taken_out_changed_and_put_back() {
    let place = place();
    record(&place, "a.trace", &["--keyframes", "30"]);
    let text = place.good(&["trace", "inputs", "a.trace"]);
    assert_eq!(text, "|............|*50\n|....A.......|*20\n|............|*10\n|U....B......|*70\n");
    place.write("new.txt", text.replace("|U....B......|*70", "|..........s.|*40"));
    place.good(&["trace", "splice", "a.trace", "--from", "80", "--input", "new.txt", "-o", "b.trace"]);
    place.good(&["replay", "b.trace", "-q"]);
    assert_eq!(place.good(&["trace", "inputs", "b.trace"]), place.text("new.txt"));
    let keyframes = |trace: &str| {
        let out = place.good(&["trace", "info", trace, "--json"]);
        let info: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        (info["frames"].clone(), info["keyframes"].clone())
    };
    assert_eq!(keyframes("b.trace"), (120.into(), serde_json::json!([0, 30, 60])));
    for (from, to, frames) in [(0, 40, vec![0, 30]), (30, 90, vec![30, 60, 90]), (45, 100, vec![45, 60, 90])]
    {
        let (a, b) = (from.to_string(), to.to_string());
        place.good(&["trace", "cut", "a.trace", "--from", &a, "--to", &b, "-o", "part.trace"]);
        assert_eq!(keyframes("part.trace"), ((to - from).into(), serde_json::json!(frames)));
        place.good(&["replay", "part.trace", "-q"]);
        let diff = diverged(&place, &["trace", "diff", "a.trace", "part.trace"]);
        let same = format!("the same in frames {from} to {to}, which both have");
        assert!(diff.contains(&same), "{diff}");
    }
    place.good(&["trace", "cut", "a.trace", "--to", "40", "-o", "early.trace"]);
    let message = place.bad(&["trace", "diff", "early.trace", "part.trace"]);
    assert!(message.contains("no frame in common"), "{message}");
    place.bad(&["replay", "part.trace", "--from", "0"]);
}

#[test]
fn a_trace_is_exported_as_a_line_of_json_per_frame() {
    let place = place();
    record(&place, "a.trace", &["--hashes", "h.txt", "--components", "50"]);
    let lines: Vec<serde_json::Value> = place
        .good(&["trace", "export", "a.trace", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 150);
    for (line, hash) in lines.iter().zip(place.text("h.txt").lines()) {
        assert_eq!(format!("{} {}", line["frame"], line["state_hash"].as_str().expect("text")), hash);
    }
    assert_eq!(lines[50]["pads"], serde_json::json!([1, 0, 0, 0]));
    let with: Vec<usize> = (0..150).filter(|&i| lines[i]["components"] != serde_json::json!([])).collect();
    assert_eq!(with, [49, 99, 149]);
    let info = place.good(&["trace", "info", "a.trace"]);
    assert!(info.contains("frames       150 from 0") && info.contains("state        complete"), "{info}");
}

/// In the trace of a shipped machine that begins with one module.
#[test]
fn why_knows_modules_that_were_loaded_while_the_machine_ran() {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/cartridges/supervisor/demo.trace");
    let place = Place::new();
    let why = |frame: &str, module: &str| {
        place.run(&["trace", "why", trace, "--frame", frame, "--module", module, "--address", "0"])
    };
    let told = why("30", "3");
    assert_eq!(told.status, 0, "{}", told.stderr);
    let written =
        "byte at address 0x0 (frames) of module 3 \"glutton\": written last in frame 30, from 0x18 to 0x19";
    assert!(told.stdout.starts_with(written) && told.stdout.contains("(glutton.asm:15)"), "{}", told.stdout);
    let gone = why("150", "3");
    let said = "there is no module 3 after frame 150; there are 0 boss, 4 sparrow";
    assert!(gone.status == 1 && gone.stderr.contains(said), "{}", gone.stderr);
}

#[test]
fn inputs_are_reduced_to_what_a_trap_needs() {
    let place = Place::new();
    place.write(
        "fragile.asm",
        ".data a: i32 0
        .func update()
          .local x, a: i32
          input.pressed x, 0
          i32.load a, [a]
          br.i32.ne x, 1, no_a
          i32.store [a], 1
        no_a:
          br.i32.ne x, 2, done
          i32.sub a, 1, a
          i32.div_s a, 7, a
        done:
          return
        .end",
    );
    place.write("in.txt", "||*30\n|A|*9\n|U|*50\n|DX|*3\n|L|\n|B|*20\n||*40\n");
    let done = place.run(&["run", "fragile.asm", "--input", "in.txt", "--record", "t.trace", "-q"]);
    assert_eq!(done.status, 2);
    place.good(&["trace", "shrink", "t.trace", "--trap", "-o", "small.txt"]);
    assert_eq!(place.text("small.txt"), "|....A.......|\n|.....B......|\n");
    assert_eq!(place.run(&["run", "fragile.asm", "--input", "small.txt", "-q"]).status, 2);
    let command = format!("! {} run fragile.asm --input {{}} -q", env!("CARGO_BIN_EXE_cartwheel"));
    place.good(&["trace", "shrink", "t.trace", "--while", &command, "-o", "again.txt", "-q"]);
    assert_eq!(place.text("again.txt"), place.text("small.txt"));
    // The same beside another cartridge, which traps on another button.
    let other = ".func update()\n .local x: i32\n input.pressed x, 0\n br.i32.eq x, 1024, bad\n return\nbad:\n trap 3\n.end";
    place.write("other.asm", other);
    let done =
        place.run(&["run", "other.asm", "fragile.asm", "--input", "in.txt", "--record", "two.trace", "-q"]);
    assert_eq!(done.status, 2);
    for (module, small) in
        [(&[][..], "|..L.........|\n"), (&["--module", "1"], "|....A.......|\n|.....B......|\n")]
    {
        let shrink = ["trace", "shrink", "two.trace", "--trap", "-o", "two.txt", "-q"];
        place.good(&[&shrink[..], module].concat());
        assert_eq!(place.text("two.txt"), small);
    }
    place.write("in.txt", "||*30\n");
    let args = ["trace", "shrink", "in.txt", "--trap", "--cart", "fragile.asm", "-o", "x.txt"];
    assert!(place.bad(&args).contains("does not trap"));
}

#[test]
fn a_folder_of_traces_is_verified() {
    let place = place();
    std::fs::create_dir(place.path("deep")).expect("a folder");
    record(&place, "a.trace", &[]);
    record(&place, "deep/b.trace", &["--embed"]);
    let table = place.good(&["verify", "."]);
    assert!(table.contains("2 of 2 traces are as recorded") && table.contains("b.trace"), "{table}");
    place.write("game.asm", COUNTER.replace("gfx.pixel(n, 5", "gfx.pixel(n, 4"));
    std::fs::remove_file(place.path("game.cart")).expect("it is there");
    place.good(&["asm", "game.asm"]);
    place.write("deep/c.trace", "nonsense");
    let report = diverged(&place, &["verify", ".", "--junit", "report.xml"]);
    for part in ["1 of 3 traces", "a.trace", "DIVERGED", "FAILED", "not a trace", "diverged in frame 0"] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    let xml = place.text("report.xml");
    assert!(xml.contains("tests=\"3\" failures=\"1\" errors=\"1\""), "{xml}");
    std::fs::remove_file(place.path("a.trace")).expect("it is there");
    place.bad(&["verify", "deep"]);
    assert!(place.bad(&["verify", "."]).contains("not a trace"));
}

// covers VM-3
#[test]
fn cartridges_survive_a_rollback_in_every_frame() {
    for (name, folder) in cartridges() {
        let place = Place::new();
        let folder = folder.to_str().expect("UTF-8");
        let hash = place.state_hash(&[folder, "--frames", "40"]);
        for depth in ["1", "2", "7"] {
            assert_eq!(place.state_hash(&[folder, "--frames", "40", "--sync-test", depth]), hash, "{name}");
        }
    }
}

// covers VM-1
#[test]
fn what_the_host_did_and_what_a_run_began_with_are_part_of_its_trace() {
    let place = Place::new();
    let cartridges = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges");
    let path = |name: &str| cartridges.join(name).to_str().expect("UTF-8").to_owned();
    // A policy from the start, and a recovery in the middle.
    let (quarantine, policy) = (path("quarantine"), path("quarantine/policy.toml"));
    let record = ["--frames", "200", "--record", "q.trace", "--embed"];
    let run = ["run", &quarantine, "--policy", &policy, "--recover-after", "30"];
    let recorded = place.good(&[&run[..], &record].concat());
    let replayed = place.good(&["replay", "q.trace"]);
    let said = |text: &str, what: &str| text.lines().find(|line| line.starts_with(what)).map(str::to_owned);
    for what in ["state hash", "trust", "action"] {
        assert!(said(&recorded, what).is_some(), "{recorded}");
        assert_eq!(said(&recorded, what), said(&replayed, what));
    }
    // Files that were there before.
    let card = path("card");
    for trace in ["first.trace", "second.trace"] {
        let run = ["run", &card, "--storage", "files", "--frames", "60", "-q", "--record", trace, "--embed"];
        place.good(&run);
        place.good(&["replay", trace, "-q"]);
        place.good(&["replay", trace, "-q", "--from", "30"]);
    }
    // Another cartridge would begin with neither.
    let done = place.run(&["replay", "second.trace", "--cart", &path("pong"), "-q"]);
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains("only the recorded cartridge has"), "{}", done.stderr);
}

/// A guest that lives in its registers.
const LOOP: &str = ".func main()
  .local n: i32
again:
  loop
  i32.add n, n, 1
  frame.sync
  br again
.end
";

#[test]
fn registers_have_their_writer() {
    let place = place();
    place.write("loop.asm", LOOP);
    place.good(&["run", "loop.asm", "--frames", "20", "--record", "l.trace", "--embed", "-q"]);
    place.write("changed.asm", LOOP.replace("n, n, 1", "n, n, 2"));
    let report = diverged(&place, &["replay", "l.trace", "--cart", "changed.asm", "-q"]);
    for part in [
        "what differs after frame 0,",
        "registers of module 0: register r0 of call 0 (main+",
        "recorded 0x1, written by `i32.add` at main+",
        "now      0x2, written by `i32.add` at main+",
        "(loop.asm:5)",
        "(changed.asm:5)",
    ] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
}

/// A trace of two modules with different cartridges.
fn record_two(place: &Place, sources: [(&str, &str); 2], trace: &str, embed: bool) {
    let mut machine = Machine::new(Config::default());
    for (file, source) in sources {
        let cart = assemble(file, source, &NoFiles).unwrap_or_else(|e| panic!("{e}"));
        machine.load(Program::new(cart).expect("a good program")).expect("it can be loaded");
    }
    let file = File::create(place.path(trace)).expect("a file for the test");
    let options = RecordOptions { keyframes: 20, components: 1, embed };
    let mut recorder = Recorder::new(file, &machine, options).expect("it can be recorded");
    for frame in 0..50 {
        let mut input = InputFrame::default();
        input.pads[0] = Buttons::from_bits(u32::from(frame >= 10)).expect("a button");
        machine.step(&input).expect("no panic");
        recorder.frame(&machine, &input, Vec::new()).expect("it can be recorded");
    }
    recorder.finish().expect("it can be recorded");
}

// covers VM-1
#[test]
fn traces_of_several_modules_name_the_module() {
    let place = Place::new();
    let one = format!(".title \"One\"\n{COUNTER}");
    let two = ".title \"Two\" .data total: i32 0\n.func update()\n .local n, x: i32\n i32.load n, [total]\n \
               input.held x, 0\n i32.add n, n, x\n i32.store [total], n\n return\n.end\n";
    record_two(&place, [("one.asm", &one), ("two.asm", two)], "two.trace", false);
    assert!(place.bad(&["replay", "two.trace"]).contains("give one with --cart"));
    place.write("one.asm", &one);
    place.write("two.asm", two);
    for from in ["0", "25"] {
        place.good(&["replay", "two.trace", "--from", from, "-q"]);
    }
    assert!(place.good(&["verify", "."]).contains("1 of 1 traces are as recorded"));
    let info = place.good(&["trace", "info", "two.trace"]);
    assert!(
        info.contains("modules      2") && info.contains("\"One\"") && info.contains("\"Two\""),
        "{info}"
    );
    let why =
        place.good(&["trace", "why", "two.trace", "--frame", "30", "--module", "1", "--symbol", "total"]);
    let written =
        "byte at address 0x0 (total) of module 1 \"Two\": written last in frame 30, from 0x14 to 0x15";
    assert!(why.contains(written) && why.contains("(two.asm:7)"), "{why}");
    let refused = ["trace", "why", "two.trace", "--frame", "30", "--module", "2", "--address", "0"];
    let exported = place.good(&["trace", "export", "two.trace", "--json"]);
    assert!(exported.contains("\"module\":1,\"name\":\"memory\",\"title\":\"Two\""), "{exported}");
    assert!(place.bad(&refused).contains("there is no module 2 after frame 30; there are 0 One, 1 Two"));
    // A cut in the middle, and other inputs from there on.
    place.good(&["trace", "cut", "two.trace", "--from", "25", "-o", "part.trace"]);
    place.good(&["replay", "part.trace", "-q"]);
    std::fs::remove_file(place.path("part.trace")).expect("it is there");

    // One of them is changed; what was recorded is embedded.
    let changed = two.replace("i32.add n, n, x", "i32.sub n, n, x");
    record_two(&place, [("one.asm", &one), ("two.asm", two)], "two.trace", true);
    place.write("two.asm", &changed);
    let report = diverged(&place, &["replay", "two.trace", "--cart", "two.asm", "-q"]);
    for part in [
        "note: two.asm is not the recorded cartridge",
        // The cartridges' hashes are part of the state, but no difference by themselves.
        "diverged in frame 10",
        "what differs after frame 10, first written first:",
        "memory of module 1 \"Two\": byte at address 0x0 (total)",
        "recorded 0x1, written by `i32.store` at update+",
        "now      0xff, written by `i32.store` at update+",
    ] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    assert!(!report.contains("of module 0"), "{report}");
    place.good(&["replay", "two.trace", "--cart", "one.asm", "-q"]);
    let report = diverged(&place, &["replay", "two.trace", "--cart", "one.asm", "--cart", "two.asm", "-q"]);
    assert!(report.contains("memory of module 1 \"Two\""), "{report}");
    place.write("three.asm", ".title \"Three\"\n.func main()\n halt 0\n.end");
    assert!(place.bad(&["replay", "two.trace", "--cart", "three.asm"]).contains("\"One\", \"Two\""));
    // Without a trace of what it was, the changed one beside the trace is known by its title.
    record_two(&place, [("one.asm", &one), ("two.asm", two)], "bare.trace", false);
    let report = diverged(&place, &["replay", "bare.trace", "-q"]);
    assert!(report.contains("memory of module 1 \"Two\""), "{report}");
    record_two(&place, [("one.asm", &one), ("two.asm", &changed)], "changed.trace", true);
    let report = diverged(&place, &["trace", "diff", "two.trace", "changed.trace"]);
    for part in ["what differs after frame 10", "memory of module 1 \"Two\"", "first    0x1", "second   0xff"]
    {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
}
