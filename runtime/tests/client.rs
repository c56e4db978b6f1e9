//! Host code through the client, with the engine or with a mock behind it.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_hostabi::client::domains::{Gfx, Log};
use cartwheel_hostabi::client::{Backend, Client, Mock};
use cartwheel_hostabi::{Fault, Status, Syscall, SyscallTrap};
use cartwheel_runtime::{CallRecord, Observer, Outcome, Transport};
use common::{machine, step};

const GAME: &str = "
.video 8, 8
.capability gfx, log
.func update()
  .local status: i32
  syscall gfx.pixel(1, 1, 7)
  syscall gfx.rect_fill(0, 0, 0, 0, 0)
  syscall log.write(1, \"x\") -> status
  return
.end
";

/// A mark in a corner, and a line that says so. Written for any backend.
fn mark<B: Backend>(client: &mut Client<B>) -> Result<Status, Fault> {
    Gfx(client).rect_fill(0, 0, 2, 2, 9)?;
    Log(client).write(1, b"marked")
}

#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Keep {
    fn called(&mut self, record: &CallRecord) {
        self.0.lock().expect("not poisoned").push(record.clone());
    }
}

// covers SEC-1 ABI-11
#[test]
fn the_same_code_runs_with_the_engine_and_with_a_mock() {
    let mut machine = machine(GAME);
    let module = machine.modules().next().expect("a module");
    let kept = Keep::default();
    machine.observe(Box::new(kept.clone()));
    step(&mut machine);
    let mut client = machine.client(module);
    assert_eq!(mark(&mut client), Ok(Status::Ok));
    assert_eq!(client.cycles(), 20 + 1 + 50 + 2);
    assert_eq!(machine.surface(module).expect("a surface").pixels[..3], [9, 9, 0]);
    let records = kept.0.lock().expect("not poisoned").clone();
    let (guest, host) = (&records[1], &records[3]);
    assert_eq!((guest.transport, host.transport), (Transport::Instruction, Transport::Host));
    assert_eq!((guest.syscall, guest.verdict), (host.syscall, host.verdict));
    assert_eq!(host.slots[..], [0, 0, 2, 2, 9]);
    assert_eq!((records.len(), records[4].outcome), (5, Outcome::Status(Status::Ok)));

    let mut mock = Mock::new();
    mock.answer(Syscall::LogWrite, Status::Quota).expect("the row lists it");
    assert_eq!(mark(&mut Client::new(&mut mock)), Ok(Status::Quota));
    assert_eq!(mock.calls()[0].args, host.slots[..]);
    assert_eq!(mock.calls()[1].span(1), b"marked");
}

#[test]
fn what_the_module_does_not_import_is_no_call() {
    let mut machine = machine(GAME);
    let module = machine.modules().next().expect("a module");
    let fault = Gfx(&mut machine.client(module)).clear(1);
    assert_eq!(fault, Err(Fault::Trap(SyscallTrap::InvalidIndex)));
}

/// The alias that code is written against is the engine's client, and with the feature that of the mock.
#[test]
fn the_feature_chooses_the_backend() {
    let name = std::any::type_name::<cartwheel_runtime::HostClient<'_>>();
    assert_eq!(name.contains("Mock"), cfg!(feature = "mock"), "{name}");
    assert_eq!(name.contains("Engine"), !cfg!(feature = "mock"), "{name}");
}
