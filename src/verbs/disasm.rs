//! `cartwheel disasm`.

use crate::cli::DisasmArgs;
use crate::failure::{Exit, Failure};
use crate::project::load_program;
use crate::{files, print};

/// Shows a cartridge as source text.
pub fn run(args: &DisasmArgs) -> Result<Exit, Failure> {
    let cart = load_program(&args.cartridge)?;
    let text = cartwheel_assembler::disassemble(&cart);
    match &args.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => print::stdout(&text)?,
    }
    Ok(Exit::Fine)
}
