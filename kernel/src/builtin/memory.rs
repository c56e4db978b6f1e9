//! Key-value memory: what the origin of the module that asks remembers.

use super::{Builtin, Shape, kind};

pub(super) const MEMORY: Builtin = Builtin {
    name: "Memory",
    doc: "The small memory that all modules of an origin share; the capability `kernel` has to be declared.",
    types: &[
        kind("memory_get", "kernel.memory_get@1", Shape::One("value"), "Gives the value for a key."),
        kind("memory_list", "kernel.memory_list@1", Shape::One("key"), "Gives a key by its number, from 0."),
        kind("memory_remove", "kernel.memory_remove@1", Shape::Nothing, "Forgets a key."),
        kind("memory_set", "kernel.memory_set@1", Shape::Nothing, "Remembers a value for a key."),
    ],
};
