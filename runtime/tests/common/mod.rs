//! Machines from source text.
#![allow(dead_code)] // every test file uses its own part

use std::sync::Arc;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_runtime::{Config, InputFrame, Machine, ModuleId, ModuleReport, Program};

pub const MODULE: ModuleId = ModuleId(0);

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
