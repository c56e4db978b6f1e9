//! What modules take up, and that it is given back. A test binary of its own, for its allocator.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use cartwheel_runtime::{Action, Config, InputFrame, Machine, ModuleId, ModuleSetup, PortCensus, SliceEnd};
use common::program;

/// Counts the bytes that a thread has in use: whoever runs the tests takes and gives back some in other threads.
struct Counting;

thread_local! {
    static IN_USE: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has nothing to count any more.
    let _ = IN_USE.try_with(|in_use| in_use.set(in_use.get() + bytes));
}

fn in_use() -> isize {
    IN_USE.with(Cell::get)
}

// SAFETY: everything is done by the system's allocator; what is counted changes nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps what the trait asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps what the trait asks for.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Holds some of everything: a buffer as a host root, requests for files by call and by message, objects, something remembered, ports,
/// tokens at home, under a name and on their way, messages that nobody reads, requests for completion that the keeper answers late and
/// never, a prefix, an address with a datagram, a promise.
const GREEDY: &str = ".capability fs, kernel, log, port, completion, net
.global keep: handle
.data read: bytes message { syscall_type: \"file_read\", params: { path: \"file\" } }
.data note: bytes message [\"note\"]
.data own: text \"greedy\"
.data keeper: text \"keeper\"
.data prefix: text \"greedy:\"
.data question: text \"keeper:?\"
.func update()
  .local status, request, port, token, far: i32
  .local buffer: handle
  bytes.new buffer, 500
  global.set_h keep, buffer
  syscall fs.write(\"file\", \"content\") -> status, request
  syscall fs.read_bytes(\"file\", buffer) -> status, request
  syscall kernel.memory_set(\"key\", \"value\") -> status
  syscall kernel.exec(\"kernel.ping\", 0, 0) -> status, request
  syscall port.open(1) -> status, port
  syscall port.token(port, 7) -> status, token
  syscall port.derive(token, 1) -> status, far
  syscall port.publish(own, sizeof(own), token) -> status
  syscall port.find(keeper, sizeof(keeper)) -> status, far
  syscall port.open(far) -> status, port
  syscall port.token(0, 1) -> status, token
  syscall port.transfer(port, token, note, sizeof(note)) -> status
  syscall port.send(port, note, sizeof(note)) -> status
  syscall port.send(0, read, sizeof(read)) -> status
  syscall completion.open() -> status, request
  syscall completion.open() -> status, request
  syscall completion.write(request, question, sizeof(question)) -> status
  syscall completion.submit(request) -> status
  syscall completion.provide(prefix, sizeof(prefix)) -> status
  syscall net.bind(9) -> status
  syscall net.send(9, 0, 9, note, sizeof(note)) -> status
  return
.end";

/// Stays. Takes what the greedy one sends, holds an end of its port, and has something completed by it.
const KEEPER: &str = ".capability port, completion, log
.data name: text \"keeper\"
.data greedy: text \"greedy\"
.data prefix: text \"keeper:\"
.data question: text \"greedy:?\"
.data note: bytes message 1
.data port: i32 0
.data asked: i32 0
.data room: i8[256]
.func start()
  .local status, number: i32
  syscall completion.provide(prefix, sizeof(prefix)) -> status
  syscall port.open(1) -> status, number
  i32.store [port], number
  syscall port.token(number, 1) -> status, number
  syscall port.publish(name, sizeof(name), number) -> status
  return
.end
.func update()
  .local status, number, len, sender, token: i32
  i32.load number, [port]
more:
  loop
  syscall port.receive(number, room, sizeof(room)) -> status, len, sender, token
  br.i32.ne status, 0, read
  br.i32.eq token, 0, more
  syscall port.open(token) -> status, len
  br.i32.ne status, 0, closed
  syscall port.send(len, note, sizeof(note)) -> status
  syscall port.release(len) -> status
closed:
  syscall port.drop(token) -> status
  br more
read:
  syscall port.find(greedy, sizeof(greedy)) -> status, token
  br.i32.ne status, 0, complete
  syscall port.open(token) -> status, number
  syscall port.release(number) -> status
  syscall port.drop(token) -> status
complete:
  i32.load number, [asked]
  br.i32.ne number, 0, waits
  syscall completion.open() -> status, number
  syscall completion.write(number, question, sizeof(question)) -> status
  syscall completion.submit(number) -> status
  i32.store [asked], number
  return
waits:
  syscall completion.read(number, room, sizeof(room)) -> status, len
  br.i32.eq status, 1, end
  syscall completion.close(number) -> status
  i32.store [asked], 0
end:
  return
.end";

const IDLE: &str = ".func update()\n return\n.end";

fn step(machine: &mut Machine) {
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert!(report.modules.iter().all(|module| module.trap.is_none()), "{report:?}");
}

/// Host roots of all modules.
fn roots(machine: &Machine) -> usize {
    machine.modules().map(|id| machine.instance(id).state().heap.roots.len()).sum()
}

/// Roots, ports, requests, tokens and everything else that is counted are as before after any number of rounds, as are the bytes of a
/// saved state and those that the machine has in use.
// covers LAY-7 PORT-9
#[test]
fn ten_thousand_modules_leave_nothing_behind() {
    let mut machine = Machine::new(Config::default());
    let keeper = machine.load(program(KEEPER)).expect("it can be loaded");
    machine.add_to_store("greedy", program(GREEDY), ModuleSetup::default());
    (0..3).for_each(|_| step(&mut machine));
    let before = (roots(&machine), machine.port_census());
    let mut after = Vec::new();
    let mut saved = Vec::new();
    for round in 0..10_000u32 {
        machine.queue(Action::Load { name: "greedy".to_owned() }).expect("it is in the store");
        step(&mut machine);
        let id = ModuleId(round + 1);
        if round % 10 == 0 {
            // What was asked for is under way in some rounds and there in others.
            step(&mut machine);
        }
        let (held, now) = (roots(&machine), machine.port_census());
        let more = |now: usize, before: usize| now > before;
        let PortCensus {
            channels,
            tokens,
            requests,
            names,
            messages,
            completions,
            prefixes,
            addresses,
            datagrams,
            ..
        } = now;
        let then = before.1;
        assert!(more(held, before.0) && more(channels, then.channels) && more(tokens, then.tokens + 3));
        assert!(more(requests + messages, then.requests + then.messages + 1) && more(names, then.names));
        assert!(more(completions, then.completions) && more(prefixes, then.prefixes));
        assert!(more(addresses, then.addresses) && more(datagrams, then.datagrams));
        machine.queue(Action::Unload { module: id.0 }).expect("it is there");
        // The keeper takes what is left for it, hears that its completer has gone, and asks again: every other frame.
        let settled = (0..6).any(|_| {
            step(&mut machine);
            machine.port_census() == before.1
        });
        assert!(settled && !machine.has(id), "round {round}: {:?}", machine.port_census());
        assert_eq!((roots(&machine), machine.port_census()), before, "round {round}");
        if round == 100 || round == 9_999 {
            after.push(in_use());
            saved.push(machine.save().expect("no panic").len());
        }
    }
    assert_eq!(machine.modules().collect::<Vec<_>>(), [keeper]);
    // Numbers of modules, requests and submissions take a few bytes more.
    assert!(saved[1] <= saved[0] + 16, "saved states grew: {saved:?}");
    assert!(after[1] <= after[0] + 4_096, "memory grew: {after:?}");
}

#[test]
fn an_idle_module_takes_at_most_8_kib_besides_its_memory() {
    let mut machine = Machine::new(Config::default());
    let idle = program(IDLE);
    (0..10).for_each(|_| drop(machine.load(idle.clone())));
    step(&mut machine);
    let before = in_use();
    (0..1_000).for_each(|_| drop(machine.load(idle.clone())));
    step(&mut machine);
    let per_module = (in_use() - before) / 1_000;
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert!(report.modules.iter().all(|row| row.end == SliceEnd::UpdateDone));
    println!("{per_module} bytes for an idle module");
    assert!(per_module <= 8 * 1_024, "{per_module} bytes for an idle module");
}
