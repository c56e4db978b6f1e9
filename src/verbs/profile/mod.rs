//! `cartwheel profile`.

mod args;
mod csv;
mod diff;
mod flame;
mod html;
mod source;
mod summary;
mod table;
mod viewers;

pub use args::ProfileArgs;
pub use source::{RunOptions, Taken, replay, take};

use std::path::Path;

use args::{Format, ProfileVerb, View};
use cartwheel_runtime::profile::{FrameProfile, ModuleProfile};

use crate::failure::{Exit, Failure};
use crate::files::Output;
use crate::print;

/// Profiles a run.
pub fn run(args: &ProfileArgs) -> Result<Exit, Failure> {
    if let Some(ProfileVerb::Diff(args)) = &args.verb {
        return diff::run(args);
    }
    let Some(path) = &args.source else { return Err(Failure::new("there is nothing to profile")) };
    let format = args.format();
    if args.by.is_some() && !matches!(format, Format::Table | Format::Csv) {
        return Err(Failure::new(format!("--by is for tables and CSV; {} has everything", format.name())));
    }
    // Before the run: a place that cannot be written to is no reason to wait for it.
    let output = args.output.as_deref().map(Output::create).transpose()?;
    let taken = source::open(path, &args.run, format == Format::Html)?;
    let Some(module) = taken.profile.modules.first() else {
        return Err(Failure::file(path, "the profile has no modules"));
    };
    let frames = selected(path, module, args.frame)?;
    let text = match format {
        Format::Table => match args.by {
            Some(by) => table::view(module, frames, by),
            None if args.frame.is_some() => table::account(module, frames),
            None => summary::text(&taken.name, module),
        },
        Format::Json => json(&taken),
        Format::Csv => csv::text(module, frames, args.by.unwrap_or(View::Frame)),
        Format::Folded => flame::folded(module, frames),
        Format::Svg => flame::svg(&taken.name, module, frames)?,
        Format::Speedscope => viewers::speedscope(&taken.name, module, frames),
        Format::Chrome => viewers::chrome(&taken.name, module, frames),
        Format::Html => html::page(&taken),
    };
    match output {
        Some(mut output) => {
            output.put(text.as_bytes())?;
            output.commit()?;
        }
        None => print::stdout(&text)?,
    }
    if let Some(trap) = &taken.trap {
        print::stderr(&format!("{trap}\n"));
    }
    Ok(taken.exit)
}

/// The frames that a view is about.
fn selected<'a>(
    path: &Path,
    module: &'a ModuleProfile,
    frame: Option<u64>,
) -> Result<&'a [FrameProfile], Failure> {
    let Some(number) = frame else { return Ok(&module.frames) };
    match module.frames.iter().position(|frame| frame.frame == number) {
        Some(at) => Ok(&module.frames[at..=at]),
        None => {
            let range = match (module.frames.first(), module.frames.last()) {
                (Some(first), Some(last)) => format!("frames {} to {}", first.frame, last.frame),
                _ => "no frames".to_owned(),
            };
            Err(Failure::file(path, format!("there is no frame {number}: the profile has {range}")))
        }
    }
}

/// The profile itself.
pub fn json(taken: &Taken) -> String {
    serde_json::to_string(&taken.profile).expect("plain data") + "\n"
}
