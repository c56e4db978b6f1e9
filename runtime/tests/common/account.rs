//! A frame's account adds up, whichever way one looks at it.

use cartwheel_runtime::profile::{FrameProfile, ModuleProfile, StackKind};
use cartwheel_runtime::{Binding, ModuleReport};

/// Every view of the frame has exactly the cycles that the machine counted, and everything else that it counted.
pub fn assert_adds_up(
    module: &ModuleProfile,
    frame: &FrameProfile,
    report: &ModuleReport,
    bindings: &[Binding],
) {
    let at = format!("frame {} of {}", frame.frame, module.name);
    assert_eq!(frame.cycles, report.cycles, "{at}");
    let functions: u64 = frame.functions.iter().map(|row| row.cycles).sum();
    let inside: u64 = frame.functions.iter().map(|row| row.syscall_cycles).sum();
    assert_eq!(functions + inside, report.cycles, "functions, {at}");
    let syscalls: u64 = frame.syscalls.iter().map(|row| row.cycles + row.collector_cycles).sum();
    assert_eq!(inside, syscalls, "syscalls, {at}");
    let lines: u64 = frame.lines.iter().map(|row| row.cycles + row.syscall_cycles).sum();
    assert_eq!(lines, report.cycles, "lines, {at}");
    let stacks: u64 = frame.stacks.iter().map(|row| row.cycles).sum();
    assert_eq!(stacks, report.cycles, "stacks, {at}");

    let sum = |f: fn(&cartwheel_runtime::profile::LineRow) -> u64| frame.lines.iter().map(f).sum::<u64>();
    assert_eq!(sum(|row| row.collector_cycles), report.collector_cycles, "collector, {at}");
    assert_eq!(sum(|row| row.bytes), report.bytes, "bytes, {at}");
    assert_eq!(sum(|row| row.objects), report.objects, "objects, {at}");

    // The figures of the pipeline, which telemetry has, are those of the profile.
    for (index, binding) in bindings.iter().enumerate() {
        let row =
            frame.syscalls.iter().find(|row| row.syscall as usize == index).cloned().unwrap_or_default();
        let usage = binding.usage;
        assert_eq!(
            (row.calls, row.cycles, row.bytes, row.objects),
            (usage.calls, usage.cycles, usage.bytes, usage.objects),
            "{}, {at}",
            binding.syscall
        );
        let in_stacks: u64 = frame
            .stacks
            .iter()
            .filter(|row| {
                let name = module.stacks[row.stack as usize];
                name.kind == StackKind::Syscall && name.index as usize == index
            })
            .map(|row| row.calls)
            .sum();
        assert_eq!(in_stacks, usage.calls, "{} on stacks, {at}", binding.syscall);
    }
    assert_eq!(frame.calls, report.syscalls, "{at}");
}
