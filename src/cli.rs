//! Arguments of the command.

use std::path::PathBuf;

use cartwheel_runtime::ingest::Date;
use clap::{Arg, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::setup::MachineArgs;
pub use crate::verbs::certify::CertifyArgs;
pub use crate::verbs::profile::ProfileArgs;

const EXIT_HELP: &str = "\
Exit status:
  0       done; a cartridge ran, or halted with code 0
  1       wrong usage or a bad file
  2       the cartridge trapped
  3       panic: a bug in cartwheel
  4       a replay came to other states than those that were recorded
  5       the cartridge was quarantined
  6       the run broke its budget
  16..63  the cartridge halted with another code: 16 + code, at most 63
  128..   a signal ended it: 128 + its number";

/// Runs cartridges on a deterministic frame machine.
#[derive(Debug, Parser)]
#[command(name = "cartwheel", version, after_help = EXIT_HELP, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The arguments of this process.
pub fn parse() -> Result<Cli, clap::Error> {
    let mut command = taking_negatives(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command))
}

/// A number below zero behind an option is its value, so that what is wrong with it is said of that option.
fn taking_negatives(command: Command) -> Command {
    let valued = |arg: &Arg| arg.get_action().takes_values() && !arg.is_positional();
    command
        .mut_args(|arg| if valued(&arg) { arg.allow_negative_numbers(true) } else { arg })
        .mut_subcommands(taking_negatives)
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
    /// Verify, show or export the audit log of a run
    Audit(AuditArgs),
    /// Show the syscalls that cartridges can make, or make a header file of them
    Syscalls(SyscallsArgs),
    /// Look at a policy before anything runs under it
    Policy {
        /// What to do.
        #[command(subcommand)]
        verb: PolicyVerb,
    },
    /// Call a syscall on a virtual machine without a guest
    Exec(ExecArgs),
    /// Call an exported function and say what it returned and took
    Call(CallArgs),
    /// Run a recorded trace again, and say what differs if anything does
    Replay(Box<ReplayArgs>),
    /// Look into recorded traces, compare and edit them
    #[command(subcommand)]
    Trace(TraceVerb),
    /// Replay every trace in a folder, on all cores; or check the signature of a cartridge
    Verify(VerifyArgs),
    /// Make a key that signs cartridges and audit logs
    Keygen(KeygenArgs),
    /// Sign a cartridge: say what release it is, and vouch for it
    Sign(SignArgs),
    /// Bring a cartridge into a store: fetch, validate, load, adopt
    Ingest(Box<IngestArgs>),
    /// Show what each frame of a run cost: by syscall, function, line
    Profile(Box<ProfileArgs>),
    /// Hold a run against a budget
    Certify(Box<CertifyArgs>),
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
    /// Source file, WebAssembly module, or folder with NAME.asm, main.asm or NAME.wasm
    pub source: PathBuf,
    /// Capabilities that a WebAssembly module may need at most [default: those that its imports need]
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    pub declare: Option<Vec<String>>,
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
    /// Cartridge or WebAssembly module
    pub cartridge: PathBuf,
    /// Source file to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `info`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel info game.cart --json | jq .imports")]
pub struct InfoArgs {
    /// Cartridge, WebAssembly module, source file or folder
    pub cartridge: PathBuf,
    /// Capabilities that a WebAssembly module may need at most [default: those that its imports need]
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    pub declare: Option<Vec<String>>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `call`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel call fib.wasm fib 30
  cartwheel call fib.wasm fib 30 --slice 10000 --json | jq .slices")]
pub struct CallArgs {
    /// Cartridge, WebAssembly module, source file or folder
    #[arg(value_name = "FILE")]
    pub program: PathBuf,
    /// Name of the exported function
    pub export: String,
    /// Arguments: integers (also `0x1f`), floats, or `null`
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// Cycles per slice [default: those per frame that the program asks for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub slice: Option<u64>,
    /// Seed of the random generator
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel run game.cart --audit game.audit --audit-key audit.key
  cartwheel audit verify game.audit --key audit.key.pub
  cartwheel audit show game.audit --syscall gfx.rect --frame 10
  cartwheel audit export game.audit | jq 'select(.verdict == \"deny\")'")]
pub struct AuditArgs {
    /// What to do with the log
    #[command(subcommand)]
    pub verb: AuditVerb,
}

/// What to do with an audit log.
#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Check that all of a log is as it was written; otherwise name the first bad entry
    Verify(AuditVerifyArgs),
    /// Show the calls of a log, a line each
    Show(AuditShowArgs),
    /// Write a log as JSON, a line per call, event and head
    Export(AuditExportArgs),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub struct AuditVerifyArgs {
    /// Audit log
    pub file: PathBuf,
    /// Public key that has to have signed it: its file, or its 64 digits
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Accept a log that ends early, like that of a run that was killed
    #[arg(long)]
    pub incomplete: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `audit show`.
#[derive(Debug, Args)]
pub struct AuditShowArgs {
    /// Audit log
    pub file: PathBuf,
    /// Only the calls of a frame
    #[arg(long, value_name = "N")]
    pub frame: Option<u64>,
    /// Only the calls of a module
    #[arg(long, value_name = "N")]
    pub module: Option<u32>,
    /// Only the calls of a syscall
    #[arg(long, value_name = "ID")]
    pub syscall: Option<String>,
    /// Only the calls that the policy refused, or would have
    #[arg(long)]
    pub refused: bool,
    /// Show so many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Print JSON, a line each
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub struct AuditExportArgs {
    /// Audit log
    pub file: PathBuf,
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `syscalls`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel syscalls                          lists all of them
  cartwheel syscalls gfx                      those of a domain
  cartwheel syscalls gfx.rect                 one in full; without a version, version 1
  cartwheel syscalls --json | jq '.syscalls[].id'
  cartwheel syscalls --header c > cartwheel.h")]
pub struct SyscallsArgs {
    /// Id of a syscall, or a domain
    pub id: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print the header file for guests in a language
    #[arg(long, value_name = "LANGUAGE", conflicts_with_all = ["id", "json"])]
    pub header: Option<HeaderLanguage>,
}

/// Languages that guests have a header in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HeaderLanguage {
    /// C and C++.
    C,
    /// Rust.
    Rust,
}

/// What to do with a policy.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Check a policy, and say what it makes of each import of a cartridge
    Check(PolicyCheckArgs),
}

/// Arguments of `policy check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cartwheel policy check strict.toml game.cart

Rules that are never consulted are warnings. The exit status is 1 if the policy is none, or if it could never let an
import of the cartridge run. The cartridge is looked at as `run` loads it: unverified, with nothing done yet.")]
pub struct PolicyCheckArgs {
    /// Policy
    pub policy: PathBuf,
    /// Cartridge, source file or folder
    pub cartridge: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `exec`.
#[derive(Debug, Args)]
#[command(override_usage = "\
cartwheel exec [OPTIONS] <ID> [ARGS]...
       cartwheel exec [OPTIONS] --message <JSON>
       cartwheel exec [OPTIONS] --messages <FILE>")]
#[command(after_help = "\
Examples:
  cartwheel exec gfx.size
  cartwheel exec log.write 1 hello
  cartwheel exec kernel.describe gfx.rect_fill 100
  cartwheel exec --message '{\"syscall_type\": \"gfx.pixel\", \"params\": [1, 2, 3]}'
  cartwheel exec --messages requests.jsonl

A text stands for a span or byte string that the call reads, `hex:00ff` for one that is no text; a number for the length
of a span that the call writes. The call goes the way of a cartridge's; its module is named `host` for policies. The exit
status is 2 if the call traps.

A message is a request to the kernel, as a cartridge sends one to its stdin: `syscall_type`, `params`, `promise_hash`. Its
answer is printed as a line of JSON: `data` if its `status` is success, else `error_message` and `class`. A message is sent
when the one before it is answered, so it finds what that one did. Bytes are `{\"$bytes\": \"00ff\"}`. The exit status is
that of the last answer of class trap or message: 2 for trap, 1 for message.")]
pub struct ExecArgs {
    /// Id of the syscall, as in `gfx.rect@1`
    #[arg(required_unless_present_any = ["message", "messages"], conflicts_with_all = ["message", "messages"])]
    pub id: Option<String>,
    /// Arguments, one per parameter
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// Policy to call it under, instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Send this message instead, and print the answer; can be given several times
    #[arg(long, value_name = "JSON", conflicts_with = "messages")]
    pub message: Vec<String>,
    /// Send the messages in this file, a line of JSON each; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub messages: Option<PathBuf>,
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
#[command(mut_arg("cycles", |cycles| cycles.visible_alias("budget")))]
#[command(after_help = "\
Examples:
  cartwheel run cartridges/pong --png pong.png
  cartwheel run game.cart --frames 3600 --input play.txt --hashes hashes.txt
  cartwheel run game.cart --frames 300 --save-state half.state
  cartwheel run game.cart --frames 300 --load-state half.state
  cartwheel run game.cart --storage saves
  cartwheel run game.asm --watch score --frames 60
  cartwheel run game.cart --json | jq .state_hash
  cartwheel run game.wasm --frames 600 --realtime-check
  cartwheel run game.cart --input play.txt --record play.trace
  cartwheel run game.cart --keys ring.toml --mount updates=releases
  cartwheel run one.cart two.cart --gif play.gif              writes play.one.gif and play.two.gif
  cartwheel run machine.toml --module boss --watch lives --gif boss.gif

A file of inputs has a line per frame: `|U...A.......|` holds up and A on the first pad, `*60` behind it does so
for 60 frames. Frame 0 is the first line, also after --load-state.")]
pub struct RunArgs {
    /// Cartridge, WebAssembly module, source file, folder with NAME.asm, main.asm or NAME.wasm, or machine file (.toml)
    pub cartridge: PathBuf,
    /// More cartridges, which run in the same machine
    #[arg(value_name = "CARTRIDGE")]
    pub more: Vec<PathBuf>,
    /// Frames to run [default: the length of the inputs, or else 600]
    #[arg(short, long, value_name = "N")]
    pub frames: Option<u64>,
    /// Inputs in text form, a line per frame
    #[arg(short, long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// What is asked of the machine.
    #[command(flatten)]
    pub machine: MachineArgs,
    /// Say how fast frames go by, against the 60 that a second has
    #[arg(long)]
    pub realtime_check: bool,
    /// Go on from a saved state
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "cycles", "latency"])]
    pub load_state: Option<PathBuf>,
    /// In every frame go back N frames, make them again and compare; fails if anything differs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=600), conflicts_with_all = ["storage", "audit", "recover_after", "realtime_check", "stdin", "net"])]
    pub sync_test: Option<u16>,
    /// Record the run, frame by frame; `cartwheel replay` runs it again
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub record: Option<PathBuf>,
    /// Put the cartridge into the recorded trace
    #[arg(long, requires = "record", help_heading = "Recording")]
    pub embed: bool,
    /// Frames between recorded states, from which a replay can begin; 0 for none
    #[arg(long, value_name = "N", requires = "record", default_value_t = 600, help_heading = "Recording")]
    pub keyframes: u64,
    /// Frames between recorded hashes of the state's components; 0 for none
    #[arg(long, value_name = "N", requires = "record", default_value_t = 60, help_heading = "Recording")]
    pub components: u64,
    /// Go on where the recorded trace ends, also if it was cut short
    #[arg(long, requires = "record", conflicts_with_all = ["seed", "cycles", "load_state", "embed", "storage", "latency", "threads", "policy", "audit", "storage_quota", "read_only", "mock"], help_heading = "Recording")]
    pub resume: bool,
    /// Play in the terminal: picture, what frames cost, log; keys are shown there
    #[arg(long, conflicts_with_all = ["sync_test", "gif", "apng", "wav", "hashes", "watch"], help_heading = "Playing")]
    pub live: bool,
    /// Frames for which a key counts as held after it was last heard of, in terminals that do not tell when one is let go
    #[arg(long, value_name = "N", requires = "live", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=600), help_heading = "Playing")]
    pub hold: u16,
    /// File of the state that is saved and restored with keys [default: it is kept in memory]
    #[arg(long, value_name = "FILE", requires = "live", help_heading = "Playing")]
    pub slot: Option<PathBuf>,
    /// What to write and print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What `run` and `replay` write and print.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Module that pictures, sound, memory, data and --stdin are about, by number or name [default: with several, outputs of
    /// each, as in `FILE.NAME.png`, and stdin of the first]
    #[arg(long, value_name = "MODULE")]
    pub module: Option<String>,
    /// Write the picture of the last frame
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Write all frames as an animated GIF, at 30 frames per second
    #[arg(long, value_name = "FILE")]
    pub gif: Option<PathBuf>,
    /// Write all frames as an animated PNG, at 60 frames per second
    #[arg(long, value_name = "FILE")]
    pub apng: Option<PathBuf>,
    /// Write the sound, 44,100 stereo samples a second, as a WAV file
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
    /// Print a named datum after every frame; can be given several times
    #[arg(long, value_name = "SYMBOL")]
    pub watch: Vec<String>,
    /// Print every message between modules, kernel and host as a line of JSON
    #[arg(long)]
    pub watch_ports: bool,
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

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel run game.cart --input play.txt --record play.trace
  cartwheel replay play.trace --gif play.gif
  cartwheel replay play.trace --from 3000 --to 3060 --watch score
  cartwheel replay play.trace --cart changed.cart

The cartridge is the one given, or else one with the recorded hash beside the trace or embedded in it. If there is none, that
with the trace's name or the recorded title, or the only one beside it is taken, and a note says that it has changed. Of a trace
of several modules, as many cartridges as it has are taken in their order, fewer by hash or title.")]
pub struct ReplayArgs {
    /// Trace
    pub trace: PathBuf,
    /// Cartridge, source file or folder; it need not be the recorded one. Again for each of several modules
    #[arg(short, long, value_name = "CARTRIDGE")]
    pub cart: Vec<PathBuf>,
    /// First frame [default: the first that was recorded]
    #[arg(long, value_name = "FRAME")]
    pub from: Option<u64>,
    /// Frame to stop before [default: behind the last one]
    #[arg(long, value_name = "FRAME")]
    pub to: Option<u64>,
    /// Replay also what was recorded by a machine with other rules
    #[arg(long)]
    pub anyway: bool,
    /// What to write and print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do with a trace.
#[derive(Debug, Subcommand)]
pub enum TraceVerb {
    /// Show what a trace has
    Info(TraceInfoArgs),
    /// Write the inputs as text, a line per frame, as `run --input` reads them
    Inputs(TraceInputsArgs),
    /// Copy a part of a trace
    Cut(TraceCutArgs),
    /// Change inputs from a frame on, and keep what comes before
    Splice(TraceSpliceArgs),
    /// Write all that a trace says about its frames as JSON, a line per frame
    Export(TraceExportArgs),
    /// Find the first input, event or state in which two traces differ
    Diff(TraceDiffArgs),
    /// Find who wrote a place last before a frame
    Why(TraceWhyArgs),
    /// Reduce inputs to fewer with which something still happens
    Shrink(TraceShrinkArgs),
}

/// Arguments of `trace info`.
#[derive(Debug, Args)]
pub struct TraceInfoArgs {
    /// Trace
    pub trace: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `trace inputs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cartwheel trace inputs a.trace > a.txt && cartwheel run game.cart --input a.txt"
)]
pub struct TraceInputsArgs {
    /// Trace
    pub trace: PathBuf,
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `trace cut`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel trace cut long.trace --from 3000 --to 3600 -o short.trace")]
pub struct TraceCutArgs {
    /// Trace; one that is damaged is used as far as it goes
    pub trace: PathBuf,
    /// First frame [default: the first that was recorded]
    #[arg(long, value_name = "FRAME")]
    pub from: Option<u64>,
    /// Frame to stop before [default: behind the last one]
    #[arg(long, value_name = "FRAME")]
    pub to: Option<u64>,
    /// Cartridge, if it is neither beside the trace nor embedded; needed with --from only
    #[arg(short, long, value_name = "CARTRIDGE")]
    pub cart: Vec<PathBuf>,
    /// Trace to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Arguments of `trace splice`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cartwheel trace inputs a.trace -o a.txt     and edit line 500
  cartwheel trace splice a.trace --from 500 --input a.txt -o b.trace

Frames before --from and their keyframes are kept as they are; those from it on are run with the inputs of the file, whose
first line is frame 0, up to its end.")]
pub struct TraceSpliceArgs {
    /// Trace
    pub trace: PathBuf,
    /// First frame with other inputs
    #[arg(long, value_name = "FRAME")]
    pub from: u64,
    /// Inputs in text form
    #[arg(short, long, value_name = "FILE")]
    pub input: PathBuf,
    /// Cartridge, if it is neither beside the trace nor embedded
    #[arg(short, long, value_name = "CARTRIDGE")]
    pub cart: Vec<PathBuf>,
    /// Trace to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Arguments of `trace export`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cartwheel trace export a.trace --json | jq -c 'select(.frame == 500)'")]
pub struct TraceExportArgs {
    /// Trace
    pub trace: PathBuf,
    /// Write JSON, which is the only form there is
    #[arg(long, required = true)]
    pub json: bool,
}

/// Arguments of `trace diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 if they are the same, 4 if not.

States are looked into if both cartridges are at hand: beside the traces, embedded, or given.")]
pub struct TraceDiffArgs {
    /// First trace
    pub first: PathBuf,
    /// Second trace
    pub second: PathBuf,
    /// Cartridge of the first trace
    #[arg(long, value_name = "CARTRIDGE")]
    pub first_cart: Vec<PathBuf>,
    /// Cartridge of the second trace
    #[arg(long, value_name = "CARTRIDGE")]
    pub second_cart: Vec<PathBuf>,
}

/// Arguments of `trace why`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel trace why a.trace --frame 500 --symbol score
  cartwheel trace why a.trace --frame 500 --address 0x104
  cartwheel trace why a.trace --frame 500 --pixel 80,60")]
#[command(group = clap::ArgGroup::new("place").required(true))]
pub struct TraceWhyArgs {
    /// Trace
    pub trace: PathBuf,
    /// Frame whose end is looked at
    #[arg(long, value_name = "FRAME")]
    pub frame: u64,
    /// Number of the module
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub module: u32,
    /// A byte of linear memory
    #[arg(long, value_name = "ADDRESS", value_parser = address, group = "place")]
    pub address: Option<u32>,
    /// A named datum; of one that is longer than a byte, whatever was written last
    #[arg(long, value_name = "NAME", group = "place")]
    pub symbol: Option<String>,
    /// A global by index
    #[arg(long, value_name = "INDEX", group = "place")]
    pub global: Option<u32>,
    /// A pixel
    #[arg(long, value_name = "X,Y", value_parser = pixel, group = "place")]
    pub pixel: Option<(u16, u16)>,
    /// Cartridge, if it is neither beside the trace nor embedded
    #[arg(short, long, value_name = "CARTRIDGE")]
    pub cart: Vec<PathBuf>,
}

fn address(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|e| format!("{e}; addresses are like 260 or 0x104"))
}

fn pixel(text: &str) -> Result<(u16, u16), String> {
    let wrong = || "pixels are like 80,60: column and row".to_owned();
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    Ok((x.trim().parse().map_err(|_| wrong())?, y.trim().parse().map_err(|_| wrong())?))
}

/// Arguments of `trace shrink`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel trace shrink crash.trace --trap -o small.txt
  cartwheel trace shrink a.trace --while 'cartwheel run game.cart --input {} --json | jq -e \".overruns > 0\"' -o small.txt

The command of --while is run by the shell with {} replaced by a file of inputs; exit status 0 means that it still happens.")]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct TraceShrinkArgs {
    /// Trace, or inputs in text form
    pub trace: PathBuf,
    /// Command that succeeds while it still happens
    #[arg(long = "while", value_name = "COMMAND", group = "what")]
    pub command: Option<String>,
    /// The cartridge traps
    #[arg(long, group = "what")]
    pub trap: bool,
    /// Number of the module that traps [default: whichever does first]
    #[arg(long, value_name = "N", requires = "trap")]
    pub module: Option<u32>,
    /// Cartridge, if it is neither beside the trace nor embedded. Again for each of several modules
    #[arg(short, long, value_name = "CARTRIDGE")]
    pub cart: Vec<PathBuf>,
    /// Inputs to write, in text form
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 if all are as recorded, 4 if one is not, 1 if one cannot be replayed, 3 after a panic: a bug in cartwheel; of a
cartridge 0 or 1.

Examples:
  cartwheel verify cartridges --junit report.xml
  cartwheel verify game.cart --keys ring.toml --as-of 2026-12-31")]
pub struct VerifyArgs {
    /// Folder that is searched for *.trace, with all that are in it; or a trace; or a cartridge or WebAssembly module
    pub path: PathBuf,
    /// Write a report in JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Traces that are replayed at the same time [default: the number of cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Show no progress and no table
    #[arg(short, long)]
    pub quiet: bool,
    /// Whose signatures count.
    #[command(flatten)]
    pub ring: RingArgs,
    /// Store of cartridges: a version older than one in it is refused
    #[arg(long, value_name = "DIR", requires = "keys", help_heading = "Signatures")]
    pub store: Option<PathBuf>,
    /// Print what is known of a cartridge as JSON
    #[arg(long, requires = "keys", conflicts_with = "quiet", help_heading = "Signatures")]
    pub json: bool,
}

/// Whose signatures count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RingArgs {
    /// Key ring: whose signatures count, and for what
    #[arg(long, value_name = "FILE", help_heading = "Signatures")]
    pub keys: Option<PathBuf>,
    /// Day that expiry is held against, instead of the key ring's `as_of`; no clock is read
    #[arg(long, value_name = "DATE", requires = "keys", value_parser = crate::signatures::day, help_heading = "Signatures")]
    pub as_of: Option<Date>,
}

/// Where the cartridges are that a running one asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct MountArgs {
    /// Folder with cartridges that a running one can become: `kernel.ingest` finds them as NAME:PATH; several times
    #[arg(long, value_name = "NAME=DIR", value_parser = crate::mounts::parse, help_heading = "Signatures")]
    pub mount: Vec<(String, PathBuf)>,
    /// Store of cartridges, as `cartwheel ingest` fills it: `kernel.ingest` finds them as store:RELEASE or store:HASH
    #[arg(long, value_name = "DIR", help_heading = "Signatures")]
    pub store: Option<PathBuf>,
}

/// Arguments of `keygen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  cartwheel keygen studio.key          makes studio.key and studio.key.pub"
)]
pub struct KeygenArgs {
    /// File for the secret key; the public one goes to FILE.pub
    pub file: PathBuf,
    /// Print nothing
    #[arg(short, long)]
    pub quiet: bool,
}

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel sign game.cart --key studio.key --name studio/game --release 3
  cartwheel sign game.wasm --key studio.key --name studio/game --release 3    writes game.wasm.sig
  cartwheel sign src/game --key studio.key --name studio/game --release 3 -o game.cart

What is signed is the content hash of the cartridge. That of a WebAssembly module is the cartridge that this build makes of
it, with the manifest beside it. A signature in a cartridge does not change its content hash.")]
pub struct SignArgs {
    /// Cartridge, which gets the signature; or WebAssembly module, source file or folder
    pub cartridge: PathBuf,
    /// Secret key, as `cartwheel keygen` makes it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Name of the release, the same for all its versions, as in `studio/game`
    #[arg(long)]
    pub name: String,
    /// Number of the version: where a later one is known, no older one comes in
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub release: u32,
    /// Last day that the release is good on
    #[arg(long, value_name = "DATE", value_parser = crate::signatures::day)]
    pub expires: Option<Date>,
    /// Capabilities that a WebAssembly module may need at most [default: those that its imports need]
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    pub declare: Option<Vec<String>>,
    /// Write the signature to FILE.sig and leave the cartridge as it is
    #[arg(long, conflicts_with = "output")]
    pub detached: bool,
    /// Write a cartridge with its signature there
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print nothing
    #[arg(short, long)]
    pub quiet: bool,
}

/// Arguments of `ingest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cartwheel ingest game.cart --store carts --keys ring.toml
  cartwheel run player.cart --store carts --keys ring.toml

A failure names its phase, and the store is as it was.")]
pub struct IngestArgs {
    /// Cartridge, WebAssembly module, source file or folder
    pub cartridge: PathBuf,
    /// Store of cartridges; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// Content hash that the cartridge has to have
    #[arg(long, value_name = "HASH", value_parser = content_hash)]
    pub hash: Option<[u8; 32]>,
    /// Policy that has to let every import of the cartridge run
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Whose signatures count.
    #[command(flatten)]
    pub ring: RingArgs,
    /// Capabilities that a WebAssembly module may need at most [default: those that its imports need]
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    pub declare: Option<Vec<String>>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print nothing
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}

fn content_hash(text: &str) -> Result<[u8; 32], String> {
    crate::keys::parse_hex(text).ok_or_else(|| "a content hash has 64 hexadecimal digits".to_owned())
}
