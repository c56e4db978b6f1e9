//! Profiles of small programs, where every number is known.

#[path = "common/account.rs"]
mod account;
mod common;

use account::assert_adds_up;
use cartwheel_runtime::policy::Policy;
use cartwheel_runtime::profile::{
    LatencyRow, LatencyTotal, ModuleProfile, Profile, Profiler, StackKind, Totals, compare,
};
use cartwheel_runtime::{Action, Config, InputFrame, Machine, SliceEnd};
use common::*;

/// Runs frames beside a machine that is not watched: nothing that can be seen differs, and every frame adds up.
fn profiled(config: Config, source: &str, frames: u64) -> Profile {
    let mut plain = machine_with(config, source);
    let mut machine = machine_with(config, source);
    let mut profiler = Profiler::attach(&mut machine);
    let mut seen = Vec::new();
    for _ in 0..frames {
        let report = machine.step(&InputFrame::default()).expect("no panic");
        assert_eq!(report, plain.step(&InputFrame::default()).expect("no panic"));
        assert_eq!(hash(&machine), hash(&plain));
        assert_eq!(machine.save(), plain.save());
        profiler.frame(&mut machine, &report);
        seen.push((report, machine.bindings(MODULE).to_vec()));
    }
    let profile = profiler.finish(&mut machine);
    assert!(!machine.instance(MODULE).is_profiled());
    assert_eq!(profile.modules[0].frames.len() as u64, frames);
    for (frame, (report, bindings)) in profile.modules[0].frames.iter().zip(&seen) {
        assert_adds_up(&profile.modules[0], frame, &report.modules[0], bindings);
    }
    profile.check().expect("a good profile");
    profile
}

fn one(source: &str, frames: u64) -> ModuleProfile {
    profiled(Config::default(), source, frames).modules.remove(0)
}

const DRAWS: &str = ".video 16, 16
.capability gfx, telemetry
.func twice(x: i32)
  syscall gfx.pixel(x, 1, 2)
  syscall gfx.pixel(x, 2, 2)
  return
.end
.func update()
  .local s: i32
  call twice(3)
  call twice(4)
  syscall telemetry.end() -> s
  return
.end
";

#[test]
fn functions_lines_stacks_and_statuses_of_a_small_program() {
    let module = one(DRAWS, 3);
    let frame = &module.frames[2];
    let row = |name: &str| {
        frame.functions.iter().find(|row| module.function_name(row.function) == name).expect("it ran")
    };
    assert_eq!((row("twice").calls, row("update").calls), (2, 1));
    assert_eq!((row("twice").syscall_cycles, row("update").syscall_cycles), (20, 10));
    let line = |n: u32| {
        let at = module.lines.iter().position(|name| name.line == n && name.file.is_some()).expect("a line");
        frame.lines.iter().find(|row| row.line as usize == at).expect("it ran").clone()
    };
    assert_eq!(module.line_name(line(4).line), "test.asm:4");
    assert_eq!((line(4).syscall_cycles, line(5).syscall_cycles, line(12).syscall_cycles), (10, 10, 10));
    let names: Vec<Vec<&str>> = frame
        .stacks
        .iter()
        .map(|row| module.stack_path(row.stack).iter().map(|&at| module.stack_label(at)).collect())
        .collect();
    assert!(names.contains(&vec!["module", "update", "twice", "gfx.pixel@1"]), "{names:?}");
    assert_eq!(module.stacks[0].kind, StackKind::Module);
    let totals = Totals::new(&module, &module.frames);
    let end =
        totals.statuses.iter().find(|s| module.syscall_id(s.syscall) == "telemetry.end@1").expect("called");
    assert_eq!((module.status_name(end.syscall, end.code).as_str(), end.times), ("NO_ZONE", 3));
    let update =
        totals.functions.iter().find(|f| module.function_name(f.row.function) == "update").expect("it ran");
    assert_eq!(update.inclusive_cycles, module.frames.iter().map(|frame| frame.cycles).sum::<u64>());
}

// covers POL-22 POL-23
#[test]
fn telemetry_has_the_figures_of_the_profile() {
    // The record of the frame before, as the guest sees it, lands at address 8.
    let source = format!(
        ".memory 1
        .shape node {{ a: scalar, next: handle }}
        .global last: handle
        {}",
        DRAWS
            .replace(
                "call twice(4)",
                "call twice(4)\n record.new node, node\n syscall telemetry.frame(8, 64) -> s"
            )
            .replace(".local s: i32", ".local s: i32, node: handle")
    );
    let mut machine = machine(&source);
    let mut profiler = Profiler::attach(&mut machine);
    for number in 0..4_u64 {
        let report = machine.step(&InputFrame::default()).expect("no panic");
        profiler.frame(&mut machine, &report);
        let bindings = machine.bindings(MODULE).to_vec();
        let frame = &profiler.frames()[number as usize];
        for (row, binding) in frame.syscalls.iter().map(|row| (row, &bindings[row.syscall as usize])) {
            assert_eq!(
                (row.calls, row.cycles, row.bytes, row.objects),
                (binding.usage.calls, binding.usage.cycles, binding.usage.bytes, binding.usage.objects)
            );
        }
        if number == 0 {
            continue;
        }
        let record: Vec<u64> = machine.instance(MODULE).memory()[8..72]
            .chunks_exact(8)
            .map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
            .collect();
        let before = &profiler.frames()[number as usize - 1];
        let expected = [
            before.frame,
            before.cycles,
            before.granted,
            before.calls,
            before.bytes,
            before.objects,
            before.collector_cycles,
            0,
        ];
        assert_eq!(record, expected);
        assert_eq!((before.bytes, before.objects), (48, 1));
    }
}

#[test]
fn overdrafts_traps_and_skipped_frames_add_up() {
    let source = ".memory 4
        .func update()
          .local n: i32
          memory.fill 0, 1, 200_000
          frame.index n
          br.i32.lt_u n, 30, fine
          i32.div_s n, n, 0
          fine:
          return
        .end"
        .replace("frame.index n", "i32.load n, [4]\n i32.load8_u n, [0]\n i32.load n, [200004]\n i32.add n, n, 1\n i32.store [200004], n");
    let config = Config { cycles_per_frame: Some(5_000), ..Config::default() };
    let module = profiled(config, &source, 120).modules.remove(0);
    let ends: std::collections::BTreeSet<&str> = module.frames.iter().map(|f| f.end.as_str()).collect();
    let skipped = SliceEnd::Skipped.to_string();
    assert!(ends.contains("trapped") && ends.contains(skipped.as_str()), "{ends:?}");
    assert!(module.frames.iter().any(|frame| frame.cycles > frame.granted && frame.granted > 0));
}

#[test]
fn slices_that_end_anywhere_add_up() {
    let source = ".memory 1
        .shape node { a: scalar, next: handle }
        .func main()
          .local i, n: i32, node, old: handle
          again:
          loop
          move_h old, node
          record.new node, node
          record.set_h node, node, next, old
          i32.add i, i, 1
          i32.rem_u n, i, 100
          br_if n, again
          move_h node, null
          call work(i)
          br again
        .end
        .func work(n: i32)
          .local i: i32
          i32.const i, 0
          again:
          loop
          i32.add i, i, 1
          br.i32.lt_u i, 50, again
          return
        .end";
    for cycles in [1, 7, 100, 999] {
        let config = Config { cycles_per_frame: Some(cycles), ..Config::default() };
        let module = profiled(config, source, 400).modules.remove(0);
        assert!(cycles < 999 || module.frames.iter().any(|frame| frame.collector_cycles > 0));
    }
}

#[test]
fn zones_have_what_is_spent_in_them() {
    let source = r#".capability telemetry, log
        .func update()
          .local s, i: i32
          syscall telemetry.begin("outer") -> s
          i32.const i, 0
          again:
          loop
          syscall telemetry.begin("inner") -> s
          syscall log.write(1, "x") -> s
          syscall telemetry.end() -> s
          i32.add i, i, 1
          br.i32.lt_u i, 3, again
          syscall telemetry.end() -> s
          return
        .end"#;
    let module = one(source, 2);
    assert_eq!(module.zones, [vec!["outer".to_owned()], vec!["outer".to_owned(), "inner".to_owned()]]);
    let frame = &module.frames[1];
    let (outer, inner) = (&frame.zones[0], &frame.zones[1]);
    assert_eq!((outer.opened, inner.opened), (1, 3));
    let log =
        frame.syscalls.iter().find(|row| module.syscall_id(row.syscall) == "log.write@1").expect("called");
    assert!(inner.cycles >= log.cycles && outer.cycles > inner.cycles && frame.cycles > outer.cycles);

    // A zone that stays open goes on in the next frame, also for who begins to watch then or restores there.
    let source = r#".capability telemetry
        .func main()
          .local s: i32
          syscall telemetry.begin("all") -> s
          again:
          loop
          frame.sync
          br again
        .end"#;
    let mut machine = machine(source);
    machine.step(&InputFrame::default()).expect("no panic");
    let mut fork = machine.fork().expect("no panic");
    assert_eq!(hash(&fork), hash(&machine));
    for machine in [&mut machine, &mut fork] {
        let mut profiler = Profiler::attach(machine);
        let report = machine.step(&InputFrame::default()).expect("no panic");
        profiler.frame(machine, &report);
        let module = profiler.finish(machine).modules.remove(0);
        let frame = &module.frames[0];
        assert_eq!((frame.zones[0].opened, frame.zones[0].cycles), (0, frame.cycles));
    }
}

#[test]
fn only_real_changes_show_up() {
    let before = profiled(Config::default(), DRAWS, 5);
    // Lines move, and one of them draws once more.
    let after = profiled(Config::default(), &DRAWS.replace(".func update", "; a comment\n\n.func update"), 5);
    let same = compare(&before, &after);
    assert_eq!(
        (same.cycles.0, same.syscalls.len(), same.functions.len(), same.lines.len()),
        (same.cycles.1, 0, 0, 0)
    );
    let dearer = DRAWS.replace("  call twice(4)", "  call twice(4)\n  syscall gfx.clear(0)");
    let after = profiled(Config::default(), &dearer, 5);
    let found = compare(&before, &after);
    assert_eq!(found.frames, 5);
    let names = |list: &[cartwheel_runtime::profile::Change]| -> Vec<String> {
        list.iter().map(|change| format!("{} {:+}", change.name, change.delta())).collect()
    };
    assert_eq!(names(&found.syscalls), ["gfx.clear@1 +130"]);
    assert_eq!(names(&found.functions).len(), 1);
    assert!(names(&found.lines)[0].starts_with("test.asm:12 (update) +"), "{:?}", names(&found.lines));
    assert_eq!(found.lines.len(), 1);
    let lines: i64 = found.lines.iter().map(cartwheel_runtime::profile::Change::delta).sum();
    assert_eq!(lines, found.cycles.1 as i64 - found.cycles.0 as i64);
}

/// A machine that is watched can be saved, restored and forked like any other.
#[test]
fn a_watched_machine_goes_back_in_time() {
    let mut watched = machine(DRAWS);
    let mut profiler = Profiler::attach(&mut watched);
    let step = |machine: &mut Machine| machine.step(&InputFrame::default()).expect("no panic");
    let report = step(&mut watched);
    profiler.frame(&mut watched, &report);
    let saved = watched.save().expect("no panic");
    let report = step(&mut watched);
    profiler.frame(&mut watched, &report);
    let expected = hash(&watched);
    watched.restore(&saved).expect("its own state");
    let report = step(&mut watched);
    profiler.frame(&mut watched, &report);
    assert_eq!(hash(&watched), expected);
    let module = profiler.finish(&mut watched).modules.remove(0);
    assert_eq!(module.frames[1], module.frames[2]);
}

/// What is left of the budget is nobody's when a call puts its module into quarantine.
#[test]
fn a_frame_that_ends_in_quarantine_adds_up() {
    let policy = "[[rule]]
        syscall = \"gfx.pixel\"
        arguments.x = 4
        verdict = \"quarantine\"
        [[rule]]
        verdict = \"allow\"";
    let mut machine = Machine::new(Config::default());
    machine.set_policy(Policy::parse(policy).expect("a good policy"));
    machine.load(program(DRAWS)).expect("it can be loaded");
    let mut profiler = Profiler::attach(&mut machine);
    let mut seen = Vec::new();
    for frame in 0..4 {
        if frame == 2 {
            machine.queue(Action::Recover { module: 0 }).expect("it is there");
        }
        let report = machine.step(&InputFrame::default()).expect("no panic");
        profiler.frame(&mut machine, &report);
        seen.push((report, machine.bindings(MODULE).to_vec()));
    }
    let module = profiler.finish(&mut machine).modules.remove(0);
    let ends: Vec<SliceEnd> = seen.iter().map(|(report, _)| report.modules[0].end).collect();
    assert_eq!(&ends[..2], [SliceEnd::Quarantined; 2]);
    for (frame, (report, bindings)) in module.frames.iter().zip(&seen) {
        assert_adds_up(&module, frame, &report.modules[0], bindings);
    }
    assert!(module.frames[0].cycles > 0 && module.frames[0].cycles < 1_000, "{}", module.frames[0].cycles);
    assert_eq!(module.frames[1].cycles, 0);
}

#[test]
fn staged_calls_have_their_latency_in_frames() {
    let source = ".capability fs, kernel
        .func update()
          .local s, id, n: i32
          frame.index n
          br_if n, later
          syscall fs.write(\"a\", \"some\") -> s, id
          syscall fs.read(\"a\") -> s, id
          syscall fs.read(\"b\") -> s, id
        later:
          return
        .end";
    let profile = profiled(Config { latency: 3, ..Config::default() }, source, 6);
    let module = &profile.modules[0];
    let rows = |frame: usize| -> Vec<(&str, u64, u64)> {
        let rows = module.frames[frame].latencies.iter();
        rows.map(|row| (module.syscall_id(row.syscall), row.frames, row.times)).collect()
    };
    assert_eq!(rows(3), [("fs.write@1", 3, 1), ("fs.read@1", 3, 2)]);
    assert_eq!((rows(0), rows(2), rows(4)), (vec![], vec![], vec![]));
    let totals = Totals::new(module, &module.frames);
    let of = |total: &LatencyTotal| (total.calls, total.min, total.median, total.max, total.max_frame);
    assert_eq!(totals.latencies.iter().map(of).collect::<Vec<_>>(), [(1, 3, 3, 3, 3), (2, 3, 3, 3, 3)]);
}

/// Numbers of frames that differ, as runs with other configurations one after the other would have them.
#[test]
fn the_median_of_latencies_is_the_smaller_of_two_in_the_middle() {
    let mut module = one(DRAWS, 2);
    let row = |frames, times| LatencyRow { syscall: 0, frames, times };
    module.frames[0].latencies = vec![row(1, 1), row(2, 1)];
    module.frames[1].latencies = vec![row(2, 1), row(9, 3)];
    let total = Totals::new(&module, &module.frames).latencies[0];
    assert_eq!((total.calls, total.min, total.median, total.max, total.max_frame), (6, 1, 2, 9, 1));
}
