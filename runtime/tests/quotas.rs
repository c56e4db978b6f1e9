//! Quotas of modules in a machine.

mod common;

use cartwheel_hostabi::cbor::decode;
use cartwheel_runtime::{Config, InputFrame, Machine, ModuleSetup, Quotas};
use common::program;

/// Opens as many ports as it may in its first frame, and then sends one message for each.
const OPENER: &str = ".capability port
.data one: bytes message [1]
.func start()
  .local status, port: i32
more:
  loop
  syscall port.open(1) -> status, port
  br.i32.ne status, 0, spent
  syscall port.send(1, one, sizeof(one)) -> status
  br more
spent:
  return
.end
.func update()
  return
.end";

/// Messages that come out in the next frame.
fn opened(machine: &mut Machine) -> usize {
    let report = machine.step(&InputFrame::default()).expect("no panic");
    assert!(report.messages.iter().all(|message| decode(&message.bytes).is_ok()));
    report.messages.len()
}

// covers SEC-14
#[test]
fn a_module_keeps_its_quotas_when_it_gets_another_program() {
    let ports = |ports| Quotas { ports, ..Quotas::DEFAULT };
    let mut machine = Machine::new(Config { quotas: ports(9), ..Config::default() });
    let own = ModuleSetup { quotas: Some(ports(12)), ..ModuleSetup::default() };
    let id = machine.load_with(program(OPENER), own.clone()).expect("it can be loaded");
    assert_eq!(opened(&mut machine), 9);
    machine.replace(id, program(OPENER)).expect("it can be replaced");
    assert_eq!(opened(&mut machine), 9);
    // A program that the host cannot serve leaves it as it is.
    let refused = program(&OPENER.replace(".data", ".memory 100\n.data"));
    let small = cartwheel_runtime::Limits { max_memory_pages: 9, ..Default::default() };
    let mut other = Machine::new(Config { limits: small, ..Config::default() });
    let id = other.load_with(program(OPENER), own).expect("it can be loaded");
    assert!(other.replace(id, refused).is_err());
    assert_eq!(opened(&mut other), 9);
    // One without its own has the machine's.
    machine.load(program(OPENER)).expect("it can be loaded");
    assert_eq!(opened(&mut machine), 6);
    let none = ModuleSetup { quotas: Some(ports(2)), ..ModuleSetup::default() };
    let error = machine.load_with(program(OPENER), none).expect_err("a module has three from load");
    assert_eq!(error.to_string(), "`ports` is a number from 3 to 255");
}
