//! Decides how the interpreter dispatches; see `src/interp/dispatch.rs`.
//!
//! Handlers may jump to each other only where the compiler turns a call in tail position into a jump. It does
//! so at optimisation level 2 and above on x86-64, unless debug assertions or instrumentation put code behind
//! the call. Everywhere else a loop calls the same handlers one by one.

use std::env;

#[allow(clippy::disallowed_methods, reason = "a build script learns its target from the environment")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(threaded_dispatch)");
    let var = |name: &str| env::var(name).unwrap_or_default();
    let optimised = matches!(var("OPT_LEVEL").as_str(), "2" | "3");
    let x86_64 = var("CARGO_CFG_TARGET_ARCH") == "x86_64";
    let plain =
        env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_none() && env::var_os("CARGO_CFG_FUZZING").is_none();
    let flags = var("CARGO_ENCODED_RUSTFLAGS");
    let instrumented = ["instrument-coverage", "sanitizer", "opt-level"].iter().any(|f| flags.contains(f));
    if optimised && x86_64 && plain && !instrumented {
        println!("cargo::rustc-cfg=threaded_dispatch");
    }
}
