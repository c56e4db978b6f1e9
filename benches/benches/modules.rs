//! Frames of many modules that have nothing to do: what a module costs by being there.

use std::hint::black_box;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_runtime::{Config, InputFrame, Machine, Program};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const IDLE: &str = ".func update()\n return\n.end";

fn machine(modules: u32) -> Machine {
    let cart = assemble("idle.asm", IDLE, &NoFiles).expect("good source");
    let program = Program::new(cart).expect("a good program");
    let mut machine = Machine::new(Config::default());
    for _ in 0..modules {
        machine.load(program.clone()).expect("it can be loaded");
    }
    machine
}

/// The goal is at most 150 microseconds for a frame of 1,000 modules.
fn idle(c: &mut Criterion) {
    let mut group = c.benchmark_group("idle modules");
    for modules in [1, 1_000] {
        let mut machine = machine(modules);
        group.throughput(Throughput::Elements(modules.into()));
        group.bench_function(format!("frame of {modules}"), |b| {
            b.iter(|| black_box(machine.step(&InputFrame::default()).expect("no panic")));
        });
    }
    group.finish();
}

fn snapshots(c: &mut Criterion) {
    let mut machine = machine(1_000);
    machine.step(&InputFrame::default()).expect("no panic");
    let saved = machine.save().expect("no panic");
    let mut group = c.benchmark_group("1,000 modules");
    group.bench_function("save", |b| b.iter(|| black_box(machine.save().expect("no panic"))));
    group.bench_function("restore", |b| b.iter(|| machine.restore(&saved).expect("its own state")));
    group.bench_function("hash", |b| b.iter(|| black_box(machine.hash().expect("no panic"))));
    group.finish();
}

criterion_group!(benches, idle, snapshots);
criterion_main!(benches);
