//! Arguments of the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use crate::verbs::certify::CertifyArgs;
pub use crate::verbs::profile::ProfileArgs;

const EXIT_HELP: &str = "\
Exit status:
  0       done; a cartridge ran, or halted with code 0
  1       wrong usage or a bad file
  2       the cartridge trapped
  3       panic: a bug in cartwheel
  5       the cartridge was quarantined
  6       the run broke its budget
  16..63  the cartridge halted with another code: 16 + code, at most 63";

/// Runs cartridges on a deterministic frame machine.
#[derive(Debug, Parser)]
#[command(name = "cartwheel", version, after_help = EXIT_HELP, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a folder with a little program that runs at once
    New(NewArgs),
    /// Assemble a source file to a cartridge
    Asm(AsmArgs),
    /// Show a cartridge as source text that assembles to the same bytes
    Disasm(DisasmArgs),
    /// Show what a cartridge consists of and what it needs
    Info(InfoArgs),
    /// Run a cartridge without a window and say what came out
    Run(Box<RunArgs>),
    /// Show what each frame of a run cost: by syscall, function, line
    Profile(Box<ProfileArgs>),
    /// Hold a run against a budget
    Certify(CertifyArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel new bounce && cartwheel run bounce --png bounce.png")]
pub struct NewArgs {
    /// Folder to make; its name is the program's
    pub name: PathBuf,
}

/// Arguments of `asm`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel asm game.asm               writes game.cart
  cartwheel asm cartridges/pong -o pong.cart")]
pub struct AsmArgs {
    /// Source file, or folder with NAME.asm or main.asm
    pub source: PathBuf,
    /// Cartridge to write [default: the source's name with .cart]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `disasm`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cartwheel disasm game.cart -o game.asm && cartwheel asm game.asm -o same.cart"
)]
pub struct DisasmArgs {
    /// Cartridge
    pub cartridge: PathBuf,
    /// Source file to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `info`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel info game.cart --json | jq .imports")]
pub struct InfoArgs {
    /// Cartridge, source file or folder
    pub cartridge: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cartwheel completions bash > ~/.local/share/bash-completion/completions/cartwheel"
)]
pub struct CompletionsArgs {
    /// Shell
    pub shell: Shell,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel run cartridges/pong --png pong.png
  cartwheel run game.cart --frames 3600 --input play.txt --hashes hashes.txt
  cartwheel run game.cart --frames 300 --save-state half.state
  cartwheel run game.cart --frames 300 --load-state half.state
  cartwheel run game.asm --watch score --frames 60
  cartwheel run game.cart --json | jq .state_hash

A file of inputs has a line per frame: `|U...A.......|` holds up and A on the first pad, `*60` behind it does so
for 60 frames. Frame 0 is the first line, also after --load-state.")]
pub struct RunArgs {
    /// Cartridge, source file, or folder with NAME.asm or main.asm
    pub cartridge: PathBuf,
    /// Frames to run [default: the length of the inputs, or else 600]
    #[arg(short, long, value_name = "N")]
    pub frames: Option<u64>,
    /// Inputs in text form, a line per frame
    #[arg(short, long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Seed of the random generator [default: 0]
    #[arg(long, value_name = "N", conflicts_with = "load_state")]
    pub seed: Option<u64>,
    /// Cycles per frame instead of those that the cartridge asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "load_state")]
    pub cycles: Option<u64>,
    /// Write the picture of the last frame
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Write all frames as an animated GIF, at 30 frames per second
    #[arg(long, value_name = "FILE")]
    pub gif: Option<PathBuf>,
    /// Write all frames as an animated PNG, at 60 frames per second
    #[arg(long, value_name = "FILE")]
    pub apng: Option<PathBuf>,
    /// Write the sound
    #[arg(long, value_name = "FILE")]
    pub wav: Option<PathBuf>,
    /// Size of a pixel in pictures
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub scale: u16,
    /// Write a line `frame hash` per frame
    #[arg(long, value_name = "FILE")]
    pub hashes: Option<PathBuf>,
    /// Write the state after the last frame
    #[arg(long, value_name = "FILE")]
    pub save_state: Option<PathBuf>,
    /// Go on from a saved state
    #[arg(long, value_name = "FILE")]
    pub load_state: Option<PathBuf>,
    /// Print a named datum after every frame; can be given several times
    #[arg(long, value_name = "SYMBOL")]
    pub watch: Vec<String>,
    /// Write linear memory after the last frame
    #[arg(long, value_name = "FILE")]
    pub dump_memory: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Print no summary
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}
