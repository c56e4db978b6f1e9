//! The cartridges of `cartridges/talk` in one machine: what they say, and that a copy made in any frame says the same. That its
//! `demo.trace` is what running it comes to is in `golden.rs`; here it is left in the middle. Then machines that talk to others,
//! and to a journal.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cartwheel_hostabi::cbor::{decode, to_json};
use cartwheel_runtime::{Action, Config, InputFrame, Journal, Machine, Network, Program};
use common::Place;

fn program(name: &str) -> Arc<Program> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/talk").join(name);
    let source = std::fs::read_to_string(&path).expect("the source is there");
    assemble(path.to_str().expect("UTF-8"), &source)
}

struct Files;

impl cartwheel_assembler::Loader for Files {
    fn load(&self, from: &str, path: &str) -> Result<cartwheel_assembler::LoadedFile, String> {
        let name = Path::new(from).parent().expect("a folder").join(path);
        let bytes = std::fs::read(&name).map_err(|e| e.to_string())?;
        Ok(cartwheel_assembler::LoadedFile { name: name.to_str().expect("UTF-8").to_owned(), bytes })
    }
}

fn assemble(name: &str, source: &str) -> Arc<Program> {
    let cart = cartwheel_assembler::assemble(name, source, &Files).unwrap_or_else(|e| panic!("{e}"));
    Program::new(cart).expect("a good program")
}

fn machine() -> Machine {
    let mut machine = Machine::new(Config::default());
    for name in ["server.asm", "client.asm", "completer.asm", "asker.asm"] {
        machine.load(program(name)).expect("it fits");
    }
    machine
}

/// What a frame comes to: output of modules, and the state behind it.
fn step(machine: &mut Machine) -> (Vec<String>, u128) {
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert!(report.modules.iter().all(|module| module.trap.is_none()), "{report:?}");
    let said = report.messages.iter().map(|message| {
        format!("{} {}: {}", message.module, message.port, to_json(&decode(&message.bytes).expect("CBOR")))
    });
    (said.collect(), machine.hash().expect("no panic").root)
}

// covers PORT-10 LAY-5 LAY-8
#[test]
fn they_understand_each_other() {
    let mut machine = machine();
    let said: Vec<String> = (0..60).flat_map(|_| step(&mut machine).0).collect();
    let count = |line: &str| said.iter().filter(|said| *said == line).count();
    let (there, missing) = (count("1 1: \"Hello from the server\""), count("1 1: \"File not found\""));
    assert!(there >= 5 && missing >= 5 && there.abs_diff(missing) <= 1, "{said:?}");
    assert!(count("3 1: \"calc:6*7=42\"") >= 20, "{said:?}");
    assert!(count("3 1: \"up:helloHELLO\"") >= 10, "{said:?}");
    assert_eq!(count("3 1: [\"no completion\"]"), 0);
    // Tokens and ports do not pile up.
    let early = machine.port_census();
    (0..600).for_each(|_| drop(step(&mut machine)));
    let late = machine.port_census();
    assert!(late.tokens <= early.tokens + 2 && late.channels == early.channels, "{early:?} {late:?}");
}

// covers VM-3 VM-4
#[test]
fn a_copy_made_in_any_frame_goes_on_the_same() {
    let mut machine = machine();
    let mut saved = Vec::new();
    let mut frames = Vec::new();
    for _ in 0..40 {
        saved.push(machine.save().expect("no panic"));
        frames.push(step(&mut machine));
    }
    // Another machine of the same modules, put into each of the states in turn.
    let mut other = self::machine();
    for (at, state) in saved.iter().enumerate() {
        other.restore(state).expect("a saved state");
        for (frame, expected) in frames.iter().enumerate().skip(at).take(12) {
            assert_eq!(step(&mut other), *expected, "saved before frame {at}, frame {frame}");
        }
    }
}

/// The shipped trace, replayed up to frames in which messages are under way; from there the machine file goes on.
// covers VM-3 VM-4
#[test]
fn the_recorded_run_goes_on_from_the_middle_with_messages_in_flight() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/talk");
    let file = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let (trace, machine) = (file("demo.trace"), file("machine.toml"));
    let place = Place::new();
    let out = place.good(&["replay", &trace, "--watch-ports", "--hashes", "whole.txt", "-q"]);
    let whole = place.text("whole.txt");
    let lines = out.lines().filter(|line| line.starts_with('{'));
    let sent = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON"));
    // What is sent to a module is delivered between two frames, and is in the state until then.
    let inward = sent.filter(|sent| sent["to"] == "module");
    let cuts: BTreeSet<u64> = inward.map(|sent| sent["frame"].as_u64().expect("a number") + 1).collect();
    let cuts: Vec<u64> = cuts.into_iter().filter(|&cut| cut < 299).collect();
    assert!(cuts.len() > 50, "{cuts:?}");
    for &cut in cuts.iter().step_by(cuts.len() / 6) {
        place.good(&["replay", &trace, "--to", &cut.to_string(), "--save-state", "s", "-q"]);
        let rest = (300 - cut).to_string();
        place.good(&["run", &machine, "--load-state", "s", "--frames", &rest, "--hashes", "rest.txt", "-q"]);
        let expected: Vec<&str> = whole.lines().skip(cut as usize).collect();
        assert_eq!(place.text("rest.txt").lines().collect::<Vec<_>>(), expected, "left before frame {cut}");
    }
}

/// Greets machine `OTHER` in every frame, and prints machine, port and payload of all that comes to port 7.
const PEER: &str = r#"
.capability net, port
.data room: i8[1200]
.data line: i8[1300]
.data hello: text "hello"
.const HERE = 7
.include "cartridges/lib/messages.inc"
.func start()
  .local status: i32
  syscall net.bind(HERE) -> status
  return
.end
.func update()
  .local status, len, machine, from: i32
  syscall net.send(HERE, OTHER, HERE, hello, sizeof(hello)) -> status
next:
  loop
  syscall net.recv(HERE, room, sizeof(room)) -> status, len, machine, from
  br.i32.ne status, 0, done
  call message_begin(line)
  call message_array(3)
  call message_int(machine)
  call message_int(from)
  call message_text(room, len)
  call message_len() -> len
  syscall port.send(1, line, len) -> status
  br next
done:
  return
.end
"#;

/// Two machines of one process, and then one of them alone with a journal of what came.
// covers LAY-3
#[test]
fn machines_talk_over_a_network_and_a_journal_stands_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer.asm");
    let peer = |other: i32| {
        let mut machine = Machine::new(Config::default());
        let source = format!(".const OTHER = {other}\n{PEER}");
        machine.load(assemble(root.to_str().expect("UTF-8"), &source)).expect("it fits");
        machine
    };
    let (mut one, mut two) = (peer(2), peer(1));
    let (mut network, mut journal) = (Network::new(), Journal::default());
    let mut frames = Vec::new();
    for frame in 0..10 {
        network.deliver(1, &mut one);
        network.deliver(2, &mut two);
        let first = one.step(&InputFrame::default()).expect("no panic");
        for applied in &first.actions {
            if let Action::Datagram { machine, from, to, payload } = applied.action.clone() {
                journal.push(frame, cartwheel_runtime::Datagram { machine, from, to, payload });
            }
        }
        network.sent(1, &first);
        network.sent(2, &two.step(&InputFrame::default()).expect("no panic"));
        let said: Vec<String> =
            first.messages.iter().map(|message| to_json(&decode(&message.bytes).expect("CBOR"))).collect();
        frames.push((said, one.hash().expect("no panic").root));
    }
    assert_eq!((frames[0].0.len(), frames[1].0.as_slice()), (0, ["[2,7,\"hello\"]".to_owned()].as_slice()));
    let written = journal.to_string();
    let read = Journal::parse(&written).expect("it was written");
    assert_eq!(read, journal);
    let mut alone = peer(2);
    for (said, root) in frames {
        read.before_frame(&mut alone);
        let report = alone.step(&InputFrame::default()).expect("no panic");
        let heard: Vec<String> =
            report.messages.iter().map(|message| to_json(&decode(&message.bytes).expect("CBOR"))).collect();
        assert_eq!((heard, alone.hash().expect("no panic").root), (said, root));
    }
    for (text, said) in [
        ("{}", "line 1: `frame` is missing; it is a whole number from 0 on"),
        ("\n[", "line 2: "),
        (&written.lines().rev().collect::<Vec<_>>().join("\n"), "before that of the line above"),
    ] {
        let error = Journal::parse(text).expect_err(text).to_string();
        assert!(error.contains(said), "{error}");
    }
}

const JOURNAL: &str = r#"{"frame":2,"machine":4,"from":5,"to":7,"payload":"first"}
{"frame":2,"machine":3,"from":6,"to":7,"payload":"second"}
{"frame":3,"machine":3,"from":6,"to":8,"payload":"nobody is bound there"}
{"frame":9,"machine":1,"from":1,"to":7,"payload":{"$bytes":"6c617374"}}
"#;
const HEARD: &str = "[4,5,\"first\"]\n[3,6,\"second\"]\n[1,1,\"last\"]\n";

fn place_with_journal() -> Place {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/cartridges/lib/messages.inc");
    let library = std::fs::read_to_string(library).expect("it is there");
    let peer = format!(".const OTHER = 9\n{}", PEER.replace("cartridges/lib/", ""));
    let empty = ".title \"empty\"\n.func update()\n return\n.end\n";
    let files =
        [("peer.asm", &*peer), ("messages.inc", &library), ("empty.asm", empty), ("net.jsonl", JOURNAL)];
    Place::with(&files)
}

// covers LAY-3
#[test]
fn a_journal_stands_for_the_other_machines() {
    let place = place_with_journal();
    for modules in [&["peer.asm"][..], &["empty.asm", "peer.asm"]] {
        let run = |more: &[&str]| place.good(&[&["run"], modules, &["-q"], more].concat());
        let net = ["--net", "net.jsonl"];
        let kept = ["--hashes", "run.txt", "--record", "t.trace", "--embed"];
        assert_eq!(run(&[&["--frames", "20"], &net[..], &kept].concat()), HEARD);
        // The trace has what came: nobody needs the journal any more.
        assert_eq!(place.good(&["replay", "t.trace", "--hashes", "replay.txt", "-q"]), HEARD);
        assert_eq!(place.text("run.txt"), place.text("replay.txt"));
        // Without it the run is another one from the frame on in which the first datagram came.
        assert_eq!(run(&["--frames", "20", "--hashes", "quiet.txt"]), "");
        let (with, without) = (place.text("run.txt"), place.text("quiet.txt"));
        let same = with.lines().zip(without.lines()).take_while(|(one, other)| one == other).count();
        assert_eq!(same, 2);
        // It goes on in the middle of the journal, whose frames are those of the machine.
        let first = run(&[&["--frames", "5", "--save-state", "s"], &net[..]].concat());
        let more = ["--frames", "15", "--load-state", "s", "--hashes", "rest.txt"];
        let rest = run(&[&more, &net[..]].concat());
        assert_eq!(first + &rest, HEARD);
        assert_eq!(
            with.lines().skip(5).collect::<Vec<_>>(),
            place.text("rest.txt").lines().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_journal_that_is_none_is_refused_with_its_line() {
    let place = place_with_journal();
    place.write("net.jsonl", "\n\n[");
    for (name, said) in
        [("net.jsonl", "net.jsonl: line 3: "), ("missing.jsonl", "missing.jsonl: cannot read it")]
    {
        let error = place.bad(&["run", "peer.asm", "--net", name, "--frames", "3"]);
        assert!(error.contains(said), "{error}");
    }
}
