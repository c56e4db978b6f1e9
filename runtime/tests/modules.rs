//! Several modules in one machine.

mod common;

use cartwheel_runtime::policy::{Policy, TrustLevel};
use cartwheel_runtime::trace::{Event, RecordOptions, Recorder, Trace, compare, step as replay};
use cartwheel_runtime::{
    Action, Config, InputFrame, Limits, Machine, ModuleId, ModuleSetup, RestoreError, Rewind, SyncTest,
};
use common::{BUSY, hash, program};

/// Counts, remembers the count for all of its origin, and shouts.
const COUNTER: &str = ".capability log, kernel, fs
.data count: i32 0
.func update()
  .local n, status, request: i32
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  syscall kernel.memory_set(\"n\", \"some\") -> status
  syscall fs.write(\"file\", \"content\") -> status, request
  syscall log.write(1, \"counted\")
  return
.end";

const HALTS: &str = ".func main()\n halt 3\n.end";

fn input(frame: u64) -> InputFrame {
    common::buttons((frame / 5) as u32)
}

fn go(machine: &mut Machine) {
    let input = input(machine.frame());
    machine.step(&input).expect("no panic");
}

fn numbers(machine: &Machine) -> Vec<u32> {
    machine.modules().map(|id| id.0).collect()
}

/// Three modules of two programs, set up in different ways.
fn crowd() -> Machine {
    let mut machine = Machine::new(Config { seed: 7, ..Config::default() });
    let limits = Limits { max_heap_objects: 100_000, ..Limits::default() };
    let setups = [
        (BUSY, ModuleSetup::default()),
        (COUNTER, ModuleSetup { name: Some("counter".to_owned()), ..ModuleSetup::default() }),
        (BUSY, ModuleSetup { cycles_per_frame: Some(900), limits: Some(limits), ..ModuleSetup::default() }),
        (
            COUNTER,
            ModuleSetup { level: Some(TrustLevel::Signed), max_requests: Some(3), ..Default::default() },
        ),
    ];
    for (source, setup) in setups {
        machine.load_with(program(source), setup).expect("it can be loaded");
    }
    machine
}

// covers VM-1
#[test]
fn modules_run_in_the_order_of_their_numbers_each_with_its_own_budget() {
    let mut machine = crowd();
    let report = machine.step(&input(0)).expect("no panic");
    let rows: Vec<(u32, u64)> = report.modules.iter().map(|row| (row.module.0, row.granted)).collect();
    let default = machine.cycles_per_frame(ModuleId(1));
    assert_eq!(rows, [(0, 700), (1, default), (2, 900), (3, default)]);
    assert_eq!(report.modules[1].log[0].text, "counted");
    assert_eq!(machine.trust(ModuleId(3)).level, TrustLevel::Signed);
}

#[test]
fn a_module_is_in_company_what_it_is_alone() {
    let mut alone = Machine::new(Config { seed: 7, ..Config::default() });
    alone.load(program(BUSY)).expect("it can be loaded");
    let mut machine = crowd();
    for _ in 0..40 {
        go(&mut alone);
        go(&mut machine);
        let (one, many) = (alone.hash().expect("no panic"), machine.hash().expect("no panic"));
        assert_eq!(one.modules[0], many.modules[0]);
        assert!(one.shared.is_empty() && many.shared[0].0 == "modules");
        assert_ne!(many.modules[0].rng, many.modules[2].rng, "every module has random numbers of its own");
    }
}

// covers VM-3
#[test]
fn a_state_brings_back_the_modules_that_there_were() {
    let mut machine = crowd();
    (0..9).for_each(|_| go(&mut machine));
    let (saved, at) = (machine.save().expect("no panic"), hash(&machine));
    let mut expected = Vec::new();
    for _ in 0..5 {
        go(&mut machine);
        expected.push(hash(&machine));
    }
    // Others go, others come, and the numbers of those that come are new.
    assert!(machine.unload(ModuleId(1)) && machine.unload(ModuleId(2)));
    let new = machine.load(program(HALTS)).expect("it can be loaded");
    assert_eq!((new, numbers(&machine)), (ModuleId(4), vec![0, 3, 4]));
    go(&mut machine);
    let (later, changed) = (machine.save().expect("no panic"), hash(&machine));
    let again = |machine: &mut Machine| {
        machine.restore(&saved).expect("its own state");
        assert_eq!((numbers(machine), hash(machine)), (vec![0, 1, 2, 3], at.clone()));
        assert_eq!(machine.save().expect("no panic"), saved);
        for hashed in &expected {
            go(machine);
            assert_eq!(hash(machine), *hashed);
        }
        assert_eq!(machine.trust(ModuleId(3)).level, TrustLevel::Signed);
        assert_eq!(machine.load(program(HALTS)), Ok(ModuleId(4)), "the next number is part of the state");
    };
    again(&mut machine);
    machine.restore(&later).expect("its own state");
    assert_eq!((numbers(&machine), hash(&machine)), (vec![0, 3, 4], changed));
    again(&mut machine);
    let mut empty = Machine::new(Config::default());
    assert!(matches!(empty.restore(&saved), Err(RestoreError::OtherCartridge(_))));
    [BUSY, COUNTER].into_iter().for_each(|source| empty.add_program(program(source)));
    again(&mut empty);
    let fork = machine.fork().expect("no panic");
    assert_eq!((numbers(&fork), hash(&fork)), (numbers(&machine), hash(&machine)));
}

/// A state in which a module's part is wrong, and the checksum right.
fn spoilt(saved: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = saved.to_vec();
    bytes[at] ^= 0x55;
    let content = bytes.len() - 8;
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..content]);
    bytes[content..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn a_state_that_fails_halfway_leaves_everything_as_it_was() {
    let mut machine = crowd();
    (0..9).for_each(|_| go(&mut machine));
    machine.queue(Action::SetPolicy { text: "mode = \"permissive\"".to_owned() }).expect("a policy");
    let saved = machine.save().expect("no panic");
    (0..3).for_each(|_| go(&mut machine));
    let same = (machine.save().expect("no panic"), hash(&machine));
    machine.unload(ModuleId(0));
    machine.load(program(HALTS)).expect("it can be loaded");
    let other = (machine.save().expect("no panic"), hash(&machine));
    let (mut refused, mut taken) = (0, 0);
    for before in [same, other] {
        machine.restore(&before.0).expect("its own state");
        // Behind the linear memory of the first modules, and in the last module's part.
        let places = (0..4_000).chain(saved.len() - 70_000..saved.len() - 8);
        for at in places.step_by(17) {
            match machine.restore(&spoilt(&saved, at)) {
                Ok(()) => {
                    taken += 1;
                    machine.restore(&before.0).expect("its own state");
                }
                Err(_) => refused += 1,
            }
            if at % 8 == 0 {
                assert_eq!((machine.save().expect("no panic"), hash(&machine)), before, "{at}");
            }
        }
        assert_eq!((machine.save().expect("no panic"), hash(&machine)), before);
    }
    assert!(refused > 50 && taken > 50, "{refused} {taken}");
}

#[test]
fn a_policy_is_that_of_the_machine() {
    let mut machine = crowd();
    let plain = machine.save().expect("no panic");
    let text = "mode = \"permissive\"";
    machine.queue(Action::SetPolicy { text: text.to_owned() }).expect("a policy");
    go(&mut machine);
    let saved = machine.save().expect("no panic");
    assert_eq!(saved.windows(text.len()).filter(|window| *window == text.as_bytes()).count(), 1);
    machine.restore(&plain).expect("its own state");
    assert!(machine.policy().is_built_in());
    machine.restore(&saved).expect("its own state");
    assert_eq!(machine.policy(), &Policy::parse(text).expect("a policy"));
}

#[test]
fn what_an_origin_remembers_ends_with_its_last_module() {
    let mut machine = Machine::new(Config::default());
    let first = machine.load(program(COUNTER)).expect("it can be loaded");
    let second = machine.load(program(COUNTER)).expect("it can be loaded");
    go(&mut machine);
    let remembers = |machine: &Machine| {
        let hash = machine.hash().expect("no panic");
        let mut parts = hash.modules.iter().flat_map(|module| &module.kernel);
        parts.find(|(name, _)| *name == "memory of the origin").map(|part| part.1)
    };
    let full = remembers(&machine);
    machine.unload(first);
    assert_eq!(remembers(&machine), full, "the other one sees it");
    machine.unload(second);
    machine.load(program(COUNTER)).expect("it can be loaded");
    assert_ne!(remembers(&machine), full);
}

// covers VM-3
#[test]
fn every_frame_of_several_modules_is_the_same_after_a_rollback() {
    for depth in [1, 2, 7] {
        let (mut plain, mut tested) = (crowd(), crowd());
        let mut test = SyncTest::new(depth);
        for frame in 0..60 {
            plain.step(&input(frame)).expect("no panic");
            let (_, mismatch) = test.step(&mut tested, &input(frame)).expect("no panic");
            assert_eq!(mismatch, None, "depth {depth}, frame {frame}");
            assert_eq!(hash(&tested), hash(&plain));
        }
    }
}

#[test]
fn a_machine_can_go_back_to_before_modules_came_and_went() {
    let mut machine = crowd();
    let mut rewind = Rewind::new(64);
    let mut hashes = Vec::new();
    for frame in 0..40 {
        match frame {
            10 => drop(machine.unload(ModuleId(0))),
            20 => drop(machine.load(program(HALTS))),
            30 => drop(machine.load(program(BUSY))),
            _ => {}
        }
        rewind.keep(&machine).expect("no panic");
        hashes.push((hash(&machine), numbers(&machine)));
        go(&mut machine);
    }
    for frame in [35, 5, 25, 15, 39, 0] {
        assert_eq!(rewind.back(&mut machine, frame), Ok(true));
        assert_eq!((hash(&machine), numbers(&machine)), hashes[frame as usize]);
    }
}

#[test]
fn a_trace_has_all_modules() {
    for setups in [false, true] {
        let mut machine = if setups { crowd() } else { Machine::new(Config::default()) };
        if !setups {
            [BUSY, COUNTER].into_iter().for_each(|source| drop(machine.load(program(source))));
        }
        let options = RecordOptions { keyframes: if setups { 10 } else { 0 }, components: 1, embed: true };
        let mut recorder = Recorder::new(Vec::new(), &machine, options).expect("into memory");
        for frame in 0..25 {
            if frame == 12 {
                machine.queue(Action::Terminate { module: 1 }).expect("there is one");
            }
            let report = machine.step(&input(frame)).expect("no panic");
            let events = report.actions.iter().map(|done| Event::of(&done.action)).collect();
            recorder.frame(&machine, &input(frame), events).expect("into memory");
        }
        let trace = Trace::open(recorder.finish().expect("into memory")).expect("a trace");
        let sources: &[&str] = if setups { &[BUSY, COUNTER, BUSY, COUNTER] } else { &[BUSY, COUNTER] };
        let programs: Vec<_> = sources.iter().map(|source| program(source)).collect();
        assert!(trace.is_of(&programs));
        let mut again = trace.machine(&programs).expect("the recorded machine");
        assert_eq!(numbers(&again), numbers(&machine));
        for recorded in trace.frames(0) {
            let recorded = recorded.expect("a good trace");
            replay(&mut again, &recorded).expect("it can be replayed");
            assert_eq!(compare(&recorded, &again).expect("no panic"), None);
        }
        assert_eq!(hash(&again), hash(&machine));
        assert_eq!(trace.seek(&mut again, 3), Ok(None));
    }
}

/// What cannot be made in the place of a module takes nothing from it, not even for a moment.
// covers LAY-7
#[test]
fn a_program_that_cannot_be_had_leaves_everything() {
    let limits = Limits { max_memory_pages: 4, ..Limits::default() };
    let mut machine = Machine::new(Config { limits, ..Config::default() });
    let ids = [BUSY, COUNTER].map(|source| machine.load(program(source)).expect("it can be loaded"));
    assert!(machine.set_supervisor(ids[1], ids[0]));
    (0..5).for_each(|frame| drop(machine.step(&input(frame)).expect("no panic")));
    let before = hash(&machine);
    assert!(machine.replace(ids[1], program(&format!(".memory 5\n{COUNTER}"))).is_err());
    assert_eq!((hash(&machine), machine.supervisor(ids[1])), (before, Some(ids[0])));
}

/// A state whose modules the policy would not take in is refused, and leaves the machine as it was.
// covers VM-3
#[test]
fn a_state_with_modules_that_are_not_wanted_changes_nothing() {
    const WITH_PORTS: &str = ".capability port\n.func update()\n return\n.end";
    const DRAWS: &str = ".video 4, 4 .capability gfx\n.func update()\n syscall gfx.clear(1)\n return\n.end";
    let mut full = Machine::new(Config::default());
    [HALTS, WITH_PORTS, DRAWS].into_iter().for_each(|source| drop(full.load(program(source))));
    let wanted = full.save().expect("no panic");
    let mut machine = Machine::new(Config::default());
    let policy = "[[rule]]\ncapability = \"gfx\"\nverdict = \"deny\"\n[[rule]]\nverdict = \"allow\"\n";
    machine.set_policy(Policy::parse(policy).expect("a policy"));
    machine.load(program(HALTS)).expect("it can be loaded");
    [WITH_PORTS, DRAWS].into_iter().for_each(|source| machine.add_program(program(source)));
    let (before, own) = (hash(&machine), machine.save().expect("no panic"));
    assert!(machine.restore(&wanted).is_err());
    assert_eq!((hash(&machine), machine.save().expect("no panic")), (before.clone(), own.clone()));
    machine.restore(&own).expect("its own state");
    assert_eq!(hash(&machine), before);
}
