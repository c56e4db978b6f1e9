//! A module becomes another cartridge, or stays what it is.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_bytecode::Cartridge;
use cartwheel_runtime::ingest::{Date, Ingested, KeyRing, Phase, Release, Signature, SigningKey};
use cartwheel_runtime::policy::{Policy, TrustLevel};
use cartwheel_runtime::trace::{Event, RecordOptions, Recorder, Trace, compare, step as replay};
use cartwheel_runtime::{
    Action, CallRecord, Config, IngestReport, InputFrame, Lifecycle, LifecycleEvent, Machine, ModuleSetup,
    Observer, Program, Rewind, SliceEnd, Status, Storage, SyncTest,
};
use common::{MODULE, hash, program};

/// What the host fetched, or why it has nothing.
type Delivery = Result<Vec<u8>, String>;

/// Asks once, in frame 1, and polls from then on. `{}` is the call.
fn asker(call: &str) -> String {
    format!(
        ".title \"Asker\" .capability kernel, log, fs
.data frame: i32 0
.data promise: i32 0
.data status: i32 -1
.data polled: i32 -1
.data len: i32 0
.data answer: text[600]
.data pin: i8[32]
.func update()
  .local n, p, s, l: i32
  i32.load n, [frame]
  i32.add n, n, 1
  i32.store [frame], n
  br.i32.ne n, 2, poll
  {call} -> s, p
  i32.store [status], s
  i32.store [promise], p
  return
poll:
  i32.load p, [promise]
  br_unless p, end
  syscall kernel.poll(p, answer, sizeof(answer)) -> s, l
  i32.store [polled], s
  br.i32.ne s, 0, end
  i32.store [promise], 0
  i32.store [len], l
end:
  return
.end"
    )
}

const ASK: &str = "syscall kernel.ingest(\"m:next\")";

/// What it becomes: counts its frames, and remembers that for its origin.
const NEXT: &str = ".title \"Next\" .capability kernel, fs, log
.data count: i32 0
.func update()
  .local n, s, q: i32
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  syscall log.write(1, \"I am next\")
  return
.end";

fn cart(source: &str) -> Cartridge {
    assemble("test.asm", source, &NoFiles).unwrap_or_else(|e| panic!("{e}"))
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ring(about: &str) -> KeyRing {
    let public = hex(key().verifying_key().as_bytes());
    KeyRing::parse(&format!("[[key]]\nname = \"studio\"\npublic = \"{public}\"\n{about}")).expect("a ring")
}

/// A version of the release `game`.
fn signed(source: &str, version: u32) -> Cartridge {
    let mut cart = cart(source);
    let content = cart.content_hash();
    let release = Release { content, name: "game".to_owned(), version, expires: None };
    cart.signature = Some(Signature::sign(release, &key()).expect("a good release").to_bytes());
    cart
}

/// A machine with a key ring whose module is a version of the release `game`.
fn machine_under(ring: KeyRing, version: u32) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.set_key_ring(Some(ring));
    let program = Program::new(signed(&asker(ASK), version)).expect("a good program");
    let vouched = machine.vouch(&program).expect("it is signed");
    machine.load_vouched(program, vouched, ModuleSetup::default()).expect("it can be loaded");
    machine
}

/// Delivers to whoever asks, makes a frame, and gives the ingests that ended in it.
fn step(machine: &mut Machine, deliver: &Delivery) -> Vec<IngestReport> {
    for wanted in machine.wanted().collect::<Vec<_>>() {
        assert_eq!(wanted.address, "m:next");
        let fetched = deliver.clone();
        machine
            .queue(Action::Deliver { module: wanted.module.0, promise: wanted.promise, fetched })
            .expect("it asked");
    }
    machine.step(&InputFrame::default()).expect("no panic").ingests
}

/// Runs until the ingest has ended, and says how.
fn ingest(machine: &mut Machine, deliver: &Delivery) -> Ingested {
    for _ in 0..20 {
        if let Some(report) = step(machine, deliver).pop() {
            assert_eq!(report.module, MODULE);
            return report.ingested;
        }
    }
    panic!("it never ended");
}

fn failed(phase: Phase, machine: &mut Machine, deliver: &Delivery) -> String {
    match ingest(machine, deliver) {
        Ingested::Failed { phase: found, reason } => {
            assert_eq!(found, phase, "{reason}");
            reason
        }
        adopted => panic!("{adopted}"),
    }
}

fn title(machine: &Machine) -> String {
    machine.instance(MODULE).program().cartridge().manifest.title.clone()
}

/// A named datum.
fn datum<'m>(machine: &'m Machine, name: &str) -> &'m [u8] {
    let instance = machine.instance(MODULE);
    let debug = instance.program().cartridge().debug.as_ref().expect("debug information");
    let symbol = debug.symbols.iter().find(|symbol| symbol.name == name).expect(name);
    let start = symbol.address as usize;
    &instance.memory()[start..start + symbol.len as usize]
}

fn number(machine: &Machine, name: &str) -> i32 {
    i32::from_le_bytes(datum(machine, name).try_into().expect("four bytes"))
}

/// The answer that the module has polled: phase and reason.
fn polled(machine: &Machine) -> (u8, String) {
    assert_eq!((number(machine, "status"), number(machine, "polled")), (0, 0));
    let answer = &datum(machine, "answer")[..number(machine, "len") as usize];
    assert_eq!(answer[0], 3);
    (answer[1], String::from_utf8(answer[2..].to_vec()).expect("UTF-8"))
}

// covers ABI-7
#[test]
fn a_module_becomes_the_cartridge_that_it_asked_for_at_a_frame_boundary() {
    let mut machine = common::machine(&asker(ASK));
    let next = cart(NEXT);
    let deliver = Ok(next.to_bytes());
    assert!(step(&mut machine, &deliver).is_empty());
    assert!(step(&mut machine, &deliver).is_empty());
    assert_eq!((title(&machine).as_str(), machine.wanted().count()), ("Asker", 1));
    let ended = step(&mut machine, &deliver);
    let content = next.content_hash();
    let ingested = Ingested::Adopted { content, level: TrustLevel::Unverified, release: None };
    let expected = IngestReport { module: MODULE, address: "m:next".to_owned(), ingested };
    assert_eq!(ended, [expected]);
    // It runs in the frame that follows the boundary, from its own beginning.
    assert_eq!((title(&machine).as_str(), number(&machine, "count")), ("Next", 1));
    step(&mut machine, &deliver);
    assert_eq!((number(&machine, "count"), machine.modules().len()), (2, 1));
    assert_eq!(machine.wanted().count(), 0);
}

// covers ABI-7
#[test]
fn each_phase_can_fail_and_leaves_the_module_as_it_was() {
    let unsupported = ".capability kernel\n.func update()\n syscall kernel.ping(1) -> r0\n return\n.end";
    let mut unknown = cart(unsupported);
    unknown.imports[0].id = "kernel.pang@1".to_owned();
    let mut invalid = cart(NEXT);
    invalid.functions[0].code = vec![0xff; 3];
    let mut damaged = cart(NEXT).to_bytes();
    damaged[10] ^= 1;
    let large = ".memory 60000\n.func update()\n return\n.end";
    let cases: [(Phase, Delivery, &str); 8] = [
        (Phase::Fetch, Err("m:next: no such file".to_owned()), "no such file"),
        (Phase::Fetch, Ok(vec![0; (1 << 24) + 1]), "longer than"),
        (Phase::Validate, Ok(b"no cartridge".to_vec()), "not a Cartwheel cartridge"),
        (Phase::Validate, Ok(damaged), "hash"),
        (Phase::Validate, Ok([cart(NEXT).to_bytes(), vec![0]].concat()), ""),
        (Phase::Load, Ok(invalid.to_bytes()), "function"),
        (Phase::Load, Ok(unknown.to_bytes()), "kernel.pang@1"),
        (Phase::Load, Ok(cart(large).to_bytes()), "pages"),
    ];
    for (phase, deliver, said) in cases {
        let mut machine = common::machine(&asker(ASK));
        let before = machine.instance(MODULE).program().content_hash();
        let reason = failed(phase, &mut machine, &deliver);
        assert!(reason.contains(said), "{reason}");
        // In that very frame it polls the answer.
        let (number_of_phase, told) = polled(&machine);
        assert_eq!((number_of_phase, told.as_str()), (phase as u8, reason.as_str()));
        assert_eq!(machine.instance(MODULE).program().content_hash(), before);
        assert_eq!((number(&machine, "frame"), machine.programs().len()), (3, 1), "{reason}");
        assert_eq!(machine.status(MODULE), Status::Running);
        step(&mut machine, &deliver);
        assert_eq!(number(&machine, "frame"), 4);
    }
}

// covers ABI-7
#[test]
fn what_nobody_delivers_in_time_is_not_fetched_and_what_comes_too_late_is_nobodys() {
    let mut machine = common::machine(&asker(ASK));
    let frame = |machine: &mut Machine| machine.step(&InputFrame::default()).expect("no panic");
    frame(&mut machine);
    frame(&mut machine);
    let wanted = machine.wanted().next().expect("it asked");
    let report = frame(&mut machine);
    assert!(
        matches!(&report.ingests[0].ingested, Ingested::Failed { phase: Phase::Fetch, reason } if reason.contains("in time"))
    );
    let late = Action::Deliver { module: 0, promise: wanted.promise, fetched: Ok(cart(NEXT).to_bytes()) };
    machine.queue(late).expect("the module is there");
    let report = frame(&mut machine);
    assert_eq!(report.actions[0].outcome, cartwheel_runtime::ActionOutcome::Nothing);
    assert_eq!(title(&machine), "Asker");
}

// covers ABI-7
#[test]
fn a_pinned_hash_lets_in_that_cartridge_only() {
    let next = cart(NEXT);
    for (pin, adopted) in [(next.content_hash(), true), ([7; 32], false)] {
        let mut source = asker("syscall kernel.ingest@2(\"m:next\", pin, 32)");
        let bytes: Vec<String> = pin.iter().map(|byte| (*byte as i8).to_string()).collect();
        source = source.replace(".data pin: i8[32]", &format!(".data pin: i8 {}", bytes.join(", ")));
        let mut machine = common::machine(&source);
        match ingest(&mut machine, &Ok(next.to_bytes())) {
            Ingested::Adopted { .. } => assert!(adopted),
            Ingested::Failed { phase, reason } => {
                assert!(
                    !adopted && phase == Phase::Validate && reason.contains("0707070707070707"),
                    "{reason}"
                );
            }
        }
    }
}

// covers ABI-7 SEC-7
#[test]
fn the_trust_level_comes_from_the_signature_and_versions_do_not_go_back() {
    let mut machine = machine_under(ring(""), 3);
    assert_eq!(machine.trust(MODULE).level, TrustLevel::Signed);
    let deliver = |version| Ok(signed(NEXT, version).to_bytes());
    let reason = failed(Phase::Validate, &mut machine, &deliver(2));
    assert!(reason.contains("version 2 is older than version 3"), "{reason}");
    let mut machine = machine_under(ring(""), 3);
    let reason = failed(Phase::Validate, &mut machine, &deliver(3));
    assert!(reason.contains("other content"), "{reason}");
    let mut machine = machine_under(ring(""), 3);
    let reason = failed(Phase::Validate, &mut machine, &Ok(cart(NEXT).to_bytes()));
    assert!(reason.contains("not signed"), "{reason}");
    let mut machine = machine_under(ring(""), 3);
    assert!(matches!(ingest(&mut machine, &deliver(4)), Ingested::Adopted { level: TrustLevel::Signed, .. }));
    assert_eq!(machine.trust(MODULE).level, TrustLevel::Signed);
    // Where what is not signed is let in, it is trusted less than what was there before.
    let lenient = KeyRing::parse(&format!("unsigned = \"unverified\"\n{}", ring("").text())).expect("a ring");
    let mut machine = machine_under(lenient, 3);
    ingest(&mut machine, &Ok(cart(NEXT).to_bytes()));
    assert_eq!((machine.trust(MODULE).level, title(&machine).as_str()), (TrustLevel::Unverified, "Next"));
}

// covers SEC-7 SEC-6
#[test]
fn the_policy_sees_who_vouches_for_the_adopted_module() {
    let policy =
        "[[rule]]\ncapability = \"log\"\nlevel = [\"signed\"]\norigin = \"release:game\"\nverdict = \"allow\"
[[rule]]\nsyscall = [\"kernel.ingest\", \"kernel.poll\"]\nverdict = \"allow\"";
    let lenient = KeyRing::parse(&format!("unsigned = \"unverified\"\n{}", ring("").text())).expect("a ring");
    for (next, logs) in [(signed(NEXT, 2), true), (cart(NEXT), false)] {
        let mut machine = Machine::new(Config::default());
        machine.set_policy(Policy::parse(policy).expect("a policy"));
        machine.set_key_ring(Some(lenient.clone()));
        machine.load(program(&asker(ASK))).expect("it can be loaded");
        match ingest(&mut machine, &Ok(next.to_bytes())) {
            Ingested::Adopted { .. } => assert!(logs),
            // Nothing that it imports from there could ever run: the loader refuses it.
            Ingested::Failed { phase, reason } => {
                assert!(!logs && phase == Phase::Load && reason.contains("policy never lets"), "{reason}");
            }
        }
    }
}

// covers SEC-7
#[test]
fn nobody_gets_rid_of_violations_by_becoming_another() {
    let policy = "[[rule]]\ncapability = \"kernel\"\nverdict = \"allow\"\n[[rule]]\nsyscall = \"log.write\"
score = { min = 1 }\narguments = { text = { max = 3 } }\nverdict = \"allow\"";
    let source = asker(ASK)
        .replace("  i32.load n, [frame]", "  syscall log.write(1, \"denied\")\n  i32.load n, [frame]");
    let mut machine = Machine::new(Config::default());
    machine.set_policy(Policy::parse(policy).expect("a policy"));
    machine.load(program(&source)).expect("it can be loaded");
    let next = ".title \"Next\" .capability fs\n.func update()\n return\n.end";
    ingest(&mut machine, &Ok(cart(next).to_bytes()));
    let trust = machine.trust(MODULE);
    assert_eq!((title(&machine).as_str(), trust.score, trust.violations), ("Next", 980, 2));
}

/// Writes a file in frame 0, and asks in frame 1 while another write is on its way.
fn writer() -> String {
    asker("syscall fs.write(\"b\", \"late\") -> s, l\n  syscall kernel.ingest(\"m:next\")").replace(
        "  i32.load n, [frame]",
        "  syscall fs.write(\"a\", \"early\") -> s, l\n  i32.load n, [frame]",
    )
}

// covers ABI-7
#[test]
fn files_are_handed_over_with_what_is_on_its_way() {
    let mut machine = Machine::new(Config::default());
    let setup = ModuleSetup { storage: Some(Storage::new(5_000)), ..ModuleSetup::default() };
    machine.load_with(program(&writer()), setup).expect("it can be loaded");
    ingest(&mut machine, &Ok(cart(NEXT).to_bytes()));
    assert_eq!(title(&machine), "Next");
    let files = machine.storage(MODULE).expect("it has files");
    let found: Vec<(&str, &[u8])> =
        files.files().map(|(path, blob)| (path.as_str(), blob.bytes().as_ref())).collect();
    assert_eq!(found, [("a", b"early".as_slice()), ("b", b"late")]);
    assert_eq!(files.quota_bytes(), 5_000);
}

// covers ABI-7
#[test]
fn a_cartridge_that_could_not_keep_the_files_is_not_adopted() {
    let without = ".title \"Next\"\n.func update()\n return\n.end";
    let mut machine = common::machine(&writer());
    let reason = failed(Phase::Adopt, &mut machine, &Ok(cart(without).to_bytes()));
    assert!(reason.contains("declares no `fs`"), "{reason}");
    assert_eq!(polled(&machine).0, Phase::Adopt as u8);
    assert_eq!(machine.storage(MODULE).expect("they are there").files().count(), 2);
    // Without files there is nothing to lose.
    let mut machine = common::machine(&asker(ASK));
    ingest(&mut machine, &Ok(cart(without).to_bytes()));
    assert!(machine.storage(MODULE).is_none());
}

// covers ABI-7
#[test]
fn a_module_that_does_not_run_any_more_becomes_nothing() {
    for (end, reason) in [("halt 3", "halted with code 3"), ("i32.div_u n, n, 0", "it trapped")] {
        let source = asker(ASK).replace("  i32.store [promise], p\n  return", &format!("  {end}\n  return"));
        let mut machine = common::machine(&source);
        let found = failed(Phase::Adopt, &mut machine, &Ok(cart(NEXT).to_bytes()));
        assert!(found.contains(reason), "{found}");
        assert_eq!(title(&machine), "Asker");
    }
    let compromised = Action::SetTrustLevel { module: 0, level: "compromised".to_owned() };
    for (action, reason) in
        [(Action::Terminate { module: 0 }, "the host ended it"), (compromised, "the module is compromised")]
    {
        let mut machine = common::machine(&asker(ASK));
        step(&mut machine, &Ok(Vec::new()));
        step(&mut machine, &Ok(Vec::new()));
        machine.queue(action).expect("it is there");
        let found = failed(Phase::Adopt, &mut machine, &Ok(cart(NEXT).to_bytes()));
        assert!(found.contains(reason), "{found}");
    }
}

// covers ABI-7
#[test]
fn a_cartridge_that_traps_in_its_first_frame_traps_as_itself() {
    let traps =
        ".title \"Traps\" .capability fs\n.func start()\n trap 7\n.end\n.func update()\n return\n.end";
    let mut machine = common::machine(&asker(ASK));
    let deliver = Ok(cart(traps).to_bytes());
    assert!(matches!(ingest(&mut machine, &deliver), Ingested::Adopted { .. }));
    assert_eq!((title(&machine).as_str(), machine.status(MODULE)), ("Traps", Status::Trapped));
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert_eq!(report.modules[0].end, SliceEnd::Trapped);
    assert!(machine.trap(MODULE).is_some());
}

// covers ABI-7 ABI-9
#[test]
fn versions_of_a_release_share_their_memory_and_others_do_not() {
    let remember = asker(&format!("syscall kernel.memory_set(\"k\", \"v\") -> s\n  {ASK}"));
    let recall = ".title \"Next\" .capability kernel, fs
.data status: i32 -1
.data value: i8[8]
.func update()
  .local s, n: i32
  syscall kernel.memory_get(\"k\", value, 8) -> s, n
  i32.store [status], s
  return
.end";
    let lenient = KeyRing::parse(&format!("unsigned = \"unverified\"\n{}", ring("").text())).expect("a ring");
    for (next, remembers) in [(signed(recall, 2), true), (cart(recall), false)] {
        let mut machine = Machine::new(Config::default());
        machine.set_key_ring(Some(lenient.clone()));
        let first = Program::new(signed(&remember, 1)).expect("a good program");
        let vouched = machine.vouch(&first).expect("signed");
        machine.load_vouched(first, vouched, ModuleSetup::default()).expect("it can be loaded");
        ingest(&mut machine, &Ok(next.to_bytes()));
        assert_eq!(number(&machine, "status") == 0, remembers);
    }
}

/// Ports are those of the cartridge: who becomes another has the ports of that one, or none, and the state knows.
// covers ABI-7
#[test]
fn ports_are_given_back_and_made_when_a_module_becomes_another() {
    let with_ports = |source: &str| source.replacen(".capability kernel", ".capability port, kernel", 1);
    for (before, after) in [(with_ports(&asker(ASK)), NEXT.to_owned()), (asker(ASK), with_ports(NEXT))] {
        let mut machine = Machine::new(Config::default());
        machine.load(program(&before)).expect("it can be loaded");
        let ingested = ingest(&mut machine, &Ok(cart(&after).to_bytes()));
        assert!(matches!(ingested, Ingested::Adopted { .. }), "{ingested:?}");
        let (saved, root) = (machine.save().expect("no panic"), hash(&machine));
        step(&mut machine, &Err(String::new()));
        machine.restore(&saved).expect("its own state");
        assert_eq!(hash(&machine), root);
    }
}

// covers ABI-7
#[test]
fn a_module_can_become_what_it_has_among_its_own_files() {
    let next = cart(NEXT).to_bytes();
    let mut storage = Storage::new(100_000);
    let path = cartwheel_kernel::StoragePath::parse(b"next.cart").expect("a path");
    storage.write(&path, cartwheel_kernel::Blob::new(next)).expect("there is room");
    for (address, adopted) in
        [("fs:next.cart", true), ("/save/next.cart", true), ("fs:other", false), ("asset:x", false)]
    {
        let mut machine = Machine::new(Config::default());
        let setup = ModuleSetup { storage: Some(storage.clone()), ..ModuleSetup::default() };
        let source = asker(&format!("syscall kernel.ingest(\"{address}\")"));
        machine.load_with(program(&source), setup).expect("it can be loaded");
        // Nobody has to fetch it.
        let mut ended = Vec::new();
        for _ in 0..3 {
            assert_eq!(machine.wanted().count(), 0);
            ended.extend(machine.step(&InputFrame::default()).expect("no panic").ingests);
        }
        match &ended[0].ingested {
            Ingested::Adopted { .. } => assert!(adopted),
            Ingested::Failed { phase, reason } => assert!(!adopted && *phase == Phase::Fetch, "{reason}"),
        }
    }
}

/// A run in which a signed module becomes its next version, recorded.
fn recorded(latency: u32) -> (Vec<u8>, Vec<String>, Arc<Program>) {
    let program = Program::new(signed(&asker(ASK), 1)).expect("a good program");
    let mut machine = Machine::new(Config { latency, ..Config::default() });
    let ring = ring("valid_until = 2026-12-31").as_of(Date::parse("2026-11-21").expect("a day"));
    machine.set_key_ring(Some(ring));
    let vouched = machine.vouch(&program).expect("signed");
    machine.load_vouched(program.clone(), vouched, ModuleSetup::default()).expect("it can be loaded");
    let options = RecordOptions { keyframes: 3, ..RecordOptions::default() };
    let mut recorder = Recorder::new(Vec::new(), &machine, options).expect("memory");
    let deliver: Delivery = Ok(signed(NEXT, 2).to_bytes());
    let mut hashes = Vec::new();
    for _ in 0..16 {
        for wanted in machine.wanted().collect::<Vec<_>>() {
            let fetched = deliver.clone();
            machine.queue(Action::Deliver { module: 0, promise: wanted.promise, fetched }).expect("it asked");
        }
        let input = InputFrame::default();
        let report = machine.step(&input).expect("no panic");
        let events = report.actions.iter().map(|done| Event::of(&done.action)).collect();
        recorder.frame(&machine, &input, events).expect("memory");
        hashes.push(hash(&machine));
    }
    assert_eq!(title(&machine), "Next");
    (recorder.finish().expect("memory"), hashes, program)
}

// covers ABI-7 VM-1 VM-3
#[test]
fn a_run_that_adopts_replays_from_any_frame_without_what_it_was_fetched_from() {
    for latency in [1, 4] {
        let (bytes, hashes, program) = recorded(latency);
        let trace = Trace::open(bytes).expect("a trace");
        let mut machine = trace.machine(std::slice::from_ref(&program)).expect("it begins with its state");
        for frame in trace.frames(0) {
            let frame = frame.expect("whole");
            replay(&mut machine, &frame).expect("it replays");
            assert_eq!(compare(&frame, &machine).expect("no panic"), None, "frame {}", frame.number);
            assert_eq!(hash(&machine), hashes[frame.number as usize]);
        }
        assert_eq!(title(&machine), "Next");
        // Forwards and backwards, over the adoption and back.
        for to in [15, 0, 9, 2, 3, 14, 1] {
            let mut machine =
                trace.machine(std::slice::from_ref(&program)).expect("it begins with its state");
            assert_eq!(trace.seek(&mut machine, to).expect("it replays"), None);
            assert_eq!(machine.frame(), to);
            trace.seek(&mut machine, 12).expect("it replays");
            assert_eq!(hash(&machine), hashes[11]);
            trace.seek(&mut machine, 1).expect("it replays");
            assert_eq!((machine.frame(), hash(&machine)), (1, hashes[0].clone()));
        }
    }
}

// covers ABI-7 VM-3 POL-24
#[test]
fn an_ingest_on_its_way_is_saved_and_goes_on_in_another_machine() {
    let (_, hashes, program) = recorded(4);
    let next = signed(NEXT, 2);
    let deliver = Ok(next.to_bytes());
    for save_at in 0..10u64 {
        let mut machine = Machine::new(Config { latency: 4, ..Config::default() });
        let ring = ring("valid_until = 2026-12-31").as_of(Date::parse("2026-11-21").expect("a day"));
        machine.set_key_ring(Some(ring));
        let vouched = machine.vouch(&program).expect("signed");
        machine.load_vouched(program.clone(), vouched, ModuleSetup::default()).expect("it can be loaded");
        for _ in 0..save_at {
            step(&mut machine, &deliver);
        }
        let saved = machine.save().expect("no panic");
        // Another machine: no ring, no module, another latency; it only knows the programs.
        let mut other = Machine::new(Config::default());
        other.add_program(program.clone());
        other.add_program(Program::new(next.clone()).expect("a good program"));
        other.restore(&saved).expect("it fits");
        assert_eq!(other.save().expect("no panic"), saved);
        // What was delivered is in the state: from then on nobody has to deliver anything.
        let delivered = save_at > 2;
        for frame in save_at..14 {
            if delivered {
                other.step(&InputFrame::default()).expect("no panic");
            } else {
                step(&mut other, &deliver);
            }
            assert_eq!(hash(&other), hashes[frame as usize], "saved before {save_at}, frame {frame}");
        }
        assert_eq!(title(&other), "Next");
        assert_eq!(other.trust(MODULE).level, TrustLevel::Signed);
        assert!(other.key_ring().is_some());
    }
}

// covers VM-3
#[test]
fn rolling_back_over_an_adoption_changes_nothing() {
    let mut machine = machine_under(ring(""), 1);
    let mut test = SyncTest::new(4);
    let deliver: Delivery = Ok(signed(NEXT, 2).to_bytes());
    for _ in 0..12 {
        for wanted in machine.wanted().collect::<Vec<_>>() {
            let fetched = deliver.clone();
            machine.queue(Action::Deliver { module: 0, promise: wanted.promise, fetched }).expect("it asked");
        }
        let (_, mismatch) = test.step(&mut machine, &InputFrame::default()).expect("no panic");
        assert_eq!(mismatch, None);
    }
    assert_eq!(title(&machine), "Next");
    let mut rewind = Rewind::new(10);
    rewind.keep(&machine).expect("no panic");
    let fork = machine.fork().expect("no panic");
    assert_eq!((hash(&fork), title(&fork).as_str()), (hash(&machine), "Next"));
}

// covers ABI-7
#[test]
fn a_part_of_a_recorded_run_has_what_was_adopted_before_it() {
    let (bytes, hashes, program) = recorded(1);
    let trace = Trace::open(bytes).expect("a trace");
    for from in [2, 3, 7, 9] {
        let mut machine = trace.machine(std::slice::from_ref(&program)).expect("it begins with its state");
        trace.seek(&mut machine, from).expect("it replays");
        let start = machine.save().expect("no panic");
        let options = RecordOptions::default();
        let part = Recorder::copy(Vec::new(), &trace, (from, 14), Some(&start), options).expect("memory");
        let part = Trace::open(part.finish().expect("memory")).expect("a trace");
        let mut machine = part.machine(std::slice::from_ref(&program)).expect("it has all that it needs");
        assert_eq!((machine.frame(), part.len()), (from, 14 - from));
        assert_eq!(part.seek(&mut machine, 14).expect("it replays"), None);
        assert_eq!((hash(&machine), title(&machine).as_str()), (hashes[13].clone(), "Next"));
    }
}

/// Keeps what it is told about lives.
struct Lives(Arc<Mutex<Vec<String>>>);

impl Observer for Lives {
    fn called(&mut self, _: &CallRecord) {}

    fn lifecycle(&mut self, event: &LifecycleEvent) {
        let told = match &event.what {
            Lifecycle::Loaded { name, origin } => format!("{} loaded {name} {}", event.frame, &origin[..5]),
            Lifecycle::Ingested { address, ingested } => format!("{} {address} {ingested}", event.frame),
            other => format!("{} {other:?}", event.frame),
        };
        self.0.lock().expect("nobody panicked").push(told);
    }
}

// covers SEC-12 ABI-7
#[test]
fn observers_are_told_of_every_ingest_and_change_nothing() {
    for (deliver, expected) in [
        (signed(NEXT, 2), vec!["2 loaded Next relea", "2 m:next became `game` version 2, signed"]),
        (signed(NEXT, 1), vec!["2 m:next failed to validate: `game` version 1 is known already"]),
    ] {
        let deliver = Ok(deliver.to_bytes());
        let mut silent = machine_under(ring(""), 1);
        let mut machine = machine_under(ring(""), 1);
        let told = Arc::new(Mutex::new(Vec::new()));
        machine.observe(Box::new(Lives(told.clone())));
        for _ in 0..6 {
            step(&mut machine, &deliver);
            step(&mut silent, &deliver);
            assert_eq!(hash(&machine), hash(&silent));
        }
        let told = told.lock().expect("nobody panicked").clone();
        assert_eq!(told.len(), expected.len(), "{told:?}");
        told.iter().zip(expected).for_each(|(told, expected)| assert!(told.starts_with(expected), "{told}"));
    }
}
