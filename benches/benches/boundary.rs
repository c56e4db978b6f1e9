//! What stands between host code or a guest and a service: audit and client.

use std::hint::black_box;

use cartwheel_benches::program;
use cartwheel_hostabi::client::domains::Gfx;
use cartwheel_hostabi::client::{Backend, Client, HostGuest};
use cartwheel_hostabi::{Fault, Status, Syscall, Verdict};
use cartwheel_kernel::audit::{Auditor, Chain};
use cartwheel_kernel::{CallRecord, ModuleId, OriginId, Outcome, Transport};
use cartwheel_runtime::{Config, InputFrame, Machine};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// `update` makes 1,000 calls of a cheap syscall; the loop around them is part of the measurement.
const SYSCALLS: &str = "
.video 64, 64
.capability gfx
.cycles 1000000
.func update()
  .local i: i32
  i32.const i, 0
again:
  loop
  syscall gfx.pixel(i, 3, 7)
  i32.add i, i, 1
  br.i32.lt_s i, 1000, again
  return
.end
";

fn machine() -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.load(program("bench.asm", SYSCALLS)).expect("the program fits");
    machine
}

fn record(sequence: u64) -> CallRecord {
    CallRecord {
        sequence,
        frame: 1,
        module: ModuleId(0),
        origin: OriginId(1),
        syscall: Some(Syscall::GfxPixel),
        transport: Transport::Instruction,
        verdict: Some(Verdict::Allow),
        outcome: Outcome::Done,
        argument: None,
        cycles: 5,
        bytes: 0,
        objects: 0,
        slots: [sequence, 3, 7].into_iter().collect(),
    }
}

/// The part of the audit that comes at the end of a frame: checks, link, hand-over.
fn frame_end(c: &mut Criterion) {
    let mut group = c.benchmark_group("audit at the end of a frame");
    for entries in [100, 1_000, 10_000] {
        group.throughput(Throughput::Elements(entries));
        let mut chain = Chain::new(None);
        let mut out = Vec::new();
        group.bench_function(format!("{entries} entries"), |b| {
            b.iter_batched_ref(
                || {
                    let mut filled = std::mem::replace(&mut chain, Chain::new(None));
                    (0..entries).for_each(|sequence| filled.call(&record(sequence)));
                    filled
                },
                |chain| {
                    chain.close();
                    out.clear();
                    chain.take(&mut out);
                    black_box(&out);
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// 1,000 calls from a guest's loop, with and without an audit log.
fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("1,000 syscalls");
    group.throughput(Throughput::Elements(1_000));
    let input = InputFrame::default();
    let mut plain = machine();
    group.bench_function("audit off", |b| b.iter(|| plain.step(&input).expect("it runs").frame));
    let mut audited = machine();
    let (auditor, outbox) = Auditor::new(Chain::new(None));
    audited.observe(Box::new(auditor));
    let mut log = Vec::new();
    group.bench_function("audit on, frame end included", |b| {
        b.iter(|| {
            log.clear();
            outbox.take(&mut log);
            audited.step(&input).expect("it runs").frame
        });
    });
    group.finish();
}

/// Counts pixels: so little that what is around it would show.
#[derive(Default)]
struct Count(u64);

impl Backend for Count {
    #[inline(never)]
    fn issue(&mut self, _: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
        self.0 += cartwheel_hostabi::Guest::arg(guest, 0);
        Ok(None)
    }
}

/// A call through the client, generic and by a trait object that could be either backend.
fn client(c: &mut Criterion) {
    let mut group = c.benchmark_group("client");
    let mut client = Client::new(Count::default());
    group.bench_function("backend known", |b| b.iter(|| Gfx(&mut client).pixel(black_box(1), 2, 3)));
    struct Either(Box<dyn Backend>);
    impl Backend for Either {
        fn issue(&mut self, syscall: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
            self.0.issue(syscall, guest)
        }
    }
    let mut client = Client::new(Either(Box::new(Count::default())));
    group.bench_function("backend behind a trait object", |b| {
        b.iter(|| Gfx(&mut client).pixel(black_box(1), 2, 3));
    });
    let mut guest = HostGuest::default();
    let mut count = Count::default();
    group.bench_function("no client", |b| b.iter(|| count.issue(black_box(Syscall::GfxPixel), &mut guest)));
    let mut machine = machine();
    let module = machine.modules().next().expect("a module");
    let mut client = machine.client(module);
    group.bench_function("engine", |b| b.iter(|| Gfx(&mut client).pixel(black_box(1), 2, 3)));
    group.finish();
}

criterion_group!(benches, frame_end, calls, client);
criterion_main!(benches);
