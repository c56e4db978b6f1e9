//! The lifecycle supervisor, by message: the modules that the one that asks supervises, and itself.

use super::{Builtin, Shape, kind};

pub(super) const LIFECYCLE: Builtin = Builtin {
    name: "Lifecycle",
    doc: "Modules that the one that asks supervises, with the capability `module`; and that one itself, with `proc`.",
    types: &[
        kind(
            "module_load",
            "module.load@1",
            Shape::One("module"),
            "Asks for a module, and gives its number.",
        ),
        kind("module_poll", "module.poll@1", Shape::Nothing, "Tells what became of that."),
        kind("module_info", "module.info@1", Shape::All, "Tells the state of a module."),
        kind(
            "module_list",
            "module.list@1",
            Shape::One("module"),
            "Gives a module's number by its place, from 0.",
        ),
        kind("module_port", "module.port@1", Shape::One("token"), "Gives a token for a port of a module."),
        kind("module_start", "module.start@1", Shape::Nothing, "Lets a module begin."),
        kind("module_pause", "module.pause@1", Shape::Nothing, "Suspends a module."),
        kind("module_resume", "module.resume@1", Shape::Nothing, "Lets it go on."),
        kind("module_stop", "module.stop@1", Shape::Nothing, "Ends it."),
        kind("module_quarantine", "module.quarantine@1", Shape::Nothing, "Puts it into quarantine."),
        kind("module_replace", "module.replace@1", Shape::Nothing, "Gives it another program."),
        kind("module_unload", "module.unload@1", Shape::Nothing, "Lets go of it."),
        kind("process_id", "proc.id@1", Shape::One("module"), "Gives the module's own number."),
        kind("process_parent", "proc.parent@1", Shape::One("module"), "Gives the number of its supervisor."),
        kind("process_pause", "proc.pause@1", Shape::Nothing, "Suspends the module."),
        kind("process_stop", "proc.stop@1", Shape::Nothing, "Ends it."),
    ],
};
