//! Where two states differ, in a line: whole states are too long to read.

use std::fmt::Debug;

use cartwheel_vm::State;

/// Panics with the first difference of two states.
#[track_caller]
pub fn assert_same(a: &State, b: &State, what: impl FnOnce() -> String) {
    if a != b {
        panic!("{}: {}", what(), difference(a, b));
    }
}

fn difference(a: &State, b: &State) -> String {
    let fields = [
        list("memory", &a.memory, &b.memory),
        list("global", &a.globals, &b.globals),
        list("table", &a.tables, &b.tables),
        list("dropped data segment", &a.dropped_data, &b.dropped_data),
        list("dropped element segment", &a.dropped_elems, &b.dropped_elems),
        list("frame", &a.frames, &b.frames),
        list("result", &a.results, &b.results),
        list("slot", &a.heap.slots, &b.heap.slots),
        list("host root", &a.heap.roots, &b.heap.roots),
        list("free host root", &a.heap.free_roots, &b.heap.free_roots),
        list("gray entry", &a.heap.gray, &b.heap.gray),
        one("random generator", &a.rng, &b.rng),
        one("end", &a.ended, &b.ended),
        one("first free slot", &a.heap.free, &b.heap.free),
        one("phase", &a.heap.phase, &b.heap.phase),
        one("epoch", &a.heap.epoch, &b.heap.epoch),
        one("cursor", &a.heap.cursor, &b.heap.cursor),
        one("bytes since the cycle", &a.heap.since_cycle, &b.heap.since_cycle),
        one("trigger", &a.heap.trigger, &b.heap.trigger),
        one("stall", &a.heap.stall, &b.heap.stall),
    ];
    fields.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn one<T: PartialEq + Debug>(name: &str, a: &T, b: &T) -> Option<String> {
    (a != b).then(|| format!("{name} {a:?} and {b:?}").chars().take(2_000).collect())
}

fn list<T: PartialEq + Debug>(name: &str, a: &[T], b: &[T]) -> Option<String> {
    let index = (0..a.len().max(b.len())).find(|&i| a.get(i) != b.get(i))?;
    one(&format!("{name} {index}"), &a.get(index), &b.get(index))
}
