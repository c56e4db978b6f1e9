//! Datagrams from a journal, through the real command.

mod common;

use common::Place;

/// Sends `ping` to machine 9 in every frame, and prints machine, port and payload of all that comes to port 7.
const PEER: &str = r#"
.title "peer"
.capability net, port
.data room: i8[1200]
.data line: i8[1300]
.data hello: text "ping"
.const HERE = 7, THERE = 9
.include "messages.inc"
.func start()
  .local status: i32
  syscall net.bind(HERE) -> status
  return
.end
.func update()
  .local status, len, machine, from: i32
  syscall net.send(HERE, THERE, HERE, hello, sizeof(hello)) -> status
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
const JOURNAL: &str = r#"{"frame":2,"machine":4,"from":5,"to":7,"payload":"first"}
{"frame":2,"machine":3,"from":6,"to":7,"payload":"second"}
{"frame":3,"machine":3,"from":6,"to":8,"payload":"nobody is bound there"}
{"frame":9,"machine":1,"from":1,"to":7,"payload":{"$bytes":"6c617374"}}
"#;
const HEARD: &str = "[4,5,\"first\"]\n[3,6,\"second\"]\n[1,1,\"last\"]\n";

fn place() -> Place {
    let place = Place::new();
    place.write("peer.asm", PEER);
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/cartridges/lib/messages.inc");
    place.write("messages.inc", std::fs::read(library).expect("it is there"));
    place.write("empty.asm", ".title \"empty\"\n.func update()\n return\n.end\n");
    place.write("net.jsonl", JOURNAL);
    place
}

// covers LAY-3
#[test]
fn a_journal_stands_for_the_other_machines() {
    let place = place();
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
    let place = place();
    for (journal, said) in [
        ("{\"frame\":1}\n", "net.jsonl: line 1: it takes"),
        ("\n\n[", "net.jsonl: line 3: "),
        (&JOURNAL.lines().rev().collect::<Vec<_>>().join("\n"), "before that of the line above"),
    ] {
        place.write("net.jsonl", journal);
        let error = place.bad(&["run", "peer.asm", "--net", "net.jsonl", "--frames", "3"]);
        assert!(error.contains(said), "{error}");
    }
    let error = place.bad(&["run", "peer.asm", "--net", "missing.jsonl", "--frames", "3"]);
    assert!(error.contains("missing.jsonl: cannot read it"), "{error}");
}
