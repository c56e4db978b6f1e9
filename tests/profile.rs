//! `cartwheel profile`: every cycle of every cartridge is accounted for, and each form of the output is what it says.

#[path = "../runtime/tests/common/account.rs"]
mod account;
mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cartwheel_bytecode::Cartridge;
use cartwheel_runtime::profile::Profiler;
use cartwheel_runtime::{Config, Inputs, Machine, Program};
use common::{Place, cartridges};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

/// Runs a cartridge beside one that is not profiled.
fn assert_accounted(cart: &Cartridge, inputs: &Inputs, frames: u64, cycles: Option<u64>) {
    let program = Program::new(cart.clone()).expect("it verifies");
    let config = Config { cycles_per_frame: cycles, ..Config::default() };
    let (mut plain, mut machine) = (Machine::new(config), Machine::new(config));
    plain.load(program.clone()).expect("it loads");
    let module = machine.load(program).expect("it loads");
    let mut profiler = Profiler::attach(&mut machine);
    let mut seen = Vec::new();
    for number in 0..frames {
        let input = inputs.frame(number);
        let report = machine.step(&input).expect("no panic");
        assert_eq!(report, plain.step(&input).expect("no panic"));
        assert_eq!(machine.hash(), plain.hash(), "frame {number}");
        profiler.frame(&mut machine, &report);
        seen.push((report, machine.bindings(module).to_vec()));
    }
    let profile = profiler.finish(&mut machine);
    for (frame, (report, bindings)) in profile.modules[0].frames.iter().zip(&seen) {
        account::assert_adds_up(&profile.modules[0], frame, &report.modules[0], bindings);
    }
}

// covers POL-22
#[test]
fn every_cycle_of_every_cartridge_is_accounted_for() {
    for (_, folder) in cartridges() {
        let place = Place::new();
        place.good(&["asm", folder.to_str().expect("UTF-8"), "-o", "a.cart"]);
        let cart = Cartridge::from_bytes(&place.read("a.cart")).expect("a cartridge");
        assert_accounted(&cart, &Inputs::default(), 300, None);
        // Slices that end in the middle, overdrafts, frames that are skipped.
        assert_accounted(&cart, &Inputs::default(), 200, Some(2_000));
        for inputs in inputs(&folder) {
            let bytes = std::fs::read(folder.join(inputs)).expect("the inputs");
            assert_accounted(&cart, &Inputs::parse(&bytes).expect("inputs"), 300, None);
        }
    }
}

/// Names of the files of inputs in a folder.
fn inputs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".inputs")).collect();
    names.sort();
    names
}

/// Profiles of all cartridges are those of `golden_profile.txt`, in debug and release builds.
///
/// `BLESS=1 cargo test --test profile` writes these files.
#[test]
fn profiles_are_golden() {
    #[expect(clippy::disallowed_methods, reason = "tells tests what to do")]
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, folder) in cartridges() {
        let path = folder.to_str().expect("UTF-8");
        let place = Place::new();
        let digest = |args: &[&str]| {
            let json = place.good(&[&["profile", path, "--format", "json"], args].concat());
            assert_eq!(json, place.good(&[&["profile", path, "--format", "json"], args].concat()), "{name}");
            format!("{:032x}", xxh3_128(json.as_bytes()))
        };
        let mut found = digest(&["--frames", "300"]) + " 300\n";
        for inputs in inputs(&folder) {
            let file = folder.join(&inputs);
            found += &format!("{} {inputs}\n", digest(&["--input", file.to_str().expect("UTF-8")]));
        }
        let file = folder.join("golden_profile.txt");
        if bless {
            std::fs::write(&file, found).expect("the golden file");
        } else if std::fs::read_to_string(&file).ok().as_deref() != Some(&found) {
            wrong.push(format!("{name}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "not as in golden_profile.txt (BLESS=1 writes it):\n{}", wrong.concat());
}

const DRAWS: &str = r#".title "Draws"
.video 16, 16 .capability gfx, telemetry
.data count: i32 0
.func dot(x: i32)
  syscall gfx.pixel(x, 1, 2)
  return
.end
.func update()
  .local n: i32
  syscall telemetry.begin("drawing")
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  call dot(n)
  br.i32.ne n, 7, done
  syscall gfx.clear(3)
done:
  syscall telemetry.end()
  return
.end
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("draws.asm", DRAWS);
    place
}

#[test]
fn the_summary_names_what_is_dearest_and_the_worst_frame() {
    let place = place();
    let text = place.good(&["profile", "draws.asm", "--frames", "20"]);
    for expected in
        ["frames       20 (0 to 19)", "in frame 6", "gfx.clear@1", "frame 6 against the median", "drawing"]
    {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    // Times are there when they are asked for, and only then.
    assert!(!text.contains("wall time"));
    assert!(place.good(&["profile", "draws.asm", "--frames", "20", "--wall"]).contains("wall time"));
}

#[test]
fn tables_csv_and_frames() {
    let place = place();
    for (by, expected) in [
        ("syscall", "gfx.pixel@1"),
        ("function", "dot"),
        ("line", "draws.asm:5"),
        ("frame", "update done"),
        ("module", "Draws"),
        ("status", "OK"),
        ("zone", "drawing"),
    ] {
        let text = place.good(&["profile", "draws.asm", "--frames", "9", "--by", by]);
        assert!(text.contains(expected), "{by}: {text}");
        let csv = place.good(&["profile", "draws.asm", "--frames", "9", "--by", by, "--format", "csv"]);
        let columns: BTreeSet<usize> = csv.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns.len(), 1, "{by}: {csv}");
        assert!(csv.contains(expected), "{by}: {csv}");
    }
    assert!(place.good(&["profile", "draws.asm", "--frame", "6"]).contains("gfx.clear@1"));
    assert!(!place.good(&["profile", "draws.asm", "--frame", "5"]).contains("gfx.clear@1"));
    let error = place.bad(&["profile", "draws.asm", "--frame", "600"]);
    assert!(error.contains("frames 0 to 599"), "{error}");
    place.bad(&["profile", "draws.asm", "--by", "line", "--format", "json"]);
}

#[test]
fn a_saved_profile_is_as_good_as_the_run() {
    let place = place();
    place.good(&["profile", "draws.asm", "--frames", "30", "-o", "p.json"]);
    for format in ["table", "csv", "folded", "svg", "speedscope", "chrome", "json"] {
        let run = place.good(&["profile", "draws.asm", "--frames", "30", "--format", format]);
        assert_eq!(run, place.good(&["profile", "p.json", "--format", format]), "{format}");
    }
    let json: Value = serde_json::from_str(&place.text("p.json")).expect("JSON");
    assert_eq!((&json["format"], &json["version"]), (&"cartwheel-profile".into(), &1.into()));
    for (change, expected) in [
        ("\"version\":1", "\"version\":2"),
        ("\"format\":\"cartwheel-profile\"", "\"format\":\"x\""),
        ("\"parent\":0", "\"parent\":99"),
    ] {
        place.write("bad.json", place.text("p.json").replacen(change, expected, 3));
        place.bad(&["profile", "bad.json"]);
    }
    place.write("bad.json", "{\"format\": 1}");
    place.bad(&["profile", "bad.json"]);
}

fn profile_as(place: &Place, format: &str) -> Value {
    let text = place.good(&["profile", "draws.asm", "--frames", "12", "--format", format]);
    serde_json::from_str(&text).expect("JSON")
}

/// All cycles of the run.
fn cycles(place: &Place) -> u64 {
    let frames = profile_as(place, "json")["modules"][0]["frames"].clone();
    frames.as_array().expect("frames").iter().map(|frame| frame["cycles"].as_u64().expect("a number")).sum()
}

/// What speedscope's file format asks for: names for all frames, events in order, closed as they were opened.
#[test]
fn speedscope_files_are_as_its_schema_wants() {
    let place = place();
    let file = profile_as(&place, "speedscope");
    assert_eq!(file["$schema"], "https://www.speedscope.app/file-format-schema.json");
    let names = file["shared"]["frames"].as_array().expect("frames");
    assert!(names.iter().all(|frame| frame["name"].is_string()));
    let profile = &file["profiles"][0];
    assert_eq!((&profile["type"], &profile["unit"]), (&"evented".into(), &"none".into()));
    assert!(profile["name"].is_string());
    let (mut at, mut open) = (profile["startValue"].as_u64().expect("a number"), Vec::new());
    for event in profile["events"].as_array().expect("events") {
        let now = event["at"].as_u64().expect("a number");
        assert!(now >= at, "events are in order");
        at = now;
        let frame = event["frame"].as_u64().expect("a number");
        assert!((frame as usize) < names.len());
        match event["type"].as_str() {
            Some("O") => open.push(frame),
            Some("C") => assert_eq!(open.pop(), Some(frame), "closed as they were opened"),
            other => panic!("event of type {other:?}"),
        }
    }
    assert!(open.is_empty());
    assert_eq!((profile["endValue"].as_u64(), Some(at)), (Some(at), Some(cycles(&place))));
}

/// The real viewer in a real browser takes the file. Skipped where npm, the package or Chromium is not to be had.
#[test]
fn speedscope_itself_loads_the_file() {
    let place = place();
    let tool = |name: &str, args: &[&str]| {
        let done = Command::new(name).args(args).current_dir(place.path("")).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let browser = ["chromium", "chromium-browser", "google-chrome"];
    let Some(browser) = browser.into_iter().find(|name| tool(name, &["--version"]).is_some()) else {
        return eprintln!("skipped: there is no Chromium");
    };
    let Some(package) = tool("npm", &["pack", "--silent", "speedscope@1.25.0"]) else {
        return eprintln!("skipped: npm cannot get speedscope");
    };
    tool("tar", &["xzf", package.trim()]).expect("a package is unpacked");
    place.good(&["profile", "draws.asm", "--frames", "12", "-o", "p.speedscope.json"]);
    // The viewer's way to be given a file is a script that hands it over.
    let text = place.text("p.speedscope.json").trim_end().replace('\\', "\\\\").replace('\'', "\\'");
    let script = format!("speedscope.loadFileFromBase64('p.speedscope.json', btoa('{text}'))");
    place.write("load.js", script);
    let page = place.path("package/dist/release/index.html").display().to_string();
    let address = format!("file://{page}#localProfilePath={}", place.path("load.js").display());
    let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"];
    let rest = ["--virtual-time-budget=20000", "--dump-dom", &address];
    let shown = tool(browser, &[&flags[..], &rest[..]].concat()).expect("the browser runs");
    assert!(shown.contains("Draws (cycles)"), "{shown}");
    assert!(!shown.contains("Something went wrong"), "{shown}");
}

/// What the format of trace events asks for: fields by phase, and slices of a thread within each other.
#[test]
fn trace_events_are_as_their_format_wants() {
    let place = place();
    let file = profile_as(&place, "chrome");
    let mut slices: Vec<(u64, u64, u64)> = Vec::new();
    let mut phases = BTreeSet::new();
    for event in file["traceEvents"].as_array().expect("events") {
        let phase = event["ph"].as_str().expect("a phase");
        phases.insert(phase.to_owned());
        assert!(event["name"].is_string() && event["pid"].is_u64());
        match phase {
            "M" => assert!(event["args"]["name"].is_string()),
            "C" => {
                let values = event["args"].as_object().expect("values");
                assert!(event["ts"].is_u64() && values.values().all(Value::is_number));
            }
            "X" => slices.push((
                event["tid"].as_u64().expect("a thread"),
                event["ts"].as_u64().expect("a time"),
                event["dur"].as_u64().expect("a length"),
            )),
            other => panic!("phase {other}"),
        }
    }
    assert_eq!(phases.into_iter().collect::<Vec<_>>(), ["C", "M", "X"]);
    slices.sort_by_key(|&(thread, from, length)| (thread, from, std::cmp::Reverse(length)));
    let mut open: Vec<(u64, u64)> = Vec::new();
    for (thread, from, length) in slices {
        open.retain(|&(other, end)| other == thread && end > from);
        assert!(open.iter().all(|&(_, end)| from + length <= end), "slices are within each other");
        open.push((thread, from + length));
    }
}

#[test]
fn flame_graphs_have_every_cycle() {
    let place = place();
    let folded = place.good(&["profile", "draws.asm", "--frames", "12", "--format", "folded"]);
    let sum: u64 = folded
        .lines()
        .map(|line| line.rsplit_once(' ').expect("a number").1.parse::<u64>().expect("a number"))
        .sum();
    assert_eq!(sum, cycles(&place));
    assert!(folded.contains("Draws;update;dot;gfx.pixel@1 60\n"), "{folded}");
    place.good(&["profile", "draws.asm", "--frames", "12", "-o", "p.svg"]);
    let svg = place.text("p.svg");
    assert!(svg.contains("<svg") && svg.contains("gfx.pixel@1"));
    assert!(svg.contains(" cycles, 100%)"), "all of it");
}

#[test]
fn the_page_needs_nothing_else() {
    let place = place();
    place.write("odd.asm", DRAWS.replace("\"Draws\"", "\"</script><b>&\""));
    place.good(&["profile", "odd.asm", "--frames", "5", "-o", "p.html"]);
    let page = place.text("p.html");
    assert_eq!(page.matches("</script>").count(), 2, "its own two");
    for outside in ["http://", "https://", "src=\"", "href=", "@import", "{{"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    let data: Value = serde_json::from_str(data.split_once("</script>").expect("an end").0).expect("JSON");
    assert_eq!(data["profile"]["modules"][0]["frames"].as_array().map(Vec::len), Some(5));
    let pictures = data["pictures"].as_array().expect("pictures");
    assert_eq!(pictures.len(), 5, "each frame draws another dot");
    assert!(pictures[0][2].as_str().expect("text").starts_with("data:image/png;base64,iVBORw0KGgo"));
}

#[test]
fn only_what_changed_is_in_a_diff() {
    let place = place();
    place.good(&["profile", "draws.asm", "--frames", "20", "-o", "before.json"]);
    let same = place.good(&["profile", "diff", "before.json", "draws.asm", "--frames", "20"]);
    assert!(same.contains("nothing has changed"), "{same}");
    place.write("dearer.asm", DRAWS.replace("  call dot(n)\n", "  call dot(n)\n  call dot(n)\n"));
    let json = place.good(&["profile", "diff", "before.json", "dearer.asm", "--frames", "20", "--json"]);
    let diff: Value = serde_json::from_str(&json).expect("JSON");
    let names = |what: &str| -> Vec<String> {
        let list = diff[what].as_array().expect("a list");
        list.iter()
            .map(|change| format!("{} {}", change["name"].as_str().expect("text"), change["change"]))
            .collect()
    };
    assert_eq!(names("syscalls"), ["gfx.pixel@1 100"]);
    assert_eq!(names("functions").len(), 2);
    let before = diff["cycles_before"].as_i64().expect("a number");
    let after = diff["cycles_after"].as_i64().expect("a number");
    let of_lines: i64 = diff["lines"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| change["change"].as_i64().expect("a number"))
        .sum();
    assert_eq!(of_lines, after - before);
}

#[test]
fn traps_end_a_profile_with_their_frame_in_it() {
    let place = place();
    place.write("trap.asm", DRAWS.replace("syscall gfx.clear(3)", "trap 3"));
    let done = place.run(&["profile", "trap.asm", "--by", "frame"]);
    assert_eq!(done.status, 2);
    assert!(done.stdout.trim_end().ends_with("trapped"), "{}", done.stdout);
    assert!(done.stderr.contains("trap.asm:16"), "{}", done.stderr);
}

#[test]
fn a_replayed_trace_has_the_profile_of_its_run() {
    let place = Place::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/snake");
    let (cartridge, inputs) = (folder.to_str().expect("UTF-8"), folder.join("demo.inputs"));
    let run = [cartridge, "--input", inputs.to_str().expect("UTF-8"), "--frames", "200"];
    place.good(&[&["run"], &run[..], &["--record", "run.trace", "--embed", "-q"]].concat());
    let live = place.good(&[&["profile"], &run[..], &["--format", "json"]].concat());
    assert!(live == place.good(&["profile", "run.trace", "--format", "json"]), "the profiles differ");
    // Fewer frames than there are.
    let part = place.good(&["profile", "run.trace", "--frames", "10", "--format", "json"]);
    let part: Value = serde_json::from_str(&part).expect("JSON");
    assert_eq!(part["modules"][0]["frames"].as_array().map(Vec::len), Some(10));
    // A trace with other states than those that it says is no run.
    let message = place.bad(&["profile", "run.trace", "--seed", "3"]);
    assert!(message.contains("those of the trace"), "{message}");
    // A budget is held against every trace.
    place.good(&["certify", cartridge, "--frames", "200", "--write", "budget.toml"]);
    let budget = ["certify", cartridge, "--budget", "budget.toml", "--junit", "report.xml"];
    let done = place.run(&[&budget[..], &["--trace", "run.trace", "--trace", "run.trace"]].concat());
    assert!(matches!(done.status, 0 | 6), "{}", done.stderr);
    assert_eq!(done.stdout.matches(" in run.trace ").count(), 2, "{}", done.stdout);
    assert_eq!(place.text("report.xml").matches("<testsuite ").count(), 2);
}
