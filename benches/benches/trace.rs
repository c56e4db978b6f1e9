//! Recording, replaying and seeking; forks and states that are kept to go back to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_assembler::{NoFiles, assemble};
use cartwheel_benches::game;
use cartwheel_runtime::trace::{RecordOptions, Recorder, Trace, compare, step};
use cartwheel_runtime::{Buttons, Config, InputFrame, Machine, Program, Rewind};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Games with a picture of their own and a pad.
const GAMES: [&str; 2] = ["pong", "snake"];
/// Frames of an hour.
const HOUR: u64 = 216_000;
/// Frames that are recorded and replayed at a time.
const MINUTE: u64 = 3_600;

/// Adds one to a word of memory in every frame.
const TICK: &str = ".data n: i32 0
.func update()
  .local i: i32
  i32.load i, [n]
  i32.add i, i, 1
  i32.store [n], i
  return
.end
";

fn machine(program: &Arc<Program>) -> Machine {
    let mut machine = Machine::new(Config::default());
    machine.load(program.clone()).expect("it can be loaded");
    machine
}

/// One pad, on which something changes every sixth of a second.
fn input(frame: u64) -> InputFrame {
    let mut input = InputFrame::default();
    input.pads[0] = Buttons::from_bits(1 << (frame / 10 % 6)).expect("one button");
    input
}

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn recorded(program: &Arc<Program>, frames: u64, options: RecordOptions, name: &str) -> PathBuf {
    let path = temporary(name);
    let mut machine = machine(program);
    let file = File::create(&path).expect("the target folder can be written");
    let mut recorder = Recorder::new(file, &machine, options).expect("it can be recorded");
    for _ in 0..frames {
        let input = input(machine.frame());
        machine.step(&input).expect("no panic");
        recorder.frame(&machine, &input, Vec::new()).expect("it can be recorded");
    }
    recorder.finish().expect("it can be recorded");
    path
}

fn open(path: &Path) -> Trace {
    Trace::read(File::open(path).expect("it was recorded")).expect("a good trace")
}

/// All of a minute each time: the same frames, whoever makes them.
fn recording(c: &mut Criterion) {
    for name in GAMES {
        let program = game(name);
        let mut group = c.benchmark_group(format!("a minute of {name}"));
        group.sample_size(10).throughput(Throughput::Elements(MINUTE));
        group.bench_function("run", |b| {
            b.iter_batched_ref(
                || machine(&program),
                |machine| {
                    for frame in 0..MINUTE {
                        machine.step(&input(frame)).expect("no panic");
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("run and hash", |b| {
            b.iter_batched_ref(
                || machine(&program),
                |machine| {
                    for frame in 0..MINUTE {
                        machine.step(&input(frame)).expect("no panic");
                        std::hint::black_box(machine.hash().expect("no panic").root);
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("run and record", |b| {
            b.iter(|| recorded(&program, MINUTE, RecordOptions::default(), "recording.trace"));
        });
        let trace = open(&recorded(&program, MINUTE, RecordOptions::default(), "minute.trace"));
        group.bench_function("replay", |b| {
            b.iter_batched_ref(
                || trace.machine(std::slice::from_ref(&program)).expect("it can be replayed"),
                |machine| {
                    for frame in trace.frames(0) {
                        let frame = frame.expect("a good frame");
                        step(machine, &frame).expect("no panic");
                        assert_eq!(compare(&frame, machine), Ok(None));
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();

        let options = RecordOptions { keyframes: 0, ..RecordOptions::default() };
        let trace = open(&recorded(&program, MINUTE, options, "bytes.trace"));
        let bytes = trace.sizes().frames as f64 / MINUTE as f64;
        println!("{name}: {bytes:.1} bytes per frame without keyframes");
        assert!(bytes <= 40.0, "a frame of a game for one pad takes at most 40 bytes");
    }
}

fn seeking(c: &mut Criterion) {
    let program = game("pong");
    let options = RecordOptions::default();
    let path = recorded(&program, HOUR, options, "hour.trace");
    let trace = open(&path);
    println!("an hour of pong: {} bytes, {} keyframes", trace.file_bytes(), trace.keyframes().len());
    let mut group = c.benchmark_group("an hour of pong");
    group.sample_size(10);
    group.bench_function("open", |b| b.iter(|| open(&path).len()));
    let last = HOUR / options.keyframes;
    for (name, behind) in [("a keyframe", 0), ("the frame before a keyframe", options.keyframes - 1)] {
        let mut machine = trace.machine(std::slice::from_ref(&program)).expect("it can be replayed");
        let mut at = 0;
        group.bench_function(format!("seek to {name}"), |b| {
            b.iter(|| {
                at = (at + 197) % last;
                assert_eq!(trace.seek(&mut machine, at * options.keyframes + behind), Ok(None));
            });
        });
    }
    group.finish();
}

/// What a fork and a kept state cost, beside copying the state.
fn going_back(c: &mut Criterion) {
    for (name, pages) in [("64 KiB", 1), ("1 MiB", 16), ("16 MiB", 256)] {
        let cart = assemble("tick.asm", format!(".memory {pages}\n{TICK}"), &NoFiles).expect("it assembles");
        let mut machine = machine(&Program::new(cart).expect("it verifies"));
        machine.step(&InputFrame::default()).expect("no panic");
        let mut group = c.benchmark_group(format!("a machine of {name}"));
        group.sample_size(20);
        group.bench_function("save", |b| b.iter(|| machine.save().expect("no panic").len()));
        group.bench_function("fork", |b| b.iter(|| machine.fork().expect("no panic").frame()));
        let mut rewind = Rewind::new(60);
        group.bench_function("step and keep the state", |b| {
            b.iter(|| {
                rewind.keep(&machine).expect("no panic");
                machine.step(&InputFrame::default()).expect("no panic");
            });
        });
        let (first, last) = rewind.range().expect("states were kept");
        group.bench_function("go back", |b| {
            b.iter(|| assert_eq!(rewind.back(&mut machine, first), Ok(true)));
        });
        group.finish();
        let (whole, kept) = (machine.save().expect("no panic").len(), rewind.bytes());
        println!("{} states of {whole} bytes are kept in {kept} bytes", last - first + 1);
    }
}

criterion_group!(benches, recording, seeking, going_back);
criterion_main!(benches);
