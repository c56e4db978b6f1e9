//! The completion registry, by message.

use super::{Builtin, Shape, kind};

pub(super) const COMPLETION: Builtin = Builtin {
    name: "Completion",
    doc: "Requests for completion, and who completes what; the capability `completion` has to be declared.",
    types: &[
        kind("completion_open", "completion.open@1", Shape::One("completion"), "Begins a request."),
        kind("completion_write", "completion.write@1", Shape::Nothing, "Appends bytes to a request."),
        kind(
            "completion_submit",
            "completion.submit@1",
            Shape::Nothing,
            "Asks for the completion of what was written.",
        ),
        kind("completion_read", "completion.read@1", Shape::One("buffer"), "Gives the completion."),
        kind("completion_close", "completion.close@1", Shape::Nothing, "Lets go of a request."),
        kind(
            "completion_provide",
            "completion.provide@1",
            Shape::Nothing,
            "Registers the module for a prefix.",
        ),
        kind("completion_withdraw", "completion.withdraw@1", Shape::Nothing, "Ends a registration."),
        kind(
            "completion_take",
            "completion.take@1",
            Shape::All,
            "Takes the next request that the module has to answer.",
        ),
        kind("completion_answer", "completion.answer@1", Shape::Nothing, "Answers it."),
        kind("completion_refuse", "completion.refuse@1", Shape::Nothing, "Breaks the promise."),
    ],
};
