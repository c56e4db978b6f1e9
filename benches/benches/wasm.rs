//! Translated WebAssembly beside wasmi and wasmtime, an interpreter and a compiler: the same modules, built from C, and the time
//! that translating takes.

use cartwheel_assembler::wasm::{Options, translate};
use cartwheel_benches::{call_run, instance};
use cartwheel_vm::Program;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

macro_rules! kernels {
    ($($name:literal $size:literal),* $(,)?) => {
        &[$(($name, $size, include_bytes!(concat!("../kernels/c/", $name, ".wasm")))),*]
    };
}

/// Name, argument of `run`, module.
const KERNELS: &[(&str, u32, &[u8])] = kernels! {
    "fib" 27,
    "sieve" 2,
    "nbody" 20_000,
    "mandelbrot" 100,
    "matmul" 2,
    "sha256" 1_000,
    "switch" 200_000,
    "quicksort" 4,
    "blit" 10_000,
    "list" 20,
};

/// Cycles of a slice that never ends.
const UNLIMITED: u64 = 1 << 62;

/// Functions of the module whose translation is measured, which is then about 200 kB long.
const FUNCTIONS: usize = 1_400;

fn engine(fuel: bool) -> wasmi::Engine {
    let mut config = wasmi::Config::default();
    config.consume_fuel(fuel);
    wasmi::Engine::new(&config)
}

fn wasmi_run(wasm: &[u8], fuel: bool) -> (wasmi::Store<()>, wasmi::TypedFunc<i32, i32>) {
    let engine = engine(fuel);
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
    for &(name, size, wasm) in KERNELS {
        let mut group = c.benchmark_group(format!("wasm/{name}"));
        group.sample_size(10);
        let cart = translate(wasm, &Options::default()).expect("kernels are valid modules");
        let program = Program::new(cart).expect("the translator's code is valid");
        // A call leaves its memory behind, so every machine makes the same calls.
        let (expected, cycles) = call_run(&mut instance(&program), size, UNLIMITED);
        assert_eq!(
            (expected, cycles),
            call_run(&mut instance(&program), size, 10_000),
            "slices change nothing"
        );
        let mut ours = instance(&program);
        group.throughput(Throughput::Elements(cycles));
        group.bench_function("cartwheel", |b| b.iter(|| call_run(&mut ours, size, UNLIMITED)));
        for (title, fuel) in [("wasmi, fuel", true), ("wasmi", false)] {
            let (mut store, run) = wasmi_run(wasm, fuel);
            let mut call = || run.call(&mut store, size as i32).expect("kernels do not trap") as u32;
            assert_eq!(call(), expected, "{name} in both machines");
            group.bench_function(title, |b| b.iter(&mut call));
        }
        let (mut store, run) = wasmtime_run(wasm);
        let mut call = || run.call(&mut store, size as i32).expect("kernels do not trap") as u32;
        assert_eq!(call(), expected, "{name} in both machines");
        group.bench_function("wasmtime, fuel", |b| b.iter(&mut call));
        group.finish();
    }
}

/// A module of functions with loops, branches, memory accesses and calls.
fn large() -> Vec<u8> {
    let mut text = String::from("(module (memory 1) (func $f0 (param i32 i32) (result i32) (local.get 0))");
    for i in 1..FUNCTIONS {
        let callee = i / 2;
        text += &format!(
            "(func $f{i} (export \"f{i}\") (param $n i32) (param $p i32) (result i32) (local $sum i32) (local $x f64)
                (block $out (loop $again
                    (br_if $out (i32.ge_s (local.get $sum) (local.get $n)))
                    (local.set $sum (i32.add (local.get $sum) (i32.load offset={i} (local.get $p))))
                    (if (i32.and (local.get $sum) (i32.const 3))
                        (then (i32.store (i32.add (local.get $p) (i32.const 8)) (call $f{callee} (local.get $sum) (i32.const {i}))))
                        (else (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.5)) (f64.convert_i32_s (local.get $sum))))))
                    (local.set $p (i32.add (local.get $p) (i32.const 4)))
                    (br $again)))
                (i32.xor (local.get $sum) (i32.trunc_sat_f64_s (local.get $x))))"
        );
    }
    wat::parse_str(text + ")").expect("good text")
}

fn translation(c: &mut Criterion) {
    let wasm = large();
    let mut group = c.benchmark_group("wasm/translation");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(wasm.len() as u64));
    group.bench_function("cartwheel, translated and verified", |b| {
        b.iter(|| {
            cartwheel_vm::verify(&translate(&wasm, &Options::default()).expect("valid")).expect("valid")
        });
    });
    group.bench_function("cartwheel, translated", |b| {
        b.iter(|| translate(&wasm, &Options::default()).expect("valid"))
    });
    let mut config = wasmi::Config::default();
    config.consume_fuel(true).compilation_mode(wasmi::CompilationMode::Eager);
    let engine = wasmi::Engine::new(&config);
    group.bench_function("wasmi, eager", |b| b.iter(|| wasmi::Module::new(&engine, &wasm).expect("valid")));
    group.finish();
}

criterion_group!(benches, kernels, translation);
criterion_main!(benches);
