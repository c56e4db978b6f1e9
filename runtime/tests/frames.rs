//! The frame loop.

mod common;

use cartwheel_runtime::{
    Buttons, Config, InputFrame, Limits, LoadError, Machine, ModuleId, ModuleSetup, Pointer, PointerButtons,
    SliceEnd, Status,
};
use common::*;

// covers VM-1
#[test]
fn a_frame_is_a_function_of_state_and_input() {
    let source = ".data sum: i32 0
        .func update()
          .local a, b: i32
          rng.i32 a
          input.held b, 0
          i32.xor a, a, b
          i32.load b, [sum]
          i32.add a, a, b
          i32.store [sum], a
          return
        .end";
    let inputs: Vec<InputFrame> = (0..20)
        .map(|i| InputFrame {
            pads: [Buttons::from_bits(i * 37 % 4096).expect("buttons"); 4],
            ..InputFrame::default()
        })
        .collect();
    let run = |seed, inputs: &[InputFrame]| {
        let mut machine = machine_with(Config { seed, ..Config::default() }, source);
        inputs.iter().map(|input| (step_with(&mut machine, input), hash(&machine))).collect::<Vec<_>>()
    };
    assert_eq!(run(1, &inputs), run(1, &inputs));
    assert_ne!(run(1, &inputs), run(2, &inputs));
    assert_ne!(run(1, &inputs).last(), run(1, &[InputFrame::default(); 20]).last());
}

#[test]
fn starts_run_once_in_order_and_share_the_first_frame_with_update() {
    let mut machine = machine(
        ".data log: i32[8]
        .data n: i32 0
        .entry update=update start=first start=second
        .func note(what: i32)
          .local at: i32
          i32.load at, [n]
          i32.store [at + log], what
          i32.add at, at, 4
          i32.store [n], at
          return
        .end
        .func first()
          call note(1)
          return
        .end
        .func second()
          call note(2)
          return
        .end
        .func update()
          call note(3)
          return
        .end",
    );
    assert_eq!(step(&mut machine).end, SliceEnd::UpdateDone);
    assert_eq!([0, 4, 8, 12].map(|at| peek(&machine, at)), [1, 2, 3, 0]);
    step(&mut machine);
    assert_eq!([8, 12, 16].map(|at| peek(&machine, at)), [3, 3, 0]);
}

// covers VM-2
#[test]
fn a_spent_budget_suspends_in_nested_calls_and_counts_an_overrun() {
    let mut machine = machine(
        ".cycles 1000
        .data done: i32 0
        .func update()
          .local n: i32
          call outer(75)
          i32.load n, [done]
          i32.add n, n, 1
          i32.store [done], n
          return
        .end
        .func outer(n: i32)
        again:
          loop
          call inner(10)
          i32.sub n, n, 1
          br.i32.gt_s n, 0, again
          return
        .end
        .func inner(n: i32)
        again:
          loop
          i32.sub n, n, 1
          br.i32.gt_s n, 0, again
          return
        .end",
    );
    let mut ends = Vec::new();
    let mut owed = 0;
    for frame in 0..12 {
        let report = step(&mut machine);
        assert_eq!(report.granted, 1_000 - owed, "frame {frame}");
        owed = report.cycles.saturating_sub(report.granted);
        // What lies between two checkpoints here is small.
        assert!(owed < 30, "{owed}");
        ends.push((report.end, report.overruns));
    }
    let (spent, done) = (SliceEnd::BudgetSpent, SliceEnd::UpdateDone);
    assert_eq!(ends[..5], [(spent, 1), (spent, 1), (spent, 1), (done, 1), (spent, 2)]);
    assert_eq!(ends.iter().filter(|(end, _)| *end == done).count(), 3);
    assert_eq!(peek(&machine, 0), 3);
}

#[test]
fn a_debt_above_a_whole_budget_skips_frames() {
    let mut machine = machine(
        ".cycles 100
        .memory 1
        .func update()
          .local n: i32
          memory.grow n, 1
          return
        .end",
    );
    let first = step(&mut machine);
    assert_eq!((first.end, first.granted), (SliceEnd::UpdateDone, 100));
    let mut debt = first.cycles - 100;
    assert!(debt > 900);
    while debt >= 100 {
        let report = step(&mut machine);
        assert_eq!((report.end, report.granted, report.cycles), (SliceEnd::Skipped, 0, 0));
        debt -= 100;
    }
    assert_eq!(step(&mut machine).granted, 100 - debt);
    assert_eq!(machine.instance(MODULE).memory().len(), 3 * 65_536);
}

#[test]
fn main_runs_on_and_halts_when_it_returns() {
    let mut machine = machine(
        ".func main()
          frame.sync
          call sleep()
          return
        .end
        .func sleep()
          frame.sync
          return
        .end",
    );
    let ends: Vec<SliceEnd> = (0..4).map(|_| step(&mut machine).end).collect();
    assert_eq!(ends, [SliceEnd::FrameSync, SliceEnd::FrameSync, SliceEnd::Halted(0), SliceEnd::Halted(0)]);
    assert_eq!(machine.status(MODULE), Status::Halted(0));
    let before = hash(&machine);
    let bytes = machine.save().expect("no panic");
    step(&mut machine);
    assert_ne!(hash(&machine), before, "the number of the frame is state");
    machine.restore(&bytes).expect("its own state");
    assert_eq!((hash(&machine), machine.status(MODULE)), (before, Status::Halted(0)));
}

#[test]
fn halt_ends_with_its_code() {
    let mut machine = machine(".func update()\n halt 7\n.end");
    let report = step(&mut machine);
    assert_eq!(report.end, SliceEnd::Halted(7));
    assert_eq!(machine.status(MODULE), Status::Halted(7));
    let report = step(&mut machine);
    assert_eq!((report.end, report.cycles, report.granted), (SliceEnd::Halted(7), 0, 0));
}

#[test]
fn a_library_is_idle_after_its_starts() {
    let mut machine = machine(".entry library start=start\n.func start()\n return\n.end");
    let first = step(&mut machine);
    assert_eq!(first.end, SliceEnd::Idle);
    assert!(first.cycles > 0);
    let second = step(&mut machine);
    assert_eq!((second.end, second.cycles), (SliceEnd::Idle, 0));
    assert_eq!(machine.status(MODULE), Status::Running);
}

#[test]
fn a_start_that_takes_the_whole_budget_makes_no_late_update() {
    let mut machine = machine(
        ".cycles 1
        .func start()
          nop
          return
        .end
        .func update()
          return
        .end",
    );
    let mut reports = std::iter::repeat_with(|| step(&mut machine));
    let first = reports.next().expect("endless");
    assert_eq!(first.end, SliceEnd::BudgetSpent);
    let update = reports.find(|report| report.end == SliceEnd::UpdateDone).expect("it comes");
    assert_eq!(update.overruns, 0);
}

// covers POL-15
#[test]
fn input_is_seen_held_pressed_and_released() {
    let mut machine = machine(
        ".data seen: i32[6]
        .func update()
          .local n: i32
          input.held n, 2
          i32.store [seen], n
          input.pressed n, 2
          i32.store [seen + 4], n
          input.released n, 2
          i32.store [seen + 8], n
          input.pointer_x n
          i32.store [seen + 12], n
          input.pointer_y n
          i32.store [seen + 16], n
          input.pointer_buttons n
          i32.store [seen + 20], n
          return
        .end",
    );
    let input = |bits, x| {
        let mut input = InputFrame::default();
        input.pads[2] = Buttons::from_bits(bits).expect("buttons");
        input.pointer = Pointer { x, y: -x, buttons: PointerButtons::from_bits(5).expect("buttons") };
        input
    };
    let seen = |machine: &Machine| [0, 4, 8, 12, 16, 20].map(|at| peek(machine, at));
    step_with(&mut machine, &input(0b011, 9));
    assert_eq!(seen(&machine), [0b011, 0b011, 0, 9, -9, 5]);
    // The frame before is part of the state.
    let mut machine = machine.fork().expect("no panic");
    step_with(&mut machine, &input(0b110, 10));
    assert_eq!(seen(&machine), [0b110, 0b100, 0b001, 10, -10, 5]);
}

#[test]
fn a_trap_tells_where_and_how_it_got_there() {
    let mut machine = machine(
        ".func update()
          call divide(1, 0) -> _
          return
        .end
        .func divide(a, b: i32) -> i32
          i32.div_s a, a, b
          return a
        .end",
    );
    let report = step(&mut machine);
    assert_eq!(report.end, SliceEnd::Trapped);
    let text =
        "trap: division by zero at `i32.div_s`\n  0: divide+0 (test.asm:6)\n  1: update+0 (test.asm:2)";
    assert_eq!(report.trap.expect("it trapped").to_string(), text);
    assert_eq!(machine.trap(MODULE).expect("it trapped").to_string(), text);
    let later = step(&mut machine);
    assert_eq!((later.end, later.trap, later.cycles), (SliceEnd::Trapped, None, 0));
    assert_eq!(machine.status(MODULE), Status::Trapped);
}

#[test]
fn a_fault_of_a_syscall_traps_at_the_syscall() {
    let mut machine = machine(
        ".capability log .memory 1
        .func main()
          syscall log.write(1, 65530, 6)
          syscall log.write(1, 65530, 7)
          return
        .end",
    );
    let report = step(&mut machine);
    assert_eq!((report.end, report.syscalls, report.log.len()), (SliceEnd::Trapped, 2, 1));
    let trap = report.trap.expect("it trapped").to_string();
    assert!(
        trap.starts_with(
            "trap: span outside linear memory at `syscall log.write@1`, argument `text`\n  0: main+"
        ),
        "{trap}"
    );
    assert!(trap.ends_with("(test.asm:4)"), "{trap}");
}

#[test]
fn endless_recursion_is_told_in_a_few_lines() {
    let mut machine = machine(
        ".func update()\n call deeper()\n return\n.end\n.func deeper()\n call deeper()\n return\n.end",
    );
    let trap = step(&mut machine).trap.expect("it trapped").to_string();
    let lines: Vec<&str> = trap.lines().collect();
    assert_eq!(lines[0], "trap: calls nested too deeply at `call`");
    assert_eq!(lines[1], "  0: deeper+0 (test.asm:6), 64 times");
    assert!(lines[2].starts_with("  and ") && lines[2].ends_with(" more calls"), "{trap}");
}

#[test]
fn a_segment_that_does_not_fit_traps_before_the_first_instruction() {
    let mut machine = machine(".memory 1\n.segment at 65530 = \"0123456789\"\n.func update()\n return\n.end");
    let report = step(&mut machine);
    assert_eq!((report.end, report.cycles), (SliceEnd::Trapped, 0));
    let trap = machine.trap(MODULE).expect("it trapped").to_string();
    assert!(trap.contains("memory access out of bounds"), "{trap}");
}

#[test]
fn a_stalled_allocation_goes_on_in_the_next_frame() {
    let limits = Limits { max_heap_objects: 200_000, ..Limits::default() };
    let mut machine = machine_with(
        Config { limits, ..Config::default() },
        ".cycles 100_000_000
        .shape node { next: handle }
        .global list: handle
        .func start()
          .local n: i32, fresh, old: handle
          move n, 150_000
        again:
          loop
          record.new fresh, node
          global.get_h old, list
          record.set_h fresh, node.next, old
          global.set_h list, fresh
          i32.sub n, n, 1
          br.i32.gt_s n, 0, again
          return
        .end
        .func update()
          .local n: i32, garbage: handle
          move n, 300_000
        again:
          loop
          record.new garbage, node
          i32.sub n, n, 1
          br.i32.gt_s n, 0, again
          return
        .end",
    );
    let reports: Vec<_> = (0..200).map(|_| step(&mut machine)).collect();
    assert!(reports.iter().all(|report| report.collector_cycles <= report.cycles));
    assert!(reports.iter().any(|report| report.collector_cycles == 65_536), "a whole frame of the collector");
    let ends: Vec<SliceEnd> = reports.iter().map(|report| report.end).collect();
    assert!(ends.contains(&SliceEnd::UpdateDone), "{ends:?}");
    assert!(ends.contains(&SliceEnd::Stalled) && !ends.contains(&SliceEnd::Trapped), "{ends:?}");
}

#[test]
fn allocations_and_syscalls_are_counted_by_frame() {
    let mut machine = machine(
        ".capability log, telemetry
        .func update()
          .local object: handle
          bytes.new object, 9
          bytes.new object, 8
          syscall log.write(2, \"careful\")
          syscall telemetry.counter(\"things\", 5)
          return
        .end",
    );
    for _ in 0..3 {
        let report = step(&mut machine);
        assert_eq!((report.objects, report.bytes, report.syscalls), (2, 32 + 16 + 32 + 8, 2));
        assert_eq!(report.log[0].text, "careful");
        assert_eq!((report.counters[0].name.as_str(), report.counters[0].value), ("things", 5));
    }
}

#[test]
fn what_cannot_be_served_is_not_loaded() {
    let load = |limits, source: &str| {
        let mut machine = Machine::new(Config { limits, ..Config::default() });
        let result = machine.load(program(source));
        assert_eq!(machine.modules().len(), usize::from(result.is_ok()));
        result
    };
    let update = ".func update()\n return\n.end";
    let pages = Limits { max_memory_pages: 1, ..Limits::default() };
    assert!(matches!(load(pages, &format!(".memory 2\n{update}")), Err(LoadError::Limits(_))));
    let error = load(Limits::default(), &format!(".capability \"time\"\n{update}")).expect_err("unknown");
    assert_eq!(error.to_string(), "no capability is called `time`");
    let import = format!(".import clock.now (func) -> i32 unchecked\n{update}");
    let error = load(Limits::default(), &import).expect_err("no such type");
    assert_eq!(error, LoadError::FunctionReference("clock.now".to_owned()));
    let mut machine = machine_with(Config { max_modules: 1, ..Config::default() }, update);
    assert_eq!(machine.load(program(update)), Err(LoadError::Full(1)));
    assert!(machine.unload(MODULE) && !machine.unload(MODULE));
    let above = Limits { max_frames: Limits::default().max_frames + 1, ..Limits::default() };
    let above = ModuleSetup { limits: Some(above), ..ModuleSetup::default() };
    assert_eq!(machine.load_with(program(update), above), Err(LoadError::AboveLimits));
    let none = ModuleSetup { cycles_per_frame: Some(0), ..ModuleSetup::default() };
    assert_eq!(machine.load_with(program(update), none), Err(LoadError::NoCycles));
    assert_eq!(machine.load(program(update)), Ok(ModuleId(1)), "what was refused took no number");
}
