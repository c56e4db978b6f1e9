//! `cartwheel trace`.

mod diff;
mod edit;
mod export;
mod info;
mod shrink;
mod why;

use crate::cli::TraceVerb;
use crate::failure::{Exit, Failure};

/// Does what is to be done with a trace.
pub fn run(verb: &TraceVerb) -> Result<Exit, Failure> {
    match verb {
        TraceVerb::Info(args) => info::run(args),
        TraceVerb::Inputs(args) => edit::inputs(args),
        TraceVerb::Cut(args) => edit::cut(args),
        TraceVerb::Splice(args) => edit::splice(args),
        TraceVerb::Export(args) => export::run(args),
        TraceVerb::Diff(args) => diff::run(args),
        TraceVerb::Why(args) => why::run(args),
        TraceVerb::Shrink(args) => shrink::run(args),
    }
}
