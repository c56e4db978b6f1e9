//! Proposes a budget that a run keeps.

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_runtime::profile::{Distribution, FrameProfile, ModuleProfile};

/// A tenth more, rounded up to two digits, so that a budget does not fail for a cycle.
fn roomy(value: u64) -> u64 {
    let more = value.saturating_add(value.div_ceil(10));
    let mut step = 1;
    while more / step >= 100 {
        step *= 10;
    }
    more.div_ceil(step).saturating_mul(step)
}

/// The budget as a file.
pub fn text(name: &str, module: &ModuleProfile) -> String {
    let frames = &module.frames;
    let spread = Distribution::new(frames.iter().map(|frame| (frame.frame, frame.cycles)));
    let most = |f: fn(&FrameProfile) -> u64| frames.iter().map(f).max().unwrap_or(0);
    let overruns: u64 = frames.iter().map(|frame| frame.overruns).sum();
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "# Budget of {}, from a run of {} frames, with a tenth to spare.\ncapabilities = {:?}\noverruns = {overruns}\n",
        name.replace(char::is_control, " "),
        frames.len(),
        module.capabilities
    );
    let _ = writeln!(
        out,
        "[frame]\ncycles_median = {}\ncycles_p99 = {}",
        roomy(spread.median),
        roomy(spread.p99)
    );
    let limits = [
        ("cycles_max", roomy(spread.max)),
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
    for frame in frames {
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
    for (id, (calls, cycles)) in syscalls {
        let _ =
            writeln!(out, "\n[syscall.{id:?}]\ncalls_max = {}\ncycles_max = {}", roomy(calls), roomy(cycles));
    }
    out
}
