//! Calls that the host makes in the name of a module: figures, latency and what a trace has of them.

#[path = "common/account.rs"]
mod account;
mod common;

use account::assert_adds_up;
use cartwheel_hostabi::client::domains::Gfx;
use cartwheel_kernel::StoragePath;
use cartwheel_runtime::profile::Profiler;
use cartwheel_runtime::trace::{RecordOptions, Recorder};
use cartwheel_runtime::{Action, ActionOutcome, Answer, Config, InputFrame, Machine, Usage, Value};
use common::{MODULE, machine_with, step};

const GAME: &str = "
.video 8, 8
.capability gfx, fs
.memory 1
.data path: text \"qqqq\"
.func update()
  syscall gfx.pixel(1, 1, 7)
  return
.end
";

/// A call that writes `qqqq` to the file `qq`.
fn write(machine: &Machine) -> Action {
    let memory = machine.instance(MODULE).memory();
    let place = memory.iter().position(|&byte| byte == b'q').expect("the datum") as i32;
    exec("fs.write", [place, 2, place, 4])
}

fn exec<const N: usize>(id: &str, values: [i32; N]) -> Action {
    let mut args = Vec::new();
    values.into_iter().for_each(|value| Value::I32(value).encode(&mut args));
    Action::Exec { module: MODULE.0, id: id.to_owned(), args }
}

fn is_written(machine: &Machine) -> bool {
    let path = StoragePath::parse(b"qq").expect("a path");
    machine.storage(MODULE).expect("it has files").read(&path).is_some()
}

// covers ABI-11 POL-21
#[test]
fn what_the_host_asks_for_takes_as_long_as_what_a_guest_asks_for() {
    for latency in 1..4 {
        let mut machine = machine_with(Config { latency, ..Config::default() }, GAME);
        step(&mut machine);
        machine.queue(write(&machine)).expect("a good action");
        let report = machine.step(&InputFrame::default()).expect("no panic");
        let ActionOutcome::Answered(Answer::Resolved(_)) = &report.actions[0].outcome else {
            panic!("{:?}", report.actions)
        };
        for _ in 0..latency {
            assert!(!is_written(&machine), "latency {latency}");
            step(&mut machine);
        }
        assert!(is_written(&machine), "latency {latency}");
    }
}

// covers POL-22 POL-23
#[test]
fn calls_of_the_host_are_figures_of_their_own_and_everything_adds_up() {
    let (mut plain, mut machine) =
        (machine_with(Config::default(), GAME), machine_with(Config::default(), GAME));
    let mut profiler = Profiler::attach(&mut machine);
    let (mut cycles, mut seen) = (Vec::new(), Vec::new());
    for frame in 0..4 {
        if frame == 1 {
            machine.queue(write(&machine)).expect("a good action");
            machine.queue(exec("gfx.pixel", [1, 2, 3])).expect("a good action");
        }
        let report = machine.step(&InputFrame::default()).expect("no panic");
        let mut module = report.modules[0].clone();
        cycles.push(module.host.cycles);
        if frame == 1 {
            assert_eq!(module.host, Usage { calls: 2, cycles: 150 + 2 + 5, bytes: 0, objects: 0 });
        }
        seen.push((report.modules[0].clone(), machine.bindings(MODULE).to_vec()));
        module.host = Usage::default();
        assert_eq!(module, step(&mut plain), "what the module did is the same without them");
        profiler.frame(&mut machine, &report);
    }
    assert_eq!(cycles, [0, 157, 0, 0]);
    let profile = profiler.finish(&mut machine);
    profile.check().expect("a good profile");
    for (frame, (report, bindings)) in profile.modules[0].frames.iter().zip(&seen) {
        assert_adds_up(&profile.modules[0], frame, report, bindings);
        let Usage { calls, cycles, bytes, objects } = report.host;
        assert_eq!(frame.host, [calls, cycles, bytes, objects]);
    }
}

#[test]
fn a_trace_is_not_continued_behind_calls_that_it_does_not_have() {
    let mut machine = machine_with(Config::default(), GAME);
    let input = InputFrame::default();
    // Before the recording they are part of the state that it begins with.
    Gfx(&mut machine.client(MODULE)).clear(3).expect_err("not imported");
    step(&mut machine);
    let mut recorder = Recorder::new(Vec::new(), &machine, RecordOptions::default()).expect("memory");
    step(&mut machine);
    recorder.frame(&machine, &input, Vec::new()).expect("a frame like any");
    Gfx(&mut machine.client(MODULE)).pixel(0, 0, 5).expect("it is imported");
    for _ in 0..2 {
        step(&mut machine);
        let refused = recorder.frame(&machine, &input, Vec::new()).expect_err("no replay could have it");
        assert!(refused.to_string().contains("queue them as actions"), "{refused}");
    }
}

/// A guest that does not wait in a call has no instruction that an allocation of the host's could be counted at.
#[test]
fn what_the_host_allocates_between_frames_is_no_instructions_doing() {
    let mut machine = machine_with(Config::default(), GAME);
    let mut profiler = Profiler::attach(&mut machine);
    for _ in 0..3 {
        let mut args = Vec::new();
        let path =
            machine.instance(MODULE).memory().iter().position(|&byte| byte == b'q').expect("the datum");
        [Value::I32(path as i32), Value::I32(2), Value::Bytes(vec![0; 100])]
            .iter()
            .for_each(|value| value.encode(&mut args));
        let action = Action::Exec { module: MODULE.0, id: "fs.read_bytes".to_owned(), args };
        machine.queue(action).expect("a good action");
        let report = machine.step(&InputFrame::default()).expect("no panic");
        assert!(matches!(report.actions[0].outcome, ActionOutcome::Answered(Answer::Resolved(_))));
        profiler.frame(&mut machine, &report);
    }
    let profile = profiler.finish(&mut machine);
    assert!(profile.modules[0].frames.iter().all(|frame| frame.lines.iter().all(|row| row.objects == 0)));
}
