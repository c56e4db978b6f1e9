//! Policies, quarantine and the host's actions in the frame loop.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_runtime::policy::{Policy, TrustLevel};
use cartwheel_runtime::{
    Action, ActionError, ActionOutcome, Answer, Applied, CallRecord, Config, InputFrame, Lifecycle,
    LifecycleEvent, Limits, Machine, Observer, SliceEnd, Status, TrapKind, Value,
};
use common::*;

/// Counts before and behind a call that is asked about, in the middle of an update.
const COUNTER: &str = ".capability gfx, log, kernel .video 8, 8
    .data status: i32 -1
    .data before: i32 0
    .data behind: i32 0
    .func update()
      .local n, s, c: i32
      i32.load n, [before]
      i32.add n, n, 1
      i32.store [before], n
      syscall gfx.pixel_get(n, 0) -> s, c
      i32.store [status], s
      i32.load n, [behind]
      i32.add n, n, 1
      i32.store [behind], n
      return
    .end";

const AT_THREE: &str = "[[rule]]
    syscall = \"gfx.pixel_get\"
    arguments.x = 3
    verdict = \"quarantine\"
    [[rule]]
    verdict = \"allow\"";

fn under(policy: &str, source: &str) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.set_policy(Policy::parse(policy).unwrap_or_else(|errors| panic!("{errors:?}")));
    machine.load(program(source)).expect("it can be loaded");
    machine
}

/// The figures of [`COUNTER`].
fn counts(machine: &Machine) -> [i32; 3] {
    let base = machine.instance(MODULE).program().cartridge().data[0].address.expect("active") as usize;
    [4, 0, 8].map(|offset| peek(machine, base + offset))
}

fn apply(machine: &mut Machine, action: Action) -> Applied {
    machine.queue(action.clone()).expect("it can be queued");
    let mut report = machine.step(&InputFrame::default()).expect("no panic");
    assert_eq!(report.actions.len(), 1);
    assert_eq!(report.actions[0].action, action);
    report.actions.remove(0)
}

const RECOVER: Action = Action::Recover { module: 0 };

// covers SEC-4 SEC-5
#[test]
fn a_quarantined_module_stops_at_the_checkpoint_and_goes_on_when_recovered() {
    let mut machine = under(AT_THREE, COUNTER);
    assert_eq!(step(&mut machine).end, SliceEnd::UpdateDone);
    assert_eq!(step(&mut machine).end, SliceEnd::UpdateDone);
    let cycles = step(&mut machine_at(2)).cycles;
    let report = step(&mut machine);
    assert_eq!((report.end, machine.status(MODULE)), (SliceEnd::Quarantined, Status::Quarantined));
    assert!(report.cycles > 0 && report.cycles < cycles, "{} of {cycles}", report.cycles);
    assert_eq!(counts(&machine), [3, 0, 2]);
    let frozen = machine.hash().expect("no panic");
    for _ in 0..3 {
        let report = step(&mut machine);
        assert_eq!((report.end, report.granted, report.cycles), (SliceEnd::Quarantined, 0, 0));
        assert!(!report.end.is_final());
    }
    let modules = machine.hash().expect("no panic").modules;
    assert_eq!(modules, frozen.modules, "it keeps its whole state");
    let applied = apply(&mut machine, RECOVER);
    assert_eq!(applied.outcome, ActionOutcome::Done);
    assert_eq!(counts(&machine), [3, 3, 3], "the update goes on behind the call");
    assert_eq!(apply(&mut machine, RECOVER).outcome, ActionOutcome::Nothing);
    assert_eq!(counts(&machine), [4, 0, 4]);
}

/// The same machine without a policy, after some frames.
fn machine_at(frames: u64) -> Machine {
    let mut machine = machine(COUNTER);
    (0..frames).for_each(|_| drop(step(&mut machine)));
    machine
}

// covers SEC-5
#[test]
fn a_quarantined_machine_is_saved_and_restored_as_such() {
    let mut machine = under(AT_THREE, COUNTER);
    (0..4).for_each(|_| drop(step(&mut machine)));
    let (saved, hash) = (machine.save().expect("no panic"), machine.hash());
    let mut fork = machine.fork().expect("no panic");
    let mut other = machine_at(0);
    other.restore(&saved).expect("a state of the same cartridge");
    for machine in [&mut fork, &mut other] {
        assert_eq!(machine.hash(), hash);
        assert_eq!(step(machine).end, SliceEnd::Quarantined);
        apply(machine, RECOVER);
        assert_eq!(counts(machine), [3, 3, 3]);
        assert_eq!((machine.trust(MODULE).score, machine.trust(MODULE).violations), (900, 1));
    }
    assert_eq!(fork.hash(), other.hash());
    assert_eq!(machine.hash(), hash);
}

// covers SEC-5
#[test]
fn a_terminated_module_never_runs_again() {
    let mut machine = under(AT_THREE, COUNTER);
    (0..3).for_each(|_| drop(step(&mut machine)));
    let terminate = Action::Terminate { module: 0 };
    assert_eq!(apply(&mut machine, terminate.clone()).outcome, ActionOutcome::Done);
    assert_eq!(step(&mut machine).end, SliceEnd::Terminated);
    assert!(SliceEnd::Terminated.is_final());
    assert_eq!(apply(&mut machine, RECOVER).outcome, ActionOutcome::Nothing);
    assert_eq!(apply(&mut machine, terminate).outcome, ActionOutcome::Nothing);
    assert_eq!((counts(&machine), machine.status(MODULE)), ([3, 0, 2], Status::Terminated));
}

#[test]
fn a_late_bound_call_quarantines_its_caller() {
    let source = ".capability gfx, kernel .video 8, 8
        .data id: text \"gfx.pixel_get\"
        .data args: i8 0, 3, 0, 0, 0, 0, 0, 0, 0, 0
        .data behind: i32 0
        .func update()
          .local s, p: i32
          syscall kernel.exec(\"gfx.pixel_get\", args, 10) -> s, p
          i32.store [behind], 1
          return
        .end";
    let mut machine = under(AT_THREE, source);
    assert_eq!(step(&mut machine).end, SliceEnd::Quarantined);
}

// covers SEC-7
#[test]
fn the_host_acts_at_frame_boundaries_only() {
    let mut machine = under("[[rule]]\nlevel = \"signed\"\nverdict = \"allow\"", COUNTER);
    step(&mut machine);
    assert_eq!((counts(&machine)[1], machine.trust(MODULE).score), (2, 990));
    let level = Action::SetTrustLevel { module: 0, level: "signed".to_owned() };
    machine.queue(level).expect("it can be queued");
    assert_eq!(machine.trust(MODULE).level, TrustLevel::Unverified);
    step(&mut machine);
    assert_eq!((counts(&machine)[1], machine.trust(MODULE).level), (0, TrustLevel::Signed));
    apply(&mut machine, Action::SetPolicy { text: "mode = \"enforce\"".to_owned() });
    assert_eq!((counts(&machine)[1], machine.trust(MODULE).score), (2, 980));
    apply(&mut machine, Action::SetPolicy { text: String::new() });
    assert_eq!((counts(&machine)[1], machine.trust(MODULE).score), (0, 980));
    apply(&mut machine, Action::ResetTrust { module: 0 });
    assert_eq!((machine.trust(MODULE).score, machine.trust(MODULE).violations), (1000, 0));

    for (action, error) in [
        (Action::Recover { module: 1 }, ActionError::NoSuchModule(1)),
        (
            Action::SetTrustLevel { module: 0, level: "high".to_owned() },
            ActionError::NoSuchLevel("high".to_owned()),
        ),
        (Action::Exec { module: 0, id: "gfx.size".to_owned(), args: vec![9] }, ActionError::Arguments),
    ] {
        assert_eq!(machine.queue(action), Err(error));
    }
    assert!(matches!(machine.queue(Action::SetPolicy { text: "x".to_owned() }), Err(ActionError::Policy(_))));
    assert_eq!(machine.step(&InputFrame::default()).expect("no panic").actions, []);
}

// covers ABI-11
#[test]
fn the_host_calls_for_a_module() {
    let mut machine = machine(COUNTER);
    let mut args = Vec::new();
    for value in [7, 0, 5] {
        Value::I32(value).encode(&mut args);
    }
    let applied = apply(&mut machine, Action::Exec { module: 0, id: "gfx.pixel".to_owned(), args });
    assert_eq!(applied.outcome, ActionOutcome::Answered(Answer::Resolved(Vec::new())));
    assert_eq!(machine.surface(MODULE).expect("a surface").pixels[7], 5);
}

/// Keeps everything as text.
struct Everything(Arc<Mutex<Vec<String>>>);

impl Observer for Everything {
    fn called(&mut self, record: &CallRecord) {
        self.0.lock().expect("not poisoned").push(format!("call {} {:?}", record.frame, record.outcome));
    }
    fn lifecycle(&mut self, event: &LifecycleEvent) {
        self.0.lock().expect("not poisoned").push(format!("{} {:?}", event.frame, event.what));
    }
    fn frame_ended(&mut self, frame: u64) {
        self.0.lock().expect("not poisoned").push(format!("end {frame}"));
    }
}

// covers SEC-12
#[test]
fn observers_see_everything_and_change_no_hash() {
    let play = |observer: Option<Box<dyn Observer + Send>>| {
        let mut machine = Machine::new(Config::default());
        observer.into_iter().for_each(|observer| machine.observe(observer));
        machine.set_policy(Policy::parse(AT_THREE).expect("a policy"));
        machine.load(program(COUNTER)).expect("it can be loaded");
        let mut hashes = Vec::new();
        for frame in 0..6 {
            if frame == 4 {
                machine.queue(RECOVER).expect("it can be queued");
            }
            step(&mut machine);
            hashes.push(hash(&machine));
        }
        hashes
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    assert_eq!(play(Some(Box::new(Everything(Arc::clone(&seen))))), play(None));
    let seen = seen.lock().expect("not poisoned");
    let digest = Policy::parse(AT_THREE).expect("a policy").digest();
    assert_eq!(seen[0], format!("0 {:?}", Lifecycle::PolicySet { digest }));
    assert!(seen[1].starts_with("0 Loaded { name: \"\", origin: \"cart:"), "{}", seen[1]);
    assert_eq!(
        seen[2..],
        [
            "call 0 Status(Ok)",
            "end 0",
            "call 1 Status(Ok)",
            "end 1",
            "call 2 Status(Quarantined)",
            "2 Quarantined",
            "end 2",
            "end 3",
            "4 Recovered",
            "end 4",
            "call 5 Status(Ok)",
            "end 5",
        ]
    );
}

// covers SEC-14
#[test]
fn every_quota_of_a_module_is_reached_with_its_status_or_trap() {
    let limits =
        Limits { max_memory_pages: 2, max_heap_bytes: 4096, max_heap_objects: 8, ..Limits::default() };
    let config = Config { limits, cycles_per_frame: Some(2000), ..Config::default() };
    let end = |source: &str, frames: usize| {
        let mut machine = machine_with(config, source);
        let ends: Vec<SliceEnd> = (0..frames).map(|_| step(&mut machine).end).collect();
        let trap = machine.trap(MODULE).map(|trap| trap.kind);
        (*ends.last().expect("a frame"), trap, machine)
    };
    // Cycles per frame.
    let (spent, ..) = end(".func update()\nagain:\n loop\n br again\n.end", 1);
    assert_eq!(spent, SliceEnd::BudgetSpent);
    // Memory pages.
    let grow = ".memory 1\n.data got: i32 5, 5\n.func main()\n .local n: i32\n memory.grow n, 1\n i32.store [got], n\n\
                memory.grow n, 1\n i32.store [got + 4], n\n return\n.end";
    let (.., machine) = end(grow, 1);
    let at = machine.instance(MODULE).program().cartridge().data[0].address.expect("active") as usize;
    assert_eq!([peek(&machine, at), peek(&machine, at + 4)], [1, -1]);
    // Heap bytes, then objects.
    let exhausted = Some(TrapKind::Instruction(cartwheel_bytecode::TrapCode::HeapExhausted));
    let large = ".func main()\n .local o: handle\n bytes.new o, 5000\n return\n.end";
    assert_eq!(end(large, 4).1, exhausted);
    let many = ".global keep: handle\n.func main()\n .local o: handle\n .local n: i32\n refs.new o, 9\n i32.const n, 0\nagain:\n loop\n\
                .local p: handle\n bytes.new p, 1\n refs.set o, n, p\n i32.add n, n, 1\n br.i32.lt_s n, 9, again\n return\n.end";
    assert_eq!(end(many, 60).1, exhausted);
}
