//! Messages through the command: stdin, stdout, stderr, watching, recording.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{Done, Place};

/// Sends what comes on stdin back on stdout, and what the kernel has against its requests to stderr.
const ECHO: &str = r#"
.capability port, fs
.data ask: bytes message { syscall_type: "file_read", params: { path: "missing" }, promise_hash: null }
.data buffer: i8[65536]
.data asked: i32 0

.func update()
  .local status, len, sender, token: i32
  i32.load status, [asked]
  br.i32.ne status, 0, read
  i32.store [asked], 1
  syscall port.send(0, ask, sizeof(ask)) -> status
read:
  loop
  syscall port.receive(0, buffer, sizeof(buffer)) -> status, len, sender, token
  br.i32.ne status, 0, errors
  syscall port.send(1, buffer, len) -> status
  br read
errors:
  syscall port.receive(2, buffer, sizeof(buffer)) -> status, len, sender, token
  br.i32.ne status, 0, done
  syscall port.send(2, buffer, len) -> status
done:
  return
.end
"#;

fn echo() -> Place {
    let place = Place::new();
    place.write("echo.asm", ECHO);
    place
}

// covers PORT-12 PORT-13 PORT-6
#[test]
fn a_cartridge_is_fed_and_heard() {
    let place = echo();
    place.write("lines.txt", "hello\n{\"not\":\"json\"}\n\nlast");
    let done = place.run(&["run", "echo.asm", "--frames", "5", "--stdin", "lines.txt", "-q"]);
    assert_eq!((done.status, done.stdout.as_str()), (0, "hello\n{\"not\":\"json\"}\n\nlast\n"));
    assert!(done.stderr.contains("\"error_message\":\"File not found\""), "{}", done.stderr);
    place.write(
        "items.jsonl",
        "{\"b\":1,\"a\":[1.5,{\"$bytes\":\"00ff\"}]}\n\n\"text\"\n18446744073709551615\n",
    );
    let done = place.run(&["run", "echo.asm", "--frames", "5", "--stdin", "items.jsonl", "-q"]);
    let expected = "{\"a\":[1.5,{\"$bytes\":\"00ff\"}],\"b\":1}\ntext\n{\"$int\":\"18446744073709551615\"}\n";
    assert_eq!(done.stdout, expected);
    let mut child = place.command(&["run", "echo.asm", "--frames", "200", "--stdin", "-", "-q"]);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let many: String = (0..1_000).map(|i| format!("line {i}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(many.as_bytes()).expect("it reads");
    let done = Done::from(child.wait_with_output().expect("it ends"));
    assert_eq!(done.stdout, many, "more than the queue holds comes in the frames that follow");
}

// covers PORT-13 VM-1
#[test]
fn what_was_fed_is_recorded_and_replayed() {
    let place = echo();
    place.write("lines.txt", (0..300).map(|i| format!("{i}\n")).collect::<String>());
    let run = ["run", "echo.asm", "--frames", "20", "--stdin", "lines.txt", "-q"];
    let recorded =
        place.run(&[&run[..], &["--record", "t.trace", "--hashes", "run.txt", "--embed"]].concat());
    let replayed = place.run(&["replay", "t.trace", "--hashes", "replay.txt", "-q"]);
    assert_eq!((recorded.status, replayed.status), (0, 0), "{}", replayed.stderr);
    assert_eq!(place.text("run.txt"), place.text("replay.txt"));
    assert_eq!(recorded.stdout, replayed.stdout);
    let unfed = place.run(&["run", "echo.asm", "--frames", "20", "-q", "--hashes", "unfed.txt"]);
    assert_eq!(unfed.stdout, "");
    assert_ne!(place.text("unfed.txt"), place.text("run.txt"));
}

// covers PORT-11
#[test]
fn messages_can_be_watched_as_json() {
    let place = echo();
    place.write("lines.txt", "hello\n");
    let done =
        place.run(&["run", "echo.asm", "--frames", "3", "--stdin", "lines.txt", "-q", "--watch-ports"]);
    let lines: Vec<serde_json::Value> = done
        .stdout
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let [fed, sent, answer, forwarded] = &lines[..] else { panic!("{}", done.stdout) };
    let field = |line: &serde_json::Value, name: &str| line[name].to_string();
    assert_eq!(
        (field(fed, "from"), field(fed, "port"), field(fed, "message")),
        ("null".into(), "0".into(), "\"hello\"".into())
    );
    assert_eq!(answer["message"]["status"], "error");
    assert_eq!(answer["message"]["error_message"], "File not found");
    assert_eq!(
        (&sent["message"], &sent["to"], &sent["from"]),
        (&"hello".into(), &"outside".into(), &0.into())
    );
    assert_eq!(forwarded["message"], answer["message"]);
}

#[test]
fn what_cannot_be_fed_is_refused() {
    let place = echo();
    place.write("deaf.asm", ".func update()\n return\n.end");
    place.write("lines.txt", "hello\n");
    let done = place.run(&["run", "deaf.asm", "--stdin", "lines.txt"]);
    assert!(done.status == 1 && done.stderr.contains(".capability port"), "{}", done.stderr);
    place.write("bad.jsonl", "1\n{\"a\":}\n");
    let done = place.run(&["run", "echo.asm", "--stdin", "bad.jsonl"]);
    assert!(
        done.status == 1 && done.stderr.contains("bad.jsonl: line 2: ") && done.stderr.contains("column 6"),
        "{}",
        done.stderr
    );
    place.write("long.txt", "x".repeat(65_537));
    let done = place.run(&["run", "echo.asm", "--stdin", "long.txt"]);
    assert!(
        done.status == 1 && done.stderr.contains("line 1: a message has at most 65536 bytes"),
        "{}",
        done.stderr
    );
}

/// What the assembler makes of messages, and what it says of bad ones.
#[test]
fn messages_are_written_in_source_text() {
    let place = Place::new();
    let source = |message: &str| {
        format!(
            ".capability port\n.data m: bytes {message}\n.func update()\n .local s: i32\n syscall port.send(1, m, sizeof(m)) -> s\n return\n.end"
        )
    };
    for (message, json) in [
        (
            "message { b: 1, \"a b\": [-1, 1.5, -2.0e3], 3: hex \"00 ff\" }",
            "{\"$map\":[[3,{\"$bytes\":\"00ff\"}],[\"b\",1],[\"a b\",[-1,1.5,-2000.0]]]}",
        ),
        ("message [true, false, null, {}, [], \"\",]", "[true,false,null,{},[],\"\"]"),
        ("message \"all\\nof it\"", "all\nof it"),
        ("message 7", "7"),
        ("message 1.5", "1.5"),
        ("message null", "null"),
        ("message hex \"00 ff\"", "{\"$bytes\":\"00ff\"}"),
        ("message { true: -18446744073709551615 }", "{\"true\":{\"$int\":\"-18446744073709551615\"}}"),
    ] {
        place.write("m.asm", source(message));
        let done = place.run(&["run", "m.asm", "--frames", "1", "-q"]);
        assert_eq!((done.stdout.trim_end(), done.stderr.as_str()), (json, ""), "{message}");
    }
    for (message, said) in [
        ("message { a: 1, a: 2 }", "a map has a key twice"),
        ("message { a }", "expected `:`"),
        ("message [x]", "expected a value of a message"),
        ("message x", "expected a value of a message"),
        ("message \"\\xff\"", "UTF-8"),
        ("message", "message"),
        ("message \"a\" \"b\"", "expected"),
        ("message [1 2]", "expected `]`"),
        ("message { a: 1", "expected"),
    ] {
        place.write("m.asm", source(message));
        let done = place.run(&["asm", "m.asm"]);
        assert!(done.status == 1 && done.stderr.contains(said), "{message}: {}", done.stderr);
    }
}

/// Four cartridges that talk, recorded and replayed through the command.
// covers VM-4
#[test]
fn a_recorded_run_of_modules_that_talk_replays_bit_for_bit() {
    let place = Place::new();
    let path = |name: &str| format!("{}/cartridges/talk/{name}", env!("CARGO_MANIFEST_DIR"));
    let four = ["server.asm", "client.asm", "completer.asm", "asker.asm"].map(path);
    let four = four.each_ref().map(String::as_str);
    let recorded = place.run(
        &[
            &["run"],
            &four[..],
            &["--frames", "50", "-q", "--record", "t.trace", "--embed", "--hashes", "run.txt"],
        ]
        .concat(),
    );
    assert_eq!(recorded.status, 0, "{}", recorded.stderr);
    assert!(recorded.stdout.contains("Hello from the server\n") && recorded.stdout.contains("calc:6*7=42\n"));
    let replayed = place.run(&["replay", "t.trace", "-q"]);
    assert_eq!(replayed.status, 0, "{}", replayed.stderr);
    let again =
        place.run(&[&["run"], &four[..], &["--frames", "50", "-q", "--hashes", "again.txt"]].concat());
    assert_eq!((place.text("run.txt"), recorded.stdout), (place.text("again.txt"), again.stdout));
}

// covers PORT-2 PORT-11 ABI-3
#[test]
fn exec_sends_messages_and_prints_answers() {
    let place = Place::new();
    let hash = "07".repeat(32);
    let lines = [
        r#"{"syscall_type": "file_write", "params": {"path": "a", "content": "hello"}}"#.to_owned(),
        String::new(),
        format!(r#"{{"syscall_type": "fs.read", "params": ["a"], "promise_hash": {{"$bytes": "{hash}"}}}}"#),
        r#"{"syscall_type": "file_read", "params": {"path": "missing"}}"#.to_owned(),
        r#"{"syscall_type": "completion_open"}"#.to_owned(),
        r#"{"syscall_type": "completion_write", "params": {"completion": 1, "bytes": "calc:6*7"}}"#
            .to_owned(),
        r#"{"syscall_type": "completion_submit", "params": {"completion": 1}}"#.to_owned(),
        r#"{"syscall_type": "completion_read", "params": [1]}"#.to_owned(),
    ];
    place.write("requests.jsonl", lines.join("\n"));
    let done = place.run(&["exec", "--messages", "requests.jsonl"]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let answers: Vec<serde_json::Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let bytes = |text: &str| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({ "$bytes": hex })
    };
    let [_, read, missing, opened, _, _, completion] = &answers[..] else { panic!("{}", done.stdout) };
    assert_eq!((&read["data"], &read["promise_hash"]["$bytes"]), (&bytes("hello"), &hash.into()));
    assert_eq!((&missing["status"], &missing["class"]), (&"error".into(), &"status".into()));
    assert_eq!(missing["error_message"], "File not found");
    assert_eq!((&opened["data"], &completion["data"]), (&1.into(), &bytes("calc:6*7=42")));
    // The same, one by one on the command line, and from standard input.
    let given = place.run(&["exec", "--message", &lines[0], "--message", &lines[2]]);
    assert_eq!(given.stdout.lines().nth(1), done.stdout.lines().nth(1));
    let mut child = place.command(&["exec", "--messages", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(lines.join("\n").as_bytes()).expect("it reads");
    assert_eq!(Done::from(child.wait_with_output().expect("it ends")).stdout, done.stdout);
}

/// What is wrong with a message is in its answer; what is none is refused.
// covers PORT-5
#[test]
fn exec_says_what_is_wrong_with_a_message() {
    let place = Place::new();
    place.write("p.toml", "[[rule]]\ncapability = \"gfx\"\nverdict = \"allow\"\n");
    place.write("q.toml", "[[rule]]\ncapability = \"port\"\nverdict = \"allow\"\n");
    place.write("r.toml", "[[rule]]\ncapability = \"gfx\"\nverdict = \"deny\"\n");
    place.write("empty.jsonl", "\n\n");
    place.write("bad.jsonl", "{\"syscall_type\": \"gfx.size\"}\n{\"syscall_type\"}\n");
    let size = r#"{"syscall_type": "gfx.size"}"#;
    let long = format!("{{\"syscall_type\": \"log.write\", \"params\": [1, \"{}\"]}}", "x".repeat(65_536));
    for (args, status, said) in [
        (&["--message", r#"{"syscall_type": "gfx.warp"}"#][..], 2, "no syscall with this id: gfx.warp"),
        (&["--message", r#"{"syscall_type": "gfx.clear", "params": ["red"]}"#], 2, "gfx.clear@1 takes"),
        (&["--message", "[1]"], 1, "malformed request: a request is a map"),
        (&["--message", r#"{"syscall_type": "gfx.size", "promise_hash": "00"}"#], 1, "is not a byte string"),
        (&["--message", size, "--policy", "q.toml"], 2, "call denied by policy"),
        (&["--message", size, "--policy", "p.toml"], 1, "error: `port.send` by module `host`"),
        (&["--message", size, "--policy", "p.toml"], 1, "That is p.toml: no rule mentions it"),
        (&["gfx.size", "--policy", "r.toml"], 2, "by r.toml: rule 1 (line 1): "),
        (&["--message", size, "--message", "{"], 1, "error: --message 2: EOF while parsing"),
        (&["--messages", "empty.jsonl"], 1, "error: empty.jsonl: there is no message in it"),
        (&["--messages", "-"], 1, "error: standard input: there is no message in it"),
        (&["--message", &long], 1, "error: --message: a message has at most 65536 bytes"),
        (&["--message", "{"], 1, "error: --message: EOF while parsing"),
        (&["--message", "-"], 1, "--messages - reads them from standard input"),
        (&["--messages", "bad.jsonl"], 1, "error: bad.jsonl: line 2: "),
        (&["gfx.size", "--message", size], 1, "cannot be used with"),
        (&[], 1, "cartwheel exec [OPTIONS] --message <JSON>"),
    ] {
        let done = place.run(&[&["exec"], args].concat());
        let text = format!("{}{}", done.stdout, done.stderr);
        assert!(done.status == status && text.contains(said), "{args:.200?}: {} {text}", done.status);
    }
}

/// A guest in Rust that uses the message library for its language, and the file server in assembly: what the committed WebAssembly
/// prints. Its states and its trace are held as those of every machine.
// covers PORT-10
#[test]
fn a_visitor_in_rust_talks_with_the_file_server() {
    let place = Place::new();
    let machine = format!("{}/cartridges/visitor/machine.toml", env!("CARGO_MANIFEST_DIR"));
    let done = place.run(&["run", &machine, "--frames", "60", "-q"]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let there = "{\"file\":\"greeting\",\"says\":\"Hello from the server\",\"frames\":3}";
    let missing = "{\"file\":\"missing\",\"says\":\"File not found\",\"frames\":3}";
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines, [there, missing].repeat(7)[..14], "{}", done.stdout);
}
