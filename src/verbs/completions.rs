//! `cartwheel completions`.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::failure::{Exit, Failure};
use crate::print;

/// Prints a completion script.
pub fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cartwheel", &mut script);
    print::stdout(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
