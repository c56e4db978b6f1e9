//! Arguments of `profile`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::source::RunOptions;

/// Arguments of `profile`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  cartwheel profile cartridges/pong
  cartwheel profile game.cart --input play.txt --by line
  cartwheel profile play.trace --frame 17
  cartwheel profile game.cart -o game.html
  cartwheel profile machine.toml --by module
  cartwheel profile game.cart -o before.json && cartwheel profile diff before.json game.asm

Cycles are those that the machine counts: the same on every computer. Every cycle of a frame is in exactly one function or
syscall, one line, and one stack of calls. The format follows from the name of the file: .json .csv .folded .svg .html,
.speedscope.json, .chrome.json."
)]
pub struct ProfileArgs {
    /// Compare instead
    #[command(subcommand)]
    pub verb: Option<ProfileVerb>,
    /// Cartridge, WebAssembly module, source file, folder, machine file (.toml), trace, or profile in JSON
    #[arg(required = true, value_name = "SOURCE")]
    pub source: Option<PathBuf>,
    /// More cartridges, which run in the same machine
    #[arg(value_name = "CARTRIDGE")]
    pub more: Vec<PathBuf>,
    /// What is run.
    #[command(flatten)]
    pub run: RunOptions,
    /// Table by one thing
    #[arg(long, value_name = "WHAT")]
    pub by: Option<View>,
    /// One module only, by number or name
    #[arg(long, value_name = "MODULE")]
    pub module: Option<String>,
    /// One frame only, in full
    #[arg(long, value_name = "N")]
    pub frame: Option<u64>,
    /// Form of the output [default: by the name of the file, or else a table]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What else `profile` does.
#[derive(Debug, Subcommand)]
pub enum ProfileVerb {
    /// Show what got dearer and cheaper from one profile to another
    Diff(DiffArgs),
}

/// Arguments of `profile diff`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel profile diff before.json game.asm --input play.txt")]
pub struct DiffArgs {
    /// Profile in JSON, cartridge, source file or folder
    pub before: PathBuf,
    /// The same, afterwards
    pub after: PathBuf,
    /// What is run, for both.
    #[command(flatten)]
    pub run: RunOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What a table has a row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// Syscalls
    Syscall,
    /// Functions
    Function,
    /// Lines of source
    Line,
    /// Frames
    Frame,
    /// Modules
    Module,
    /// Statuses that syscalls returned
    Status,
    /// Zones that the cartridge marked
    Zone,
    /// Frames that staged calls waited for their results
    Latency,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Table,
    /// The whole profile (spec/profile.md)
    Json,
    /// Comma-separated values
    Csv,
    /// A line per stack of calls, for flame graphs
    Folded,
    /// Flame graph
    Svg,
    /// For speedscope.app
    Speedscope,
    /// Trace events, for Perfetto and chrome://tracing
    Chrome,
    /// Page with everything in it
    Html,
}

impl Format {
    /// Name as an argument.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl ProfileArgs {
    /// The format that was asked for.
    pub fn format(&self) -> Format {
        if let Some(format) = self.format {
            return format;
        }
        let name = self.output.as_ref().and_then(|path| path.file_name()?.to_str()).unwrap_or("");
        let by_name = [
            (".speedscope.json", Format::Speedscope),
            (".chrome.json", Format::Chrome),
            (".json", Format::Json),
            (".csv", Format::Csv),
            (".folded", Format::Folded),
            (".svg", Format::Svg),
            (".html", Format::Html),
        ];
        by_name.iter().find(|(end, _)| name.ends_with(end)).map_or(Format::Table, |&(_, format)| format)
    }
}
