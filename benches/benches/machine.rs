//! Frames, syscalls, saved states and loading.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_benches::{game, instance, program};
use cartwheel_bytecode::Cartridge;
use cartwheel_runtime::profile::Profiler;
use cartwheel_runtime::{Config, InputFrame, Machine};
use cartwheel_vm::{FrameInput, Program, Stop};
use criterion::{Criterion, criterion_group, criterion_main};

const EMPTY: &str = ".func update()\n  return\n.end\n";

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

/// `update` calls a small function 1,000 times.
const CALLS: &str = "
.cycles 1000000
.func next(x: i32) -> i32
  i32.add x, x, 1
  return x
.end
.func update()
  .local i: i32
again:
  loop
  call next(i) -> i
  br.i32.lt_s i, 1000, again
  return
.end
";

/// `update` goes around a loop of a few instructions 10,000 times: the most that counting blocks can cost.
const LOOP: &str = "
.cycles 1000000
.func update()
  .local i, x: i32
again:
  loop
  i32.mul x, x, 31
  i32.xor x, x, i
  i32.add i, i, 1
  br.i32.lt_s i, 10000, again
  return
.end
";

const SUSPENDED: &str = "
.export run
.func run(n: i32) -> i32
  .local i: i32
  i32.const i, 0
again:
  loop
  i32.add i, i, 1
  br.i32.lt_s i, n, again
  return i
.end
";

fn machine(source: &str) -> Machine {
    running(&program("bench.asm", source))
}

fn running(program: &Arc<Program>) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.load(program.clone()).expect("the program fits");
    machine
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    let input = InputFrame::default();
    let mut empty = machine(EMPTY);
    group.bench_function("empty update", |b| b.iter(|| empty.step(&input).expect("it runs").frame));
    let mut calls = machine(SYSCALLS);
    group.throughput(criterion::Throughput::Elements(1_000));
    group.bench_function("1,000 syscalls", |b| b.iter(|| calls.step(&input).expect("it runs").frame));
    group.finish();

    // Each beside itself while it is profiled: first what is counted alone, then with the rows of every frame. One that was
    // profiled and is not any more runs what one runs that never was.
    let cases = [
        ("1,000 syscalls", program("bench.asm", SYSCALLS)),
        ("1,000 calls", program("bench.asm", CALLS)),
        ("10,000 turns of a loop", program("bench.asm", LOOP)),
        ("sprites, about 1,100 syscalls", game("sprites")),
    ];
    for (name, program) in cases {
        let mut group = c.benchmark_group(format!("profile: {name}"));
        let mut plain = running(&program);
        group.bench_function("none", |b| b.iter(|| plain.step(&input).expect("it runs").frame));
        let mut released = running(&program);
        Profiler::attach(&mut released).finish(&mut released);
        group.bench_function("none any more", |b| b.iter(|| released.step(&input).expect("it runs").frame));
        let mut counted = running(&program);
        let _counting = Profiler::attach(&mut counted);
        group.bench_function("counted", |b| b.iter(|| counted.step(&input).expect("it runs").frame));
        let mut watched = running(&program);
        let mut profiler = Profiler::attach(&mut watched);
        group.bench_function("counted, with rows", |b| {
            b.iter(|| {
                let report = watched.step(&input).expect("it runs");
                profiler.frame(&mut watched, &report);
            });
        });
        group.finish();
    }

    let mut group = c.benchmark_group("slice");
    let program = program("suspended.asm", SUSPENDED);
    let mut guest = instance(&program);
    let func = program.cartridge().exported_function("run").expect("it is exported");
    guest.call(func, &[i32::MAX as u64]);
    // One iteration of the loop per slice: what is measured is suspending and resuming.
    group.bench_function("suspend and resume", |b| {
        b.iter(|| {
            guest.grant(1);
            assert_eq!(guest.run(&FrameInput::default()), Stop::BudgetSpent);
        });
    });
    group.finish();
}

fn states(c: &mut Criterion) {
    let source = format!(".memory 1\n.data filled: i32[10000] = 12345\n{EMPTY}");
    let program = program("state.asm", &source);
    let mut guest = instance(&program);
    let mut group = c.benchmark_group("state of 64 KiB");
    let mut target = vec![0u8; 65_536];
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            target.copy_from_slice(black_box(guest.memory()));
            black_box(&mut target);
        });
    });
    let mut saved = Vec::new();
    group.bench_function("save", |b| {
        b.iter(|| {
            saved.clear();
            guest.save(&mut saved);
        });
    });
    saved.clear();
    guest.save(&mut saved);
    group.bench_function("restore", |b| b.iter(|| guest.restore(&saved).expect("it was just saved")));
    group.bench_function("hash", |b| b.iter(|| guest.component_hashes()));
    group.finish();
}

/// A cartridge of many functions, about 200 kB.
fn large_source() -> String {
    let mut source = String::from(".memory 1\n.export run = func f0\n");
    for i in 0..2_000 {
        write!(
            source,
            ".func f{i}(n: i32) -> i32\n  .local i, x: i32\n  i32.const x, {i}\n  i32.const i, 0\n\
             again:\n  loop\n  i32.mul x, x, 31\n  i32.add x, x, i\n  i32.load8_u i, [x]\n  i32.store [i + 100], x\n\
             i32.add i, i, 1\n  br.i32.lt_s i, n, again\n  i32.xor x, x, n\n  br_unless x, out\n  i32.shr_u x, x, 3\n\
             out:\n  return x\n.end\n"
        )
        .expect("writing to a string");
    }
    source
}

fn loading(c: &mut Criterion) {
    let source = large_source();
    let cart = assemble("large.asm", &source, &NoFiles).expect("it assembles");
    let bytes = cart.to_bytes();
    let mut group = c.benchmark_group(format!("cartridge of {} kB", bytes.len() / 1_000));
    group.sample_size(20);
    group.bench_function("assemble", |b| {
        b.iter(|| assemble("large.asm", &source, &NoFiles).expect("it assembles"))
    });
    group.bench_function("read", |b| b.iter(|| Cartridge::from_bytes(&bytes).expect("it was written")));
    group.bench_function("verify", |b| b.iter(|| cartwheel_vm::verify(&cart).expect("it verifies")));
    group.bench_function("load and instantiate", |b| {
        b.iter(|| {
            let program: Arc<Program> =
                Program::new(Cartridge::from_bytes(&bytes).expect("it was written")).expect("it verifies");
            instance(&program)
        });
    });
    group.finish();
}

/// A function made to be hard on the verifier and on liveness: `n` loops in a row whose heads are all targets of one
/// branch table, with a register that lives through all of them.
fn hostile_source(n: usize) -> String {
    let mut source = String::from(".export run\n.func run(n: i32) -> i32\n");
    let names: Vec<String> = (0..n).map(|i| format!("l{i}")).collect();
    writeln!(source, "  br_table n, [{}]", names.join(", ")).expect("writing to a string");
    for name in &names {
        write!(
            source,
            "{name}:\n  loop\n  i32.add r{0}, r{0}, n\n  br_if r{0}, {name}\n",
            1 + name.len() % 7
        )
        .expect("writing to a string");
    }
    source.push_str("  return r1\n.end\n");
    source
}

/// Each pair should differ by a factor of about 2.
fn hostile(c: &mut Criterion) {
    let mut group = c.benchmark_group("hostile");
    group.sample_size(10);
    for n in [20_000, 40_000] {
        let source = hostile_source(n);
        group.bench_function(format!("assemble {n} loops"), |b| {
            b.iter(|| assemble("hostile.asm", &source, &NoFiles).expect("it assembles"));
        });
        let cart = assemble("hostile.asm", &source, &NoFiles).expect("it assembles");
        let bytes = cart.to_bytes();
        group.bench_function(format!("read, verify and analyse {n} loops"), |b| {
            b.iter(|| {
                let cart = Cartridge::from_bytes(&bytes).expect("it was written");
                let program = Program::new(cart).expect("it verifies");
                program.analysis(0).blocks.len()
            });
        });
        group.bench_function(format!("disassemble {n} loops"), |b| {
            b.iter(|| cartwheel_assembler::disassemble(&cart));
        });
    }
    group.finish();
}

criterion_group!(benches, frames, states, loading, hostile);
criterion_main!(benches);
