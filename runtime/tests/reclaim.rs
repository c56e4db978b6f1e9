//! What modules take up, and that it is given back. A test binary of its own, for its allocator.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use cartwheel_runtime::{Action, Config, InputFrame, Machine, ModuleId, ModuleSetup, SliceEnd};
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

/// Keeps a buffer as a host root, opens requests, fills a heap, and remembers something.
const GREEDY: &str = ".capability fs, kernel, log
.global keep: handle
.func update()
  .local status, request: i32
  .local buffer: handle
  bytes.new buffer, 500
  global.set_h keep, buffer
  syscall fs.write(\"file\", \"content\") -> status, request
  syscall fs.read_bytes(\"file\", buffer) -> status, request
  syscall kernel.memory_set(\"key\", \"value\") -> status
  return
.end";

const IDLE: &str = ".func update()\n return\n.end";

fn step(machine: &mut Machine) {
    machine.step(&InputFrame::default()).expect("no panic");
}

// covers LAY-7
#[test]
fn ten_thousand_modules_leave_nothing_behind() {
    let mut machine = Machine::new(Config::default());
    machine.load(program(IDLE)).expect("it can be loaded");
    machine.add_to_store("greedy", program(GREEDY), ModuleSetup::default());
    let mut after = Vec::new();
    let mut saved = Vec::new();
    for round in 0..10_000u32 {
        machine.queue(Action::Load { name: "greedy".to_owned() }).expect("it is in the store");
        step(&mut machine);
        let id = ModuleId(round + 1);
        assert!(!machine.instance(id).state().heap.roots.is_empty() && machine.modules().len() == 2);
        machine.queue(Action::Unload { module: id.0 }).expect("it is there");
        step(&mut machine);
        assert!(!machine.has(id));
        if round == 100 || round == 9_999 {
            after.push(in_use());
            saved.push(machine.save().expect("no panic").len());
        }
    }
    assert_eq!(machine.modules().len(), 1);
    // The number of the next module takes two bytes more.
    assert!(saved[1] <= saved[0] + 8, "saved states grew: {saved:?}");
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
