//! Modules that load, watch and end others, and the host that does.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_runtime::trace::{Event, RecordOptions, Recorder, Trace, compare, step as replay};
use cartwheel_runtime::{
    Action, ActionError, ActionOutcome, Buttons, CallRecord, Config, InputFrame, Lifecycle, LifecycleEvent,
    LoadError, Machine, ModuleId, ModuleSetup, ModuleState, Observer, SliceEnd, Status, Storage, SyncTest,
    TRANSITIONS, Transition,
};
use common::{hash, program};

/// Gives a command per button that was just pressed, and keeps what it came to.
const PARENT: &str = ".capability module, proc
.data my_child: i32 -1
.data my_status: i32 -1
.data my_state: i32 -1
.data my_code: i32 -1
.func update()
  .local pressed, bit, child, status, state, code: i32
  input.pressed pressed, 0
  i32.load child, [my_child]
  syscall module.info(child) -> status, state, code
  i32.store [my_state], state
  i32.store [my_code], code
  br.i32.eq pressed, 0, nothing
  i32.ctz bit, pressed
  br_table bit, [load, start, pause, resume, stop, unload, quarantine, replace, poll, nothing]
load:
  syscall module.load(\"child\") -> status, child
  br.i32.ne status, 0, done
  i32.store [my_child], child
  br done
start:
  syscall module.start(child) -> status
  br done
pause:
  syscall module.pause(child) -> status
  br done
resume:
  syscall module.resume(child) -> status
  br done
stop:
  syscall module.stop(child, 3) -> status
  br done
unload:
  syscall module.unload(child) -> status
  br done
quarantine:
  syscall module.quarantine(child) -> status
  br done
replace:
  syscall module.replace(child, \"other\") -> status
  br done
poll:
  syscall module.poll(child) -> status
done:
  i32.store [my_status], status
nothing:
  return
.end";

/// Counts updates, and notices when it is being stopped.
const CHILD: &str = ".capability proc, fs
.data updates: i32 0
.data frames_left: i32 0
.func update()
  .local n, left, status, request: i32
  i32.load n, [updates]
  i32.add n, n, 1
  i32.store [updates], n
  syscall proc.stopping() -> left
  i32.store [frames_left], left
  syscall fs.write(\"count\", \"some\") -> status, request
  return
.end";

const OTHER: &str = ".data updates: i32 100\n.func update()\n .local n: i32\n i32.load n, [updates]\n i32.add n, n, 1\n i32.store [updates], n\n return\n.end";
const HALTS: &str = ".func main()\n frame.sync\n halt 3\n.end";
const TRAPS: &str = ".func main()\n frame.sync\n trap 1\n.end";

const PARENT_ID: ModuleId = ModuleId(0);
const CHILD_ID: ModuleId = ModuleId(1);

/// Commands in the order of the program's table.
const COMMANDS: [&str; 9] =
    ["load", "start", "pause", "resume", "stop", "unload", "quarantine", "replace", "poll"];

fn machine_of(child: &str) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.load(program(PARENT)).expect("it can be loaded");
    let setup = ModuleSetup { storage: Some(Storage::new(5_000)), ..ModuleSetup::default() };
    machine.add_to_store("child", program(child), setup);
    machine.add_to_store("other", program(OTHER), ModuleSetup::default());
    machine
}

fn press(command: &str) -> InputFrame {
    let bit = COMMANDS.iter().position(|name| *name == command).expect("a command");
    let mut input = InputFrame::default();
    input.pads[0] = Buttons::from_bits(1 << bit).expect("buttons");
    input
}

/// The i32 with a name in a module's memory.
fn peek(machine: &Machine, module: ModuleId, name: &str) -> i32 {
    let instance = machine.instance(module);
    let symbols = &instance.program().cartridge().debug.as_ref().expect("it has symbols").symbols;
    let place = symbols.iter().find(|symbol| symbol.name == name).expect("there is one").address as usize;
    i32::from_le_bytes(instance.memory()[place..place + 4].try_into().expect("four bytes"))
}

/// Gives a command in a frame and releases the button in another. The status that came of it.
fn give(machine: &mut Machine, command: &str) -> i32 {
    machine.step(&press(command)).expect("no panic");
    let status = peek(machine, PARENT_ID, "my_status");
    machine.step(&InputFrame::default()).expect("no panic");
    status
}

fn state(machine: &Machine) -> ModuleState {
    if machine.has(CHILD_ID) { machine.status(CHILD_ID).into() } else { ModuleState::Unloaded }
}

// covers LAY-7
#[test]
fn a_supervisor_leads_a_module_through_its_life() {
    let mut machine = machine_of(CHILD);
    let (ok, bad) = (0, 18);
    assert_eq!(give(&mut machine, "poll"), 16);
    assert_eq!(give(&mut machine, "load"), ok);
    assert_eq!((state(&machine), peek(&machine, PARENT_ID, "my_state")), (ModuleState::Ready, 1));
    assert_eq!(machine.supervisor(CHILD_ID), Some(PARENT_ID));
    assert_eq!(give(&mut machine, "pause"), bad);
    assert_eq!(give(&mut machine, "start"), ok);
    assert_eq!((state(&machine), peek(&machine, CHILD_ID, "updates")), (ModuleState::Running, 1));
    assert_eq!(give(&mut machine, "unload"), bad);
    assert_eq!(give(&mut machine, "pause"), ok);
    let updates = peek(&machine, CHILD_ID, "updates");
    assert_eq!(give(&mut machine, "pause"), bad);
    assert_eq!((state(&machine), peek(&machine, CHILD_ID, "updates")), (ModuleState::Paused, updates));
    assert_eq!(give(&mut machine, "resume"), ok);
    assert!(peek(&machine, CHILD_ID, "updates") > updates);
    let files = machine.storage(CHILD_ID).cloned().expect("it has files");
    assert_eq!(files.files().len(), 1);
    assert_eq!(give(&mut machine, "replace"), ok);
    assert_eq!((state(&machine), peek(&machine, CHILD_ID, "updates")), (ModuleState::Running, 101));
    assert_eq!(machine.supervisor(CHILD_ID), Some(PARENT_ID));
    assert_eq!(give(&mut machine, "stop"), ok);
    let updates = peek(&machine, CHILD_ID, "updates");
    assert_eq!(state(&machine), ModuleState::Stopping);
    assert_eq!(give(&mut machine, "pause"), bad);
    assert_eq!((state(&machine), peek(&machine, CHILD_ID, "updates")), (ModuleState::Stopped, updates + 2));
    assert_eq!(give(&mut machine, "start"), bad);
    assert_eq!(give(&mut machine, "unload"), ok);
    assert_eq!((state(&machine), machine.modules().len()), (ModuleState::Unloaded, 1));
    assert_eq!(give(&mut machine, "start"), 16);
    assert_eq!(give(&mut machine, "load"), ok);
    assert!(machine.has(ModuleId(2)), "a number is never used again");
}

#[test]
fn a_module_that_is_being_stopped_knows_and_can_use_its_last_frames() {
    let mut machine = machine_of(CHILD);
    give(&mut machine, "load");
    give(&mut machine, "start");
    machine.step(&press("stop")).expect("no panic");
    for left in [3, 2, 1] {
        let report = machine.step(&InputFrame::default()).expect("no panic");
        assert_eq!(
            (report.modules[1].end, peek(&machine, CHILD_ID, "frames_left")),
            (SliceEnd::UpdateDone, left)
        );
    }
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert_eq!((report.modules[1].end, report.modules[1].cycles), (SliceEnd::Stopped, 0));
}

#[test]
fn how_a_module_ends_by_itself_is_seen_by_its_supervisor() {
    for (child, expected, code) in [(HALTS, ModuleState::Stopped, 3), (TRAPS, ModuleState::Trapped, 0)] {
        let mut machine = machine_of(child);
        give(&mut machine, "load");
        give(&mut machine, "start");
        machine.step(&InputFrame::default()).expect("no panic");
        assert_eq!(state(&machine), expected);
        machine.step(&InputFrame::default()).expect("no panic");
        assert_eq!(
            (peek(&machine, PARENT_ID, "my_state"), peek(&machine, PARENT_ID, "my_code")),
            (expected as i32, code)
        );
        assert_eq!(give(&mut machine, "stop"), 18);
        // Another program gives it another life.
        assert_eq!(give(&mut machine, "replace"), 0);
        assert_eq!(state(&machine), ModuleState::Running);
    }
}

// covers LAY-7
#[test]
fn every_transition_that_the_table_does_not_have_is_a_status() {
    use Transition as T;
    // How to bring a child into each state that it can be given commands in.
    let ways: [(ModuleState, &[&str]); 7] = [
        (ModuleState::Ready, &["load"]),
        (ModuleState::Running, &["load", "start"]),
        (ModuleState::Paused, &["load", "start", "pause"]),
        (ModuleState::Quarantined, &["load", "start", "quarantine"]),
        (ModuleState::Stopping, &["load", "start", "stop"]),
        (ModuleState::Stopped, &["load", "start", "stop", "poll", "poll"]),
        (ModuleState::Trapped, &["load", "start", "poll", "poll"]),
    ];
    for (from, way) in ways {
        for (command, what) in [
            ("start", T::Start),
            ("pause", T::Pause),
            ("resume", T::Resume),
            ("stop", T::Stop),
            ("unload", T::Unload),
            ("quarantine", T::Quarantine),
            ("replace", T::Replace),
        ] {
            let mut machine = machine_of(if from == ModuleState::Trapped { TRAPS } else { CHILD });
            for command in way {
                give(&mut machine, command);
            }
            assert_eq!(state(&machine), from);
            // Whoever does not run is stopped at once.
            let idle = matches!(from, ModuleState::Ready | ModuleState::Paused);
            let what = if what == T::Stop && idle { T::Expire } else { what };
            let row = TRANSITIONS.iter().find(|(row, states, _)| *row == what && states.contains(&from));
            machine.step(&press(command)).expect("no panic");
            let status = peek(&machine, PARENT_ID, "my_status");
            match row {
                Some((_, _, to)) => {
                    assert_eq!((status, state(&machine)), (0, *to), "{command} from {from:?}")
                }
                None => {
                    let kept = if from == ModuleState::Stopping { state(&machine) } else { from };
                    assert_eq!((status, state(&machine)), (18, kept), "{command} from {from:?}");
                }
            }
        }
    }
}

#[test]
fn a_load_is_staged_and_a_failed_one_leaves_nothing() {
    let mut machine = Machine::new(Config { latency: 3, ..Config::default() });
    machine.load(program(PARENT)).expect("it can be loaded");
    assert_eq!(give(&mut machine, "load"), 0);
    assert_eq!(give(&mut machine, "poll"), 1);
    assert_eq!(machine.modules().len(), 1);
    assert_eq!(give(&mut machine, "poll"), 19, "the store has no such program");
    assert_eq!(give(&mut machine, "poll"), 16, "it was told once");
    let unserved = ".capability \"time\"\n.func update()\n return\n.end";
    let mut machine = machine_of(unserved);
    give(&mut machine, "load");
    assert_eq!((give(&mut machine, "poll"), machine.modules().len()), (20, 1));
}

/// Every button once, in an order in which most commands make sense.
fn script() -> Vec<InputFrame> {
    let order =
        ["load", "start", "pause", "resume", "replace", "quarantine", "load", "start", "stop", "unload"];
    order
        .iter()
        .chain(&["load", "start", "load", "start"])
        .flat_map(|command| [press(command), InputFrame::default(), InputFrame::default()])
        .collect()
}

// covers VM-3
#[test]
fn lives_of_modules_are_the_same_after_a_rollback() {
    for depth in [1, 2, 7] {
        let (mut plain, mut tested) = (machine_of(CHILD), machine_of(CHILD));
        let mut test = SyncTest::new(depth);
        for (frame, input) in script().iter().enumerate() {
            if frame == 20 {
                for machine in [&mut plain, &mut tested] {
                    machine.queue(Action::Load { name: "other".to_owned() }).expect("it is in the store");
                    machine.queue(Action::Pause { module: 0 }).expect("there is one");
                }
            }
            if frame == 24 {
                for machine in [&mut plain, &mut tested] {
                    machine.queue(Action::Resume { module: 0 }).expect("there is one");
                }
            }
            plain.step(input).expect("no panic");
            let (_, mismatch) = test.step(&mut tested, input).expect("no panic");
            assert_eq!(mismatch, None, "depth {depth}, frame {frame}");
            assert_eq!(hash(&tested), hash(&plain));
        }
        assert!(plain.modules().len() >= 4);
    }
}

// covers VM-1 VM-3 VM-4
#[test]
fn a_run_with_modules_that_come_and_go_is_recorded_and_replayed_from_anywhere() {
    let mut machine = machine_of(CHILD);
    let options = RecordOptions { keyframes: 7, components: 1, embed: true };
    let mut recorder = Recorder::new(Vec::new(), &machine, options).expect("into memory");
    let (mut hashes, mut states) = (Vec::new(), Vec::new());
    for (frame, input) in script().iter().enumerate() {
        let actions = match frame {
            5 => vec![Action::Load { name: "other".to_owned() }, Action::Stop { module: 2, frames: 3 }],
            9 => vec![Action::Unload { module: 2 }, Action::Replace { module: 1, name: "child".to_owned() }],
            30 => vec![Action::Start { module: 4 }, Action::Unload { module: 0 }],
            _ => Vec::new(),
        };
        for action in actions {
            // What is not there yet cannot be asked for.
            let _ = machine.queue(action);
        }
        states.push(machine.save().expect("no panic"));
        let report = machine.step(input).expect("no panic");
        let events = report.actions.iter().map(|done| Event::of(&done.action)).collect();
        recorder.frame(&machine, input, events).expect("into memory");
        hashes.push(hash(&machine));
    }
    let trace = Trace::open(recorder.finish().expect("into memory")).expect("a trace");
    let programs: Vec<_> = trace
        .header()
        .cartridges
        .iter()
        .map(|cartridge| {
            let cart = cartridge.embedded().expect("embedded").expect("a cartridge");
            cartwheel_runtime::Program::new(cart).expect("a program")
        })
        .collect();
    for start in [0, 3, 8, 16, 29] {
        let mut again = trace.machine(&programs).expect("the recorded machine");
        again.restore(&states[start]).expect("its own state");
        for recorded in trace.frames(start as u64) {
            let recorded = recorded.expect("a good trace");
            replay(&mut again, &recorded).expect("it can be replayed");
            assert_eq!(compare(&recorded, &again).expect("no panic"), None);
            assert_eq!(hash(&again), hashes[recorded.number as usize]);
        }
    }
    assert!(!machine.has(PARENT_ID) && machine.modules().len() == 0, "they went with who loaded them");
}

#[test]
fn the_host_does_what_a_supervisor_can_and_more() {
    let mut machine = machine_of(CHILD);
    let unknown = Action::Load { name: "nothing".to_owned() };
    assert_eq!(machine.queue(unknown), Err(ActionError::NoSuchProgram("nothing".to_owned())));
    assert_eq!(machine.queue(Action::Pause { module: 1 }), Err(ActionError::NoSuchModule(1)));
    let outcomes = |machine: &mut Machine, actions: &[Action]| -> Vec<ActionOutcome> {
        actions.iter().for_each(|action| machine.queue(action.clone()).expect("a good action"));
        let report = machine.step(&InputFrame::default()).expect("no panic");
        report.actions.into_iter().map(|done| done.outcome).collect()
    };
    let (done, nothing) = (ActionOutcome::Done, ActionOutcome::Nothing);
    let load = Action::Load { name: "child".to_owned() };
    assert_eq!(outcomes(&mut machine, &[load]), [ActionOutcome::Loaded(1)]);
    assert_eq!((state(&machine), machine.supervisor(CHILD_ID)), (ModuleState::Running, None));
    let (pause, resume) = (Action::Pause { module: 1 }, Action::Resume { module: 1 });
    assert_eq!(
        outcomes(&mut machine, &[resume.clone(), pause.clone(), pause]),
        [nothing.clone(), done.clone(), nothing.clone()]
    );
    assert_eq!(machine.status(CHILD_ID), Status::Paused);
    let replace = Action::Replace { module: 1, name: "other".to_owned() };
    assert_eq!(outcomes(&mut machine, &[replace, resume]), [done.clone(), done.clone()]);
    assert_eq!(outcomes(&mut machine, &[Action::Stop { module: 1, frames: 1 }]), std::slice::from_ref(&done));
    assert_eq!(machine.status(CHILD_ID), Status::Stopped);
    let terminate = Action::Terminate { module: 1 };
    assert_eq!(outcomes(&mut machine, &[Action::Unload { module: 1 }, terminate]), [done, nothing]);
    assert_eq!(
        machine
            .replace(PARENT_ID, program(".capability \"time\"\n.func update()\n return\n.end"))
            .map_err(|e| e.to_string()),
        Err("no capability is called `time`".to_owned())
    );
    machine.queue(Action::Stop { module: 0, frames: 9 }).expect("there is one");
    machine.step(&InputFrame::default()).expect("no panic");
    assert_eq!(machine.replace(PARENT_ID, program(OTHER)), Err(LoadError::State(ModuleState::Stopping)));
}

struct Told(Arc<Mutex<Vec<Lifecycle>>>);

impl Observer for Told {
    fn called(&mut self, _: &CallRecord) {}

    fn lifecycle(&mut self, event: &LifecycleEvent) {
        if event.module == Some(CHILD_ID) {
            self.0.lock().expect("nobody panicked").push(event.what.clone());
        }
    }
}

// covers SEC-12
#[test]
fn observers_see_the_whole_life_of_a_module_and_change_nothing() {
    let told = Arc::default();
    let (mut seen, mut unseen) = (machine_of(CHILD), machine_of(CHILD));
    seen.observe(Box::new(Told(Arc::clone(&told))));
    for command in ["load", "start", "pause", "resume", "replace", "stop", "poll", "unload"] {
        give(&mut seen, command);
        give(&mut unseen, command);
        assert_eq!(hash(&seen), hash(&unseen));
    }
    let told = told.lock().expect("nobody panicked");
    let names: Vec<String> = told
        .iter()
        .map(|what| format!("{what:?}").split(' ').next().unwrap_or_default().to_owned())
        .collect();
    let expected = [
        "Loaded",
        "Started",
        "Paused",
        "Resumed",
        "Loaded",
        "Replaced",
        "Stopping(3)",
        "Stopped",
        "Unloaded",
    ];
    assert_eq!(names, expected);
}

/// Sends its child a word before it starts it, reads what it prints, and prints that in an array.
const PARENT_OF_PORTS: &str = r#".capability module, port
.data child: i32 0
.data output: i32 0
.data word: bytes message "word"
.data room: i8[64] 0x81, 0
.func start()
  .local status, number: i32
  syscall module.load("echo") -> status, number
  i32.store [child], number
  return
.end
.func update()
  .local status, number, token, len, sender: i32
  i32.load number, [output]
  br.i32.ne number, 0, listen
  i32.load number, [child]
  syscall module.poll(number) -> status
  br.i32.ne status, 0, later
  syscall module.port(number, 1) -> status, token
  syscall port.open(token) -> status, len
  i32.store [output], len
  syscall module.port(number, 0) -> status, token
  syscall port.open(token) -> status, len
  syscall port.send(len, word, sizeof(word)) -> status
  syscall module.start(number) -> status
later:
  return
listen:
  syscall port.receive(number, room + 1, 60) -> status, len, sender, token
  br.i32.ne status, 0, nothing
  i32.add len, len, 1
  syscall port.send(1, room, len) -> status
nothing:
  return
.end"#;
const ECHO: &str = ".capability port
.data room: i8[64]
.func update()
  .local status, len, sender, token: i32
  syscall port.receive(0, room, 64) -> status, len, sender, token
  br.i32.ne status, 0, end
  syscall port.send(1, room, len) -> status
end:
  return
.end";

// covers PORT-10 LAY-7
#[test]
fn a_supervisor_speaks_with_its_child_through_its_ports() {
    let mut machine = Machine::new(Config::default());
    machine.load(program(PARENT_OF_PORTS)).expect("it can be loaded");
    machine.add_to_store("echo", program(ECHO), ModuleSetup::default());
    let messages = |machine: &mut Machine| {
        let report = machine.step(&InputFrame::default()).expect("no panic");
        let said = report.messages.iter().map(|message| (message.module, message.bytes.to_vec()));
        said.collect::<Vec<_>>()
    };
    let said: Vec<_> = (0..8).flat_map(|_| messages(&mut machine)).collect();
    // What the child prints goes to its supervisor and nowhere else.
    assert_eq!(said, [(0, b"\x81\x64word".to_vec())]);
}
