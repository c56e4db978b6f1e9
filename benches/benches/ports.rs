//! What a message costs: sending and receiving 64 bytes between two modules, and a request to the kernel.

use cartwheel_benches::program;
use cartwheel_runtime::{Config, InputFrame, Machine};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Messages in a frame.
const HOPS: u64 = 60;

const RECEIVER: &str = "
.capability port
.cycles 1000000
.data name: text \"bench\"
.data room: i8[256]
.data own: i32 0
.func start()
  .local status, port, token: i32
  syscall port.open(1) -> status, port
  i32.store [own], port
  syscall port.token(port, 1) -> status, token
  syscall port.publish(name, sizeof(name), token) -> status
  return
.end
.func update()
  .local status, port, len, sender, token: i32
  i32.load port, [own]
again:
  loop
  syscall port.receive(port, room, sizeof(room)) -> status, len, sender, token
  br.i32.eq status, 0, again
  return
.end
";

/// The message has 64 bytes: a head of two and 62 bytes.
const SENDER: &str = "
.capability port
.cycles 1000000
.data name: text \"bench\"
.data port: i32 0
.data message: i8[64]
.func start()
  .local status, token, to: i32
  i32.store8 [message], 0x58
  i32.store8 [message + 1], 62
  syscall port.find(name, sizeof(name)) -> status, token
  syscall port.open(token) -> status, to
  i32.store [port], to
  return
.end
.func update()
  .local i, status, to: i32
  i32.load to, [port]
  i32.const i, 0
again:
  loop
  syscall port.send(to, message, sizeof(message)) -> status
  i32.add i, i, 1
  br.i32.lt_s i, 60, again
  return
.end
";

/// A frame in which 60 messages are sent and those of the frame before received. Time per message is that of a hop, with the
/// loops of both guests and the frame itself.
fn hops(c: &mut Criterion) {
    let mut group = c.benchmark_group("ports");
    group.throughput(Throughput::Elements(HOPS));
    let mut machine = Machine::new(Config::default());
    for (name, source) in [("receiver.asm", RECEIVER), ("sender.asm", SENDER)] {
        machine.load(program(name, source)).expect("the program fits");
    }
    let input = InputFrame::default();
    (0..3).for_each(|_| drop(machine.step(&input).expect("no panic")));
    group.bench_function("60 messages of 64 bytes between modules", |b| {
        b.iter(|| machine.step(&input).expect("no panic"));
    });
    group.finish();
}

criterion_group!(benches, hops);
criterion_main!(benches);
