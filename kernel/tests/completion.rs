//! Completion, the built-in modules, and the virtual network.

mod world;

use cartwheel_hostabi::Status;
use cartwheel_kernel::{Datagram, ModuleId, STDERR, STDOUT};
use world::World;

impl World {
    /// Submits a request; its number.
    fn ask(&mut self, module: u32, bytes: &[u8]) -> i32 {
        let completion = self.ok(module, "completion.open", &[])[0];
        for part in bytes.chunks(7) {
            let [at, len] = self.put(module, part);
            self.ok(module, "completion.write", &[completion, at, len]);
        }
        self.ok(module, "completion.submit", &[completion]);
        completion
    }

    fn completion(&mut self, module: u32, completion: i32) -> Result<String, i32> {
        let results = self.call(module, "completion.read", &[completion, 0, 100_000]);
        let bytes = &self.guests[module as usize].memory[..results[1] as usize];
        if results[0] == 0 { Ok(String::from_utf8(bytes.to_vec()).expect("text")) } else { Err(results[0]) }
    }

    fn provide(&mut self, module: u32, prefix: &str) {
        let [at, len] = self.put(module, prefix.as_bytes());
        self.ok(module, "completion.provide", &[at, len]);
    }

    /// The next request that a module has to answer.
    fn take(&mut self, module: u32) -> Result<(i32, String), i32> {
        let results = self.call(module, "completion.take", &[0, 5_000]);
        let bytes = self.guests[module as usize].memory[..results[2] as usize].to_vec();
        if results[0] == 0 {
            Ok((results[1], String::from_utf8(bytes).expect("text")))
        } else {
            Err(results[0])
        }
    }

    fn answer(&mut self, module: u32, request: i32, completion: &str) -> i32 {
        let [at, len] = self.put(module, completion.as_bytes());
        self.call(module, "completion.answer", &[request, at, len])[0]
    }
}

const PENDING: Result<String, i32> = Err(Status::Pending.code());
const BROKEN: Result<String, i32> = Err(Status::CompletionBroken.code());

// covers LAY-4
#[test]
fn a_completion_begins_with_the_bytes_of_its_request() {
    let mut world = World::new(1);
    let requests = ["calc:1 + 2 * 3", "calc:(7-1)/4=", "nothing more", "", "cap:completion.c", "cap:none"];
    let numbers: Vec<i32> = requests.iter().map(|request| world.ask(0, request.as_bytes())).collect();
    assert!(numbers.iter().all(|number| world.completion(0, *number) == PENDING));
    world.next_frame();
    let found: Vec<String> =
        numbers.iter().map(|number| world.completion(0, *number).expect("completed")).collect();
    let expected = [
        "calc:1 + 2 * 3=7",
        "calc:(7-1)/4=1.5",
        "nothing more",
        "",
        "cap:completion.c\ncompletion.close@1",
        "cap:none",
    ];
    assert_eq!(found, expected);
    let bad = world.ask(0, b"calc:1/0");
    world.next_frame();
    assert_eq!(world.completion(0, bad), BROKEN);
    // It can be read again until it is closed.
    assert_eq!(world.completion(0, numbers[2]).as_deref(), Ok("nothing more"));
    world.ok(0, "completion.close", &[numbers[2]]);
    assert_eq!(world.completion(0, numbers[2]), Err(Status::CompletionUnknown.code()));
}

// covers LAY-5
#[test]
fn the_longest_prefix_wins_and_a_completer_that_fails_breaks_its_promise() {
    let mut world = World::new(4);
    world.provide(1, "w:");
    world.provide(2, "w:long:");
    world.provide(2, "calc:hex:");
    let short = world.ask(0, b"w:x");
    let long = world.ask(0, b"w:long:x");
    let other = world.ask(3, b"w:y");
    let kernel = world.ask(0, b"calc:1");
    let hex = world.ask(0, b"calc:hex:ff");
    // Modules are asked from the next frame on, in the order of submission.
    assert_eq!(world.take(1), Err(Status::CompletionNone.code()));
    world.next_frame();
    let (first, bytes) = world.take(1).expect("a request");
    assert_eq!(bytes, "w:x");
    let (second, bytes) = world.take(1).expect("another");
    assert_eq!((bytes.as_str(), world.take(1)), ("w:y", Err(Status::CompletionNone.code())));
    assert_eq!(world.answer(1, first, "other"), Status::CompletionOther.code());
    assert_eq!(world.answer(2, first, "w:x!"), Status::CompletionUnknown.code(), "another module's request");
    assert_eq!(world.answer(1, first, "w:x!"), 0);
    assert_eq!(world.answer(1, first, "w:x!"), Status::CompletionUnknown.code());
    assert_eq!(world.call(1, "completion.refuse", &[second]), [0]);
    assert_eq!(world.completion(0, kernel).as_deref(), Ok("calc:1=1"));
    assert_eq!((world.completion(0, short), world.completion(3, other)), (PENDING, PENDING));
    world.next_frame();
    assert_eq!((world.completion(0, short).as_deref(), world.completion(3, other)), (Ok("w:x!"), BROKEN));
    // A completer that goes takes its promises with it; the next longest prefix is asked from then on.
    assert_eq!(world.take(2).expect("a request").1, "w:long:x");
    world.kernel.unload(ModuleId(2));
    assert_eq!((world.completion(0, long), world.completion(0, hex)), (PENDING, PENDING));
    world.next_frame();
    assert_eq!((world.completion(0, long), world.completion(0, hex)), (BROKEN, BROKEN));
    world.ask(0, b"w:long:x");
    world.next_frame();
    assert_eq!(world.take(1).expect("a request").1, "w:long:x");
    // Of who has asked and gone, nothing is left to answer.
    world.kernel.unload(ModuleId(0));
    assert_eq!(world.take(1), Err(Status::CompletionNone.code()));
}

/// With the cache and without: the same bytes, states and cycles.
// covers LAY-6
#[test]
fn a_cache_changes_nothing_that_can_be_seen() {
    let run = |cached: bool| {
        let mut world = World::new(2);
        world.kernel.set_completion_cache(cached);
        let mut seen = Vec::new();
        for round in 0..30 {
            for module in [0, 1] {
                let request = ["calc:1+1", "cap:gfx", "calc:1/0", "plain"][round % 4];
                let number = world.ask(module, request.as_bytes());
                let pending = world.completion(module, number);
                world.next_frame();
                let completion = world.completion(module, number);
                world.ok(module, "completion.close", &[number]);
                let hashes: Vec<_> = world.kernel.shared_hashes().collect();
                seen.push((pending, completion, hashes, world.guests[module as usize].cycles));
            }
        }
        (seen, world.kernel.set_completion_cache(cached))
    };
    let (with, hits) = run(true);
    let (without, no_hits) = run(false);
    assert_eq!(with, without);
    assert_eq!((hits, no_hits), (56, 0), "4 of 60 requests were new");
}

// covers LAY-8
#[test]
fn built_in_modules_are_reached_by_messages() {
    let mut world = World::new(2);
    let asked = [
        ("name_resolve", "{\"name\":\"a\",\"base\":\"/save\"}", "\"fs:a\""),
        ("name_resolve", "{\"name\":\"/b\"}", "\"asset:b\""),
        ("memory_set", "{\"key\":\"k\",\"value\":\"v\"}", "null"),
        ("memory_get", "{\"key\":\"k\"}", "{\"$bytes\":\"76\"}"),
        ("memory_list", "[0]", "{\"$bytes\":\"6b\"}"),
        ("memory_remove", "[\"k\"]", "null"),
        ("syscall_describe", "{\"id\":\"kernel.ping\"}", "\"kernel.ping@1 (i64) -> i64 kernel\""),
        ("completion_open", "{}", "1"),
        ("completion_write", "[1,\"calc:2*3\"]", "null"),
        ("completion_submit", "[1]", "null"),
        ("name_publish", "{\"name\":\"me\",\"token\":2}", "null"),
        ("process_id", "[]", "0"),
        ("name_find", "{\"name\":\"me\"}", "2"),
    ];
    world.ok(0, "port.token", &[0, 7]);
    for (hash, (syscall_type, params, _)) in asked.iter().enumerate() {
        assert_eq!(world.request(0, hash as u8 + 1, syscall_type, params), 0, "{syscall_type}");
    }
    world.next_frame();
    for (syscall_type, params, data) in asked {
        let answer = world.text(0, STDOUT);
        assert!(answer.starts_with(&format!("{{\"data\":{data},")), "{syscall_type} {params}: {answer}");
    }
    assert_eq!(world.receive(0, STDERR), Err(Status::PortEmpty.code()));
    world.request(0, 1, "completion_read", "[1]");
    world.next_frame();
    let answer = world.text(0, STDOUT);
    assert!(answer.contains("63616c633a322a333d36"), "{answer}");
}

// covers LAY-3
#[test]
fn datagrams_go_between_modules_and_between_machines() {
    let mut world = World::new(2);
    world.request(0, 1, "net_bind", "{\"address\":80}");
    world.request(1, 1, "net_bind", "{\"address\":90}");
    world.request(1, 2, "net_send", "{\"from\":90,\"machine\":0,\"to\":80,\"payload\":\"hi\"}");
    world.request(1, 3, "net_send", "{\"from\":90,\"machine\":5,\"to\":81,\"payload\":\"out\"}");
    world.request(1, 4, "net_send", "{\"from\":90,\"machine\":0,\"to\":81,\"payload\":\"x\"}");
    world.request(0, 2, "net_recv", "[80]");
    world.next_frame();
    let error = world.text(1, STDERR);
    assert!(error.contains("UNREACHABLE"), "{error}");
    assert!(world.text(0, STDERR).contains("EMPTY"), "not before the frame boundary");
    world.request(0, 3, "net_recv", "[80]");
    world.next_frame();
    world.text(0, STDOUT);
    let received = world.text(0, STDOUT);
    assert!(
        received.contains("{\"len\":2,\"from\":90,\"buffer\":{\"$bytes\":\"6869\"},\"machine\":0}"),
        "{received}"
    );
    let out = Datagram { machine: 5, from: 90, to: 81, payload: b"out".to_vec() };
    assert_eq!(world.kernel.take_datagrams(), [out]);
    // From another machine: there in the frame that begins, if somebody is.
    let arrives = |to| Datagram { machine: 5, from: 81, to, payload: b"back".to_vec() };
    assert!(world.kernel.arrive(arrives(90)) && !world.kernel.arrive(arrives(91)));
    assert_eq!(world.call(1, "net.recv", &[90, 0, 9]), [0, 4, 5, 81]);
    assert_eq!(&world.guests[1].memory[..4], b"back");
    world.kernel.unload(ModuleId(1));
    assert!(!world.kernel.arrive(arrives(90)));
}

/// Process and module control by message: the same calls, and what has no supervisor says so.
// covers LAY-3
#[test]
fn modules_are_controlled_by_message() {
    let mut world = World::new(1);
    for (hash, (syscall_type, params)) in
        [("process_parent", "[]"), ("module_info", "[7]"), ("module_pause", "[0]"), ("process_stop", "[2]")]
            .iter()
            .enumerate()
    {
        assert_eq!(world.request(0, hash as u8 + 1, syscall_type, params), 0);
    }
    world.next_frame();
    let errors = ["NO_SUPERVISOR", "UNKNOWN", "NOT_YOURS"];
    for expected in errors {
        let error = world.text(0, STDERR);
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(world.text(0, STDOUT).contains("\"status\":\"success\""));
}
