//! Ports: requests to the kernel and their answers, messages and tokens between modules, and what becomes of them when
//! modules end.

mod world;

use std::sync::{Arc, Mutex};

use cartwheel_hostabi::cbor::{Item, decode, encode, from_json, to_json};
use cartwheel_hostabi::mock::{MockGuest, MockObject, Slot};
use cartwheel_hostabi::{Fault, Status, resolve};
use cartwheel_kernel::policy::{Custody, Policy};
use cartwheel_kernel::{
    CallRecord, Kernel, ModuleId, Observer, Outcome, PortCensus, Quotas, RIGHT_MANAGE, RIGHT_RECEIVE,
    RIGHT_SEND, STDERR, STDIN, STDOUT, Transport,
};
use world::{ALL, World, common};

const EMPTY: i32 = Status::PortEmpty.code();

fn hash(byte: u8) -> String {
    format!("{{\"$bytes\":\"{}\"}}", format!("{byte:02x}").repeat(32))
}

// covers PORT-1 PORT-2 PORT-3 PORT-4
#[test]
fn a_request_on_stdin_is_answered_on_stdout_or_stderr() {
    let mut world = World::new(1);
    for port in [STDIN, STDOUT, STDERR] {
        assert_eq!(world.call(0, "port.poll", &[port]), [EMPTY, 0, 0]);
    }
    assert_eq!(world.call(0, "port.poll", &[3])[0], Status::PortBadPort.code());
    assert_eq!(world.request(0, 1, "kernel.ping@1", "{\"value\":-7}"), 0);
    assert_eq!(world.request(0, 2, "kernel.memory_get", "{\"key\":\"no\"}"), 0);
    // Nothing is there before the frame boundary.
    assert_eq!(world.receive(0, STDOUT), Err(EMPTY));
    world.next_frame();
    let answer = format!("{{\"data\":{{\"value\":-7}},\"status\":\"success\",\"promise_hash\":{}}}", hash(1));
    assert_eq!(world.receive(0, STDOUT), Ok((answer, -1, 0)));
    let error = format!(
        "{{\"class\":\"status\",\"status\":\"error\",\"promise_hash\":{},\"error_message\":\"NOT_FOUND: There is no such thing.\"}}",
        hash(2)
    );
    assert_eq!(world.receive(0, STDERR), Ok((error, -1, 0)));
    assert_eq!((world.receive(0, STDOUT), world.receive(0, STDERR)), (Err(EMPTY), Err(EMPTY)));
}

fn hash_of(answer: &str) -> Vec<u8> {
    match from_json(answer).expect("an answer").get("promise_hash") {
        Some(Item::Bytes(bytes)) => bytes.clone(),
        other => panic!("{answer}: {other:?}"),
    }
}

// covers PORT-4
#[test]
fn a_zero_hash_is_derived_and_one_in_flight_is_an_error() {
    let mut world = World::new(2);
    let ping = "{\"syscall_type\":\"kernel.ping\",\"params\":[1]}";
    for module in [0, 1] {
        assert_eq!(world.send(module, STDIN, ping), 0);
        assert_eq!(world.request(module, 0, "kernel.ping", "[1]"), 0);
        assert_eq!(world.send(module, STDIN, ping), 0);
    }
    world.next_frame();
    let mut hashes: Vec<Vec<u8>> = Vec::new();
    for module in [0, 1, 0, 1, 0, 1] {
        let hash = hash_of(&world.text(module, STDOUT));
        assert!(
            hash.len() == 32 && !hashes.contains(&hash),
            "module, sequence and request make a hash of their own"
        );
        hashes.push(hash);
    }
    // The same history gives the same hashes.
    let mut again = World::new(2);
    again.send(0, STDIN, ping);
    again.next_frame();
    assert_eq!(hash_of(&again.text(0, STDOUT)), hashes[0]);

    world.request(0, 9, "kernel.ping", "[1]");
    world.request(0, 9, "kernel.ping", "[2]");
    // Another module's requests are others.
    world.request(1, 9, "kernel.ping", "[3]");
    world.next_frame();
    assert!(world.text(0, STDOUT).contains("\"value\":1"));
    let error = world.text(0, STDERR);
    assert!(error.contains("in flight") && hash_of(&error) == [9; 32], "{error}");
    assert_eq!(world.receive(0, STDOUT), Err(EMPTY));
    assert!(world.text(1, STDOUT).contains("\"value\":3"));
    // Once it is answered, the hash can be used again.
    world.request(0, 9, "kernel.ping", "[4]");
    world.next_frame();
    assert!(world.text(0, STDOUT).contains("\"value\":4"));
}

// covers PORT-6 POL-24
#[test]
fn files_are_read_by_message() {
    let mut world = World::new(1);
    world.request(0, 1, "file_read", "{\"path\":\"missing\"}");
    world.request(0, 2, "file_read", "{\"path\":\"there\"}");
    world.request(0, 3, "fs.read@1", "[\"there\"]");
    world.request(0, 4, "file_write", "{\"path\":\"a/new\",\"content\":{\"$bytes\":\"0102\"}}");
    world.request(0, 5, "file_list", "{}");
    world.request(0, 6, "file_stat", "{\"path\":\"there\"}");
    world.request(0, 7, "file_delete", "{\"path\":\"there\"}");
    world.request(0, 8, "file_read", "{\"path\":\"../up\"}");
    // A hash waits with its request.
    world.request(0, 2, "kernel.ping", "[1]");
    world.next_frame();
    let success = |hash_byte, data: &str| {
        format!("{{\"data\":{data},\"status\":\"success\",\"promise_hash\":{}}}", hash(hash_byte))
    };
    let content = "{\"$bytes\":\"636f6e74656e74\"}";
    assert_eq!(world.text(0, STDOUT), success(2, content));
    assert_eq!(world.text(0, STDOUT), success(3, content));
    assert_eq!(world.text(0, STDOUT), success(4, "null"));
    assert_eq!(world.text(0, STDOUT), success(5, "[\"a/\",\"there\"]"));
    assert_eq!(world.text(0, STDOUT), success(6, "{\"kind\":\"file\",\"size\":7}"));
    assert_eq!(world.text(0, STDOUT), success(7, "null"));
    let bad_path = world.text(0, STDERR);
    assert!(bad_path.contains("BAD_PATH"), "{bad_path}");
    assert!(world.text(0, STDERR).contains("in flight"));
    let missing = world.text(0, STDERR);
    assert!(missing.contains("\"error_message\":\"File not found\""), "{missing}");
    assert!(missing.contains(&hash(1)), "{missing}");
    assert_eq!(world.receive(0, STDERR), Err(EMPTY));
    assert_eq!(world.kernel.port_census().requests, 0);
}

// covers PORT-5
#[test]
fn malformed_messages_are_answered_and_malformed_calls_trap() {
    let mut world = World::new(1);
    let deep = [vec![0x81; 40], vec![0]].concat();
    let cases: &[(&[u8], &str)] = &[
        (&[], "malformed message: it ends within an item at byte 0"),
        (&[0xff], "malformed message: a break or an indefinite length"),
        (&[0, 0], "malformed message: something follows"),
        (&deep, "malformed message: items are nested too deeply"),
        (&[0], "malformed request: a request is a map"),
        (&[0xa0], "malformed request: `syscall_type` is no text"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(world.send_raw(0, STDIN, bytes), 0);
        world.next_frame();
        let error = world.text(0, STDERR);
        assert!(error.contains(expected) && error.contains("\"status\":\"error\""), "{error}");
        assert_eq!(hash_of(&error).len(), 32);
    }
    for (params, expected) in [
        (
            "{\"syscall_type\":\"kernel.ping\",\"params\":[1],\"promise_hash\":\"x\"}",
            "`promise_hash` is not a byte string",
        ),
        (
            "{\"syscall_type\":\"kernel.ping\",\"params\":[1],\"promise_hash\":{\"$bytes\":\"00\"}}",
            "`promise_hash` has 1 bytes",
        ),
        ("{\"syscall_type\":\"kernel.ping\",\"parms\":[1]}", "a request has no \\\"parms\\\""),
        ("{\"syscall_type\":7}", "`syscall_type` is no text"),
        // What the call makes of it is a trap, carried in the answer.
        ("{\"syscall_type\":\"gfx.warp\"}", "no syscall with this id: gfx.warp"),
        (
            "{\"syscall_type\":\"kernel.ping\"}",
            "`value` is missing or no i64: kernel.ping@1 takes value: i64",
        ),
        ("{\"syscall_type\":\"kernel.ping\",\"params\":[1,2]}", "takes value: i64"),
        ("{\"syscall_type\":\"kernel.ping\",\"params\":{\"x\":1}}", "takes value: i64"),
        ("{\"syscall_type\":\"gfx.clear\",\"params\":[5000000000]}", "no i32"),
        ("{\"syscall_type\":\"log.write\",\"params\":{\"level\":1}}", "`text` is missing or no span"),
        ("{\"syscall_type\":\"kernel.list\",\"params\":{\"index\":0,\"id\":70000}}", "no span_mut"),
    ] {
        assert_eq!(world.send(0, STDIN, params), 0);
        world.next_frame();
        let error = world.text(0, STDERR);
        assert!(error.contains(expected), "{params}: {error}");
    }
    // To any other port as well: nothing is delivered but the answer.
    assert_eq!(world.send_raw(0, STDOUT, &[0xff]), 0);
    world.next_frame();
    assert!(world.text(0, STDERR).contains("malformed message"));
    assert!(world.kernel.take_outward().is_empty());
    let beyond = [Slot::from(0), Slot::from(256 * 1024), Slot::from(1)];
    assert!(matches!(world.try_call(0, "port.send", &beyond), Err(Fault::Trap(_))));
}

// covers ABI-6
#[test]
fn faults_of_what_a_message_asks_for_are_carried_in_its_answer() {
    let mut world = World::new(1);
    world.request(
        0,
        1,
        "gfx.sprite",
        "{\"pixels\":\"x\",\"width\":4,\"height\":4,\"x\":0,\"y\":0,\"transparent\":0,\"flags\":0}",
    );
    world.request(0, 2, "asset.info", "{\"asset\":9}");
    world.request(0, 3, "port.send", "{\"port\":0,\"message\":\"x\"}");
    world.request(0, 4, "kernel.exec", "{\"id\":\"gfx.clear\",\"args\":\"\"}");
    world.next_frame();
    let trap = world.text(0, STDERR);
    assert!(trap.contains("\"class\":\"trap\"") && trap.contains("shorter"), "{trap}");
    let status = world.text(0, STDERR);
    assert!(status.contains("\"class\":\"status\"") && status.contains("NOT_FOUND"), "{status}");
    for _ in 0..2 {
        let nested = world.text(0, STDERR);
        assert!(nested.contains("\"class\":\"trap\"") && nested.contains("cannot be asked for"), "{nested}");
    }
    // The target's own capability is checked too.
    let mut config = common::config(8, 8, Vec::new());
    config.capabilities = vec!["port"];
    config.imports.clear();
    config.imports.push(cartwheel_kernel::Import {
        id: "port.send@1",
        params: resolve("port.send").expect("a row").param_slots,
        results: resolve("port.send").expect("a row").result_slots,
    });
    let mut kernel = Kernel::new();
    kernel.load(ModuleId(0), config).expect("a good configuration");
    kernel.watch_ports(true);
    let message = encode(&from_json("{\"syscall_type\":\"kernel.ping\",\"params\":[1]}").expect("a message"));
    let mut guest = MockGuest::new(message.clone());
    guest.prepare([0, 0, message.len() as i32]);
    assert_eq!(kernel.call(ModuleId(0), 0, &mut guest), Ok(Some(Status::Ok)));
    let events = kernel.take_port_events();
    let answer = to_json(&decode(&events[0].bytes).expect("CBOR"));
    assert!(
        answer.contains("capability that was not declared") && answer.contains("\"class\":\"trap\""),
        "{answer}"
    );
}

#[derive(Clone, Default)]
struct Records(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Records {
    fn called(&mut self, record: &CallRecord) {
        self.0.lock().expect("one thread").push(record.clone());
    }
}

/// The same call as an instruction and as a message: the same checks, cost and record but for the transport.
// covers ABI-3
#[test]
fn a_message_goes_the_way_of_a_call() {
    let policy = "[[rule]]\nsyscall = \"gfx.clear@1\"\nverdict = \"deny\"\n[[rule]]\nverdict = \"allow\"\n";
    for (policy, expected) in
        [(None, Outcome::Done), (Some(policy), Outcome::Trap(cartwheel_hostabi::SyscallTrap::Denied))]
    {
        let mut world = World::new(1);
        if let Some(policy) = policy {
            world.kernel.set_policy(Policy::parse(policy).expect("a policy"));
        }
        let records = Records::default();
        world.kernel.observe(Box::new(records.clone()));
        let by_instruction = world.try_call(0, "gfx.clear", &[Slot::from(3)]);
        let pixels = world.kernel.surface(ModuleId(0)).expect("a surface").pixels.to_vec();
        let trust = world.kernel.trust(ModuleId(0)).expect("a module");
        assert_eq!(by_instruction.is_ok(), expected == Outcome::Done);
        world.call(0, "gfx.size", &[]);
        let before = world.guests[0].cycles;
        assert_eq!(world.request(0, 1, "gfx.clear", "{\"color\":3}"), 0);
        let charged = world.guests[0].cycles - before;
        assert_eq!(world.kernel.surface(ModuleId(0)).expect("a surface").pixels, pixels);
        world.kernel.close_frame();
        let records = records.0.lock().expect("one thread").clone();
        let [first, _, second, send] = &records[..] else { panic!("{records:?}") };
        assert_eq!(first.outcome, expected);
        assert_eq!(second.transport, Transport::Port);
        let same = CallRecord { transport: first.transport, sequence: first.sequence, ..second.clone() };
        assert_eq!(same, *first);
        assert_eq!((send.transport, charged), (Transport::Instruction, first.cycles + send.cycles));
        let after = world.kernel.trust(ModuleId(0)).expect("a module");
        assert_eq!(after.violations, 2 * trust.violations);
    }
}

// covers SEC-4
#[test]
fn a_quarantined_request_suspends_its_module() {
    let mut world = World::new(1);
    let policy =
        "[[rule]]\nsyscall = \"kernel.ping@1\"\nverdict = \"quarantine\"\n[[rule]]\nverdict = \"allow\"\n";
    world.kernel.set_policy(Policy::parse(policy).expect("a policy"));
    assert_eq!(world.request(0, 1, "kernel.ping", "[1]"), Status::Quarantined.code());
    assert_eq!(world.kernel.custody(ModuleId(0)), Custody::Quarantined);
    world.next_frame();
    assert!(world.text(0, STDERR).contains("QUARANTINED"));
}

// covers PORT-10
#[test]
fn messages_between_modules_come_at_the_next_boundary_in_order() {
    let mut world = World::new(3);
    let (port, token) = world.port_of(0, ALL);
    let far = world.hand(0, token, 1);
    let to = world.ok(1, "port.open", &[far])[0];
    // A right that is handed on: 1 gives 2 a token to send, in a message.
    let (own, reply) = world.port_of(2, RIGHT_SEND);
    let reply = world.hand(2, reply, 1);
    let to_2 = world.ok(1, "port.open", &[reply])[0];
    let sending = world.ok(1, "port.derive", &[far, RIGHT_SEND])[0];
    let [at, len] = world.put(1, &[0x61, b'!']);
    assert_eq!(world.call(1, "port.transfer", &[to_2, sending, at, len]), [0]);
    assert_eq!(world.call(1, "port.rights", &[sending])[0], Status::PortBadToken.code());
    world.next_frame();
    let (text, sender, token) = world.receive(2, own).expect("a message");
    assert_eq!((text.as_str(), sender), ("\"!\"", 1));
    assert_eq!(world.ok(2, "port.rights", &[token]), [RIGHT_SEND]);
    let from_2 = world.ok(2, "port.open", &[token])[0];
    // The order is that of sending, which is that of the modules in a frame.
    assert_eq!((world.send(1, to, "1"), world.send(1, to, "2"), world.send(2, from_2, "3")), (0, 0, 0));
    assert_eq!(world.receive(0, port), Err(EMPTY));
    world.next_frame();
    assert_eq!(world.call(0, "port.poll", &[port]), [0, 3, 1]);
    let received: Vec<_> = (0..3).map(|_| world.receive(0, port).expect("a message")).collect();
    assert_eq!(received, [("1".to_owned(), 1, 0), ("2".to_owned(), 1, 0), ("3".to_owned(), 2, 0)]);
    assert_eq!(world.receive(0, port), Err(EMPTY));
    // And back: who may receive gets what the owner sends.
    assert_eq!(world.send(0, port, "\"back\""), 0);
    world.next_frame();
    assert_eq!(world.receive(1, to), Ok(("\"back\"".to_owned(), 0, 0)));
    assert_eq!(world.receive(2, from_2), Err(Status::PortNoRight.code()));
    // A heap object is copied when it is sent.
    let object = world.guests[1].add(MockObject::Bytes(vec![0x63, b'o', b'l', b'd']));
    assert_eq!(world.try_call(1, "port.send_bytes", &[to.into(), object.into()]), Ok(Some(Status::Ok)));
    world.guests[1].objects[object.0 as usize - 1] = MockObject::Bytes(vec![0x63, b'n', b'e', b'w']);
    world.next_frame();
    assert_eq!(world.text(0, port), "\"old\"");
    assert_eq!(world.guests[1].roots().count(), 0, "the kernel keeps no object of the sender");
}

// covers PORT-7 PORT-8
#[test]
fn tokens_are_only_ever_narrowed_and_revoking_ends_what_was_derived() {
    let mut world = World::new(3);
    let (_, token) = world.port_of(0, ALL);
    // A number of one module's table means nothing to another.
    assert_eq!(world.call(1, "port.open", &[token])[0], Status::PortBadToken.code());
    assert_eq!(world.call(1, "port.rights", &[token])[0], Status::PortBadToken.code());
    let root = world.ok(0, "port.derive", &[token, ALL])[0];
    let found = world.hand(0, root, 1);
    let derived = world.ok(1, "port.derive", &[found, RIGHT_SEND | RIGHT_MANAGE])[0];
    assert_eq!(world.call(1, "port.derive", &[derived, RIGHT_RECEIVE])[0], Status::PortNoRight.code());
    assert_eq!(world.call(1, "port.derive", &[derived, ALL])[0], Status::PortNoRight.code());
    let given = world.ok(1, "port.derive", &[derived, RIGHT_SEND])[0];
    let [at, len] = world.put(1, b"two");
    world.ok(1, "port.publish", &[at, len, given]);
    let [at, len] = world.put(2, b"two");
    let last = world.ok(2, "port.find", &[at, len])[0];
    let ports = (world.ok(1, "port.open", &[derived])[0], world.ok(2, "port.open", &[last])[0]);
    assert_eq!((world.send(1, ports.0, "1"), world.send(2, ports.1, "2")), (0, 0));
    // root -> found -> derived -> given -> last: all but the one that is revoked by, which stays.
    assert_eq!(world.ok(0, "port.revoke", &[token]), [5]);
    for (module, token) in [(1, found), (1, derived), (2, last)] {
        assert_eq!(world.call(module, "port.open", &[token])[0], Status::PortBadToken.code());
    }
    let closed = Status::PortClosed.code();
    assert_eq!((world.send(1, ports.0, "1"), world.send(2, ports.1, "2")), (closed, closed));
    assert_eq!(world.receive(1, ports.0), Err(closed));
    assert_eq!(world.call(2, "port.find", &[at, len])[0], Status::PortNotFound.code());
    assert_eq!(world.ok(0, "port.rights", &[token]), [ALL]);
    // Places of revoked tokens are given back when they are dropped.
    for (module, token) in [(1, found), (1, derived), (2, last)] {
        assert_eq!(world.call(module, "port.drop", &[token]), [0]);
        assert_eq!(world.call(module, "port.drop", &[token])[0], Status::PortBadToken.code());
    }
    assert_eq!(world.kernel.port_census().tokens, 4);
}

// covers PORT-9
#[test]
fn ports_of_an_ended_module_are_reclaimed_and_the_other_end_is_told() {
    let mut world = World::new(2);
    let fresh = world.kernel.port_census();
    let (port, token) = world.port_of(0, ALL);
    let far = world.hand(0, token, 1);
    let end = world.ok(1, "port.open", &[far])[0];
    let (_, other) = world.port_of(1, ALL);
    let [at, len] = world.put(1, &[1]);
    // A token in a message that nobody will take.
    world.ok(1, "port.transfer", &[end, other, at, len]);
    assert_eq!(world.send(0, port, "\"last words\""), 0);
    world.next_frame();
    world.kernel.unload(ModuleId(0));
    // What was sent before can be taken; then the other end has gone.
    assert_eq!(world.text(1, end), "\"last words\"");
    assert_eq!(world.receive(1, end), Err(Status::PortClosed.code()));
    assert_eq!(world.call(1, "port.poll", &[end])[0], Status::PortClosed.code());
    assert_eq!(world.send(1, end, "1"), Status::PortClosed.code());
    assert_eq!(world.call(1, "port.release", &[end]), [0]);
    world.kernel.unload(ModuleId(1));
    assert_eq!(world.kernel.port_census(), PortCensus::default());
    // The other way round: an owner whose peers have gone is told.
    world.load(0);
    world.load(1);
    assert_eq!(world.kernel.port_census(), fresh);
    let (port, token) = world.port_of(0, ALL);
    let [at, len] = world.put(0, b"n");
    world.ok(0, "port.publish", &[at, len, token]);
    let [at, len] = world.put(1, b"n");
    let far = world.ok(1, "port.find", &[at, len])[0];
    let end = world.ok(1, "port.open", &[far])[0];
    assert_eq!(world.send(1, end, "5"), 0);
    let [at, len] = world.put(0, b"n");
    world.ok(0, "port.withdraw", &[at, len]);
    world.kernel.unload(ModuleId(1));
    world.next_frame();
    assert_eq!(world.text(0, port), "5");
    assert_eq!(world.receive(0, port), Err(Status::PortClosed.code()));
    assert_eq!(world.send(0, port, "1"), Status::PortClosed.code());
}

// covers PORT-9 SEC-14
#[test]
fn nothing_is_left_of_modules_that_come_and_go() {
    let mut world = World::new(1);
    let fresh = world.kernel.port_census();
    let (port, token) = world.port_of(0, ALL);
    let [at, len] = world.put(0, b"server");
    world.ok(0, "port.publish", &[at, len, token]);
    let settled = world.kernel.port_census();
    for round in 0..10_000 {
        world.load(1);
        let [at, len] = world.put(1, b"server");
        let far = world.ok(1, "port.find", &[at, len])[0];
        let end = world.ok(1, "port.open", &[far])[0];
        let (_, own) = world.port_of(1, RIGHT_SEND);
        let [at, len] = world.put(1, &[1]);
        world.ok(1, "port.transfer", &[end, own, at, len]);
        world.request(1, 1, "file_read", "{\"path\":\"there\"}");
        if round % 3 == 0 {
            world.next_frame();
        }
        world.kernel.unload(ModuleId(1));
        world.guests.truncate(1);
        world.next_frame();
        let (_, sender, token) = world.receive(0, port).expect("what was sent stays");
        assert_eq!((sender, world.call(0, "port.open", &[token])[0]), (1, Status::PortClosed.code()));
        world.ok(0, "port.drop", &[token]);
    }
    assert_eq!(world.kernel.port_census(), settled);
    world.kernel.unload(ModuleId(0));
    world.load(0);
    assert_eq!(world.kernel.port_census(), fresh);
}

/// A module that floods its neighbour, and one that never reads, are told FULL; nobody else is harmed.
#[test]
fn a_flood_is_full_and_neighbours_are_unharmed() {
    let mut world = World::new(3);
    let (port, token) = world.port_of(0, ALL);
    let far = world.hand(0, token, 1);
    let end = world.ok(1, "port.open", &[far])[0];
    let sent = (0..1_000).filter(|_| world.send(1, end, "[1,2,3]") == 0).count();
    assert_eq!(sent, Quotas::DEFAULT.queue_messages as usize);
    assert_eq!(world.send(1, end, "1"), Status::PortFull.code());
    world.next_frame();
    assert_eq!(world.send(1, end, "1"), Status::PortFull.code());
    assert_eq!(world.text(0, port), "[1,2,3]");
    assert_eq!(world.send(1, end, "1"), 0);
    // By bytes as well: five messages of 60,000 do not fit into 256 KiB.
    let large = encode(&Item::Bytes(vec![0; 60_000]));
    let (_, token) = world.port_of(2, ALL);
    let far = world.hand_as(2, token, 0, b"large");
    let end = world.ok(0, "port.open", &[far])[0];
    let sent: Vec<i32> = (0..5).map(|_| world.send_raw(0, end, &large)).collect();
    assert_eq!(sent, [0, 0, 0, 0, Status::PortFull.code()]);
    // Who reads no answers can ask no more; others can.
    let asked = (0..1_000).filter(|_| world.request(1, 0, "kernel.ping", "[1]") == 0).count();
    assert_eq!(asked, Quotas::DEFAULT.queue_messages as usize);
    for _ in 0..3 {
        world.next_frame();
        assert_eq!(world.request(1, 0, "kernel.ping", "[1]"), Status::PortFull.code());
    }
    assert_eq!(world.request(2, 0, "kernel.ping", "[7]"), 0);
    world.next_frame();
    assert!(world.text(2, STDOUT).contains("\"value\":7"));
    world.text(1, STDOUT);
    assert_eq!(world.request(1, 0, "kernel.ping", "[1]"), 0);
    let tokens = (0..1_000).filter(|_| world.call(2, "port.token", &[STDIN, RIGHT_SEND])[0] == 0).count();
    assert!(tokens < Quotas::DEFAULT.tokens as usize);
    assert_eq!(world.call(2, "port.token", &[STDIN, RIGHT_SEND])[0], Status::Quota.code());
}

// covers PORT-12 PORT-13
#[test]
fn output_that_no_module_reads_leaves_the_machine_and_input_comes_in() {
    let mut world = World::new(2);
    assert_eq!(
        (world.send(1, STDOUT, "\"b\""), world.send(0, STDERR, "\"e\""), world.send(0, STDOUT, "\"a\"")),
        (0, 0, 0)
    );
    assert!(world.kernel.take_outward().is_empty(), "not before the end of the frame");
    world.next_frame();
    let outward = |world: &mut World| -> Vec<(u32, i32, String)> {
        let messages = world.kernel.take_outward().into_iter();
        messages.map(|m| (m.module, m.port, to_json(&decode(&m.bytes).expect("CBOR")))).collect()
    };
    let own = |text: &str| format!("\"{text}\"");
    assert_eq!(outward(&mut world), [(0, STDOUT, own("a")), (0, STDERR, own("e")), (1, STDOUT, own("b"))]);
    // A module that reads another's output gets it instead.
    let token = world.ok(0, "port.token", &[STDOUT, RIGHT_RECEIVE])[0];
    let token = world.hand(0, token, 1);
    world.send(0, STDOUT, "\"before\"");
    world.next_frame();
    assert_eq!(outward(&mut world), [(0, STDOUT, own("before"))]);
    let reader = world.ok(1, "port.open", &[token])[0];
    world.send(0, STDOUT, "\"within\"");
    world.next_frame();
    assert_eq!((outward(&mut world), world.text(1, reader)), (vec![], own("within")));
    world.ok(1, "port.release", &[reader]);
    world.send(0, STDOUT, "\"after\"");
    world.next_frame();
    assert_eq!(outward(&mut world), [(0, STDOUT, own("after"))]);
    // What a reader that ends between two frames leaves behind comes with the next one, in a restored kernel too.
    world.load(2);
    let token = world.ok(0, "port.token", &[STDOUT, RIGHT_RECEIVE])[0];
    let token = world.hand_as(0, token, 2, b"second");
    world.ok(2, "port.open", &[token]);
    world.send(0, STDOUT, "\"left\"");
    world.next_frame();
    assert_eq!(outward(&mut world), []);
    world.kernel.close_frame();
    world.kernel.unload(ModuleId(2));
    let mut saved = Vec::new();
    world.kernel.save_shared(&mut saved);
    for restored in [false, true] {
        if restored {
            world.kernel.restore_shared(&saved).expect("it was saved");
        }
        world.kernel.open_frame(100);
        assert_eq!(outward(&mut world), []);
        world.kernel.close_frame();
        assert_eq!(outward(&mut world), [(0, STDOUT, own("left"))], "restored: {restored}");
    }
    // The host feeds stdin, as does a module with the right to.
    assert_eq!(world.kernel.feed(ModuleId(1), &encode(&Item::text("fed"))), Ok(true));
    assert_eq!(world.receive(1, STDIN), Ok((own("fed"), -1, 0)));
    assert!(world.kernel.feed(ModuleId(1), &[0xff]).is_err());
    for _ in 0..Quotas::DEFAULT.queue_messages as usize {
        assert_eq!(world.kernel.feed(ModuleId(1), &[0]), Ok(true));
    }
    assert_eq!((world.kernel.feed(ModuleId(1), &[0]), world.kernel.stdin_room(ModuleId(1))), (Ok(false), 0));
    assert_eq!(world.kernel.feed(ModuleId(7), &[0]), Ok(false));
}

/// A saved kernel goes on as the one that was saved, with messages, tokens and requests in flight; and what is changed in the
/// saved bytes is refused or harmless.
// covers VM-3
#[test]
fn a_restored_kernel_goes_on_with_what_was_in_flight() {
    let build = || {
        let mut world = World::new(2);
        let (_, token) = world.port_of(0, ALL);
        let far = world.hand(0, token, 1);
        let end = world.ok(1, "port.open", &[far])[0];
        // Places that are used again in an order of their own.
        let dropped: Vec<i32> = (0..5).map(|_| world.ok(1, "port.derive", &[far, RIGHT_SEND])[0]).collect();
        for token in [dropped[3], dropped[0], dropped[4]] {
            world.ok(1, "port.drop", &[token]);
        }
        let given = world.ok(1, "port.derive", &[far, ALL])[0];
        let [at, len] = world.put(1, &[5]);
        world.ok(1, "port.transfer", &[end, given, at, len]);
        world.request(0, 3, "file_read", "{\"path\":\"there\"}");
        world.request(0, 4, "kernel.ping", "[1]");
        world.request(1, 5, "net_bind", "[9]");
        world.request(1, 6, "net_send", "{\"from\":9,\"machine\":0,\"to\":9,\"payload\":\"self\"}");
        world.request(1, 7, "completion_open", "[]");
        world.request(1, 8, "completion_submit", "[1]");
        world
    };
    let save = |world: &World| {
        let mut parts = vec![Vec::new(); 3];
        world.kernel.save_shared(&mut parts[2]);
        (0..2).for_each(|module| world.kernel.save(ModuleId(module), &mut parts[module as usize]));
        parts
    };
    let hashes = |world: &World| world.kernel.shared_hashes().collect::<Vec<_>>();
    let mut first = build();
    let saved = save(&first);
    let mut second = World::new(2);
    second.guests = first.guests.clone();
    second.kernel.restore_shared(&saved[2]).expect("it was saved");
    (0..2).for_each(|module| {
        second.kernel.restore(ModuleId(module), &saved[module as usize]).expect("it was saved")
    });
    assert_eq!((hashes(&first), hashes(&first).len()), (hashes(&second), 3));
    let goes_on = |world: &mut World| {
        let mut seen = Vec::new();
        for _ in 0..3 {
            world.next_frame();
            for (module, port) in [(0, STDOUT), (0, STDERR), (0, 3), (1, STDOUT), (1, STDERR)] {
                seen.push(format!("{:?}", world.receive(module, port)));
            }
            seen.push(format!("{:?}", world.call(1, "port.token", &[STDIN, ALL])));
            seen.push(format!("{:?}", world.port_of(0, ALL)));
            seen.push(format!("{:?}", hashes(world)));
        }
        seen
    };
    assert_eq!(goes_on(&mut first), goes_on(&mut second));
    // Any byte changed: an error that changes nothing, or a state that can be gone on with.
    let mut third = build();
    let before = hashes(&third);
    for at in 0..saved[2].len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = saved[2].clone();
            bytes[at] ^= change;
            if third.kernel.restore_shared(&bytes).is_err() {
                assert_eq!(hashes(&third), before, "byte {at}");
            } else {
                third.next_frame();
                for module in [0, 1] {
                    for port in 0..4 {
                        third.call(module, "port.receive", &[port, 0, 100_000]);
                    }
                    (1..12).for_each(|token| drop(third.call(module, "port.revoke", &[token])));
                    (1..12).for_each(|token| drop(third.call(module, "port.drop", &[token])));
                }
                third.kernel.restore_shared(&saved[2]).expect("it was saved");
            }
        }
    }
    assert!(third.kernel.restore_shared(&saved[2][..saved[2].len() - 1]).is_err());
}
