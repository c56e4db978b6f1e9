//! `cartwheel asm`.

use std::path::Path;

use crate::cli::AsmArgs;
use crate::failure::{Exit, Failure};
use crate::project::{CARTRIDGE_EXTENSION, load_declaring};
use crate::{files, print};

/// Assembles a source file.
pub fn run(args: &AsmArgs) -> Result<Exit, Failure> {
    let loaded = load_declaring(&args.source, args.declare.as_deref())?;
    let beside = loaded.path.with_extension(CARTRIDGE_EXTENSION);
    let output = args.output.clone().unwrap_or_else(|| beside.file_name().map_or(beside.clone(), Into::into));
    if is_same(&loaded.path, &output) {
        return Err(Failure::file(&output, "source and output are the same file"));
    }
    let program = loaded.verify()?;
    let bytes = program.cartridge().to_bytes();
    files::write(&output, &bytes)?;
    print::stdout(&format!("{}: {} bytes\n", output.display(), bytes.len()))?;
    Ok(Exit::Fine)
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
