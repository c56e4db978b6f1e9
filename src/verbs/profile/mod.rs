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
pub use source::{RunOptions, Taken, Wanted, replay, take};

use std::path::Path;

use args::{Format, ProfileVerb, View};
use cartwheel_runtime::profile::{FrameProfile, ModuleProfile, Profile};

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
    let wanted = Wanted { module: args.module.as_deref(), pictures: format == Format::Html };
    let mut taken = source::open(path, &args.more, &args.run, wanted)?;
    let what = if taken.profile.modules.len() > 1 { "module" } else { "cartridge" };
    if let Some(wanted) = &args.module {
        choose(path, &mut taken, wanted)?;
    }
    if taken.profile.modules.is_empty() {
        return Err(Failure::file(path, "the profile has no modules"));
    }
    let parts = parts(path, &taken.profile, args.frame)?;
    let text = match format {
        Format::Table => match args.by {
            Some(by) => table::views(&parts, by),
            None if args.frame.is_some() => sections(&parts, |part| table::account(part.module, part.frames)),
            None => summary::of_machine(what, &taken.name, &parts),
        },
        Format::Json => json(&taken),
        Format::Csv => csv::text(&parts, args.by.unwrap_or(View::Frame)),
        Format::Folded => flame::folded(&parts),
        Format::Svg => flame::svg(&taken.name, &parts)?,
        Format::Speedscope => viewers::speedscope(&taken.name, &parts),
        Format::Chrome => viewers::chrome(&parts),
        Format::Html => html::page(&taken),
    };
    match output {
        Some(mut output) => {
            output.put(text.as_bytes())?;
            output.commit()?;
        }
        None => print::stdout(&text)?,
    }
    taken.traps.iter().for_each(|trapped| print::stderr(&format!("{trapped}\n")));
    Ok(taken.exit)
}

/// A module with the frames that a view is about.
pub struct Part<'p> {
    /// What people call it; no other part is called so.
    pub label: String,
    pub module: &'p ModuleProfile,
    pub frames: &'p [FrameProfile],
}

/// Keeps a module only, which is wanted by what it is called or else by its number.
fn choose(path: &Path, taken: &mut Taken, wanted: &str) -> Result<(), Failure> {
    let profile = &mut taken.profile;
    let labels: Vec<String> = (0..profile.modules.len()).map(|place| profile.label(place)).collect();
    let all = || profile.modules.iter().zip(&labels);
    let mut kept: Vec<bool> = all().map(|(module, label)| label == wanted || module.name == wanted).collect();
    if !kept.contains(&true) {
        let number = taken.meant.or_else(|| wanted.parse().ok());
        kept = all().map(|(module, _)| Some(module.module) == number).collect();
    }
    let Some(first) = kept.iter().position(|&kept| kept) else {
        let names: Vec<String> = all().map(|(module, label)| format!("{} {label}", module.module)).collect();
        let message = format!("there is no module {wanted}; there are {}", names.join(", "));
        return Err(Failure::file(path, message));
    };
    if profile.modules.len() > 1 {
        taken.name.clone_from(&labels[first]);
    }
    let mut kept = kept.into_iter();
    profile.modules.retain(|_| kept.next() == Some(true));
    taken.pictures.retain(|(of, ..)| profile.modules.iter().any(|module| module.module == *of));
    Ok(())
}

/// The modules with the frames that a view is about: all, or one, which some of them have.
fn parts<'p>(path: &Path, profile: &'p Profile, frame: Option<u64>) -> Result<Vec<Part<'p>>, Failure> {
    let all = || profile.modules.iter().enumerate().map(|(place, module)| (profile.label(place), module));
    let Some(number) = frame else {
        return Ok(all().map(|(label, module)| Part { label, module, frames: &module.frames }).collect());
    };
    let found: Vec<Part<'p>> = all()
        .filter_map(|(label, module)| {
            let at = module.frames.iter().position(|frame| frame.frame == number)?;
            Some(Part { label, module, frames: &module.frames[at..=at] })
        })
        .collect();
    if found.is_empty() {
        let frames = || profile.modules.iter().flat_map(|module| &module.frames).map(|frame| frame.frame);
        let range = match (frames().min(), frames().max()) {
            (Some(first), Some(last)) => format!("frames {first} to {last}"),
            _ => "no frames".to_owned(),
        };
        return Err(Failure::file(path, format!("there is no frame {number}: the profile has {range}")));
    }
    Ok(found)
}

/// Text about each part, with its name above it if there are several.
pub fn sections(parts: &[Part<'_>], text: impl Fn(&Part<'_>) -> String) -> String {
    let titled = |part| format!("module {}\n\n{}", part_label(part), text(part));
    match parts {
        [part] => text(part),
        parts => parts.iter().map(titled).collect::<Vec<_>>().join("\n"),
    }
}

fn part_label<'p>(part: &'p Part<'_>) -> &'p str {
    part.label.strip_prefix("module ").unwrap_or(&part.label)
}

/// The profile itself.
pub fn json(taken: &Taken) -> String {
    serde_json::to_string(&taken.profile).expect("plain data") + "\n"
}
