//! The interpreter beside wasmi, which runs with fuel: both count, both can be stopped.

use cartwheel_benches::{KERNELS, Kernel, call_run, instance, program};
use criterion::{Criterion, criterion_group, criterion_main};

fn wasmi_run(kernel: &Kernel, fuel: bool) -> (wasmi::Store<()>, wasmi::TypedFunc<i32, i32>) {
    let mut config = wasmi::Config::default();
    config.consume_fuel(fuel);
    let engine = wasmi::Engine::new(&config);
    let bytes = wat::parse_str(kernel.wat).expect("kernels are valid text");
    let module = wasmi::Module::new(&engine, &bytes).expect("kernels are valid modules");
    let mut store = wasmi::Store::new(&engine, ());
    if fuel {
        store.set_fuel(u64::MAX).expect("fuel is on");
    }
    let linker = wasmi::Linker::new(&engine);
    let instance = linker.instantiate_and_start(&mut store, &module).expect("kernels import nothing");
    let run = instance.get_typed_func(&store, "run").expect("kernels export run");
    (store, run)
}

fn kernels(c: &mut Criterion) {
    for kernel in KERNELS {
        let mut group = c.benchmark_group(kernel.name);
        group.sample_size(20);

        let program = program(kernel.name, kernel.asm);
        let mut ours = instance(&program);
        let (expected, cycles) = call_run(&mut ours, kernel.size, u64::MAX >> 1);
        let (sliced, sliced_cycles) = call_run(&mut instance(&program), kernel.size, 10_000);
        assert_eq!((expected, cycles), (sliced, sliced_cycles), "slices change nothing");
        group.throughput(criterion::Throughput::Elements(cycles));
        group.bench_function("cartwheel", |b| b.iter(|| call_run(&mut ours, kernel.size, u64::MAX >> 1)));
        let mut ours = instance(&program);
        group.bench_function("cartwheel, slices of 100,000", |b| {
            b.iter(|| call_run(&mut ours, kernel.size, 100_000));
        });

        for (name, fuel) in [("wasmi, fuel", true), ("wasmi", false)] {
            let (mut store, run) = wasmi_run(kernel, fuel);
            let mut call = || run.call(&mut store, kernel.size as i32).expect("kernels do not trap") as u32;
            assert_eq!(call(), expected, "{} in both machines", kernel.name);
            group.bench_function(name, |b| b.iter(&mut call));
        }
        group.finish();
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
