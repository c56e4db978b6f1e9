//! Machines from source text.
#![allow(dead_code)] // every test file uses its own part

use std::sync::Arc;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_runtime::{Buttons, Config, InputFrame, Machine, ModuleId, ModuleReport, Program};

pub const MODULE: ModuleId = ModuleId(0);

/// Memory, heap, random numbers, pictures, and an update that often outlives its slice.
pub const BUSY: &str = ".video 16, 16 .capability gfx
.cycles 700
.data total: i32 0
.shape cell { value: scalar, next: handle }
.global last: handle
.func update()
  .local n, x, i: i32
  .local o, before: handle
  input.held x, 0
  rng.below n, 90
  i32.add n, n, x
more:
  loop
  record.new o, cell
  global.get_h before, last
  record.set_h o, cell.next, before
  global.set_h last, o
  i32.add i, i, 1
  br.i32.lt_u i, n, more
  i32.load x, [total]
  i32.add x, x, n
  i32.store [total], x
  syscall gfx.pixel(n, x, x)
  return
.end
";

/// The first pad with some of its first four buttons held.
pub fn buttons(bits: u32) -> InputFrame {
    let mut input = InputFrame::default();
    input.pads[0] = Buttons::from_bits(bits & 0xf).expect("four buttons");
    input
}

pub fn program(source: &str) -> Arc<Program> {
    let cart = assemble("test.asm", source, &NoFiles).unwrap_or_else(|e| panic!("{e}"));
    Program::new(cart).unwrap_or_else(|e| panic!("{e}"))
}

pub fn machine_with(config: Config, source: &str) -> Machine {
    let mut machine = Machine::new(config);
    machine.load(program(source)).expect("it can be loaded");
    machine
}

pub fn machine(source: &str) -> Machine {
    machine_with(Config::default(), source)
}

pub fn step(machine: &mut Machine) -> ModuleReport {
    step_with(machine, &InputFrame::default())
}

pub fn step_with(machine: &mut Machine, input: &InputFrame) -> ModuleReport {
    machine.step(input).expect("no panic").modules.remove(0)
}

pub fn hash(machine: &Machine) -> String {
    machine.hash().expect("no panic").to_string()
}

/// The i32 at an address.
pub fn peek(machine: &Machine, address: usize) -> i32 {
    let memory = machine.instance(MODULE).memory();
    i32::from_le_bytes(memory[address..address + 4].try_into().expect("four bytes"))
}
