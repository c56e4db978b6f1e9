//! Several modules from the command line and from machine files.

mod common;

use common::Place;

const BOSS: &str = ".title \"boss\"
.capability module, log
.func main()
  .local child, status: i32
  syscall log.write(1, \"loading\")
  syscall module.load(\"helper\") -> status, child
wait:
  loop
  frame.sync
  syscall module.poll(child) -> status
  br.i32.eq status, 1, wait
  syscall module.start(child) -> status
  frame.sync
  frame.sync
  syscall module.stop(child, 2) -> status
  frame.sync
  frame.sync
  frame.sync
  syscall module.unload(child) -> status
  frame.sync
  halt 0
.end
";
const WORKER: &str = ".title \"worker\"
.video 16, 8
.capability log, gfx
.func update()
  syscall log.write(1, \"working\")
  syscall gfx.clear(3)
  return
.end
";
const MACHINE: &str = "seed = 3

[[module]]
name = \"boss\"
file = \"boss.asm\"
trust = \"signed\"

[[module]]
name = \"eye\"
file = \"worker.asm\"
supervisor = \"boss\"
storage_bytes = 4096

[[program]]
name = \"helper\"
file = \"worker.asm\"
";

fn place() -> Place {
    Place::with(&[("boss.asm", BOSS), ("worker.asm", WORKER), ("machine.toml", MACHINE)])
}

fn json(place: &Place, args: &[&str]) -> serde_json::Value {
    let done = place.run(args);
    assert_eq!(done.status, 0, "{}", done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

// covers LAY-7
#[test]
fn a_machine_file_runs_records_and_replays() {
    let place = place();
    let run = ["run", "machine.toml", "-f", "20", "--json", "--record", "m.trace", "--png", "p.png"];
    let ran = json(&place, &run);
    let rows = |value: &serde_json::Value| -> Vec<(String, String, u64)> {
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let modules = value["modules"].as_array().expect("modules");
        let lines = |row: &serde_json::Value| row["log"].as_array().map_or(0, |log| log.len() as u64);
        modules.iter().map(|row| (text(row, "name"), text(row, "state"), lines(row))).collect()
    };
    let row = |name: &str, state: &str, lines| (name.to_owned(), state.to_owned(), lines);
    assert_eq!(
        rows(&ran),
        [row("boss", "stopped", 1), row("eye", "running", 20), row("helper", "unloaded", 4)]
    );
    assert_eq!(
        (&ran["modules"][0]["trust"]["level"], &ran["modules"][1]["supervisor"]),
        (&"signed".into(), &0.into())
    );
    let png = place.read("p.eye.png");
    assert_eq!((&png[1..4], &png[16..24]), (&b"PNG"[..], &[0, 0, 0, 16, 0, 0, 0, 8][..]));
    let replayed = json(&place, &["replay", "m.trace", "--json"]);
    assert_eq!((&replayed["state_hash"], &replayed["frames"]), (&ran["state_hash"], &20.into()));
    let tested = json(&place, &["run", "machine.toml", "-f", "20", "--json", "--sync-test", "2"]);
    assert_eq!(tested["state_hash"], ran["state_hash"]);
    // Without its cartridges a trace says what is missing.
    place.write("worker.asm", WORKER.replace("clear(3)", "clear(4)"));
    let done = place.run(&["replay", "m.trace"]);
    assert!(done.status == 1 && done.stderr.contains("record with --embed"), "{}", done.stderr);
}

#[test]
fn cartridges_run_together_as_alone() {
    let place = place();
    let both = json(&place, &["run", "worker.asm", "boss.asm", "-f", "9", "--json", "--hashes", "h.txt"]);
    assert_eq!(both["modules"].as_array().map(Vec::len), Some(2));
    let alone = json(&place, &["run", "worker.asm", "-f", "9", "--json"]);
    assert_eq!(both["modules"][0]["cycles_total"], alone["cycles_total"]);
    assert_eq!(place.text("h.txt").lines().count(), 9);
    let done = place.run(&["run", "worker.asm", "boss.asm", "--wav", "x.wav"]);
    assert!(done.status == 1 && done.stderr.contains("no module has sound to write"), "{}", done.stderr);
}

#[test]
fn what_is_wrong_with_a_machine_file_has_its_place() {
    let place = place();
    for (from, to, expected) in [
        ("\"signed\"", "\"sigmed\"", "bad.toml:6:9: no trust level is called so"),
        ("seed = 3", "sead = 3", "bad.toml:1:1: unknown field `sead`"),
        ("seed = 3", "seed = ", "bad.toml:1:"),
        ("\"boss.asm\"", "\"bass.asm\"", "bad.toml:5:8: "),
        ("supervisor = \"boss\"", "supervisor = \"bass\"", "bad.toml:11:14: there is no module of this name"),
        ("supervisor = \"boss\"", "supervisor = \"eye\"", "bad.toml:11:14: a module would be above itself"),
        ("\"eye\"", "\"boss\"", "bad.toml:9:8: there is a module of this name already"),
        ("storage_bytes = 4096", "memory_pages = 99999", "bad.toml:12:16: the machine allows at most"),
        ("storage_bytes = 4096", "cycles = 0", "bad.toml:12:10: a frame has at least one cycle"),
        ("name = \"helper\"", "name = \"helper\"\nsupervisor = \"boss\"", "bad.toml:16:14: a program has no"),
    ] {
        place.write("bad.toml", MACHINE.replace(from, to));
        let done = place.run(&["run", "bad.toml"]);
        assert!(done.status == 1 && done.stderr.contains(expected), "{to}: {}", done.stderr);
    }
    place.write("bad.toml", "seed = 1\n");
    assert!(place.run(&["run", "bad.toml"]).stderr.contains("nothing to run"));
}
