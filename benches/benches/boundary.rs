//! What stands between host code or a guest and a service: audit and client.

use std::hint::black_box;

use cartwheel_benches::program;
use cartwheel_hostabi::client::domains::Gfx;
use cartwheel_hostabi::client::{Backend, Client, HostGuest};
use cartwheel_hostabi::{Fault, Status, Syscall, Verdict};
use cartwheel_kernel::audit::{Auditor, Chain};
use cartwheel_kernel::{CallBatch, CallRecord, ModuleId, Observer, OriginId, Outcome, Transport};
use cartwheel_runtime::{Config, InputFrame, Machine};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

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
    machine_of(SYSCALLS)
}

fn machine_of(source: &str) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.load(program("bench.asm", source)).expect("the program fits");
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

/// Watches calls without a log of them: what remains of their cost in a frame when the log's part is left out.
struct Drain;

impl Observer for Drain {
    fn called(&mut self, _: &CallRecord) {}

    fn calls(&mut self, batch: &CallBatch) {
        black_box(batch.len());
    }
}

/// The part of the audit that comes behind the calls: entries, checks, link, hand-over.
fn frame_end(c: &mut Criterion) {
    let mut group = c.benchmark_group("audit at the end of a frame");
    for entries in [100, 1_000, 10_000] {
        group.throughput(Throughput::Elements(entries));
        let mut chain = Chain::new(None);
        let mut out = Vec::new();
        let mut batch = CallBatch::new(1, 0);
        (0..entries).for_each(|sequence| batch.push(&record(sequence)));
        group.bench_function(format!("{entries} entries"), |b| {
            b.iter(|| {
                chain.calls(&batch);
                chain.close();
                out.clear();
                chain.take(&mut out);
                black_box(&out);
            });
        });
    }
    group.finish();
}

/// The same loop for the peers, whose host counts what it was given.
const PEERS: &str = r#"
(module
  (import "env" "pixel" (func $pixel (param i32 i32 i32)))
  (func (export "update") (local $i i32)
    (loop $again
      (call $pixel (local.get $i) (i32.const 3) (i32.const 7))
      (br_if $again (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))))
"#;

/// Calls of a host in wasmi and in wasmtime: nothing is checked, recorded or counted there but by the host itself.
fn peers(group: &mut BenchmarkGroup<'_, WallTime>) {
    let wasm = wat::parse_str(PEERS).expect("good text");
    {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, &wasm).expect("a valid module");
        let mut store = wasmi::Store::new(&engine, 0u64);
        let mut linker = wasmi::Linker::new(&engine);
        let pixel =
            |mut caller: wasmi::Caller<'_, u64>, x: i32, _: i32, _: i32| *caller.data_mut() += x as u64;
        linker.func_wrap("env", "pixel", pixel).expect("a new name");
        let instance = linker.instantiate_and_start(&mut store, &module).expect("its import is there");
        let update = instance.get_typed_func::<(), ()>(&store, "update").expect("it is exported");
        group.bench_function("wasmi", |b| b.iter(|| update.call(&mut store, ()).expect("it runs")));
    }
    let engine = wasmtime::Engine::default();
    let module = wasmtime::Module::new(&engine, &wasm).expect("a valid module");
    let mut store = wasmtime::Store::new(&engine, 0u64);
    let mut linker = wasmtime::Linker::new(&engine);
    let pixel =
        |mut caller: wasmtime::Caller<'_, u64>, x: i32, _: i32, _: i32| *caller.data_mut() += x as u64;
    linker.func_wrap("env", "pixel", pixel).expect("a new name");
    let instance = linker.instantiate(&mut store, &module).expect("its import is there");
    let update = instance.get_typed_func::<(), ()>(&mut store, "update").expect("it is exported");
    group.bench_function("wasmtime", |b| b.iter(|| update.call(&mut store, ()).expect("it runs")));
}

/// 1,000 calls from a guest's loop, with and without an audit log, beside the loop without them and beside the peers.
fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("1,000 syscalls");
    group.throughput(Throughput::Elements(1_000));
    let input = InputFrame::default();
    let mut empty = machine_of(&SYSCALLS.replace("syscall gfx.pixel(i, 3, 7)", ""));
    group.bench_function("the loop alone", |b| b.iter(|| empty.step(&input).expect("it runs").frame));
    peers(&mut group);
    let mut plain = machine();
    group.bench_function("audit off", |b| b.iter(|| plain.step(&input).expect("it runs").frame));
    // A call that does no more than the peers' host: what is left is the boundary.
    let mut bare = machine_of(&SYSCALLS.replace("gfx.pixel(i, 3, 7)", "gfx.camera(i, 3)"));
    group.bench_function("audit off, a call that keeps two numbers", |b| {
        b.iter(|| bare.step(&input).expect("it runs").frame);
    });
    let mut watched = machine();
    watched.observe(Box::new(Drain));
    group.bench_function("audit on, without the frame's end", |b| {
        b.iter(|| watched.step(&input).expect("it runs").frame);
    });
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
