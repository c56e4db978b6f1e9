//! What the benchmarks share: kernels as source text in both languages, and a machine to run them.

use std::path::Path;
use std::sync::Arc;

use cartwheel_assembler::{FileLoader, NoFiles, assemble};
use cartwheel_vm::{FrameInput, Instance, Limits, Program, Stop};

/// A kernel: one algorithm written for Cartwheel and as WebAssembly text. Both export `run`, which takes a size and
/// returns a number that must be equal.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Name.
    pub name: &'static str,
    /// Source in Cartwheel's assembly.
    pub asm: &'static str,
    /// Source as WebAssembly text.
    pub wat: &'static str,
    /// Argument of `run`.
    pub size: u32,
}

macro_rules! kernel {
    ($name:literal, $size:literal) => {
        Kernel {
            name: $name,
            asm: include_str!(concat!("../kernels/", $name, ".asm")),
            wat: include_str!(concat!("../kernels/", $name, ".wat")),
            size: $size,
        }
    };
}

/// A cartridge of the repository, by the name of its folder.
///
/// # Panics
///
/// If it is not there, or is none.
pub fn game(name: &str) -> Arc<Program> {
    let cartridges = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cartridges");
    let file = format!("{name}/{name}.asm");
    let source = std::fs::read_to_string(cartridges.join(&file)).expect("the cartridge is there");
    let cart = assemble(&file, &source, &FileLoader::new(&cartridges)).expect("it assembles");
    Program::new(cart).expect("it verifies")
}

/// All kernels.
pub const KERNELS: &[Kernel] = &[
    kernel!("fib", 27),
    kernel!("sieve", 1_000_000),
    kernel!("mandelbrot", 128),
    kernel!("blit", 5_000),
    kernel!("trees", 30),
];

/// Assembles and verifies a source text.
///
/// # Panics
///
/// With the assembler's or verifier's message if the text is wrong.
pub fn program(name: &str, source: &str) -> Arc<Program> {
    let cart = assemble(name, source, &NoFiles).unwrap_or_else(|e| panic!("{}", e.render()));
    Program::new(cart).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Calls the exported function `run` to its end in slices of a budget in cycles; its result and the cycles used.
///
/// # Panics
///
/// If the program stops in any other way.
pub fn call_run(instance: &mut Instance, argument: u32, budget: u64) -> (u32, u64) {
    let func = instance.program().cartridge().exported_function("run").expect("kernels export run");
    instance.call(func, &[argument.into()]);
    let mut cycles = 0;
    loop {
        instance.grant(budget);
        let stop = instance.run(&FrameInput::default());
        cycles += instance.used();
        match stop {
            Stop::Returned => return (instance.take_results()[0] as u32, cycles),
            Stop::BudgetSpent | Stop::Stalled => {}
            other => panic!("{other:?}: {:?}", instance.ended()),
        }
    }
}

/// A new instance with default limits.
///
/// # Panics
///
/// If the program does not fit them.
pub fn instance(program: &Arc<Program>) -> Instance {
    Instance::new(program.clone(), Limits::default(), 0).expect("kernels fit the default limits")
}
