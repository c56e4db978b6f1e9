//! Name resolution: names of resources, of modules' ports, and of what this host offers.

use super::{Builtin, MessageType, Shape, kind};

pub(super) const NAMES: Builtin = Builtin {
    name: "Names",
    doc: "Names of resources and of ports. Those of resources and of syscalls need the capability `kernel`.",
    types: &[
        MessageType {
            name: "name_resolve",
            id: "kernel.resolve@1",
            defaults: &[("base", "/")],
            shape: Shape::Text("text"),
            errors: &[],
            doc: "Tells what a name stands for.",
        },
        kind("name_publish", "port.publish@1", Shape::Nothing, "Puts a token into the directory."),
        kind(
            "name_find",
            "port.find@1",
            Shape::One("token"),
            "Gives a token for the port that a name stands for.",
        ),
        kind("name_withdraw", "port.withdraw@1", Shape::Nothing, "Takes a name out of the directory."),
        kind(
            "syscall_describe",
            "kernel.describe@1",
            Shape::Text("text"),
            "Gives signature and capability of a syscall.",
        ),
        kind(
            "syscall_list",
            "kernel.list@1",
            Shape::Text("id"),
            "Gives the id of a syscall by its number, from 0.",
        ),
    ],
};
