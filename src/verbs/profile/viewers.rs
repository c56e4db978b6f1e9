//! Files for viewers that people have: speedscope, and those of trace events (Perfetto, chrome://tracing).
//!
//! Both want stretches of time where a profile has sums. A frame is laid out as a flame graph: below a call stand those
//! that it made, from the left in the order of their stacks, and its own cycles come last.

use std::collections::BTreeMap;

use cartwheel_runtime::profile::{FrameProfile, ModuleProfile, StackName};
use serde_json::{Value, json};

use super::Part;

/// The calls of a frame as a tree.
struct Calls {
    children: BTreeMap<u32, Vec<u32>>,
    own: BTreeMap<u32, u64>,
}

/// Where a call begins or ends.
enum Mark {
    Open(u32, u64),
    Close(u32, u64),
}

impl Calls {
    fn new(module: &ModuleProfile, frame: &FrameProfile) -> Calls {
        let mut calls = Calls { children: BTreeMap::new(), own: BTreeMap::new() };
        let mut seen = std::collections::BTreeSet::new();
        for row in frame.stacks.iter().filter(|row| row.cycles > 0) {
            calls.own.insert(row.stack, row.cycles);
            let path = module.stack_path(row.stack);
            for pair in path.windows(2).filter(|pair| seen.insert(pair[1])) {
                calls.children.entry(pair[0]).or_default().push(pair[1]);
            }
        }
        calls
    }

    /// Beginnings and ends from a cycle on; gives the cycle at which it is over. Stacks are 256 calls deep at most.
    fn lay_out(&self, stack: u32, from: u64, marks: &mut Vec<Mark>) -> u64 {
        marks.push(Mark::Open(stack, from));
        let mut at = from;
        for &child in self.children.get(&stack).into_iter().flatten() {
            at = self.lay_out(child, at, marks);
        }
        at += self.own.get(&stack).copied().unwrap_or(0);
        marks.push(Mark::Close(stack, at));
        at
    }
}

/// A file for speedscope: a profile over all frames for each module, in cycles.
pub fn speedscope(name: &str, parts: &[Part<'_>]) -> String {
    // Its "frames" are calls, each once however it was called; ours stand around them, so that they can be told apart.
    let mut names: Vec<Value> = Vec::new();
    let profiles: Vec<Value> = parts
        .iter()
        .map(|part| {
            let name = if parts.len() == 1 { name } else { &part.label };
            evented(name, part, &mut names)
        })
        .collect();
    let value = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": concat!("cartwheel ", env!("CARGO_PKG_VERSION")),
        "name": name,
        "activeProfileIndex": 0,
        "shared": { "frames": names },
        "profiles": profiles,
    });
    value.to_string() + "\n"
}

/// A module's profile for speedscope, whose calls are added to `names`.
fn evented(name: &str, part: &Part<'_>, names: &mut Vec<Value>) -> Value {
    let module = part.module;
    let mut places = BTreeMap::new();
    let of_stack: Vec<usize> = (0..module.stacks.len() as u32)
        .map(|at| {
            let StackName { kind, index, .. } = module.stacks[at as usize];
            *places.entry((kind, index)).or_insert_with(|| {
                names.push(json!({ "name": module.stack_label(at) }));
                names.len() - 1
            })
        })
        .collect();
    let mut events = Vec::new();
    let mut at = 0;
    for frame in part.frames {
        let own = names.len();
        names.push(json!({ "name": format!("frame {}", frame.frame) }));
        events.push(json!({ "type": "O", "frame": own, "at": at }));
        let mut marks = Vec::new();
        let end = Calls::new(module, frame).lay_out(0, at, &mut marks);
        events.extend(marks.iter().map(|mark| match *mark {
            Mark::Open(stack, at) => json!({ "type": "O", "frame": of_stack[stack as usize], "at": at }),
            Mark::Close(stack, at) => json!({ "type": "C", "frame": of_stack[stack as usize], "at": at }),
        }));
        events.push(json!({ "type": "C", "frame": own, "at": end }));
        at = end;
    }
    json!({
        "type": "evented",
        "name": format!("{name} (cycles)"),
        "unit": "none",
        "startValue": 0,
        "endValue": at,
        "events": events,
    })
}

/// Trace events, with a process for each module. A frame takes as many microseconds as the largest budget has cycles, so that idle
/// time shows, and frames of all modules begin at the same time.
pub fn chrome(parts: &[Part<'_>]) -> String {
    let mut lengths: BTreeMap<u64, u64> = BTreeMap::new();
    for part in parts {
        for frame in part.frames {
            let length = lengths.entry(frame.frame).or_default();
            *length = (*length).max(part.module.budget).max(frame.cycles);
        }
    }
    let mut start = 0;
    let spans: BTreeMap<u64, (u64, u64)> = lengths
        .into_iter()
        .map(|(frame, length)| {
            start += length;
            (frame, (start - length, length))
        })
        .collect();
    let events: Vec<Value> =
        parts.iter().zip(0..).flat_map(|(part, pid)| events(part, pid, &spans)).collect();
    json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": { "unit": "a microsecond is a cycle" } })
        .to_string()
        + "\n"
}

/// Events of a module, whose frames begin somewhere and have a length.
fn events(part: &Part<'_>, pid: u32, spans: &BTreeMap<u64, (u64, u64)>) -> Vec<Value> {
    let Part { label, module, frames } = part;
    let meta = |what: &str, tid: u32, name: &str| json!({ "ph": "M", "pid": pid, "tid": tid, "name": what, "args": { "name": name } });
    let mut events = vec![
        meta("process_name", 0, label),
        meta("thread_name", 0, "frames"),
        meta("thread_name", 1, "calls, in cycles"),
    ];
    for frame in *frames {
        let (start, length) = spans[&frame.frame];
        events.push(json!({
            "ph": "X", "pid": pid, "tid": 0, "name": format!("frame {}", frame.frame), "cat": "frame",
            "ts": start, "dur": length,
            "args": { "cycles": frame.cycles, "granted": frame.granted, "end": frame.end, "overruns": frame.overruns },
        }));
        let mut marks = Vec::new();
        Calls::new(module, frame).lay_out(0, start, &mut marks);
        events.extend(slices(module, &marks, pid));
        let mut syscalls = serde_json::Map::new();
        for row in &frame.syscalls {
            syscalls.insert(module.syscall_id(row.syscall).to_owned(), json!(row.cycles));
        }
        let counters = [
            ("cycles", json!({ "used": frame.cycles })),
            ("syscall cycles", Value::Object(syscalls)),
            ("memory", json!({ "linear": frame.memory_bytes, "heap": frame.heap_bytes })),
            ("allocated", json!({ "bytes": frame.bytes, "objects": frame.objects })),
        ];
        for (counter, args) in counters {
            events.push(json!({ "ph": "C", "pid": pid, "name": counter, "ts": start, "args": args }));
        }
        for (counter, value) in &frame.counters {
            events.push(
                json!({ "ph": "C", "pid": pid, "name": counter, "ts": start, "args": { "value": value } }),
            );
        }
    }
    events
}

/// Complete events of calls.
fn slices(module: &ModuleProfile, marks: &[Mark], pid: u32) -> Vec<Value> {
    let mut open = Vec::new();
    let mut events = Vec::new();
    for mark in marks {
        match *mark {
            Mark::Open(_, from) => open.push(from),
            Mark::Close(stack, to) => {
                let from = open.pop().unwrap_or(to);
                if to > from {
                    events.push(json!({
                        "ph": "X", "pid": pid, "tid": 1, "name": module.stack_label(stack), "cat": "call",
                        "ts": from, "dur": to - from,
                    }));
                }
            }
        }
    }
    events
}
