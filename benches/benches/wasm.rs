//! The same WebAssembly files here and in the peers.

use std::hint::black_box;
use std::sync::Arc;

use cartwheel_assembler::wasm;
use cartwheel_benches::{call_run, instance};
use cartwheel_vm::Program;
use criterion::{Criterion, criterion_group, criterion_main};

/// A kernel compiled from C: `run` takes a size and returns a number that must be equal everywhere.
struct Kernel {
    name: &'static str,
    wasm: &'static [u8],
    size: u32,
}

macro_rules! kernel {
    ($name:literal, $size:literal) => {
        Kernel { name: $name, wasm: include_bytes!(concat!("../kernels/c/", $name, ".wasm")), size: $size }
    };
}

const KERNELS: &[Kernel] = &[
    kernel!("fib", 27),
    kernel!("sieve", 1_000_000),
    kernel!("nbody", 20_000),
    kernel!("mandelbrot", 128),
    kernel!("matmul", 96),
    kernel!("sha256", 2_000),
    kernel!("switch", 100_000),
    kernel!("quicksort", 100_000),
    kernel!("blitter", 5_000),
    kernel!("list", 20),
];

fn program(wasm: &[u8]) -> Arc<Program> {
    let cart = wasm::translate(wasm, &wasm::Options::default()).expect("kernels can be translated");
    Program::new(cart).expect("what is translated can be verified")
}

fn wasmi_run(wasm: &[u8], fuel: bool) -> (wasmi::Store<()>, wasmi::TypedFunc<i32, i32>) {
    let mut config = wasmi::Config::default();
    config.consume_fuel(fuel);
    let engine = wasmi::Engine::new(&config);
    let module = wasmi::Module::new(&engine, wasm).expect("kernels are valid modules");
    let mut store = wasmi::Store::new(&engine, ());
    if fuel {
        store.set_fuel(u64::MAX).expect("fuel is on");
    }
    let linker = wasmi::Linker::new(&engine);
    let instance = linker.instantiate_and_start(&mut store, &module).expect("kernels import nothing");
    let run = instance.get_typed_func(&store, "run").expect("kernels export run");
    (store, run)
}

fn wasmtime_run(wasm: &[u8]) -> (wasmtime::Store<()>, wasmtime::TypedFunc<i32, i32>) {
    let mut config = wasmtime::Config::new();
    config.consume_fuel(true);
    let engine = wasmtime::Engine::new(&config).expect("a good configuration");
    let module = wasmtime::Module::new(&engine, wasm).expect("kernels are valid modules");
    let mut store = wasmtime::Store::new(&engine, ());
    store.set_fuel(u64::MAX).expect("fuel is on");
    let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("kernels import nothing");
    let run = instance.get_typed_func(&mut store, "run").expect("kernels export run");
    (store, run)
}

fn kernels(c: &mut Criterion) {
    for &Kernel { name, wasm, size } in KERNELS {
        let mut group = c.benchmark_group(name);
        group.sample_size(20);

        let program = program(wasm);
        let mut ours = instance(&program);
        let (expected, cycles) = call_run(&mut ours, size, u64::MAX >> 1);
        let sliced = call_run(&mut instance(&program), size, 10_000);
        assert_eq!((expected, cycles), sliced, "{name}: slices change nothing");
        group.throughput(criterion::Throughput::Elements(cycles));
        group.bench_function("cartwheel", |b| b.iter(|| call_run(&mut ours, size, u64::MAX >> 1)));

        for (peer, fuel) in [("wasmi, fuel", true), ("wasmi", false)] {
            let (mut store, run) = wasmi_run(wasm, fuel);
            let mut call = || run.call(&mut store, size as i32).expect("kernels do not trap") as u32;
            assert_eq!(call(), expected, "{name} in both machines");
            group.bench_function(peer, |b| b.iter(&mut call));
        }
        let (mut store, run) = wasmtime_run(wasm);
        let mut call = || run.call(&mut store, size as i32).expect("kernels do not trap") as u32;
        assert_eq!(call(), expected, "{name} in both machines");
        group.bench_function("wasmtime, fuel", |b| b.iter(&mut call));
        group.finish();
    }
}

/// A module of about 200 kB: the code of the kernels, over and over.
fn large_module() -> Vec<u8> {
    let mut text = String::from("(module (memory 1)\n");
    for i in 0..1_500 {
        text += &format!(
            "(func $f{i} (param $n i32) (param $x f64) (result i32) (local $i i32) (local $sum f64)
              (block $done (loop $next
                (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
                (if (i32.and (local.get $i) (i32.const {mask}))
                  (then (local.set $sum (f64.add (local.get $sum) (f64.mul (local.get $x) (f64.load offset={offset} (local.get $i))))))
                  (else (i32.store offset={offset} (local.get $i) (i32.xor (local.get $n) (i32.const {i})))))
                (local.set $i (i32.add (local.get $i) (i32.const 8)))
                (br $next)))
              (i32.add (i32.trunc_sat_f64_s (local.get $sum)) (call $f{callee} (local.get $i) (local.get $x))))\n",
            mask = 1 << (i % 20),
            offset = i * 8,
            callee = (i * 7 + 3) % 1_500,
        );
    }
    text += "(export \"run\" (func $f0)))";
    wat::parse_str(&text).expect("valid text")
}

fn translation(c: &mut Criterion) {
    let module = large_module();
    let mut group = c.benchmark_group(format!("translate a module of {} kB", module.len() / 1000));
    group.sample_size(20);
    group.throughput(criterion::Throughput::Bytes(module.len() as u64));
    group.bench_function("cartwheel, verified", |b| b.iter(|| program(black_box(&module))));
    group.bench_function("cartwheel, verified and instantiated", |b| {
        b.iter(|| instance(&program(black_box(&module))))
    });
    let mut config = wasmi::Config::default();
    config.consume_fuel(true);
    config.compilation_mode(wasmi::CompilationMode::Eager);
    let engine = wasmi::Engine::new(&config);
    group.bench_function("wasmi, eager", |b| b.iter(|| wasmi::Module::new(&engine, black_box(&module[..]))));
    group.finish();
}

criterion_group!(benches, kernels, translation);
criterion_main!(benches);
