//! Proposes a budget that a run keeps.

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_runtime::profile::{Distribution, FrameProfile, ModuleProfile, Profile};

use super::budget::{lived, quoted};
use super::module_name;

/// A tenth more, rounded up to two digits, so that a budget does not fail for a cycle.
fn roomy(value: u64) -> u64 {
    let more = value.saturating_add(value.div_ceil(10));
    let mut step = 1;
    while more / step >= 100 {
        step *= 10;
    }
    more.div_ceil(step).saturating_mul(step)
}

/// The budget as a file. Where there are several modules, each has its own.
pub fn text(name: &str, profile: &Profile) -> String {
    let frames = profile.modules.iter().map(|module| module.frames.len()).max().unwrap_or(0);
    let name = name.replace(char::is_control, " ");
    let mut out = format!("# Budget of {name}, from a run of {frames} frames, with a tenth to spare.\n");
    if let [module] = &profile.modules[..] {
        add(&mut out, "", &[module]);
        return out;
    }
    let mut by_name: BTreeMap<String, Vec<&ModuleProfile>> = BTreeMap::new();
    for module in &profile.modules {
        by_name.entry(module_name(module)).or_default().push(module);
    }
    for (name, modules) in by_name {
        let table = format!("module.{}", quoted(&name));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n[{table}]");
        add(&mut out, &format!("{table}."), &modules);
    }
    out
}

/// Adds the budget of a module, which may have had several programs, in tables whose names begin with `prefix`.
fn add(out: &mut String, prefix: &str, modules: &[&ModuleProfile]) {
    let frames: Vec<&FrameProfile> = modules.iter().flat_map(|module| lived(module)).collect();
    let spread = |module: &&ModuleProfile| {
        Distribution::new(lived(module).iter().map(|frame| (frame.frame, frame.cycles)))
    };
    let spreads: Vec<Distribution> = modules.iter().map(spread).collect();
    let highest = |f: fn(&Distribution) -> u64| spreads.iter().map(f).max().unwrap_or(0);
    let most = |f: fn(&FrameProfile) -> u64| frames.iter().map(|frame| f(frame)).max().unwrap_or(0);
    let overruns: u64 = frames.iter().map(|frame| frame.overruns).sum();
    let mut capabilities: Vec<&String> = modules.iter().flat_map(|module| &module.capabilities).collect();
    capabilities.sort();
    capabilities.dedup();
    let capabilities = capabilities.into_iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "capabilities = [{capabilities}]\noverruns = {overruns}\n");
    let _ = writeln!(
        out,
        "[{prefix}frame]\ncycles_median = {}\ncycles_p99 = {}",
        roomy(highest(|spread| spread.median)),
        roomy(highest(|spread| spread.p99))
    );
    let limits = [
        ("cycles_max", roomy(highest(|spread| spread.max))),
        ("calls_max", roomy(most(|frame| frame.calls))),
        ("allocated_bytes_max", roomy(most(|frame| frame.bytes))),
        ("allocated_objects_max", roomy(most(|frame| frame.objects))),
        ("memory_bytes_max", most(|frame| frame.memory_bytes)),
        ("heap_bytes_max", roomy(most(|frame| frame.heap_bytes))),
    ];
    for (key, limit) in limits {
        let _ = writeln!(out, "{key} = {limit}");
    }
    let mut syscalls: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for module in modules {
        for frame in &module.frames {
            let mut here: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
            for row in &frame.syscalls {
                let sum = here.entry(module.syscall_id(row.syscall)).or_default();
                *sum = (sum.0 + row.calls, sum.1 + row.cycles);
            }
            for (id, (calls, cycles)) in here {
                let most = syscalls.entry(id).or_default();
                *most = (most.0.max(calls), most.1.max(cycles));
            }
        }
    }
    for (id, (calls, cycles)) in syscalls {
        let (calls, cycles) = (roomy(calls), roomy(cycles));
        let id = quoted(id);
        let _ = writeln!(out, "\n[{prefix}syscall.{id}]\ncalls_max = {calls}\ncycles_max = {cycles}");
    }
}
